/*
 * Options from one table: parsing, environment, --help, the manual's block
 * and shell completion all derive from it.
 *
 *	struct args {
 *		const char *url;
 *		struct secret token;
 *		struct strvec tags;
 *		struct http_args http;
 *	};
 *
 *	static const struct opt options[] = {
 *		OPT_STRING(struct args, url, "url", "URL", "GRAFANA_URL",
 *			   OPT_REQUIRED, "base address of the server"),
 *		OPT_SECRET(struct args, token, "token", "GRAFANA_TOKEN",
 *			   OPT_REQUIRED, "token of a service account"),
 *		OPT_LIST(struct args, tags, "tag", "TAG", NULL, 0,
 *			 "label (may be repeated)"),
 *		OPT_HTTP(struct args, http),
 *		OPT_END,
 *	};
 *
 * Each macro checks at compile time that the field has the option's type.
 * The environment variable of an option: as given; NULL: SLIPWAY_ and the
 * name in upper case with _ for -; "" : none.  Several, in order of
 * precedence, are separated by a blank.  An empty variable counts as unset.
 */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/secret.h"
#include "base/strvec.h"
#include "net/http.h"

struct arena;
struct env;
struct err;
struct str;

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_STRING,   /* const char *, NULL = not given */
	OPT_TYPE_FLAG,	   /* bool; --name; variable: 1/true/yes, 0/false/no */
	OPT_TYPE_INTEGER,  /* int64_t; OPT_UNSET = not given */
	OPT_TYPE_DURATION, /* int64_t milliseconds; OPT_UNSET = not given */
	OPT_TYPE_LIST,	   /* struct strvec; may be repeated; variable: lines
			      or commas */
	OPT_TYPE_CHOICE,   /* const char *, one of @choices; not given: the
			      first, with OPT_VALUE_OPTIONAL: NULL */
	OPT_TYPE_SECRET,   /* struct secret; variable, --name-file PATH ("-"
			      stdin), --name-fd N; never --name VALUE */
};

enum opt_flag {
	OPT_REQUIRED = 1 << 0, /* "missing '--x'", exit 2 */
	OPT_HIDDEN = 1 << 1,   /* parsed, not shown */
	/*
	 * --name alone is allowed and means "" (string), the first choice or
	 * 0 (duration).  --name VALUE is understood where VALUE does not
	 * begin with "-" and is one that the type accepts.
	 *
	 * An option of the step's own that has the name of a common flag,
	 * such as --version, hides it but where it comes without a value.
	 */
	OPT_VALUE_OPTIONAL = 1 << 2,
};

#define OPT_UNSET INT64_MIN

/* A number or duration, or what stands for one that was not given. */
static inline int64_t opt_or(int64_t value, int64_t otherwise)
{
	return value == OPT_UNSET ? otherwise : value;
}

struct opt {
	enum opt_type type;
	unsigned int flags;
	size_t offset;
	const char *name;	    /* without -- */
	const char *value_name;	    /* in help: URL, N; DIR, FILE, PATH: a
				       path, which is never empty */
	const char *variables;	    /* see above */
	const char *help;	    /* one line; lower case, no full stop */
	const char *const *choices; /* NULL-terminated; first = default */
	int64_t minimum; /* INTEGER: accepted range; equal: any; DURATION:
			    the least, ms */
	int64_t maximum;
};

/* clang-format off */
#define OPT_FIELD(args, field, field_type)                                    \
	(offsetof(args, field) +                                              \
	 0 * sizeof(char[_Generic(&((args *)0)->field,                        \
				  field_type *: 1,                            \
				  default: -1)]))

#define OPT_STRING(args, field, name_, value_, variables_, flags_, help_)     \
	{.type = OPT_TYPE_STRING, .flags = (flags_),                          \
	 .offset = OPT_FIELD(args, field, const char *), .name = (name_),     \
	 .value_name = (value_), .variables = (variables_), .help = (help_)}
#define OPT_FLAG(args, field, name_, variables_, flags_, help_)               \
	{.type = OPT_TYPE_FLAG, .flags = (flags_),                            \
	 .offset = OPT_FIELD(args, field, bool), .name = (name_),             \
	 .variables = (variables_), .help = (help_)}
#define OPT_INTEGER(args, field, name_, variables_, flags_, min_, max_, help_) \
	{.type = OPT_TYPE_INTEGER, .flags = (flags_),                         \
	 .offset = OPT_FIELD(args, field, int64_t), .name = (name_),          \
	 .value_name = "N", .variables = (variables_), .help = (help_),       \
	 .minimum = (min_), .maximum = (max_)}
