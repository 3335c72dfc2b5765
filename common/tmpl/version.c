#include "tmpl/version.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/semver.h"
#include "format/value.h"
#include "tmpl/func.h"

static const struct semver *version_of(const struct value *value)
{
	return value->object.data;
}

/* --- classes ------------------------------------------------------------- */

static void print(const struct value *value, struct str *out)
{
	semver_add_text(out, version_of(value));
}

static struct value number_field(uint64_t number)
{
	return (struct value){.kind = VALUE_UINT64, .integer = (int64_t)number};
}

static struct value text_field(const char *text)
{
	return (struct value){.kind = VALUE_STRING,
			      .string = {text, strlen(text)}};
}

static size_t fields(const struct value *value, struct value_field *fields)
{
	const struct semver *version = version_of(value);
	const struct value_field all[] = {
		{"major", number_field(version->major)},
		{"minor", number_field(version->minor)},
		{"patch", number_field(version->patch)},
		{"pre", text_field(version->prerelease)},
		{"metadata", text_field(version->metadata)},
		{"original", text_field(version->original)},
	};

	memcpy(fields, all, sizeof(all));
	return sizeof(all) / sizeof(*all);
}

static bool same(const struct value *a, const struct value *b)
{
	const struct semver *x = version_of(a), *y = version_of(b);

	return x->major == y->major && x->minor == y->minor &&
	       x->patch == y->patch &&
	       strcmp(x->prerelease, y->prerelease) == 0 &&
	       strcmp(x->metadata, y->metadata) == 0 &&
	       strcmp(x->original, y->original) == 0;
}

static void assign(const struct value *to, const struct value *from)
{
	struct semver *target = to->object.data;

	*target = *version_of(from);
}

static const struct value *to_json(const struct value *value,
				   struct arena *arena)
{
	CLEANUP(str_release) struct str text = {0};

	print(value, &text);
	return value_new_bytes(arena, str_text(&text), text.len);
}

/* The fields are not for others to copy: what stays is 0.0.0. */
static const struct value *copy(const struct value *value, struct arena *arena)
{
	char nothing[] = "";
	const struct semver zero = {.prerelease = nothing,
				    .metadata = nothing,
				    .original = nothing};

	return version_new(arena, value->object.class, &zero);
}

const struct value_class class_version_value = {
	.type = "semver.Version",
	.kind = "struct",
	.print = print,
	.fields = fields,
	.equal = same,
	.same = same,
	.copy = copy,
	.to_json = to_json,
};

const struct value_class class_version = {
	.type = "*semver.Version",
	.kind = "ptr",
	.element = &class_version_value,
	.print = print,
	.fields = fields,
	.same = same,
	.assign = assign,
	.copy = copy,
	.to_json = to_json,
};

const struct value *version_new(struct arena *arena,
				const struct value_class *class,
				const struct semver *version)
{
	struct value *value = value_new(arena, VALUE_OBJECT);
	struct semver *kept = arena_new(arena, struct semver);

	*kept = *version;
	kept->prerelease = arena_strdup(arena, version->prerelease);
	kept->metadata = arena_strdup(arena, version->metadata);
	kept->original = arena_strdup(arena, version->original);
	value->object.class = class;
	value->object.data = kept;
	return value;
}

/* --- parts --------------------------------------------------------------- */

static const struct semver *self(const struct call *call)
{
	return version_of(call->self);
}

static bool give_number(struct call *call, uint64_t number)
{
	struct value *value = value_new(call->arena, VALUE_UINT64);

	value->integer = (int64_t)number;
	return call_give(call, value);
}

static bool give_text(struct call *call, const char *text)
{
	return call_give_text(call, text, strlen(text));
}

static bool run_major(struct call *call, struct err *err)
{
	(void)err;
	return give_number(call, self(call)->major);
}

static bool run_minor(struct call *call, struct err *err)
{
	(void)err;
	return give_number(call, self(call)->minor);
}

static bool run_patch(struct call *call, struct err *err)
{
	(void)err;
	return give_number(call, self(call)->patch);
}

static bool run_prerelease(struct call *call, struct err *err)
{
	(void)err;
	return give_text(call, self(call)->prerelease);
}

static bool run_metadata(struct call *call, struct err *err)
{
	(void)err;
	return give_text(call, self(call)->metadata);
}

static bool run_original(struct call *call, struct err *err)
{
	(void)err;
	return give_text(call, self(call)->original);
}

static bool run_string(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	semver_add_text(&text, self(call));
	return call_give_str(call, &text, err);
}

/* --- comparisons --------------------------------------------------------- */

static bool compare(const struct call *call, int *order, struct err *err)
{
	if (call->args[0]->kind == VALUE_NIL)
		return err_set(err, ERR_INPUT,
			       "there is nothing to compare with");
	*order = semver_compare(self(call), version_of(call->args[0]));
	return true;
}

static bool run_compare(struct call *call, struct err *err)
{
	int order = 0;

	return compare(call, &order, err) &&
	       call_give_int(call, (order > 0) - (order < 0));
}

static bool run_equal(struct call *call, struct err *err)
{
	int order = 0;

	if (call->args[0]->kind == VALUE_NIL)
		return call_give_bool(call, false);
	return compare(call, &order, err) && call_give_bool(call, order == 0);
}

