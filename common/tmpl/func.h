/*
 * Functions that templates may call: a row for each, a table per family.
 *
 * To add a function, add a row; to add a family, a file with a table that
 * ends with an empty row, and its name to the list in func.c.
 */
#ifndef TMPL_FUNC_H
#define TMPL_FUNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "tmpl/tmpl.h"

struct arena;
struct call;
struct err;
struct exec;
struct str;
struct strvec;
struct value;
struct value_class;
struct value_text;

/* What the executor has to know about a function. */
enum func_trait {
	FUNC_PLAIN = 0,
	FUNC_AND,     /* stops at the first argument without truth */
	FUNC_OR,      /* stops at the first argument with truth */
	FUNC_CHANGES, /* changes a value that was given to it */
	FUNC_REMOVES, /* the same, but only takes something out of it */
	FUNC_PARSES,  /* runs a text, which may call one that changes */
};

/*
 * @params has a letter for the Go type of each parameter: a any, s string,
 * i int, l int64, f float64, b bool, m map[string]interface{}, t time.Time,
 * d time.Duration, z *time.Location, v *semver.Version; a * behind the last
 * one: any number of these.
 * @refused: why there is no such function here, and what to use instead.
 * @differs: in what it is not as Helm's, for the manual.
 */
struct func {
	const char *name;
	const char *params;
	bool (*run)(struct call *call, struct err *err);
	enum func_trait trait;
	const char *refused;
	const char *differs;
};

/*
 * One call.  The arguments are of the types that the row asks for; nil is
 * &value_nil.  run() sets @result, or @err.
 */
struct call {
	const struct func *func;
	const struct value *self; /* whose method is called; else NULL */
	const struct value **args;
	size_t count;
	struct arena *arena; /* for the result */
	struct exec *exec;
	const struct value *result;
};

/* Values within values, and 64 bytes of text each, that a walk may meet. */
#define FUNC_WALK_MAX ((size_t)4 << 20)

extern const struct func funcs_go[];
extern const struct func funcs_compare[];
extern const struct func funcs_flow[];
extern const struct func funcs_text[];
extern const struct func funcs_list[];
extern const struct func funcs_date[];
extern const struct func funcs_dict[];
extern const struct func funcs_number[];
extern const struct func funcs_json[];
extern const struct func funcs_yaml[];
extern const struct func funcs_toml[];
extern const struct func funcs_nest[];
extern const struct func funcs_release[];
extern const struct func funcs_case[];
extern const struct func funcs_width[];
extern const struct func funcs_path[];
extern const struct func funcs_url[];
extern const struct func funcs_digest[];
extern const struct func funcs_random[];
extern const struct func funcs_regex[];
extern const struct func funcs_deep[];
extern const struct func funcs_merge[];
extern const struct func funcs_decimal[];
extern const struct func funcs_duration[];
extern const struct func funcs_semver[];
extern const struct func funcs_refused[];

extern const struct func methods_time[];
extern const struct func methods_duration[];
extern const struct func methods_month[];
extern const struct func methods_weekday[];
extern const struct func methods_location[];
extern const struct func methods_version[];
extern const struct func methods_version_value[];

/* The row of @name, or NULL. */
const struct func *func_find(const char *name);

/* The method @name of @value's type, or NULL. */
const struct func *func_method(const struct value *value, const char *name);

/* The name of the function that is most like @name, or NULL. */
const char *func_nearest(const char *name);

/* How many parameters are fixed, and whether more may follow. */
size_t func_fixed(const struct func *func);
bool func_is_variadic(const struct func *func);

/* The Go type of parameter @index. */
const char *func_param_type(const struct func *func, size_t index);
char func_param(const struct func *func, size_t index);

/* The Go type of @value, for errors. */
const char *type_word(const struct value *value);

/* Argument @index, whose parameter is a string. */
const struct value_text *call_text(const struct call *call, size_t index);

/* Results; all give true. */
bool call_give(struct call *call, const struct value *value);
bool call_give_bool(struct call *call, bool boolean);
bool call_give_int(struct call *call, int64_t integer);
bool call_give_int64(struct call *call, int64_t integer);
bool call_give_float(struct call *call, double number);
bool call_give_text(struct call *call, const char *bytes, size_t len);

/*
 * Account for @units of work (items made or compared) and @bytes of memory,
 * before.
 * Errors: INPUT (the render's ceilings of work or memory).
 */
bool call_charge(struct call *call, size_t units, size_t bytes, struct err *err)
	MUST_CHECK;

/*
 * Account for a look at each rune of argument @index, a string.
 * Errors: INPUT (the render's ceilings).
 */
bool call_charge_text(struct call *call, size_t index, struct err *err)
	MUST_CHECK;

/*
 * Account for going through all of @value @times times.  Parts that are
 * shared count each time that they are met.
 * Errors: INPUT (too deep, too large, the render's ceilings).
 */
bool call_charge_value(struct call *call, const struct value *value,
		       size_t times, struct err *err) MUST_CHECK;

/* A text as result, charged for. */
bool call_give_str(struct call *call, const struct str *text, struct err *err)
	MUST_CHECK;

/*
 * Room for text of at most what a render may put out; afterwards
 * call_give_str() looks whether it was enough.
 */
#define CALL_TEXT {.limit = TMPL_OUTPUT_MAX}

#endif
