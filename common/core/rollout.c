#include "core/rollout.h"

#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/value.h"

int64_t rollout_number(const struct value *object, const char *path,
		       int64_t otherwise)
{
	const struct value *found = value_find(object, path);

	return found && value_is_whole(found) ? found->integer : otherwise;
}

const char *rollout_kind(const struct value *object)
{
	const char *kind = value_find_text(object, "kind");

	return kind ? kind : "object";
}

const char *rollout_name(const struct value *object)
{
	const char *name = value_find_text(object, "metadata.name");

	return name ? name : "?";
}

const struct value *rollout_condition(const struct value *object,
				      const char *type)
{
	const struct value *all = value_find(object, "status.conditions");
	const struct value *condition;

	for (size_t i = 0; (condition = value_list_at(all, i)); i++) {
		if (same_text(value_find_text(condition, "type"), type))
			return condition;
	}
	return NULL;
}

bool rollout_has(const struct value *object, const char *type)
{
	const struct value *condition = rollout_condition(object, type);

	return condition &&
	       same_text(value_find_text(condition, "status"), "True");
}

/* --- whose an object is ---------------------------------------------------- */

static const char *annotation(const struct value *object, const char *key)
{
	const struct value *text =
		value_map_get(value_find(object, "metadata.annotations"), key);

	return text && text->kind == VALUE_STRING ? text->string.bytes : NULL;
}

static bool is_of_release(const struct rollout_world *world,
			  const struct value *object)
{
	return same_text(annotation(object, "meta.helm.sh/release-name"),
			 world->release);
}

static bool is_hook(const struct value *object)
{
	return annotation(object, "helm.sh/hook") != NULL;
}

const struct value *rollout_controller(const struct value *object)
{
	const struct value *all =
		value_find(object, "metadata.ownerReferences");
	const struct value *owner;

	for (size_t i = 0; (owner = value_list_at(all, i)); i++) {
		const struct value *leads = value_map_get(owner, "controller");

		if (leads && value_truth(leads))
			return owner;
	}
	return NULL;
}

static const struct value *find_object(const struct value *list,
				       const struct value *reference)
{
	const char *uid = value_find_text(reference, "uid");
	const struct value *object;

	for (size_t i = 0; uid && (object = value_list_at(list, i)); i++) {
		if (same_text(value_find_text(object, "metadata.uid"), uid))
			return object;
	}
	return NULL;
}

/* Is @set the one that @deployment wants now? */
static bool is_current(const struct value *set, const struct value *deployment)
{
	static const char key[] = "deployment.kubernetes.io/revision";
	const char *wanted = annotation(deployment, key);

	return !wanted || same_text(annotation(set, key), wanted);
}

static bool is_balanced(const struct value *service)
{
	return same_text(value_find_text(service, "spec.type"), "LoadBalancer");
}

/* What waits for no other: a workload as the chart has it, or a hook's. */
static bool counts(const struct rollout_world *world, const struct value *root)
{
	if (is_hook(root))
		return true;
	if (strcmp(rollout_kind(root), "Job") == 0 && !world->jobs)
		return false;
	if (strcmp(rollout_kind(root), "Service") == 0 && !is_balanced(root))
		return false;
	return is_of_release(world, root);
}

bool rollout_awaits(const struct rollout_world *world,
		    const struct value *object)
{
	const struct value *owner;

	for (int i = 0; i < ROLLOUT_OWNERS_MAX; i++) {
		const struct value *reference = rollout_controller(object);

		if (!reference)
			return counts(world, object);
		owner = find_object(world->replica_sets, reference);
		if (!owner)
			owner = find_object(world->workloads, reference);
		if (!owner)
			return false; /* of a CronJob, or another's */
		if (strcmp(rollout_kind(owner), "Deployment") == 0 &&
		    !is_current(object, owner))
			return false;
		object = owner;
	}
	return false;
}

bool rollout_is_new(const struct rollout_world *world,
		    const struct value *object)
{
	const char *made =
		value_find_text(object, "metadata.creationTimestamp");
	int64_t time;

	return made && clock_parse_rfc3339(made, strlen(made), &time) &&
	       time >= world->since;
}

bool rollout_pod_is_fine(const struct value *pod)
{
	return same_text(value_find_text(pod, "status.phase"), "Succeeded") ||
	       rollout_has(pod, "Ready");
}

/* --- how far each is ------------------------------------------------------- */

