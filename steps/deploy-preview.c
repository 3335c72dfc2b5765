/* deploy-preview - install or upgrade an environment and wait for it */

#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/envname.h"
#include "core/record.h"
#include "flow/deploy.h"
#include "flow/origin.h"
#include "flow/readiness.h"
#include "format/value.h"

struct args {
	struct envname_args name;
	struct kube_args kube;
	struct http_args http;
	struct secret git_credentials;
	struct deploy_args deploy;
	const char *markdown;
	bool print_names;
};

static const struct opt options[] = {
	OPT_ENVIRONMENT(struct args, name),
	OPT_FLAG(struct args, print_names, "print-names", "", 0,
		 "print what the environment is called, and end"),
	OPT_LIST(struct args, deploy.values, "values", "FILE", NULL, 0,
		 "values for Helm (may be repeated)"),
	OPT_LIST(struct args, deploy.set, "set", "KEY=VALUE", "", 0,
		 "a value for Helm (may be repeated)"),
	OPT_PREPARATION(struct args, deploy.preparation),
	OPT_DURATION_FROM(struct args, deploy.expires_in, "expires-in", NULL, 0,
			  EXPIRY_LEAST_MS,
			  "time to live; default: from the values, else 2h"),
	OPT_DURATION_FROM(
		struct args, deploy.renew, "renew", "", OPT_VALUE_OPTIONAL,
		EXPIRY_LEAST_MS,
		"only move the expiry; alone: put it off to 2h from now"),
	OPT_DURATION_FROM(struct args, deploy.wait_timeout, "wait-timeout",
			  NULL, 0, DEPLOY_WAIT_LEAST_MS,
			  "time for all to become ready; default: 10m"),
	OPT_FLAG(struct args, deploy.wait_for_jobs, "wait-for-jobs", NULL, 0,
		 "wait until Jobs have completed too"),
	OPT_DURATION(struct args, deploy.patience, "patience", NULL, 0,
		     "with what waiting does not cure; default: 1m"),
	OPT_DURATION(struct args, deploy.lock_timeout, "lock-timeout", NULL, 0,
		     "time to wait for another run; default: 15m"),
	OPT_INTEGER(struct args, deploy.history_max, "history-max", NULL, 0, 1,
		    1000, "revisions that Helm keeps; default: 10"),
	OPT_INTEGER(struct args, deploy.max_environments, "max-environments",
		    NULL, 0, 1, 10000,
		    "that the repository may have beside main's"),
	OPT_FLAG(struct args, deploy.evict_oldest, "evict-oldest", NULL, 0,
		 "make room by deleting the oldest of them"),
	OPT_STRING(struct args, deploy.diagnosis, "diagnosis", "FILE", NULL, 0,
		   "write why it failed as JSON there"),
	OPT_STRING(struct args, markdown, "markdown", "FILE", NULL, 0,
		   "write the result as a comment for a pull request there"),
	OPT_GIT_CREDENTIALS(struct args, git_credentials),
	OPT_STRING(struct args, deploy.url_template, "url-template", "URL",
		   NULL, 0, "address, such as https://{namespace}.example.com"),
	OPT_KUBE(struct args, kube),
	OPT_HTTP(struct args, http),
	OPT_END};

/* Print and record the result of a run that changed the world. */
static bool report(struct step_run *run, const struct kube *kube,
		   const struct deploy *deploy,
		   const struct deploy_result *result, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(str_release) struct str text = {0};
	struct value *told = deploy_tell(deploy, result, &run->arena, &text);

	deploy_record(result, told, kube_cluster(kube), run->record);
	return step_result(run, told, str_text(&text), err) &&
	       (!args->markdown ||
		deploy_write_markdown(deploy, result, args->markdown, err));
}

static bool plan(struct step_run *run, const struct deploy *deploy)
{
	CLEANUP(str_release) struct str text = {0};
	struct value *told = deploy_tell(deploy, NULL, &run->arena, &text);

	return step_plan(run, told, str_text(&text));
}

static bool print_names(struct step_run *run, const struct envname *name,
			struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	struct value *told = deploy_tell_names(name, &run->arena, &text);

	return step_result(run, told, str_text(&text), err);
}

