/* publish-chart - package charts and publish them in a repository */

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/chart.h"
#include "core/record.h"
#include "flow/chartdir.h"
#include "flow/origin.h"
#include "flow/publish.h"
#include "flow/repocheck.h"
#include "format/value.h"

struct args {
	const char *repo;
	const char *version;
	const char *app_version;
	struct strvec annotations;
	struct strvec set;
	const char *if_exists;
	const char *lock;
	const char *index_format;
	struct s3_writing s3;
	struct gpg_args gpg;
	const char *destination;
	const char *source_date_epoch;
	const char *username;
	struct secret password;
	struct secret access_token;
	const char *context_path;
	struct http_args http;
};

static const char *const if_exists_words[] = {"same", "fail", "replace", NULL};
static const char *const lock_words[] = {"auto", "cas", "object", NULL};
static const char *const format_words[] = {"keep", "yaml", "json", NULL};
static const char *const places[] = {"chart", "charts/*", ".", NULL};

static const struct opt options[] = {
	OPT_STRING(
		struct args, repo, "repo", "URL", NULL, 0,
		"s3://bucket/path, file:///dir, oci:// or https://host/path"),
	OPT_STRING(struct args, version, "version", "VERSION", "",
		   OPT_VALUE_OPTIONAL,
		   "version of the chart; alone: print that of the step"),
	OPT_STRING(struct args, app_version, "app-version", "VERSION", NULL, 0,
		   "version of the application in it"),
	OPT_LIST(struct args, annotations, "annotation", "KEY=VALUE", "", 0,
		 "annotation of the chart (may be repeated)"),
	OPT_LIST(struct args, set, "set", "PATH=VALUE", "", 0,
		 "a value in values.yaml, the rest kept (may be repeated)"),
	OPT_CHOICE(struct args, if_exists, "if-exists", if_exists_words, NULL,
		   0, "where that version is published already"),
	OPT_CHOICE(struct args, lock, "lock", lock_words, NULL, 0,
		   "how publishers are kept apart in a bucket"),
	OPT_CHOICE(struct args, index_format, "index-format", format_words,
		   NULL, 0, "form in which the index is written"),
	OPT_S3_WRITING(struct args, s3),
	OPT_SIGN(struct args, gpg),
	OPT_STRING(struct args, destination, "destination", "DIR", "", 0,
		   "only package, into this folder"),
	OPT_STRING(struct args, source_date_epoch, "source-date-epoch",
		   "SECONDS", "SOURCE_DATE_EPOCH", 0,
		   "time of all files; default: the commit's"),
	OPT_STRING(struct args, username, "username", "NAME",
		   "HELM_REPO_USERNAME", 0,
		   "user, for oci:// and https:// repositories"),
	OPT_SECRET(struct args, password, "password", "HELM_REPO_PASSWORD", 0,
		   "password of that user"),
	OPT_SECRET(struct args, access_token, "access-token",
		   "HELM_REPO_ACCESS_TOKEN", 0,
		   "token, in place of user and password"),
	OPT_STRING(struct args, context_path, "context-path", "PATH",
		   "HELM_REPO_CONTEXT_PATH", 0,
		   "where ChartMuseum is served; default: found out"),
	OPT_HTTP(struct args, http),
	OPT_END,
};

static bool prepare_all(struct step_run *run, struct publish_batch *batch,
			struct origin *origin, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(strvec_release) struct strvec paths = {0};
	const struct publish_changes changes = {
		.version = args->version,
		.app_version = args->app_version,
		.annotations = &args->annotations,
		.set = &args->set,
		.source_date_epoch = args->source_date_epoch,
		.origin = origin,
	};

	strvec_add_all(&paths, &run->arguments);
	if (!paths.count) {
		char *found;

		if (!chartdir_find(places, &found, err))
			return false;
		strvec_add_take(&paths, found);
	}
	return origin_find(origin, run->env, paths.items[0], err) &&
	       publish_prepare(batch, &paths, &changes, &run->arena, err);
}

static const char *repository(const struct args *args)
{
	return args->destination ? NULL : args->repo;
}

static struct value *describe(struct step_run *run,
			      const struct publish_batch *batch,
			      struct str *text)
{
	struct value *result = value_new_map(&run->arena);

	value_map_set(result, &run->arena, "charts",
		      publish_tell(batch, repository(run->args), &run->arena));
	publish_add_text(text, batch);
	return result;
}

static bool report(struct step_run *run, const struct publish_batch *batch,
		   const struct origin *origin, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	struct value *result = describe(run, batch, &text);

	record_set(run->record, "charts", value_map_get(result, "charts"));
	origin_record(origin, run->record);
	return step_result(run, result, str_text(&text), err);
}

static enum publish_if_exists if_exists(const struct args *args)
{
	return same_text(args->if_exists, "fail")      ? PUBLISH_FAIL
	       : same_text(args->if_exists, "replace") ? PUBLISH_REPLACE
						       : PUBLISH_SAME;
}

static enum chartindex_format format(const struct args *args)
{
	return same_text(args->index_format, "yaml")   ? CHARTINDEX_YAML
	       : same_text(args->index_format, "json") ? CHARTINDEX_AS_JSON
						       : CHARTINDEX_KEEP;
}

