#include "core/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/strvec.h"
#include "base/version.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "sys/file.h"
#include "sys/walk.h"

/* --- merging ------------------------------------------------------------- */

/* Lists that are joined, and the member that tells their items apart. */
static const struct {
	const char *path;
	const char *identity; /* NULL = the item itself */
} joined_lists[] = {
	{"applications", "name"},
	{"charts", "name"},
	{"changelog.applications", "name"},
	{"changelog.tickets", "key"},
	{"jira.versions", "id"},
	{"marks", "id"},
	{"steps", "name"},
	{"tickets", NULL},
};

static const struct value *identity_of(const struct value *item,
				       const char *identity)
{
	return identity ? value_map_get(item, identity) : item;
}

static bool is_same_item(const struct value *a, const struct value *b,
			 const char *identity)
{
	const struct value *x = identity_of(a, identity);
	const struct value *y = identity_of(b, identity);

	return x && y && value_same(x, y);
}

static const struct value *find_item(const struct value *list,
				     const struct value *like,
				     const char *identity)
{
	for (size_t i = 0; i < list->list.count; i++) {
		if (is_same_item(list->list.items[i], like, identity))
			return list->list.items[i];
	}
	return NULL;
}

static const struct value *join_lists(const struct value *base,
				      const struct value *over,
				      const char *identity, struct arena *arena)
{
	struct value *joined = value_new_list(arena);

	for (size_t i = 0; i < base->list.count; i++) {
		const struct value *item = base->list.items[i];
		const struct value *later = find_item(over, item, identity);

		value_list_add(joined, arena, later ? later : item);
	}
	for (size_t i = 0; i < over->list.count; i++) {
		const struct value *item = over->list.items[i];

		if (!find_item(joined, item, identity))
			value_list_add(joined, arena, item);
	}
	return joined;
}

static const struct value *merge_lists(const struct value *base,
				       const struct value *over,
				       const char *path, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_SIZE(joined_lists); i++) {
		if (strcmp(joined_lists[i].path, path) == 0)
			return join_lists(base, over, joined_lists[i].identity,
					  arena);
	}
	return over;
}

/* Are these two different environments, rather than two views of one? */
static bool is_another(const struct value *base, const struct value *over,
		       const char *path)
{
	const char *before = value_find_text(base, "namespace");
	const char *after = value_find_text(over, "namespace");

	return strcmp(path, "environment") == 0 && before && after &&
	       strcmp(before, after) != 0;
}

/* @path is where both are, "" for the root. */
static const struct value *merge_at(const struct value *base,
				    const struct value *over, const char *path,
				    unsigned int depth, struct arena *arena)
{
	struct value *merged;

	if (value_is_list(base) && value_is_list(over))
		return merge_lists(base, over, path, arena);
	if (!value_is_map(base) || !value_is_map(over) ||
	    is_another(base, over, path) || depth == VALUE_DEPTH_MAX)
		return over;
	merged = value_new_map(arena);
	for (size_t i = 0; i < base->map.count; i++)
		value_map_set(merged, arena, base->map.pairs[i].key.bytes,
			      base->map.pairs[i].value);
	for (size_t i = 0; i < over->map.count; i++) {
		const char *key = over->map.pairs[i].key.bytes;
		const struct value *value = over->map.pairs[i].value;
		const struct value *before = value_map_get(base, key);
		const char *inner = arena_printf(arena, "%s%s%s", path,
						 *path ? "." : "", key);

		if (before)
			value = merge_at(before, value, inner, depth + 1,
					 arena);
		value_map_set(merged, arena, key, value);
	}
	return merged;
}

const struct value *record_merge(const struct value *base,
				 const struct value *over, struct arena *arena)
{
	return merge_at(base, over, "", 0, arena);
}

/* --- reading ------------------------------------------------------------- */

static bool note_fragment(void *context, const struct walk_entry *entry,
			  bool *descend, struct err *err)
{
	struct strvec *names = context;

	*descend = false;
	if (entry->kind != WALK_FILE || entry->name[0] == '.' ||
	    !ends_with(entry->name, ".json"))
		return true;
	if (names->count == RECORD_FRAGMENTS_MAX)
		return err_set(err, ERR_INPUT,
			       "more than %d fragments: the folder is meant "
			       "for one release",
			       RECORD_FRAGMENTS_MAX);
	strvec_add(names, entry->name);
	return true;
}

static bool read_fragment(struct record *record, const char *name,
			  struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(record->dir, name);
	CLEANUP(str_release) struct str text = {0};
	const struct value *fragment = NULL;

	if (!file_read(path, RECORD_FRAGMENT_SIZE_MAX, &text, err) ||
	    !jsontext_parse(&fragment, str_text(&text), text.len, path,
			    &record->arena, err))
		return false;
	if (!value_is_map(fragment))
		return err_set(err, ERR_INPUT, "'%s' is not a JSON object",
			       path);
	record->merged = record_merge(record->merged, fragment, &record->arena);
	return true;
}

