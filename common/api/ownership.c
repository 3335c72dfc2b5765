#include "api/ownership.h"

#include "api/kinds.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/manifest.h"
#include "format/jsn.h"

struct question {
	const struct manifest_object *object;
	const char *namespace, *release;
	struct strvec *others;
};

static const char *member_of(const json_t *object, const char *map,
			     const char *key)
{
	return json_string_value(json_object_get(jsn_find(object, map), key));
}

static void add_other(struct strvec *others, const struct question *question,
		      const char *release, const char *namespace)
{
	const struct manifest_object *object = question->object;

	if (!release)
		strvec_addf(others, "%s %s", object->kind, object->name);
	else
		strvec_addf(others, "%s %s (of release '%s' in '%s')",
			    object->kind, object->name, release,
			    namespace ? namespace : "?");
}

static bool check_marks(void *context, const json_t *found, struct err *err)
{
	static const char annotations[] = "metadata.annotations";
	const struct question *question = context;
	const char *release =
		member_of(found, annotations, "meta.helm.sh/release-name");
	const char *namespace =
		member_of(found, annotations, "meta.helm.sh/release-namespace");

	(void)err;
	if (!same_text(release, question->release) ||
	    !same_text(namespace, question->namespace) ||
	    !same_text(member_of(found, "metadata.labels",
				 "app.kubernetes.io/managed-by"),
		       "Helm"))
		add_other(question->others, question, release, namespace);
	return true;
}

/* *@kind is NULL for what need not be asked for. */
static bool find_kind(struct kube *kube, struct kinds *kinds,
		      const struct manifest_object *object,
		      const struct kind **kind, struct err *err)
{
	*kind = NULL;
	return object->hook || object->kept ||
	       kinds_find(kinds, kube, object->api, object->kind, kind, err);
}

bool ownership_find_others(struct kube *kube, struct kinds *kinds,
			   const char *namespace, const char *release,
			   const struct manifest *manifest,
			   struct strvec *others, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct question *questions =
		arena_new_array(&arena, struct question, manifest->count);
	struct kube_list *lists =
		arena_new_array(&arena, struct kube_list, manifest->count);
	size_t count = 0;

	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_object *object = &manifest->objects[i];
		const struct kind *kind;

		if (!find_kind(kube, kinds, object, &kind, err))
			return false;
		if (!kind)
			continue;
		questions[count] =
			(struct question){object, namespace, release, others};
		lists[count] = (struct kube_list){
			.ref = {.api = object->api,
				.resource = kind->resource,
				.namespace = kind_place(kind, object->namespace,
							namespace),
				.name = object->name},
			.metadata = true,
			.item = check_marks,
			.context = &questions[count],
		};
		count++;
	}
	if (count && !kube_list_all(kube, lists, count, err))
		return err_wrap(err,
				"cannot tell whose the objects of '%s' are",
				release);
	strvec_sort(others);
	return true;
}
