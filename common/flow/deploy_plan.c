#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/envname.h"
#include "core/stack.h"
#include "flow/ahead.h"
#include "flow/chartdir.h"
#include "flow/deploy.h"
#include "format/url.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "net/http.h"
#include "sys/file.h"

#define CHART_YAML_MAX ((size_t)1 << 20)

static bool find_chart(const char *given, const char *recorded, char **chart,
		       struct err *err)
{
	static const char *const usual[] = {"rendered/*", NULL};
	static const char cure[] =
		"'umbrella-render' makes it; or " CHARTDIR_CURE;

	if (is_blank(given)) {
		if (is_blank(recorded) || !chart_is_in(recorded))
			return chartdir_find(usual, cure, chart, err);
		given = recorded;
	}
	if (!chart_is_in(given))
		return err_set(
			err, ERR_INPUT,
			"there is no chart in '%s': it has no Chart.yaml",
			given);
	*chart = xstrdup(given);
	return true;
}

/*
 * Helm would let --set win over the expiry that we give it, and what runs
 * would show another than what counts.
 */
static bool says_expiry(const char *key)
{
	static const struct {
		const char *key, *end;
	} ours[] = {
		{"global", "=["}, /* whole, as by "global=null" */
		{"global.expires", "=.["},
		{"global.expiryDate", "=.["},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		size_t len = strlen(ours[i].key);

		if (starts_with(key, ours[i].key) && key[len] &&
		    strchr(ours[i].end, key[len]))
			return true;
	}
	return false;
}

static bool refuse_to_set(const char *item, struct err *err)
{
	(void)err_set(err, ERR_USAGE, "'--set %s' cannot say when it expires",
		      item);
	return err_hint(err, "that is what '--expires-in' and the chart's "
			     "values are for");
}

static bool check_expiry_not_set(const struct strvec *set, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const char *item = set->items[i];

		for (const char *key = item; key;
		     key = strchr(key, ',') ? strchr(key, ',') + 1 : NULL) {
			if (says_expiry(key))
				return refuse_to_set(item, err);
		}
	}
	return true;
}

/* Helm would tell, but not before the namespace is made. */
static bool check_set(const struct strvec *set, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!strchr(set->items[i], '='))
			return err_set(err, ERR_USAGE,
				       "'--set %s' is no KEY=VALUE",
				       set->items[i]);
	}
	return check_expiry_not_set(set, err);
}

static void globals_release(struct deploy_globals *globals)
{
	arena_release(&globals->arena);
	ydoc_release(&globals->last);
}

/* What one document of a values file says; it is taken if it is to blame. */
static bool add_document(struct deploy_globals *globals, struct ydoc *doc,
			 struct err *err)
{
	const struct value *global;

	if (doc->root->kind != VALUE_NIL && !value_is_map(doc->root)) {
		(void)err_set(err, ERR_INPUT, "values are a mapping");
		return ydoc_blame(doc, "", err);
	}
	global = value_map_get(doc->root, "global");
	if (!global || !value_is_map(global))
		return true;
	global = value_copy(global, &globals->arena);
	globals->merged = globals->merged ? value_merge(globals->merged, global,
							&globals->arena)
					  : global;
	if (value_map_get(global, "expires") ||
	    value_map_get(global, "expiryDate")) {
		ydoc_release(&globals->last);
		globals->last = *doc;
		*doc = (struct ydoc){0};
	}
	return true;
}

static bool add_globals(struct deploy_globals *globals, const char *path,
			struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_stream stream = {.name = path};

	if (!file_read(path, YDOC_SIZE_MAX, &text, err))
		return false;
	stream.text = str_text(&text);
	stream.len = text.len;
	while (ydoc_next(&stream, &doc, 0, err)) {
		if (!add_document(globals, &doc, err))
			return false;
	}
	return stream.ended;
}

/*
 * Helm reads them after us: of a pipe there would be nothing left.  Whether
 * they can be read at all is told before the cluster is asked for anything.
 */
static bool read_values(struct deploy_globals *globals,
			const struct strvec *values, struct err *err)
{
	for (size_t i = 0; i < values->count; i++) {
		const char *path = values->items[i];

		if (file_exists(path) && !file_is_regular(path)) {
			(void)err_set(err, ERR_USAGE,
				      "'--values %s' is no regular file", path);
			return err_hint(
				err, "write what comes from there to a file");
		}
		if (!add_globals(globals, path, err))
			return false;
	}
	return true;
}

/* Those of an umbrella that was not rendered are no YAML yet. */
static bool read_chart_values(struct deploy_globals *globals, const char *chart,
			      struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(chart, "values.yaml");

	if (!file_exists(path) || add_globals(globals, path, err))
		return true;
	return err_hint(err, "an umbrella has to be rendered before, by "
			     "'umbrella-render'");
}

/* Without them, less is known of what ran; what is wrong there Helm tells. */
static void read_names(struct deploy *deploy)
{
	CLEANUP(free_ptr) char *path = path_join(deploy->chart, CHART_FILE);
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err unread = {0};

	if (file_read(path, CHART_YAML_MAX, &text, &unread) &&
	    ydoc_parse(&doc, str_text(&text), text.len, path, 0, &unread))
		deploy->names = stack_names(doc.root, &deploy->arena);
	else
		log_debug("no names of applications: %s", unread.text);
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
	return given == DEPLOY_UNSET ? otherwise : given;
}

