#include "cli/opts.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/opts_parts.h"
#include "sys/env.h"
#include "sys/file.h"

/* A secret is named as --name-file or --name-fd. */
enum form {
	PLAIN,
	FROM_FILE,
	FROM_FD,
};

/* One option that the command line or a variable names. */
struct found {
	const struct opt *opt;
	void *args;
	enum form form;
};

struct parser {
	struct opt_set *set;
	struct arena *arena;
};

static void *field_of(const struct opt *opt, void *args)
{
	return (char *)args + opt->offset;
}

static bool set_value(const struct parser *parser, const struct found *found,
		      const char *text, const char *from, struct err *err)
{
	if (!opt_is_valid(found->opt, text))
		return opt_fail_value(found->opt, text, from, err);
	opt_store(found->opt, field_of(found->opt, found->args), text,
		  parser->arena);
	return true;
}

/* --- secrets ------------------------------------------------------------- */

/* The bytes that --name-file or --name-fd leads to. */
static bool read_source(const struct found *found, const char *value,
			struct str *text, struct err *err)
{
	CLEANUP(free_ptr) char *shown = NULL;
	int64_t fd = 0;

	if (found->form == FROM_FILE && !*value)
		return err_set(err, ERR_USAGE,
			       "invalid value '' of '--%s-file': must be the "
			       "path of a file",
			       found->opt->name);
	if (found->form == FROM_FILE)
		return file_read(value, OPT_SECRET_MAX, text, err) ||
		       err_wrap(err, "cannot read '--%s-file'",
				found->opt->name);
	if (!num_parse_range(value, 0, INT_MAX, &fd))
		return err_set(err, ERR_USAGE,
			       "invalid value '%s' of '--%s-fd': must be the "
			       "number of an open file",
			       value, found->opt->name);
	shown = xasprintf("descriptor %s", value);
	return file_read_fd((int)fd, shown, OPT_SECRET_MAX, text, err) ||
	       err_wrap(err, "cannot read '--%s-fd'", found->opt->name);
}

static bool fail_content(const struct found *found, const char *value,
			 const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, "the secret in '%s' for '--%s-%s' %s",
		       value, found->opt->name,
		       found->form == FROM_FD ? "fd" : "file", why);
}

static bool read_secret(const struct found *found, const char *value,
			struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!read_source(found, value, &text, err))
		return false;
	if (memchr(str_text(&text), '\0', text.len)) {
		wipe(text.buf, text.len);
		(void)fail_content(found, value, "holds a NUL byte", err);
		return err_hint(err, "some editors and shells write UTF-16; a "
				     "secret is read as it is, as UTF-8");
	}
	str_truncate(&text, opt_secret_len(str_text(&text)));
	if (!text.len)
		return fail_content(found, value, "is empty", err);
	secret_set(field_of(found->opt, found->args), text.buf, text.len);
	wipe(text.buf, text.len);
	return true;
}

/* --- names --------------------------------------------------------------- */

static bool matches(const struct opt *opt, const char *name,
		    struct found *found)
{
	const char *rest = after_prefix(name, opt->name);

	if (!rest)
		return false;
	if (opt->type != OPT_TYPE_SECRET) {
		found->form = PLAIN;
		return *rest == '\0';
	}
	found->form = strcmp(rest, "-fd") == 0 ? FROM_FD : FROM_FILE;
	return found->form == FROM_FD || strcmp(rest, "-file") == 0;
}

static bool find_in(const struct opt *options, void *args, const char *name,
		    struct found *found)
{
	for (; options->type != OPT_TYPE_END; options++) {
		if (matches(options, name, found)) {
			found->opt = options;
			found->args = args;
			return true;
		}
	}
	return false;
}

static bool find_option(const struct opt_set *set, const char *name,
			struct found *found)
{
	return find_in(set->own, set->own_args, name, found) ||
	       find_in(set->common, set->common_args, name, found);
}

static void add_names(struct strvec *names, const struct opt *options)
{
	for (; options->type != OPT_TYPE_END; options++) {
		if (options->flags & OPT_HIDDEN)
			continue;
		if (options->type != OPT_TYPE_SECRET) {
			strvec_add(names, options->name);
			continue;
		}
		strvec_addf(names, "%s-file", options->name);
		strvec_addf(names, "%s-fd", options->name);
	}
}

/* What was begun rightly is meant, however much is missing. */
static const char *find_nearest(const struct strvec *names, const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < names->count; i++) {
		if (starts_with(names->items[i], name))
			return names->items[i];
		nearest_offer(&nearest, names->items[i]);
	}
	return nearest.best;
}

/* --token VALUE: the value is not repeated, nor the way it was given. */
static bool fail_secret(const struct opt *opt, struct err *err)
{
	CLEANUP(strvec_release) struct strvec variables = {0};

	opt_variables(opt, &variables);
	err_set(err, ERR_USAGE, "a secret is never an argument: '--%s'",
		opt->name);
	return err_hint(err, "use '--%s-file', '--%s-fd'%s%s", opt->name,
			opt->name, variables.count ? " or the variable " : "",
			variables.count ? variables.items[0] : "");
}