static bool publish_all(struct step_run *run, struct chartrepo *repo,
			const struct origin *origin, const struct gpg *gpg,
			struct publish_batch *batch, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(strvec_release) struct strvec metadata = {0};
	const struct publish publish = {
		.repo = repo,
		.if_exists = if_exists(args),
		.lock = publish_lock_of(args->lock),
		.format = format(args),
		.metadata = &metadata,
		.gpg = gpg->program ? gpg : NULL,
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};

	if (origin->build_url)
		strvec_addf(&metadata, "slipway-build: %s", origin->build_url);
	if (!publish_charts(&publish, batch, err))
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->items[i].existed)
			log_info("published '%s'",
				 str_text(&batch->items[i].address));
	}
	return true;
}

static bool plan(struct step_run *run, struct publish_batch *batch,
		 const struct chartrepo *repo)
{
	const struct args *args = run->args;
	CLEANUP(str_release) struct str text = {0};
	struct value *planned;

	if (!run->dry_run)
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];

		if (args->destination)
			str_addf(&item->address, "%s/%s", args->destination,
				 chart_file_name(item->chart));
		else
			chartrepo_add_address(&item->address, repo,
					      item->chart);
	}
	planned = describe(run, batch, &text);
	return step_plan(run, planned, str_text(&text));
}

static bool open_repo(struct step_run *run, struct http *http,
		      struct chartrepo *repo, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http_config =
		step_http_config(run, &args->http);
	CLEANUP(login_release) struct login login = {0};
	const struct chartrepo_config config = {
		.http = http,
		.env = run->env,
		.login = &login,
		.context_path = args->context_path,
	};

	login_set(&login, args->username, &args->password, &args->access_token);
	return (!chartrepo_needs_http(args->repo) ||
		http_open(http, &http_config, err)) &&
	       chartrepo_open(repo, args->repo, &config, err) &&
	       (!chartrepo_bucket(repo) ||
		s3_set_writing(chartrepo_bucket(repo), &args->s3, err));
}

/* Signed before anything is written: a key that is missing ends it early. */
static bool sign(struct step_run *run, struct gpg *gpg,
		 struct publish_batch *batch, struct err *err)
{
	const struct args *args = run->args;

	return !args->gpg.sign ||
	       (gpg_open(gpg, &args->gpg, run->env, run->deadline, err) &&
		publish_sign(batch, gpg, err));
}

static bool need_repo(const struct args *args, struct err *err)
{
	if (args->repo)
		return true;
	(void)err_set(err, ERR_USAGE, "missing '--repo'");
	return err_hint(err, "set '--repo' or SLIPWAY_REPO, or give "
			     "'--destination' to package only");
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(publish_batch_release) struct publish_batch batch = {0};
	CLEANUP(origin_release) struct origin origin = {0};
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
	CLEANUP(gpg_release) struct gpg gpg = GPG_NONE;

	if ((!args->destination && !need_repo(args, err)) ||
	    !prepare_all(run, &batch, &origin, err))
		return false;
	if (args->destination) {
		if (plan(run, &batch, &repo))
			return true;
		return sign(run, &gpg, &batch, err) &&
		       publish_save(&batch, args->destination, err) &&
		       report(run, &batch, &origin, err);
	}
	if (!open_repo(run, &http, &repo, err))
		return false;
	if (plan(run, &batch, &repo))
		return true;
	return sign(run, &gpg, &batch, err) &&
	       publish_all(run, &repo, &origin, &gpg, &batch, err) &&
	       report(run, &batch, &origin, err);
}

/* Whoever keeps his own index is asked for the charts. */
static bool check_charts(struct step_run *run, struct chartrepo *repo,
			 const struct publish_batch *batch, struct err *err)
{
	struct value *found = value_new_map(&run->arena);
	bool all = true, one;

	for (size_t i = 0; i < batch->count; i++) {
		if (!chartrepo_has_chart(repo, batch->items[i].chart, &one,
					 err))
			return false;
		all = all && one;
	}
	value_map_set_text(found, &run->arena, "repository", repo->address);
	value_map_set(found, &run->arena, "published",
		      value_new_bool(&run->arena, all));
	return step_result(run, found,
			   all ? "the charts are valid, and published\n"
			       : "the charts are valid, and not yet "
				 "published\n",
			   err);
}

/* The charts are valid, and the repository is ready for them. */
static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(publish_batch_release) struct publish_batch batch = {0};
	CLEANUP(origin_release) struct origin origin = {0};
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
	CLEANUP(gpg_release) struct gpg gpg = GPG_NONE;
	CLEANUP(str_release) struct str text = {0};
	struct value *found;

	if (!need_repo(args, err) || !prepare_all(run, &batch, &origin, err) ||
	    !sign(run, &gpg, &batch, err) || !open_repo(run, &http, &repo, err))
		return false;
	if (!chartrepo_writes_index(&repo))
		return check_charts(run, &repo, &batch, err);
	str_add(&text, "the charts are valid; ");
	return repocheck(&repo, REPOCHECK_PUBLISH, &run->arena, &found, &text,
			 err) &&
	       step_result(run, found, str_text(&text), err);
}

const struct step step = {
	.name = "publish-chart",
	.summary = "package charts and publish them in a repository",
	.arguments = "[CHART_DIR | CHART.tgz]...",
	.max_arguments = 1000,
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
