#include "api/kube.h"

#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig.h"
#include "api/kubelogin.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/jsondrop.h"
#include "sys/file.h"

static const char accept_json[] = "Accept: application/json";
static const char accept_metadata[] =
	"Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
	"application/json";
static const char accept_metadata_list[] =
	"Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;"
	"v=v1,application/json";

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       starts_with(host, "127.");
}

static bool parse_server(struct kube *kube, const struct kubeconfig *config,
			 struct err *err)
{
	struct url *server = &kube->server;

	if (!url_parse(server, config->server, err))
		return err_wrap(err, "cannot use the kubeconfig's server");
	if (same_text(server->scheme, "https") ||
	    (same_text(server->scheme, "http") && is_loopback(server->host)))
		return true;
	(void)err_set(err, ERR_INPUT,
		      "the kubeconfig's server '%s' is not https, so anybody "
		      "on the way could read the token",
		      config->server);
	return err_hint(err, "http is only for this machine itself, as with "
			     "kubectl proxy");
}

/* Two certificates, and how to reach the server: all that is of the cluster. */
static bool open_http(struct kube *kube, const struct http_config *general,
		      struct err *err)
{
	const struct kubeconfig *config = kube->config;
	const struct execplugin_answer *answer = &kube->login->answer;
	struct http_config http = *general;

	http.ca_pem = config->ca_pem;
	http.insecure = config->insecure;
	http.server_name = config->server_name;
	http.proxy = config->proxy;
	http.cert_pem = config->cert_pem ? config->cert_pem : answer->cert_pem;
	http.key_pem = config->cert_pem ? &config->key_pem : &answer->key_pem;
	if (config->insecure)
		report_warning(general->reporter,
			       "the kubeconfig says "
			       "'insecure-skip-tls-verify': whoever is on the "
			       "way to the cluster can be it");
	return http_open(&kube->http, &http, err);
}

bool kube_open(struct kube *kube, const struct kube_options *options,
	       struct err *err)
{
	CLEANUP(kube_release) struct kube opened = {0};

	opened.config = xnew(struct kubeconfig);
	opened.login = xnew(struct kubelogin);
	if (!kubeconfig_load(opened.config, options->args.kubeconfig,
			     options->args.context, options->env, err) ||
	    !parse_server(&opened, opened.config, err) ||
	    !kubelogin_open(opened.login, opened.config, &options->http, err) ||
	    !open_http(&opened, &options->http, err))
		return false;
	*kube = opened;
	opened = (struct kube){0};
	return true;
}

void kube_release(struct kube *kube)
{
	http_release(&kube->http);
	url_release(&kube->server);
	if (kube->login)
		kubelogin_release(kube->login);
	free(kube->login);
	if (kube->config)
		kubeconfig_release(kube->config);
	free(kube->config);
	dir_release_temp(&kube->lent);
	free(kube->lent_file);
	*kube = (struct kube){0};
}

const char *kube_cluster(const struct kube *kube)
{
	return kube->config->cluster;
}

bool kube_read_time(const struct kube *kube, int64_t *now, struct err *err)
{
	if (!kube->server_time)
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API does not "
			       "say what time it is");
	*now = kube->server_time;
	return true;
}

/* --- one exchange -------------------------------------------------------- */

struct exchange {
	struct kube *kube;
	struct url url;
	struct http_request request;
	struct http_reply reply;
	struct str body;
	bool asked_anew; /* who we are */
};