#define OPT_DURATION(args, field, name_, variables_, flags_, help_)           \
	{.type = OPT_TYPE_DURATION, .flags = (flags_),                        \
	 .offset = OPT_FIELD(args, field, int64_t), .name = (name_),          \
	 .value_name = "DURATION", .variables = (variables_), .help = (help_)}
#define OPT_DURATION_FROM(args, field, name_, variables_, flags_, min_, help_) \
	{.type = OPT_TYPE_DURATION, .flags = (flags_),                        \
	 .offset = OPT_FIELD(args, field, int64_t), .name = (name_),          \
	 .value_name = "DURATION", .variables = (variables_), .help = (help_), \
	 .minimum = (min_)}
#define OPT_LIST(args, field, name_, value_, variables_, flags_, help_)       \
	{.type = OPT_TYPE_LIST, .flags = (flags_),                            \
	 .offset = OPT_FIELD(args, field, struct strvec), .name = (name_),    \
	 .value_name = (value_), .variables = (variables_), .help = (help_)}
#define OPT_CHOICE(args, field, name_, choices_, variables_, flags_, help_)   \
	{.type = OPT_TYPE_CHOICE, .flags = (flags_),                          \
	 .offset = OPT_FIELD(args, field, const char *), .name = (name_),     \
	 .choices = (choices_), .variables = (variables_), .help = (help_)}
#define OPT_SECRET(args, field, name_, variables_, flags_, help_)             \
	{.type = OPT_TYPE_SECRET, .flags = (flags_),                          \
	 .offset = OPT_FIELD(args, field, struct secret), .name = (name_),    \
	 .variables = (variables_), .help = (help_)}
#define OPT_END {.type = OPT_TYPE_END}

/* --cacert, --cert, --key: one idea, one name in every step. */
#define OPT_HTTP(args, field)                                                 \
	{.type = OPT_TYPE_STRING, .value_name = "FILE",                       \
	 .offset = OPT_FIELD(args, field.cacert, const char *),               \
	 .name = "cacert", .help = "certificates to trust, PEM"},             \
	{.type = OPT_TYPE_STRING, .value_name = "FILE",                       \
	 .offset = OPT_FIELD(args, field.cert, const char *),                 \
	 .name = "cert", .help = "client certificate, PEM"},                  \
	{.type = OPT_TYPE_STRING, .value_name = "FILE",                       \
	 .offset = OPT_FIELD(args, field.key, const char *),                  \
	 .name = "key", .help = "key of the client certificate, PEM"}
/* clang-format on */

/* The step's options and those of every step, with what they fill. */
struct opt_set {
	const struct opt *own;
	void *own_args; /* zeroed before opts_parse() */
	const struct opt *common;
	void *common_args;
	struct strvec given; /* names seen on the command line */
	struct strvec known; /* names seen there or in the environment */
};

/*
 * How options of one step go together: @option is refused without @with, or
 * beside @without.  A table of them ends with {0}.
 */
struct opt_rule {
	const char *option;
	const char *with;    /* a name, or NULL */
	const char *without; /* a name, or NULL */
};

/* A secret in a file is at most so long. */
#define OPT_SECRET_MAX ((size_t)64 << 10)

/*
 * Fill both args from @argv (argv[0] left out); what is no option becomes an
 * item of @arguments.  Text is copied into @arena; lists and secrets are
 * released by opts_release(), also after a failure.  Of an option given
 * twice the last counts, but for lists.
 * Errors: USAGE: unknown option (names the nearest known), missing or bad
 * value, empty argument; INPUT: unreadable or empty file of a secret.
 */
bool opts_parse(struct opt_set *set, char *const *argv, struct arena *arena,
		struct strvec *arguments, struct err *err) MUST_CHECK;

/*
 * Fill what the command line left open from @env and by the defaults of
 * choices, and see that nothing required is missing.
 * Errors: USAGE: bad value of a variable; missing option (names it and its
 * variable).
 */
bool opts_complete(struct opt_set *set, const struct env *env,
		   struct arena *arena, struct err *err) MUST_CHECK;

/*
 * After opts_complete(): see that the command line obeys @rules, which may
 * be NULL.  Only what is on the command line can break one, because a
 * pipeline sets its variables for all of its stages; what an option needs may
 * come from a variable.  A flag that is false counts as not there.
 * Errors: USAGE.
 */
bool opts_obey(const struct opt_set *set, const struct opt_rule *rules,
	       struct err *err) MUST_CHECK;

/*
 * Take the variables of all secrets, those of the other steps too, out of
 * what children will see.
 */
void opts_hide_secrets(const struct opt_set *set, struct env *env);

void opts_release(struct opt_set *set);

/* Add the variables of @opt in order of precedence. */
void opt_variables(const struct opt *opt, struct strvec *variables);

#endif
