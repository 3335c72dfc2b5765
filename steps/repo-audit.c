/* repo-audit - verify a chart repository, and put it right */

#include "api/repoaccess.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "flow/audit.h"
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

/* What has nothing to do with a repository is wrong before one is asked. */
static bool check_options(const struct step_run *run, struct map *used,
			  struct err *err)
{
	const struct args *args = run->args;

	if (args->copy_to && !run->arguments.count)
		return err_set(err, ERR_USAGE,
			       "'--copy-to' needs the names of charts");
	if (!args->copy_to && run->arguments.count)
		return err_set(err, ERR_USAGE, "'%s' is only for '--copy-to'",
			       run->arguments.items[0]);
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

/* --- a copy ----------------------------------------------------------------- */

struct copying {
	struct http from_http;
	struct http to_http;
	struct chartrepo from;
	struct chartrepo to;
	struct audit_copy copy;
};

static void copying_release(struct copying *copying)
{
	chartrepo_release(&copying->to);
	chartrepo_release(&copying->from);
	http_release(&copying->to_http);
	http_release(&copying->from_http);
}

/* The login is for where the charts go; of the source, Helm may know one. */
static bool open_copy(struct copying *copying, struct step_run *run,
		      struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);

	copying->copy = (struct audit_copy){
		.from = &copying->from,
		.to = &copying->to,
		.http = &copying->from_http,
		.names = &run->arguments,
		.jobs = jobs(args),
		.dry_run = run->dry_run,
		.lock = publish_lock_of(args->lock),
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};
	return repoaccess_open(&copying->from, &copying->from_http, args->repo,
			       NULL, &config, err) &&
	       repoaccess_open(&copying->to, &copying->to_http, args->copy_to,
			       &args->access, &config, err);
}

static bool copy(struct step_run *run, struct err *err)
{
	CLEANUP(copying_release) struct copying copying = {0};
	CLEANUP(audit_report_release) struct audit_report report = {0};

	return open_copy(&copying, run, err) &&
	       audit_copy(&copying.copy, &report, err) &&
	       tell(run, &report, err);
}

static bool check_copy(struct step_run *run, struct err *err)
{
	CLEANUP(copying_release) struct copying copying = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *found;

	return open_copy(&copying, run, err) &&
	       audit_check_copy(&copying.copy, &run->arena, &found, &text,
				err) &&
	       step_result(run, found, str_text(&text), err);
}

/* --- an audit --------------------------------------------------------------- */

struct auditing {
	struct http http;
	struct chartrepo repo;
	struct map used;
	struct audit audit;
};

static void auditing_release(struct auditing *auditing)
{
	map_release(&auditing->used);
	chartrepo_release(&auditing->repo);
	http_release(&auditing->http);
}

static bool open_audit(struct auditing *auditing, struct step_run *run,
		       struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);

	auditing->audit = (struct audit){
		.repo = &auditing->repo,
		.http = &auditing->http,
		.jobs = jobs(args),
		.full = args->full,
		.repair = args->repair,
		.keep = args->prune ? args->keep : 0,
		.used = &auditing->used,
		.dry_run = run->dry_run,
		.lock = publish_lock_of(args->lock),
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};
	return repoaccess_open(&auditing->repo, &auditing->http, args->repo,
			       &args->access, &config, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(auditing_release) struct auditing auditing = {0};
	CLEANUP(audit_report_release) struct audit_report report = {0};

	if (!check_options(run, &auditing.used, err))
		return false;
	if (args->copy_to)
		return copy(run, err);
	return open_audit(&auditing, run, err) &&
	       audit_run(&auditing.audit, &report, err) &&
	       tell(run, &report, err) && audit_outcome(&report, err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(auditing_release) struct auditing auditing = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *found;

	if (!check_options(run, &auditing.used, err))
		return false;
	if (args->copy_to)
		return check_copy(run, err);
	return open_audit(&auditing, run, err) &&
	       audit_check(&auditing.audit, &run->arena, &found, &text, err) &&
	       step_result(run, found, str_text(&text), err);
}

/* Nothing is deleted by half an option. */
static const struct opt_rule rules[] = {
	{"prune", .with = "keep"},
	{"keep", .with = "prune"},
	{"keep-used", .with = "prune"},
	{"repair", .without = "copy-to"},
	{"prune", .without = "copy-to"},
	{"full", .without = "copy-to"},
	{0},
};

const struct step step = {
	.name = "repo-audit",
	.summary = "verify a chart repository, and put it right",
	.arguments = "[NAME[@VERSION]]...",
	.max_arguments = 1000,
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
