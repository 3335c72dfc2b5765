#include "api/helm.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/log.h"
#include "core/envname.h"
#include "flow/deploy_parts.h"

/*
 * What Helm cannot know before it begins: a kind that the chart itself brings,
 * and what becomes of a revision that is pending.
 */
static bool is_undecided(const struct helm_call *call)
{
	return helm_was_busy(call) || helm_lacks_kind(call);
}

static bool rehearse_chart(const struct helm *helm, const struct deploy *deploy,
			   struct err *err)
{
	CLEANUP(deploy_input_release) struct deploy_input input = {0};
	CLEANUP(helm_call_release) struct helm_call call = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct helm_upgrade upgrade;

	if (!deploy_make_input(&input, deploy, helm, &deploy->expiry, err))
		return false;
	upgrade = deploy_upgrade(deploy, &input);
	upgrade.dry_run = true;
	helm_prepare_upgrade(helm, &call, &upgrade);
	if (!proc_run(&call.proc, err))
		return false;
	if (helm_check_upgrade(&call, &failure))
		return true;
	if (!is_undecided(&call)) {
		err_move(err, &failure);
		return false;
	}
	report_warning(deploy->reporter,
		       "whether Helm takes the chart is not known: %s",
		       failure.text);
	return true;
}

bool deploy_rehearse(struct kube *kube, const struct helm *helm,
		     struct deploy *deploy, struct err *err)
{
	bool exists;
	int major;

	return helm_check_version(helm, HELM_3_UPGRADES, &major, err) &&
	       deploy_rehearse_claim(kube, deploy, &exists, err) &&
	       preparation_rehearse(&deploy->preparation, kube,
				    deploy->name->namespace, exists, err) &&
	       (exists ||
		deploy_find_victims(kube, deploy, &deploy->victims, err)) &&
	       rehearse_chart(helm, deploy, err);
}
