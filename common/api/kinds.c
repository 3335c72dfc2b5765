#include "api/kinds.h"

#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
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

bool kinds_find_finalizers(struct kube *kube, const char *api,
			   const struct kind *kind, const char *namespace,
			   const char *name, struct str *finalizers,
			   struct err *err)
{
	const struct kube_ref ref = {
		.api = api,
		.resource = kind->resource,
		.namespace = namespace,
		.name = name,
	};
	CLEANUP(jsn_release) json_t *object = NULL;
	const json_t *finalizer;
	size_t i;

	if (!kube_get_metadata(kube, &ref, &object, err))
		return false;
	if (!jsn_text(object, "metadata.deletionTimestamp"))
		return true;
	json_array_foreach (jsn_find(object, "metadata.finalizers"), i,
			    finalizer)
		str_addf(finalizers, "%s%s", i ? ", " : "",
			 json_string_value(finalizer)
				 ? json_string_value(finalizer)
				 : "?");
	return true;
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
