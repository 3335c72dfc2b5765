#include "api/kinds.h"

#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
#include "core/manifest.h"
#include "format/jsn.h"

static void add_kind(struct kinds *kinds, const char *api, const json_t *item)
{
	const char *name = jsn_text(item, "kind");
	const char *resource = jsn_text(item, "name");
	const char *slash = strchr(api, '/');
	CLEANUP(free_ptr) char *key = NULL;
	struct kind *kind;

	/* "deployments/status" is a part of one. */
	if (!name || !resource || strchr(resource, '/'))
		return;
	key = xasprintf("%s %s", api, name);
	kind = arena_new(&kinds->arena, struct kind);
	kind->group =
		slash ? arena_memdupz(&kinds->arena, api, (size_t)(slash - api))
		      : "";
	kind->resource = arena_strdup(&kinds->arena, resource);
	kind->namespaced = jsn_bool(item, "namespaced", false);
	map_put(&kinds->known, key, kind);
}

/* A version that the server does not serve has no kinds. */
static bool ask(struct kinds *kinds, struct kube *kube, const char *api,
		struct err *err)
{
	const struct kube_ref ref = {.api = api};
	CLEANUP(jsn_release) json_t *answer = NULL;
	CLEANUP(err_release) struct err failure = {0};
	const json_t *item;
	size_t i;

	if (!kube_get(kube, &ref, &answer, &failure) &&
	    failure.kind != ERR_NOT_FOUND) {
		err_move(err, &failure);
		return err_wrap(err, "cannot look up the kinds of '%s'", api);
	}
	json_array_foreach (jsn_find(answer, "resources"), i, item)
		add_kind(kinds, api, item);
	map_put(&kinds->apis, api, kinds);
	return true;
}

bool kinds_find(struct kinds *kinds, struct kube *kube, const char *api,
		const char *kind, const struct kind **found, struct err *err)
{
	CLEANUP(free_ptr) char *key = xasprintf("%s %s", api, kind);

	if (!map_has(&kinds->apis, api) && !ask(kinds, kube, api, err))
		return false;
	*found = map_get(&kinds->known, key);
	return true;
}

/* One object, and where what holds it is told. */
struct question {
	struct kind_object *object;
	struct arena *arena;
};

static bool note_finalizers(void *context, const json_t *found, struct err *err)
{
	const struct question *question = context;
	CLEANUP(str_release) struct str finalizers = {0};
	const json_t *finalizer;
	size_t i;

	(void)err;
	if (!jsn_text(found, "metadata.deletionTimestamp"))
		return true;
	json_array_foreach (jsn_find(found, "metadata.finalizers"), i,
			    finalizer)
		str_addf(&finalizers, "%s%s", i ? ", " : "",
			 json_string_value(finalizer)
				 ? json_string_value(finalizer)
				 : "?");
	if (finalizers.len)
		question->object->finalizers =
			arena_strdup(question->arena, str_text(&finalizers));
	return true;
}

bool kinds_find_finalizers(struct kube *kube, struct kind_object *objects,
			   size_t count, struct arena *arena, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	struct question *questions =
		arena_new_array(&scratch, struct question, count);
	struct kube_list *lists =
		arena_new_array(&scratch, struct kube_list, count);

	for (size_t i = 0; i < count; i++) {
		const struct kind_object *asked = &objects[i];

		questions[i] = (struct question){&objects[i], arena};
		lists[i] = (struct kube_list){
			.ref = {.api = asked->object->api,
				.resource = asked->kind->resource,
				.namespace = asked->namespace,
				.name = asked->object->name},
			.metadata = true,
			.item = note_finalizers,
			.context = &questions[i],
		};
	}
	return !count || kube_list_all(kube, lists, count, err);
}

const char *kind_place(const struct kind *kind, const char *own,
		       const char *otherwise)
{
	if (!kind->namespaced)
		return NULL;
	return own ? own : otherwise;
}

void kinds_release(struct kinds *kinds)
{
	map_release(&kinds->apis);
	map_release(&kinds->known);
	arena_release(&kinds->arena);
	*kinds = (struct kinds){0};
}
