#include "format/ydoc-edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/unicode.h"
#include "format/value.h"

/*
 * An edit changes the text, reads the result, and is kept only if that says
 * what it should: the old value with the one at the path set.  So an edit
 * either does exactly what was asked, or nothing.
 */

static void edit_release(struct edit *edit)
{
	str_release(&edit->insert);
}

bool edit_fail(const struct edit *edit, const char *cause, struct err *err)
{
	err_set(err, ERR_INPUT, "cannot set '%s' in '%s': %s", edit->path,
		edit->doc->name, cause);
	return ydoc_blame(edit->doc, edit->path, err);
}

/* Checking. */

static const struct value *with_value(const struct value *old, const char *path,
				      const struct value *value,
				      struct arena *arena);

static const struct value *with_item(const struct value *list, size_t index,
				     const char *rest,
				     const struct value *value,
				     struct arena *arena)
{
	struct value *copy = value_new_list(arena);

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *item = list->list.items[i];

		if (i == index)
			item = with_value(item, rest, value, arena);
		value_list_add(copy, arena, item);
	}
	if (index == list->list.count)
		value_list_add(copy, arena,
			       with_value(&value_nil, rest, value, arena));
	return copy;
}

/* @old with the value at @path set, as it should be after the edit. */
static const struct value *with_value(const struct value *old, const char *path,
				      const struct value *value,
				      struct arena *arena)
{
	size_t len = strcspn(path, ".");
	const char *rest = path + len + (path[len] == '.');
	CLEANUP(free_ptr) char *key = xmemdupz(path, len);
	struct value *map;
	const struct value *member;
	uint64_t index;

	if (!*path)
		return value;
	if (value_is_list(old) && num_parse_uint64(key, &index))
		return with_item(old, (size_t)index, rest, value, arena);
	member = value_map_get(old, key);
	map = value_new_map(arena);
	value_map_set(map, arena, key,
		      with_value(member ? member : &value_nil, rest, value,
				 arena));
	return value_merge(old, map, arena);
}

/* The value that the edit is to set. */
static bool wanted_value(const struct edit *edit, struct ydoc *scratch,
			 const struct value **value, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};

	if (!edit->scalar) {
		*value = value_new_text(&scratch->arena, edit->text);
		return utf8_is_valid(edit->text, strlen(edit->text)) ||
		       edit_fail(edit, "the new value is not UTF-8", err);
	}
	if (!ydoc_parse(scratch, edit->scalar, strlen(edit->scalar), edit->path,
			edit->doc->flags & YDOC_FLOATS, &ignored) ||
	    (scratch->nodes && scratch->nodes->kind != YDOC_SCALAR))
		return edit_fail(edit, "the new value is no scalar", err);
	*value = scratch->root;
	return true;
}

/* Read the text with the edit in it into @fresh; is its value @wanted? */
static bool try_edit(const struct edit *edit, const struct value *wanted,
		     struct ydoc *fresh)
{
	const struct ydoc *doc = edit->doc;
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(str_release) struct str changed = {0};

	str_add_bytes(&changed, doc->text.buf, doc->text.len);
	str_splice(&changed, edit->at, edit->len, edit->insert.buf,
		   edit->insert.len);
	return ydoc_parse_behind(fresh, changed.buf, changed.len, doc->name,
				 doc->flags, doc->lines_before, &ignored) &&
	       value_same(fresh->root, wanted);
}

/* Once in the style that stands there, and if need be in one that holds all. */
static bool apply(struct edit *edit, struct ydoc *fresh, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc scratch = {0};
	const struct ydoc *doc = edit->doc;
	const struct value *value = &value_nil;
	struct ydoc_node *deepest;
	const char *rest;
	const struct ydoc_node *node =
		ydoc_own_node_at(doc, edit->path, &deepest, &rest);

	if (!wanted_value(edit, &scratch, &value, err))
		return false;
	value = with_value(doc->root, edit->path, value, &scratch.arena);
	for (int i = 0; i < 2; i++) {
		edit->careful = i > 0;
		str_clear(&edit->insert);
		if (node)
			edit_replace(edit, node);
		else if (!edit_extend(edit, deepest, rest, err))
			return false;
		if (try_edit(edit, value, fresh))
			return true;
	}
	return edit_fail(edit,
			 "it cannot be changed there without changing "
			 "something else (an anchor, a merge, a tag, the "
			 "end of a block scalar)",
			 err);
}

/* Does @path lead into a scalar, wherever that comes from? */
static bool enters_scalar(const struct value *value, const char *path)
{
	while (value && *path) {
		size_t len = strcspn(path, ".");
		CLEANUP(free_ptr) char *name = xmemdupz(path, len);
		uint64_t index;

		if (value_is_map(value))
			value = value_map_get(value, name);
		else if (!value_is_list(value))
			return value->kind != VALUE_NIL;
		else if (num_parse_uint64(name, &index) &&
			 index < value->list.count)
			value = value->list.items[index];
		else
			return false;
		path += len + (path[len] == '.');
	}
	return false;
}

static bool check_place(const struct edit *edit, struct err *err)
{
	struct ydoc_node *deepest;
	const char *rest;
	const struct ydoc_node *node =
		ydoc_own_node_at(edit->doc, edit->path, &deepest, &rest);

	if (!*edit->path)
		return edit_fail(edit, "the path is empty", err);
	if (enters_scalar(edit->doc->root, edit->path))
		return edit_fail(edit, "a scalar stands on the way", err);
	if (!node || node->kind == YDOC_SCALAR)
		return true;
	return edit_fail(edit,
			 node->kind == YDOC_ALIAS     ? "it is an alias"
			 : node->kind == YDOC_MAPPING ? "it is a mapping"
						      : "it is a list",
			 err);
}

static bool set(struct ydoc *doc, struct edit *edit, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc fresh = {0};

	if (!check_place(edit, err) || !apply(edit, &fresh, err))
		return false;
	ydoc_release(doc);
	*doc = fresh;
	fresh = (struct ydoc){0};
	return true;
}

bool ydoc_set_text(struct ydoc *doc, const char *path, const char *text,
		   struct err *err)
{
	CLEANUP(edit_release) struct edit edit = {
		.doc = doc, .path = path, .text = text};

	return set(doc, &edit, err);
}

bool ydoc_set_raw(struct ydoc *doc, const char *path, const char *scalar,
		  struct err *err)
{
	CLEANUP(edit_release) struct edit edit = {
		.doc = doc, .path = path, .scalar = scalar};

	return set(doc, &edit, err);
}
