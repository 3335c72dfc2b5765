#include "core/chartindex.h"

#include "base/err.h"
#include "base/strvec.h"
#include "core/chartindex_layout.h"
#include "core/resolve.h"
#include "format/value.h"
#include "tests/unit/unit.h"

#define NOW "2026-11-22T10:00:00Z"

/* As helm repo index writes it, with a field that nobody knows. */
static const char helm_index[] = "apiVersion: v1\n"
				 "entries:\n"
				 "  basket:\n"
				 "  - apiVersion: v2\n"
				 "    created: \"2026-01-01T00:00:00Z\"\n"
				 "    digest: aa\n"
				 "    name: basket\n"
				 "    urls:\n"
				 "    - basket-1.0.0.tgz\n"
				 "    version: 1.0.0\n"
				 "  web:\n"
				 "  - apiVersion: v2\n"
				 "    created: \"2026-01-02T00:00:00Z\"\n"
				 "    description: |-\n"
				 "      many lines\n"
				 "\n"
				 "      # no comment\n"
				 "    digest: sha256:BB\n"
				 "    flavour: unknown to us\n"
				 "    name: web\n"
				 "    urls:\n"
				 "    - web-1.10.0.tgz\n"
				 "    version: 1.10.0\n"
				 "  - apiVersion: v2\n"
				 "    digest: cc\n"
				 "    name: web\n"
				 "    urls:\n"
				 "    - web-1.2.0+a.tgz\n"
				 "    version: 1.2.0+a\n"
				 "  - name: web\n"
				 "    urls:\n"
				 "    - web-1.2.0-rc.tgz\n"
				 "    version: 1.2.0-rc\n"
				 "generated: \"2026-01-02T00:00:00Z\"\n";

static const char json_index[] =
	"{\n  \"apiVersion\": \"v1\",\n  \"generated\": \"2026\",\n"
	"  \"entries\": {\n    \"web\": [\n"
	"      {\"version\": \"1.10.0\", \"digest\": \"bb\", "
	"\"urls\": [\"a\"]},\n"
	"      {\"version\": \"1.2.0+a\", \"digest\": \"cc\", "
	"\"urls\": [\"b\"]}\n"
	"    ],\n    \"zoo\": []\n  }\n}\n";

/* The versions of @name with commas between, as read. */
static void add_versions(struct str *out, struct chartindex *index,
			 const char *name)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	assert_true(chartindex_read(index, name, &arena, &entries, &err));
	for (size_t i = 0; i < entries.count; i++)
		str_addf(out, "%s%s", i ? "," : "", entries.items[i].version);
}

static void test_read(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *chart;
		const char *versions;
	} cases[] = {
		{"lines", helm_index, "web", "1.10.0,1.2.0+a,1.2.0-rc"},
		{"first", helm_index, "basket", "1.0.0"},
		{"none", helm_index, "shop", ""},
		{"a field's name", helm_index, "urls", ""},
		{"JSON", json_index, "web", "1.10.0,1.2.0+a"},
		{"JSON, no entries", json_index, "zoo", ""},
		{"no text", NULL, "web", ""},
		{"empty", "apiVersion: v1\nentries: {}\n", "web", ""},
		{"indented lists",
		 "apiVersion: v1\nentries:\n    web:\n      - version: 1.0.0\n"
		 "        urls:\n          - x\n      - version: 2.0.0\n",
		 "web", "2.0.0,1.0.0"},
		{"flow", "{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "web", "1.0.0"},
		{"anchors",
		 "apiVersion: v1\nentries:\n  basket:\n  - &a\n    version: "
		 "1.0.0\n  web:\n  - *a\n",
		 "web", "1.0.0"},
		{"a number",
		 "apiVersion: v1\nentries:\n  web:\n  - version: "
		 "1.10\n",
		 "web", "1.1"},
		{"no versions last",
		 "apiVersion: v1\nentries:\n  web:\n  - version: latest\n"
		 "  - version: 1.0.0\n  - version: 3.0.0\n",
		 "web", "3.0.0,1.0.0,latest"},
		{"quoted name",
		 "apiVersion: v1\nentries:\n  \"1\":\n  - version: 1.0.0\n",
		 "1", "1.0.0"},
		{"CRLF",
		 "apiVersion: v1\r\nentries:\r\n  web:\r\n"
		 "  - version: 1.0.0\r\n",
		 "web", "1.0.0"},
		{"no line break at the end",
		 "apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0", "web",
		 "1.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str versions = {0};
		struct err err = {0};

		assert_case(cases[i].name,
			    chartindex_open(
				    &index, cases[i].text,
				    cases[i].text ? strlen(cases[i].text) : 0,
				    "index", &err));
		add_versions(&versions, &index, cases[i].chart);
		assert_string_equal(str_text(&versions), cases[i].versions);
	}
}

static void test_entry(void **state)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	const struct chartindex_entry *entry;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, helm_index, strlen(helm_index),
				    "index", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	entry = chartindex_find(&entries, "1.10.0");
	assert_string_equal(entry->digest, "bb");
	assert_string_equal(entry->created, "2026-01-02T00:00:00Z");
	assert_string_equal(entry->urls->list.items[0]->string.bytes,
			    "web-1.10.0.tgz");
	assert_string_equal(value_find_text(entry->value, "flavour"),
			    "unknown to us");
	assert_null(chartindex_find(&entries, "1.2.0"));
	assert_null(chartindex_find(&entries, "1.2.0+b"));
}

