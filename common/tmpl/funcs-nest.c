/* Functions that run templates: Helm's include and tpl; and its lookup. */
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/ast.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"
#include "tmpl/parse.h"

/* What Helm names the text that tpl is given; templates can call it by that. */
#define TPL_NAME "gotpl"

static bool run_include(struct call *call, struct err *err)
{
	const struct value_text *name = &call->args[0]->string;
	CLEANUP(str_release) struct str out = {0};

	return exec_nested(call->exec, name->bytes, call->args[1], &out) &&
	       call_give_str(call, &out, err);
}

/* Helm's way to print what is missing: not at all. */
static void drop_no_value(struct str *out)
{
	static const char no_value[] = "<no value>";
	size_t size = strlen(no_value), kept = 0;

	for (size_t i = 0; i < out->len;) {
		if (out->len - i >= size &&
		    memcmp(out->buf + i, no_value, size) == 0)
			i += size;
		else
			out->buf[kept++] = out->buf[i++];
	}
	if (kept < out->len)
		str_truncate(out, kept);
}

/*
 * The text sees the templates around it; what it defines is seen by itself
 * alone.  Its trees live as long as the values of the run: a value of them
 * may have been put into a map.
 */
static bool run_tpl(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	struct exec *exec = call->exec;
	CLEANUP(tmpl_release) struct tmpl set = {.options = exec->set->options,
						 .outer = exec->set};
	CLEANUP(str_release) struct str out = {0};
	const struct tree *tree;

	if (set.options.missing == TMPL_MISSING_DEFAULT)
		set.options.missing = TMPL_MISSING_ZERO;
	if (!exec_may_nest(exec, "tpl") ||
	    !call_charge(call, text->len, text->len, err) ||
	    !parse_text(&set, call->arena, TPL_NAME, "tpl", text->bytes,
			text->len, &tree, err) ||
	    !exec_tree(exec, &set, tree, call->args[1], &out))
		return false;
	drop_no_value(&out);
	return call_give_str(call, &out, err);
}

/* A render has no cluster: as Helm's without one. */
static bool run_lookup(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, value_new_map(call->arena));
}

const struct func funcs_nest[] = {
	{"include", "sa", run_include},
	{"lookup", "ssss", run_lookup},
	{"tpl", "sa", run_tpl, .trait = FUNC_PARSES},
	{NULL},
};
