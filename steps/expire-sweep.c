/* expire-sweep - delete the environments whose time has come */

#include "api/helm.h"
#include "api/kube.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "flow/readiness.h"
#include "flow/survey.h"
#include "format/value.h"

#define WAIT_DEFAULT_MS	    ((int64_t)5 * 60 * 1000)
#define WAIT_LEAST_MS	    ((int64_t)1000) /* Helm takes 0 for its own */
#define MAX_DELETES_DEFAULT 50
#define MAX_PERCENT_DEFAULT 100
#define JOBS_DEFAULT	    4

struct args {
	struct kube_args kube;
	struct http_args http;
	struct strvec namespaces;
	struct strvec protect;
	const char *environment;
	bool now;
	bool gone_branches;
	struct secret git_credentials;
	int64_t grace;
	int64_t warn_before;
	int64_t wait_timeout;
	int64_t max_deletes;
	int64_t max_percent;
	int64_t jobs;
	const char *metrics;
};

static const struct opt options[] = {
	OPT_STRING(struct args, environment, "environment", "NAMESPACE", "", 0,
		   "judge this environment only"),
	OPT_FLAG(struct args, now, "now", "", 0,
		 "with --environment: whatever its expiry says"),
	OPT_DURATION(struct args, grace, "grace", NULL, 0,
		     "delete so long after the expiry; default: 0"),
	OPT_LIST(struct args, namespaces, "namespace", "GLOB", "", 0,
		 "judge these only (may be repeated)"),
	OPT_LIST(struct args, protect, "protect", "GLOB", NULL, 0,
		 "never delete these (may be repeated)"),
	OPT_FLAG(struct args, gone_branches, "gone-branches", NULL, 0,
		 "delete also those whose branch is deleted or merged"),
	OPT_GIT_CREDENTIALS(struct args, git_credentials),
	OPT_INTEGER(struct args, max_deletes, "max-deletes", NULL, 0, 0,
		    1000000,
		    "fuse: if more would go, delete nothing; "
		    "default: 50"),
	OPT_INTEGER(struct args, max_percent, "max-percent", NULL, 0, 0, 100,
		    "fuse: if a larger part would go; default: 100"),
	OPT_DURATION(struct args, warn_before, "warn-before", NULL, 0,
		     "report what expires within this time"),
	OPT_DURATION_FROM(struct args, wait_timeout, "wait-timeout", NULL, 0,
			  WAIT_LEAST_MS,
			  "time for one environment to be gone; default: 5m"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, 64,
		    "environments deleted at once; default: 4"),
	OPT_STRING(struct args, metrics, "metrics", "FILE", NULL, 0,
		   "write numbers of the run there, for Prometheus"),
	OPT_KUBE(struct args, kube),
	OPT_HTTP(struct args, http),
	OPT_END};

static struct sweep_rules rules_of(const struct args *args)
{
	return (struct sweep_rules){
		.environment = args->environment,
		.immediately = args->now,
		.gone_branches = args->gone_branches,
		.grace_s = opt_or(args->grace, 0) / 1000,
		.warn_before_s = opt_or(args->warn_before, -1000) / 1000,
		.namespaces = &args->namespaces,
		.protect = &args->protect,
		.max_deletes = opt_or(args->max_deletes, MAX_DELETES_DEFAULT),
		.max_percent = opt_or(args->max_percent, MAX_PERCENT_DEFAULT),
	};
}

/* What is kept though it may have ended, somebody should hear of. */
static void tell_doubts(const struct sweep_plan *plan, const char *asked_for)
{
	if (asked_for && !plan->count)
		log_info("there is no environment '%s'", asked_for);
	for (size_t i = 0; i < plan->count; i++) {
		const struct sweep_item *item = &plan->items[i];

		if (item->doubtful || item->busy)
			log_warning("'%s' is kept: %s", item->namespace,
				    item->reason);
	}
}

