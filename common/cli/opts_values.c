/* Values of options: whether a text is one, and what becomes of it. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/opts.h"
#include "cli/opts_parts.h"

static bool parse_flag(const char *text, bool *value)
{
	static const char *const yes[] = {"1", "true", "yes"};
	static const char *const no[] = {"0", "false", "no"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*value = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static const char *find_choice(const struct opt *opt, const char *text)
{
	for (size_t i = 0; opt->choices[i]; i++) {
		if (strcmp(opt->choices[i], text) == 0)
			return opt->choices[i];
	}
	return NULL;
}

static bool parse_integer(const struct opt *opt, const char *text,
			  int64_t *value)
{
	if (opt->minimum == opt->maximum)
		return num_parse_int64(text, value);
	return num_parse_range(text, opt->minimum, opt->maximum, value);
}

static bool is_folder(const struct opt *opt)
{
	return same_text(opt->value_name, "DIR");
}

static bool is_path(const struct opt *opt)
{
	return is_folder(opt) || same_text(opt->value_name, "FILE") ||
	       same_text(opt->value_name, "PATH");
}

bool opt_is_valid(const struct opt *opt, const char *text)
{
	int64_t integer;
	bool flag;

	switch (opt->type) {
	case OPT_TYPE_FLAG:
		return parse_flag(text, &flag);
	case OPT_TYPE_INTEGER:
		return parse_integer(opt, text, &integer);
	case OPT_TYPE_DURATION:
		return num_parse_duration(text, &integer) &&
		       integer >= opt->minimum;
	case OPT_TYPE_CHOICE:
		return find_choice(opt, text) != NULL;
	default:
		return *text || !is_path(opt);
	}
}

/* What a value has to be, for the message about one that is not. */
static void describe(struct str *out, const struct opt *opt)
{
	switch (opt->type) {
	case OPT_TYPE_FLAG:
		str_add(out, "must be true or false");
		break;
	case OPT_TYPE_DURATION:
		str_add(out, "must be a duration such as 90s, 5m or 1h30m, of "
			     "at most ");
		num_format_duration(out, NUM_DURATION_MAX_MS);
		if (opt->minimum)
			str_addf(out, ", and at least %llds",
				 (long long)opt->minimum / 1000);
		break;
	case OPT_TYPE_CHOICE:
		str_add(out, "must be one of");
		for (size_t i = 0; opt->choices[i]; i++)
			str_addf(out, "%s %s", i ? "," : "", opt->choices[i]);
		break;
	case OPT_TYPE_STRING:
	case OPT_TYPE_LIST:
		str_addf(out, "must be the path of a %s",
			 is_folder(opt) ? "folder" : "file");
		break;
	default:
		str_add(out, "must be a whole number");
		if (opt->minimum != opt->maximum)
			str_addf(out, " from %lld to %lld",
				 (long long)opt->minimum,
				 (long long)opt->maximum);
		break;
	}
}

bool opt_fail_value(const struct opt *opt, const char *text, const char *from,
		    struct err *err)
{
	CLEANUP(str_release) struct str rule = {0};

	describe(&rule, opt);
	return err_set(err, ERR_USAGE, "invalid value '%s' of '%s': %s", text,
		       from, str_text(&rule));
}

/*
 * Files written by an editor or echo end in a newline that is not meant, and
 * so do variables that come from such files, as those of Kubernetes Secrets.
 */
size_t opt_secret_len(const char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		len--;
	if (len && text[len - 1] == '\r')
		len--;
	return len;
}

void opt_store(const struct opt *opt, void *field, const char *text,
	       struct arena *arena)
{
	bool ok = true;

	switch (opt->type) {
	case OPT_TYPE_FLAG:
		ok = parse_flag(text, field);
		break;
	case OPT_TYPE_INTEGER:
		ok = parse_integer(opt, text, field);
		break;
	case OPT_TYPE_DURATION:
		ok = num_parse_duration(text, field);
		break;
	case OPT_TYPE_CHOICE:
		*(const char **)field = find_choice(opt, text);
		break;
	case OPT_TYPE_LIST:
		strvec_add(field, text);
		break;
	case OPT_TYPE_SECRET:
		secret_set(field, text, opt_secret_len(text));
		break;
	default:
		*(const char **)field = arena_strdup(arena, text);
		break;
	}
	if (!ok)
		BUG("value '%s' of '--%s' was not checked", text, opt->name);
}
