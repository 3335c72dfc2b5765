/* What a change leaves as it was: all bytes that are not its business. */
#include "core/chartindex.h"

#include "base/err.h"
#include "tests/unit/core/indexes.h"

/* What is removed leaves all other bytes as they were. */
static void test_remove_keeps_bytes(void **state)
{
	CLEANUP(str_release) struct str out = {0};
	const char *gone = strstr(helm_index, "  - apiVersion: v2\n"
					      "    digest: cc\n");
	const char *rest = strstr(helm_index, "  - name: web\n");
	const char *stamp = strstr(helm_index, "generated");

	(void)state;
	change(&out, helm_index, "-web 1.2.0+a");
	assert_memory_equal(out.buf, helm_index, (size_t)(gone - helm_index));
	assert_memory_equal(out.buf + (gone - helm_index), rest,
			    (size_t)(stamp - rest));
}

/* What is left when the new lines are taken out is the old text. */
static void test_other_bytes_stay(void **state)
{
	static const char new_lines[] =
		"  - digest: dd\n    name: web\n    urls:\n    - new.tgz\n"
		"    version: 1.5.0\n";
	CLEANUP(str_release) struct str out = {0};
	char *at;

	(void)state;
	change(&out, helm_index, "web 1.5.0");
	at = strstr(out.buf, new_lines);
	assert_non_null(at);
	str_splice(&out, (size_t)(at - out.buf), strlen(new_lines), "", 0);
	at = strstr(out.buf, NOW);
	assert_non_null(at);
	str_splice(&out, (size_t)(at - out.buf), strlen(NOW),
		   "2026-01-02T00:00:00Z", 20);
	assert_string_equal(out.buf, helm_index);
}

/* What is said of the next entry or chart is not part of the one before. */
static void test_comments_stay(void **state)
{
	static const char text[] = "apiVersion: v1\n"
				   "entries:\n"
				   "  # of basket\n"
				   "  basket:\n"
				   "  - version: 1.0.0\n"
				   "  # of web\n"
				   "  web:\n"
				   "  - version: 2.0.0\n"
				   "    note: |\n"
				   "      # no comment\n"
				   "\n"
				   "  # of 1.0.0\n"
				   "  - version: 1.0.0\n"
				   "# of the time\n"
				   "generated: \"2026\" # by hand\n";
	static const struct {
		const char *changes;
		const char *gone; /* comments */
	} cases[] = {
		{"web 2.0.0", ""},
		{"web 1.0.0", ""},
		{"basket 1.0.0", ""},
		{"basket 0.5.0,web 1.5.0,web 0.5.0,zoo 1.0.0,kit 1.0.0", ""},
		{"-basket 1.0.0", ""},
		{"-web 2.0.0", ""},
		{"-web 1.0.0", ""},
		{"-web 1.0.0,-web 2.0.0", "of 1.0.0"},
	};
	static const char *const comments[] = {
		"# of basket\n",   "# of web\n",  "# of 1.0.0\n",
		"# of the time\n", "# by hand\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		change(&out, text, cases[i].changes);
		for (size_t j = 0; j < ARRAY_SIZE(comments); j++) {
			bool goes = *cases[i].gone &&
				    strstr(comments[j], cases[i].gone);

			assert_case(str_text(&out),
				    goes == !strstr(out.buf, comments[j]));
		}
	}
}

/* As Helm, and PyYAML, write what is longer than a line: other bytes stay. */
static void test_folded_text(void **state)
{
	static const char text[] = "annotations:\n"
				   "  note: \"quoted: \\\n"
				   "    # no comment\"\n"
				   "apiVersion: v1\n"
				   "entries:\n"
				   "  web:\n"
				   "  - description: folded behind the first "
				   "blank that comes after\n"
				   "      - column 80\n"
				   "    home: 'single: it''s\n"
				   "\n"
				   "      # folded'\n"
				   "    version: 2.0.0\n"
				   "  - version: 1.0.0\n"
				   "generated: x\n";
	CLEANUP(str_release) struct str out = {0};
	const char *entry = strstr(text, "  - description");
	char *at;

	(void)state;
	change_as(&out, text, "web 3.0.0,-web 1.0.0",
		  (struct chartindex_change){.annotation = "k",
					     .annotation_text = "v"});
	at = strstr(out.buf, "  k: v\napiVersion");
	assert_non_null(at);
	assert_memory_equal(out.buf, text, (size_t)(at - out.buf));
	at = strstr(out.buf, "  - description");
	assert_non_null(at);
	assert_memory_equal(at, entry,
			    (size_t)(strstr(entry, "  - version") - entry));
	assert_null(strstr(out.buf, "1.0.0"));
}

/* New lines end as the others do. */
static void test_crlf(void **state)
{
	static const char text[] = "apiVersion: v1\r\n"
				   "entries:\r\n"
				   "  web:\r\n"
				   "  - description: |\r\n"
				   "      # many\r\n"
				   "\r\n"
				   "      lines\r\n"
				   "    version: 1.0.0\r\n"
				   "generated: x\r\n";
	CLEANUP(str_release) struct str out = {0}, wanted = {0};

	(void)state;
	str_add(&wanted, "annotations:\r\n  k: v\r\n"
			 "apiVersion: v1\r\n"
			 "entries:\r\n"
			 "  web:\r\n"
			 "  - digest: dd\r\n    name: web\r\n    urls:\r\n"
			 "    - new.tgz\r\n    version: 2.0.0\r\n");
	str_add(&wanted, strstr(text, "  - description"));
	str_truncate(&wanted, wanted.len - 3);
	str_add(&wanted, "\"" NOW "\"\r\n");
	change_as(&out, text, "web 2.0.0",
		  (struct chartindex_change){.annotation = "k",
					     .annotation_text = "v"});
	assert_string_equal(out.buf, wanted.buf);
}

