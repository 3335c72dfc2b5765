#include "core/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/rollout.h"
#include "format/jsontext.h"
#include "format/value.h"

#define HTTP_PORT  80
#define HTTPS_PORT 443

static const struct value *first_of(const struct value *map, const char *path)
{
	return value_list_at(value_find(map, path), 0);
}

/* How a host is served: by which scheme and port; port 0 = the usual one. */
struct server {
	bool tls;
	int64_t port;
};

static void add_url(struct strvec *urls, const char *host,
		    const struct server *server, const char *path)
{
	int64_t usual = server->tls ? HTTPS_PORT : HTTP_PORT;
	CLEANUP(str_release) struct str url = {0};

	str_addf(&url, "%s://", server->tls ? "https" : "http");
	/* An IPv6 address needs brackets. */
	str_addf(&url, strchr(host, ':') ? "[%s]" : "%s", host);
	if (server->port && server->port != usual)
		str_addf(&url, ":%lld", (long long)server->port);
	str_addf(&url, "%s%s", *path == '/' ? "" : "/", path);
	strvec_add_once(urls, str_text(&url));
}

static bool is_openable(const char *host)
{
	return !is_blank(host) && !strchr(host, '*') && !strchr(host, '/');
}

/* Does @pattern, a host or "*.domain" or "*", cover @host? */
static bool covers(const char *pattern, const char *host)
{
	if (is_blank(pattern) || strcmp(pattern, "*") == 0)
		return true;
	if (starts_with(pattern, "*."))
		return ends_with(host, pattern + 1);
	return strcmp(pattern, host) == 0;
}

/* The first address that a cloud gave a load balancer, or NULL. */
static const char *balancer_host(const struct value *object)
{
	const struct value *balancer =
		first_of(object, "status.loadBalancer.ingress");
	const char *name = value_find_text(balancer, "hostname");

	return is_blank(name) ? value_find_text(balancer, "ip") : name;
}

/* --- Ingress --------------------------------------------------------------- */

/* Who names no hosts serves TLS for all of them. */
static bool has_tls(const struct value *ingress, const char *host)
{
	const struct value *entries = value_find(ingress, "spec.tls");
	const struct value *entry, *pattern;

	for (size_t i = 0; (entry = value_list_at(entries, i)); i++) {
		const struct value *hosts = value_map_get(entry, "hosts");

		if (value_is_map(entry) && (!hosts || !value_truth(hosts)))
			return true;
		for (size_t j = 0; (pattern = value_list_at(hosts, j)); j++) {
			const char *text = value_find_text(pattern, "");

			if (text && covers(text, host))
				return true;
		}
	}
	return false;
}

static const char *annotation(const struct value *object, const char *name)
{
	const struct value *text =
		value_map_get(value_find(object, "metadata.annotations"), name);

	return text ? value_find_text(text, "") : NULL;
}

/* The listeners of an ALB, '[{"HTTP": 80}, {"HTTPS": 443}]': one with TLS. */
static bool read_listen_ports(const char *text, struct server *server)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err unfit = {0};
	const struct value *list, *item;
	int64_t plain = 0;

	if (!jsontext_parse(&list, text, strlen(text), "ports", &arena, &unfit))
		return false;
	for (size_t i = 0; (item = value_list_at(list, i)); i++) {
		int64_t secure = rollout_number(item, "HTTPS", 0);

		if (secure) {
			*server = (struct server){true, secure};
			return true;
		}
		if (!plain)
			plain = rollout_number(item, "HTTP", 0);
	}
	*server = (struct server){false, plain};
	return plain != 0;
}

/* Clouds have certificates of their own, of which spec.tls says nothing. */
static bool has_certificate(const struct value *ingress)
{
	static const char *const names[] = {
		"alb.ingress.kubernetes.io/certificate-arn",
		"ingress.gcp.kubernetes.io/pre-shared-cert",
		"networking.gke.io/managed-certificates",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!is_blank(annotation(ingress, names[i])))
			return true;
	}
	return false;
}

static struct server ingress_server(const struct value *ingress,
				    const char *host)
{
	const char *ports =
		annotation(ingress, "alb.ingress.kubernetes.io/listen-ports");
	struct server server = {0};

	if (is_blank(ports) || !read_listen_ports(ports, &server))
		server = (struct server){
			has_certificate(ingress) || has_tls(ingress, host), 0};
	return server;
}