/* A case without a text is one of no index. */
static const char *text_of(const struct str *text)
{
	return text->len ? text->buf : NULL;
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{"apiVersion: v1\nentries: [x]\n", 2},
		{"entries: {}\n", 1},
		{"- a\n", 1},
		{"", 1},
		{"\n\n", 1},
		{"apiVersion: v1\nentries:\n  web:\n  - a: 'x\n", 5},
		{"apiVersion: v1\nentries:\n  web:\n  - a: 1\n  web:\n"
		 "  - b: 1\n",
		 5},
		{"{\"apiVersion\": \"v1\",\n\"entries\": {]}", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chartindex_entries entries;

		assert_case(cases[i].text,
			    !chartindex_open(&index, cases[i].text,
					     strlen(cases[i].text), "index",
					     &err) ||
				    !chartindex_read(&index, "web", &arena,
						     &entries, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.file, "index");
		assert_int_equal(err.line, cases[i].line);
	}
}

/* Of either form, with and without a line break at the end. */
static void test_nul(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{TEXT("apiVersion: v1\nentries: {}\nx: \0\n")},
		{TEXT("apiVersion: v1\nentries: {}\nx: |\n  a\0b")},
		{TEXT("\0")},
		{TEXT("apiVersion: v1\0\nentries: {}\n")},
		{TEXT("{\"apiVersion\": \"v1\", \"entries\": {}, \"x\": "
		      "\"\0\"}")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_false(chartindex_open(&index, cases[i].text,
					     cases[i].len, "index", &err));
		assert_string_equal(err.text, "bad index 'index': a NUL byte "
					      "is in it");
	}
}

static struct value *new_entry(struct arena *arena, const char *name,
			       const char *version)
{
	struct value *entry = value_new_map(arena);
	struct value *urls = value_new_list(arena);

	value_list_add(urls, arena, value_new_text(arena, "new.tgz"));
	value_map_set_text(entry, arena, "name", name);
	value_map_set_text(entry, arena, "version", version);
	value_map_set_text(entry, arena, "digest", "dd");
	value_map_set(entry, arena, "urls", urls);
	return entry;
}

/*
 * Put "name version" pairs, separated by commas, as @wanted asks else; those
 * with a "-" before them are removed.
 */
static void change_as(struct str *out, const char *text, const char *pairs,
		      struct chartindex_change wanted)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec list = {0};
	struct chartindex_put puts[8];
	struct chartindex_removal removals[8];
	struct err err = {0};

	str_add(out, text);
	if (*pairs)
		strvec_split(&list, pairs, ',');
	for (size_t i = 0; i < list.count; i++) {
		char *blank = strchr(list.items[i], ' ');

		*blank = '\0';
		if (*list.items[i] == '-') {
			removals[wanted.removal_count++] =
				(struct chartindex_removal){list.items[i] + 1,
							    blank + 1};
			continue;
		}
		puts[wanted.count++] = (struct chartindex_put){
			.name = list.items[i],
			.version = blank + 1,
			.entry = new_entry(&arena, list.items[i], blank + 1),
		};
	}
	assert_case(pairs, chartindex_open(&index, text_of(out), out->len,
					   "index", &err));
	wanted.puts = puts;
	wanted.removals = removals;
	wanted.generated = NOW;
	assert_case(pairs, chartindex_change(&index, out, &wanted, &err));
}

static void change(struct str *out, const char *text, const char *pairs)
{
	change_as(out, text, pairs, (struct chartindex_change){0});
}

