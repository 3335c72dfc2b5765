#include "core/lockfile.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart_parts.h"
#include "format/hash.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"

/* Go's zero time, which a lock without a time has. */
#define NO_TIME "0001-01-01T00:00:00Z"

/* Go takes RFC 3339 with a large "T" and "Z" only. */
static bool is_time(const char *text, size_t len)
{
	int64_t seconds;

	return clock_parse_rfc3339(text, len, &seconds) &&
	       !strpbrk(text, " tz");
}

/* Go's time.Time reads text only, and nothing of a null. */
static bool read_time(const struct value *generated, const char **time,
		      struct err *err)
{
	if (!generated || generated->kind == VALUE_NIL)
		return true;
	if (generated->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT, "'generated' is not a time");
	if (!is_time(generated->string.bytes, generated->string.len))
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

static bool digest_json(const struct str *json,
			char digest[LOCKFILE_DIGEST_SIZE], struct err *err)
{
	char hex[SHA256_HEX_SIZE];

	if (!sha256_hex(str_text(json), json->len, hex, err))
		return false;
	memcpy(digest, "sha256:", strlen("sha256:"));
	memcpy(digest + strlen("sha256:"), hex, sizeof(hex));
	return true;
}

bool lockfile_digest(const struct chart_dependencies *wanted,
		     const struct chart_dependencies *locked,
		     char digest[LOCKFILE_DIGEST_SIZE], struct err *err)
{
	CLEANUP(str_release) struct str json = {0};

	str_add_char(&json, '[');
	if (!chart_add_dependencies_json(&json, wanted, err))
		return false;
	str_add_char(&json, ',');
	if (!chart_add_dependencies_json(&json, locked, err))
		return false;
	str_add_char(&json, ']');
	return digest_json(&json, digest, err);
}

/* Helm 2's: HashV2Req() in Helm's resolver. */
static bool legacy_digest(const struct chart_dependencies *wanted,
			  char digest[LOCKFILE_DIGEST_SIZE], struct err *err)
{
	CLEANUP(str_release) struct str json = {0};

	str_add(&json, "{\"dependencies\":");
	if (!chart_add_dependencies_json(&json, wanted, err))
		return false;
	str_add_char(&json, '}');
	return digest_json(&json, digest, err);
}

/* --- comparing ------------------------------------------------------------- */

static void note(struct str *difference, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void note(struct str *difference, const char *format, ...)
{
	va_list args;

	if (difference->len)
		str_add(difference, "; ");
	va_start(args, format);
	str_addv(difference, format, args);
	va_end(args);
}

static bool is_within(const char *version, const char *constraint)
{
	CLEANUP(semver_release) struct semver parsed = {0};
	CLEANUP(semver_constraint_release) struct semver_constraint wanted = {
		0};
	CLEANUP(err_release) struct err unfit = {0};

	return semver_parse(&parsed, version, &unfit) &&
	       semver_constraint_parse(&wanted, *constraint ? constraint : "*",
				       &unfit) &&
	       semver_satisfies(&parsed, &wanted);
}

static void compare_one(const struct chart_dependency *wanted,
			const struct chart_dependency *locked,
			struct str *difference)
{
	if (strcmp(wanted->repository, locked->repository) != 0)
		note(difference,
		     "'%s' is wanted of repository '%s', and locked of '%s'",
		     wanted->name, wanted->repository, locked->repository);
	/* Of a chart in the umbrella itself the constraint is locked. */
	if (!*wanted->repository ? strcmp(wanted->version, locked->version) != 0
				 : !is_within(locked->version, wanted->version))
		note(difference, "'%s' is wanted as '%s', and locked as '%s'",
		     wanted->name, wanted->version, locked->version);
}

/* Helm's lock has the same order as the list that it was made of. */
static void compare(const struct chart_dependencies *wanted,
		    const struct chart_dependencies *locked,
		    struct str *difference)
{
	size_t both =
		wanted->count < locked->count ? wanted->count : locked->count;

	for (size_t i = 0; i < both; i++) {
		const struct chart_dependency *want = &wanted->items[i];
		const struct chart_dependency *lock = &locked->items[i];

		if (strcmp(want->name, lock->name) == 0)
			compare_one(want, lock, difference);
		else
			note(difference,
			     "number %zu is wanted to be '%s', and locked "
			     "as '%s'",
			     i + 1, want->name, lock->name);
	}
	for (size_t i = both; i < wanted->count; i++)
		note(difference, "'%s' is not locked", wanted->items[i].name);
	for (size_t i = both; i < locked->count; i++)
		note(difference, "'%s' is locked, and not wanted",
		     locked->items[i].name);
}

bool lockfile_fits(const struct lockfile *lock,
		   const struct chart_dependencies *wanted, bool legacy,
		   bool *fits, struct str *difference, struct err *err)
{
	char digest[LOCKFILE_DIGEST_SIZE], old[LOCKFILE_DIGEST_SIZE];

	if (!lockfile_digest(wanted, &lock->dependencies, digest, err) ||
	    !legacy_digest(wanted, old, err))
		return false;
	compare(wanted, &lock->dependencies, difference);
	*fits = !difference->len &&
		(strcmp(digest, lock->digest) == 0 ||
		 (legacy && strcmp(old, lock->digest) == 0));
	if (!*fits && !difference->len)
		note(difference,
		     "the lock was made of other conditions, tags, aliases, "
		     "constraints or values to import, as its digest shows");
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