static bool hint_help(struct err *err)
{
	return err_hint(err, "'--help' lists those that there are");
}

static bool fail_short(const char *option, struct err *err)
{
	(void)err_set(err, ERR_USAGE,
		      "unknown option '%s'; options begin with '--'", option);
	return hint_help(err);
}

static bool fail_unknown(const struct opt_set *set, const char *name,
			 struct err *err)
{
	const struct opt *const tables[] = {set->own, set->common};
	CLEANUP(strvec_release) struct strvec names = {0};
	const char *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct opt *opt = tables[i];

		for (; opt->type != OPT_TYPE_END; opt++) {
			if (opt->type == OPT_TYPE_SECRET &&
			    strcmp(opt->name, name) == 0)
				return fail_secret(opt, err);
		}
	}
	add_names(&names, set->own);
	add_names(&names, set->common);
	nearest = find_nearest(&names, name);
	if (!nearest) {
		(void)err_set(err, ERR_USAGE, "unknown option '--%s'", name);
		return hint_help(err);
	}
	return err_set(err, ERR_USAGE,
		       "unknown option '--%s'; did you mean '--%s'?", name,
		       nearest);
}

/* --- the command line ---------------------------------------------------- */

/* Has @text the form of a value, be it one that is refused? */
static bool looks_valid(const struct opt *opt, const char *text)
{
	int64_t any;

	return opt->type == OPT_TYPE_DURATION ? num_parse_duration(text, &any)
					      : opt_is_valid(opt, text);
}

/* Is @text, which stands where a value could, one? */
static bool follows_as_value(const struct parser *parser, const struct opt *opt,
			     const char *text)
{
	struct found other;

	if (!text)
		return false;
	if (opt->flags & OPT_VALUE_OPTIONAL)
		return text[0] != '-' && looks_valid(opt, text);
	return !starts_with(text, "--") ||
	       !find_option(parser->set, text + 2, &other);
}

/* --name alone, for options that may be. */
static bool set_without_value(const struct parser *parser,
			      const struct found *found, struct err *err)
{
	const struct opt *opt = found->opt;
	struct found hidden;

	if (opt->type == OPT_TYPE_FLAG)
		return set_value(parser, found, "true", "", err);
	if (!(opt->flags & OPT_VALUE_OPTIONAL))
		return err_set(err, ERR_USAGE, "'--%s%s' needs a value",
			       opt->name,
			       found->form == FROM_FILE ? "-file"
			       : found->form == FROM_FD ? "-fd"
							: "");
	if (found->args == parser->set->own_args &&
	    find_in(parser->set->common, parser->set->common_args, opt->name,
		    &hidden))
		return set_value(parser, &hidden, "true", "", err);
	if (opt->type == OPT_TYPE_CHOICE)
		return set_value(parser, found, opt->choices[0], "", err);
	opt_store(opt, field_of(opt, found->args),
		  opt->type == OPT_TYPE_DURATION ? "0" : "", parser->arena);
	return true;
}

/*
 * One option: @text is behind the "--", @next the argument after it.
 * *@used_next tells whether that was the value.
 */
static bool parse_option(const struct parser *parser, const char *text,
			 const char *next, bool *used_next, struct err *err)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	CLEANUP(free_ptr) char *name = xmemdupz(text, len);
	CLEANUP(free_ptr) char *shown = xasprintf("--%s", name);
	const char *value = equals ? equals + 1 : NULL;
	struct found found;

	*used_next = false;
	if (!find_option(parser->set, name, &found))
		return fail_unknown(parser->set, name, err);
	strvec_add_once(&parser->set->given, found.opt->name);
	if (!value && found.opt->type != OPT_TYPE_FLAG &&
	    follows_as_value(parser, found.opt, next)) {
		value = next;
		*used_next = true;
	}
	if (!value)
		return set_without_value(parser, &found, err);
	if (found.form != PLAIN)
		return read_secret(&found, value, err);
	return set_value(parser, &found, value, shown, err);
}

static void set_unset(const struct opt *options, void *args)
{
	for (; options->type != OPT_TYPE_END; options++) {
		if (options->type == OPT_TYPE_INTEGER ||
		    options->type == OPT_TYPE_DURATION)
			*(int64_t *)field_of(options, args) = OPT_UNSET;
	}
}

bool opts_parse(struct opt_set *set, char *const *argv, struct arena *arena,
		struct strvec *arguments, struct err *err)
{
	const struct parser parser = {.set = set, .arena = arena};
	bool ended = false;

