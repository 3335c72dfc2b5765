/*
 * The parts of net/http that need no libcurl: what may be sent, where a
 * redirect leads, whom to trust, which proxy to use.
 */
#ifndef COMMON_NET_HTTP_PARTS_H
#define COMMON_NET_HTTP_PARTS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct env;
struct err;
struct http_config;
struct http_request;
struct url;

#define HTTP_PEM_MAX ((size_t)16 << 20) /* bytes of certificates */

/* The headers that a request is made of, without line breaks inside. */
bool http_check_request(const struct http_request *request, struct err *err)
	MUST_CHECK;

/* Does @status mean that the reply is to be had at its Location? */
bool http_is_redirect(int status);

/*
 * Where @location leads from @from.  Errors: REMOTE (not http or https, from
 * https to http, no URL at all).
 */
bool http_redirect_target(const struct url *from, const char *location,
			  struct url *to, struct err *err) MUST_CHECK;

/*
 * Whom to trust.  NULL and empty: nobody by that way; all of them: libcurl's
 * own default.
 */
struct http_trust {
	char *file; /* owned */
	char *dir;  /* owned; several are separated by colons */
	struct str pem;
};

/* Errors: INPUT (an unreadable file of certificates). */
bool http_choose_trust(struct http_trust *trust,
		       const struct http_config *config, struct err *err)
	MUST_CHECK;
void http_trust_release(struct http_trust *trust);

/* Is there a certificate under its hash in the folder @path? */
bool http_is_hashed_dir(const char *path);

/* The proxy for URLs of @scheme, "" = none; borrowed from @env. */
const char *http_choose_proxy(const struct env *env, const char *scheme);

/* Append "host:port", or only "host" if it has no port and @port is 0. */
void http_add_authority(struct str *out, const struct url *url, int port);

/*
 * Append the proxy for @to by @config, and the hosts that libcurl reaches
 * without it.  @settled: libcurl does not see the host of @to, so it is
 * decided here.
 */
void http_choose_route(struct str *proxy, struct str *direct,
		       const struct http_config *config, const struct url *to,
		       bool settled);

/*
 * Does the list @hosts (no_proxy) name @host?  As libcurl decides it: names
 * and what is below them, addresses, networks (10.0.0.0/8), "*".
 */
bool http_names_host(const char *hosts, const char *host);

/* Append the hosts that are reached without a proxy, as libcurl wants it. */
void http_add_no_proxy(struct str *out, const struct env *env);

#endif
