#include "cli/help.h"

#include <string.h>

#include "base/str.h"
#include "base/strvec.h"
#include "base/version.h"
#include "cli/opts.h"
#include "cli/step.h"

/* Column of the explanations in the text form. */
#define HELP_COLUMN 26

static const struct {
	const char *code;
	const char *meaning;
} exit_codes[] = {
	{"0", "done, also when there was nothing to do"},
	{"1", "failed; trying again is pointless"},
	{"2", "wrong usage or input"},
	{"3", "conflict: a person must look"},
	{"75", "temporary: try again later"},
	{"129, 130, 143", "ended by SIGHUP, SIGINT, SIGTERM"},
};

/* --- what all forms say of an option ------------------------------------- */

/* "URL", "text|json|env"; "" for a flag. */
static void add_value_name(struct str *out, const struct opt *opt)
{
	if (opt->type == OPT_TYPE_FLAG)
		return;
	if (opt->type != OPT_TYPE_CHOICE) {
		str_add(out, opt->value_name ? opt->value_name : "VALUE");
		return;
	}
	for (size_t i = 0; opt->choices[i]; i++)
		str_addf(out, "%s%s", i ? "|" : "", opt->choices[i]);
}

/* "--url URL", "--renew [DURATION]", "--token-file PATH, --token-fd N". */
static void add_synopsis(struct str *out, const struct opt *opt)
{
	CLEANUP(str_release) struct str value = {0};

	if (opt->type == OPT_TYPE_SECRET) {
		str_addf(out, "--%s-file PATH, --%s-fd N", opt->name,
			 opt->name);
		return;
	}
	add_value_name(&value, opt);
	str_addf(out, "--%s", opt->name);
	if (opt->flags & OPT_VALUE_OPTIONAL)
		str_addf(out, " [%s]", str_text(&value));
	else if (value.len)
		str_addf(out, " %s", str_text(&value));
}

static void add_variables(struct str *out, const struct opt *opt)
{
	CLEANUP(strvec_release) struct strvec variables = {0};

	opt_variables(opt, &variables);
	strvec_join(&variables, ", ", out);
}

static bool is_shown(const struct opt *opt)
{
	return !(opt->flags & OPT_HIDDEN);
}

/* Does the step's own table name @opt, which is common, too? */
static bool is_hidden_by_own(const struct opt_set *set, const struct opt *opt)
{
	for (const struct opt *own = set->own; own->type != OPT_TYPE_END;
	     own++) {
		if (strcmp(own->name, opt->name) == 0)
			return true;
	}
	return false;
}

typedef void add_option(struct str *out, const struct opt *opt);

static void add_own(struct str *out, const struct opt_set *set, add_option *add)
{
	for (const struct opt *opt = set->own; opt->type != OPT_TYPE_END;
	     opt++) {
		if (is_shown(opt))
			add(out, opt);
	}
}

static void add_common(struct str *out, const struct opt_set *set,
		       add_option *add)
{
	for (const struct opt *opt = set->common; opt->type != OPT_TYPE_END;
	     opt++) {
		if (is_shown(opt) && !is_hidden_by_own(set, opt))
			add(out, opt);
	}
}

/* "[OPTION]... [CHART_DIR]" */
static void add_arguments(struct str *out, const struct step *self)
{
	str_addf(out, "[OPTION]...%s%s", self->arguments ? " " : "",
		 self->arguments ? self->arguments : "");
}

/* --- text ---------------------------------------------------------------- */

/* Words of @text wrapped at HELP_COLUMNS, from @column on. */
static void add_wrapped(struct str *out, const char *text, size_t column)
{
	size_t at = column;
	CLEANUP(strvec_release) struct strvec words = {0};

	strvec_split(&words, text, ' ');
	for (size_t i = 0; i < words.count; i++) {
		size_t len = strlen(words.items[i]);

		if (at > column && at + 1 + len > HELP_COLUMNS) {
			str_add_char(out, '\n');
			str_add_repeated(out, ' ', column);
			at = column;
		} else if (at > column) {
			str_add_char(out, ' ');
			at++;
		}
		str_add(out, words.items[i]);
		at += len;
	}
	str_add_char(out, '\n');
}

static void add_text_option(struct str *out, const struct opt *opt)
{
	CLEANUP(str_release) struct str left = {0};
	CLEANUP(str_release) struct str right = {0};
	CLEANUP(str_release) struct str variables = {0};

	str_add(&left, "  ");
	add_synopsis(&left, opt);
	str_add(&right, opt->help);
	if (opt->flags & OPT_REQUIRED)
		str_add(&right, " (required)");
	add_variables(&variables, opt);
	if (variables.len)
		str_addf(&right, " [%s]", str_text(&variables));

	str_add(out, str_text(&left));
	if (left.len + 2 > HELP_COLUMN) {
		str_add_char(out, '\n');
		left.len = 0;
	}
	str_add_repeated(out, ' ', HELP_COLUMN - left.len);
	add_wrapped(out, str_text(&right), HELP_COLUMN);
}

void help_add_text(struct str *out, const struct step *self,
		   const struct opt_set *set)
{
	str_addf(out, "Usage: %s ", self->name);
	add_arguments(out, self);
	str_add(out, "\n\n");
	add_wrapped(out, self->summary, 0);

	str_add(out, "\nOptions (in brackets: the variable that stands in):\n");
	add_own(out, set, add_text_option);
	str_add(out, "\nOptions of every step:\n");
	add_common(out, set, add_text_option);
	str_add(out, "\nExit codes:\n");
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++)
		str_addf(out, "  %-15s%s\n", exit_codes[i].code,
			 exit_codes[i].meaning);
}

