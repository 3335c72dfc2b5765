/* publish-chart - package charts and publish them in a repository */

#include "api/repoaccess.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/record.h"
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
	struct strvec set_string;
	const char *if_exists;
	const char *lock;
	const char *index_format;
	struct gpg_args gpg;
	const char *destination;
	const char *source_date_epoch;
	struct repoaccess_args access;
	struct http_args http;
};

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
	OPT_LIST(struct args, set_string, "set-string", "PATH=TEXT", "", 0,
		 "the same, text whatever it looks like (may be repeated)"),
	OPT_CHOICE(struct args, if_exists, "if-exists", publish_if_exists_words,
		   NULL, 0, "where that version is published already"),
	OPT_CHOICE(struct args, index_format, "index-format",
		   publish_format_words, NULL, 0,
		   "form in which the index is written"),
	OPT_SIGN(struct args, gpg),
	OPT_STRING(struct args, destination, "destination", "DIR", "", 0,
		   "only package, into this folder"),
	OPT_STRING(struct args, source_date_epoch, "source-date-epoch",
		   "SECONDS", "SOURCE_DATE_EPOCH", 0,
		   "time of all files; default: the commit's"),
	OPT_LOCK(struct args, lock),
	OPT_REPOSITORY(struct args, access),
	OPT_HTTP(struct args, http),
	OPT_END,
};

/* What a run holds. */
struct publishing {
	struct origin origin;
	struct publish_batch batch;
	struct gpg gpg;
	struct http http;
	struct chartrepo repo;
};

static void publishing_release(struct publishing *publishing)
{
	chartrepo_release(&publishing->repo);
	http_release(&publishing->http);
	gpg_release(&publishing->gpg);
	publish_batch_release(&publishing->batch);
	origin_release(&publishing->origin);
}

static bool package(struct publishing *publishing, struct step_run *run,
		    struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(strvec_release) struct strvec paths = {0};
	const struct publish_changes changes = {
		.version = args->version,
		.app_version = args->app_version,
		.annotations = &args->annotations,
		.set = &args->set,
		.set_string = &args->set_string,
		.source_date_epoch = args->source_date_epoch,
		.epoch_given = strvec_has(run->given, "source-date-epoch"),
		.origin = &publishing->origin,
		.reporter = &run->reporter,
	};

	return publish_choose(&paths, &run->arguments, err) &&
	       origin_find(&publishing->origin, run->env, paths.items[0],
			   err) &&
	       publish_prepare(&publishing->batch, &paths, &changes,
			       &run->arena, err);
}

/* Signed before anything is written: a key that is missing ends it early. */
static bool sign(struct publishing *publishing, struct step_run *run,
		 struct err *err)
{
	const struct args *args = run->args;

	return !args->gpg.sign ||
	       (gpg_open(&publishing->gpg, &args->gpg, run->env, run->deadline,
			 err) &&
		publish_sign(&publishing->batch, &publishing->gpg, err));
}

static bool open_repo(struct publishing *publishing, struct step_run *run,
		      struct err *err)
{
	const struct args *args = run->args;
	const struct http_config config = step_http_config(run, &args->http);

	if (args->repo)
		return repoaccess_open(&publishing->repo, &publishing->http,
				       args->repo, &args->access, &config, err);
	(void)err_set(err, ERR_USAGE, "missing '--repo'");
	return err_hint(err, "set '--repo' or SLIPWAY_REPO, or give "
			     "'--destination' to package only");
}

static bool publish_all(struct publishing *publishing, struct step_run *run,
			struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(strvec_release) struct strvec metadata = {0};
	const struct publish publish = {
		.repo = &publishing->repo,
		.if_exists = publish_if_exists_of(args->if_exists),
		.lock = publish_lock_of(args->lock),
		.format = publish_format_of(args->index_format),
		.metadata = &metadata,
		.gpg = args->gpg.sign ? &publishing->gpg : NULL,
		.now = clock_now_ms() / 1000,
		.deadline = run->deadline,
		.reporter = &run->reporter,
	};

	if (run->dry_run)
		return publish_foresee(&publish, &publishing->batch, err);
	if (publishing->origin.build_url)
		strvec_addf(&metadata, "slipway-build: %s",
			    publishing->origin.build_url);
	if (!publish_charts(&publish, &publishing->batch, err))
		return false;
	for (size_t i = 0; i < publishing->batch.count; i++) {
		const struct publish_item *item = &publishing->batch.items[i];

		if (!item->existed)
			log_info("published '%s'", str_text(&item->address));
	}
	return true;
}

/* What a pipeline has set for all of its stages yields to '--destination'. */
static bool check_options(const struct step_run *run, struct err *err)
{
	const struct args *args = run->args;

	return !args->destination || !strvec_has(run->given, "repo") ||
	       err_set(err, ERR_USAGE,
		       "'--destination' only packages, and '--repo' publishes: "
		       "give one of them");
}

/* The result, of a dry run its plan; what is real is recorded, too. */
static bool tell(struct publishing *publishing, struct step_run *run,
		 struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(str_release) struct str text = {0};
	struct value *told = publish_tell(&publishing->batch,
					  args->destination ? NULL : args->repo,
					  &run->arena, &text);

	if (step_plan(run, told, str_text(&text)))
		return true;
	record_set(run->record, "charts", value_map_get(told, "charts"));
	origin_record(&publishing->origin, run->record);
	return step_result(run, told, str_text(&text), err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(publishing_release) struct publishing publishing = {0};
	const char *dir = args->destination;

	if (!check_options(run, err) ||
	    (!dir && !open_repo(&publishing, run, err)) ||
	    !package(&publishing, run, err))
		return false;
	return (run->dry_run || sign(&publishing, run, err)) &&
	       (dir ? publish_save(&publishing.batch, dir, run->dry_run, err)
		    : publish_all(&publishing, run, err)) &&
	       tell(&publishing, run, err);
}

/* The charts are valid, and the repository is ready for them. */
static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(publishing_release) struct publishing publishing = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct repocheck check = {
		.repo = &publishing.repo,
		.use = REPOCHECK_PUBLISH,
		.lock = publish_lock_of(args->lock),
		.reporter = &run->reporter,
	};
	struct value *found;

	return open_repo(&publishing, run, err) &&
	       package(&publishing, run, err) && sign(&publishing, run, err) &&
	       repocheck_charts(&check, &publishing.batch, &run->arena, &found,
				&text, err) &&
	       step_result(run, found, str_text(&text), err);
}

static const struct opt_rule rules[] = {
	{"sign-key", .with = "sign"},
	{"keyring", .with = "sign"},
	{"passphrase", .with = "sign"},
	{0},
};

const struct step step = {
	.name = "publish-chart",
	.summary = "package charts and publish them in a repository",
	.arguments = "[CHART_DIR | CHART.tgz]...",
	.max_arguments = 1000,
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
