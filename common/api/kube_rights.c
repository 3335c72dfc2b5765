/* What we may do, as the server itself judges it. */
#include "api/kube.h"
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

static bool has_right(struct kube *kube, const struct kube_right *right,
		      const char *namespace, bool *allowed, struct err *err)
{
	static const struct kube_ref reviews = {
		.api = "authorization.k8s.io/v1",
		.resource = "selfsubjectaccessreviews",
	};
	CLEANUP(jsn_release) json_t *review =
		make_review(right, place_of(right, namespace));
	CLEANUP(jsn_release) json_t *answer = NULL;

	if (!kube_ask(kube, &reviews, review, &answer, err))
		return false;
	*allowed = jsn_bool(answer, "status.allowed", false);
	return true;
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

bool kube_find_missing_rights(struct kube *kube, const char *namespace,
			      const struct kube_right *rights, size_t count,
			      struct strvec *missing, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(free_ptr) char *what = NULL;
		CLEANUP(free_ptr) char *line = NULL;
		bool allowed;

		if (!has_right(kube, &rights[i], namespace, &allowed, err))
			return err_wrap(err, "cannot look up our rights");
		if (allowed)
			continue;
		what = describe(&rights[i], namespace);
		line = xasprintf("%s, needed to %s", what, rights[i].purpose);
		strvec_add_once(missing, line);
	}
	return true;
}
