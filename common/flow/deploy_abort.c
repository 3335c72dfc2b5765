#include "api/helm.h"
#include "api/kube.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/envname.h"
#include "flow/deploy_parts.h"
#include "flow/farewell.h"
#include "sys/signals.h"

int deploy_begin_farewell(struct deployment *run)
{
	return farewell_begin(run->kube, &run->farewell, DEPLOY_FAREWELL_MS);
}

void deploy_end_farewell(struct deployment *run, int cause)
{
	farewell_end(run->kube, cause);
}

/* Of the kubeconfigs of whoever types it we know no more than the context. */
void deploy_add_command(const struct deployment *run, const char *verb,
			int64_t revision, struct str *text)
{
	const struct envname *name = run->deploy->name;

	str_addf(text, "helm %s %s ", verb, name->release);
	if (revision)
		str_addf(text, "%lld ", (long long)revision);
	str_addf(text, "--namespace %s", name->namespace);
	if (run->helm->context)
		str_addf(text, " --kube-context %s", run->helm->context);
}

/* Is the newest revision one that this run has made? */
static bool is_ours(const struct deployment *run,
		    const struct release_head *head)
{
	return run->undo_begun ||
	       (head->revision && same_text(head->run, run->lock.self.run));
}

static void tell_untouched(const struct deployment *run, struct err *err)
{
	report_warning(
		run->deploy->reporter,
		"release '%s' is as it was: nothing of it was changed yet",
		run->deploy->name->release);
	(void)err_hint(err, "run the step again to deploy");
}

static void tell_incomplete(const struct deployment *run,
			    const struct release_head *head, struct err *err)
{
	const char *release = run->deploy->name->release;
	CLEANUP(str_release) struct str back = {0};

	if (head->deployed) {
		report_warning(run->deploy->reporter,
			       "release '%s': revision %lld was cut off; what "
			       "it had changed by then stays, and revision "
			       "%lld is the last that was complete",
			       release, (long long)head->revision,
			       (long long)head->deployed);
		deploy_add_command(run, "rollback", head->deployed, &back);
	} else {
		report_warning(run->deploy->reporter,
			       "release '%s': revision %lld was cut off; what "
			       "it had made by then stays, and none was ever "
			       "complete",
			       release, (long long)head->revision);
		deploy_add_command(run, "uninstall", 0, &back);
	}
	(void)err_hint(err, "run the step again to complete it; to go back: %s",
		       str_text(&back));
}

static void tell_head(struct deployment *run, const struct release_head *head,
		      struct err *err)
{
	if (!is_ours(run, head)) {
		tell_untouched(run, err);
		return;
	}
	if (same_text(head->status, "deployed")) {
		report_warning(run->deploy->reporter,
			       "release '%s': revision %lld is complete; only "
			       "what follows was cut off",
			       run->deploy->name->release,
			       (long long)head->revision);
		return;
	}
	deploy_settle_head(run, head);
	tell_incomplete(run, head, err);
}

static void tell_unknown(const struct deployment *run,
			 const struct err *failure, struct err *err)
{
	CLEANUP(str_release) struct str history = {0};

	report_warning(run->deploy->reporter,
		       "nobody knows how far release '%s' came: %s",
		       run->deploy->name->release, failure->text);
	deploy_add_command(run, "history", 0, &history);
	(void)err_hint(err,
		       "run the step again, which mends what is left; to look "
		       "before: %s",
		       str_text(&history));
}

/* The hint of what failed before the signal came matters less now. */
void deploy_tell_abort(struct deployment *run, struct err *err)
{
	const struct envname *name = run->deploy->name;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct release_head head;
	int cause;

	if (run->lock.lost) /* it is another run's to tell */
		return;
	free_ptr(&err->hint);
	if (!run->helm_begun) {
		tell_untouched(run, err);
		return;
	}
	cause = deploy_begin_farewell(run);
	if (releases_read_head(run->kube, name->namespace, name->release,
			       &arena, &head, &failure))
		tell_head(run, &head, err);
	else
		tell_unknown(run, &failure, err);
	deploy_end_farewell(run, cause);
}
