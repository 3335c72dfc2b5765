/*
 * Whatever texts are in its entries: an index as Helm writes it (format/ydoc
 * does, byte for byte) is proved to be laid out so.
 */
#include "core/chartindex.h"

#include <stdlib.h>

#include "base/err.h"
#include "core/chartindex_layout.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

#define ROUNDS 4000

static unsigned int state;

static size_t below(size_t limit)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

static const char *random_text(struct arena *arena)
{
	static const char *const parts[] = {
		"word",
		"many words ",
		" ",
		"  ",
		"\n",
		"\n\n",
		"\t",
		"# ",
		" #",
		": ",
		":",
		"'",
		"\"",
		"\\",
		"- ",
		"-",
		"? ",
		"{",
		"}",
		"[a, b]",
		"&a",
		"*a",
		"!b",
		"%",
		"@",
		"`",
		"|",
		">",
		"---",
		"...",
		"1.10",
		"0x1",
		"yes",
		"null",
		"~",
		"=",
		"<<",
		"2026-01-01",
		"http://a.b/c?d=e#f",
		"\xc3\xa4",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",

		"\xef\xbb\xbf",
		"a sentence of some length, as descriptions have them ",
	};
	CLEANUP(str_release) struct str text = {0};

	for (size_t i = below(below(8) ? 6 : 30); i > 0; i--)
		str_add(&text, parts[below(ARRAY_SIZE(parts))]);
	return arena_strdup(arena, str_text(&text));
}

static const char *random_key(struct arena *arena)
{
	static const char *const keys[] = {
		"apiVersion", "description", "kubeVersion", "home",
		"icon",	      "category",    "a.b/c-d_e",   "1",
		"yes",	      "n",	     "true",
	};

	return arena_strdup(arena, keys[below(ARRAY_SIZE(keys))]);
}

static struct value *random_value(struct arena *arena, size_t depth)
{
	struct value *value;

	switch (depth ? below(6) : 0) {
	case 0:
		value = value_new_map(arena);
		for (size_t i = 1 + below(5); i > 0; i--)
			value_map_set(value, arena, random_key(arena),
				      random_value(arena, depth + 1));
		return value;
	case 1:
		value = value_new_list(arena);
		for (size_t i = below(4); i > 0 && depth < 5; i--)
			value_list_add(value, arena,
				       random_value(arena, depth + 1));
		return value;
	default:
		return value_new_text(arena, random_text(arena));
	}
}

static struct value *random_entries(struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 1 + below(3); i > 0; i--) {
		struct value *entry = random_value(arena, 0);

		value_map_set_text(entry, arena, "name", "web");
		value_map_set_text(entry, arena, "version", "1.0.0");
		value_list_add(list, arena, entry);
	}
	return list;
}

static void test_written(void **unused)
{
	(void)unused;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		struct value *root = value_new_map(&arena);
		struct value *entries = value_new_map(&arena);
		struct value *list;
		struct chartindex_entries read;
		struct err err = {0};

		state = round;
		list = random_entries(&arena);
		value_map_set_text(root, &arena, "apiVersion", "v1");
		value_map_set(entries, &arena, "web", list);
		value_map_set(entries, &arena, "zoo", random_entries(&arena));
		value_map_set(root, &arena, "entries", entries);
		ydoc_emit(&text, root);
		assert_case(text.buf, chartindex_open(&index, text.buf,
						      text.len, "index", &err));
		assert_case(text.buf, index.layout->form == CHARTINDEX_LINES);
		assert_true(chartindex_read_unsorted(&index, "web", &arena,
						     &read, &err));
		assert_int_equal(read.count, list->list.count);
		for (size_t i = 0; i < read.count; i++)
			assert_case(text.buf, value_same(list->list.items[i],
							 read.items[i].value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
