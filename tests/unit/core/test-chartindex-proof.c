#include "core/chartindex_proof.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/chartindex_line.h"
#include "tests/unit/unit.h"

static bool is_proved(const char *text)
{
	static struct proof proof;
	static struct lines lines;
	const struct line *line;

	memset(&proof, 0, sizeof(proof));
	memset(&lines, 0, sizeof(lines));
	lines.text = text;
	lines.len = strlen(text);
	while ((line = lines_next(&lines))) {
		if (!proof_line(&proof, text, line))
			return false;
	}
	return proof_end(&proof);
}

static void test_proved(void **state)
{
	static const char *const texts[] = {
		"",
		"---\na: 1\n",
		"# c\n\na: 1\n  # c\nb:\n",
		"a: b #c\nd: e#f  # g: h\nk:\n- i # j\n",
		"a: \"b # c\" # d\ne: 'f'  #\n",
		"a:\n- b\n- c: 1\n  d: 2\n- e\n",
		"a:\n  - b\n  - c\nd: e\n",
		"a:\n- - b\n  - c\n",
		"a:\n  b:\n    c: d\n  e: f\ng: h\n",
		"a: \"x: y # z \\\" \\u00e4\"\nb: 'it''s: # x'\n",
		"a: \"\\U0001F600 \\U0010ffff \\ud7ff \\uE000 \\xff\"\n",
		"a: {}\nb: []\nc: -1\nd: x#y\ne: a:b\n",
		"a: |\n  text: [\n\n   {\nb: 1\n",
		"a: |-\n\n  x\nb: >+\n    y\n\n    # no comment\n",
		"a: |2\n   x\n  y\n",
		"a:\n- |\n  x\n- b\n",
		"a: ?b\nc: :d\ne: --\nf:\n- -g\n- :h\n",
		"a: b\n  c\n",
		"a: b\n\n  - c\n \n  \"d\ne: f\n\ng: h\n",
		"a: b\n # c\nd: e\n",
		"a:\n- b\n - c\n- d: e\n   f\n",
		"a: \"x\n  y\"\nb: 'x\n\n  # y\n  ''z' # c\n",
		"a: \"x \\\n  \\ # y\\\"\n   \"\nb: c\n",
		"a:\n- \"x\n  y: z\"\n- 'x: y\n  - z'\n",
		"a: b\r\nc: |\r\n  d\r\n\r\n  e\r\nf:\r\n- g\r\n  h\r\n",
		"b: 1\na: 2\nc: 3\n",
		"\"1\": a\n'x': b\n",
		"a: \xc3\xa4\n",
		"a:\n- b: 1\n  c: 2\n- b: 1\n  c: 2\n  d: 3\n- b: 1\n  a: 2\n",
		"a:\n- c: 1\n  b: 2\n- c: 1\n  b: 2\n  a: 3\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_case(texts[i], is_proved(texts[i]));
}

static void test_not_proved(void **state)
{
	static const char *const texts[] = {
		"a\n",
		" a: 1\n",
		"- a\n",
		"a: 1\n---\n",
		"a: 'x\n",
		"a: 'x\n  y\n",
		"a: \"x\n  y\nb: c\n",
		"a: \"x\ny\"\n",
		"a: \"x\n  y\" z\n",
		"a: 'x\n---\n  '\n",
		"a: b\n  c: d\n",
		"a: b\n  c:\n",
		"a: b\n  c # d\n",
		"a: b\n  # c\n  d\n",
		"a: b\n# c\n  d\n",
		"a: {}\n  b\n",
		"a: 'b'\n  c\n",
		"a:\n- b\n- c\n d: e\n",
		"a:\n- b: c\n  d: e\n  f\n",
		"a: b\n  c\rd\n",
		"a: \"\\q\"\n",
		"a: \"\\ud800\"\n",
		"a: \"\\uDFFF\"\n",
		"a: \"\\U0000d800\"\n",
		"a: \"\\U00110000\"\n",
		"a: \"\\U10000000\"\n",
		"a: \"\\U0001f60\"\n",
		"a: \"\\xg0\"\n",
		"a: \"x\" y\n",
		"a: [b]\n",
		"a: {b: c}\n",
		"a: &b c\n",
		"a: *b\n",
		"a: !b c\n",
		"a: b: c\n",
		"a: # c\n",
		"a: b: # c\n",
		"a: \"b\"# c\n",
		"a: \"b\" c # d\n",
		"a: b # c\n  d\n",
		"a: 'b' # c\n  d: e\n",
		"a:  b\n",
		"a: %b\n",
		"a: ? b\n",
		"a: :\n",
		"a: -\n",
		"? a\n: b\n",
		"<<: a\n",
		"yes: a\n",
		"1: a\n",
		"a: 1\na: 2\n",
		"a: 1\n\"a\": 2\n",
		"b: 1\na: 2\nb: 3\n",
		"a:\n  b: 1\n c: 2\n",
		"a:\n  b: 1\n   c: 2\n",
		"a:\n- b: c\n - d\n",
		"a:\n  - b\n- c\n",
		"a:\n-  b\n",
		"a:\n-\n",
		"a:\n  b:\n- c\n",
		"a: |x\n",
		"a: |-\n     \n  x\n",
		"a: |\n   x\n  y\n",
		"a: b\tc\n",
		"\ta: b\n",
		"a: b\rc: d\n",
		"a: b\r\r\n",
		"a: \xff\n",
		"a: \xe2\x80\xa8\n",
		"a: \x7f\n",
		"a: \xc2\x85\n",
		"a:\n- b: 1\n  c: 2\n- b: 1\n  c: 2\n  b: 3\n",
		"a:\n- c: 1\n  b: 2\n- c: 1\n  b: 2\n  c: 3\n",
		"a:\n- b: 1\n  c: 2\n- b: 1\n  \"b\": 2\n",
		"a:\n- b: 1\n  c: 2\n- b: 1\nb: 1\nb: 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_case(texts[i], !is_proved(texts[i]));
}

/* Each byte at each place of a word, and behind the last word. */
static void test_bytes(void **state)
{
	(void)state;
	for (unsigned int byte = 1; byte < 256; byte++) {
		bool good = byte >= ' ' && byte < 0x7f;

		for (size_t at = 9; byte != '\n' && at < 34; at++) {
			char line[] = "a: |-\n  aaaaaaaaaaaaaaaaaaaaaaaaaa\n";
			bool ends = byte == '\r' && at == 33;

			line[at] = (char)byte;
			assert_int_equal(is_proved(line), good || ends);
		}
	}
}

#define ROUNDS	 20000
#define MAPPINGS 4
#define KEYS	 4

/* A mapping of random keys, as an item; false: one of them is there twice. */
static bool add_mapping(struct str *text, unsigned int *number)
{
	bool seen[KEYS] = {0}, unique = true;
	const char *before = "- ";

	do {
		unsigned int key;

		*number = *number * 1664525 + 1013904223;
		key = (*number >> 8) % KEYS;
		str_addf(text,
			 *number >> 20 & 1 ? "%s%c: 1\n" : "%s\"%c\": 2\n",
			 before, (int)('a' + key));
		unique = unique && !seen[key];
		seen[key] = true;
		before = "  ";
	} while ((*number >> 24) % 4);
	return unique;
}

/* Whatever keys the mappings before had, one twice is seen. */
static void test_random_keys(void **state)
{
	unsigned int number = 1;

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		CLEANUP(str_release) struct str text = {0};
		bool unique = true;

		str_add(&text, "list:\n");
		for (size_t i = 0; i < MAPPINGS; i++)
			unique = add_mapping(&text, &number) && unique;
		assert_case(str_text(&text),
			    is_proved(str_text(&text)) == unique);
	}
}

/* A mapping of @count keys in order, then perhaps @more. */
static void add_many(struct str *text, size_t count, const char *more)
{
	for (size_t i = 0; i < count; i++)
		str_addf(text, "%sk%03zu: 1\n", i ? "  " : "- ", i);
	if (more)
		str_addf(text, "  %s: 1\n", more);
}

/* More keys than are kept, in mappings one behind the other. */
static void test_many_keys(void **state)
{
	static const struct {
		const char *more;
		bool good;
	} cases[] = {
		{NULL, true},	 {"z", true},	  {"k000", false},
		{"k062", false}, {"k063", false}, {"k064", false},
		{"k099", false}, {"a", false}, /* too many to be sure */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		str_add(&text, "list:\n");
		add_many(&text, PROOF_KEYS_MAX + 36, NULL);
		add_many(&text, PROOF_KEYS_MAX - 2, "z");
		add_many(&text, PROOF_KEYS_MAX + 36, NULL);
		add_many(&text, PROOF_KEYS_MAX + 36, cases[i].more);
		assert_case(cases[i].more ? cases[i].more : "",
			    is_proved(str_text(&text)) == cases[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proved),
		cmocka_unit_test(test_not_proved),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_random_keys),
		cmocka_unit_test(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
