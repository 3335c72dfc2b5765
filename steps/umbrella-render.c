/* umbrella-render - render an umbrella chart and vendor its dependencies */

#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/envname.h"
#include "core/expiry.h"
#include "core/record.h"
#include "flow/origin.h"
#include "flow/renderfacts.h"
#include "flow/umbrella.h"
#include "flow/vendor.h"
#include "format/value.h"

#define JOBS_MAX 64

static const char *const missing_words[] = {"error", "default", "zero", NULL};

struct args {
	struct envname_args name;
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
	OPT_DURATION(struct args, expires_in, "expires-in", NULL, 0,
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

/* --- the result ---------------------------------------------------------- */

static void add_text(struct str *text, const struct vendored *vendored,
		     const char *output_dir, const struct expiry *expiry)
{
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	str_addf(text, "%s: %s %s, ", output_dir, vendored->name,
		 vendored->version);
	if (expiry->expires)
		str_addf(text, "expires %s UTC\n", date);
	else
		str_add(text, "never expires\n");
	vendor_add_text(text, vendored);
}

/* --- the umbrella -------------------------------------------------------- */

/* All that is made before anything is written. */
struct rendering {
	struct renderfacts_args known;
	struct renderfacts facts;
	struct umbrella umbrella;
	struct vendored vendored;
	struct expiry expiry;
	const char *output_dir;
	struct value *chart;  /* for the record */
	struct value *result; /* the same with the expiry */
	struct str text;
};

static void rendering_release(struct rendering *rendering)
{
	renderfacts_release(&rendering->facts);
	umbrella_release(&rendering->umbrella);
	vendored_release(&rendering->vendored);
	str_release(&rendering->text);
}

static bool render(struct rendering *rendering, struct step_run *run,
		   struct err *err)
{
	const struct args *args = run->args;
	struct renderfacts *facts = &rendering->facts;
	CLEANUP(free_ptr) char *dir = NULL;
	const struct value *data;
	struct umbrella_rules rules;

	rendering->known = facts_args(run);
	if (!umbrella_find_dir(run->arguments.count ? run->arguments.items[0]
						    : NULL,
			       &dir, err) ||
	    !renderfacts_read(facts, &rendering->known, err) ||
	    !renderfacts_name(facts, err) ||
	    !renderfacts_data(facts, &run->arena, &data, err) ||
	    !umbrella_read(
		    &rendering->umbrella, dir,
		    args->output_dir ? args->output_dir : UMBRELLA_OUTPUT, err))
		return false;
	rules = (struct umbrella_rules){
		.templates = &args->templates,
		.no_templates = &args->no_templates,
		.options = facts->options,
	};
	return umbrella_render(&rendering->umbrella, &rules, data, err) ||
	       renderfacts_explain(facts, &run->arena, err);
}

static bool stamp(struct rendering *rendering, struct err *err)
{
	const char *warning = NULL;

	if (!umbrella_stamp(&rendering->umbrella, &rendering->facts.input,
			    &rendering->expiry, &warning, err))
		return false;
	if (warning)
		log_warning("%s", warning);
	return true;
}

static bool vendor(struct rendering *rendering, struct step_run *run,
		   struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http = step_http_config(run, &args->http);
	const struct vendor_args vendor_args = {
		.repository = args->repo,
		.jobs = args->jobs == OPT_UNSET ? VENDOR_JOBS_DEFAULT
						: (size_t)args->jobs,
		.http = &http,
		.env = run->env,
		.now_ms = rendering->facts.options.now_ms,
		.previous = rendering->output_dir,
		.record = run->record->merged,
		.cache_dir = args->cache_dir,
		.locked = args->locked,
		.offline = args->offline,
		.explain = args->explain,
	};

	return vendor_dependencies(&rendering->vendored, &rendering->umbrella,
				   &vendor_args, err);
}

static bool prepare(struct rendering *rendering, struct step_run *run,
		    struct err *err)
{
	const struct args *args = run->args;
	struct vendored *vendored = &rendering->vendored;

	if (!render(rendering, run, err) ||
	    !vendor_read_chart(vendored, &rendering->umbrella, err) ||
	    !stamp(rendering, err))
		return false;
	rendering->output_dir = args->output_dir;
	if (!rendering->output_dir)
		rendering->output_dir = arena_printf(
			&run->arena, UMBRELLA_OUTPUT "/%s", vendored->name);
	if (!vendor(rendering, run, err))
		return false;
	rendering->chart =
		vendor_tell(vendored, rendering->output_dir, &run->arena);
	rendering->result = value_copy(rendering->chart, &run->arena);
	if (args->explain)
		vendor_tell_why(vendored, rendering->result, &run->arena);
	expiry_tell(&rendering->expiry, rendering->result, &run->arena);
	add_text(&rendering->text, vendored, rendering->output_dir,
		 &rendering->expiry);
	return true;
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

const struct step step = {
	.name = "umbrella-render",
	.summary = "render an umbrella chart and vendor its dependencies",
	.arguments = "[UMBRELLA_DIR]",
	.max_arguments = 1,
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
