#include "flow/readiness.h"

#include "api/helm.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
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

#define OTHERS "see whether others are in a namespace"

static const struct kube_right sweep_rights[] = {
	{"list", "", "secrets", NULL, "find releases"},
	{"get", "", "secrets", NULL, "let Helm read a release"},
	{"update", "", "secrets", NULL, "let Helm uninstall a release"},
	{"delete", "", "secrets", NULL, "let Helm uninstall a release"},
	{"list", "", "namespaces", NULL, "find environments"},
	{"get", "", "namespaces", NULL, "look again before deleting"},
	{"delete", "", "namespaces", NULL, "delete those that we made"},
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

#define EXAMPLE "pipeline-examples/sweep/rbac.yaml"

static const struct {
	const struct kube_right *rights;
	size_t count;
	const char *cure;
} tables[] = {
	[READINESS_DEPLOY] = {deploy_rights, ARRAY_SIZE(deploy_rights),
			      "the roles slipway-deploy-preview, "
			      "slipway-write-charts and slipway-remove-charts"},
	[READINESS_SWEEP] = {sweep_rights, ARRAY_SIZE(sweep_rights),
			     "the roles slipway-expire-sweep and "
			     "slipway-remove-charts"},
};

static bool check_rights(struct kube *kube, const char *namespace,
			 enum readiness_rights rights, struct err *err)
{
	CLEANUP(strvec_release) struct strvec missing = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!kube_find_missing_rights(kube, namespace, tables[rights].rights,
				      tables[rights].count, &missing, err))
		return false;
	if (!missing.count)
		return true;
	for (size_t i = 0; i < missing.count; i++)
		str_addf(&text, "%s%s", i ? "; " : "", missing.items[i]);
	(void)err_set(err, ERR_DENIED, "the user of the kubeconfig %s",
		      str_text(&text));
	return err_hint(err, "bind %s of " EXAMPLE " to it",
			tables[rights].cure);
}

bool readiness_check(const struct kube_options *cluster, const char *namespace,
		     enum readiness_rights rights, struct deadline deadline,
		     struct arena *arena, struct value **found, struct err *err)
{
	CLEANUP(kube_release) struct kube kube = {0};
	CLEANUP(helm_release) struct helm helm = {0};
	struct value *map;
	int major;

	if (!kube_open(&kube, cluster, err) ||
	    !check_rights(&kube, namespace, rights, err) ||
	    !helm_open(&helm, &cluster->args, cluster->env, deadline, err) ||
	    !helm_read_major(&helm, &major, err))
		return false;
	map = value_new_map(arena);
	value_map_set_text(map, arena, "cluster", kube_cluster(&kube));
	value_map_set(map, arena, "helm", value_new_int(arena, major));
	*found = map;
	return true;
}