/* Everything is decided: change the world. */
static bool act(struct step_run *run, struct kube *kube, struct helm *helm,
		const struct deploy *deploy, struct err *err)
{
	CLEANUP(deploy_result_release) struct deploy_result result = {0};
	CLEANUP(err_release) struct err unsaid = {0};
	bool done = deploy->chart ? deploy_run(kube, helm, deploy, &result, err)
				  : deploy_renew(kube, deploy, &result, err);

	if (!done && !result.applications)
		return false;
	if (result.revision)
		log_info("environment '%s' is at revision %lld",
			 deploy->name->namespace, (long long)result.revision);
	return report(run, kube, deploy, &result, done ? err : &unsaid) && done;
}

/* What the user and the workspace say; all that needs no cluster. */
static bool prepare(struct step_run *run, const struct http_config *http,
		    struct deploy *deploy, struct err *err)
{
	const struct args *args = run->args;
	const struct deploy_sources sources = {
		.args = &args->deploy,
		.chart = run->arguments.count ? run->arguments.items[0] : NULL,
		.recorded = record_text(run->record, "umbrella.outputDir"),
		.main_branch = args->name.main_branch,
		.http = http,
		.git_credentials = &args->git_credentials,
	};

	return deploy_read(deploy, &sources, err);
}

static bool deploy_to(struct step_run *run, struct kube *kube,
		      struct helm *helm, struct deploy *deploy, struct err *err)
{
	helm_use_login(helm, kube, deploy->wait_ms);
	if (!deploy_check_claim(kube, deploy, &run->arena, &deploy->seen, err))
		return false;
	if (deploy->seen)
		envname_keep_release(deploy->name, deploy->seen->release);
	if (!kube_read_time(kube, &deploy->now, err) ||
	    !deploy_decide_expiry(deploy, err) ||
	    (!deploy->chart && !deploy_plan_renewal(kube, deploy, err)) ||
	    (run->dry_run && deploy->chart &&
	     !deploy_rehearse(kube, helm, deploy, err)))
		return false;
	if (plan(run, deploy))
		return true;
	return act(run, kube, helm, deploy, err);
}

static struct kube_options cluster_of(struct step_run *run)
{
	const struct args *args = run->args;

	return (struct kube_options){
		.args = args->kube,
		.env = run->env,
		.http = step_http_config(run, &args->http),
	};
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(origin_release) struct origin origin = {0};
	CLEANUP(envname_release) struct envname name = {0};
	CLEANUP(kube_release) struct kube kube = {0};
	CLEANUP(helm_release) struct helm helm = {0};
	const struct kube_options cluster = cluster_of(run);
	CLEANUP(deploy_release) struct deploy deploy = {0};
	struct envname_facts facts;

	if (!origin_find_names(&origin, run->env, &args->name, err))
		return false;
	origin_tell_untrusted(&origin, &args->name, NULL, &run->reporter);
	facts = origin_facts(&origin);
	if (!envname_decide(&name, &args->name, &facts, err))
		return false;
	if (args->print_names)
		return print_names(run, &name, err);
	deploy.name = &name;
	deploy.origin = &origin;
	deploy.reporter = &run->reporter;
	return prepare(run, &cluster.http, &deploy, err) &&
	       (!deploy.chart ||
		helm_open(&helm, &args->kube, run->env, run->deadline, err)) &&
	       kube_open(&kube, &cluster, err) &&
	       deploy_to(run, &kube, &helm, &deploy, err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct kube_options cluster = cluster_of(run);
	CLEANUP(preparation_release) struct preparation preparation = {0};
	const struct readiness readiness = {
		.cluster = &cluster,
		.namespace = args->name.namespace,
		.rights = READINESS_DEPLOY,
		.preparation = &preparation,
		.limited = args->deploy.max_environments != OPT_UNSET,
		.deadline = run->deadline,
	};
	struct value *found;

	return preparation_read(&preparation, &args->deploy.preparation,
				args->name.namespace, err) &&
	       readiness_check(&readiness, &run->arena, &found, err) &&
	       step_result(run, found,
			   "the cluster, Helm and the rights are there\n", err);
}

static const struct opt_rule rules[] = {
	{"evict-oldest", .with = "max-environments"},
	{"renew", .without = "expires-in"},
	{"renew", .without = "values"},
	{"renew", .without = "set"},
	{0},
};

const struct step step = {
	.name = "deploy-preview",
	.summary = "install or upgrade an environment and wait for it",
	.arguments = "[CHART_DIR]",
	.max_arguments = 1,
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