/* --- manual page --------------------------------------------------------- */

/* Text for man(7): no line may look like a request, "-" is a minus. */
static void add_man_text(struct str *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		str_add(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			str_add(out, "\\e");
		else if (*text == '-')
			str_add(out, "\\-");
		else
			str_add_char(out, *text);
	}
}

static void add_man_option(struct str *out, const struct opt *opt)
{
	CLEANUP(str_release) struct str synopsis = {0};
	CLEANUP(str_release) struct str variables = {0};

	add_synopsis(&synopsis, opt);
	add_variables(&variables, opt);
	str_add(out, ".TP\n\\fB");
	add_man_text(out, str_text(&synopsis));
	str_add(out, "\\fR\n");
	add_man_text(out, opt->help);
	if (opt->flags & OPT_REQUIRED)
		str_add(out, " (required)");
	str_add_char(out, '\n');
	if (variables.len)
		str_addf(out, ".br\nVariable: %s\n", str_text(&variables));
}

static void add_man_options(struct str *out, const struct opt_set *set)
{
	str_add(out, ".SH OPTIONS\n");
	add_own(out, set, add_man_option);
	str_add(out, ".SS Options of every step\n");
	add_common(out, set, add_man_option);
}

void help_add_man(struct str *out, const struct step *self,
		  const struct opt_set *set)
{
	str_addf(out, ".TH \"%s\" 1 \"\" \"Slipway %s\" \"Slipway\"\n",
		 self->name, SLIPWAY_VERSION);
	str_add(out, ".SH NAME\n");
	add_man_text(out, self->name);
	str_add(out, " \\- ");
	add_man_text(out, self->summary);
	str_addf(out, "\n.SH SYNOPSIS\n\\fB");
	add_man_text(out, self->name);
	str_add(out, "\\fR ");
	add_arguments(out, self);
	str_add_char(out, '\n');
	add_man_options(out, set);
	str_add(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++)
		str_addf(out, ".TP\n\\fB%s\\fR\n%s\n", exit_codes[i].code,
			 exit_codes[i].meaning);
}

/* --- markdown ------------------------------------------------------------ */

/* A cell of a table: "|" would end it. */
static void add_cell(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
}

static void add_row(struct str *out, const struct opt *opt)
{
	CLEANUP(str_release) struct str synopsis = {0};
	CLEANUP(str_release) struct str variables = {0};

	add_synopsis(&synopsis, opt);
	add_variables(&variables, opt);
	str_add(out, "| `");
	add_cell(out, str_text(&synopsis));
	str_add(out, "` | ");
	if (variables.len)
		str_addf(out, "`%s`", str_text(&variables));
	str_add(out, " | ");
	add_cell(out, opt->help);
	str_addf(out, "%s |\n", opt->flags & OPT_REQUIRED ? " (required)" : "");
}

void help_add_markdown(struct str *out, const struct step *self,
		       const struct opt_set *set)
{
	str_addf(out, "```\n%s ", self->name);
	add_arguments(out, self);
	str_add(out, "\n```\n\n| option | variable | meaning |\n"
		     "|---|---|---|\n");
	add_own(out, set, add_row);
	add_common(out, set, add_row);
}

/* --- completion ---------------------------------------------------------- */

/* Each name that @opt has on the command line. */
static void add_names(struct str *out, const struct opt *opt)
{
	const char *blank = out->len ? " " : "";

	if (opt->type == OPT_TYPE_SECRET)
		str_addf(out, "%s--%s-file --%s-fd", blank, opt->name,
			 opt->name);
	else
		str_addf(out, "%s--%s", blank, opt->name);
}

/* What can follow an option: its choices; nothing known; else a file. */
static void add_bash_case(struct str *out, const struct opt *opt)
{
	if (opt->type == OPT_TYPE_CHOICE) {
		str_addf(out,
			 "\t--%s)\n\t\tmapfile -t COMPREPLY < <(compgen "
			 "-W '",
			 opt->name);
		for (size_t i = 0; opt->choices[i]; i++)
			str_addf(out, "%s%s", i ? " " : "", opt->choices[i]);
		str_add(out, "' -- \"$word\")\n\t\treturn ;;\n");
	} else if (opt->type == OPT_TYPE_INTEGER ||
		   opt->type == OPT_TYPE_DURATION) {
		str_addf(out, "\t--%s)\n\t\treturn ;;\n", opt->name);
	}
}

void help_add_bash(struct str *out, const struct step *self,
		   const struct opt_set *set)
{
	CLEANUP(str_release) struct str names = {0};
	CLEANUP(str_release) struct str cases = {0};

	add_own(&names, set, add_names);
	add_common(&names, set, add_names);
	add_own(&cases, set, add_bash_case);
	add_common(&cases, set, add_bash_case);
	str_addf(out,
		 "# bash completion of %s\n_slipway_%s()\n{\n"
		 "\tlocal word=$2 before=$3\n\n"
		 "\tcase $before in\n%s\tesac\n"
		 "\tif [[ $word == -* ]]; then\n"
		 "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- "
		 "\"$word\")\n"
		 "\telse\n"
		 "\t\tmapfile -t COMPREPLY < <(compgen -f -- "
		 "\"$word\")\n"
		 "\tfi\n}\n"
		 "complete -o filenames -F _slipway_%s %s\n",
		 self->name, self->name, str_text(&cases), str_text(&names),
		 self->name, self->name);
}