/* Entries that shrink and grow in one change, moved past each other. */
static void test_moves_cross(void **state)
{
	CLEANUP(str_release) struct str out = {0}, again = {0};

	(void)state;
	change(&out, helm_index,
	       "alpine 1.0.0,basket 1.0.0,web 1.10.0,web 1.2.0-rc");
	change(&again, str_text(&out), "basket 1.0.0,web 1.10.0");
	assert_string_equal(out.buf, again.buf);
	assert_null(strstr(out.buf, "many lines"));
	assert_non_null(strstr(out.buf, "    version: 1.2.0+a\n  - digest: dd\n"
					"    name: web\n    urls:\n"
					"    - new.tgz\n"
					"    version: 1.2.0-rc\ngenerated:"));
}

#define LINES_END "apiVersion: v1\nentries: {}\n"

static void test_annotation(void **state)
{
	static const struct {
		const char *text;
		const char *wanted; /* a part of the changed text */
	} cases[] = {
		{LINES_END, "annotations:\n  k: v\napiVersion: v1\n"},
		{"---\n" LINES_END, "---\nannotations:\n  k: v\napi"},
		{"annotations:\n    # c\n    a: b\n" LINES_END,
		 "annotations:\n    # c\n    a: b\n    k: v\napi"},
		{"annotations:\n  k: old\n  z: b\n" LINES_END,
		 "annotations:\n  k: v\n  z: b\napi"},
		{"annotations:\n  k: >\n    old\n" LINES_END,
		 "annotations:\n  k: v\napi"},
		{"annotations:\n  'k': old\n" LINES_END,
		 "annotations:\n  k: v\napi"},
		{"annotations:\n  \"k\": old\n  z: b\n" LINES_END,
		 "annotations:\n  k: v\n  z: b\napi"},
		{"annotations:\n  \"k\":\n    old\n" LINES_END,
		 "annotations:\n  k: v\napi"},
		{"annotations:\n  \"kk\": \"k: old\"\n" LINES_END,
		 "annotations:\n  \"kk\": \"k: old\"\n  k: v\napi"},
		{"annotations:\n  kk: old\n" LINES_END,
		 "annotations:\n  kk: old\n  k: v\napi"},
		{"annotations:\n" LINES_END, "annotations:\n  k: v\napi"},
		/* Text that looks like a comment, and a comment. */
		{"annotations:\n  a: |\n    b\n    # c\n" LINES_END,
		 "annotations:\n  a: |\n    b\n    # c\n  k: v\napi"},
		{"annotations:\n  a: |+\n    b\n\n" LINES_END,
		 "annotations:\n  a: |+\n    b\n\n  k: v\napi"},
		{"annotations:\n  a: |\n    b\n  # c\n" LINES_END,
		 "annotations:\n  a: |\n    b\n  k: v\n  # c\napi"},
		{"annotations:\n- a\n" LINES_END, "annotations:\n  k: v\n"},
		{"annotations: {a: b}\n" LINES_END,
		 "annotations:\n  a: b\n  k: v\napi"},
		{"apiVersion: v1\nentries: {}\nannotations:\n  a: b",
		 "annotations:\n  a: b\n  k: v\ngenerated"},
		{"", "annotations:\n  k: v\napi"},
		{"entries: {}\napiVersion: v1\n",
		 "annotations:\n  k: v\nentries:\n  web:\n"},
		{"{\"apiVersion\":\"v1\",\"entries\":{}}",
		 "\"annotations\":{\"k\":\"v\"},"},
		{"{\"annotations\": {}, \"apiVersion\":\"v1\",\"entries\":{}}",
		 "\"annotations\": {\"k\":\"v\"}, "},
		{"{\"annotations\": {\"a\": \"b\"}, \"apiVersion\":\"v1\","
		 "\"entries\":{}}",
		 "\"annotations\": {\"k\":\"v\",\"a\": \"b\"}, "},
		{"{\"annotations\": {\"a\": 1, \"k\": \"old\"}, "
		 "\"apiVersion\":\"v1\",\"entries\":{}}",
		 "{\"a\": 1, \"k\":\"v\"}, "},
		{"{apiVersion: v1, entries: {}}",
		 "\"annotations\":{\"k\":\"v\"},"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct err err = {0};

		change_as(&out, cases[i].text, "web 1.0.0",
			  (struct chartindex_change){.annotation = "k",
						     .annotation_text = "v"});
		assert_case(str_text(&out), strstr(out.buf, cases[i].wanted));
		assert_true(chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		assert_string_equal(chartindex_annotation(&index, "k", &arena),
				    "v");
		assert_null(chartindex_annotation(&index, "other", &arena));
	}
}

/* No entries stay no entries: "entries:" alone would be no mapping. */
static void test_nothing_entered(void **state)
{
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	change_as(&out, LINES_END, "",
		  (struct chartindex_change){.annotation = "k",
					     .annotation_text = "v"});
	assert_string_equal(out.buf, "annotations:\n  k: v\n" LINES_END
				     "generated: \"" NOW "\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remove_keeps_bytes),
		cmocka_unit_test(test_other_bytes_stay),
		cmocka_unit_test(test_comments_stay),
		cmocka_unit_test(test_folded_text),
		cmocka_unit_test(test_crlf),
		cmocka_unit_test(test_moves_cross),
		cmocka_unit_test(test_annotation),
		cmocka_unit_test(test_nothing_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