	set_unset(set->own, set->own_args);
	set_unset(set->common, set->common_args);
	for (; *argv; argv++) {
		const char *name = after_prefix(*argv, "--");
		bool used_next;

		if (!**argv)
			return err_set(err, ERR_USAGE, "an argument is empty");
		if (ended || (*argv)[0] != '-' || strcmp(*argv, "-") == 0) {
			strvec_add(arguments, *argv);
		} else if (!name) {
			return fail_short(*argv, err);
		} else if (!*name) {
			ended = true;
		} else {
			if (!parse_option(&parser, name, argv[1], &used_next,
					  err))
				return false;
			argv += used_next;
		}
	}
	return true;
}

/* --- the environment ----------------------------------------------------- */

void opt_variables(const struct opt *opt, struct strvec *variables)
{
	CLEANUP(str_release) struct str name = {0};

	if (opt->variables) {
		if (*opt->variables)
			strvec_split(variables, opt->variables, ' ');
		return;
	}
	str_add(&name, "SLIPWAY_");
	for (const char *c = opt->name; *c; c++)
		str_add_char(&name,
			     (char)(*c == '-' ? '_'
					      : toupper((unsigned char)*c)));
	strvec_add(variables, str_text(&name));
}

/* A list in a variable: lines if there are any, else parts by commas. */
static void add_items(struct strvec *list, const char *text)
{
	CLEANUP(strvec_release) struct strvec parts = {0};

	strvec_split(&parts, text, strchr(text, '\n') ? '\n' : ',');
	for (size_t i = 0; i < parts.count; i++) {
		CLEANUP(str_release) struct str part = {0};

		str_add(&part, parts.items[i]);
		str_trim(&part);
		if (part.len)
			strvec_add(list, part.buf);
	}
}

/* Fill from the first variable that is set; *@found tells. */
static bool from_environment(const struct parser *parser, const struct opt *opt,
			     void *args, const struct env *env, bool *found,
			     struct err *err)
{
	CLEANUP(strvec_release) struct strvec variables = {0};
	const struct found option = {.opt = opt, .args = args};

	*found = false;
	opt_variables(opt, &variables);
	for (size_t i = 0; i < variables.count && !*found; i++) {
		const char *value = env_get(env, variables.items[i]);

		if (!value)
			continue;
		*found = true;
		if (opt->type == OPT_TYPE_LIST)
			add_items(field_of(opt, args), value);
		else if (!set_value(parser, &option, value, variables.items[i],
				    err))
			return false;
	}
	return true;
}

/* As of --cluster "$CLUSTER" where nobody has set that. */
static bool is_empty(const struct opt *opt, void *args)
{
	return opt->type == OPT_TYPE_STRING &&
	       is_blank(*(const char **)field_of(opt, args));
}

static bool fail_missing(const struct opt *opt, struct err *err)
{
	CLEANUP(strvec_release) struct strvec variables = {0};
	bool secret = opt->type == OPT_TYPE_SECRET;

	opt_variables(opt, &variables);
	err_set(err, ERR_USAGE, "missing '--%s%s'", opt->name,
		secret ? "-file" : "");
	if (!variables.count)
		return false;
	return err_hint(err, "it can also come from the variable %s",
			variables.items[0]);
}

static bool complete_table(const struct parser *parser,
			   const struct opt *options, void *args,
			   const struct env *env, struct err *err)
{
	for (const struct opt *opt = options; opt->type != OPT_TYPE_END;
	     opt++) {
		bool found = strvec_has(&parser->set->given, opt->name);

		if (!found &&
		    !from_environment(parser, opt, args, env, &found, err))
			return false;
		if ((opt->flags & OPT_REQUIRED) &&
		    (!found || is_empty(opt, args)))
			return fail_missing(opt, err);
		if (found) {
			strvec_add_once(&parser->set->known, opt->name);
			continue;
		}
		if (opt->type == OPT_TYPE_CHOICE &&
		    !(opt->flags & OPT_VALUE_OPTIONAL))
			opt_store(opt, field_of(opt, args), opt->choices[0],
				  parser->arena);
	}
	return true;
}

bool opts_complete(struct opt_set *set, const struct env *env,
		   struct arena *arena, struct err *err)
{
	const struct parser parser = {.set = set, .arena = arena};

	return complete_table(&parser, set->common, set->common_args, env,
			      err) &&
	       complete_table(&parser, set->own, set->own_args, env, err);
}

/* --- ends ---------------------------------------------------------------- */

static void release_table(const struct opt *options, void *args)
{
	for (; options->type != OPT_TYPE_END; options++) {
		if (options->type == OPT_TYPE_LIST)
			strvec_release(field_of(options, args));
		else if (options->type == OPT_TYPE_SECRET)
			secret_release(field_of(options, args));
	}
}

void opts_release(struct opt_set *set)
{
	release_table(set->own, set->own_args);
	release_table(set->common, set->common_args);
	strvec_release(&set->given);
	strvec_release(&set->known);
}