static void exchange_release(struct exchange *exchange)
{
	url_release(&exchange->url);
	http_request_release(&exchange->request);
	http_reply_release(&exchange->reply);
	str_release(&exchange->body);
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

static void start(struct exchange *exchange, struct kube *kube,
		  const char *method, const struct kube_ref *ref)
{
	exchange->kube = kube;
	exchange->request.method = method;
	exchange->request.reply_limit = KUBE_OBJECT_MAX;
	exchange->request.accept_gzip = !kube->config->no_compression;
	url_copy(&exchange->url, &kube->server);
	add_path(&exchange->url, ref);
}

static bool authorize(void *context, struct http_request *request,
		      struct err *err)
{
	struct exchange *exchange = context;
	struct kube *kube = exchange->kube;

	return kubelogin_authorize(kube->login, &kube->http, request, err);
}

/* A token is good for minutes; a deployment may take longer. */
static bool ask_anew(void *context, struct http_request *request,
		     const struct http_reply *reply)
{
	struct exchange *exchange = context;
	struct kube *kube = exchange->kube;

	(void)request;
	if (reply->status != 401 || exchange->asked_anew)
		return false;
	exchange->asked_anew = true;
	return kubelogin_renew(kube->login, &kube->http);
}

static void note_server_time(struct kube *kube, const struct http_reply *reply)
{
	const char *date = http_header(reply, "Date");
	int64_t time;

	if (date && clock_parse_http_date(date, &time))
		kube->server_time = time;
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

static bool finish(struct exchange *exchange, const char *accept,
		   struct err *err)
{
	struct http_request *request = &exchange->request;

	request->before_try = authorize;
	request->again = ask_anew;
	request->context = exchange;
	url_add_text(&request->url, &exchange->url, true);
	strvec_add(&request->headers, accept);
	if (exchange->kube->hurry_ms) {
		request->try_ms = exchange->kube->hurry_ms;
		request->repeat = HTTP_REPEAT_NEVER;
	}
	if (exchange->body.len) {
		request->body = str_text(&exchange->body);
		request->body_len = exchange->body.len;
	}
	if (!http_send(&exchange->kube->http, request, &exchange->reply, err)) {
		advise_trust(exchange->kube, err);
		return err_wrap(err, "cannot ask the Kubernetes API");
	}
	note_server_time(exchange->kube, &exchange->reply);
	return true;
}

/* An error from the reply, with the message of the Status that it holds. */
static bool fail(const struct exchange *exchange, struct err *err)
{
	CLEANUP(jsn_release) json_t *status = NULL;
	CLEANUP(err_release) struct err ignored = {0};
	const char *words = NULL;

	if (jsn_parse(&status, str_text(&exchange->reply.body),
		      exchange->reply.body.len, "reply", &ignored))
		words = jsn_text(status, "message");
	(void)http_fail(&exchange->request, &exchange->reply, words, err);
	if (exchange->reply.status == 401)
		return err_hint(err, "the token or certificate of the "
				     "kubeconfig is not (or no longer) valid");
	if (exchange->reply.status == 403)
		return err_hint(err, "with '--check' the step names each right "
				     "that is missing, and what gives it");
	return false;
}

static bool parse_reply(const struct exchange *exchange, json_t **object,
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

/* "404 page not found" of some proxy says nothing about the cluster. */
static bool says_not_found(const struct exchange *exchange)
{
	CLEANUP(jsn_release) json_t *status = NULL;
	CLEANUP(err_release) struct err ignored = {0};

	return exchange->reply.status == 404 &&
	       jsn_parse(&status, str_text(&exchange->reply.body),
			 exchange->reply.body.len, "reply", &ignored) &&
	       same_text(jsn_text(status, "kind"), "Status") &&
	       same_text(jsn_text(status, "reason"), "NotFound");
}

/* --- reading ------------------------------------------------------------- */

static bool get(struct kube *kube, const struct kube_ref *ref,
		const char *accept, json_t **object, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start(&exchange, kube, "GET", ref);
	if (!finish(&exchange, accept, err))
		return false;
	if (says_not_found(&exchange)) {
		*object = NULL;
		return true;
	}
	if (exchange.reply.status != 200)
		return fail(&exchange, err);
	return parse_reply(&exchange, object, err);
}

bool kube_get(struct kube *kube, const struct kube_ref *ref, json_t **object,
	      struct err *err)
{
	return get(kube, ref, accept_json, object, err);
}

bool kube_get_metadata(struct kube *kube, const struct kube_ref *ref,
		       json_t **object, struct err *err)
{
	return get(kube, ref, accept_metadata, object, err);
}

static void add_number(struct url *url, const char *name, size_t number)
{
	CLEANUP(free_ptr) char *text = xasprintf("%zu", number);

	url_add_query(url, name, text);
}

bool kube_read_log(struct kube *kube, const struct kube_log *log,
		   struct str *text, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	const struct kube_ref ref = {.api = "v1",
				     .resource = "pods",
				     .namespace = log->namespace,
				     .name = log->pod,
				     .subresource = "log"};

	start(&exchange, kube, "GET", &ref);
	url_add_query(&exchange.url, "container", log->container);
	add_number(&exchange.url, "tailLines", log->lines);
	add_number(&exchange.url, "limitBytes", log->bytes);
	if (log->previous)
		url_add_query(&exchange.url, "previous", "true");
	exchange.request.repeat = HTTP_REPEAT_NEVER;
	if (!finish(&exchange, "Accept: text/plain, */*", err))
		return false;
	if (exchange.reply.status != 200)
		return fail(&exchange, err);
	str_add_bytes(text, str_text(&exchange.reply.body),
		      exchange.reply.body.len);
	return true;
}

/* Where the reading of a list stands. */
struct page {
	char *token; /* of the next page; NULL = this was the last */
	bool expired;
	size_t count; /* objects so far */
	unsigned int number;
};

static void page_release(struct page *page)
{
	free(page->token);
}

static bool visit_items(const struct kube_list *list, const json_t *reply,
			struct page *page, struct err *err)
{
	const json_t *items = jsn_find(reply, "items");
	const char *token = jsn_text(reply, "metadata.continue");
	const json_t *item;
	size_t i;

	/* Go writes an empty list as null. */
	if (!json_is_array(items) && !json_is_null(items))
		return err_set(err, ERR_REMOTE,
			       "the answer of the Kubernetes API is no list");
	json_array_foreach (items, i, item) {
		if (!list->item(list->context, item, err))
			return false;
	}
	page->count += json_array_size(items);
	free(page->token);
	page->token = is_blank(token) ? NULL : xstrdup(token);
	return true;
}

static bool read_page(struct kube *kube, const struct kube_list *list,
		      struct page *page, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(jsn_release) json_t *reply = NULL;

	start(&exchange, kube, "GET", &list->ref);
	if (list->label_selector)
		url_add_query(&exchange.url, "labelSelector",
			      list->label_selector);
	if (list->field_selector)
		url_add_query(&exchange.url, "fieldSelector",
			      list->field_selector);
	add_number(&exchange.url, "limit", KUBE_PAGE);
	if (page->token)
		url_add_query(&exchange.url, "continue", page->token);
	if (list->once)
		exchange.request.repeat = HTTP_REPEAT_NEVER;
	if (!finish(&exchange,
		    list->metadata ? accept_metadata_list : accept_json, err))
		return false;

	page->number++;
	page->expired = exchange.reply.status == 410;
	if (page->expired)
		return true;
	if (exchange.reply.status != 200)
		return fail(&exchange, err);
	if (list->metadata)
		jsondrop_lists(&exchange.reply.body, "managedFields");
	return parse_reply(&exchange, &reply, err) &&
	       visit_items(list, reply, page, err);
}

static bool read_pages(struct kube *kube, const struct kube_list *list,
		       struct err *err)
{
	CLEANUP(page_release) struct page page = {0};
	unsigned int restarts = 0;

	do {
		if (!read_page(kube, list, &page, err))
			return false;
		if (page.count > KUBE_LIST_MAX || page.number > KUBE_PAGES_MAX)
			return err_set(err, ERR_REMOTE,
				       "there is no end to them");
		if (!page.expired)
			continue;
		if (++restarts > KUBE_RESTARTS_MAX) {
			(void)err_set(err, ERR_REMOTE,
				      "the list expired %u times while it was "
				      "read",
				      restarts);
			return err_temporary(err, true);
		}
		free_ptr(&page.token);
		page.count = 0;
		if (list->restart)
			list->restart(list->context);
	} while (page.token || page.expired);
	return true;
}

bool kube_list(struct kube *kube, const struct kube_list *list, struct err *err)
{
	return read_pages(kube, list, err) ||
	       err_wrap(err, "cannot list %s", list->ref.resource);
}

/* --- writing ------------------------------------------------------------- */

/* All our writes may be sent twice; what that leads to, their callers say. */
static bool write_object(struct exchange *exchange, const json_t *body,
			 const char *content_type, struct err *err)
{
	jsn_print(&exchange->body, body, false);
	strvec_add(&exchange->request.headers, content_type);
	exchange->request.repeat = HTTP_REPEAT_ALWAYS;
	return finish(exchange, accept_json, err);
}

static void start_write(struct exchange *exchange, struct kube *kube,
			const char *method, const struct kube_ref *ref)
{
	start(exchange, kube, method, ref);
	if (kube->dry_run)
		url_add_query(&exchange->url, "dryRun", "All");
}

bool kube_create(struct kube *kube, const struct kube_ref *ref,
		 const json_t *object, bool *existed, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start_write(&exchange, kube, "POST", ref);
	if (!write_object(&exchange, object, "Content-Type: application/json",
			  err))
		return false;
	if (exchange.reply.status != 201 && exchange.reply.status != 409)
		return fail(&exchange, err);
	*existed = exchange.reply.status == 409;
	return true;
}

bool kube_patch(struct kube *kube, const struct kube_ref *ref,
		const json_t *patch, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start_write(&exchange, kube, "PATCH", ref);
	if (!write_object(&exchange, patch,
			  "Content-Type: application/merge-patch+json", err))
		return false;
	return exchange.reply.status == 200 || fail(&exchange, err);
}

bool kube_apply(struct kube *kube, const struct kube_ref *ref,
		const char *manager, const json_t *object, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start(&exchange, kube, "PATCH", ref);
	url_add_query(&exchange.url, "fieldManager", manager);
	url_add_query(&exchange.url, "force", "true");
	if (!write_object(&exchange, object,
			  "Content-Type: application/apply-patch+yaml", err))
		return false;
	return exchange.reply.status == 200 || exchange.reply.status == 201 ||
	       fail(&exchange, err);
}

bool kube_delete(struct kube *kube, const struct kube_ref *ref, const char *uid,
		 const char *resource_version, bool *existed, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(jsn_release) json_t *options = NULL;
	json_t *preconditions;

	if (is_blank(uid) || is_blank(resource_version))
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API gave no uid or version, so "
			       "that nothing can be deleted safely");
	options = json_object();
	preconditions = json_object();
	jsn_set_text(preconditions, "uid", uid);
	jsn_set_text(preconditions, "resourceVersion", resource_version);
	jsn_set_text(options, "apiVersion", "v1");
	jsn_set_text(options, "kind", "DeleteOptions");
	jsn_set_text(options, "propagationPolicy", "Background");
	jsn_set(options, "preconditions", preconditions);
	start_write(&exchange, kube, "DELETE", ref);
	if (!write_object(&exchange, options, "Content-Type: application/json",
			  err))
		return false;
	if (says_not_found(&exchange)) {
		*existed = false;
		return true;
	}
	if (exchange.reply.status != 200 && exchange.reply.status != 202)
		return fail(&exchange, err);
	*existed = true;
	return true;
}

bool kube_ask(struct kube *kube, const struct kube_ref *ref,
	      const json_t *question, json_t **answer, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start(&exchange, kube, "POST", ref);
	if (!write_object(&exchange, question, "Content-Type: application/json",
			  err))
		return false;
	if (exchange.reply.status != 201)
		return fail(&exchange, err);
	return parse_reply(&exchange, answer, err);
}
