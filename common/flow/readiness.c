#include "flow/readiness.h"

#include "api/helm.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "flow/preparation.h"
#include "format/value.h"

static const struct kube_right deploy_rights[] = {
	{"get", "", "namespaces", NULL, "see whose the environment is"},
	{"create", "", "namespaces", NULL, "make the environment"},
	{"patch", "", "namespaces", NULL, "mark it"},
	{"list", "", "namespaces", NULL, "count by '--max-environments'"},
	{"get", "coordination.k8s.io", "leases", NULL, "see who works on it"},
	{"create", "coordination.k8s.io", "leases", NULL, "work on it alone"},
	{"patch", "coordination.k8s.io", "leases", NULL, "work on it alone"},
	{"list", "", "secrets", NULL, "find its release"},
	{"get", "", "secrets", NULL, "read its release"},
	{"create", "", "secrets", NULL, "let Helm store a release"},
	{"update", "", "secrets", NULL, "let Helm store a release"},
	{"delete", "", "secrets", NULL, "let Helm forget old revisions"},
	{"patch", "", "secrets", NULL, "heal a release, move its expiry"},
	{"list", "", "pods", NULL, "say what is not ready"},
	{"get", "", "pods", "log", "say why a container failed"},
	{"list", "", "events", NULL, "say why something is not ready"},
	{"list", "apps", "replicasets", NULL, "say why pods are missing"},
	{"list", "apps", "deployments", NULL, "see what is ready"},
	{"list", "apps", "statefulsets", NULL, "see what is ready"},
	{"list", "apps", "daemonsets", NULL, "see what is ready"},
	{"list", "batch", "jobs", NULL, "see what is ready"},
	{"list", "", "persistentvolumeclaims", NULL, "see what is ready"},
	{"list", "", "services", NULL, "find the addresses"},
	{"list", "networking.k8s.io", "ingresses", NULL, "find the addresses"},
};

#define OTHERS	 "see whether others are in a namespace"
#define KEEP_OFF "keep deployments off what is being deleted"

static const struct kube_right sweep_rights[] = {
	{"list", "", "secrets", NULL, "find releases"},
	{"get", "", "secrets", NULL, "let Helm read a release"},
	{"update", "", "secrets", NULL, "let Helm uninstall a release"},
	{"delete", "", "secrets", NULL, "let Helm uninstall a release"},
	{"list", "", "namespaces", NULL, "find environments"},
	{"get", "", "namespaces", NULL, "look again before deleting"},
	{"delete", "", "namespaces", NULL, "delete those that we made"},
	{"get", "coordination.k8s.io", "leases", NULL, KEEP_OFF},
	{"create", "coordination.k8s.io", "leases", NULL, KEEP_OFF},
	{"patch", "coordination.k8s.io", "leases", NULL, KEEP_OFF},
	{"list", "", "pods", NULL, OTHERS},
	{"list", "", "services", NULL, OTHERS},
	{"list", "", "persistentvolumeclaims", NULL, OTHERS},
	{"list", "apps", "deployments", NULL, OTHERS},
	{"list", "apps", "statefulsets", NULL, OTHERS},
	{"list", "apps", "daemonsets", NULL, OTHERS},
	{"list", "apps", "replicasets", NULL, OTHERS},
	{"list", "batch", "cronjobs", NULL, OTHERS},
	{"list", "batch", "jobs", NULL, OTHERS},
	{"list", "networking.k8s.io", "ingresses", NULL, OTHERS},
};

static const struct kube_right limit_rights[] = {
	{"delete", "", "namespaces", NULL, "keep to '--max-environments'"},
};

#define EXAMPLES "pipeline-examples/sweep/"

/* Rights, and what gives them. */
struct demand {
	const struct kube_right *rights;
	size_t count;
	const char *cure;
	int helm; /* the least version of Helm 3 */
};

