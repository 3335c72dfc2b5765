/*
 * JSON: helpers over jansson.
 *
 * json_t travels within the layers format and api; what is above sees struct
 * value or structs of its own.  Every json_t here is owned by a CLEANUP:
 *
 *	CLEANUP(jsn_release) json_t *reply = NULL;
 *	if (!jsn_parse(&reply, text, len, "reply of 'GET /x'", err)) ...
 *	const char *name = jsn_text(reply, "fields.status.name");
 */
#ifndef FORMAT_JSN_H
#define FORMAT_JSN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct str;
struct value;

/* Nesting that is accepted; jansson's own parser recursion is 2048. */
#define JSN_DEPTH_MAX 500

/*
 * Parse one whole JSON text; duplicate keys are refused.  Text may hold
 * \u0000, or one annotation would make a whole list unreadable: jsn_text()
 * ends there, jsn_to_value() keeps all.  @what is shown in errors.
 * Errors: INPUT with line and column.
 */
bool jsn_parse(json_t **json, const char *text, size_t len, const char *what,
	       struct err *err) MUST_CHECK;

/*
 * Of the text of an object what stands before its member @key: enough of a
 * long list to ask for the next one.  NULL if there is no such member, or
 * no JSON before it; the caller releases it.  Of what follows nothing is
 * known.
 */
json_t *jsn_parse_head(const char *text, size_t len, const char *key)
	MUST_CHECK;

/* Append @json, compact or (@pretty) indented by two, keys in order. */
void jsn_print(struct str *out, const json_t *json, bool pretty);

/*
 * Members by path ("a.b.c"; numbers index arrays).  NULL, @otherwise or
 * false if absent or of another type: what is optional in a reply.
 */
json_t *jsn_find(const json_t *json, const char *path);
const char *jsn_text(const json_t *json, const char *path);
int64_t jsn_int(const json_t *json, const char *path, int64_t otherwise);
bool jsn_bool(const json_t *json, const char *path, bool otherwise);

/* The same for what must be there.  Errors: REMOTE ("no 'x' in @what"). */
bool jsn_get_text(const json_t *json, const char *path, const char *what,
		  const char **text, struct err *err) MUST_CHECK;

/*
 * A new object or array from a format, as json_pack(3), that cannot fail for
 * any cause of ours: invalid UTF-8 in strings becomes U+FFFD.
 */
json_t *jsn_string(const char *text) MUST_CHECK;
json_t *jsn_string_or_null(const char *text) MUST_CHECK;
void jsn_set(json_t *object, const char *key, json_t *value_taken);
void jsn_set_text(json_t *object, const char *key, const char *text);
void jsn_add(json_t *array, json_t *value_taken);

/* Conversions; integers stay integers, objects become sorted maps. */
struct value *jsn_to_value(const json_t *json, struct arena *arena);
json_t *jsn_from_value(const struct value *value) MUST_CHECK;

/* jsn_print() of jsn_from_value(), compact, without the whole tree. */
void jsn_print_value(struct str *out, const struct value *value);

void jsn_release(json_t **json);

#endif