static bool run_less_than(struct call *call, struct err *err)
{
	int order = 0;

	return compare(call, &order, err) && call_give_bool(call, order < 0);
}

static bool run_less_than_equal(struct call *call, struct err *err)
{
	int order = 0;

	return compare(call, &order, err) && call_give_bool(call, order <= 0);
}

static bool run_greater_than(struct call *call, struct err *err)
{
	int order = 0;

	return compare(call, &order, err) && call_give_bool(call, order > 0);
}

static bool run_greater_than_equal(struct call *call, struct err *err)
{
	int order = 0;

	return compare(call, &order, err) && call_give_bool(call, order >= 0);
}

/* --- other versions ------------------------------------------------------ */

/* @version with its text, which keeps the v of the one that it comes from. */
static bool give_next(struct call *call, struct semver *version,
		      struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (self(call)->original[0] == 'v')
		str_add_char(&text, 'v');
	semver_add_text(&text, version);
	if (!call_charge(call, 1, sizeof(*version) + 2 * text.len, err))
		return false;
	version->original = arena_strdup(call->arena, str_text(&text));
	return call_give(call, version_new(call->arena, &class_version_value,
					   version));
}

static bool increment(uint64_t *number, struct err *err)
{
	if (*number == UINT64_MAX)
		return err_set(err, ERR_INPUT, "there is no number after it");
	++*number;
	return true;
}

/* Without what may follow the numbers. */
static struct semver bare(const struct call *call)
{
	struct semver version = *self(call);

	version.prerelease = version.metadata = arena_strdup(call->arena, "");
	return version;
}

static bool run_inc_major(struct call *call, struct err *err)
{
	struct semver next = bare(call);

	next.minor = next.patch = 0;
	return increment(&next.major, err) && give_next(call, &next, err);
}

static bool run_inc_minor(struct call *call, struct err *err)
{
	struct semver next = bare(call);

	next.patch = 0;
	return increment(&next.minor, err) && give_next(call, &next, err);
}

/* The patch that a pre-release leads to is the next one. */
static bool run_inc_patch(struct call *call, struct err *err)
{
	struct semver next = bare(call);

	if (self(call)->prerelease[0] == '\0' && !increment(&next.patch, err))
		return false;
	return give_next(call, &next, err);
}

/* Identifiers with dots between them; @numbers: without leading zeros. */
static bool check_identifiers(const struct value_text *text, bool numbers,
			      struct err *err)
{
	static const char digits[] = "0123456789";
	static const char allowed[] = "0123456789-abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *at = text->bytes;

	if (text->len == 0)
		return true;
	for (;; at++) {
		size_t len = strspn(at, allowed);
		bool number = strspn(at, digits) >= len;

		if (len == 0 || (numbers && number && len > 1 && *at == '0'))
			break;
		at += len;
		if (*at != '.')
			break;
	}
	if (at == text->bytes + text->len && at[-1] != '.')
		return true;
	return err_set(err, ERR_INPUT, "'%s' cannot be part of a version",
		       text->bytes);
}

static bool run_set_prerelease(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	struct semver next = *self(call);

	if (!check_identifiers(text, true, err))
		return false;
	next.prerelease = arena_strdup(call->arena, text->bytes);
	return give_next(call, &next, err);
}

static bool run_set_metadata(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	struct semver next = *self(call);

	if (!check_identifiers(text, false, err))
		return false;
	next.metadata = arena_strdup(call->arena, text->bytes);
	return give_next(call, &next, err);
}

/* All but those that give or take bytes, or change the version. */
const struct func methods_version[] = {
	{"Compare", "v", run_compare},
	{"Equal", "v", run_equal},
	{"GreaterThan", "v", run_greater_than},
	{"GreaterThanEqual", "v", run_greater_than_equal},
	{"IncMajor", "", run_inc_major},
	{"IncMinor", "", run_inc_minor},
	{"IncPatch", "", run_inc_patch},
	{"LessThan", "v", run_less_than},
	{"LessThanEqual", "v", run_less_than_equal},
	{"Major", "", run_major},
	{"Metadata", "", run_metadata},
	{"Minor", "", run_minor},
	{"Original", "", run_original},
	{"Patch", "", run_patch},
	{"Prerelease", "", run_prerelease},
	{"SetMetadata", "s", run_set_metadata},
	{"SetPrerelease", "s", run_set_prerelease},
	{"String", "", run_string},
	{"Value", "", run_string},
	{NULL},
};

/* Of a value that is no pointer, Go calls no method of the pointer. */
const struct func methods_version_value[] = {
	{"IncMajor", "", run_inc_major},
	{"IncMinor", "", run_inc_minor},
	{"IncPatch", "", run_inc_patch},
	{"Major", "", run_major},
	{"Metadata", "", run_metadata},
	{"Minor", "", run_minor},
	{"Patch", "", run_patch},
	{"Prerelease", "", run_prerelease},
	{"SetMetadata", "s", run_set_metadata},
	{"SetPrerelease", "s", run_set_prerelease},
	{"String", "", run_string},
	{"Value", "", run_string},
	{NULL},
};
