#include "flow/deploy.h"

#include <stdlib.h>

#include "api/addresses.h"
#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "api/workloads.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/stack.h"
#include "core/sweep.h"
#include "flow/chartdir.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

bool deploy_find_chart(const char *given, const char *recorded, char **chart,
		       struct err *err)
{
	static const char *const usual[] = {"rendered/*", NULL};

	if (is_blank(given)) {
		if (is_blank(recorded) || !chartdir_has_chart(recorded))
			return chartdir_find(usual, chart, err);
		given = recorded;
	}
	if (!chartdir_has_chart(given))
		return err_set(
			err, ERR_INPUT,
			"there is no chart in '%s': it has no Chart.yaml",
			given);
	*chart = xstrdup(given);
	return true;
}

/* What the files say of 'global', and which said the expiry last. */
struct globals {
	struct arena arena;
	const struct value *merged;
	struct ydoc last;
};

static void globals_release(struct globals *globals)
{
	arena_release(&globals->arena);
	ydoc_release(&globals->last);
}

/* What one document of a values file says; it is taken if it is to blame. */
static void add_document(struct globals *globals, struct ydoc *doc)
{
	const struct value *global = value_map_get(doc->root, "global");

	if (!global || !value_is_map(global))
		return;
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
}

static bool add_globals(struct globals *globals, const char *path,
			struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_stream stream = {.name = path};

	if (!file_read(path, YDOC_SIZE_MAX, &text, err))
		return false;
	stream.text = str_text(&text);
	stream.len = text.len;
	while (ydoc_next(&stream, &doc, 0, err))
		add_document(globals, &doc);
	return stream.ended;
}

bool deploy_decide_expiry(const char *chart, const struct strvec *values,
			  const struct expiry_input *input,
			  struct expiry *expiry, const char **warning,
			  struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(chart, "values.yaml");
	CLEANUP(globals_release) struct globals globals = {0};
	struct expiry_input with_values = *input;
	const struct value *expires;

	if (file_exists(path) && !add_globals(&globals, path, err))
		return false;
	for (size_t i = 0; i < values->count; i++) {
		if (!add_globals(&globals, values->items[i], err))
			return false;
	}
	with_values.global = globals.merged;
	if (expiry_decide(expiry, &with_values, warning, err))
		return true;
	expires = value_map_get(globals.merged, "expires");
	return ydoc_blame(&globals.last,
			  expires && expires->kind != VALUE_BOOL &&
					  expires->kind != VALUE_NIL
				  ? "global.expires"
				  : "global.expiryDate",
			  err);
}

/* What is not recorded, or not known now, is no reason to refuse. */
static bool is_same_owner(const struct namespace_marks *found,
			  const struct deploy *deploy)
{
	if (found->repository &&
	    !same_text(found->repository, deploy->name->repository))
		return false;
	if (found->branch && !same_text(found->branch, deploy->name->branch))
		return false;
	return !found->git_url || !deploy->git_url ||
	       envname_same_repository(found->git_url, deploy->git_url);
}

/* May @deploy have the namespace that bears @found? */
static bool check_owner(const struct namespace_marks *found,
			const struct deploy *deploy, struct err *err)
{
	const struct envname *name = deploy->name;

	if (found->terminating) {
		(void)err_set(err, ERR_REMOTE,
			      "namespace '%s' is being deleted",
			      name->namespace);
		return err_temporary(err, true);
	}
	if (!found->managed)
		return true;
	if (!same_text(found->managed, SWEEP_MARK_VERSION))
		return err_set(err, ERR_CONFLICT,
			       "namespace '%s' has marks of version '%s', "
			       "which this program does not know",
			       name->namespace, found->managed);
	if (!is_same_owner(found, deploy)) {
		(void)err_set(err, ERR_CONFLICT,
			      "namespace '%s' belongs to repository '%s' "
			      "(%s), branch '%s'",
			      name->namespace,
			      found->repository ? found->repository : "?",
			      found->git_url ? found->git_url : "no address",
			      found->branch ? found->branch : "?");
		return err_hint(err, "give another name with '--namespace'");
	}
	if (found->main && !name->main)
		return err_set(err, ERR_CONFLICT,
			       "namespace '%s' is a main environment, which "
			       "cannot become one that expires",
			       name->namespace);
	return true;
}

