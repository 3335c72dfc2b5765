/* repo-audit - verify a chart repository, and put it right */

#include "api/repoaccess.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "flow/audit.h"
#include "flow/repocheck.h"
#include "format/value.h"

#define JOBS_DEFAULT 8

struct args {
	const char *repo;
	bool repair;
	bool prune;
	int64_t keep;
	const char *keep_used;
	const char *copy_to;
	struct repoaccess_args access;
	bool full;
	int64_t jobs;
	const char *lock;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, repo, "repo", "URL", NULL, OPT_REQUIRED,
		   "s3://bucket/path or file:///dir"),
	OPT_FLAG(struct args, repair, "repair", "", 0,
		 "put right what can be put right"),
	OPT_FLAG(struct args, prune, "prune", "", 0,
		 "delete old versions, all but the newest of each chart"),
	OPT_INTEGER(struct args, keep, "keep", "", 0, 1, 1000000,
		    "with --prune: so many of each chart stay"),
	OPT_STRING(struct args, keep_used, "keep-used", "FILE", "", 0,
		   "and these: name-version or digest, one a line"),
	OPT_STRING(
		struct args, copy_to, "copy-to", "URL", "", 0,
		"copy what is named to this repository, and do nothing else"),
	OPT_FLAG(struct args, full, "full", "", 0,
		 "read what an earlier run has verified, too"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, 64,
		    "archives read at once; default: 8"),
	OPT_LOCK(struct args, lock),
	OPT_REPOSITORY(struct args, access),
	OPT_HTTP(struct args, http),
	OPT_END,
};

/* What --prune needs, so that nothing is deleted by half an option. */
static bool read_rules(const struct args *args, struct map *used,
		       struct err *err)
{
	if (args->prune && args->keep == OPT_UNSET)
		return err_set(err, ERR_USAGE, "'--prune' needs '--keep'");
	if (!args->prune && (args->keep != OPT_UNSET || args->keep_used))
		return err_set(err, ERR_USAGE,
			       "'--keep' and '--keep-used' need '--prune'");
	return !args->keep_used || audit_load_used(used, args->keep_used, err);
}

static size_t jobs(const struct args *args)
{
	return args->jobs == OPT_UNSET ? JOBS_DEFAULT : (size_t)args->jobs;
}

static bool tell(struct step_run *run, const struct audit_report *report,
		 struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	const struct value *told = audit_tell(report, &run->arena, &text);

	return step_plan(run, told, str_text(&text)) ||
	       step_result(run, told, str_text(&text), err);
}

/* The login is for where the charts go; of the source, Helm may know one. */
static bool copy(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);
	CLEANUP(http_release) struct http from_http = {0};
	CLEANUP(http_release) struct http to_http = {0};
	CLEANUP(chartrepo_release) struct chartrepo from = {0};
	CLEANUP(chartrepo_release) struct chartrepo to = {0};
	CLEANUP(audit_report_release) struct audit_report report = {0};
	const struct audit_copy copy = {
		.from = &from,
		.to = &to,
		.http = &from_http,
		.names = &run->arguments,
		.jobs = jobs(args),
		.dry_run = run->dry_run,
		.lock = publish_lock_of(args->lock),
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};

	if (args->repair || args->prune || args->full)
		return err_set(err, ERR_USAGE, "'--copy-to' does nothing else");
	if (!run->arguments.count)
		return err_set(err, ERR_USAGE,
			       "'--copy-to' needs the names of charts");
	return repoaccess_open(&from, &from_http, args->repo, NULL, &config,
			       err) &&
	       repoaccess_open(&to, &to_http, args->copy_to, &args->access,
			       &config, err) &&
	       audit_copy(&copy, &report, err) && tell(run, &report, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
	CLEANUP(audit_report_release) struct audit_report report = {0};
	CLEANUP(map_release) struct map used = {0};
	const struct audit audit = {
		.repo = &repo,
		.http = &http,
		.jobs = jobs(args),
		.full = args->full,
		.repair = args->repair,
		.keep = args->prune ? args->keep : 0,
		.used = &used,
		.dry_run = run->dry_run,
		.lock = publish_lock_of(args->lock),
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};

	if (args->copy_to)
		return copy(run, err);
	if (run->arguments.count)
		return err_set(err, ERR_USAGE, "'%s' is only for '--copy-to'",
			       run->arguments.items[0]);
	return read_rules(args, &used, err) &&
	       repoaccess_open(&repo, &http, args->repo, &args->access, &config,
			       err) &&
	       audit_run(&audit, &report, err) && tell(run, &report, err) &&
	       audit_outcome(&report, err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct repocheck check = {
		.repo = &repo,
		.use = args->prune    ? REPOCHECK_PRUNE
		       : args->repair ? REPOCHECK_REPAIR
				      : REPOCHECK_READ,
		.lock = publish_lock_of(args->lock),
		.reporter = &run->reporter,
	};
	struct value *found;

	return repoaccess_open(&repo, &http, args->repo, &args->access, &config,
			       err) &&
	       repocheck_run(&check, &run->arena, &found, &text, err) &&
	       step_result(run, found, str_text(&text), err);
}

const struct step step = {
	.name = "repo-audit",
	.summary = "verify a chart repository, and put it right",
	.arguments = "[NAME[@VERSION]]...",
	.max_arguments = 1000,
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
