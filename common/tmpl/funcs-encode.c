/* Functions that write values in another notation. */
#include <math.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/str.h"
#include "format/hash.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tmpl/func.h"

static bool run_b64enc(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	CLEANUP(str_release) struct str encoded = CALL_TEXT;

	base64_encode(&encoded, text->bytes, text->len, BASE64_STANDARD);
	return call_give_str(call, &encoded, err);
}

static bool run_sha256sum(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	char hex[SHA256_HEX_SIZE];

	return call_charge(call, text->len / SHA256_SIZE, 0, err) &&
	       sha256_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, SHA256_HEX_SIZE - 1);
}

/* Does it hold what JSON, and so Helm's YAML, has no words for? */
static bool lacks_json(const struct value *value)
{
	if (value->kind == VALUE_COMPLEX128 ||
	    (value->kind == VALUE_FLOAT64 && !isfinite(value->number)))
		return true;
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		if (lacks_json(value->list.items[i]))
			return true;
	}
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++) {
		if (lacks_json(value->map.pairs[i].value))
			return true;
	}
	return false;
}

/* As Helm's: without the last line break, and "" for what has no JSON. */
static bool run_to_yaml(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!call_charge_value(call, call->args[0], 4, err))
		return false;
	if (lacks_json(call->args[0]))
		return call_give_text(call, "", 0);
	ydoc_emit(&text, call->args[0]);
	if (text.len > 0 && text.buf[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	return call_give_str(call, &text, err);
}

const struct func funcs_encode[] = {
	{"b64enc", "s", run_b64enc},
	{"sha256sum", "s", run_sha256sum},
	{"toYaml", "a", run_to_yaml},
	{NULL},
};
