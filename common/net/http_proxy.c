#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"
#include "net/http_parts.h"
#include "sys/env.h"

/* Lower case first, as curl has it. */
static const char *either(const struct env *env, const char *lower,
			  const char *upper)
{
	const char *value = env_get(env, lower);

	return value ? value : env_get(env, upper);
}

const char *http_choose_proxy(const struct env *env, const char *scheme)
{
	const char *proxy;

	if (!env)
		return "";
	if (same_text(scheme, "https"))
		proxy = either(env, "https_proxy", "HTTPS_PROXY");
	else
		proxy = either(env, "http_proxy", "HTTP_PROXY");
	if (!proxy)
		proxy = either(env, "all_proxy", "ALL_PROXY");
	return proxy ? proxy : "";
}

void http_add_no_proxy(struct str *out, const struct env *env)
{
	const char *list = env ? either(env, "no_proxy", "NO_PROXY") : NULL;

	if (list && same_text(list, "*")) {
		str_add(out, list);
		return;
	}
	if (list)
		str_addf(out, "%s,", list);
	str_add(out, "localhost,127.0.0.1,::1");
}

void http_add_authority(struct str *out, const struct url *url, int port)
{
	bool ipv6 = strchr(url->host, ':') != NULL;

	str_addf(out, "%s%s%s", ipv6 ? "[" : "", url->host, ipv6 ? "]" : "");
	if (url->port)
		port = url->port;
	if (port)
		str_addf(out, ":%d", port);
}

/* Is @host an address within the network @base of @bits? */
static bool is_within(int family, const char *base, int64_t bits,
		      const char *host)
{
	unsigned char network[16], address[16];
	unsigned int rest = bits % 8;
	size_t whole = (size_t)bits / 8;

	if (inet_pton(family, base, network) != 1 ||
	    inet_pton(family, host, address) != 1 ||
	    bits > (family == AF_INET ? 32 : 128) ||
	    memcmp(network, address, whole) != 0)
		return false;
	return !rest || (network[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool is_in_network(const char *name, const char *host)
{
	const char *slash = strchr(name, '/');
	CLEANUP(free_ptr) char *base = NULL;
	int64_t bits;

	if (!slash || !num_parse_range(slash + 1, 0, 128, &bits))
		return false;
	base = xmemdupz(name, (size_t)(slash - name));
	return is_within(AF_INET, base, bits, host) ||
	       is_within(AF_INET6, base, bits, host);
}

static bool is_at_or_below(const char *name, const char *host)
{
	size_t name_len, host_len = strlen(host);

	name += *name == '.';
	name_len = strlen(name);
	if (!name_len || name_len > host_len ||
	    strcasecmp(host + host_len - name_len, name) != 0)
		return false;
	return name_len == host_len || host[host_len - name_len - 1] == '.';
}

bool http_names_host(const char *hosts, const char *host)
{
	while (*hosts) {
		size_t len = strcspn(hosts, ", ");
		CLEANUP(free_ptr) char *name = xmemdupz(hosts, len);

		if (same_text(name, "*") || is_at_or_below(name, host) ||
		    is_in_network(name, host))
			return true;
		hosts += len;
		hosts += strspn(hosts, ", ");
	}
	return false;
}

/* Go looks names up behind a socks5 proxy, which libcurl calls socks5h. */
static void add_own_proxy(struct str *out, const char *proxy)
{
	const char *socks = after_prefix(proxy, "socks5://");

	str_addf(out, "%s%s", socks ? "socks5h://" : "", socks ? socks : proxy);
}

void http_choose_route(struct str *proxy, struct str *direct,
		       const struct http_config *config, const struct url *to,
		       bool settled)
{
	if (config->proxy) {
		add_own_proxy(proxy, config->proxy);
		return;
	}
	http_add_no_proxy(direct, config->env);
	if (settled && http_names_host(str_text(direct), to->host))
		return;
	str_add(proxy, http_choose_proxy(config->env, to->scheme));
	if (settled)
		str_clear(direct);
}
