/* umbrella-render - render an umbrella chart and vendor its dependencies */

#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/envname.h"
#include "core/expiry.h"
#include "core/record.h"
#include "core/renderdata.h"
#include "flow/origin.h"
#include "flow/umbrella.h"
#include "flow/vendor.h"
#include "format/value.h"
#include "format/ydoc.h"

#define JOBS_MAX 64

static const char *const missing_words[] = {"error", "default", "zero", NULL};

struct args {
	struct envname_args name;
	struct http_args http;
	struct strvec templates, no_templates, exposed;
	const char *output_dir, *file, *context, *repo;
	const char *left_delim, *right_delim, *missing_key;
	int64_t expires_in;
	int64_t jobs;
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
	OPT_HTTP(struct args, http),
	OPT_END};

/* Everything that is known before anything is rendered. */
struct facts {
	struct origin origin;
	struct envname name;
	bool named; /* @name is known */
	struct expiry_input input;
	struct expiry expiry; /* before the values are known */
	struct ydoc context;
	struct renderdata data;
	struct tmpl_options options;
};

static void facts_release(struct facts *facts)
{
	origin_release(&facts->origin);
	envname_release(&facts->name);
	ydoc_release(&facts->context);
}

/* --- gathering ----------------------------------------------------------- */

static enum tmpl_missing missing_mode(const char *word)
{
	if (same_text(word, "default"))
		return TMPL_MISSING_DEFAULT;
	return same_text(word, "zero") ? TMPL_MISSING_ZERO : TMPL_MISSING_ERROR;
}

static bool gather_common(struct facts *facts, const struct step_run *run,
			  struct err *err)
{
	const struct args *args = run->args;

	facts->options = (struct tmpl_options){
		.left = args->left_delim,
		.right = args->right_delim,
		.missing = missing_mode(args->missing_key),
	};
	facts->input = (struct expiry_input){
		.explicit_ms = args->expires_in,
		.now = clock_now_ms() / 1000,
	};
	facts->data = (struct renderdata){
		.env = run->env,
		.exposed = &args->exposed,
		.record = run->record->merged,
	};
	return umbrella_clock(run->env, &facts->options.now_ms, err) &&
	       (!args->context ||
		ydoc_read(&facts->context, args->context, 0, err));
}

/* Repository, branch, and the names that follow from them. */
static bool gather_names(struct facts *facts, const struct step_run *run,
			 struct err *err)
{
	const struct args *args = run->args;
	const char *unused;
	struct envname_facts known;

	if (!origin_find(&facts->origin, run->env, ".", err))
		return false;
	known = origin_facts(&facts->origin);
	facts->data.repository = args->name.repository_name
					 ? args->name.repository_name
					 : facts->origin.repository_name;
	facts->data.branch =
		args->name.branch ? args->name.branch : facts->origin.branch;
	facts->data.commit = facts->origin.commit;
	if (!envname_decide(&facts->name, &args->name, &known, err))
		return false;
	facts->named = true;
	facts->input.main = facts->name.main;
	facts->data.name = &facts->name;
	facts->data.expiry = &facts->expiry;
	return expiry_decide(&facts->expiry, &facts->input, &unused, err);
}

/* The root of the templates' data, context merged in. */
static bool make_data(struct step_run *run, const struct facts *facts,
		      const struct value **data, struct err *err)
{
	const struct args *args = run->args;
	const struct value *context = facts->context.root;

	*data = renderdata_make(&facts->data, &run->arena);
	if (!context || context->kind == VALUE_NIL)
		return true;
	if (value_is_map(context))
		*data = value_merge(*data, context, &run->arena);
	else if (args->file)
		*data = context;
	else
		return err_set(err, ERR_INPUT, "'%s' is no mapping",
			       args->context);
	return true;
}

/* A key that is missing because it was withheld is explained. */
static bool explain(struct step_run *run, const struct facts *facts,
		    struct err *err)
{
	const char *name = NULL;

	if (err->source)
		name = renderdata_withheld(&facts->data, err->source,
					   &run->arena);
	if (!name)
		return false;
	/* Better than what the template engine can say. */
	free(err->hint);
	err->hint = NULL;
	return err_hint(err,
			"'%s' looks like a secret and is withheld; if it is "
			"none: --expose-env %s",
			name, name);
}

/* --- one file ------------------------------------------------------------ */

