/* Objects and lists: one after the other, or several at once. */
#include <stdlib.h>

#include "api/kube.h"
#include "api/kube_exchange.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"
#include "format/jsondrop.h"

#define ACCEPT_METADATA                                                    \
	"Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;" \
	"v=v1,application/json"
#define ACCEPT_METADATA_LIST                                     \
	"Accept: application/json;as=PartialObjectMetadataList;" \
	"g=meta.k8s.io;v=v1,application/json"

static bool get(struct kube *kube, const struct kube_ref *ref,
		const char *accept, json_t **object, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	exchange_start(&exchange, kube, "GET", ref);
	if (!exchange_send(&exchange, accept, err))
		return false;
	if (exchange_says_not_found(&exchange)) {
		*object = NULL;
		return true;
	}
	if (exchange.reply.status != 200)
		return exchange_fail(&exchange, err);
	return exchange_parse(&exchange, object, err);
}

bool kube_get(struct kube *kube, const struct kube_ref *ref, json_t **object,
	      struct err *err)
{
	return get(kube, ref, ACCEPT_JSON, object, err);
}

bool kube_get_metadata(struct kube *kube, const struct kube_ref *ref,
		       json_t **object, struct err *err)
{
	return get(kube, ref, ACCEPT_METADATA, object, err);
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

	exchange_start(&exchange, kube, "GET", &ref);
	url_add_query(&exchange.url, "container", log->container);
	url_add_query_int(&exchange.url, "tailLines", log->lines);
	url_add_query_int(&exchange.url, "limitBytes", log->bytes);
	if (log->previous)
		url_add_query(&exchange.url, "previous", "true");
	exchange.request.repeat = HTTP_REPEAT_NEVER;
	if (!exchange_send(&exchange, "Accept: text/plain, */*", err))
		return false;
	if (exchange.reply.status != 200)
		return exchange_fail(&exchange, err);
	str_add_bytes(text, str_text(&exchange.reply.body),
		      exchange.reply.body.len);
	return true;
}

/* --- several at once ------------------------------------------------------ */

/* How far one of them is. */
struct reading {
	const struct kube_list *list;
	struct exchange asked;
	struct exchange answered; /* the last page */
	bool due;		  /* there is something to ask for */
	bool unvisited;		  /* the items of the last page are */
	char *token;		  /* of the next page; NULL: there is none */
	size_t count;		  /* objects so far */
	unsigned int pages, restarts;
};

struct readings {
	struct kube *kube;
	struct reading *each;
	size_t count;
};

static void readings_release(struct readings *readings)
{
	for (size_t i = 0; i < readings->count; i++) {
		struct reading *reading = &readings->each[i];

		exchange_release(&reading->asked);
		exchange_release(&reading->answered);
		free(reading->token);
	}
	free(readings->each);
}

static const char *accepted(const struct kube_list *list)
{
	if (!list->metadata)
		return ACCEPT_JSON;
	return list->ref.name ? ACCEPT_METADATA : ACCEPT_METADATA_LIST;
}

static void add_query(struct url *url, const char *name, const char *text)
{
	if (text)
		url_add_query(url, name, text);
}

static void ask(struct reading *reading, struct kube *kube,
		struct http_request *request)
{
	const struct kube_list *list = reading->list;
	struct exchange *asked = &reading->asked;

	exchange_release(asked);
	exchange_start(asked, kube, "GET", &list->ref);
	add_query(&asked->url, "labelSelector", list->label_selector);
	add_query(&asked->url, "fieldSelector", list->field_selector);
	if (list->cached)
		url_add_query(&asked->url, "resourceVersion", "0");
	else if (!list->ref.name)
		url_add_query_int(&asked->url, "limit", KUBE_PAGE);
	add_query(&asked->url, "continue", reading->token);
	if (list->once)
		asked->request.repeat = HTTP_REPEAT_NEVER;
	exchange_lend(asked, accepted(list), request);
	reading->due = false;
}

static bool next_request(void *context, struct http_request *request,
			 void **item)
{
	struct readings *readings = context;

	for (size_t i = 0; i < readings->count; i++) {
		struct reading *reading = &readings->each[i];

		if (!reading->due)
			continue;
		ask(reading, readings->kube, request);
		*item = reading;
		return true;
	}
	return false;
}

/* The next page, by what @page says of itself. */
static void turn_page(struct reading *reading, const json_t *page)
{
	const char *token = jsn_text(page, "metadata.continue");

	free_ptr(&reading->token);
	reading->token = is_blank(token) ? NULL : xstrdup(token);
	reading->due = reading->token != NULL;
}

static bool visit_items(struct reading *reading, const json_t *page,
			struct err *err)
{
	const struct kube_list *list = reading->list;
	const json_t *items = jsn_find(page, "items");
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
	reading->count += json_array_size(items);
	return reading->count <= KUBE_LIST_MAX ||
	       err_set(err, ERR_REMOTE, "there is no end to them");
}

