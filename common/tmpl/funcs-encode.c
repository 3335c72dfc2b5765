/* Functions that write values in another notation. */
#include <math.h>

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

/* What a walk over a value found out. */
struct survey {
	size_t left;	/* how many more values there may be */
	bool too_large; /* or too deep */
	bool no_json;	/* holds what JSON, and Helm's YAML, cannot hold */
};

/* Parts that are shared count each time, as they are written each time. */
static void survey_value(struct survey *survey, const struct value *value,
			 unsigned int depth)
{
	survey->too_large = survey->too_large || survey->left == 0 ||
			    depth > VALUE_DEPTH_MAX;
	if (survey->too_large)
		return;
	survey->left--;
	if (value->kind == VALUE_COMPLEX128 ||
	    (value->kind == VALUE_FLOAT64 && !isfinite(value->number)))
		survey->no_json = true;
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++)
		survey_value(survey, value->list.items[i], depth + 1);
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++)
		survey_value(survey, value->map.pairs[i].value, depth + 1);
}

/* As Helm's: without the last line break, and "" for what has no JSON. */
static bool run_to_yaml(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	struct survey survey = {.left = YAML_VALUES_MAX};

	survey_value(&survey, call->args[0], 0);
	if (survey.too_large)
		return err_set(err, ERR_INPUT,
			       "the value is too deep or too large");
	if (!call_charge(call, YAML_VALUES_MAX - survey.left, 0, err))
		return false;
	if (survey.no_json)
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
