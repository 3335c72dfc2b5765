#include "api/addresses.h"

#include <string.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/addresses.h"
#include "core/rollout.h"
#include "format/value.h"

static const struct objects_kind ingresses = {"Ingress", "networking.k8s.io/v1",
					      "ingresses", NULL};
static const struct objects_kind services = {"Service", "v1", "services", NULL};
static const struct objects_kind routes = {
	"HTTPRoute", "gateway.networking.k8s.io/v1", "httproutes", NULL};
static const struct objects_kind gateways = {
	"Gateway", "gateway.networking.k8s.io/v1", "gateways", NULL};
/* Istio before 1.22 has no v1. */
static const struct objects_kind virtual_services[] = {
	{"VirtualService", "networking.istio.io/v1", "virtualservices", NULL},
	{"VirtualService", "networking.istio.io/v1beta1", "virtualservices",
	 NULL},
};
static const struct objects_kind istio_gateways[] = {
	{"Gateway", "networking.istio.io/v1", "gateways", NULL},
	{"Gateway", "networking.istio.io/v1beta1", "gateways", NULL},
};

/* A list of a kind that the cluster may lack; false: it does. */
static bool list_some(struct kube *kube, const char *namespace,
		      const struct objects_kind *kind, struct arena *arena,
		      struct value *into)
{
	CLEANUP(err_release) struct err failure = {0};

	if (objects_list(kube, namespace, kind, true, arena, into, &failure))
		return true;
	log_debug("%s are not looked at: %s", kind->resource, failure.text);
	return false;
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

static void read_routes(struct kube *kube, struct arena *arena,
			struct addresses_world *world)
{
	struct value *found = value_new_list(arena);
	CLEANUP(strvec_release) struct strvec keys = {0};

	world->http_routes = found;
	if (!list_some(kube, world->namespace, &routes, arena, found))
		return;
	for (size_t i = 0; i < found->list.count; i++)
		addresses_add_gateways(found->list.items[i], world->namespace,
				       &keys);
	world->gateways = read_gateways(kube, &gateways, &keys, arena);
}

static void read_virtual_services(struct kube *kube, struct arena *arena,
				  struct addresses_world *world)
{
	struct value *found = value_new_list(arena);
	CLEANUP(strvec_release) struct strvec keys = {0};
	size_t version = 0;

	world->virtual_services = found;
	while (!list_some(kube, world->namespace, &virtual_services[version],
			  arena, found)) {
		if (++version == ARRAY_SIZE(virtual_services))
			return;
	}
	for (size_t i = 0; i < found->list.count; i++)
		addresses_add_istio_gateways(found->list.items[i],
					     world->namespace, &keys);
	world->istio_gateways =
		read_gateways(kube, &istio_gateways[version], &keys, arena);
}

bool addresses_find(struct kube *kube, const char *namespace,
		    struct strvec *urls, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct addresses_world world = {.namespace = namespace};
	struct value *entries = value_new_list(&arena);
	struct value *balancers = value_new_list(&arena);

	if (!objects_list(kube, namespace, &ingresses, false, &arena, entries,
			  err) ||
	    !objects_list(kube, namespace, &services, false, &arena, balancers,
			  err))
		return false;
	world.ingresses = entries;
	world.services = balancers;
	read_routes(kube, &arena, &world);
	read_virtual_services(kube, &arena, &world);
	addresses_add(&world, urls);
	return true;
}