static int64_t time_to_live(const struct deploy_args *args)
{
	if (args->renew == DEPLOY_UNSET)
		return args->expires_in;
	return args->renew ? args->renew : EXPIRY_DEFAULT_MS;
}

static void take_args(struct deploy *deploy, const struct deploy_args *args)
{
	deploy->values = &args->values;
	deploy->set = &args->set;
	deploy->time_to_live = time_to_live(args);
	deploy->wait_ms = given_or(args->wait_timeout, DEPLOY_WAIT_MS);
	deploy->patience_ms = given_or(args->patience, DEPLOY_PATIENCE_MS);
	deploy->wait_for_jobs = args->wait_for_jobs;
	deploy->lock_ms = given_or(args->lock_timeout, DEPLOY_LOCK_MS);
	deploy->history_max = given_or(args->history_max, DEPLOY_HISTORY_MAX);
	deploy->max_environments = given_or(args->max_environments, 0);
	deploy->evict_oldest = args->evict_oldest;
	deploy->diagnosis = args->diagnosis;
}

static void find_ahead(struct deploy *deploy,
		       const struct deploy_sources *sources)
{
	const struct ahead_sources asked = {
		.origin = deploy->origin,
		.branch = deploy->name->branch,
		.main_branch = sources->main_branch,
		.http = sources->http,
		.git_credentials = sources->git_credentials,
		.reporter = deploy->reporter,
	};

	ahead_find(&deploy->ahead, &asked);
}

/* What is told as an address has to be one for those that are told. */
static bool make_url(struct deploy *deploy, const char *template,
		     struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};

	return (envname_expand(deploy->name, template, &deploy->url, err) &&
		http_parse_url(&parsed, deploy->url, err)) ||
	       err_wrap(err, "cannot use '--url-template %s'", template);
}

/* Or what was meant for how long, and is no duration. */
static bool refuse_chart(const char *chart, struct err *err)
{
	(void)err_set(err, ERR_USAGE,
		      "'--renew' deploys nothing, so it takes no chart '%s'",
		      chart);
	if (file_exists(chart))
		return false;
	return err_hint(err, "a duration is such as 30m, 8h or 3d");
}

bool deploy_read(struct deploy *deploy, const struct deploy_sources *sources,
		 struct err *err)
{
	const struct deploy_args *args = sources->args;

	take_args(deploy, args);
	if (!check_set(deploy->set, err) ||
	    !read_values(&deploy->of_files, deploy->values, err) ||
	    !preparation_read(&deploy->preparation, &args->preparation,
			      deploy->name->namespace, err) ||
	    (args->url_template && !make_url(deploy, args->url_template, err)))
		return false;
	deploy->renew_to = args->renew != DEPLOY_UNSET && args->renew != 0;
	if (args->renew != DEPLOY_UNSET)
		return !sources->chart || refuse_chart(sources->chart, err);
	if (!find_chart(sources->chart, sources->recorded, &deploy->chart,
			err) ||
	    !read_chart_values(&deploy->of_chart, deploy->chart, err))
		return false;
	read_names(deploy);
	if (!deploy->name->main)
		find_ahead(deploy, sources);
	return true;
}

static void warn_passed(const struct deploy *deploy, const struct ydoc *values)
{
	CLEANUP(free_ptr) char *warning =
		expiry_warn_passed(&deploy->expiry, deploy->now, values);

	if (warning)
		report_warning(deploy->reporter, "%s", warning);
}

/* The expiry as the chart and the files of values have it. */
static bool decide_by_values(struct deploy *deploy, struct expiry_input *input,
			     const char **warning, struct err *err)
{
	struct deploy_globals *chart = &deploy->of_chart;
	const struct deploy_globals *files = &deploy->of_files;
	const struct ydoc *last =
		files->last.root ? &files->last : &chart->last;
	const struct value *expires;

	input->global = chart->merged;
	if (files->merged)
		input->global = chart->merged ? value_merge(chart->merged,
							    files->merged,
							    &chart->arena)
					      : files->merged;
	if (expiry_decide(&deploy->expiry, input, warning, err)) {
		warn_passed(deploy, last);
		return true;
	}
	expires = value_map_get(input->global, "expires");
	return ydoc_blame(last,
			  expires && expires->kind != VALUE_BOOL &&
					  expires->kind != VALUE_NIL
				  ? "global.expires"
				  : "global.expiryDate",
			  err);
}

bool deploy_decide_expiry(struct deploy *deploy, struct err *err)
{
	const char *warning = NULL;
	struct expiry_input input = {
		.main = deploy->name->main,
		.explicit_ms = deploy->time_to_live,
		.now = deploy->now,
	};

	if (!deploy->chart)
		return expiry_decide(&deploy->expiry, &input, &warning, err);
	if (!decide_by_values(deploy, &input, &warning, err))
		return false;
	if (warning)
		report_warning(deploy->reporter, "%s", warning);
	return true;
}

void deploy_release(struct deploy *deploy)
{
	globals_release(&deploy->of_chart);
	globals_release(&deploy->of_files);
	preparation_release(&deploy->preparation);
	ahead_release(&deploy->ahead);
	strvec_release(&deploy->victims);
	arena_release(&deploy->arena);
	free(deploy->chart);
	free(deploy->url);
	*deploy = (struct deploy){0};
}
