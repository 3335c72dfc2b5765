/*
 * Under which addresses the outside reaches what stands in a namespace, from
 * its Ingresses, HTTPRoutes (Gateway API), VirtualServices (Istio) and
 * LoadBalancer Services.  Pure.
 *
 * https only where something says that TLS is served for the host; a host
 * with a wildcard is none that one could open.  What is for any host is
 * reached at the address that the status of its load balancer tells.  Of a
 * path that is a pattern, what stands before the first of its special
 * characters is taken.
 * Source: networking.k8s.io/v1, gateway.networking.k8s.io/v1 and
 * networking.istio.io/v1, of which only these fields are read; the
 * annotations of ingress-nginx ("use-regex", "rewrite-target"), of NGINX's own
 * controller ("path-regex"), of AWS's ("listen-ports", "certificate-arn") and
 * of Google's ("pre-shared-cert", "managed-certificates").
 */
#ifndef CORE_ADDRESSES_H
#define CORE_ADDRESSES_H

struct strvec;
struct value;

/* Lists of objects as the API gives them, all borrowed; NULL = none. */
struct addresses_world {
	const char *namespace;
	const struct value *ingresses;
	const struct value *services;
	const struct value *http_routes;
	const struct value *gateways; /* those that the routes name */
	const struct value *virtual_services;
	const struct value *istio_gateways; /* those that these name */
};

/* Add each address once, in this order of kinds. */
void addresses_add(const struct addresses_world *world, struct strvec *urls);

/*
 * Add "namespace/name" of each Gateway that an HTTPRoute or VirtualService
 * of @namespace refers to, once.
 */
void addresses_add_gateways(const struct value *route, const char *namespace,
			    struct strvec *gateways);
void addresses_add_istio_gateways(const struct value *virtual_service,
				  const char *namespace,
				  struct strvec *gateways);

#endif
