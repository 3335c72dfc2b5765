#include "core/chartindex_proof.h"

#include <string.h>

#include "base/attr.h"
#include "tests/unit/unit.h"

static bool is_proved(const char *text)
{
	static struct proof proof;

	memset(&proof, 0, sizeof(proof));
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!proof_line(&proof, text, len))
			return false;
		text += len + (text[len] == '\n');
	}
	return true;
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
		"a: {}\nb: []\nc: -1\nd: x#y\ne: a:b\n",
		"a: |\n  text: [\n\n   {\nb: 1\n",
		"a: |-\n\n  x\nb: >+\n    y\n\n    # no comment\n",
		"a: |2\n   x\n  y\n",
		"a:\n- |\n  x\n- b\n",
		"b: 1\na: 2\nc: 3\n",
		"\"1\": a\n'x': b\n",
		"a: \xc3\xa4\n",
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
		"a: b\n  c\n",
		"a: \"x\n  y\"\n",
		"a: 'x\n",
		"a: \"\\q\"\n",
		"a: \"\\ud800\"\n",
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
		"a: ?b\n",
		"? a\n: b\n",
		"<<: a\n",
		"yes: a\n",
		"1: a\n",
		"a: 1\na: 2\n",
		"a: 1\n\"a\": 2\n",
		"b: 1\na: 2\nb: 3\n",
		"a:\n  b: 1\n c: 2\n",
		"a:\n  b: 1\n   c: 2\n",
		"a:\n- b\n - c\n",
		"a:\n  - b\n- c\n",
		"a:\n-  b\n",
		"a:\n-\n",
		"a:\n  b:\n- c\n",
		"a: |x\n",
		"a: |-\n     \n  x\n",
		"a: |\n   x\n  y\n",
		"a: b\tc\n",
		"\ta: b\n",
		"a: b\r\n",
		"a: \xff\n",
		"a: \xe2\x80\xa8\n",
		"a: \x7f\n",
		"a: \xc2\x85\n",
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

			line[at] = (char)byte;
			assert_int_equal(is_proved(line), good);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proved),
		cmocka_unit_test(test_not_proved),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
