#include "api/objects.h"

#include "api/kube.h"
#include "base/mem.h"
#include "format/jsn.h"
#include "format/value.h"

/* A list that grows, and shrinks again if reading it starts anew. */
struct growing {
	struct arena *arena;
	struct value *list;
	size_t before;
	const char *kind;
};

static bool add_object(void *context, const json_t *item, struct err *err)
{
	struct growing *growing = context;
	struct value *object = jsn_to_value(item, growing->arena);

	(void)err;
	if (!value_is_map(object))
		return true;
	value_map_set_text(object, growing->arena, "kind", growing->kind);
	value_list_add(growing->list, growing->arena, object);
	return true;
}

static void forget_objects(void *context)
{
	struct growing *growing = context;

	growing->list->list.count = growing->before;
}

bool objects_list(struct kube *kube, const char *namespace,
		  const struct objects_kind *kind, enum objects_care care,
		  struct arena *arena, struct value *into, struct err *err)
{
	struct growing growing = {
		.arena = arena,
		.list = into,
		.before = into->list.count,
		.kind = kind->kind,
	};
	const struct kube_list list = {
		.ref = {.api = kind->api,
			.resource = kind->resource,
			.namespace = namespace},
		.field_selector = kind->field_selector,
		.cached = care != OBJECTS_CURRENT,
		.once = care == OBJECTS_IN_PASSING,
		.item = add_object,
		.restart = forget_objects,
		.context = &growing,
	};

	if (kube_list(kube, &list, err))
		return true;
	forget_objects(&growing);
	return false;
}

bool objects_get(struct kube *kube, const char *namespace,
		 const struct objects_kind *kind, const char *name,
		 struct arena *arena, const struct value **object,
		 struct err *err)
{
	const struct kube_ref ref = {
		.api = kind->api,
		.resource = kind->resource,
		.namespace = namespace,
		.name = name,
	};
	CLEANUP(jsn_release) json_t *json = NULL;

	if (!kube_get(kube, &ref, &json, err))
		return false;
	*object = json ? jsn_to_value(json, arena) : NULL;
	return true;
}
