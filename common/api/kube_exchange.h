/*
 * One request to the Kubernetes API, and what its answer means.  Private to
 * api/kube.
 *
 *	CLEANUP(exchange_release) struct exchange exchange = {0};
 *
 *	exchange_start(&exchange, kube, "GET", &ref);
 *	url_add_query(&exchange.url, "limit", "1");
 *	if (!exchange_send(&exchange, ACCEPT_JSON, err))
 *		return false;
 *	if (exchange.reply.status != 200)
 *		return exchange_fail(&exchange, err);
 */
#ifndef COMMON_API_KUBE_EXCHANGE_H
#define COMMON_API_KUBE_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"

struct err;
struct kube;
struct kube_ref;

#define ACCEPT_JSON  "Accept: application/json"
#define CONTENT_JSON "Content-Type: application/json"

struct exchange {
	struct kube *kube;
	struct url url; /* may be added to before it is sent */
	struct http_request request;
	struct http_reply reply;
	struct str body;
	unsigned int renewals; /* of our login, when the request was signed */
	bool asked_anew;       /* who we are */
};

void exchange_start(struct exchange *exchange, struct kube *kube,
		    const char *method, const struct kube_ref *ref);

/*
 * Its body is @object.  All our writes may be sent twice; what that leads to,
 * their callers say.
 */
void exchange_write(struct exchange *exchange, const json_t *object,
		    const char *content_type);

/* Send it and wait for the reply.  Errors: those of http_send(). */
bool exchange_send(struct exchange *exchange, const char *accept,
		   struct err *err) MUST_CHECK;

/*
 * The same in a batch: the request for its next(), which may be called again
 * once the reply was taken, and in its done() what came of it.
 */
void exchange_lend(struct exchange *exchange, const char *accept,
		   struct http_request *request);
bool exchange_take(struct exchange *exchange, struct http_request *request,
		   struct http_reply *reply, struct err *failure,
		   struct err *err) MUST_CHECK;

/* An error from the reply, with the message of the Status that it holds. */
bool exchange_fail(const struct exchange *exchange, struct err *err);

/* The object that the reply is.  Errors: REMOTE. */
bool exchange_parse(const struct exchange *exchange, json_t **object,
		    struct err *err) MUST_CHECK;

/*
 * Does the API server itself refuse it, with @status and @reason?  The 404 or
 * 409 of some proxy says nothing about the cluster.
 */
bool exchange_says(const struct exchange *exchange, int status,
		   const char *reason);
bool exchange_says_not_found(const struct exchange *exchange);

/*
 * The write names no version that it needs, so a conflict is not its own but
 * one of what the server counts along, such as a quota: it is tried again, and
 * where that does not help, the error is a temporary one.
 */
void exchange_mind_no_version(struct exchange *exchange);

void exchange_release(struct exchange *exchange);

#endif
