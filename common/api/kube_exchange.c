#include "api/kube_exchange.h"

#include <string.h>

#include "api/kube.h"
#include "api/kubeconfig.h"
#include "api/kubelogin.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "format/jsn.h"

void exchange_release(struct exchange *exchange)
{
	url_release(&exchange->url);
	http_request_release(&exchange->request);
	http_reply_release(&exchange->reply);
	str_release(&exchange->body);
	*exchange = (struct exchange){0};
}

static void add_path(struct url *url, const struct kube_ref *ref)
{
	const char *slash = ref->api ? strchr(ref->api, '/') : NULL;

	if (!ref->api) {
		url_add_segment(url, "apis");
	} else if (slash) {
		CLEANUP(free_ptr) char *group =
			xmemdupz(ref->api, (size_t)(slash - ref->api));

		url_add_segment(url, "apis");
		url_add_segment(url, group);
		url_add_segment(url, slash + 1);
	} else {
		url_add_segment(url, "api");
		url_add_segment(url, ref->api);
	}
	if (ref->namespace) {
		url_add_segment(url, "namespaces");
		url_add_segment(url, ref->namespace);
	}
	if (ref->resource)
		url_add_segment(url, ref->resource);
	if (ref->name)
		url_add_segment(url, ref->name);
	if (ref->subresource)
		url_add_segment(url, ref->subresource);
}

void exchange_start(struct exchange *exchange, struct kube *kube,
		    const char *method, const struct kube_ref *ref)
{
	exchange->kube = kube;
	exchange->request.method = method;
	exchange->request.reply_limit = KUBE_OBJECT_MAX;
	exchange->request.accept_gzip = !kube->config->no_compression;
	url_copy(&exchange->url, &kube->server);
	add_path(&exchange->url, ref);
}

void exchange_write(struct exchange *exchange, const json_t *object,
		    const char *content_type)
{
	jsn_print(&exchange->body, object, false);
	strvec_add(&exchange->request.headers, content_type);
	exchange->request.repeat = HTTP_REPEAT_ALWAYS;
}

static bool authorize(void *context, struct http_request *request,
		      struct err *err)
{
	struct exchange *exchange = context;
	struct kube *kube = exchange->kube;

	exchange->renewals = kube->login->renewals;
	return kubelogin_authorize(kube->login, &kube->http, request, err);
}

/*
 * A token is good for minutes; a deployment may take longer.  Of requests that
 * are under way together the first to be refused sees to a new one.
 */
static bool ask_anew(void *context, struct http_request *request,
		     const struct http_reply *reply)
{
	struct exchange *exchange = context;
	struct kube *kube = exchange->kube;

	(void)request;
	if (reply->status != 401 || exchange->asked_anew)
		return false;
	exchange->asked_anew = true;
	return exchange->renewals != kube->login->renewals ||
	       kubelogin_renew(kube->login, &kube->http);
}

static void note_server_time(struct kube *kube, const struct http_reply *reply)
{
	const char *date = http_header(reply, "Date");
	int64_t time;

	/* A server out of order may be one before it, of another clock. */
	if (reply->status >= 500 || !date ||
	    !clock_parse_http_date(date, &time))
		return;
	kube->server_time = time;
	kube->server_time_at = clock_monotonic_ms();
}

/* Where a certificate does not fit, --cacert is no cure: it is not used. */
static void advise_trust(const struct kube *kube, struct err *err)
{
	const struct kubeconfig *config = kube->config;
	bool is_trust = err->kind == ERR_INPUT ||
			(err->kind == ERR_UNREACHABLE && !err->temporary);

	if (!is_trust || !config->ca_pem)
		return;
	free_ptr(&err->hint);
	(void)err_hint(err,
		       "the kubeconfig's certificate-authority%s must fit the "
		       "certificate of the server at '%s'; where the cluster "
		       "was made anew, get its kubeconfig anew",
		       config->server_name ? " and tls-server-name" : "",
		       config->server);
}

/* The Status that a reply holds, or NULL. */
static json_t *read_status(const struct http_reply *reply)
{
	CLEANUP(err_release) struct err ignored = {0};
	json_t *status = NULL;

	return jsn_parse(&status, str_text(&reply->body), reply->body.len,
			 "reply", &ignored)
		       ? status
		       : NULL;
}

/* Of an object that it cannot read the API server says 500, each time. */
static bool is_misread(const struct http_reply *reply)
{
	static const char *const signs[] = {
		"quantities must match",
		"unable to parse quantity",
		"strict decoding error",
		"json: cannot unmarshal",
		"failed to create typed patch object",
		"unable to convert unstructured object",
	};
	CLEANUP(jsn_release) json_t *status = NULL;
	const char *words;

	if (reply->status != 500)
		return false;
	status = read_status(reply);
	words = status ? jsn_text(status, "message") : NULL;
	for (size_t i = 0; words && i < ARRAY_SIZE(signs); i++) {
		if (strstr(words, signs[i]))
			return true;
	}
	return false;
}