static struct namespace_marks wanted_marks(const struct deploy *deploy,
					   const char *expires_at)
{
	return (struct namespace_marks){
		.managed = SWEEP_MARK_VERSION,
		.expires_at = expires_at,
		.stack = deploy->name->stack,
		.repository = deploy->name->repository,
		.branch = deploy->name->branch,
		.git_url = deploy->git_url,
		.release = deploy->name->release,
		.main = deploy->name->main,
	};
}

bool deploy_check_claim(struct kube *kube, const struct deploy *deploy,
			struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	bool exists;

	if (!namespace_read(kube, deploy->name->namespace, &arena, &found,
			    &exists, err))
		return false;
	return !exists || check_owner(&found, deploy, err);
}

/*
 * Marks are read, judged and written only if nobody changed them since: an
 * attempt that fails for that (409) is made again.
 */
static bool attempt(bool (*change)(struct kube *kube,
				   const struct deploy *deploy,
				   const char *expires_at, struct err *err),
		    struct kube *kube, const struct deploy *deploy,
		    const char *expires_at, struct err *err)
{
	for (int tries = 1;; tries++) {
		if (change(kube, deploy, expires_at, err))
			return true;
		if (err->status != 409 || tries == DEPLOY_TRIES_MAX)
			return false;
		err_release(err);
	}
}

static bool create_namespace(struct kube *kube, const struct deploy *deploy,
			     const char *expires_at, struct err *err)
{
	struct namespace_marks marks = wanted_marks(deploy, expires_at);
	CLEANUP(str_release) struct str created = {0};
	bool existed;

	clock_add_rfc3339(&created, deploy->now);
	marks.created = str_text(&created);
	if (!namespace_create(kube, deploy->name->namespace, &marks,
			      deploy->namespace_labels, &existed, err))
		return false;
	if (!existed)
		return true;
	(void)err_set(err, ERR_CONFLICT, "namespace '%s' appeared meanwhile",
		      deploy->name->namespace);
	err->status = 409;
	return false;
}

/* Before Helm runs: the environment is ours from here on. */
static bool claim(struct kube *kube, const struct deploy *deploy,
		  const char *expires_at, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks marks = wanted_marks(deploy, expires_at);
	struct namespace_marks found = {0};
	const char *namespace = deploy->name->namespace;
	bool exists;

	if (!namespace_read(kube, namespace, &arena, &found, &exists, err))
		return false;
	if (!exists)
		return create_namespace(kube, deploy, expires_at, err);
	if (!check_owner(&found, deploy, err))
		return false;
	marks.resource_version = found.resource_version;
	return namespace_mark(kube, namespace, &marks, deploy->namespace_labels,
			      err);
}

/* After Helm ran, for what a chart or a person did to the marks meanwhile. */
static bool mark_again(struct kube *kube, const struct deploy *deploy,
		       const char *expires_at, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks marks = wanted_marks(deploy, expires_at);
	struct namespace_marks found = {0};
	const char *namespace = deploy->name->namespace;
	struct expiry moved;
	bool exists;

	if (!namespace_read(kube, namespace, &arena, &found, &exists, err))
		return false;
	if (!exists || found.terminating) {
		(void)err_set(err, ERR_REMOTE,
			      "namespace '%s' was deleted meanwhile",
			      namespace);
		return err_temporary(err, true);
	}
	if (found.expires_at && deploy->expiry.expires &&
	    expiry_parse_label(found.expires_at, &moved) &&
	    (!moved.expires || moved.at > deploy->expiry.at))
		marks.expires_at = found.expires_at;
	marks.resource_version = found.resource_version;
	return namespace_mark(kube, namespace, &marks, deploy->namespace_labels,
			      err);
}

/* The expiry as values, so that what runs can show it. */
static bool write_values(const struct deploy *deploy, const char *path,
			 struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *date = expiry_date(&deploy->expiry);
	CLEANUP(str_release) struct str text = {0};
	struct value *global = value_new_map(&arena);
	struct value *root = value_new_map(&arena);

	value_map_set(global, &arena, "expires",
		      deploy->expiry.expires ? &value_true : &value_false);
	value_map_set_text(global, &arena, "expiryDate", date);
	value_map_set(root, &arena, "global", global);
	ydoc_emit(&text, root);
	return file_replace(path, str_text(&text), text.len, 0600, err);
}

struct watch {
	struct kube *kube;
	const struct deploy *deploy;
};

