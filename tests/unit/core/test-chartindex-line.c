#include "core/chartindex_line.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define ROUNDS 20000

/* The same numbers in each run. */
static unsigned int next_number(unsigned int below)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static void add_one_of(struct str *text, const char *const *words, size_t count)
{
	str_add(text, words[next_number((unsigned int)count)]);
}

/* A copy that ends with its last byte, so that a tool sees what reads on. */
static char *exact_copy(const struct str *text)
{
	char *copy = xmalloc(text->len);

	memcpy(copy, text->buf, text->len);
	return copy;
}

static bool is_good(const char *text, size_t len)
{
	static const char *const good[] = {"\xc3\xa4", "\xe2\x82\xac"};

	for (size_t at = 0; at < len;) {
		size_t taken = text[at] >= ' ' && text[at] < 0x7f;

		for (size_t i = 0; !taken && i < ARRAY_SIZE(good); i++) {
			if (len - at >= strlen(good[i]) &&
			    !memcmp(text + at, good[i], strlen(good[i])))
				taken = strlen(good[i]);
		}
		if (!taken)
			return false;
		at += taken;
	}
	return true;
}

/* As it is said, byte by byte. */
static void find_slowly(struct line *line, const char *text, size_t len,
			size_t at)
{
	*line = (struct line){.start = at, .end = at};
	while (line->end < len && text[line->end] != '\n')
		line->end++;
	line->next = line->end < len ? line->end + 1 : len;
	if (line->end < len && line->end > at && text[line->end - 1] == '\r')
		line->end--;
	while (at < line->end && text[at] == ' ')
		at++;
	line->indent = at - line->start;
	if (at < line->end && text[at] != '#')
		line->first = text[at];
	line->is_text = is_good(text + line->start, line->end - line->start);
}

static void assert_same_place(const struct line *a, const struct line *b)
{
	assert_int_equal(a->start, b->start);
	assert_int_equal(a->end, b->end);
	assert_int_equal(a->next, b->next);
	assert_int_equal(a->indent, b->indent);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->is_text, b->is_text);
}

/* Of any length, at any place, odd bytes anywhere. */
static void test_find(void **state)
{
	static const char *const words[] = {
		"\n",	    " ",    "  ",   "a",	"abcdefgh",
		"        ", "#",    "~",    "\n",	"abcdefghijklmnopqrstu",
		"      ",   "-",    "\n",   "\xc3\xa4", "\xe2\x82\xac",
		"a",	    "\r\n", "\r\n",
	};
	static const char *const odd[] = {"\x7f", "\t",	  "\r",		 "\xff",
					  "\x01", "\xc3", "\xe2\x80\xa8"};

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(free_ptr) char *copy = NULL;

		for (size_t i = 0, end = 1 + next_number(12); i < end; i++)
			add_one_of(&text, words, ARRAY_SIZE(words));
		if (!next_number(4))
			add_one_of(&text, odd, ARRAY_SIZE(odd));
		for (size_t i = next_number(6); i > 0; i--)
			add_one_of(&text, words, ARRAY_SIZE(words));
		copy = exact_copy(&text);
		for (size_t at = 0; at < text.len;) {
			struct line line = {0}, slow;

			line_find(&line, copy, text.len, at);
			find_slowly(&slow, copy, text.len, at);
			assert_same_place(&line, &slow);
			at = line.next;
		}
	}
}

