#include "api/workloads.h"

#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"

static const char *text_or(const json_t *object, const char *path,
			   const char *otherwise)
{
	const char *text = jsn_text(object, path);

	return is_blank(text) ? otherwise : text;
}

/* The condition of type @type in status.conditions, or NULL. */
static const json_t *find_condition(const json_t *object, const char *type)
{
	const json_t *conditions = jsn_find(object, "status.conditions");
	const json_t *condition;
	size_t i;

	json_array_foreach (conditions, i, condition) {
		if (same_text(jsn_text(condition, "type"), type))
			return condition;
	}
	return NULL;
}

static bool is_ready(const json_t *pod)
{
	return same_text(jsn_text(find_condition(pod, "Ready"), "status"),
			 "True");
}

static bool is_over(const json_t *pod)
{
	return same_text(jsn_text(pod, "status.phase"), "Succeeded") ||
	       jsn_text(pod, "metadata.deletionTimestamp");
}

struct count {
	size_t ready;
	size_t total;
};

static bool count_pod(void *context, const json_t *pod, struct err *err)
{
	struct count *count = context;

	(void)err;
	if (is_over(pod))
		return true;
	count->total++;
	count->ready += is_ready(pod);
	return true;
}

static void forget_count(void *context)
{
	*(struct count *)context = (struct count){0};
}

bool workloads_count_ready(struct kube *kube, const char *namespace,
			   size_t *ready, size_t *total, struct err *err)
{
	struct count count = {0};
	const struct kube_list list = {
		.ref = {.api = "v1",
			.resource = "pods",
			.namespace = namespace},
		.once = true,
		.item = count_pod,
		.restart = forget_count,
		.context = &count,
	};

	if (!kube_list(kube, &list, err))
		return false;
	*ready = count.ready;
	*total = count.total;
	return true;
}

/* Lines that grow while a list is read, and shrink if it starts again. */
struct diagnosis {
	struct kube *kube;
	const char *namespace;
	struct strvec *lines;
	size_t before;
	size_t pods;
	struct strvec logs;   /* "pod/container" whose log is worth a look */
	struct strvec events; /* each begins with its time */
};

static void forget_lines(void *context)
{
	struct diagnosis *diagnosis = context;

	strvec_truncate(diagnosis->lines, diagnosis->before);
	strvec_release(&diagnosis->logs);
	strvec_release(&diagnosis->events);
	diagnosis->pods = 0;
}

static void diagnose_container(struct diagnosis *diagnosis, const char *pod,
			       const json_t *container)
{
	const char *name = text_or(container, "name", "?");
	const json_t *state = jsn_find(container, "state.waiting");
	int64_t restarts = jsn_int(container, "restartCount", 0);

	if (jsn_bool(container, "ready", false))
		return;
	if (!state)
		state = jsn_find(container, "state.terminated");
	if (!state && !jsn_find(container, "state.running"))
		return;
	strvec_addf(diagnosis->lines, "pod '%s': container '%s': %s%s%s", pod,
		    name, text_or(state, "reason", "running but not ready"),
		    jsn_text(state, "message") ? ": " : "",
		    text_or(state, "message", ""));
	if (restarts > 0 || jsn_find(container, "state.terminated") ||
	    jsn_find(container, "state.running"))
		strvec_addf(&diagnosis->logs, "%s/%s", pod, name);
}

static bool diagnose_pod(void *context, const json_t *pod, struct err *err)
{
	static const char *const lists[] = {"status.initContainerStatuses",
					    "status.containerStatuses"};
	struct diagnosis *diagnosis = context;
	const char *name = text_or(pod, "metadata.name", "?");
	const json_t *scheduled = find_condition(pod, "PodScheduled");
	size_t before = diagnosis->lines->count;

	(void)err;
	if (is_over(pod) || is_ready(pod) ||
	    ++diagnosis->pods > WORKLOADS_DIAGNOSED_MAX)
		return true;
	if (same_text(jsn_text(scheduled, "status"), "False")) {
		strvec_addf(diagnosis->lines, "pod '%s': %s: %s", name,
			    text_or(scheduled, "reason", "not scheduled"),
			    text_or(scheduled, "message", "no node takes it"));
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const json_t *containers = jsn_find(pod, lists[i]);
		const json_t *container;
		size_t j;

		json_array_foreach (containers, j, container)
			diagnose_container(diagnosis, name, container);
	}
	if (diagnosis->lines->count == before)
		strvec_addf(diagnosis->lines, "pod '%s': not ready, phase %s",
			    name, text_or(pod, "status.phase", "unknown"));
	return true;
}

