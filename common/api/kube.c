#include "api/kube.h"

#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/url.h"
#include "sys/file.h"

#define TOKEN_SIZE_MAX ((size_t)64 << 10)
#define OBJECT_SIZE_MAX ((size_t)32 << 20)

static const char accept_json[] = "Accept: application/json";
static const char accept_metadata[] =
	"Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
	"application/json";
static const char accept_metadata_list[] =
	"Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;"
	"v=v1,application/json";

bool kube_open(struct kube *kube, const struct kube_options *options,
	       struct err *err)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct http_config http = options->http;
	size_t len;

	if (!kubeconfig_load(&config, options->args.kubeconfig,
			     options->args.context, options->env, err))
		return false;
	http.ca_pem = config.ca_pem;
	http.cert_pem = config.cert_pem;
	http.key_pem = &config.key_pem;
	if (!http_open(&kube->http, &http, err))
		return false;

	len = strlen(config.server);
	while (len && config.server[len - 1] == '/')
		config.server[--len] = '\0';
	kube->server = config.server;
	config.server = NULL;
	kube->token = config.token;
	config.token = (struct secret){0};
	kube->token_file = config.token_file;
	config.token_file = NULL;
	return true;
}

void kube_release(struct kube *kube)
{
	http_release(&kube->http);
	free(kube->server);
	free(kube->token_file);
	secret_release(&kube->token);
	*kube = (struct kube){0};
}

int64_t kube_now(const struct kube *kube)
{
	return kube->server_time ? kube->server_time : clock_now_ms() / 1000;
}

/* The token of a pod rotates, so its file is read for each request. */
static bool add_token(struct kube *kube, struct http_request *request,
		      struct err *err)
{
	CLEANUP(str_release) struct str token = {0};

	if (kube->token_file) {
		if (!file_read(kube->token_file, TOKEN_SIZE_MAX, &token, err))
			return err_wrap(err, "cannot read the token for the "
					     "Kubernetes API");
		str_trim(&token);
		if (!same_text(str_text(&token), secret_reveal(&kube->token)))
			secret_set(&kube->token, str_text(&token), token.len);
		wipe(token.buf, token.len);
	}
	if (secret_is_set(&kube->token))
		strvec_addf(&request->secrets, "Authorization: Bearer %s",
			    secret_reveal(&kube->token));
	return true;
}

static bool parse_server(struct kube *kube, struct url *url, struct err *err)
{
	if (!url_parse(url, kube->server, err))
		return err_wrap(err, "cannot use the kubeconfig's server");
	return true;
}