/*
 * ingress-nginx takes every path of such an Ingress for a regular expression,
 * whatever its type says; so does the controller of NGINX itself.
 */
static bool has_patterns(const struct value *ingress)
{
	const char *regex = annotation(ingress, "nginx.org/path-regex");

	return same_text(annotation(ingress,
				    "nginx.ingress.kubernetes.io/use-regex"),
			 "true") ||
	       !is_blank(annotation(
		       ingress,
		       "nginx.ingress.kubernetes.io/rewrite-target")) ||
	       (!is_blank(regex) && strcmp(regex, "exact") != 0);
}

/*
 * How much of @path stands there as it is: a star as AWS and Google know it
 * ends it, and what regular expressions are made of.  A dot is one of these
 * only where something says how often, for versions have dots, too.
 */
static size_t literal_length(const char *path)
{
	size_t len = strcspn(path, "*+?^$|\\()[]{}");
	bool is_counted = path[len] && strchr("*+?{", path[len]);

	return is_counted && len && path[len - 1] == '.' ? len - 1 : len;
}

/* A path to open, of those that the first of the @rule's stands for; owned. */
static char *ingress_path(const struct value *ingress, const struct value *rule)
{
	const struct value *first = first_of(rule, "http.paths");
	const char *path = value_find_text(first, "path");
	const char *type = value_find_text(first, "pathType");

	if (!path)
		return xstrdup("/");
	if (has_patterns(ingress) || is_blank(type) ||
	    strcmp(type, "ImplementationSpecific") == 0)
		return xmemdupz(path, literal_length(path));
	return xstrdup(path);
}

/* What is for any host is reached at the load balancer's own address. */
static void add_rule(const struct value *ingress, const struct value *rule,
		     struct strvec *urls)
{
	const char *named = value_find_text(rule, "host");
	const char *host = is_blank(named) ? balancer_host(ingress) : named;
	CLEANUP(free_ptr) char *path = NULL;
	struct server server;

	if (!is_openable(host))
		return;
	server = ingress_server(ingress, host);
	path = ingress_path(ingress, rule);
	add_url(urls, host, &server, path);
}

static void add_ingress(const struct value *ingress, struct strvec *urls)
{
	const struct value *rules = value_find(ingress, "spec.rules");
	const struct value *rule;

	if (!value_list_at(rules, 0) &&
	    value_find(ingress, "spec.defaultBackend"))
		add_rule(ingress, NULL, urls);
	for (size_t i = 0; (rule = value_list_at(rules, i)); i++)
		add_rule(ingress, rule, urls);
}

/* --- Gateway API ----------------------------------------------------------- */

static char *key_of(const char *namespace, const char *name)
{
	return xasprintf("%s/%s", namespace, name);
}

static const char *or_own(const char *namespace, const char *own)
{
	return is_blank(namespace) ? own : namespace;
}

static const struct value *find_gateway(const struct value *gateways,
					const char *key)
{
	const struct value *gateway;

	for (size_t i = 0; (gateway = value_list_at(gateways, i)); i++) {
		const char *namespace =
			value_find_text(gateway, "metadata.namespace");
		CLEANUP(free_ptr) char *found = key_of(
			namespace ? namespace : "", rollout_name(gateway));

		if (strcmp(found, key) == 0)
			return gateway;
	}
	return NULL;
}

/* The Gateway that a parentRef names, "namespace/name", or NULL. */
static char *parent_key(const struct value *parent, const char *namespace)
{
	const char *kind = value_find_text(parent, "kind");
	const char *name = value_find_text(parent, "name");

	if (is_blank(name) || (kind && strcmp(kind, "Gateway") != 0))
		return NULL;
	return key_of(or_own(value_find_text(parent, "namespace"), namespace),
		      name);
}

void addresses_add_gateways(const struct value *route, const char *namespace,
			    struct strvec *gateways)
{
	const struct value *parents = value_find(route, "spec.parentRefs");
	const struct value *parent;

	for (size_t i = 0; (parent = value_list_at(parents, i)); i++) {
		CLEANUP(free_ptr) char *key = parent_key(parent, namespace);

		if (key)
			strvec_add_once(gateways, key);
	}
}

static bool is_tls(const char *protocol)
{
	return protocol &&
	       (strcmp(protocol, "HTTPS") == 0 || strcmp(protocol, "TLS") == 0);
}

