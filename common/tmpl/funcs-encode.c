/* Functions that write values in another notation. */
#include "base/base64.h"
#include "base/err.h"
#include "base/str.h"
#include "format/hash.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tmpl/func.h"

/* Values within values that toYaml writes at most. */
#define YAML_VALUES_MAX ((size_t)4 << 20)

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

	return sha256_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, SHA256_HEX_SIZE - 1);
}

/*
 * Take all values within @value from @left; false if they are too many or
 * too deep.  Parts that are shared count each time, as they are written.
 */
static bool count_values(const struct value *value, unsigned int depth,
			 size_t *left)
{
	if (depth > VALUE_DEPTH_MAX || *left == 0)
		return false;
	--*left;
	if (value_is_list(value)) {
		for (size_t i = 0; i < value->list.count; i++) {
			if (!count_values(value->list.items[i], depth + 1,
					  left))
				return false;
		}
	}
	if (value_is_map(value)) {
		for (size_t i = 0; i < value->map.count; i++) {
			if (!count_values(value->map.pairs[i].value, depth + 1,
					  left))
				return false;
		}
	}
	return true;
}

/* As Helm's: without the last line break. */
static bool run_to_yaml(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	size_t left = YAML_VALUES_MAX;

	if (!count_values(call->args[0], 0, &left))
		return err_set(err, ERR_INPUT,
			       "the value is too deep or too large");
	if (!call_charge(call, YAML_VALUES_MAX - left, 0, err))
		return false;
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
