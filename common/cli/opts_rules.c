#include "cli/opts.h"

#include <string.h>

#include "base/err.h"

static const struct opt *find(const struct opt *options, const char *name)
{
	for (; options->type != OPT_TYPE_END; options++) {
		if (strcmp(options->name, name) == 0)
			return options;
	}
	return NULL;
}

/* Is a flag off, however that was said? */
static bool is_off(const struct opt_set *set, const char *name)
{
	const struct opt *opt = find(set->own, name);

	return opt && opt->type == OPT_TYPE_FLAG &&
	       !*(const bool *)((const char *)set->own_args + opt->offset);
}

static bool is_given(const struct opt_set *set, const char *name)
{
	return strvec_has(&set->given, name) && !is_off(set, name);
}

static bool is_known(const struct opt_set *set, const char *name)
{
	return strvec_has(&set->known, name) && !is_off(set, name);
}

/* As people write it: a secret has no plain form. */
static const char *suffix(const struct opt_set *set, const char *name)
{
	const struct opt *opt = find(set->own, name);

	return opt && opt->type == OPT_TYPE_SECRET ? "-file" : "";
}

bool opts_obey(const struct opt_set *set, const struct opt_rule *rules,
	       struct err *err)
{
	for (; rules && rules->option; rules++) {
		const char *option = rules->option;

		if (!is_given(set, option))
			continue;
		if (rules->with && !is_known(set, rules->with))
			return err_set(err, ERR_USAGE, "'--%s%s' needs '--%s'",
				       option, suffix(set, option),
				       rules->with);
		if (rules->without && is_given(set, rules->without))
			return err_set(err, ERR_USAGE,
				       "'--%s' and '--%s' exclude each other",
				       option, rules->without);
	}
	return true;
}
