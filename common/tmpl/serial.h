/*
 * What Helm's fromYaml, fromJson, fromToml and their kin give for a text
 * that they cannot read: no error, but a result with the message in it.
 */
#ifndef TMPL_SERIAL_H
#define TMPL_SERIAL_H

#include <stdbool.h>

struct call;
struct str;
struct value;

/*
 * Give @value (NULL: an empty map), with @problem, unless it is empty,
 * under the key "Error".
 */
bool serial_give_map(struct call *call, const struct value *value,
		     const struct str *problem);

/* Give @value, or a list of @problem alone. */
bool serial_give_list(struct call *call, const struct value *value,
		      const struct str *problem);

/* What encoding/json calls a value that it cannot put somewhere. */
const char *serial_json_kind(const struct value *value);

#endif
