/*
 * HTTP: one request at a time per client with kept connections, and batches
 * of many in parallel; the libcurl facade.
 *
 * http and https only, TLS always verified, connect, total and low-speed
 * limits, HTTP/1.1 and 2.  Redirects are followed by our own code, for GET
 * and HEAD, at most HTTP_REDIRECTS_MAX, and nothing secret goes to another
 * origin.  What may be repeated (GET, HEAD, and whatever the caller marks
 * @repeatable) is retried as curl's --retry does, with full jitter, obeying
 * Retry-After, within the deadline; each retry is one reported warning.
 *
 *	CLEANUP(http_release) struct http http = {0};
 *	CLEANUP(http_request_release) struct http_request request = {0};
 *	CLEANUP(http_reply_release) struct http_reply reply = {0};
 *
 *	if (!http_open(&http, &config, err))
 *		return false;
 *	request.method = "GET";
 *	str_add(&request.url, url);
 *	if (!http_send(&http, &request, &reply, err))
 *		return err_wrap(err, "cannot read index");
 *	if (reply.status != 200)
 *		return http_fail(&request, &reply, NULL, err);
 *
 * A reply of any status is success for http_send(): the api module names
 * the codes that it accepts and quotes the server's own words.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"

struct env;
struct err;
struct reporter;

#define HTTP_REDIRECTS_MAX   5
#define HTTP_REPLY_MAX	     ((size_t)512 << 20) /* where a request sets none */
#define HTTP_HEADERS_MAX     ((size_t)256 << 10)
#define HTTP_CONNECT_MS	     10000
#define HTTP_STALL_SECONDS   30 /* no byte for so long: given up */
#define HTTP_TRIES_MAX	     6
#define HTTP_RETRY_AFTER_MAX_MS ((int64_t)5 * 60 * 1000)

/* What the user may set; the options of cli/opts.h fill it. */
struct http_args {
	const char *cacert; /* file of certificates to trust, NULL = system */
	const char *cert;   /* client certificate, PEM */
	const char *key;    /* its key, PEM */
};

struct http_config {
	struct http_args args;
	const struct env *env; /* proxies, SSL_CERT_FILE, SSL_CERT_DIR */
	const struct reporter *reporter;
	struct deadline deadline; /* of the whole run */
	const char *user_agent;	  /* NULL = slipway/<version> */
	const char *ca_pem;	  /* more trusted certificates, PEM text */
	const char *cert_pem;	  /* client certificate as text (kubeconfig) */
	const struct secret *key_pem;
};

struct http {
	struct http_client *client; /* owned */
};

enum http_repeat {
	HTTP_REPEAT_DEFAULT, /* by method: GET and HEAD */
	HTTP_REPEAT_ALWAYS,  /* the caller knows that twice does no harm */
	HTTP_REPEAT_NEVER,
};

struct http_request {
	const char *method; /* upper case */
	struct str url;
	struct strvec headers;	/* "Name: value"; logged */
	struct strvec secrets; /* "Authorization: ..."; never logged and only
				  sent to the origin of @url */
	const char *body; /* borrowed */
	size_t body_len;
	size_t reply_limit; /* bytes of the body; 0 = HTTP_REPLY_MAX */
	enum http_repeat repeat;
	/*
	 * Called before each try, to sign it with the current time; may
	 * change headers and secrets.  NULL = none.
	 */
	bool (*before_try)(void *context, struct http_request *request,
			   struct err *err);
	void *context;
};

struct http_reply {
	int status;
	struct strvec headers; /* "Name: value", as received, last reply */
	struct str body;
	struct str url;	  /* where the reply came from, after redirects */
	unsigned int tries; /* 1 = first try */
	/* An earlier try may have reached the server without a reply. */
	bool unclear;
};

/* Errors: INPUT (certificates), IO (libcurl missing). */
bool http_open(struct http *http, const struct http_config *config,
	       struct err *err) MUST_CHECK;

/*
 * Errors: UNREACHABLE (DNS, connection, TLS; temporary but for
 * certificates), TIMEOUT, REMOTE (cut off, not HTTP, too large, too many
 * redirects), INTERRUPTED, INPUT (the URL).
 */
bool http_send(struct http *http, struct http_request *request,
	       struct http_reply *reply, struct err *err) MUST_CHECK;

/*
 * Many requests, at most @jobs at once on kept connections.  @next fills
 * the next request (false = no more for now; asked again after each done);
 * @done gets it with its reply, or with @err set.  Both live until done
 * returns.  Errors: INTERRUPTED, TIMEOUT of the whole, and what @done sets
 * in @err by giving false (which ends the batch).
 */
struct http_batch {
	size_t jobs;
	bool (*next)(void *context, struct http_request *request, void **item);
	bool (*done)(void *context, void *item, struct http_request *request,
		     struct http_reply *reply, struct err *failure,
		     struct err *err);
	void *context;
};
bool http_run(struct http *http, struct http_batch *batch,
	      struct err *err) MUST_CHECK;

/* Value of the first header @name (any case), or NULL. */
const char *http_header(const struct http_reply *reply, const char *name);

/*
 * Make @err of an unwelcome status: "PUT https://host/x: server answered 403
 * (its words)".  Kind: 401, 403 DENIED; 404, 410 NOT_FOUND; 409, 412
 * CONFLICT; else REMOTE; 408, 429, 5xx temporary.  @words is the server's
 * own message, NULL = the start of a text body.
 */
bool http_fail(const struct http_request *request,
	       const struct http_reply *reply, const char *words,
	       struct err *err);

void http_request_release(struct http_request *request);
void http_reply_release(struct http_reply *reply);
void http_release(struct http *http);

#endif
