#include "core/audit.h"

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "format/gzip.h"
#include "format/tar.h"
#include "format/value.h"
#include "tests/unit/unit.h"

#define META   "apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: shop\n"
#define DIGEST "@" /* in a table: that of the archive */

static void make_archive(struct str *tgz, const char *metadata)
{
	CLEANUP(str_release) struct str tar = {0};

	tar_add_file(&tar, "web/Chart.yaml", 0, metadata, strlen(metadata));
	tar_end(&tar);
	gzip_compress(tgz, str_text(&tar), tar.len, NULL);
}

static const struct chartindex_entry *read_entry(struct chartindex *index,
						 const char *text,
						 struct arena *arena)
{
	static struct chartindex_entries entries;
	struct err err = {0};

	assert_case(text,
		    chartindex_open(index, text, strlen(text), "x", &err));
	assert_case(text, chartindex_read(index, "web", arena, &entries, &err));
	assert_case(text, entries.count == 1);
	return entries.items;
}

static void test_judge(void **state)
{
	static const struct {
		const char *name;
		const char *metadata; /* of the archive */
		const char *entry;    /* fields of it */
		const char *digest;
		const char *reason;
		bool repairable;
	} cases[] = {
		{"true", META, "description: shop", DIGEST, NULL, false},
		{"fields that we do not know", META,
		 "description: shop, flavour: 7, created: x", DIGEST, NULL,
		 false},
		{"another description", META, "description: sold", DIGEST,
		 "another 'description'", true},
		{"no description", META, "kubeVersion: '1'", DIGEST,
		 "another 'description'", true},
		{"no digest", META, "description: shop", "", "no digest", true},
		{"another digest", META, "description: shop", "aa",
		 "the index says aa", false},
		{"another digest and description", META, "description: x", "aa",
		 "the index says aa", false},
		{"another version",
		 "apiVersion: v2\nname: web\nversion: 1.0.1\n", "a: b", DIGEST,
		 "it holds chart 'web' 1.0.1", false},
		{"another chart", "apiVersion: v2\nname: db\nversion: 1.0.0\n",
		 "a: b", DIGEST, "it holds chart 'db' 1.0.0", false},
		{"no chart", "name: web\n", "a: b", DIGEST, "cannot load chart",
		 false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = cases[i].name;
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str archive = {0}, text = {0};
		const struct chartindex_entry *entry;
		struct audit_claim claim = {.name = "web", .version = "1.0.0"};
		struct audit_verdict verdict;
		char digest[SHA256_HEX_SIZE];
		struct err err = {0};

		make_archive(&archive, cases[i].metadata);
		assert_true(sha256_hex(archive.buf, archive.len, digest, &err));
		str_addf(&text,
			 "apiVersion: v1\nentries:\n  web:\n  - {apiVersion: "
			 "v2, name: web, version: 1.0.0, urls: [a.tgz], %s}\n",
			 cases[i].entry);
		entry = read_entry(&index, str_text(&text), &arena);
		claim.entry = entry->value;
		claim.digest = same_text(cases[i].digest, DIGEST)
				       ? digest
				       : cases[i].digest;
		assert_case(name, audit_judge(&claim, &archive, &arena,
					      &verdict, &err));
		assert_case(name, !cases[i].reason == !verdict.reason);
		assert_case(name, !cases[i].reason || strstr(verdict.reason,
							     cases[i].reason));
		assert_case(name, cases[i].repairable == !!verdict.entry);
		if (!verdict.entry)
			continue;
		assert_string_equal(value_find_text(verdict.entry, "digest"),
				    digest);
		assert_string_equal(
			value_find_text(verdict.entry, "description"), "shop");
		assert_true(value_map_get(verdict.entry, "urls"));
	}
}

static void test_orphan(void **state)
{
	static const struct {
		const char *object;
		const char *metadata;
		const char *chart; /* its name */
		const char *reason;
	} cases[] = {
		{"web-1.0.0.tgz", META, "web", NULL},
		{"web.tgz", META, "web", "is not called so"},
		{"web-1.0.0.tgz", "apiVersion: v2\nname: db\nversion: 1.0.0\n",
		 "db", "it holds chart 'db' 1.0.0"},
		{"a%41-1.0.0.tgz",
		 "apiVersion: v2\nname: a%41\nversion: 1.0.0\n", "a%41",
		 "no address of an index leads to that name"},
		{"web-1.0.0.tgz", "no: chart\n", "", "the chart has no name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str archive = {0};
		struct audit_orphan orphan;
		struct err err = {0};

		make_archive(&archive, cases[i].metadata);
		assert_true(audit_judge_orphan(cases[i].object, "x%2B.tgz",
					       &archive, "2026-01-02T03:04:05Z",
					       &arena, &orphan, &err));
		assert_string_equal(orphan.name, cases[i].chart);
		assert_case(cases[i].object,
			    !cases[i].reason == !orphan.reason);
		if (orphan.reason) {
			assert_case(orphan.reason,
				    strstr(orphan.reason, cases[i].reason));
			assert_null(orphan.entry);
			continue;
		}
		assert_string_equal(value_find_text(orphan.entry, "urls.0"),
				    "x%2B.tgz");
		assert_string_equal(value_find_text(orphan.entry, "created"),
				    "2026-01-02T03:04:05Z");
		assert_string_equal(value_find_text(orphan.entry, "digest"),
				    orphan.digest);
	}
}

static void test_young(void **state)
{
	static const struct {
		int64_t age_s;
		bool young;
	} cases[] = {
		{0, true},
		{AUDIT_YOUNG_S - 1, true},
		{AUDIT_YOUNG_S, false},
		{INT64_MAX, false},
		{1 - AUDIT_YOUNG_S, true}, /* by another clock */
		{-AUDIT_YOUNG_S, false},
		{INT64_MIN, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(audit_is_young(cases[i].age_s),
				 cases[i].young);
}

/* Whatever changes, the mark does too. */
static void test_mark(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *one = value_new_map(&arena), *two = value_new_map(&arena);
	const struct {
		struct audit_claim claim;
		const char *object;
		const char *state;
		int64_t size;
	} cases[] = {
		{{"web", "1", "d", one}, "a.tgz", "e", 1},
		{{"web2", "1", "d", one}, "a.tgz", "e", 1},
		{{"web", "1", "d", two}, "a.tgz", "e", 1},
		{{"web", "1", "d", one}, "b.tgz", "e", 1},
		{{"web", "1", "d", one}, "a.tgz", "f", 1},
		{{"web", "1", "d", one}, "a.tgz", "e", 2},
		{{"web", "1", "d", one}, "a.tg", "ze", 1},
	};
	CLEANUP(map_release) struct map marks = {0};
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	value_map_set_text(two, &arena, "digest", "d2");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		size_t row = i % ARRAY_SIZE(cases);
		char mark[AUDIT_MARK_SIZE];
		struct err err = {0};

		assert_true(audit_mark(&cases[row].claim, cases[row].object,
				       cases[row].state, cases[row].size, mark,
				       &err));
		str_addf(&text, "%s\n", mark);
	}
	audit_read_marks(&marks, text.buf, text.len);
	assert_int_equal(marks.count, ARRAY_SIZE(cases));
}

static void test_read_marks(void **state)
{
#define MARK "0123456789abcdef0123456789abcdef"
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {
		{"", 0},
		{MARK "\n", 1},
		{MARK "\n" MARK "\n", 1},
		{MARK, 0}, /* perhaps the start of a longer line */
		{MARK "0\n", 0},
		{"\n\n<html>\n" MARK "\n", 1},
		{"0123456789ABCDEF0123456789abcdef\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(map_release) struct map marks = {0};

		audit_read_marks(&marks, cases[i].text, strlen(cases[i].text));
		assert_case(cases[i].text, marks.count == cases[i].count);
	}
}

/* Followed by the first digit of the version. */
#define DIGEST_OF \
	"abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345678"

/* "1.0.0", or "1.0.0@7" for one that was created on the 7th. */
static void add_entry(struct str *text, const char *word)
{
	size_t len = strcspn(word, "@");

	str_addf(text, "  - version: %.*s\n    digest: " DIGEST_OF "%c\n",
		 (int)len, word, *word);
	if (word[len])
		str_addf(text, "    created: \"2026-01-0%sT00:00:00Z\"\n",
			 word + len + 1);
}

static void test_too_many(void **state)
{
	static const struct {
		const char *versions; /* in the order of the index */
		int64_t keep;
		const char *used;
		const char *gone;
	} cases[] = {
		{"1.0.0,1.10.0,1.2.0", 2, "", "1.0.0"},
		{"1.0.0,1.10.0,1.2.0", 1, "", "1.2.0,1.0.0"},
		{"1.0.0,1.10.0,1.2.0", 3, "", ""},
		{"1.0.0-rc.1,1.0.0,1.0.0-rc.2", 1, "", "1.0.0-rc.1"},
		{"1.0.0,1.1.0,2.0.0-x.1,2.0.0-x.2,2.0.0-x.3", 2, "",
		 "2.0.0-x.1"},
		{"1.0.0,1.1.0+a-b,2.0.0-x.1", 1, "", "1.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "web-1.0.0\n", "2.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "  web-1.0.0  ", "2.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "# web-1.0.0\n\nweb-2.0.0", "1.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "db-1.0.0\n", "2.0.0,1.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "web@1.0.0\nweb-2.0.0.tgz", ""},
		{"1.0.0,2.0.0,3.0.0", 1, DIGEST_OF "1\n", "2.0.0"},
		{"1.0.0,2.0.0,3.0.0", 1, "sha256:" DIGEST_OF "2\r\n", "1.0.0"},
		{"1.0.0,nightly,2.0.0", 1, "", "1.0.0"},
		{"1.0.0,1.0.0,2.0.0,0.1.0", 1, "", "0.1.0"},
		{"3.0.0,3.0.0,2.0.0,1.0.0", 2, "", "1.0.0"},
		{"1.0.0+a,1.0.0+b,2.0.0", 1, "web-1.0.0+b", "1.0.0+a"},
		{"1.0.0+a@1,1.0.0+b@3,1.0.0+c@2", 1, "", "1.0.0+c,1.0.0+a"},
		{"1.0.0+a@3,1.0.0+b@2,1.0.0+c@1", 2, "", "1.0.0+c"},
		{"1.0.0+a@1,1.0.0+b,1.0.0+c@1", 1, "", "1.0.0+a,1.0.0+b"},
		{"1.0.0+a@1,1.0.0+b@2,1.0.0+a@3", 1, "", "1.0.0+b"},
		{"1.0.0+a@1,1.0.0+b@2,1.0.0+a@3", 2, "", ""},
		{"1.0.0@9,1.1.0@1", 1, "", "1.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(strvec_release) struct strvec versions = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0}, gone = {0};
		CLEANUP(map_release) struct map used = {0}, ambiguous = {0};
		struct chartindex_entries entries, sorted;
		struct err err = {0};

		strvec_split(&versions, cases[i].versions, ',');
		str_add(&text, "apiVersion: v1\nentries:\n  web:\n");
		for (size_t j = 0; j < versions.count; j++)
			add_entry(&text, versions.items[j]);
		assert_true(
			chartindex_open(&index, text.buf, text.len, "x", &err));
		assert_true(
			chartindex_read(&index, "web", &arena, &entries, &err));
		audit_find_ambiguous(&ambiguous, &entries);
		audit_sort_by_age(&sorted, &entries, &ambiguous, &arena);
		if (*cases[i].used)
			assert_true(audit_read_used(&used, cases[i].used,
						    strlen(cases[i].used),
						    "used.txt", &err));
		for (size_t j = 0; j < sorted.count; j++) {
			if (audit_is_too_many("web", &sorted, j, cases[i].keep,
					      &used, &ambiguous))
				str_addf(&gone, "%s%s", gone.len ? "," : "",
					 sorted.items[j].version);
		}
		assert_string_equal(str_text(&gone), cases[i].gone);
	}
}

static void test_used(void **state)
{
	static const struct {
		const char *text, *refused;
		const char *key;
	} cases[] = {
		{"web-1.0.0\n", NULL, "web-1.0.0"},
		{"my-web-1.0.0-rc.1", NULL, "my-web-1.0.0-rc.1"},
		{"web@1.0.0", NULL, "web-1.0.0"},
		{"web-1.0.0+17.tgz", NULL, "web-1.0.0+17"},
		{"\tweb@1.0.0  # production\r\n", NULL, "web-1.0.0"},
		{"web-1.0.0#production", NULL, "web-1.0.0"},
		{"\xef\xbb\xbfweb-1.0.0\r\n", NULL, "web-1.0.0"},
		{"\xef\xbb\xbf# none\nweb-1.0.0", NULL, "web-1.0.0"},
		{DIGEST_OF "A", NULL, DIGEST_OF "a"},
		{"", "'used.txt' names nothing that is in use"},
		{"# none\n\n", "'used.txt' names nothing that is in use"},
		{"web-1.0.0\nweb\n", "used.txt:2: 'web' names no version of a "
				     "chart"},
		{"web 1.0.0", "used.txt:1: 'web 1.0.0' names no version of a "
			      "chart"},
		{"my web-1.0.0", "used.txt:1: 'my web-1.0.0' names no version "
				 "of a chart"},
		{"-1.0.0", "used.txt:1: '-1.0.0' names no version of a chart"},
		{"@1.0.0", "used.txt:1: '@1.0.0' names no version of a chart"},
		{"w\xc3\xa4h-1.0.0", "used.txt:1: 'w\xc3\xa4h-1.0.0' names no "
				     "version of a chart"},
		{"sha256:abc", "used.txt:1: 'sha256:abc' names no version of a "
			       "chart"},
		{"Error: no such release", "used.txt:1: 'Error: no such "
					   "release' names no version of a "
					   "chart"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(map_release) struct map used = {0};
		CLEANUP(err_release) struct err err = {0};
		bool read = audit_read_used(&used, cases[i].text,
					    strlen(cases[i].text), "used.txt",
					    &err);

		assert_case(cases[i].text, read == !cases[i].refused);
		if (read)
			assert_case(cases[i].text,
				    map_has(&used, cases[i].key));
		else
			assert_string_equal(err.text, cases[i].refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_orphan),
		cmocka_unit_test(test_young),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_read_marks),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