/* Progress is a courtesy: what cannot be read now is not shown. */
static bool show_progress(void *context, struct err *err)
{
	struct watch *watch = context;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(str_release) struct str what = {0};
	CLEANUP(err_release) struct err ignored = {0};
	struct rollout_world world = {.release = watch->deploy->name->release};

	(void)err;
	if (!workloads_read(watch->kube, watch->deploy->name->namespace, true,
			    &arena, &world, &ignored))
		return true;
	rollout_count(&rollout, &world);
	str_add(&what, "workloads ready");
	if (rollout.ready < rollout.count)
		str_add(&what, ", waiting for ");
	rollout_print_missing(&rollout, &what);
	report_progress(watch->deploy->reporter, str_text(&what), rollout.ready,
			rollout.count);
	return true;
}

static void add_release_labels(struct strvec *labels,
			       const struct deploy *deploy,
			       const char *expires_at)
{
	strvec_add(labels, "slipway/managed=" SWEEP_MARK_VERSION);
	strvec_addf(labels, "slipway/expires-at=%s", expires_at);
	strvec_addf(labels, "slipway/stack=%s", deploy->name->stack);
}

static bool run_helm(struct kube *kube, const struct helm *helm,
		     const struct deploy *deploy, const char *expires_at,
		     const char *expiry_values, struct err *err)
{
	CLEANUP(helm_call_release) struct helm_call call = {0};
	CLEANUP(strvec_release) struct strvec labels = {0};
	CLEANUP(strvec_release) struct strvec values = {0};
	struct watch watch = {.kube = kube, .deploy = deploy};
	const struct helm_upgrade upgrade = {
		.release = deploy->name->release,
		.namespace = deploy->name->namespace,
		.chart = deploy->chart,
		.values = &values,
		.set = deploy->set,
		.labels = &labels,
		.wait_ms = deploy->wait_ms,
		.history_max = deploy->history_max,
	};

	strvec_add_all(&values, deploy->values);
	strvec_add(&values, expiry_values);
	add_release_labels(&labels, deploy, expires_at);
	helm_prepare_upgrade(helm, &call, &upgrade);
	call.proc.tick = show_progress;
	call.proc.tick_ms = DEPLOY_PROGRESS_MS;
	call.proc.context = &watch;
	return proc_run(&call.proc, err) && helm_check_upgrade(&call, err);
}

static bool run_helm_with_expiry(struct kube *kube, const struct helm *helm,
				 const struct deploy *deploy,
				 const char *expires_at, struct err *err)
{
	CLEANUP(dir_release_temp) struct str dir = {0};
	CLEANUP(free_ptr) char *path = NULL;

	if (!dir_create_temp(dir_for_temp(&helm->env), "slipway-deploy", &dir,
			     err))
		return false;
	path = path_join(str_text(&dir), "expiry.yaml");
	return write_values(deploy, path, err) &&
	       run_helm(kube, helm, deploy, expires_at, path, err);
}

/* The payload of the latest revision, NULL if there is none. */
static bool read_latest(struct kube *kube, const struct deploy *deploy,
			struct deploy_result *result,
			const struct value **payload, struct err *err)
{
	const char *namespace = deploy->name->namespace;
	const char *release = deploy->name->release;

	*payload = NULL;
	if (!releases_read_latest(kube, namespace, release, &result->arena,
				  &result->revision, &result->status, err))
		return false;
	return !result->revision ||
	       releases_read_payload(kube, namespace, release, result->revision,
				     &result->arena, payload, err);
}

/* Addresses are a courtesy: without them the environment is up as well. */
static void find_urls(struct kube *kube, const struct deploy *deploy,
		      struct deploy_result *result)
{
	CLEANUP(err_release) struct err failure = {0};

	if (deploy->url)
		strvec_add(&result->urls, deploy->url);
	else if (!addresses_find(kube, deploy->name->namespace, &result->urls,
				 &failure))
		report_warning(deploy->reporter,
			       "cannot tell the environment's addresses: %s",
			       failure.text);
}

/* A name of the cluster that does not depend on who asks. */
static void find_cluster(struct kube *kube, struct deploy_result *result)
{
	CLEANUP(err_release) struct err ignored = {0};
	struct namespace_marks marks = {0};
	bool exists;

	if (namespace_read(kube, "kube-system", &result->arena, &marks, &exists,
			   &ignored))
		result->cluster = marks.uid;
}