/* What a controller could not create: quota, admission, no such account. */
static bool diagnose_replicas(void *context, const json_t *item,
			      struct err *err)
{
	struct diagnosis *diagnosis = context;
	const json_t *failure = find_condition(item, "ReplicaFailure");

	(void)err;
	if (same_text(jsn_text(failure, "status"), "True"))
		strvec_addf(diagnosis->lines, "replica set '%s': %s: %s",
			    text_or(item, "metadata.name", "?"),
			    text_or(failure, "reason", "failed"),
			    text_or(failure, "message", ""));
	return true;
}

/* Newer Kubernetes counts in series what older repeated with a last time. */
static const char *time_of(const json_t *event)
{
	static const char *const places[] = {"series.lastObservedTime",
					     "lastTimestamp", "eventTime",
					     "metadata.creationTimestamp"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *time = jsn_text(event, places[i]);

		if (!is_blank(time))
			return time;
	}
	return "";
}

static bool note_event(void *context, const json_t *event, struct err *err)
{
	struct diagnosis *diagnosis = context;

	(void)err;
	strvec_addf(&diagnosis->events, "%s event: %s '%s': %s: %s",
		    time_of(event),
		    text_or(event, "involvedObject.kind", "object"),
		    text_or(event, "involvedObject.name", "?"),
		    text_or(event, "reason", "Warning"),
		    text_or(event, "message", ""));
	return true;
}

/* The last ones only; the server lists them by name, not by time. */
static void add_last_events(struct diagnosis *diagnosis)
{
	struct strvec *events = &diagnosis->events;
	size_t first = 0;

	strvec_sort(events);
	if (events->count > WORKLOADS_EVENTS_MAX)
		first = events->count - WORKLOADS_EVENTS_MAX;
	for (size_t i = first; i < events->count; i++)
		strvec_add(diagnosis->lines, events->items[i]);
}

/* A log that cannot be had is no reason to keep the rest back. */
static void add_log(struct diagnosis *diagnosis, const char *pod_container)
{
	CLEANUP(strvec_release) struct strvec parts = {0};
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err ignored = {0};

	strvec_split(&parts, pod_container, '/');
	if (!kube_read_log(diagnosis->kube, diagnosis->namespace,
			   parts.items[0], parts.items[1], WORKLOADS_LOG_LINES,
			   WORKLOADS_LOG_SIZE_MAX, &text, &ignored))
		return;
	str_trim(&text);
	if (!text.len)
		return;
	strvec_split(&lines, str_text(&text), '\n');
	for (size_t i = 0; i < lines.count; i++)
		strvec_addf(diagnosis->lines, "log of '%s': %s", pod_container,
			    lines.items[i]);
}

static bool diagnose_list(struct diagnosis *diagnosis, const char *api,
			  const char *resource, const char *field_selector,
			  bool (*item)(void *, const json_t *, struct err *),
			  struct err *err)
{
	const struct kube_list list = {
		.ref = {.api = api,
			.resource = resource,
			.namespace = diagnosis->namespace},
		.field_selector = field_selector,
		.item = item,
		.restart = forget_lines,
		.context = diagnosis,
	};

	diagnosis->before = diagnosis->lines->count;
	return kube_list(diagnosis->kube, &list, err);
}

static void diagnosis_release(struct diagnosis *diagnosis)
{
	strvec_release(&diagnosis->logs);
	strvec_release(&diagnosis->events);
}

bool workloads_diagnose(struct kube *kube, const char *namespace,
			struct strvec *lines, struct err *err)
{
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = {
		.kube = kube, .namespace = namespace, .lines = lines};

	if (!diagnose_list(&diagnosis, "v1", "pods", NULL, diagnose_pod, err))
		return false;
	if (diagnosis.pods > WORKLOADS_DIAGNOSED_MAX)
		strvec_addf(lines, "%zu more pods are not ready",
			    diagnosis.pods - WORKLOADS_DIAGNOSED_MAX);
	for (size_t i = 0; i < diagnosis.logs.count; i++)
		add_log(&diagnosis, diagnosis.logs.items[i]);
	strvec_release(&diagnosis.logs);
	if (!diagnose_list(&diagnosis, "apps/v1", "replicasets", NULL,
			   diagnose_replicas, err) ||
	    !diagnose_list(&diagnosis, "v1", "events", "type=Warning",
			   note_event, err))
		return false;
	add_last_events(&diagnosis);
	return true;
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

bool workloads_find_urls(struct kube *kube, const char *namespace,
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
