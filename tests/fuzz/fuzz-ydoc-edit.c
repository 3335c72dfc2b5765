/*
 * Edits of YAML of any kind: after an edit the text reads again, the edited
 * value reads as it was set, and every other as before; what is refused
 * changes nothing.
 *
 * Input: a byte that chooses the place, one that chooses the edit, a line
 * with the new text, and the document.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/value.h"
#include "format/ydoc.h"

#define PLACES_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of every value that a path can name. */
static void add_places(struct strvec *places, const char *path,
		       const struct value *value)
{
	if (places->count >= PLACES_MAX)
		return;
	strvec_add(places, path);
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		CLEANUP(free_ptr) char *inner =
			xasprintf("%s%s%zu", path, *path ? "." : "", i);

		add_places(places, inner, value->list.items[i]);
	}
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];
		const char *key = pair->key.bytes;
		CLEANUP(free_ptr) char *inner =
			xasprintf("%s%s%s", path, *path ? "." : "", key);

		if (pair->key.len > 0 && strlen(key) == pair->key.len &&
		    !strchr(key, '.'))
			add_places(places, inner, pair->value);
	}
}

static const struct value *step_into(const struct value *value,
				     const char *name)
{
	uint64_t index;

	if (!value_is_list(value))
		return value_map_get(value, name);
	return num_parse_uint64(name, &index) && index < value->list.count
		       ? value->list.items[index]
		       : NULL;
}

static const struct value *find(const struct value *value, const char *path)
{
	while (value && *path) {
		size_t len = strcspn(path, ".");
		CLEANUP(free_ptr) char *name = xmemdupz(path, len);

		value = step_into(value, name);
		path += len + (path[len] == '.');
	}
	return value;
}

static bool is_named(const struct value_text *key, const char *name)
{
	return strlen(name) == key->len &&
	       memcmp(key->bytes, name, key->len) == 0;
}

static bool has_pair(const struct value *map, const struct value_pair *pair)
{
	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_text *key = &map->map.pairs[i].key;

		if (key->len == pair->key.len &&
		    memcmp(key->bytes, pair->key.bytes, key->len) == 0)
			return value_same(map->map.pairs[i].value, pair->value);
	}
	return false;
}

static bool same_items(const struct value *old, const struct value *new,
		       const char *name, bool grown)
{
	uint64_t index;

	if (!num_parse_uint64(name, &index) ||
	    new->list.count != old->list.count + grown)
		return false;
	for (size_t i = 0; i < old->list.count; i++)
		if (i != index &&
		    !value_same(old->list.items[i], new->list.items[i]))
			return false;
	return true;
}

static bool same_pairs(const struct value *old, const struct value *new,
		       const char *name, bool grown)
{
	if (new->map.count != old->map.count + grown)
		return false;
	for (size_t i = 0; i < old->map.count; i++)
		if (!is_named(&old->map.pairs[i].key, name) &&
		    !has_pair(new, &old->map.pairs[i]))
			return false;
	return true;
}

/* Is every value that was in @old in @new, but for that at @path? */
static bool same_but(const struct value *old, const struct value *new,
		     const char *path)
{
	size_t len = strcspn(path, ".");
	CLEANUP(free_ptr) char *name = xmemdupz(path, len);
	const struct value *before = step_into(old, name);
	const struct value *after = step_into(new, name);

	if (!*path || old->kind == VALUE_NIL)
		return true;
	if (old->kind != new->kind || !after)
		return false;
	if (!(value_is_list(old) ? same_items(old, new, name, !before)
				 : same_pairs(old, new, name, !before)))
		return false;
	return !before ||
	       same_but(before, after, path + len + (path[len] == '.'));
}

struct trial {
	const char *path;
	const char *text;
	bool raw;
};

static void check_edit(const struct trial *trial, const char *text, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc old = {0}, doc = {0}, again = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct value *set;

	if (!ydoc_parse(&old, text, len, "fuzz", 0, &err) ||
	    !ydoc_parse(&doc, text, len, "fuzz", 0, &err))
		BUG("a document reads only at times");
	if (!(trial->raw ? ydoc_set_raw : ydoc_set_text)(&doc, trial->path,
							 trial->text, &err)) {
		if (doc.text.len != len || memcmp(doc.text.buf, text, len) != 0)
			BUG("a refused edit changed the text");
		return;
	}
	err_release(&err);
	if (!ydoc_parse(&again, doc.text.buf, doc.text.len, "edited", 0, &err))
		BUG("an edited text cannot be read: %s", err.text);
	set = find(again.root, trial->path);
	if (!trial->raw && (!set || set->kind != VALUE_STRING ||
			    !same_text(set->string.bytes, trial->text)))
		BUG("an edit did not do what it says");
	if (!value_same(doc.root, again.root) ||
	    !same_but(old.root, again.root, trial->path))
		BUG("an edit changed something else");
}

/* The place itself, a new key, a new item, or something deeper. */
static char *choose_path(const struct strvec *places, const struct value *root,
			 unsigned int place, unsigned int kind)
{
	const char *path = places->items[place % places->count];
	const struct value *value = find(root, path);
	const char *dot = *path ? "." : "";

	if (kind % 4 == 0)
		return xstrdup(path);
	if (value && value_is_list(value))
		return xasprintf("%s%s%zu%s", path, dot, value->list.count,
				 kind % 4 == 1 ? "" : ".new.inner");
	return xasprintf("%s%s%s", path, dot,
			 kind % 4 == 1 ? "new" : "new.inner");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const scalars[] = {"true", "12",  "null", "~",
					      "1.5",  "'x'", "w",    "0x1F"};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(strvec_release) struct strvec places = {0};
	CLEANUP(err_release) struct err err = {0};
	const uint8_t *end = size > 2 ? memchr(data + 2, '\n', size - 2) : NULL;
	CLEANUP(free_ptr) char *line = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	struct trial trial = {.raw = size > 1 && data[1] & 0x80};

	if (!end)
		return 0;
	line = xmemdupz((const char *)data + 2, (size_t)(end - data) - 2);
	end++;
	if (!ydoc_parse(&doc, (const char *)end, size - (size_t)(end - data),
			"fuzz", 0, &err))
		return 0;
	/* A backslash in the line stands for a line break. */
	for (char *at = line; *at; at++)
		if (*at == '\\')
			*at = '\n';
	add_places(&places, "", doc.root);
	path = choose_path(&places, doc.root, data[0], data[1]);
	trial.path = path;
	trial.text = trial.raw ? scalars[data[1] >> 2 & 7] : line;
	check_edit(&trial, (const char *)end, size - (size_t)(end - data));
	return 0;
}