static bool render_one(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(facts_release) struct facts facts = {0};
	CLEANUP(err_release) struct err unknown = {0};
	CLEANUP(str_release) struct str text = {0}, out = {0};
	const struct value *data;

	if (run->arguments.count)
		return err_set(err, ERR_USAGE,
			       "'--file' renders one file, not the umbrella "
			       "'%s'",
			       run->arguments.items[0]);
	if (!gather_common(&facts, run, err) ||
	    !umbrella_read_file(args->file, &text, err))
		return false;
	/* What cannot be told is missing, and only fails who asks for it. */
	if (renderdata_needs_origin(str_text(&text), text.len) &&
	    !gather_names(&facts, run, &unknown))
		log_debug("%s", unknown.text);
	if (!make_data(run, &facts, &data, err))
		return false;
	if (!umbrella_render_text(args->file, &text, &facts.options, data, &out,
				  err))
		return explain(run, &facts, err);
	return step_print(run, str_text(&out), out.len, err);
}

/* --- the result ---------------------------------------------------------- */

static void set_or_null(struct value *map, struct arena *arena, const char *key,
			const char *text)
{
	value_map_set(map, arena, key,
		      text ? value_new_text(arena, text) : &value_nil);
}

static struct value *describe_dependencies(const struct vendored *vendored,
					   struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < vendored->count; i++) {
		const struct vendored_dependency *item = &vendored->items[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "name", item->name);
		set_or_null(map, arena, "alias", item->alias);
		value_map_set_text(map, arena, "version", item->version);
		set_or_null(map, arena, "repository", item->repository);
		set_or_null(map, arena, "digest", item->digest);
		value_list_add(list, arena, map);
	}
	return list;
}

static struct value *describe_chart(const struct vendored *vendored,
				    const char *output_dir, struct arena *arena)
{
	struct value *chart = value_new_map(arena);

	value_map_set_text(chart, arena, "outputDir", output_dir);
	value_map_set_text(chart, arena, "name", vendored->name);
	value_map_set_text(chart, arena, "version", vendored->version);
	value_map_set(chart, arena, "dependencies",
		      describe_dependencies(vendored, arena));
	return chart;
}

static void describe_expiry(struct value *map, const struct expiry *expiry,
			    struct arena *arena)
{
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	value_map_set(map, arena, "expires",
		      value_new_bool(arena, expiry->expires));
	set_or_null(map, arena, "expiryDate", expiry->expires ? date : NULL);
}

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
	for (size_t i = 0; i < vendored->count; i++) {
		const struct vendored_dependency *item = &vendored->items[i];

		str_addf(text, "  %s %s", item->name, item->version);
		if (item->alias)
			str_addf(text, " as %s", item->alias);
		str_add_char(text, '\n');
	}
}

static void add_record(struct step_run *run, const struct facts *facts,
		       const struct value *chart, const struct expiry *expiry)
{
	struct value *environment = value_new_map(&run->arena);

	origin_record(&facts->origin, run->record);
	record_set(run->record, "umbrella", chart);
	value_map_set_text(environment, &run->arena, "namespace",
			   facts->name.namespace);
	value_map_set_text(environment, &run->arena, "release",
			   facts->name.release);
	value_map_set_text(environment, &run->arena, "stack",
			   facts->name.stack);
	describe_expiry(environment, expiry, &run->arena);
	value_map_set(environment, &run->arena, "expiresAt",
		      expiry->expires ? value_new_int(&run->arena, expiry->at)
				      : &value_nil);
	record_set(run->record, "environment", environment);
}

/* --- the umbrella -------------------------------------------------------- */

/* All that is made before anything is written. */
struct rendering {
	struct facts facts;
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
	facts_release(&rendering->facts);
	umbrella_release(&rendering->umbrella);
	vendored_release(&rendering->vendored);
	str_release(&rendering->text);
}

static bool render(struct rendering *rendering, struct step_run *run,
		   struct err *err)
{
	const struct args *args = run->args;
	struct facts *facts = &rendering->facts;
	CLEANUP(free_ptr) char *dir = NULL;
	const struct value *data;
	struct umbrella_rules rules;

	if (!umbrella_find_dir(run->arguments.count ? run->arguments.items[0]
						    : NULL,
			       &dir, err) ||
	    !gather_common(facts, run, err) || !gather_names(facts, run, err) ||
	    !make_data(run, facts, &data, err) ||
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
	       explain(run, facts, err);
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
		describe_chart(vendored, rendering->output_dir, &run->arena);
	rendering->result = value_copy(rendering->chart, &run->arena);
	describe_expiry(rendering->result, &rendering->expiry, &run->arena);
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
	add_record(run, &rendering.facts, rendering.chart, &rendering.expiry);
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
