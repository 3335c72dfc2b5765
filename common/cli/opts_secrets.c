#include "cli/opts.h"

#include "sys/env.h"

/* Of all steps: a job's environment often holds those of each. */
static const char *const secret_variables[] = {
	"GRAFANA_TOKEN",       "HELM_REPO_ACCESS_TOKEN",
	"HELM_REPO_PASSWORD",  "JIRA_TOKEN",
	"SLIPWAY_FORGE_TOKEN", "SLIPWAY_GIT_CREDENTIALS",
	"SLIPWAY_PASSPHRASE",
};

void opts_hide_secrets(const struct opt_set *set, struct env *env)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret_variables); i++)
		env_unset(env, secret_variables[i]);
	for (const struct opt *opt = set->own; opt->type != OPT_TYPE_END;
	     opt++) {
		CLEANUP(strvec_release) struct strvec variables = {0};

		if (opt->type != OPT_TYPE_SECRET)
			continue;
		opt_variables(opt, &variables);
		for (size_t i = 0; i < variables.count; i++)
			env_unset(env, variables.items[i]);
	}
}
