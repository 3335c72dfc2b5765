/*
 * HTTP: one request at a time per client with kept connections, and batches
 * of many in parallel; the libcurl facade.
 *
 * http and https only, TLS always verified, connect, total and low-speed
 * limits, HTTP/1.1 and 2.  Redirects are followed by our own code, for GET
 * and HEAD, at most HTTP_REDIRECTS_MAX, never from https to http, and
 * nothing secret goes to another origin.
 *
 * Tried again is what curl's --retry repeats (408, 429, 500, 502, 503, 504,
 * timeouts) and lost connections, with full jitter (net/retry.h), obeying
 * Retry-After (and X-RateLimit-Reset of a 429 with nothing remaining), within
 * the deadline; each retry is one reported warning.  By
 * default this holds for GET and HEAD; any other method is repeated only
 * where the server cannot have acted on it: it was not reached, or said 429.
 * libcurl itself never repeats those either: a request that meets a kept
 * connection in the moment of its closing fails, as its fate is unknown.
 *
 * libcurl is loaded by the first request, not by http_open().
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
struct url;
struct http_reply;
struct reporter;

#define HTTP_REDIRECTS_MAX 5
#define HTTP_REPLY_MAX	   ((size_t)512 << 20) /* where a request sets none */
#define HTTP_HEADERS_MAX   ((size_t)256 << 10)
#define HTTP_WORDS_MAX	   200 /* bytes of a reply that an error quotes */
#define HTTP_CONNECT_MS	   10000
#define HTTP_STALL_SECONDS 30 /* no byte for so long: given up */
#define HTTP_TRY_MAX_MS	   ((int64_t)30 * 60 * 1000) /* one try, all of it */
#define HTTP_TRIES_MAX	   6
#define HTTP_AGAIN_MAX	   2
#define HTTP_JOBS_MAX	   64
#define HTTP_RETRY_AFTER_MAX_MS ((int64_t)5 * 60 * 1000)

/* What the user may set; the options of cli/opts.h fill it. */
struct http_args {
	const char *cacert; /* file of certificates to trust, NULL = system */
	const char *cert;   /* client certificate, PEM; like secrets, not
			       shown where a redirect leads elsewhere */
	const char *key;    /* its key, PEM */
};

/*
 * Texts and the key are copied by http_open(); @env and @reporter are
 * borrowed for the life of the client.
 *
 * Trusted are: @ca_pem, else --cacert, else what the environment names
 * (SSL_CERT_FILE, AWS_CA_BUNDLE: all their certificates; SSL_CERT_DIR), else
 * the system's folder of hashed certificates, else libcurl's own default.  A
 * folder that is not hashed is not used; the system's folder serves beside
 * AWS_CA_BUNDLE, which adds to it.
 *
 * Proxies: http_proxy, https_proxy, all_proxy, no_proxy in lower or upper
 * case, as curl; this machine itself is never asked for through a proxy.
 */
struct http_config {
	struct http_args args;
	const struct env *env; /* NULL = no proxies, the system's trust */
	const struct reporter *reporter;
	struct deadline deadline; /* of the whole run */
	const char *user_agent;	  /* NULL = slipway/<version> */
	/* What a kubeconfig may say of its cluster; no option does. */
	const char *ca_pem;   /* its own certificates, PEM text */
	const char *cert_pem; /* client certificate as text */
	const struct secret *key_pem;
	bool insecure;		 /* believe whoever answers */
	const char *server_name; /* that the server's certificate has, if it is
				    not the URL's host */
	const char *proxy; /* NULL = by @env; else for every host, this machine
			      too: http, https or socks5 (names are looked up
			      there), perhaps with user and password */
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
	/* A user part becomes basic authorization, sent as a secret. */
	struct str url;
	struct strvec headers; /* "Name: value"; logged */
	struct strvec secrets; /* "Authorization: ..."; never logged and only
				  sent to the origin of @url */
	const char *body;      /* borrowed; NULL = none */
	size_t body_len;
	size_t reply_limit; /* bytes of the body; 0 = HTTP_REPLY_MAX */
	size_t enough;	    /* so much of it will do, the rest is not read;
			       0 = all */
	/*
	 * Certificates that only the origin of @url is to know of, and is to
	 * be judged by: what is set comes before the client's; borrowed.  NULL
	 * = none.  Check the files before: http_check_args().
	 */
	const struct http_args *own;
	enum http_repeat repeat;
	bool accept_gzip;  /* ask for a compressed reply and unpack it */
	bool no_redirects; /* a redirect is a reply like any other */
	bool no_proxy;	   /* straight to the server, whatever @env says */
	int64_t try_ms;	   /* time of one try; 0 = HTTP_TRY_MAX_MS */
	bool after_all;	   /* the deadline does not count, only try_ms */
	/*
	 * Called before each try, to sign it with the current time; may
	 * change url, headers and secrets.  NULL = none.
	 */
	bool (*before_try)(void *context, struct http_request *request,
			   struct err *err);
	/*
	 * Called with each reply.  True = send it again at once, because the
	 * caller has learnt from it what was wrong (the time, the region, a
	 * token to get); at most HTTP_AGAIN_MAX times.  NULL = none.
	 */
	bool (*again)(void *context, struct http_request *request,
		      const struct http_reply *reply);
	/*
	 * Is a reply of a status that is tried again, such as 500, final all
	 * the same?  NULL = none is.
	 */
	bool (*is_final)(const struct http_reply *reply);
	/*
	 * Does what a reply of another status says pass by itself, so that it
	 * is tried again like a 503?  NULL = it never does.
	 */
	bool (*is_passing)(const struct http_reply *reply);
	void *context;
};