static void test_meaning(void **state)
{
	static const struct {
		const char *text;
		enum line_value value;
		unsigned int dashes;
		const char *key;
	} cases[] = {
		{"a:", LINE_NO_VALUE, 0, "a"},
		{"  a: b", LINE_PLAIN, 0, "a"},
		{"'a b': \"c\\\"\"", LINE_SCALAR, 0, "a b"},
		{"\"a\": {}", LINE_SCALAR, 0, "a"},
		{" - - a: []", LINE_SCALAR, 2, "a"},
		{"- a", LINE_PLAIN, 1, ""},
		{"- 'a: b'", LINE_SCALAR, 1, ""},
		{"- a:b # c", LINE_SCALAR, 1, ""},
		{"a: |", LINE_TEXT, 0, "a"},
		{"- >-", LINE_TEXT, 1, ""},
		{"null: a", LINE_UNKNOWN, 0, ""},
		{"nulls: a", LINE_PLAIN, 0, "nulls"},
		{"'null': a", LINE_PLAIN, 0, "null"},
		{"Off: a", LINE_UNKNOWN, 0, ""},
		{"a", LINE_UNKNOWN, 0, ""},
		{"a: b: c", LINE_UNKNOWN, 0, "a"},
		{"a: |x", LINE_UNKNOWN, 0, "a"},
		{"a:  b", LINE_UNKNOWN, 0, "a"},
		{"-  a", LINE_UNKNOWN, 0, ""},
		{"---", LINE_UNKNOWN, 0, ""},
		{"''", LINE_UNKNOWN, 0, ""},
		{"- 'it''s'", LINE_SCALAR, 1, ""},
		{"- 'a\\'", LINE_SCALAR, 1, ""},
		{"- \"a\\\"", LINE_DOUBLE, 1, ""},
		{"a: \"b \\", LINE_DOUBLE, 0, "a"},
		{"a: \"b \\q", LINE_UNKNOWN, 0, "a"},
		{"a: 'b''", LINE_SINGLE, 0, "a"},
		{"'a", LINE_UNKNOWN, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct lines lines = {.text = text, .len = strlen(text)};
		const struct line *line = lines_next(&lines);

		assert_non_null(line);
		assert_case(text, line->value == cases[i].value);
		assert_case(text, line->dashes == cases[i].dashes);
		assert_case(text, line->key_len == strlen(cases[i].key));
		assert_case(text, !line->key_len ||
					  !memcmp(text + line->key_at,
						  cases[i].key, line->key_len));
		assert_null(lines_next(&lines));
	}
}

static void test_continues(void **state)
{
	static const struct {
		const char *text;
		enum line_value before;
		enum line_value after; /* LINE_UNKNOWN: it does not */
	} cases[] = {
		{"  b c", LINE_PLAIN, LINE_PLAIN},
		{"  - b", LINE_PLAIN, LINE_PLAIN},
		{"  \"b", LINE_PLAIN, LINE_PLAIN},
		{"  b:c#d", LINE_PLAIN, LINE_PLAIN},
		{"  b: c", LINE_PLAIN, LINE_UNKNOWN},
		{"  b:", LINE_PLAIN, LINE_UNKNOWN},
		{"  b # c", LINE_PLAIN, LINE_UNKNOWN},
		{"  b ", LINE_PLAIN, LINE_UNKNOWN},
		{"  b: # c", LINE_DOUBLE, LINE_DOUBLE},
		{"  # c", LINE_SINGLE, LINE_SINGLE},
		{"  b \\", LINE_DOUBLE, LINE_DOUBLE},
		{"  \\ b\"", LINE_DOUBLE, LINE_SCALAR},
		{"  b\\\"", LINE_DOUBLE, LINE_DOUBLE},
		{"  \\q", LINE_DOUBLE, LINE_UNKNOWN},
		{"  \" # c", LINE_DOUBLE, LINE_SCALAR},
		{"  \" c", LINE_DOUBLE, LINE_UNKNOWN},
		{"  \"", LINE_SINGLE, LINE_SINGLE},
		{"  b\\'", LINE_SINGLE, LINE_SCALAR},
		{"  b''", LINE_SINGLE, LINE_SINGLE},
		{"  b'''", LINE_SINGLE, LINE_SCALAR},
		{"  b': c", LINE_SINGLE, LINE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum line_value value = cases[i].before;
		struct line line;
		bool does;

		line_find(&line, cases[i].text, strlen(cases[i].text), 0);
		does = line_continues(&line, cases[i].text, &value);
		assert_case(cases[i].text,
			    does == (cases[i].after != LINE_UNKNOWN));
		if (does)
			assert_int_equal(value, cases[i].after);
	}
}

static void assert_same_meaning(const struct line *a, const struct line *b)
{
	assert_int_equal(a->value, b->value);
	assert_int_equal(a->dashes, b->dashes);
	assert_int_equal(a->key_len, b->key_len);
	if (a->key_len)
		assert_int_equal(a->key_at, b->key_at);
	if (a->value == LINE_TEXT)
		assert_int_equal(a->text_indent, b->text_indent);
}

/* What is known of the last entry changes nothing of what is said. */
static void test_again(void **state)
{
	static const char *const words[] = {
		"  - a: b\n",	 "  - a: c\n",	   "    a: |2\n", "    - b\n",
		"    - 'b'\n",	 "  - b:\n",	   "\n",	  "  # c\n",
		"    a: b: c\n", "    \"a\": b\n", "b: c\n",	  "  a: b\n",
		"    a: b",
	};

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(free_ptr) char *copy = NULL;
		struct lines lines = {0};
		const struct line *line;

		for (size_t i = 0, end = 1 + next_number(20); i < end; i++)
			add_one_of(&text, words, ARRAY_SIZE(words) - 1);
		add_one_of(&text, words, ARRAY_SIZE(words));
		copy = exact_copy(&text);
		lines.text = copy;
		lines.len = text.len;
		while ((line = lines_next(&lines))) {
			struct lines anew = {.text = copy, .len = text.len};
			const struct line *alone;

			anew.at = line->start;
			alone = lines_next(&anew);
			assert_same_place(line, alone);
			if (line->first)
				assert_same_meaning(line, alone);
			if (next_number(2) && line->indent == 2)
				lines_begin_entry(&lines, line);
		}
	}
}

/* More lines than are kept of an entry. */
static void test_long_entry(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	struct lines lines = {0};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < 3 * LINES_KEPT; i++)
		str_addf(&text, "k%zu: %zu\n", i / 2, i % 7);
	lines.text = text.buf;
	lines.len = text.len;
	for (const struct line *line; (line = lines_next(&lines)); count++) {
		CLEANUP(free_ptr) char *key = xasprintf("k%zu", count / 2);

		assert_int_equal(line->key_len, strlen(key));
		assert_memory_equal(text.buf + line->start + line->key_at, key,
				    line->key_len);
	}
	assert_int_equal(count, 3 * LINES_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_continues),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_long_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
