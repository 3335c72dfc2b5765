#include "api/manifests.h"

#include "api/kinds.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/value.h"

bool manifest_find_kind(struct kube *kube, struct kinds *kinds,
			const struct value *object, const struct kind **kind,
			struct err *err)
{
	const char *api = value_find_text(object, "apiVersion");
	const char *name = value_find_text(object, "kind");
	const struct kind *found;

	if (!kinds_find(kinds, kube, api, name, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_INPUT,
			       "the cluster knows no kind '%s' of '%s'", name,
			       api);
	if (!found->namespaced)
		return err_set(err, ERR_INPUT, "it is in no namespace");
	*kind = found;
	return true;
}

bool manifest_apply(struct kube *kube, struct kinds *kinds,
		    const char *namespace, const struct value *object,
		    struct err *err)
{
	const char *name = value_find_text(object, "metadata.name");
	CLEANUP(jsn_release) json_t *json = NULL;
	struct kube_ref ref = {
		.api = value_find_text(object, "apiVersion"),
		.namespace = namespace,
		.name = name,
	};
	const struct kind *kind;

	if (!manifest_find_kind(kube, kinds, object, &kind, err))
		return err_wrap(err, "cannot apply %s '%s'",
				value_find_text(object, "kind"), name);
	ref.resource = kind->resource;
	json = jsn_from_value(object);
	return kube_apply(kube, &ref, MANIFESTS_FIELD_MANAGER, json, err) ||
	       err_wrap(err, "cannot apply %s '%s'",
			value_find_text(object, "kind"), name);
}

static void copy_member(json_t *to, const json_t *from, const char *key)
{
	json_t *member = json_object_get(from, key);

	if (member)
		jsn_set(to, key, json_incref(member));
}

static bool fail_missing(const char *namespace, const char *name,
			 struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND,
		      "there is no secret '%s' in namespace '%s'", name,
		      namespace);
	return err_hint(err, "make it there, or name one that is there by "
			     "'--copy-secret NAMESPACE/NAME'");
}

static bool read_source(struct kube *kube, const struct kube_ref *ref,
			json_t **source, struct err *err)
{
	if (!kube_get(kube, ref, source, err))
		return err_wrap(err, "cannot read secret '%s/%s'",
				ref->namespace, ref->name);
	return *source || fail_missing(ref->namespace, ref->name, err);
}

static struct kube_ref secret_ref(const char *namespace, const char *name)
{
	return (struct kube_ref){.api = "v1",
				 .resource = "secrets",
				 .namespace = namespace,
				 .name = name};
}

bool manifest_check_secret(struct kube *kube, const char *namespace,
			   const char *name, struct err *err)
{
	const struct kube_ref ref = secret_ref(namespace, name);
	CLEANUP(jsn_release) json_t *source = NULL;

	return read_source(kube, &ref, &source, err);
}

bool manifest_copy_secret(struct kube *kube, const char *namespace,
			  const char *name, const char *target, struct err *err)
{
	struct kube_ref ref = secret_ref(namespace, name);
	CLEANUP(jsn_release) json_t *source = NULL;
	CLEANUP(jsn_release) json_t *copy = json_object();
	json_t *metadata;

	if (!read_source(kube, &ref, &source, err))
		return false;
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