static int64_t lower(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The controller has not looked at what was written last. */
static bool is_stale(const struct value *object)
{
	return rollout_number(object, "status.observedGeneration", 0) <
	       rollout_number(object, "metadata.generation", 0);
}

static void judge_deployment(struct rollout_item *item)
{
	const struct value *object = item->object;
	int64_t updated = rollout_number(object, "status.updatedReplicas", 0);
	int64_t available =
		rollout_number(object, "status.availableReplicas", 0);

	item->want = rollout_number(object, "spec.replicas", 1);
	item->have = lower(updated, available);
	item->ready = item->have >= item->want &&
		      rollout_number(object, "status.replicas", 0) <= updated;
}

static void judge_stateful_set(struct rollout_item *item)
{
	const struct value *object = item->object;
	int64_t kept = rollout_number(
		object, "spec.updateStrategy.rollingUpdate.partition", 0);
	int64_t updated = rollout_number(object, "status.updatedReplicas", 0);
	bool by_hand =
		same_text(value_find_text(object, "spec.updateStrategy.type"),
			  "OnDelete");

	item->want = rollout_number(object, "spec.replicas", 1);
	item->have = rollout_number(object, "status.readyReplicas", 0);
	item->ready = by_hand || (item->have >= item->want &&
				  updated >= item->want - kept);
	if (!item->ready)
		item->have = lower(item->have, updated + kept);
}

static void judge_daemon_set(struct rollout_item *item)
{
	const struct value *object = item->object;

	item->want = rollout_number(object, "status.desiredNumberScheduled", 0);
	item->have = lower(rollout_number(object,
					  "status.updatedNumberScheduled", 0),
			   rollout_number(object, "status.numberAvailable", 0));
	item->ready = item->have >= item->want;
}

static void judge_job(struct rollout_item *item)
{
	item->want = rollout_number(item->object, "spec.completions", 1);
	item->have = rollout_number(item->object, "status.succeeded", 0);
	item->ready = rollout_has(item->object, "Complete");
}

static void judge_pod(struct rollout_item *item)
{
	item->want = 1;
	item->ready = rollout_pod_is_fine(item->object);
	item->have = item->ready;
}

static void judge_claim(struct rollout_item *item)
{
	item->want = 1;
	item->ready = same_text(value_find_text(item->object, "status.phase"),
				"Bound");
	item->have = item->ready;
}

static bool has_any(const struct value *object, const char *path)
{
	return value_list_at(value_find(object, path), 0) != NULL;
}

static void judge_service(struct rollout_item *item)
{
	const struct value *object = item->object;

	item->want = 1;
	item->ready = !is_balanced(object) ||
		      has_any(object, "spec.externalIPs") ||
		      has_any(object, "status.loadBalancer.ingress");
	item->have = item->ready;
}

static const struct {
	const char *kind;
	void (*judge)(struct rollout_item *item);
	bool generations; /* has an observedGeneration */
} judges[] = {
	{"Deployment", judge_deployment, true},
	{"StatefulSet", judge_stateful_set, true},
	{"DaemonSet", judge_daemon_set, true},
	{"Job", judge_job, false},
	{"Pod", judge_pod, false},
	{"PersistentVolumeClaim", judge_claim, false},
	{"Service", judge_service, false},
};

static bool judge(struct rollout_item *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(judges); i++) {
		if (strcmp(judges[i].kind, item->kind) != 0)
			continue;
		judges[i].judge(item);
		if (judges[i].generations && is_stale(item->object))
			item->ready = false;
		return true;
	}
	return false;
}

bool rollout_is_ready(const struct value *object)
{
	struct rollout_item item = {
		.object = object,
		.kind = rollout_kind(object),
	};

	return !judge(&item) || item.ready;
}

static void add_items(struct rollout *rollout,
		      const struct rollout_world *world,
		      const struct value *list)
{
	const struct value *object;

	for (size_t i = 0; (object = value_list_at(list, i)); i++) {
		struct rollout_item item = {
			.object = object,
			.kind = rollout_kind(object),
			.name = rollout_name(object),
		};

		if (rollout_controller(object) || is_hook(object) ||
		    value_find(object, "metadata.deletionTimestamp") ||
		    !counts(world, object) || !judge(&item))
			continue;
		rollout->items =
			arena_grow(&rollout->arena, rollout->items,
				   rollout->count + 1, sizeof(*rollout->items),
				   &rollout->capacity);
		rollout->items[rollout->count++] = item;
		rollout->ready += item.ready;
	}
}

void rollout_count(struct rollout *rollout, const struct rollout_world *world)
{
	add_items(rollout, world, world->workloads);
	add_items(rollout, world, world->pods);
	add_items(rollout, world, world->claims);
	add_items(rollout, world, world->services);
}

void rollout_print_missing(const struct rollout *rollout, struct str *out)
{
	size_t missing = rollout->count - rollout->ready;
	size_t shown = 0;

	for (size_t i = 0; i < rollout->count; i++) {
		const struct rollout_item *item = &rollout->items[i];

		if (item->ready || shown == ROLLOUT_SHOWN_MAX)
			continue;
		str_addf(out, "%s%s '%s' (%lld of %lld)", shown ? ", " : "",
			 item->kind, item->name, (long long)item->have,
			 (long long)item->want);
		shown++;
	}
	if (missing > shown)
		str_addf(out, " and %zu more", missing - shown);
}

void rollout_release(struct rollout *rollout)
{
	arena_release(&rollout->arena);
	*rollout = (struct rollout){0};
}
