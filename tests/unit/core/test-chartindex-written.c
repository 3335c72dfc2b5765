/*
 * Whatever texts are in it: an index as Helm writes it (format/ydoc does, byte
 * for byte) is proved to be laid out so, and a change of it is a splice.
 */
#include "core/chartindex.h"

#include <stdlib.h>

#include "base/err.h"
#include "core/chartindex_layout.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tests/unit/core/indexes.h"

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
	/* Literals, and lines of them that look like comments. */
	if (!below(4))
		str_add(&text, "\n# no comment");
	if (!below(8))
		str_add(&text, "\n");
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

/* An index with the charts web and zoo. */
static const struct value *add_random_index(struct str *text,
					    struct arena *arena)
{
	struct value *root = value_new_map(arena);
	struct value *annotations = value_new_map(arena);
	struct value *entries = value_new_map(arena);

	for (size_t i = below(4); i > 0; i--)
		value_map_set_text(annotations, arena, random_key(arena),
				   random_text(arena));
	if (annotations->map.count)
		value_map_set(root, arena, "annotations", annotations);
	value_map_set_text(root, arena, "apiVersion", "v1");
	value_map_set(entries, arena, "web", random_entries(arena));
	value_map_set(entries, arena, "zoo", random_entries(arena));
	value_map_set(root, arena, "entries", entries);
	ydoc_emit(text, root);
	return root;
}

/* Those of @root, and @count more, @before of them before the others. */
static void assert_entries(struct chartindex *index, const char *name,
			   const struct value *root, size_t before,
			   size_t count)
{
	const struct value *wanted =
		value_map_get(value_map_get(root, "entries"), name);
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries read;
	struct err err = {0};

	assert_true(chartindex_read_unsorted(index, name, &arena, &read, &err));
	assert_int_equal(read.count, wanted->list.count + count);
	for (size_t i = 0; i < wanted->list.count; i++)
		assert_case(index->text,
			    value_same(wanted->list.items[i],
				       read.items[before + i].value));
}

static void test_written(void **unused)
{
	(void)unused;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		const struct value *root;
		struct err err = {0};

		state = round;
		root = add_random_index(&text, &arena);
		assert_case(text.buf, chartindex_open(&index, text.buf,
						      text.len, "index", &err));
		assert_case(text.buf, index.layout->form == CHARTINDEX_LINES);
		assert_entries(&index, "web", root, 0, 0);
		assert_entries(&index, "zoo", root, 0, 0);
	}
}

/* With CR LF for each line break, if @crlf. */
static void add_lines(struct str *out, const char *text, bool crlf)
{
	for (const char *at = text; *at; at++) {
		if (crlf && *at == '\n')
			str_add_char(out, '\r');
		str_add_char(out, *at);
	}
}

/* Take out the first @lines, which must be there. */
static void take_out(struct str *text, const char *lines, bool crlf)
{
	CLEANUP(str_release) struct str wanted = {0};
	char *at;

	add_lines(&wanted, lines, crlf);
	at = strstr(text->buf, wanted.buf);
	assert_case(text->buf, at);
	str_splice(text, (size_t)(at - text->buf), wanted.len, "", 0);
}

/* What was in the index @text, @root, is in it still. */
static void assert_changed(const struct str *text, const struct value *root)
{
	const struct value *old = value_map_get(root, "annotations");
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct err err = {0};

	assert_case(text->buf, chartindex_open(&index, text->buf, text->len,
					       "changed", &err));
	assert_entries(&index, "web", root, 1, 1);
	assert_entries(&index, "zoo", root, 0, 1);
	for (size_t i = 0; old && i < old->map.count; i++) {
		const struct value_pair *pair = &old->map.pairs[i];

		assert_string_equal(
			chartindex_annotation(&index, pair->key.bytes, &arena),
			pair->value->string.bytes);
	}
}

/* What is left when the new lines are taken out is the old text. */
static void test_changed(void **unused)
{
	static const char entry[] = "  - digest: dd\n    name: %s\n"
				    "    urls:\n    - new.tgz\n"
				    "    version: %s\n";
	CLEANUP(free_ptr) char *web = xasprintf(entry, "web", "9.9.9");
	CLEANUP(free_ptr) char *zoo = xasprintf(entry, "zoo", "0.1.0");

	(void)unused;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0}, before = {0};
		CLEANUP(str_release) struct str out = {0};
		bool crlf = round % 2;
		const struct value *root;

		state = round;
		root = add_random_index(&text, &arena);
		add_lines(&before, text.buf, crlf);
		change_as(&out, before.buf, "web 9.9.9,zoo 0.1.0",
			  (struct chartindex_change){.annotation = "key",
						     .annotation_text = "v"});
		assert_changed(&out, root);
		take_out(&out, web, crlf);
		take_out(&out, zoo, crlf);
		take_out(&out, "  key: v\n", crlf);
		take_out(&out, "generated: \"" NOW "\"\n", crlf);
		if (!starts_with(before.buf, "annotations:"))
			take_out(&out, "annotations:\n", crlf);
		assert_string_equal(out.buf, before.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
