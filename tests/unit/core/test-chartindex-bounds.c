/* How much of an index is parsed at once, and which names it can have. */
#include "core/chartindex.h"

#include <string.h>

#include "base/err.h"
#include "tests/unit/unit.h"

static void fill(struct str *text, const char *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_add(text, unit);
}

/* NULL if the entries of web can be read, else why not. */
static char *reading_fails(const struct str *text)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chartindex_entries entries;

	if (chartindex_open(&index, str_text(text), text->len, "index", &err) &&
	    chartindex_read(&index, "web", &arena, &entries, &err))
		return NULL;
	assert_int_equal(err.kind, ERR_INPUT);
	return xasprintf("%s; %s", err.text, err.hint ? err.hint : "");
}

static void assert_too_large(const struct str *text, const char *words)
{
	CLEANUP(free_ptr) char *failure = reading_fails(text);

	assert_non_null(failure);
	if (!strstr(failure, words))
		fail_msg("%s", failure);
}

/* Where another layout helps. */
static void assert_too_large_so(const struct str *text, const char *words)
{
	CLEANUP(free_ptr) char *failure = reading_fails(text);

	assert_too_large(text, words);
	assert_non_null(strstr(failure, "; laid out as Helm writes it an "
					"index may be larger: "));
}

static void test_ceilings(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	const size_t many = CHARTINDEX_VALUES_MAX / 2 + 1;

	(void)state;
	/* Parsed as a whole, in flow style. */
	str_add(&text, "apiVersion: v1\nentries: {web: [{urls: [");
	fill(&text, "x,", CHARTINDEX_VALUES_MAX);
	str_add(&text, "]}]}\n");
	assert_too_large_so(&text, "more than 250000 values");

	str_clear(&text);
	str_add(&text, "apiVersion: v1\nentries: {web: []}\n");
	fill(&text, "#0123456789abcde\n", CHARTINDEX_PARSED_MAX / 17 + 1);
	str_add(&text, "x: {}\n");
	assert_too_large_so(&text, "over 32 MiB");

	/* The entries of one chart, in either form. */
	str_clear(&text);
	str_add(&text, "apiVersion: v1\nentries:\n  web:\n");
	fill(&text, "  - a: b\n", many);
	assert_too_large(&text, "more than 250000 values");

	str_clear(&text);
	str_add(&text, "{\"apiVersion\":\"v1\",\"entries\":{\"web\":[{}");
	fill(&text, ",{}", many);
	str_add(&text, "]}}");
	assert_too_large(&text, "over 20000 versions of 'web'");

	str_clear(&text);
	str_add(&text, "apiVersion: v1\nentries:\n  web:\n");
	fill(&text, "  - a: b\n", CHARTINDEX_VERSIONS_MAX + 1);
	assert_too_large(&text, "over 20000 versions of 'web'");
}

/* Is the annotation "proof", of those that are laid out so, found? */
static bool knows_proof(const char *head, size_t len, const char *tail)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct err err = {0};

	str_add(&text, head);
	fill(&text, "0", len);
	str_add(&text, tail);
	assert_true(chartindex_open(&index, str_text(&text), text.len, "index",
				    &err));
	return chartindex_annotation(&index, "proof", &arena) != NULL;
}

/* They are read as a whole, and anybody's: what is over-full says nothing. */
static void test_annotations(void **state)
{
	static const struct {
		const char *head, *tail;
	} forms[] = {
		{"annotations:\n  proof: x\n  other: '",
		 "'\napiVersion: v1\nentries: {}\n"},
		{"{\"annotations\":{\"proof\":\"x\",\"other\":\"",
		 "\"},\"apiVersion\":\"v1\",\"entries\":{}}\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		assert_true(knows_proof(forms[i].head,
					CHARTINDEX_ANNOTATIONS_MAX - 100,
					forms[i].tail));
		assert_false(knows_proof(forms[i].head,
					 CHARTINDEX_ANNOTATIONS_MAX,
					 forms[i].tail));
	}
}

/* A list of @count texts, which are as long as entries say things. */
static void add_flow(struct str *text, size_t count)
{
	str_clear(text);
	str_add(text, "apiVersion: v1\nentries: {web: [{version: 1, urls: [");
	fill(text, "01234567890,", count);
	str_add(text, "]}]}\n");
}

/* What must be parsed as a whole. */
static void test_large_whole(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	add_flow(&text, CHARTINDEX_SMALL / CHARTINDEX_VALUE - 100);
	assert_too_large(&text, "more than 250000 values");
	add_flow(&text, CHARTINDEX_SMALL / CHARTINDEX_VALUE + 100);
	assert_too_large(&text, "more than 524");
	str_clear(&text);
	str_add(&text, "apiVersion: v1\nentries: {web: [{version: 1, urls: [");
	fill(&text, "012345678901234567890123,", CHARTINDEX_SMALL / 20);
	str_add(&text, "]}]}\n");
	assert_null(reading_fails(&text));
}

/* As many as before, if they are as large as entries are. */
static void test_large_charts(void **state)
{
	static const char entry[] =
		"  - apiVersion: v2\n"
		"    digest: 0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef\n"
		"    name: web\n"
		"    urls:\n"
		"    - charts/web-1.0.0.tgz\n"
		"    version: 1.0.0\n";
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	str_add(&text, "apiVersion: v1\nentries:\n  web:\n");
	fill(&text, entry, 2 * CHARTINDEX_VERSIONS_MAX);
	assert_null(reading_fails(&text));
}

/* What is in the way of the entries is not unbounded, either. */
static void test_beside_the_entries(void **state)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct chartindex_change change = {
		.generated = "2026",
		.format = CHARTINDEX_YAML,
	};

	(void)state;
	str_add(&text, "{\"apiVersion\":\"v1\",\"entries\":{},\"x\":[0");
	fill(&text, ",0", CHARTINDEX_VALUES_MAX);
	str_add(&text, "]}");
	assert_true(chartindex_open(&index, text.buf, text.len, "index", &err));
	assert_false(chartindex_change(&index, &text, &change, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "more than 250000 values"));
}

static void test_names(void **state)
{
	static const char *const good[] = {"web",   "web-2",	"Web_2.x",
					   "a@b,c", "1.0.0+17", "\xc3\xa4"};
	static const char *const bad[] = {
		NULL,	"",    ".",   "..",   ".a",   "a/b",
		"a\\b", "%",   "a%b", "a%2F", "a?b",  "a#b",
		"a:b",	"a b", "a\n", "a\t",  "\x7f", "\x01a",
	};
	char longest[CHARTINDEX_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_case(good[i], chartindex_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_case(bad[i] ? bad[i] : "NULL",
			    !chartindex_is_name(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[CHARTINDEX_NAME_MAX + 1] = '\0';
	assert_false(chartindex_is_name(longest));
	longest[CHARTINDEX_NAME_MAX] = '\0';
	assert_true(chartindex_is_name(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_annotations),
		cmocka_unit_test(test_large_whole),
		cmocka_unit_test(test_large_charts),
		cmocka_unit_test(test_beside_the_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