static const struct demand demands[] = {
	[READINESS_DEPLOY] = {deploy_rights, ARRAY_SIZE(deploy_rights),
			      "the roles slipway-deploy-preview, "
			      "slipway-write-charts and slipway-remove-charts "
			      "of " EXAMPLES "rbac.yaml",
			      HELM_3_UPGRADES},
	[READINESS_SWEEP] = {sweep_rights, ARRAY_SIZE(sweep_rights),
			     "the roles slipway-expire-sweep and "
			     "slipway-remove-charts of " EXAMPLES "rbac.yaml",
			     HELM_3_UNINSTALLS},
};

static const struct demand limit_demand = {
	limit_rights, ARRAY_SIZE(limit_rights),
	"the role slipway-limit-environments of " EXAMPLES "rbac-limit.yaml"};

/* What is missing, and what would give it. */
struct lack {
	struct strvec missing;
	struct strvec cures;
};

static void lack_release(struct lack *lack)
{
	strvec_release(&lack->missing);
	strvec_release(&lack->cures);
}

static bool look_for(struct kube *kube, const char *namespace,
		     const struct demand *demand, struct lack *lack,
		     struct err *err)
{
	size_t before = lack->missing.count;

	if (!kube_find_missing_rights(kube, namespace, demand->rights,
				      demand->count, &lack->missing, err))
		return false;
	if (lack->missing.count > before)
		strvec_add(&lack->cures, demand->cure);
	return true;
}

static bool judge(const struct lack *lack, struct err *err)
{
	CLEANUP(str_release) struct str missing = {0};
	CLEANUP(str_release) struct str cures = {0};

	if (!lack->missing.count)
		return true;
	strvec_join(&lack->missing, "; ", &missing);
	(void)err_set(err, ERR_DENIED, "the user of the kubeconfig %s",
		      str_text(&missing));
	strvec_join(&lack->cures, ", and ", &cures);
	return err_hint(err, "bind %s to it", str_text(&cures));
}

bool readiness_check_limit(struct kube *kube, struct err *err)
{
	CLEANUP(lack_release) struct lack lack = {0};

	return look_for(kube, NULL, &limit_demand, &lack, err) &&
	       judge(&lack, err);
}

/* Manifests may hold anything, which the roles of the example cannot know. */
static bool look_for_preparation(struct kube *kube,
				 const struct readiness *readiness,
				 struct lack *lack, struct err *err)
{
	size_t before = lack->missing.count;

	if (!preparation_find_missing_rights(readiness->preparation, kube,
					     readiness->namespace,
					     &lack->missing, err))
		return false;
	if (lack->missing.count > before)
		strvec_add(&lack->cures, "a role with what '--copy-secret' and "
					 "'--namespace-manifest' take");
	return true;
}

static bool check_rights(struct kube *kube, const struct readiness *readiness,
			 struct err *err)
{
	CLEANUP(lack_release) struct lack lack = {0};

	if (!look_for(kube, readiness->namespace, &demands[readiness->rights],
		      &lack, err) ||
	    (readiness->limited &&
	     !look_for(kube, NULL, &limit_demand, &lack, err)) ||
	    (readiness->preparation &&
	     !look_for_preparation(kube, readiness, &lack, err)))
		return false;
	return judge(&lack, err);
}

bool readiness_check(const struct readiness *readiness, struct arena *arena,
		     struct value **found, struct err *err)
{
	const struct kube_options *cluster = readiness->cluster;
	CLEANUP(kube_release) struct kube kube = {0};
	CLEANUP(helm_release) struct helm helm = {0};
	struct value *map;
	int major;

	if (!kube_open(&kube, cluster, err) ||
	    !check_rights(&kube, readiness, err) ||
	    !helm_open(&helm, &cluster->args, cluster->env, readiness->deadline,
		       err) ||
	    !helm_check_version(&helm, demands[readiness->rights].helm, &major,
				err))
		return false;
	map = value_new_map(arena);
	value_map_set_text(map, arena, "cluster", kube_cluster(&kube));
	value_map_set(map, arena, "helm", value_new_int(arena, major));
	*found = map;
	return true;
}
