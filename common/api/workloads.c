#include "api/workloads.h"

#include <string.h>

#include "api/kube.h"
#include "api/objects.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/diagnosis.h"
#include "core/rollout.h"
#include "format/jsn.h"
#include "format/value.h"

/* What may not be read, or is no kind of this cluster, is left out. */
static bool is_skipped(const struct err *err)
{
	return err->kind == ERR_DENIED || err->kind == ERR_NOT_FOUND;
}

static enum objects_care care_until(const struct deadline *until)
{
	return until ? OBJECTS_IN_PASSING : OBJECTS_CURRENT;
}

struct others {
	struct objects_kind kind;
	struct value *into;
};

static bool read_others(struct kube *kube, const char *namespace,
			const struct deadline *until, struct arena *arena,
			const struct others *others, size_t count,
			struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(err_release) struct err failure = {0};

		if (until && deadline_passed(until))
			return err_set(err, ERR_TIMEOUT,
				       "the cluster is too slow to be looked "
				       "at");
		if (objects_list(kube, namespace, &others[i].kind,
				 care_until(until), arena, others[i].into,
				 &failure))
			continue;
		if (!is_skipped(&failure)) {
			err_move(err, &failure);
			return false;
		}
		log_debug("%s are not looked at: %s", others[i].kind.resource,
			  failure.text);
	}
	return true;
}

static bool read_workloads(struct kube *kube, const char *namespace,
			   const struct deadline *until, struct arena *arena,
			   struct rollout_world *world, struct err *err)
{
	struct value *workloads = value_new_list(arena);
	struct value *sets = value_new_list(arena);
	struct value *claims = value_new_list(arena);
	struct value *events = value_new_list(arena);
	const struct others others[] = {
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

	world->replica_sets = sets;
	world->workloads = workloads;
	world->claims = claims;
	world->events = events;
	return read_others(kube, namespace, until, arena, others,
			   ARRAY_SIZE(others), err);
}

static bool is_all_ready(const struct rollout_world *world)
{
	CLEANUP(rollout_release) struct rollout rollout = {0};

	rollout_count(&rollout, world);
	return rollout.ready == rollout.count;
}

static bool read_services(struct kube *kube, const char *namespace,
			  const struct deadline *until, struct arena *arena,
			  struct rollout_world *world, struct err *err)
{
	struct value *services = value_new_list(arena);
	const struct others others = {{"Service", "v1", "services", NULL},
				      services};

	world->services = services;
	return read_others(kube, namespace, until, arena, &others, 1, err);
}

bool workloads_read(struct kube *kube, const char *namespace,
		    const struct deadline *until, struct arena *arena,
		    struct rollout_world *world, struct err *err)
{
	static const struct objects_kind pods = {"Pod", "v1", "pods", NULL};
	struct value *found = value_new_list(arena);

	world->pods = found;
	return objects_list(kube, namespace, &pods, care_until(until), arena,
			    found, err) &&
	       read_workloads(kube, namespace, until, arena, world, err) &&
	       (!is_all_ready(world) ||
		read_services(kube, namespace, until, arena, world, err));
}

/* --- what is missing ------------------------------------------------------- */

static bool look_for(struct kube *kube, const struct kube_ref *ref, bool *there)
{
	CLEANUP(jsn_release) json_t *object = NULL;
	CLEANUP(err_release) struct err unknown = {0};

	if (!kube_get_metadata(kube, ref, &object, &unknown)) {
		log_debug("nobody knows whether '%s' is missing: %s", ref->name,
			  unknown.text);
		return false;
	}
	*there = object != NULL;
	return true;
}

/* For all that @finding names, until one is missing or cannot be asked for. */
static void look_for_all(struct kube *kube, const char *namespace,
			 const struct deadline *until, size_t *asked,
			 struct diagnosis_finding *finding)
{
	const char *rest = NULL;
	bool known = false;
	bool there = true;

	while (there) {
		struct kube_ref ref = {.api = "v1", .namespace = namespace};
		CLEANUP(free_ptr) char *name =
			diagnosis_missing(finding, &rest, &ref.resource);

		if (!name)
			break;
		ref.name = name;
		if (*asked == WORKLOADS_ASKED_MAX ||
		    (until && deadline_passed(until)) ||
		    !look_for(kube, &ref, &there))
			return;
		++*asked;
		known = true;
	}
	if (known)
		diagnosis_correct(finding, there);
}

void workloads_look_for_missing(struct kube *kube, const char *namespace,
				const struct deadline *until,
				struct diagnosis *diagnosis)
{
	size_t asked = 0;

	for (size_t i = 0; i < diagnosis->count; i++)
		look_for_all(kube, namespace, until, &asked,
			     &diagnosis->findings[i]);
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