static bool act(struct step_run *run, struct kube *kube,
		const struct sweep_plan *plan, struct cleanup_metrics *metrics,
		struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(helm_release) struct helm helm = {0};
	CLEANUP(cleanup_result_release) struct cleanup_result result = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct cleanup cleanup = {
		.kube = kube,
		.helm = &helm,
		.jobs = (size_t)opt_or(args->jobs, JOBS_DEFAULT),
		.wait_ms = opt_or(args->wait_timeout, WAIT_DEFAULT_MS),
		.reporter = &run->reporter,
	};
	struct value *report;

	if (plan->removals &&
	    !helm_open(&helm, &args->kube, run->env, run->deadline, err))
		return false;
	helm_use_login(&helm, kube, cleanup.wait_ms);
	if (!cleanup_run(&cleanup, plan, &result, err))
		return false;
	*metrics = cleanup_measure(plan, &result);
	cleanup_log(&result);
	report = cleanup_tell(plan, &result, &run->arena, &text);
	return step_result(run, report, str_text(&text), err) &&
	       cleanup_check(&result, err) &&
	       (!args->now || cleanup_check_named(&result, err));
}

static bool sweep(struct step_run *run, struct cleanup_metrics *metrics,
		  struct err *err)
{
	const struct args *args = run->args;
	const struct sweep_rules rules = rules_of(args);
	const struct kube_options cluster = {
		.args = args->kube,
		.env = run->env,
		.http = step_http_config(run, &args->http),
	};
	CLEANUP(kube_release) struct kube kube = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
	CLEANUP(sweep_world_release) struct sweep_world world = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct survey survey = {
		.kube = &kube,
		.rules = &rules,
		.http = &cluster.http,
		.git_credentials = &args->git_credentials,
		.reporter = &run->reporter,
	};
	const struct value *planned;
	bool dry_run;

	if (!kube_open(&kube, &cluster, err) ||
	    !survey_run(&survey, &run->arena, &world, &plan, err))
		return false;
	*metrics = cleanup_measure(&plan, NULL);
	tell_doubts(&plan, args->environment);
	/* Of a plan that is refused too, a dry run shows what is in it. */
	planned = cleanup_tell(&plan, NULL, &run->arena, &text);
	dry_run = step_plan(run, planned, str_text(&text));
	if (!sweep_check(&plan, &rules, err))
		return false;
	return dry_run ? cleanup_check_plan(&plan, err)
		       : act(run, &kube, &plan, metrics, err);
}

/* Also of a run that failed: that is what somebody should hear of. */
static bool write_metrics(struct step_run *run, struct cleanup_metrics *metrics,
			  int64_t started, bool done, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(err_release) struct err failure = {0};

	metrics->success = done;
	metrics->milliseconds = clock_monotonic_ms() - started;
	if (!args->metrics || run->dry_run ||
	    cleanup_write_metrics(args->metrics, metrics, clock_now_ms() / 1000,
				  &failure))
		return done;
	if (done)
		err_move(err, &failure);
	else
		log_warning("%s", failure.text);
	return false;
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct sweep_rules rules = rules_of(args);
	struct cleanup_metrics metrics = {0};
	int64_t started = clock_monotonic_ms();

	if (!sweep_check_rules(&rules, err) ||
	    (args->metrics && !cleanup_check_metrics(args->metrics, err)))
		return false;
	return write_metrics(run, &metrics, started, sweep(run, &metrics, err),
			     err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct kube_options cluster = {
		.args = args->kube,
		.env = run->env,
		.http = step_http_config(run, &args->http),
	};
	const struct readiness readiness = {
		.cluster = &cluster,
		.namespace = args->environment,
		.rights = READINESS_SWEEP,
		.deadline = run->deadline,
	};
	struct value *found;

	return readiness_check(&readiness, &run->arena, &found, err) &&
	       step_result(run, found,
			   "the cluster, Helm and the rights are there\n", err);
}

static const struct opt_rule rules[] = {
	{"environment", .without = "namespace"},
	{"now", .without = "grace"},
	{0},
};

const struct step step = {
	.name = "expire-sweep",
	.summary = "delete the environments whose time has come",
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