static bool parse_page(struct reading *reading, json_t **page, struct err *err)
{
	if (reading->list->metadata)
		jsondrop_lists(&reading->answered.reply.body, "managedFields");
	return exchange_parse(&reading->answered, page, err);
}

static bool wrap(const struct reading *reading, struct err *err)
{
	const struct kube_ref *ref = &reading->list->ref;

	if (ref->name)
		return err_wrap(err, "cannot look up %s '%s'", ref->resource,
				ref->name);
	return err_wrap(err, "cannot list %s", ref->resource);
}

static bool visit_page(struct reading *reading, struct err *err)
{
	CLEANUP(jsn_release) json_t *page = NULL;

	reading->unvisited = false;
	if (!parse_page(reading, &page, err) ||
	    !visit_items(reading, page, err))
		return wrap(reading, err);
	exchange_release(&reading->answered);
	return true;
}

/*
 * Metadata stands before the items: the next page is asked for by it, and the
 * items are looked at while the server makes that.  Elsewhere it has to wait.
 */
static bool take_page(struct reading *reading, struct err *err)
{
	const struct str *text = &reading->answered.reply.body;
	CLEANUP(jsn_release) json_t *page =
		jsn_parse_head(str_text(text), text->len, "items");

	reading->unvisited = jsn_find(page, "metadata") != NULL;
	if (!reading->unvisited && (!parse_page(reading, &page, err) ||
				    !visit_items(reading, page, err)))
		return false;
	turn_page(reading, page);
	return true;
}

static bool take_object(struct reading *reading, struct err *err)
{
	CLEANUP(jsn_release) json_t *object = NULL;

	return exchange_parse(&reading->answered, &object, err) &&
	       reading->list->item(reading->list->context, object, err);
}

/* The token of the next page has expired. */
static bool start_again(struct reading *reading, struct err *err)
{
	const struct kube_list *list = reading->list;

	if (++reading->restarts > KUBE_RESTARTS_MAX) {
		(void)err_set(err, ERR_REMOTE,
			      "the list expired %u times while it was read",
			      reading->restarts);
		return err_temporary(err, true);
	}
	free_ptr(&reading->token);
	reading->count = 0;
	reading->due = true;
	if (list->restart)
		list->restart(list->context);
	return true;
}

static bool take_answer(struct reading *reading, struct err *err)
{
	const struct exchange *answered = &reading->answered;
	bool named = reading->list->ref.name != NULL;

	if (++reading->pages > KUBE_PAGES_MAX)
		return err_set(err, ERR_REMOTE, "there is no end to them");
	if (answered->reply.status == 410 && !named)
		return start_again(reading, err);
	if (named && exchange_says_not_found(answered))
		return true;
	if (answered->reply.status != 200)
		return exchange_fail(answered, err);
	return named ? take_object(reading, err) : take_page(reading, err);
}

static bool request_done(void *context, void *item,
			 struct http_request *request, struct http_reply *reply,
			 struct err *failure, struct err *err)
{
	struct reading *reading = item;

	(void)context;
	if (reading->unvisited && !visit_page(reading, err))
		return false;
	if (!exchange_take(&reading->asked, request, reply, failure, err))
		return wrap(reading, err);
	exchange_release(&reading->answered);
	reading->answered = reading->asked;
	reading->asked = (struct exchange){0};
	return take_answer(reading, err) || wrap(reading, err);
}

/* One page, so that its successor is not kept waiting when it comes. */
static bool visit_one(void *context, bool *worked, struct err *err)
{
	struct readings *readings = context;

	for (size_t i = 0; i < readings->count; i++) {
		if (!readings->each[i].unvisited)
			continue;
		*worked = true;
		return visit_page(&readings->each[i], err);
	}
	return true;
}

static bool visit_rest(struct readings *readings, struct err *err)
{
	bool more;

	do {
		more = false;
		if (!visit_one(readings, &more, err))
			return false;
	} while (more);
	return true;
}

bool kube_list_all(struct kube *kube, const struct kube_list *lists,
		   size_t count, struct err *err)
{
	CLEANUP(readings_release) struct readings readings = {
		.kube = kube,
		.each = xcalloc(count, sizeof(*readings.each)),
		.count = count,
	};
	struct http_batch batch = {
		.jobs = count < KUBE_AT_ONCE ? count : KUBE_AT_ONCE,
		.next = next_request,
		.done = request_done,
		.meanwhile = visit_one,
		.context = &readings,
	};

	for (size_t i = 0; i < count; i++) {
		readings.each[i].list = &lists[i];
		readings.each[i].due = true;
	}
	return http_run(&kube->http, &batch, err) && visit_rest(&readings, err);
}

bool kube_list(struct kube *kube, const struct kube_list *list, struct err *err)
{
	return kube_list_all(kube, list, 1, err);
}
