#include "api/workloads.h"

#include <string.h>

#include "api/kube.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/rollout.h"
#include "format/jsn.h"
#include "format/value.h"

/* A list that grows, and shrinks again if reading it starts anew. */
struct growing {
	struct arena *arena;
	struct value *list;
	size_t before;
	const char *kind;
};

/* The items of a list do not say their kind, as the list does. */
static bool add_object(void *context, const json_t *item, struct err *err)
{
	struct growing *growing = context;
	struct value *object = jsn_to_value(item, growing->arena);

	(void)err;
	if (!value_is_map(object))
		return true;
	value_map_set_text(object, growing->arena, "kind", growing->kind);
	value_list_add(growing->list, growing->arena, object);
	return true;
}

static void forget_objects(void *context)
{
	struct growing *growing = context;

	growing->list->list.count = growing->before;
}

struct source {
	const char *kind;
	const char *api;
	const char *resource;
	const char *field_selector;
};

static bool read_list(struct kube *kube, const char *namespace, bool once,
		      const struct source *source, struct arena *arena,
		      struct value *into, struct err *err)
{
	struct growing growing = {
		.arena = arena,
		.list = into,
		.before = into->list.count,
		.kind = source->kind,
	};
	const struct kube_list list = {
		.ref = {.api = source->api,
			.resource = source->resource,
			.namespace = namespace},
		.field_selector = source->field_selector,
		.once = once,
		.item = add_object,
		.restart = forget_objects,
		.context = &growing,
	};

	if (kube_list(kube, &list, err))
		return true;
	forget_objects(&growing);
	return false;
}

bool workloads_read(struct kube *kube, const char *namespace, bool once,
		    struct arena *arena, struct rollout_world *world,
		    struct err *err)
{
	static const struct source pods = {"Pod", "v1", "pods", NULL};
	struct value *workloads = value_new_list(arena);
	struct value *sets = value_new_list(arena);
	struct value *claims = value_new_list(arena);
	struct value *events = value_new_list(arena);
	struct value *found = value_new_list(arena);
	const struct {
		struct source source;
		struct value *into;
	} others[] = {
		{{"ReplicaSet", "apps/v1", "replicasets", NULL}, sets},
		{{"Deployment", "apps/v1", "deployments", NULL}, workloads},
		{{"StatefulSet", "apps/v1", "statefulsets", NULL}, workloads},
		{{"DaemonSet", "apps/v1", "daemonsets", NULL}, workloads},
		{{"Job", "batch/v1", "jobs", NULL}, workloads},
		{{"PersistentVolumeClaim", "v1", "persistentvolumeclaims",
		  NULL},
		 claims},
		{{"Event", "v1", "events", "type=Warning"}, events},
	};

	if (!read_list(kube, namespace, once, &pods, arena, found, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		CLEANUP(err_release) struct err failure = {0};

		if (!read_list(kube, namespace, once, &others[i].source, arena,
			       others[i].into, &failure))
			log_debug("%s are not looked at: %s",
				  others[i].source.resource, failure.text);
	}
	world->pods = found;
	world->replica_sets = sets;
	world->workloads = workloads;
	world->claims = claims;
	world->events = events;
	return true;
}

/* --- what is not to be shown ----------------------------------------------- */

static void add_lines(struct strvec *values, const char *text)
{
	CLEANUP(strvec_release) struct strvec lines = {0};

	strvec_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		if (strlen(lines.items[i]) >= WORKLOADS_SECRET_MIN &&
		    values->count < WORKLOADS_SECRETS_MAX)
			strvec_add_once(values, lines.items[i]);
	}
}

static bool add_values(void *context, const json_t *item, struct err *err)
{
	json_t *data = jsn_find(item, "data");
	const char *key;
	json_t *encoded;

	(void)err;
	json_object_foreach (data, key, encoded) {
		CLEANUP(str_release) struct str value = {0};
		const char *text = json_string_value(encoded);

		if (text &&
		    base64_decode(&value, text, strlen(text), BASE64_STANDARD))
			add_lines(context, str_text(&value));
		wipe(value.buf, value.len);
	}
	return true;
}

/* What was found stays hidden, also if the list starts again. */
static void keep_values(void *context)
{
	(void)context;
}

bool workloads_read_secrets(struct kube *kube, const char *namespace,
			    struct strvec *values, struct err *err)
{
	const struct kube_list list = {
		.ref = {.api = "v1",
			.resource = "secrets",
			.namespace = namespace},
		.field_selector = "type!=helm.sh/release.v1",
		.item = add_values,
		.restart = keep_values,
		.context = values,
	};

	return kube_list(kube, &list, err);
}
