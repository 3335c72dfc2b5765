/* Sprig's functions over versions. */
#include <string.h>

#include "base/err.h"
#include "format/semver.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/version.h"

/* Argument @index as text; no version has a NUL in it. */
static const char *text_arg(const struct call *call, size_t index,
			    struct err *err)
{
	const struct value_text *text = &call->args[index]->string;

	if (strlen(text->bytes) == text->len)
		return text->bytes;
	err_set(err, ERR_INPUT, "bad version: it holds a NUL");
	return NULL;
}

static bool run_semver(struct call *call, struct err *err)
{
	CLEANUP(semver_release) struct semver version = {0};
	const char *text = text_arg(call, 0, err);

	return text && semver_parse(&version, text, err) &&
	       call_charge(call, 1, sizeof(version) + 2 * strlen(text), err) &&
	       call_give(call,
			 version_new(call->arena, &class_version, &version));
}

static bool run_semver_compare(struct call *call, struct err *err)
{
	CLEANUP(semver_constraint_release) struct semver_constraint constraint =
		{0};
	CLEANUP(semver_release) struct semver version = {0};
	const char *wanted = text_arg(call, 0, err), *text;

	if (!wanted || !semver_constraint_parse(&constraint, wanted, err))
		return false;
	text = text_arg(call, 1, err);
	return text && semver_parse(&version, text, err) &&
	       call_charge(call, strlen(wanted), 0, err) &&
	       call_give_bool(call, semver_satisfies(&version, &constraint));
}

const struct func funcs_semver[] = {
	{"semver", "s", run_semver},
	{"semverCompare", "ss", run_semver_compare},
	{NULL},
};