bool record_read(struct record *record, const char *dir, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	struct walk walk = {
		.root = dir, .visit = note_fragment, .context = &names};

	record->merged = value_new_map(&record->arena);
	if (!dir)
		return true;
	record->dir = xstrdup(dir);
	if (!file_exists(dir))
		return true;
	if (!walk_tree(&walk, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!read_fragment(record, names.items[i], err))
			return false;
	}
	return true;
}

const struct value *record_find(const struct record *record, const char *path)
{
	const struct value *value =
		record->merged ? value_find(record->merged, path) : NULL;

	return value && value->kind != VALUE_NIL ? value : NULL;
}

const char *record_text(const struct record *record, const char *path)
{
	return record->merged ? value_find_text(record->merged, path) : NULL;
}

/* --- adding -------------------------------------------------------------- */

/* @map, or an empty one for NULL, with @value at @path. */
static const struct value *with_value(const struct value *map, const char *path,
				      const struct value *value,
				      struct arena *arena)
{
	size_t len = strcspn(path, ".");
	const char *key = arena_memdupz(arena, path, len);
	struct value *changed = value_new_map(arena);

	if (map && value_is_map(map)) {
		for (size_t i = 0; i < map->map.count; i++)
			value_map_set(changed, arena,
				      map->map.pairs[i].key.bytes,
				      map->map.pairs[i].value);
	}
	if (path[len])
		value = with_value(map ? value_map_get(map, key) : NULL,
				   path + len + 1, value, arena);
	value_map_set(changed, arena, key, value);
	return changed;
}

void record_set(struct record *record, const char *path,
		const struct value *value)
{
	const struct value *copy = value_copy(value, &record->arena);

	record->fragment =
		with_value(record->fragment, path, copy, &record->arena);
}

void record_set_text(struct record *record, const char *path, const char *text)
{
	record_set(record, path, value_new_text(&record->arena, text));
}

/* --- writing ------------------------------------------------------------- */

static void set_step(struct record *record, const char *step, int64_t started,
		     int64_t ended, const char *outcome, const char *error)
{
	struct arena *arena = &record->arena;
	struct value *run = value_new_map(arena);
	struct value *steps = value_new_list(arena);
	CLEANUP(str_release) struct str time = {0};

	clock_add_rfc3339(&time, started / 1000);
	value_map_set_text(run, arena, "name", step);
	value_map_set_text(run, arena, "version", SLIPWAY_VERSION);
	value_map_set_text(run, arena, "started", str_text(&time));
	value_map_set(run, arena, "seconds",
		      value_new_float(arena, (double)(ended - started) / 1000));
	value_map_set_text(run, arena, "outcome", outcome);
	if (error)
		value_map_set_text(run, arena, "error", error);
	value_list_add(steps, arena, run);
	record_set(record, "steps", steps);
	record_set(record, "schemaVersion",
		   value_new_int(arena, RECORD_SCHEMA_VERSION));
}

/* @value with all text in it masked; a mask in a number would break it. */
static const struct value *masked(const struct value *value,
				  struct arena *arena)
{
	struct value *copy;

	switch (value->kind) {
	case VALUE_STRING:
		return value_new_text(
			arena, log_copy_masked(value->string.bytes, arena));
	case VALUE_LIST:
		copy = value_new_list(arena);
		for (size_t i = 0; i < value->list.count; i++)
			value_list_add(copy, arena,
				       masked(value->list.items[i], arena));
		return copy;
	case VALUE_MAP:
		copy = value_new_map(arena);
		for (size_t i = 0; i < value->map.count; i++)
			value_map_set(copy, arena,
				      value->map.pairs[i].key.bytes,
				      masked(value->map.pairs[i].value, arena));
		return copy;
	default:
		return value;
	}
}

/* Sorts by time, to the millisecond; two of one step never collide. */
static char *fragment_name(const char *step, int64_t ended)
{
	CLEANUP(str_release) struct str time = {0};

	clock_add_basic(&time, ended / 1000);
	str_truncate(&time, time.len - 1); /* the "Z" comes last */
	return xasprintf("%s.%03dZ-%s-%08x.json", str_text(&time),
			 (int)(ended % 1000), step, (uint32_t)random_number());
}

bool record_write(struct record *record, const char *step, int64_t started,
		  int64_t ended, const char *outcome, const char *error,
		  struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	bool created = false;

	if (!record->dir)
		return true;
	set_step(record, step, started, ended, outcome, error);
	jsontext_print(&text, masked(record->fragment, &record->arena), true);
	str_add_char(&text, '\n');
	if (!dir_create_all(record->dir, err))
		return err_wrap(err, "cannot write the release record");
	while (!created) {
		CLEANUP(free_ptr) char *name = fragment_name(step, ended);
		CLEANUP(free_ptr) char *path = path_join(record->dir, name);

		if (!file_create(path, text.buf, text.len, 0666, &created, err))
			return err_wrap(err, "cannot write the release record");
	}
	return true;
}

void record_release(struct record *record)
{
	arena_release(&record->arena);
	free(record->dir);
	*record = (struct record){0};
}