static void add_path(struct url *url, const struct kube_ref *ref)
{
	const char *slash = strchr(ref->api, '/');

	if (slash) {
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
	url_add_segment(url, ref->resource);
	if (ref->name)
		url_add_segment(url, ref->name);
	if (ref->subresource)
		url_add_segment(url, ref->subresource);
}

/* One exchange with the API server. */
struct exchange {
	struct http_request request;
	struct http_reply reply;
	struct str body;
};

static void exchange_release(struct exchange *exchange)
{
	http_request_release(&exchange->request);
	http_reply_release(&exchange->reply);
	str_release(&exchange->body);
}

static void note_server_time(struct kube *kube, const struct http_reply *reply)
{
	const char *date = http_header(reply, "Date");

	if (date && !clock_parse_http_date(date, &kube->server_time))
		kube->server_time = 0;
}

static bool send_exchange(struct kube *kube, struct exchange *exchange,
			  const char *method, const struct url *url,
			  const char *accept, struct err *err)
{
	exchange->request.method = method;
	if (!exchange->request.reply_limit)
		exchange->request.reply_limit = OBJECT_SIZE_MAX;
	url_add_text(&exchange->request.url, url, true);
	strvec_add(&exchange->request.headers, accept);
	if (exchange->body.len) {
		exchange->request.body = str_text(&exchange->body);
		exchange->request.body_len = exchange->body.len;
	}
	if (!add_token(kube, &exchange->request, err) ||
	    !http_send(&kube->http, &exchange->request, &exchange->reply, err))
		return err_wrap(err, "cannot reach the Kubernetes API");
	note_server_time(kube, &exchange->reply);
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
	return false;
}

static bool parse_reply(const struct exchange *exchange, json_t **object,
			struct err *err)
{
	if (jsn_parse(object, str_text(&exchange->reply.body),
		      exchange->reply.body.len, "reply of the Kubernetes API",
		      err))
		return true;
	/* Damaged on the way, or not an API server at all. */
	err->kind = ERR_REMOTE;
	return false;
}

static bool get(struct kube *kube, const struct kube_ref *ref,
		const char *accept, json_t **object, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(url_release) struct url url = {0};

	if (!parse_server(kube, &url, err))
		return false;
	add_path(&url, ref);
	if (!send_exchange(kube, &exchange, "GET", &url, accept, err))
		return false;
	if (exchange.reply.status == 404) {
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

bool kube_get_text(struct kube *kube, const struct kube_ref *ref,
		   const char *query, size_t limit, struct str *text,
		   struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(url_release) struct url url = {0};

	if (!parse_server(kube, &url, err))
		return false;
	add_path(&url, ref);
	if (query)
		url.query = xstrdup(query);
	exchange.request.reply_limit = limit;
	if (!send_exchange(kube, &exchange, "GET", &url, "Accept: */*", err))
		return false;
	if (exchange.reply.status != 200)
		return fail(&exchange, err);
	str_add_bytes(text, str_text(&exchange.reply.body),
		      exchange.reply.body.len);
	return true;
}

/* One page of a list. */
struct page {
	char *token; /* of the next page; NULL = this was the last */
	bool expired;
	size_t count;
};

static bool visit_items(const struct kube_list *list, const json_t *reply,
			struct page *page, struct err *err)
{
	const json_t *items = jsn_find(reply, "items");
	const char *token = jsn_text(reply, "metadata.continue");
	const json_t *item;
	size_t i;

	/* Go writes the nil slice of an empty list as null. */
	if (!json_is_array(items) && !json_is_null(items))
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API's list of %s has no items",
			       list->ref.resource);
	json_array_foreach(items, i, item) {
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
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(jsn_release) json_t *reply = NULL;
	CLEANUP(free_ptr) char *limit = xasprintf("%d", KUBE_PAGE);

	if (!parse_server(kube, &url, err))
		return false;
	add_path(&url, &list->ref);
	if (list->label_selector)
		url_add_query(&url, "labelSelector", list->label_selector);
	if (list->field_selector)
		url_add_query(&url, "fieldSelector", list->field_selector);
	url_add_query(&url, "limit", limit);
	if (page->token)
		url_add_query(&url, "continue", page->token);
	if (!send_exchange(kube, &exchange, "GET", &url,
			   list->metadata ? accept_metadata_list : accept_json,
			   err))
		return false;

	page->expired = exchange.reply.status == 410;
	if (page->expired)
		return true;
	if (exchange.reply.status == 404) {
		free_ptr(&page->token);
		return true;
	}
	if (exchange.reply.status != 200)
		return fail(&exchange, err);
	return parse_reply(&exchange, &reply, err) &&
	       visit_items(list, reply, page, err);
}

static void page_release(struct page *page)
{
	free(page->token);
}

bool kube_list(struct kube *kube, const struct kube_list *list,
	       struct err *err)
{
	CLEANUP(page_release) struct page page = {0};
	unsigned int restarts = 0;

	do {
		if (!read_page(kube, list, &page, err))
			return err_wrap(err, "cannot list %s",
					list->ref.resource);
		if (page.count > KUBE_LIST_MAX)
			return err_set(err, ERR_REMOTE, "more than %d %s",
				       KUBE_LIST_MAX, list->ref.resource);
		if (!page.expired)
			continue;
		if (++restarts > KUBE_RESTARTS_MAX) {
			(void)err_set(err, ERR_REMOTE,
				      "cannot list %s: the list expired %u "
				      "times while it was read",
				      list->ref.resource, restarts);
			return err_temporary(err, true);
		}
		free_ptr(&page.token);
		page.count = 0;
		if (list->restart)
			list->restart(list->context);
	} while (page.token || page.expired);
	return true;
}

static void put_body(struct exchange *exchange, const json_t *body,
		     const char *content_type)
{
	jsn_print(&exchange->body, body, false);
	strvec_add(&exchange->request.headers, content_type);
}

bool kube_create(struct kube *kube, const struct kube_ref *ref,
		 const json_t *object, bool *existed, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(url_release) struct url url = {0};

	if (!parse_server(kube, &url, err))
		return false;
	add_path(&url, ref);
	put_body(&exchange, object, "Content-Type: application/json");
	/* Twice does no harm: the second is told that there is one. */
	exchange.request.repeat = HTTP_REPEAT_ALWAYS;
	if (!send_exchange(kube, &exchange, "POST", &url, accept_json, err))
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
	CLEANUP(url_release) struct url url = {0};

	if (!parse_server(kube, &url, err))
		return false;
	add_path(&url, ref);
	put_body(&exchange, patch,
		 "Content-Type: application/merge-patch+json");
	exchange.request.repeat = HTTP_REPEAT_ALWAYS;
	if (!send_exchange(kube, &exchange, "PATCH", &url, accept_json, err))
		return false;
	return exchange.reply.status == 200 || fail(&exchange, err);
}

bool kube_delete(struct kube *kube, const struct kube_ref *ref,
		 const char *uid, const char *resource_version, bool *existed,
		 struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(jsn_release) json_t *options = json_object();
	json_t *preconditions = json_object();

	if (!parse_server(kube, &url, err)) {
		json_decref(preconditions);
		return false;
	}
	add_path(&url, ref);
	jsn_set_text(preconditions, "uid", uid);
	jsn_set_text(preconditions, "resourceVersion", resource_version);
	jsn_set_text(options, "apiVersion", "v1");
	jsn_set_text(options, "kind", "DeleteOptions");
	jsn_set_text(options, "propagationPolicy", "Background");
	jsn_set(options, "preconditions", preconditions);
	put_body(&exchange, options, "Content-Type: application/json");
	/* Safe to repeat: the preconditions let nothing else go. */
	exchange.request.repeat = HTTP_REPEAT_ALWAYS;
	if (!send_exchange(kube, &exchange, "DELETE", &url, accept_json, err))
		return false;
	if (exchange.reply.status == 404) {
		*existed = false;
		return true;
	}
	if (exchange.reply.status != 200 && exchange.reply.status != 202)
		return fail(&exchange, err);
	*existed = true;
	return true;
}
