#include "api/manifests.h"

#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/value.h"

/* What the server calls a kind of object. */
struct resource {
	char *name; /* owned; "" = it knows none of that kind */
	bool namespaced;
};

static void resource_release(struct resource *resource)
{
	free_ptr(&resource->name);
}

static bool find_resource(struct kube *kube, const char *api, const char *kind,
			  struct resource *found, struct err *err)
{
	const struct kube_ref ref = {.api = api};
	CLEANUP(jsn_release) json_t *list = NULL;
	const json_t *resources, *resource;
	size_t i;

	if (!kube_get(kube, &ref, &list, err))
		return err_wrap(err, "cannot look up what '%s' holds", api);
	resources = list ? jsn_find(list, "resources") : NULL;
	json_array_foreach (resources, i, resource) {
		const char *name = jsn_text(resource, "name");

		/* "pods/log" is a part of one. */
		if (!same_text(jsn_text(resource, "kind"), kind) || !name ||
		    strchr(name, '/'))
			continue;
		found->name = xstrdup(name);
		found->namespaced = jsn_bool(resource, "namespaced", false);
		return true;
	}
	return err_set(err, ERR_INPUT, "the cluster knows no kind '%s' of '%s'",
		       kind, api);
}

bool manifest_apply(struct kube *kube, const char *namespace,
		    const struct value *object, struct err *err)
{
	const char *api = value_find_text(object, "apiVersion");
	const char *kind = value_find_text(object, "kind");
	const char *name = value_find_text(object, "metadata.name");
	CLEANUP(resource_release) struct resource resource = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	struct kube_ref ref = {
		.api = api, .namespace = namespace, .name = name};

	if (!find_resource(kube, api, kind, &resource, err))
		return err_wrap(err, "cannot apply %s '%s'", kind, name);
	if (!resource.namespaced)
		return err_set(err, ERR_INPUT,
			       "cannot apply %s '%s': it is in no namespace",
			       kind, name);
	ref.resource = resource.name;
	json = jsn_from_value(object);
	if (!kube_apply(kube, &ref, MANIFESTS_FIELD_MANAGER, json, err))
		return err_wrap(err, "cannot apply %s '%s'", kind, name);
	return true;
}

static void copy_member(json_t *to, const json_t *from, const char *key)
{
	json_t *member = json_object_get(from, key);

	if (member)
		jsn_set(to, key, json_incref(member));
}

bool manifest_copy_secret(struct kube *kube, const char *namespace,
			  const char *name, const char *target, struct err *err)
{
	struct kube_ref ref = {.api = "v1",
			       .resource = "secrets",
			       .namespace = namespace,
			       .name = name};
	CLEANUP(jsn_release) json_t *source = NULL;
	CLEANUP(jsn_release) json_t *copy = json_object();
	json_t *metadata;

	if (!kube_get(kube, &ref, &source, err))
		return err_wrap(err, "cannot read secret '%s/%s'", namespace,
				name);
	if (!source)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no secret '%s' in namespace '%s'",
			       name, namespace);
	jsn_set_text(copy, "apiVersion", "v1");
	jsn_set_text(copy, "kind", "Secret");
	metadata = json_object();
	jsn_set_text(metadata, "name", name);
	jsn_set(copy, "metadata", metadata);
	copy_member(copy, source, "type");
	copy_member(copy, source, "data");
	ref.namespace = target;
	if (!kube_apply(kube, &ref, MANIFESTS_FIELD_MANAGER, copy, err))
		return err_wrap(err, "cannot copy secret '%s/%s' to '%s'",
				namespace, name, target);
	return true;
}