static bool describe(struct kube *kube, const struct deploy *deploy,
		     const struct value *before, struct deploy_result *result,
		     struct err *err)
{
	const struct value *after;

	if (!read_latest(kube, deploy, result, &after, err))
		return false;
	if (!after)
		return err_set(err, ERR_CONFLICT,
			       "release '%s' was deleted meanwhile",
			       deploy->name->release);
	find_urls(kube, deploy, result);
	find_cluster(kube, result);
	result->applications =
		stack_changes(stack_applications(before, &result->arena),
			      stack_applications(after, &result->arena),
			      &result->arena);
	return true;
}

/*
 * Helm failed: find out why while it is all still there.  What cannot be
 * found out must not hide the failure itself.
 */
static void diagnose(struct kube *kube, const struct deploy *deploy,
		     struct deploy_result *result)
{
	CLEANUP(err_release) struct err ignored = {0};
	const struct rollout_world world = {
		.release = deploy->name->release,
		.since = deploy->now,
	};

	if (bundle_gather(&result->bundle, kube, deploy->name->namespace,
			  &world, &ignored))
		bundle_report(&result->bundle, deploy->diagnosis,
			      deploy->reporter);
	else
		log_debug("no diagnosis: %s", ignored.text);
}

static bool install(struct kube *kube, const struct helm *helm,
		    const struct deploy *deploy, const char *expires_at,
		    struct deploy_result *result, struct err *err)
{
	CLEANUP(err_release) struct err mark_err = {0};
	bool done, marked;

	done = run_helm_with_expiry(kube, helm, deploy, expires_at, err);
	marked = attempt(mark_again, kube, deploy, expires_at, &mark_err);
	if (done && !marked)
		err_move(err, &mark_err);
	else if (!marked)
		log_debug("not marked again: %s", mark_err.text);
	if (!done && (err->kind == ERR_TIMEOUT ||
		      (err->kind == ERR_CHILD && !err->temporary)))
		diagnose(kube, deploy, result);
	return done && marked;
}

bool deploy_run(struct kube *kube, const struct helm *helm,
		const struct deploy *deploy, struct deploy_result *result,
		struct err *err)
{
	CLEANUP(free_ptr) char *expires_at = expiry_label(&deploy->expiry);
	const struct value *before;

	result->started = clock_now_ms() / 1000;
	if (attempt(claim, kube, deploy, expires_at, err) &&
	    read_latest(kube, deploy, result, &before, err) &&
	    install(kube, helm, deploy, expires_at, result, err)) {
		result->ready = clock_now_ms() / 1000;
		if (describe(kube, deploy, before, result, err))
			return true;
	}
	return err_wrap(err, "cannot deploy '%s' to namespace '%s'",
			deploy->name->release, deploy->name->namespace);
}

static bool renew(struct kube *kube, const struct deploy *deploy,
		  const char *expires_at, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks moved = {.expires_at = expires_at};
	struct namespace_marks found = {0};
	const char *namespace = deploy->name->namespace;
	bool exists;

	if (!namespace_read(kube, namespace, &arena, &found, &exists, err))
		return false;
	if (!exists || !found.managed)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no environment '%s' to renew",
			       namespace);
	if (found.main || deploy->name->main)
		return err_set(err, ERR_CONFLICT,
			       "'%s' is a main environment, which has no "
			       "expiry to renew",
			       namespace);
	if (!check_owner(&found, deploy, err))
		return false;
	moved.resource_version = found.resource_version;
	return namespace_mark(kube, namespace, &moved, NULL, err);
}

bool deploy_renew(struct kube *kube, const struct deploy *deploy,
		  struct deploy_result *result, struct err *err)
{
	CLEANUP(free_ptr) char *expires_at = expiry_label(&deploy->expiry);
	const struct envname *name = deploy->name;

	if (!attempt(renew, kube, deploy, expires_at, err) ||
	    !releases_read_latest(kube, name->namespace, name->release,
				  &result->arena, &result->revision,
				  &result->status, err))
		return false;
	if (result->revision &&
	    !releases_set_expiry(kube, name->namespace, name->release,
				 result->revision, expires_at, err))
		return false;
	result->applications = value_new_list(&result->arena);
	find_urls(kube, deploy, result);
	return true;
}

void deploy_result_release(struct deploy_result *result)
{
	arena_release(&result->arena);
	strvec_release(&result->urls);
	bundle_release(&result->bundle);
	*result = (struct deploy_result){0};
}
