#include "api/addresses.h"

#include <string.h>

#include "api/kube.h"
#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/addresses.h"
#include "format/jsn.h"
#include "format/value.h"

static const struct objects_kind ingresses = {"Ingress", "networking.k8s.io/v1",
					      "ingresses", NULL};
static const struct objects_kind services = {"Service", "v1", "services", NULL};

/* Routes and their gateways, as one version of a group has them. */
struct family {
	struct objects_kind routes;
	struct objects_kind gateways;
};

/* Of each the newest version that the cluster serves is read. */
static const struct family gateway_api[] = {
	{{"HTTPRoute", "gateway.networking.k8s.io/v1", "httproutes", NULL},
	 {"Gateway", "gateway.networking.k8s.io/v1", "gateways", NULL}},
	{{"HTTPRoute", "gateway.networking.k8s.io/v1beta1", "httproutes", NULL},
	 {"Gateway", "gateway.networking.k8s.io/v1beta1", "gateways", NULL}},
};
static const struct family istio[] = {
	{{"VirtualService", "networking.istio.io/v1", "virtualservices", NULL},
	 {"Gateway", "networking.istio.io/v1", "gateways", NULL}},
	{{"VirtualService", "networking.istio.io/v1beta1", "virtualservices",
	  NULL},
	 {"Gateway", "networking.istio.io/v1beta1", "gateways", NULL}},
};

/*
 * The versions of groups that the cluster serves ("apps/v1"): one question
 * for all of them.
 */
static bool read_apis(struct kube *kube, struct strvec *apis, struct err *err)
{
	static const struct kube_ref groups = {0};
	CLEANUP(jsn_release) json_t *found = NULL;
	const json_t *group, *version;
	size_t i, j;

	if (!kube_get(kube, &groups, &found, err))
		return false;
	json_array_foreach (jsn_find(found, "groups"), i, group) {
		json_array_foreach (jsn_find(group, "versions"), j, version) {
			const char *api = jsn_text(version, "groupVersion");

			if (api)
				strvec_add(apis, api);
		}
	}
	return true;
}

/* What may not be listed is left out. */
static void list_some(struct kube *kube, const char *namespace,
		      const struct objects_kind *kind, struct arena *arena,
		      struct value *into)
{
	CLEANUP(err_release) struct err failure = {0};

	if (!objects_list(kube, namespace, kind, OBJECTS_IN_PASSING, arena,
			  into, &failure))
		log_debug("%s are not looked at: %s", kind->resource,
			  failure.text);
}

/* The Gateways of @keys ("namespace/name") that can be read. */
static struct value *read_gateways(struct kube *kube,
				   const struct objects_kind *kind,
				   const struct strvec *keys,
				   struct arena *arena)
{
	struct value *found = value_new_list(arena);

	for (size_t i = 0; i < keys->count && i < ADDRESSES_GATEWAYS_MAX; i++) {
		CLEANUP(strvec_release) struct strvec parts = {0};
		CLEANUP(err_release) struct err failure = {0};
		const struct value *gateway = NULL;

		strvec_split(&parts, keys->items[i], '/');
		if (parts.count != 2)
			continue;
		if (!objects_get(kube, parts.items[0], kind, parts.items[1],
				 arena, &gateway, &failure))
			log_debug("no gateway '%s': %s", keys->items[i],
				  failure.text);
		if (gateway)
			value_list_add(found, arena, gateway);
	}
	return found;
}

static const struct family *find_family(const struct family *families,
					size_t count, const struct strvec *apis)
{
	for (size_t i = 0; i < count; i++) {
		if (strvec_has(apis, families[i].routes.api))
			return &families[i];
	}
	return NULL;
}

/* The routes of @family, and the gateways that @name finds in each. */
static void read_family(struct kube *kube, const struct family *family,
			const char *namespace,
			void (*name)(const struct value *route,
				     const char *namespace,
				     struct strvec *gateways),
			struct arena *arena, const struct value **routes,
			const struct value **gateways)
{
	struct value *found = value_new_list(arena);
	CLEANUP(strvec_release) struct strvec keys = {0};

	list_some(kube, namespace, &family->routes, arena, found);
	for (size_t i = 0; i < found->list.count; i++)
		name(found->list.items[i], namespace, &keys);
	*routes = found;
	*gateways = read_gateways(kube, &family->gateways, &keys, arena);
}

/* Only what the cluster has is asked for. */
static void read_routes(struct kube *kube, const struct strvec *apis,
			struct arena *arena, struct addresses_world *world)
{
	const struct family *family =
		find_family(gateway_api, ARRAY_SIZE(gateway_api), apis);

	if (family)
		read_family(kube, family, world->namespace,
			    addresses_add_gateways, arena, &world->http_routes,
			    &world->gateways);
	family = find_family(istio, ARRAY_SIZE(istio), apis);
	if (family)
		read_family(kube, family, world->namespace,
			    addresses_add_istio_gateways, arena,
			    &world->virtual_services, &world->istio_gateways);
}

bool addresses_find(struct kube *kube, const char *namespace,
		    struct strvec *urls, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct addresses_world world = {.namespace = namespace};
	struct value *entries = value_new_list(&arena);
	struct value *balancers = value_new_list(&arena);
	CLEANUP(strvec_release) struct strvec apis = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (!objects_list(kube, namespace, &ingresses, OBJECTS_CACHED, &arena,
			  entries, err) ||
	    !objects_list(kube, namespace, &services, OBJECTS_CACHED, &arena,
			  balancers, err))
		return false;
	world.ingresses = entries;
	world.services = balancers;
	if (!read_apis(kube, &apis, &failure))
		log_debug("no routes are looked at: %s", failure.text);
	read_routes(kube, &apis, &arena, &world);
	addresses_add(&world, urls);
	return true;
}
