/* Functions over YAML, as Helm's libraries write and read it. */
#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tmpl/func.h"

/* Without the last line break; "" for what has no YAML, or an error. */
static bool write_yaml(struct call *call, bool must, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	CLEANUP(err_release) struct err problem = {0};

	if (!call_charge_value(call, call->args[0], 4, err))
		return false;
	if (!ydoc_marshal(&text, call->args[0], &problem)) {
		if (!must)
			return call_give_text(call, "", 0);
		err_move(err, &problem);
		return false;
	}
	if (text.len > 0 && text.buf[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	return call_give_str(call, &text, err);
}

static bool run_to_yaml(struct call *call, struct err *err)
{
	return write_yaml(call, false, err);
}

static bool run_must_to_yaml(struct call *call, struct err *err)
{
	return write_yaml(call, true, err);
}

const struct func funcs_yaml[] = {
	{"mustToYaml", "a", run_must_to_yaml},
	{"toYaml", "a", run_to_yaml},
	{NULL},
};