/* Is @listener one that the parentRef means, and that serves @host? */
static bool listens(const struct value *listener, const struct value *parent,
		    const char *host)
{
	const char *section = value_find_text(parent, "sectionName");
	int64_t port = rollout_number(parent, "port", 0);
	const char *pattern = value_find_text(listener, "hostname");

	return (is_blank(section) ||
		same_text(section, value_find_text(listener, "name"))) &&
	       (!port || port == rollout_number(listener, "port", 0)) &&
	       (!host || covers(pattern, host));
}

/* The Gateway that is the @parent of a route, or NULL. */
static const struct value *gateway_of(const struct addresses_world *world,
				      const struct value *parent)
{
	CLEANUP(free_ptr) char *key = parent_key(parent, world->namespace);

	return key ? find_gateway(world->gateways, key) : NULL;
}

static struct server server_of(const struct value *listener)
{
	return (struct server){is_tls(value_find_text(listener, "protocol")),
			       rollout_number(listener, "port", 0)};
}

/* Take @listener where none was @found yet, or none with TLS; gives true. */
static bool prefer(struct server *server, bool found,
		   const struct value *listener)
{
	struct server other = server_of(listener);

	if (!found || (other.tls && !server->tls))
		*server = other;
	return true;
}

/*
 * Take the listener of the route's Gateways that serves @host, one with TLS
 * if there is one.  False: no Gateway is known that does.
 */
static bool find_listener(const struct addresses_world *world,
			  const struct value *route, const char *host,
			  struct server *server)
{
	const struct value *parents = value_find(route, "spec.parentRefs");
	const struct value *parent, *listener;
	bool found = false;

	for (size_t i = 0; (parent = value_list_at(parents, i)); i++) {
		const struct value *all =
			value_find(gateway_of(world, parent), "spec.listeners");

		for (size_t j = 0; (listener = value_list_at(all, j)); j++) {
			if (listens(listener, parent, host))
				found = prefer(server, found, listener);
		}
	}
	return found;
}

static const char *route_path(const struct value *route)
{
	const struct value *match =
		first_of(first_of(route, "spec.rules"), "matches");
	const char *type = value_find_text(match, "path.type");
	const char *path = value_find_text(match, "path.value");

	return path && !same_text(type, "RegularExpression") ? path : "/";
}

/* The first address of a Gateway that means something outside, or NULL. */
static const char *gateway_host(const struct value *gateway)
{
	const struct value *all = value_find(gateway, "status.addresses");
	const struct value *address;

	for (size_t i = 0; (address = value_list_at(all, i)); i++) {
		const char *type = value_find_text(address, "type");
		const char *host = value_find_text(address, "value");

		if ((!type || strcmp(type, "IPAddress") == 0 ||
		     strcmp(type, "Hostname") == 0) &&
		    is_openable(host))
			return host;
	}
	return NULL;
}

/*
 * A route without hosts of its own serves those of its listeners; where one
 * of these has none either, whatever the Gateway is reached by.
 */
static void add_listener_hosts(const struct value *gateway,
			       const struct value *parent, const char *path,
			       struct strvec *urls)
{
	const struct value *all = value_find(gateway, "spec.listeners");
	const char *own = gateway_host(gateway);
	const struct value *listener;
	struct server any = {0};
	bool has_any = false;

	for (size_t i = 0; (listener = value_list_at(all, i)); i++) {
		const char *host = value_find_text(listener, "hostname");
		const struct server server = server_of(listener);

		if (!listens(listener, parent, NULL))
			continue;
		if (is_blank(host))
			has_any = prefer(&any, has_any, listener);
		else if (is_openable(host))
			add_url(urls, host, &server, path);
	}
	if (has_any && own)
		add_url(urls, own, &any, path);
}

static void add_hosts_of_parents(const struct addresses_world *world,
				 const struct value *route, struct strvec *urls)
{
	const struct value *parents = value_find(route, "spec.parentRefs");
	const struct value *parent;

	for (size_t i = 0; (parent = value_list_at(parents, i)); i++)
		add_listener_hosts(gateway_of(world, parent), parent,
				   route_path(route), urls);
}