static void prepare(struct exchange *exchange, const char *accept)
{
	struct http_request *request = &exchange->request;

	request->before_try = authorize;
	request->again = ask_anew;
	request->is_final = is_misread;
	request->context = exchange;
	url_add_text(&request->url, &exchange->url, true);
	strvec_add(&request->headers, accept);
	if (exchange->kube->hurry_ms) {
		request->try_ms = deadline_share_ms(
			&exchange->kube->hurry_until, exchange->kube->hurry_ms);
		request->repeat = HTTP_REPEAT_NEVER;
		request->after_all = true;
	}
	if (exchange->body.len) {
		request->body = str_text(&exchange->body);
		request->body_len = exchange->body.len;
	}
}

/* As the "reason" of the Status says it. */
static bool has_reason(const struct http_reply *reply, int status,
		       const char *reason)
{
	CLEANUP(jsn_release) json_t *json = NULL;

	if (reply->status != status)
		return false;
	json = read_status(reply);
	return same_text(jsn_text(json, "kind"), "Status") &&
	       same_text(jsn_text(json, "reason"), reason);
}

static bool is_conflict(const struct http_reply *reply)
{
	return has_reason(reply, 409, "Conflict");
}

void exchange_mind_no_version(struct exchange *exchange)
{
	exchange->request.is_passing = is_conflict;
}

static bool fail_unanswered(const struct exchange *exchange, struct err *err)
{
	const struct kube *kube = exchange->kube;

	advise_trust(kube, err);
	(void)err_wrap(err, "cannot ask the Kubernetes API");
	return err->kind == ERR_UNREACHABLE && err->temporary
		       ? err_hint(err,
				  "see whether the cluster is up, and whether "
				  "'%s' of the kubeconfig is its address",
				  kube->config->server)
		       : false;
}

bool exchange_send(struct exchange *exchange, const char *accept,
		   struct err *err)
{
	prepare(exchange, accept);
	if (!http_send(&exchange->kube->http, &exchange->request,
		       &exchange->reply, err))
		return fail_unanswered(exchange, err);
	note_server_time(exchange->kube, &exchange->reply);
	return true;
}

void exchange_lend(struct exchange *exchange, const char *accept,
		   struct http_request *request)
{
	prepare(exchange, accept);
	*request = exchange->request;
	exchange->request = (struct http_request){0};
}

bool exchange_take(struct exchange *exchange, struct http_request *request,
		   struct http_reply *reply, struct err *failure,
		   struct err *err)
{
	if (failure->kind != ERR_NONE) {
		err_move(err, failure);
		return fail_unanswered(exchange, err);
	}
	exchange->request = *request;
	exchange->reply = *reply;
	*request = (struct http_request){0};
	*reply = (struct http_reply){0};
	note_server_time(exchange->kube, &exchange->reply);
	return true;
}

bool exchange_fail(const struct exchange *exchange, struct err *err)
{
	CLEANUP(jsn_release) json_t *status = read_status(&exchange->reply);
	const char *words = status ? jsn_text(status, "message") : NULL;

	(void)http_fail(&exchange->request, &exchange->reply, words, err);
	if (is_misread(&exchange->reply)) {
		(void)err_temporary(err, false);
		return err_hint(err, "mend the object, by what the server says "
				     "of it");
	}
	if (exchange->request.is_passing &&
	    exchange->request.is_passing(&exchange->reply)) {
		err->kind = ERR_REMOTE;
		return err_temporary(err, true);
	}
	if (exchange->reply.status == 401)
		return err_hint(err, "the token or certificate of the "
				     "kubeconfig is not (or no longer) valid");
	if (exchange->reply.status == 403)
		return err_hint(err, "with '--check' the step names each right "
				     "that is missing, and what gives it");
	return false;
}

bool exchange_parse(const struct exchange *exchange, json_t **object,
		    struct err *err)
{
	CLEANUP(err_release) struct err unfit = {0};

	if (jsn_parse(object, str_text(&exchange->reply.body),
		      exchange->reply.body.len, "reply", &unfit) &&
	    json_is_object(*object))
		return true;
	/* Not quoted: it may be a part of somebody's Secret. */
	jsn_release(object);
	return err_set(err, ERR_REMOTE,
		       "%s %s: the answer is no object of the Kubernetes API",
		       exchange->request.method,
		       str_text(&exchange->request.url));
}

bool exchange_says(const struct exchange *exchange, int status,
		   const char *reason)
{
	return has_reason(&exchange->reply, status, reason);
}

bool exchange_says_not_found(const struct exchange *exchange)
{
	return exchange_says(exchange, 404, "NotFound");
}
