/* umbrella-render - render an umbrella chart and vendor its dependencies */

#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/expiry.h"
#include "core/record.h"
#include "flow/renderfacts.h"
#include "flow/rendering.h"
#include "format/value.h"

#define JOBS_MAX 64

static const char *const missing_words[] = {"error", "default", "zero", NULL};

struct args {
	struct envname_args name;
	struct login_args login;
	struct http_args http;
	struct strvec templates, no_templates, exposed;
	const char *output_dir, *file, *context, *repo;
	const char *left_delim, *right_delim, *missing_key;
	const char *cache_dir;
	int64_t expires_in;
	int64_t jobs;
	bool locked, offline, explain;
};

static const struct opt options[] = {
	OPT_STRING(struct args, output_dir, "output-dir", "DIR", "", 0,
		   "where to write; default: rendered/<chart>"),
	OPT_STRING(struct args, file, "file", "FILE", "", 0,
		   "render only this file (-: stdin) to stdout"),
	OPT_STRING(struct args, context, "context", "FILE", "", 0,
		   "merged into the templates' data (YAML or JSON)"),
	OPT_STRING(struct args, repo, "repo", "URL", NULL, 0,
		   "repository of dependencies without one"),
	OPT_LOGIN(struct args, login),
	OPT_DURATION_FROM(struct args, expires_in, "expires-in", NULL, 0,
			  EXPIRY_LEAST_MS,
			  "time to live; default: from the values, else 2h"),
	OPT_ENVIRONMENT(struct args, name),
	OPT_STRING(struct args, left_delim, "left-delim", "TEXT", NULL, 0,
		   "start of an action; default: (("),
	OPT_STRING(struct args, right_delim, "right-delim", "TEXT", NULL, 0,
		   "end of an action; default: ))"),
	OPT_CHOICE(struct args, missing_key, "missing-key", missing_words, NULL,
		   0, "what a key that is not there gives"),
	OPT_LIST(struct args, templates, "template", "GLOB", NULL, 0,
		 "files to render, instead of the usual ones"),
	OPT_LIST(struct args, no_templates, "no-template", "GLOB", NULL, 0,
		 "files not to render"),
	OPT_LIST(struct args, exposed, "expose-env", "NAME", NULL, 0,
		 "variable that is no secret, whatever its name says"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, JOBS_MAX,
		    "downloads at once; default: 8"),
	OPT_FLAG(struct args, locked, "locked", NULL, 0,
		 "exactly the versions of Chart.lock, or fail"),
	OPT_FLAG(struct args, offline, "offline", NULL, 0,
		 "only what files and the cache have"),
	OPT_STRING(struct args, cache_dir, "cache-dir", "DIR", NULL, 0,
		   "cache of indexes and charts"),
	OPT_FLAG(struct args, explain, "explain", "", 0,
		 "say why each version was taken"),
	OPT_HTTP(struct args, http),
	OPT_END,
};

/* What the user says that concerns the data of the templates. */
static struct renderfacts_args facts_args(const struct step_run *run)
{
	const struct args *args = run->args;

	return (struct renderfacts_args){
		.name = &args->name,
		.left_delim = args->left_delim,
		.right_delim = args->right_delim,
		.missing_key = args->missing_key,
		.context = args->context,
		.any_root = args->file != NULL,
		.exposed = &args->exposed,
		.expires_in = args->expires_in,
		.env = run->env,
		.record = run->record->merged,
		.reporter = &run->reporter,
	};
}

/* --- one file ------------------------------------------------------------ */

static bool print(void *arg, const char *bytes, size_t len, struct err *err)
{
	return step_print(arg, bytes, len, err);
}

static bool render_one(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct renderfacts_args known = facts_args(run);
	CLEANUP(renderfacts_release) struct renderfacts facts = {0};
	CLEANUP(spool_release) struct spool out = {.env = run->env};

	if (run->arguments.count)
		return err_set(err, ERR_USAGE,
			       "'--file' renders one file, not the umbrella "
			       "'%s'",
			       run->arguments.items[0]);
	return renderfacts_read(&facts, &known, err) &&
	       renderfacts_file(&facts, args->file, &run->arena, &out, err) &&
	       spool_each(&out, print, run, err);
}

/* --- the umbrella -------------------------------------------------------- */

static bool prepare(struct rendering *rendering, struct step_run *run,
		    struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http = step_http_config(run, &args->http);
	const struct rendering_args rendering_args = {
		.umbrella =
			run->arguments.count ? run->arguments.items[0] : NULL,
		.output_dir = args->output_dir,
		.templates = &args->templates,
		.no_templates = &args->no_templates,
		.facts = facts_args(run),
		.vendor =
			{
				.repository = args->repo,
				.login = &args->login,
				.jobs = (size_t)opt_or(args->jobs,
						       VENDOR_JOBS_DEFAULT),
				.http = &http,
				.env = run->env,
				.record = run->record->merged,
				.cache_dir = args->cache_dir,
				.locked = args->locked,
				.offline = args->offline,
				.explain = args->explain,
			},
	};

	return rendering_prepare(rendering, &rendering_args, &run->arena, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(rendering_release) struct rendering rendering = {0};

	if (args->file)
		return render_one(run, err);
	if (!prepare(&rendering, run, err))
		return false;
	if (step_plan(run, rendering.result, str_text(&rendering.text)))
		return true;
	if (!umbrella_write(&rendering.umbrella, rendering.output_dir, err))
		return false;
	log_info("wrote '%s'", rendering.output_dir);
	record_set(run->record, "umbrella", rendering.chart);
	renderfacts_record(&rendering.facts, &rendering.expiry, run->record);
	return step_result(run, rendering.result, str_text(&rendering.text),
			   err);
}

/* Everything but the writing: repositories are read with the rights at hand. */
static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(rendering_release) struct rendering rendering = {0};

	if (args->file)
		return render_one(run, err);
	return prepare(&rendering, run, err) &&
	       step_result(run, rendering.result, str_text(&rendering.text),
			   err);
}

static const struct opt_rule rules[] = {
	{"output-dir", .without = "file"},  {"template", .without = "file"},
	{"no-template", .without = "file"}, {"locked", .without = "file"},
	{"explain", .without = "file"},	    {0},
};

const struct step step = {
	.name = "umbrella-render",
	.summary = "render an umbrella chart and vendor its dependencies",
	.arguments = "[UMBRELLA_DIR]",
	.max_arguments = 1,
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