struct http_reply {
	int status;
	struct strvec headers; /* "Name: value", as received, last reply */
	struct str body;
	struct str url;	    /* where the reply came from, after redirects */
	unsigned int tries; /* 1 = first try */
	/*
	 * An earlier try may have taken effect: it was sent, and its answer
	 * lost or a failure of the server's (5xx).
	 */
	bool unclear;
};

/* Can the files be read?  libcurl would look once it is connected. */
bool http_check_args(const struct http_args *args, struct err *err) MUST_CHECK;

/* Nothing is sent yet.  Errors: INPUT (a file of certificates or of a key). */
bool http_open(struct http *http, const struct http_config *config,
	       struct err *err) MUST_CHECK;

/* From now on, this is the client certificate; NULL = as it was opened. */
void http_set_certificate(struct http *http, const char *cert_pem,
			  const struct secret *key_pem);

/*
 * What its user has to do every @every_ms whatever the servers do, such as
 * to renew a lock: @keep is called that often while requests are made, before
 * one begins or while it waits for its answer or the next try.  It may use the
 * client, whose requests do not call it then.  False ends the request, or the
 * batch, with the error that it set.
 */
struct http_vigil {
	int64_t every_ms;
	bool (*keep)(void *context, struct err *err);
	void *context;
};

/* From now on; borrowed.  NULL = none, as it was opened.  Gives the last one. */
const struct http_vigil *http_set_vigil(struct http *http,
					const struct http_vigil *vigil);

/* The deadline that it was opened with, for what else its user waits for. */
struct deadline http_deadline(const struct http *http);

/*
 * Send @request and wait for its reply.
 * Errors: UNREACHABLE (DNS, connection, TLS; temporary but for
 * certificates), TIMEOUT (where it is the deadline's, that has passed by then),
 * REMOTE (cut off but for a 401, which needs no text; not HTTP, too large, too
 * many redirects), INTERRUPTED,
 * INPUT (the URL, a header, a file of certificates), IO (libcurl missing).
 */
bool http_send(struct http *http, struct http_request *request,
	       struct http_reply *reply, struct err *err) MUST_CHECK;

/*
 * Many requests, at most @jobs at once on kept connections.  @next fills
 * the (empty) next request (false = no more for now; asked again after each
 * done); @done gets it with its reply, or with @failure set.  Both live
 * until done returns.  After the deadline each request that is left fails
 * with TIMEOUT.  done may use the client itself.
 *
 * @meanwhile (NULL = none) is called when all that there is to send has been
 * sent, to do a bit of the caller's own work while the servers do theirs.
 * *@worked is false when it had nothing to do: then the batch waits.  It may
 * use the client, too; what it leaves undone at the end is not asked for.
 *
 * Errors: INTERRUPTED and what @done or @meanwhile sets in @err by giving
 * false.  Either ends the batch; done is not called for what was under way.
 */
struct http_batch {
	size_t jobs; /* at most HTTP_JOBS_MAX */
	/*
	 * As soon as the replies under way would hold more bytes all but one
	 * of them wait, each within its own deadline, for that one to be done;
	 * 0 = however many.  One that its server is tired of meanwhile is
	 * asked for anew as soon as there is room, and then waits no more.
	 */
	size_t memory;
	bool (*next)(void *context, struct http_request *request, void **item);
	bool (*done)(void *context, void *item, struct http_request *request,
		     struct http_reply *reply, struct err *failure,
		     struct err *err);
	bool (*meanwhile)(void *context, bool *worked, struct err *err);
	void *context;
};
bool http_run(struct http *http, struct http_batch *batch, struct err *err)
	MUST_CHECK;

/* url_parse() for http and https only.  Errors: INPUT. */
bool http_parse_url(struct url *url, const char *text, struct err *err)
	MUST_CHECK;

/*
 * http_parse_url() for the address of a server that knows us by a token: a
 * user in it would come in the token's way, and into results and records.
 * Errors: INPUT.
 */
bool http_parse_server(struct url *url, const char *text, struct err *err)
	MUST_CHECK;

/* Value of the first header @name (any case), or NULL. */
const char *http_header(const struct http_reply *reply, const char *name);

/*
 * Make @err of an unwelcome status: "PUT https://host/x: server answered 403
 * (its words)".  Kind: 401, 403 DENIED; 404, 410 NOT_FOUND; 409, 412
 * CONFLICT; else REMOTE; temporary as retry_status_later() says.  @words is the
 * server's own message, NULL = the start of a text body.  A redirect that was
 * not followed, or beyond which we were a stranger, makes the hint.
 */
bool http_fail(const struct http_request *request,
	       const struct http_reply *reply, const char *words,
	       struct err *err);

void http_request_release(struct http_request *request);
void http_reply_release(struct http_reply *reply);
void http_release(struct http *http);

#endif