static void add_route(const struct addresses_world *world,
		      const struct value *route, struct strvec *urls)
{
	const struct value *hosts = value_find(route, "spec.hostnames");
	const struct value *host;

	if (!value_list_at(hosts, 0))
		add_hosts_of_parents(world, route, urls);
	for (size_t i = 0; (host = value_list_at(hosts, i)); i++) {
		const char *name = value_find_text(host, "");
		struct server server = {0};

		if (!is_openable(name))
			continue;
		if (!find_listener(world, route, name, &server))
			server = (struct server){0};
		add_url(urls, name, &server, route_path(route));
	}
}

/* --- Istio ----------------------------------------------------------------- */

/* "name" or "namespace/name"; "mesh" is the inside. */
static char *istio_key(const char *gateway, const char *namespace)
{
	if (!gateway || strcmp(gateway, "mesh") == 0)
		return NULL;
	return strchr(gateway, '/') ? xstrdup(gateway)
				    : key_of(namespace, gateway);
}

void addresses_add_istio_gateways(const struct value *virtual_service,
				  const char *namespace,
				  struct strvec *gateways)
{
	const struct value *names =
		value_find(virtual_service, "spec.gateways");
	const struct value *name;

	for (size_t i = 0; (name = value_list_at(names, i)); i++) {
		CLEANUP(free_ptr) char *key =
			istio_key(value_find_text(name, ""), namespace);

		if (key)
			strvec_add_once(gateways, key);
	}
}

/* The hosts of a server may name the namespaces that may use them. */
static bool serves(const struct value *server, const char *host)
{
	const struct value *hosts = value_map_get(server, "hosts");
	const struct value *pattern;

	for (size_t i = 0; (pattern = value_list_at(hosts, i)); i++) {
		const char *text = value_find_text(pattern, "");
		const char *slash = text ? strchr(text, '/') : NULL;

		if (text && covers(slash ? slash + 1 : text, host))
			return true;
	}
	return false;
}

static void find_istio_server(const struct value *gateway, const char *host,
			      struct server *found)
{
	const struct value *servers = value_find(gateway, "spec.servers");
	const struct value *server;
	bool any = false;

	for (size_t i = 0; (server = value_list_at(servers, i)); i++) {
		bool tls = is_tls(value_find_text(server, "port.protocol"));

		if (!serves(server, host) || (any && (found->tls || !tls)))
			continue;
		*found = (struct server){tls, rollout_number(server,
							     "port.number", 0)};
		any = true;
	}
}

static const char *virtual_path(const struct value *virtual_service)
{
	const struct value *match =
		first_of(first_of(virtual_service, "spec.http"), "match");
	const char *prefix = value_find_text(match, "uri.prefix");
	const char *exact = value_find_text(match, "uri.exact");

	return prefix ? prefix : exact ? exact : "/";
}

static void add_virtual_service(const struct addresses_world *world,
				const struct value *virtual_service,
				struct strvec *urls)
{
	const struct value *hosts = value_find(virtual_service, "spec.hosts");
	CLEANUP(strvec_release) struct strvec gateways = {0};
	const struct value *host;

	addresses_add_istio_gateways(virtual_service, world->namespace,
				     &gateways);
	if (!gateways.count) /* the mesh alone reaches it */
		return;
	for (size_t i = 0; (host = value_list_at(hosts, i)); i++) {
		const char *name = value_find_text(host, "");
		struct server server = {0};

		if (!is_openable(name))
			continue;
		for (size_t j = 0; j < gateways.count && !server.tls; j++)
			find_istio_server(find_gateway(world->istio_gateways,
						       gateways.items[j]),
					  name, &server);
		add_url(urls, name, &server, virtual_path(virtual_service));
	}
}

/* --- Service --------------------------------------------------------------- */

static void add_service(const struct value *service, struct strvec *urls)
{
	const char *host = balancer_host(service);
	int64_t port = rollout_number(first_of(service, "spec.ports"), "port",
				      HTTP_PORT);
	const struct server server = {port == HTTPS_PORT, port};

	if (!is_blank(host))
		add_url(urls, host, &server, "/");
}

void addresses_add(const struct addresses_world *world, struct strvec *urls)
{
	const struct value *object;

	for (size_t i = 0; (object = value_list_at(world->ingresses, i)); i++)
		add_ingress(object, urls);
	for (size_t i = 0; (object = value_list_at(world->http_routes, i)); i++)
		add_route(world, object, urls);
	for (size_t i = 0; (object = value_list_at(world->virtual_services, i));
	     i++)
		add_virtual_service(world, object, urls);
	for (size_t i = 0; (object = value_list_at(world->services, i)); i++)
		add_service(object, urls);
}
