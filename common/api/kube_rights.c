/* What we may do, as the server itself judges it. */
#include <stdlib.h>

#include "api/kube.h"
#include "api/kube_exchange.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"

/* Lists and new ones of what has no namespace are in none. */
static const char *place_of(const struct kube_right *right,
			    const char *namespace)
{
	bool is_home = same_text(right->resource, "namespaces");

	return is_home && (same_text(right->verb, "list") ||
			   same_text(right->verb, "create"))
		       ? NULL
		       : namespace;
}

static json_t *make_review(const struct kube_right *right,
			   const char *namespace)
{
	json_t *review = json_object();
	json_t *spec = json_object();
	json_t *attributes = json_object();

	jsn_set_text(attributes, "verb", right->verb);
	jsn_set_text(attributes, "group", right->group);
	jsn_set_text(attributes, "resource", right->resource);
	if (right->subresource)
		jsn_set_text(attributes, "subresource", right->subresource);
	if (namespace)
		jsn_set_text(attributes, "namespace", namespace);
	jsn_set(spec, "resourceAttributes", attributes);
	jsn_set_text(review, "apiVersion", "authorization.k8s.io/v1");
	jsn_set_text(review, "kind", "SelfSubjectAccessReview");
	jsn_set(review, "spec", spec);
	return review;
}

struct review {
	struct kube *kube;
	struct kube_access *accesses;
	struct exchange *exchanges; /* one for each */
	size_t count;
	size_t asked;
};

static void review_release(struct review *review)
{
	for (size_t i = 0; i < review->count; i++)
		exchange_release(&review->exchanges[i]);
	free(review->exchanges);
}

static bool next_review(void *context, struct http_request *request,
			void **item)
{
	static const struct kube_ref reviews = {
		.api = "authorization.k8s.io/v1",
		.resource = "selfsubjectaccessreviews",
	};
	struct review *review = context;
	CLEANUP(jsn_release) json_t *question = NULL;
	struct kube_access *access;
	struct exchange *exchange;

	if (review->asked == review->count)
		return false;
	access = &review->accesses[review->asked];
	exchange = &review->exchanges[review->asked++];
	question = make_review(&access->right,
			       place_of(&access->right, access->namespace));
	exchange_start(exchange, review->kube, "POST", &reviews);
	exchange_write(exchange, question, CONTENT_JSON);
	exchange_lend(exchange, ACCEPT_JSON, request);
	*item = access;
	return true;
}

static bool review_done(void *context, void *item, struct http_request *request,
			struct http_reply *reply, struct err *failure,
			struct err *err)
{
	struct review *review = context;
	struct kube_access *access = item;
	struct exchange *exchange =
		&review->exchanges[access - review->accesses];
	CLEANUP(jsn_release) json_t *answer = NULL;

	if (!exchange_take(exchange, request, reply, failure, err))
		return false;
	if (exchange->reply.status != 201)
		return exchange_fail(exchange, err);
	if (!exchange_parse(exchange, &answer, err))
		return false;
	access->allowed = jsn_bool(answer, "status.allowed", false);
	return true;
}

bool kube_review(struct kube *kube, struct kube_access *accesses, size_t count,
		 struct err *err)
{
	CLEANUP(review_release) struct review review = {
		.kube = kube,
		.accesses = accesses,
		.exchanges = xcalloc(count, sizeof(*review.exchanges)),
		.count = count,
	};
	struct http_batch batch = {
		.jobs = KUBE_AT_ONCE,
		.next = next_review,
		.done = review_done,
		.context = &review,
	};

	return !count || http_run(&kube->http, &batch, err) ||
	       err_wrap(err, "cannot look up our rights");
}

/* As kubectl writes it: "get pods/log in namespace 'web'". */
static char *describe(const struct kube_right *right, const char *namespace)
{
	struct str text = {0};

	str_addf(&text, "may not %s %s", right->verb, right->resource);
	if (*right->group)
		str_addf(&text, ".%s", right->group);
	if (right->subresource)
		str_addf(&text, "/%s", right->subresource);
	if (same_text(right->resource, "namespaces"))
		return str_detach(&text);
	if (namespace)
		str_addf(&text, " in namespace '%s'", namespace);
	else
		str_add(&text, " in all namespaces");
	return str_detach(&text);
}

bool kube_find_missing(struct kube *kube, struct kube_access *accesses,
		       size_t count, struct strvec *missing, struct err *err)
{
	if (!kube_review(kube, accesses, count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct kube_access *access = &accesses[i];
		CLEANUP(free_ptr) char *what = NULL;

		if (access->allowed)
			continue;
		what = describe(&access->right, access->namespace);
		strvec_addf(missing, "%s, needed to %s", what,
			    access->right.purpose);
	}
	return true;
}

bool kube_find_missing_rights(struct kube *kube, const char *namespace,
			      const struct kube_right *rights, size_t count,
			      struct strvec *missing, struct err *err)
{
	CLEANUP(free_ptr) struct kube_access *accesses =
		xcalloc(count, sizeof(*accesses));

	for (size_t i = 0; i < count; i++)
		accesses[i] = (struct kube_access){.right = rights[i],
						   .namespace = namespace};
	return kube_find_missing(kube, accesses, count, missing, err);
}
