#include "format/jsontext.h"

#include "format/jsn.h"

bool jsontext_parse(const struct value **value, const char *text, size_t len,
		    const char *what, struct arena *arena, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;

	if (!jsn_parse(&json, text, len, what, err))
		return false;
	*value = jsn_to_value(json, arena);
	return true;
}

void jsontext_print(struct str *out, const struct value *value, bool pretty)
{
	CLEANUP(jsn_release) json_t *json = NULL;

	if (!pretty) {
		jsn_print_value(out, value);
		return;
	}
	json = jsn_from_value(value);
	jsn_print(out, json, true);
}
