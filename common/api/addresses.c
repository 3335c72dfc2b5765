#include "api/addresses.h"

#include "api/kube.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"

static const char *text_or(const json_t *object, const char *path,
			   const char *otherwise)
{
	const char *text = jsn_text(object, path);

	return is_blank(text) ? otherwise : text;
}

struct urls {
	struct strvec *found;
	size_t before;
};

static void forget_urls(void *context)
{
	struct urls *urls = context;

	strvec_truncate(urls->found, urls->before);
}

static bool is_tls_host(const json_t *ingress, const char *host)
{
	const json_t *entries = jsn_find(ingress, "spec.tls");
	const json_t *entry, *covered;
	size_t i, j;

	json_array_foreach (entries, i, entry) {
		json_array_foreach (jsn_find(entry, "hosts"), j, covered) {
			if (same_text(json_string_value(covered), host))
				return true;
		}
	}
	return false;
}

static bool note_ingress(void *context, const json_t *ingress, struct err *err)
{
	struct urls *urls = context;
	const json_t *rule;
	size_t i;

	(void)err;
	json_array_foreach (jsn_find(ingress, "spec.rules"), i, rule) {
		const char *host = jsn_text(rule, "host");

		if (is_blank(host))
			continue;
		strvec_addf(urls->found, "%s://%s%s",
			    is_tls_host(ingress, host) ? "https" : "http", host,
			    text_or(rule, "http.paths.0.path", "/"));
	}
	return true;
}

static bool note_service(void *context, const json_t *service, struct err *err)
{
	struct urls *urls = context;
	const json_t *balancer =
		jsn_find(service, "status.loadBalancer.ingress.0");
	const char *host = text_or(balancer, "hostname", NULL);
	int64_t port = jsn_int(service, "spec.ports.0.port", 80);

	(void)err;
	if (!host)
		host = text_or(balancer, "ip", NULL);
	if (!host)
		return true;
	if (port == 443)
		strvec_addf(urls->found, "https://%s/", host);
	else if (port == 80)
		strvec_addf(urls->found, "http://%s/", host);
	else
		strvec_addf(urls->found, "http://%s:%lld/", host,
			    (long long)port);
	return true;
}

bool addresses_find(struct kube *kube, const char *namespace,
		    struct strvec *found, struct err *err)
{
	struct urls urls = {.found = found};
	const struct kube_list ingresses = {
		.ref = {.api = "networking.k8s.io/v1",
			.resource = "ingresses",
			.namespace = namespace},
		.item = note_ingress,
		.restart = forget_urls,
		.context = &urls,
	};
	const struct kube_list services = {
		.ref = {.api = "v1",
			.resource = "services",
			.namespace = namespace},
		.item = note_service,
		.restart = forget_urls,
		.context = &urls,
	};

	urls.before = found->count;
	if (!kube_list(kube, &ingresses, err))
		return false;
	urls.before = found->count;
	return kube_list(kube, &services, err);
}