static void test_change(void **state)
{
	static const struct {
		const char *text;
		const char *puts;
		const char *chart;
		const char *versions;
	} cases[] = {
		{helm_index, "web 1.11.0", "web",
		 "1.11.0,1.10.0,1.2.0+a,1.2.0-rc"},
		{helm_index, "web 1.2.0+b", "web",
		 "1.10.0,1.2.0+a,1.2.0+b,1.2.0-rc"},
		{helm_index, "web 0.1.0", "web",
		 "1.10.0,1.2.0+a,1.2.0-rc,0.1.0"},
		{helm_index, "web 1.10.0", "web", "1.10.0,1.2.0+a,1.2.0-rc"},
		{helm_index, "alpine 1.0.0", "alpine", "1.0.0"},
		{helm_index, "shop 1.0.0,shop 2.0.0", "shop", "2.0.0,1.0.0"},
		{helm_index, "zoo 1.0.0,alpine 1.0.0", "zoo", "1.0.0"},
		{helm_index, "web 3.0.0,web 1.5.0,web 2.0.0,basket 2.0.0",
		 "web", "3.0.0,2.0.0,1.10.0,1.5.0,1.2.0+a,1.2.0-rc"},
		{json_index, "web 1.11.0", "web", "1.11.0,1.10.0,1.2.0+a"},
		{json_index, "web 0.1.0", "web", "1.10.0,1.2.0+a,0.1.0"},
		{json_index, "web 1.10.0", "web", "1.10.0,1.2.0+a"},
		{json_index, "alpine 1.0.0,beta 1.0.0", "beta", "1.0.0"},
		{json_index, "zzz 1.0.0,zzzz 1.0.0", "zzz", "1.0.0"},
		{json_index, "zoo 1.0.0,zoo 2.0.0", "zoo", "2.0.0,1.0.0"},
		{"{\"apiVersion\":\"v1\",\"entries\":{}}",
		 "web 1.0.0,zoo 1.0.0", "zoo", "1.0.0"},
		{"", "web 1.0.0,web 2.0.0", "web", "2.0.0,1.0.0"},
		{"apiVersion: v1\nentries: {}\ngenerated:\n  a: b\n",
		 "web 1.0.0", "web", "1.0.0"},
		{"apiVersion: v1\nentries: {}\ngenerated: \"x\"\n", "web 1.0.0",
		 "web", "1.0.0"},
		{"apiVersion: v1\nentries: {}", "web 1.0.0,a 1.0.0", "web",
		 "1.0.0"},
		{"apiVersion: v1\n", "web 1.0.0", "web", "1.0.0"},
		{"apiVersion: v1\nentries:\n    web:\n      - version: 1.0.0\n",
		 "web 2.0.0,other 1.0.0", "web", "2.0.0,1.0.0"},
		{"{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "web 0.5.0", "web", "1.0.0,0.5.0"},
		/* Numbers, which Helm reads as texts. */
		{"{apiVersion: v1, entries: {web: [{version: 2}, {version: "
		 "1.10}, 7]}}",
		 "web 2", "web", "2,1.1"},
		{"{apiVersion: v1, entries: {web: [{version: 2}, {version: "
		 "1.10}]}}",
		 "web 1.5.0", "web", "2,1.5.0,1.1"},
		{"apiVersion: v1\nentries:\n  web: []\n", "web 1.0.0", "web",
		 "1.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change(&out, cases[i].text, cases[i].puts);
		assert_case(str_text(&out),
			    chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		add_versions(&versions, &index, cases[i].chart);
		assert_string_equal(str_text(&versions), cases[i].versions);
		assert_case(str_text(&out), strstr(out.buf, NOW));
	}
}

static void test_remove(void **state)
{
	static const struct {
		const char *text;
		const char *changes;
		const char *web; /* versions */
		const char *charts;
	} cases[] = {
		{helm_index, "-web 1.10.0", "1.2.0+a,1.2.0-rc", "basket,web"},
		{helm_index, "-web 1.2.0+a", "1.10.0,1.2.0-rc", "basket,web"},
		{helm_index, "-web 1.2.0-rc", "1.10.0,1.2.0+a", "basket,web"},
		{helm_index, "-web 1.2.0", "1.10.0,1.2.0+a,1.2.0-rc",
		 "basket,web"},
		{helm_index, "-shop 1.0.0", "1.10.0,1.2.0+a,1.2.0-rc",
		 "basket,web"},
		{helm_index, "-basket 1.0.0", "1.10.0,1.2.0+a,1.2.0-rc", "web"},
		{helm_index, "-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc", "",
		 "basket"},
		{helm_index,
		 "-basket 1.0.0,-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc", "",
		 ""},
		{helm_index, "-basket 1.0.0,basket 2.0.0,apple 1.0.0",
		 "1.10.0,1.2.0+a,1.2.0-rc", "apple,basket,web"},
		{helm_index,
		 "-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc,web 1.5.0,web 2.0.0",
		 "2.0.0,1.5.0", "basket,web"},
		{helm_index, "-basket 1.0.0,aa 1.0.0,zz 1.0.0,web 1.11.0",
		 "1.11.0,1.10.0,1.2.0+a,1.2.0-rc", "aa,web,zz"},
		{json_index, "-web 1.10.0", "1.2.0+a", "web,zoo"},
		{json_index, "-web 1.10.0,-web 1.2.0+a,kit 1.0.0", "",
		 "kit,zoo"},
		{"{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "-web 1.0.0", "", ""},
		/* Numbers, as Helm reads them. */
		{"{apiVersion: v1, entries: {web: [{version: 1.10}, {}]}}",
		 "-web 1.1", "", "web"},
		{"apiVersion: v1\nentries:\n  web:\n  - version: 2\n"
		 "  - version: 1\n",
		 "-web 1", "2", "web"},
		{"apiVersion: v1\nentries: {}\n", "-web 1.0.0", "", ""},
		{"apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n"
		 "  - version: 1.0.0\n  - version: 0.1.0\n",
		 "-web 1.0.0", "0.1.0", "web"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(str_release) struct str charts = {0};
		CLEANUP(strvec_release) struct strvec names = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change(&out, cases[i].text, cases[i].changes);
		assert_case(str_text(&out),
			    chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		add_versions(&versions, &index, "web");
		assert_string_equal(str_text(&versions), cases[i].web);
		chartindex_add_names(&index, &names);
		for (size_t j = 0; j < names.count; j++)
			str_addf(&charts, "%s%s", j ? "," : "", names.items[j]);
		assert_string_equal(str_text(&charts), cases[i].charts);
	}
}

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

/* An address that is no text is none. */
static void test_strange_urls(void **state)
{
	static const char text[] =
		"apiVersion: v1\nentries:\n  web:\n"
		"  - urls: [5, {a: b}, null, web.tgz]\n    version: 1.0.0\n";
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, text, strlen(text), "x", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	assert_int_equal(entries.items[0].urls->list.count, 1);
	assert_string_equal(entries.items[0].urls->list.items[0]->string.bytes,
			    "web.tgz");
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
		{"annotations:\n  kk: old\n" LINES_END,
		 "annotations:\n  kk: old\n  k: v\napi"},
		{"annotations:\n" LINES_END, "annotations:\n  k: v\napi"},
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
		{"{apiVersion: v1, entries: {}}", "annotations:\n  k: v\n"},
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

/* Of other charts too: what is no JSON may be YAML, or nothing at all. */
/* Where a string ends, and what of it looks like something else. */
static void test_json_strings(void **state)
{
	static const struct {
		const char *text;
		const char *meaning;
	} cases[] = {
		{"", ""},
		{"a\\\"b", "a\"b"},
		{"\\\"", "\""},
		{"\\\"\\\"", "\"\""},
		{"\\\\", "\\"},
		{"\\\\\\\"", "\\\""},
		{"a\\\\\\\\", "a\\\\"},
		{"]}, {[", "]}, {["},
		{"\\\"}]}", "\"}]}"},
		{"\\u0022", "\""},
		{", 0123456789: 0123456789\\\" 0123456789",
		 ", 0123456789: 0123456789\" 0123456789"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries;
		struct err err = {0};

		str_addf(&text,
			 "{\"apiVersion\":\"v1\",\"%s\":1,\"entries\":{\"web\":"
			 "[{\"version\":\"%s\"}, {\"version\" : \"2\"} ],"
			 "\"%s\": [ ] , \"zoo\":[]}}",
			 cases[i].text, cases[i].text, cases[i].text);
		assert_true(chartindex_open(&index, text.buf, text.len, "index",
					    &err));
		assert_int_equal(index.layout->form, CHARTINDEX_JSON);
		assert_int_equal(index.layout->blocks.count, 3);
		assert_string_equal(index.layout->blocks.items[1].name,
				    cases[i].meaning);
		assert_true(
			chartindex_read(&index, "web", &arena, &entries, &err));
		assert_int_equal(entries.count, 2);
		assert_non_null(chartindex_find(&entries, "2"));
		assert_non_null(chartindex_find(&entries, cases[i].meaning));
	}
}

static void test_broken_json(void **state)
{
	static const struct {
		const char *entry; /* of another chart */
		bool is_yaml;
	} cases[] = {
		{"{\"version\": \"1\"}", true},
		{"{\"version\": \"1\",}", true},
		{"{\"version\": tru}", true},
		{"{\"version\": \"\\q\"}", false},
		{"{\"version\": \"\x01\"}", false},
		{"{\"version\": \"1\" \"name\": \"x\"}", false},
		{"{\"version\": \"1\", \"name\" \"x\"}", false},
		{"{\"version\": \"1\"]", false},
		{"{\"version\" \"1\"}", false},
		{"{\"version\": \"1\"} {}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0}, before = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		const struct chartindex_put put = {
			"web", "1.0.0", new_entry(&arena, "web", "1.0.0")};
		const struct chartindex_change change = {
			.puts = &put, .count = 1, .generated = "2026"};
		bool done;

		str_addf(&text,
			 "{\"apiVersion\": \"v1\", \"entries\": "
			 "{\"kit\": [%s]}}",
			 cases[i].entry);
		str_add(&before, text.buf);
		done = chartindex_open(&index, text_of(&text), text.len,
				       "index", &err) &&
		       chartindex_change(&index, &text, &change, &err);
		assert_case(cases[i].entry, done == cases[i].is_yaml);
		if (!done) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_string_equal(text.buf, before.buf);
			continue;
		}
		assert_true(chartindex_open(&index, text_of(&text), text.len,
					    "out", &err));
		str_clear(&before);
		add_versions(&before, &index, "web");
		assert_string_equal(before.buf, "1.0.0");
	}
}

static void test_format(void **state)
{
	static const struct {
		const char *text;
		enum chartindex_format format;
		char first;
	} cases[] = {
		{helm_index, CHARTINDEX_KEEP, 'a'},
		{helm_index, CHARTINDEX_YAML, 'a'},
		{helm_index, CHARTINDEX_AS_JSON, '{'},
		{json_index, CHARTINDEX_KEEP, '{'},
		{json_index, CHARTINDEX_YAML, 'a'},
		{json_index, CHARTINDEX_AS_JSON, '{'},
		{"", CHARTINDEX_KEEP, 'a'},
		{"", CHARTINDEX_AS_JSON, '{'},
		{"{\"apiVersion\":\"v1\"}", CHARTINDEX_KEEP, '{'},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change_as(&out, cases[i].text, "new 1.0.0",
			  (struct chartindex_change){.format =
							     cases[i].format});
		assert_int_equal(out.buf[0], cases[i].first);
		assert_true(chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		add_versions(&versions, &index, "new");
		str_add_char(&versions, ' ');
		add_versions(&versions, &index, "web");
		assert_case(str_text(&versions),
			    starts_with(str_text(&versions), "1.0.0 "));
		if (strlen(cases[i].text) > 100)
			assert_case(str_text(&versions),
				    strstr(versions.buf, "1.10.0,1.2.0+a"));
	}
}

static void test_resolve(void **state)
{
	static const struct {
		const char *constraint;
		const char *version; /* NULL = none */
	} cases[] = {
		{"", "1.10.0"},
		{"1.2.0+a", "1.2.0+a"},
		{"1.2.0+b", "1.2.0+a"},
		{"~1.2", "1.2.0+a"},
		{">1.2.0-0 <1.2.0", "1.2.0-rc"},
		{"^2", NULL},
		{"<1.0.0", NULL},
	};
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, helm_index, strlen(helm_index),
				    "index", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err failure = {0};
		const struct chartindex_entry *entry = NULL;
		bool found = resolve_entry(&entries, "web", cases[i].constraint,
					   &entry, &failure);

		assert_case(cases[i].constraint,
			    found == (cases[i].version != NULL));
		if (found)
			assert_string_equal(entry->version, cases[i].version);
		else
			assert_int_equal(failure.kind, ERR_NOT_FOUND);
	}
	assert_false(resolve_entry(&entries, "web", "newest", NULL, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	err_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_remove_keeps_bytes),
		cmocka_unit_test(test_strange_urls),
		cmocka_unit_test(test_other_bytes_stay),
		cmocka_unit_test(test_moves_cross),
		cmocka_unit_test(test_annotation),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_broken_json),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
