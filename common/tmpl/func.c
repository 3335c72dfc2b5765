#include "tmpl/func.h"

#include <string.h>

#include "base/err.h"
#include "base/nearest.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/timeval.h"
#include "tmpl/version.h"

/* Runes that take as long to decode and look up as a node. */
#define RUNES_PER_STEP 4

static const struct {
	const char *title; /* in the manual */
	const struct func *table;
} families[] = {
	{"Go's own", funcs_go},
	{"comparison", funcs_compare},
	{"choices", funcs_flow},
	{"text", funcs_text},
	{"case of words", funcs_case},
	{"width of text", funcs_width},
	{"regular expressions", funcs_regex},
	{"lists", funcs_list},
	{"maps", funcs_dict},
	{"merging", funcs_merge},
	{"copying and comparing", funcs_deep},
	{"numbers", funcs_number},
	{"fractions", funcs_decimal},
	{"dates", funcs_date},
	{"durations", funcs_duration},
	{"versions", funcs_semver},
	{"JSON", funcs_json},
	{"YAML", funcs_yaml},
	{"TOML", funcs_toml},
	{"templates", funcs_nest},
	{"paths", funcs_path},
	{"URLs", funcs_url},
	{"digests and encodings", funcs_digest},
	{"chance", funcs_random},
	{"ours", funcs_release},
	{"refused", funcs_refused},
};

static const struct {
	const struct value_class *class;
	const struct func *methods;
} classes[] = {
	{&class_time, methods_time},
	{&class_duration, methods_duration},
	{&class_month, methods_month},
	{&class_weekday, methods_weekday},
	{&class_location, methods_location},
	{&class_version, methods_version},
	{&class_version_value, methods_version_value},
};

static const struct func *find_in(const struct func *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

const struct func *func_find(const char *name)
{
	const struct func *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(families) && !found; i++)
		found = find_in(families[i].table, name);
	return found;
}

const struct func *func_method(const struct value *value, const char *name)
{
	const struct value_class *class = value_class(value);

	for (size_t i = 0; class && i < ARRAY_SIZE(classes); i++) {
		if (classes[i].class == class)
			return find_in(classes[i].methods, name);
	}
	return NULL;
}

const char *func_nearest(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		for (const struct func *f = families[i].table; f->name; f++) {
			if (!f->refused)
				nearest_offer(&nearest, f->name);
		}
	}
	return nearest.best;
}

bool func_is_variadic(const struct func *func)
{
	size_t len = strlen(func->params);

	return len > 0 && func->params[len - 1] == '*';
}

size_t func_fixed(const struct func *func)
{
	return strlen(func->params) - (func_is_variadic(func) ? 2 : 0);
}

char func_param(const struct func *func, size_t index)
{
	size_t fixed = func_fixed(func);

	return func->params[index < fixed ? index : fixed];
}

const char *func_param_type(const struct func *func, size_t index)
{
	switch (func_param(func, index)) {
	case 's':
		return "string";
	case 'i':
		return "int";
	case 'l':
		return "int64";
	case 'f':
		return "float64";
	case 'b':
		return "bool";
	case 'm':
		return "a map";
	case 't':
		return "a time";
	case 'd':
		return "a duration";
	case 'z':
		return "a time zone";
	case 'v':
		return "a version";
	default:
		return "anything";
	}
}

const char *type_word(const struct value *value)
{
	return value->kind == VALUE_NIL ? "nil" : value_type(value);
}

const struct value_text *call_text(const struct call *call, size_t index)
{
	return &call->args[index]->string;
}

bool call_give(struct call *call, const struct value *value)
{
	call->result = value;
	return true;
}

bool call_give_bool(struct call *call, bool boolean)
{
	return call_give(call, boolean ? &value_true : &value_false);
}

bool call_give_int(struct call *call, int64_t integer)
{
	return call_give(call, value_new_int(call->arena, integer));
}

bool call_give_int64(struct call *call, int64_t integer)
{
	return call_give(call, value_new_int64(call->arena, integer));
}

bool call_give_float(struct call *call, double number)
{
	return call_give(call, value_new_float(call->arena, number));
}

bool call_give_text(struct call *call, const char *bytes, size_t len)
{
	return call_give(call, value_new_bytes(call->arena, bytes, len));
}

bool call_charge_text(struct call *call, size_t index, struct err *err)
{
	return call_charge(call, call_text(call, index)->len / RUNES_PER_STEP,
			   0, err);
}

/* Take what @value holds from @left; false: it does not suffice. */
static bool measure(const struct value *value, unsigned int depth, size_t *left)
{
	size_t cost =
		1 + (value->kind == VALUE_STRING ? value->string.len / 64 : 0);

	if (depth > VALUE_DEPTH_MAX || *left < cost)
		return false;
	*left -= cost;
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		if (!measure(value->list.items[i], depth + 1, left))
			return false;
	}
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];

		cost = pair->key.len / 64;
		if (*left < cost)
			return false;
		*left -= cost;
		if (!measure(pair->value, depth + 1, left))
			return false;
	}
	return true;
}

bool call_charge_value(struct call *call, const struct value *value,
		       size_t times, struct err *err)
{
	size_t left = FUNC_WALK_MAX;

	if (!measure(value, 0, &left))
		return err_set(err, ERR_INPUT,
			       "the value is too deep or too large");
	return call_charge(call, (FUNC_WALK_MAX - left) * times, 0, err);
}

bool call_give_str(struct call *call, const struct str *text, struct err *err)
{
	if (text->overflow)
		return err_set(err, ERR_INPUT,
			       "the text is larger than %zu MiB",
			       TMPL_OUTPUT_MAX >> 20);
	return call_charge(call, 0, text->len, err) &&
	       call_give_text(call, str_text(text), text->len);
}

bool tmpl_function(size_t index, struct tmpl_function *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		for (const struct func *f = families[i].table; f->name; f++) {
			if (index-- > 0)
				continue;
			*function = (struct tmpl_function){
				.name = f->name,
				.family = families[i].title,
				.differs = f->differs,
				.refused = f->refused,
			};
			return true;
		}
	}
	return false;
}
