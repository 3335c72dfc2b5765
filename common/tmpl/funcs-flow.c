/* Defaults, choices, failures, and what type something is. */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"

/* Sprig's empty(): the same as no truth, also for objects. */
static bool is_empty(const struct value *value)
{
	return !value_truth(value);
}

static bool run_default(struct call *call, struct err *err)
{
	(void)err;
	if (call->count < 2 || is_empty(call->args[1]))
		return call_give(call, call->args[0]);

	return call_give(call, call->args[1]);
}

static bool run_empty(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, is_empty(call->args[0]));
}

static bool run_coalesce(struct call *call, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < call->count; i++) {
		if (!is_empty(call->args[i]))
			return call_give(call, call->args[i]);
	}
	return call_give(call, &value_nil);
}

static bool run_all(struct call *call, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < call->count; i++) {
		if (is_empty(call->args[i]))
			return call_give_bool(call, false);
	}
	return call_give_bool(call, true);
}

static bool run_any(struct call *call, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < call->count; i++) {
		if (!is_empty(call->args[i]))
			return call_give_bool(call, true);
	}
	return call_give_bool(call, false);
}

static bool run_ternary(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, call->args[call->args[2]->boolean ? 0 : 1]);
}

static bool fail_with(const struct value *message, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	str_add_escaped(&text, message->string.bytes, message->string.len);
	return err_set(err, ERR_INPUT, "%s", str_text(&text));
}

static bool run_fail(struct call *call, struct err *err)
{
	return fail_with(call->args[0], err);
}

/* Helm's: nil and "" are not there, 0 and false are. */
static bool run_required(struct call *call, struct err *err)
{
	const struct value *value = call->args[1];

	if (value->kind == VALUE_NIL ||
	    (value->kind == VALUE_STRING && value->string.len == 0))
		return fail_with(call->args[0], err);

	return call_give(call, value);
}

static bool give_name(struct call *call, const char *name)
{
	return call_give_text(call, name, strlen(name));
}

static bool run_type_of(struct call *call, struct err *err)
{
	(void)err;
	return give_name(call, value_type(call->args[0]));
}

static bool run_kind_of(struct call *call, struct err *err)
{
	(void)err;
	return give_name(call, value_kind_name(call->args[0]));
}

static bool run_type_is(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, strcmp(call->args[0]->string.bytes,
					   value_type(call->args[1])) == 0);
}

/* A pointer to the type will do. */
static bool run_type_is_like(struct call *call, struct err *err)
{
	const char *type = value_type(call->args[1]);
	const char *wanted = call->args[0]->string.bytes;

	(void)err;
	return call_give_bool(call, strcmp(type, wanted) == 0 ||
					    (type[0] == '*' &&
					     strcmp(type + 1, wanted) == 0));
}

static bool run_kind_is(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call,
			      strcmp(call->args[0]->string.bytes,
				     value_kind_name(call->args[1])) == 0);
}

const struct func funcs_flow[] = {
	{"all", "a*", run_all},
	{"any", "a*", run_any},
	{"coalesce", "a*", run_coalesce},
	{"default", "aa*", run_default},
	{"empty", "a", run_empty},
	{"fail", "s", run_fail},
	{"kindIs", "sa", run_kind_is},
	{"kindOf", "a", run_kind_of},
	{"required", "sa", run_required},
	{"ternary", "aab", run_ternary},
	{"typeIs", "sa", run_type_is},
	{"typeIsLike", "sa", run_type_is_like},
	{"typeOf", "a", run_type_of},
	{NULL},
};
