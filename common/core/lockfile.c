#include "core/lockfile.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart_parts.h"
#include "format/hash.h"
#include "format/value.h"
#include "format/ydoc.h"

/* Go's zero time, which a lock without a time has. */
#define NO_TIME "0001-01-01T00:00:00Z"

/* Go's time.Time reads text only, and nothing of a null. */
static bool read_time(const struct value *generated, const char **time,
		      struct err *err)
{
	int64_t seconds;

	if (!generated || generated->kind == VALUE_NIL)
		return true;
	if (generated->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT, "'generated' is not a time");
	if (!clock_parse_rfc3339(generated->string.bytes, generated->string.len,
				 &seconds))
		return err_set(err, ERR_INPUT,
			       "'generated' is '%s', not a time",
			       generated->string.bytes);
	*time = generated->string.bytes;
	return true;
}

bool lockfile_read(const struct value *root, struct arena *arena,
		   struct lockfile **lock, struct err *err)
{
	const struct value *list;
	struct value *fields;
	struct lockfile *read;

	if (root->kind == VALUE_NIL) {
		*lock = NULL;
		return true;
	}
	if (!value_is_map(root))
		return err_set(err, ERR_INPUT, "a lock must be a mapping");
	read = arena_new(arena, struct lockfile);
	if (!chart_read_lock(root, arena, &fields, &read->dependencies, err) ||
	    !read_time(value_map_get(fields, "generated"), &read->generated,
		       err))
		return false;
	list = value_map_get(root, "dependencies");
	read->listed = list && value_is_list(list);
	read->digest = value_find_text(fields, "digest");
	*lock = read;
	return true;
}

/* --- the digest ---------------------------------------------------------- */

bool lockfile_digest(const struct chart_dependencies *wanted,
		     const struct chart_dependencies *locked,
		     char digest[LOCKFILE_DIGEST_SIZE], struct err *err)
{
	CLEANUP(str_release) struct str json = {0};
	char hex[SHA256_HEX_SIZE];

	str_add_char(&json, '[');
	if (!chart_add_dependencies_json(&json, wanted, err))
		return false;
	str_add_char(&json, ',');
	if (!chart_add_dependencies_json(&json, locked, err))
		return false;
	str_add_char(&json, ']');
	if (!sha256_hex(str_text(&json), json.len, hex, err))
		return false;
	memcpy(digest, "sha256:", strlen("sha256:"));
	memcpy(digest + strlen("sha256:"), hex, sizeof(hex));
	return true;
}

/* --- writing ------------------------------------------------------------- */

/* Go drops zeros at the end of the fraction of a second. */
static void add_time(struct str *out, const char *text)
{
	const char *point = strchr(text, '.');
	size_t digits = point ? strspn(point + 1, "0123456789") : 0;
	size_t kept = digits;

	while (kept && point[kept] == '0')
		kept--;
	if (kept == digits) {
		str_add(out, text);
		return;
	}
	str_add_bytes(out, text, (size_t)(point - text));
	if (kept)
		str_add_bytes(out, point, kept + 1);
	str_add(out, point + 1 + digits);
}

static void set_text(struct value *map, struct arena *arena, const char *key,
		     const char *text)
{
	if (*text)
		value_map_set_text(map, arena, key, text);
}

static void set_list(struct value *map, struct arena *arena, const char *key,
		     const struct value *list)
{
	if (list && list->list.count)
		value_map_set(map, arena, key, list);
}

static const struct value *dependency_value(const struct chart_dependency *from,
					    struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set_text(map, arena, "name", from->name);
	value_map_set_text(map, arena, "repository", from->repository);
	set_text(map, arena, "version", from->version);
	set_text(map, arena, "condition", from->condition);
	set_text(map, arena, "alias", from->alias);
	set_list(map, arena, "tags", from->tags);
	set_list(map, arena, "import-values", from->import_values);
	if (from->enabled)
		value_map_set(map, arena, "enabled", &value_true);
	return map;
}

void lockfile_emit(struct str *out, const struct lockfile *lock,
		   const char *generated)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str time = {0};
	struct value *root = value_new_map(&arena);
	struct value *list = value_new_list(&arena);

	if (!generated)
		generated = lock->generated ? lock->generated : NO_TIME;
	add_time(&time, generated);
	for (size_t i = 0; i < lock->dependencies.count; i++)
		value_list_add(list, &arena,
			       dependency_value(&lock->dependencies.items[i],
						&arena));
	value_map_set(root, &arena, "dependencies",
		      lock->listed || list->list.count ? list : &value_nil);
	value_map_set_text(root, &arena, "digest", lock->digest);
	value_map_set_text(root, &arena, "generated", str_text(&time));
	ydoc_emit(out, root);
}
