#include "core/diagnosis.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/diagnosis_signs.h"
#include "core/diagnosis_warnings.h"
#include "core/rollout.h"
#include "format/value.h"

static const char *const names[] = {
	[DIAGNOSIS_UNKNOWN] = "unknown",
	[DIAGNOSIS_STARTING] = "starting",
	[DIAGNOSIS_IMAGE] = "image",
	[DIAGNOSIS_CRASH] = "crash-loop",
	[DIAGNOSIS_MEMORY] = "out-of-memory",
	[DIAGNOSIS_PROBE] = "probe",
	[DIAGNOSIS_SCHEDULING] = "scheduling",
	[DIAGNOSIS_QUOTA] = "quota",
	[DIAGNOSIS_ADMISSION] = "admission",
	[DIAGNOSIS_CONFIG] = "missing-config",
	[DIAGNOSIS_VOLUME] = "volume",
	[DIAGNOSIS_ADDRESS] = "address",
	[DIAGNOSIS_INIT] = "init-container",
	[DIAGNOSIS_EVICTED] = "evicted",
	[DIAGNOSIS_JOB] = "job",
	[DIAGNOSIS_DEADLINE] = "deadline",
};

const char *diagnosis_cause_name(enum diagnosis_cause cause)
{
	return names[cause];
}

/* Where a diagnosis is being made: of which object, with what around it. */
struct look {
	struct diagnosis *diagnosis;
	const struct rollout_world *world;
	const struct value *object;
	bool awaited; /* Helm waits for it, and it is this deployment's */
};

static struct look look_at(struct diagnosis *diagnosis,
			   const struct rollout_world *world,
			   const struct value *object)
{
	return (struct look){
		.diagnosis = diagnosis,
		.world = world,
		.object = object,
		.awaited = rollout_awaits(world, object) &&
			   rollout_is_new(world, object),
	};
}

static const char *text_or(const struct value *map, const char *path,
			   const char *otherwise)
{
	const char *text = value_find_text(map, path);

	return is_blank(text) ? otherwise : text;
}

static bool says_the_same(const struct diagnosis_finding *a,
			  const struct diagnosis_finding *b)
{
	return same_text(a->owner, b->owner) && a->cause == b->cause &&
	       a->init == b->init && a->final == b->final &&
	       same_text(a->container, b->container) &&
	       same_text(a->reason, b->reason) &&
	       same_text(a->message, b->message);
}

/* One of the same owner that says just what @finding does, or NULL. */
static struct diagnosis_finding *find_same(
	const struct diagnosis *diagnosis,
	const struct diagnosis_finding *finding)
{
	for (size_t i = 0; finding->owner && i < diagnosis->count; i++) {
		if (says_the_same(&diagnosis->findings[i], finding))
			return &diagnosis->findings[i];
	}
	return NULL;
}

/* They share their cause, so whoever warns again tells that it still holds. */
static void keep_last_warning(struct diagnosis_finding *same,
			      const struct diagnosis_finding *finding)
{
	if (finding->warned_at <= same->warned_at)
		return;
	same->warned_at = finding->warned_at;
	same->warned_for = finding->warned_for;
}

static void add_finding(const struct look *look,
			struct diagnosis_finding *finding)
{
	struct diagnosis *diagnosis = look->diagnosis;
	struct diagnosis_finding *same;

	finding->kind = rollout_kind(look->object);
	finding->name = rollout_name(look->object);
	finding->owner =
		value_find_text(rollout_controller(look->object), "uid");
	same = find_same(diagnosis, finding);
	if (same) {
		same->more++;
		keep_last_warning(same, finding);
		return;
	}
	if (diagnosis->count == DIAGNOSIS_MAX) {
		diagnosis->left_out++;
		return;
	}
	diagnosis->findings =
		arena_grow(&diagnosis->arena, diagnosis->findings,
			   diagnosis->count + 1, sizeof(*diagnosis->findings),
			   &diagnosis->capacity);
	diagnosis->findings[diagnosis->count++] = *finding;
}

/* What the table says of these words; nothing where no row fits. */
static struct diagnosis_finding judge(const struct look *look,
				      enum sign_place place, const char *reason,
				      const char *message)
{
	const struct sign *sign = sign_find(place, reason, message);

	return (struct diagnosis_finding){
		.cause = sign ? sign->cause : DIAGNOSIS_UNKNOWN,
		.reason = reason,
		.message = message,
		.cure = sign ? sign->cure : "",
		.final = sign && sign->lasting && look->awaited,
	};
}

/* --- warnings -------------------------------------------------------------- */

static struct diagnosis_finding judge_event(const struct look *look,
					    enum sign_place place,
					    const struct value *event)
{
	struct diagnosis_finding finding =
		judge(look, place, text_or(event, "reason", "Warning"),
		      text_or(event, "message", ""));

	finding.warned = true;
	finding.warned_at = warning_last_time(event);
	finding.warned_for = finding.warned_at - warning_first_time(event);
	return finding;
}

/* --- containers ------------------------------------------------------------ */

static const char *describe_end(const struct look *look,
				const struct value *ended, int64_t restarts)
{
	struct arena *arena = &look->diagnosis->arena;
	const char *words = text_or(ended, "message", NULL);
	const char *code =
		arena_printf(arena, "%sexit code %lld", words ? ": " : "",
			     (long long)rollout_number(ended, "exitCode", -1));
	const char *signal = rollout_number(ended, "signal", 0)
				     ? arena_printf(arena, " (signal %lld)",
						    (long long)rollout_number(
							    ended, "signal", 0))
				     : "";
	const char *again =
		restarts ? arena_printf(arena, ", restarted %lld time%s",
					(long long)restarts,
					restarts == 1 ? "" : "s")
			 : "";

	return arena_printf(arena, "%s%s%s%s", words ? words : "", code, signal,
			    again);
}

/*
 * A container that ended, or waits to be started again after it did.  Final
 * only when it was tried often: a Job makes new pods, others start anew.
 */
static struct diagnosis_finding judge_end(const struct look *look,
					  const struct value *container,
					  const struct value *waiting,
					  const struct value *ended)
{
	int64_t restarts = rollout_number(container, "restartCount", 0);
	const char *reason = text_or(ended, "reason", "Error");
	struct diagnosis_finding finding =
		judge(look, SIGN_TERMINATED, reason,
		      ended ? describe_end(look, ended, restarts)
			    : text_or(waiting, "message", ""));

	if (waiting && finding.cause == DIAGNOSIS_CRASH)
		finding.reason = text_or(waiting, "reason", reason);
	finding.final = finding.final && restarts >= DIAGNOSIS_RESTARTS;
	finding.log = true;
	finding.previous = waiting != NULL;
	return finding;
}

static struct diagnosis_finding judge_running(const struct look *look,
					      bool init)
{
	const struct value *event =
		warning_last(look->world, look->object, "Unhealthy");
	struct diagnosis_finding finding = {
		.cause = init ? DIAGNOSIS_INIT : DIAGNOSIS_PROBE,
		.reason = init ? "Running" : "NotReady",
		.message = init ? "it has not ended yet"
				: "it runs but is not ready",
		.cure = init ? "see what it waits for: its log may say"
			     : "see what its readiness probe asks, and its "
			       "log",
	};

	if (event)
		finding = judge_event(look, SIGN_POD_EVENT, event);
	finding.log = true;
	return finding;
}

/* False: it is well, or being made like the others of the pod. */
static bool judge_container(const struct look *look,
			    const struct value *container, bool init,
			    struct diagnosis_finding *finding)
{
	const struct value *waiting = value_find(container, "state.waiting");
	const struct value *ended = value_find(container, "state.terminated");
	const struct value *before =
		value_find(container, "lastState.terminated");
	const struct value *ready = value_map_get(container, "ready");
	const char *reason = text_or(waiting, "reason", "");

	if (ready && value_truth(ready))
		return false;
	if (ended) {
		if (rollout_number(ended, "exitCode", -1) == 0)
			return false;
		*finding = judge_end(look, container, NULL, ended);
		return true;
	}
	if (strcmp(reason, "CrashLoopBackOff") == 0) {
		*finding = judge_end(look, container, waiting, before);
		return true;
	}
	if (waiting) {
		*finding = judge(look, SIGN_WAITING, reason,
				 text_or(waiting, "message", ""));
		return finding->cause != DIAGNOSIS_STARTING;
	}
	if (!value_find(container, "state.running"))
		return false;
	*finding = judge_running(look, init);
	return true;
}

static size_t judge_containers(const struct look *look, const char *path,
			       bool init)
{
	const struct value *all = value_find(look->object, path);
	const struct value *container;
	struct diagnosis_finding finding;
	size_t found = 0;

	for (size_t i = 0; (container = value_list_at(all, i)); i++) {
		if (!judge_container(look, container, init, &finding))
			continue;
		finding.container = text_or(container, "name", "?");
		finding.init = init;
		if (init && finding.cause == DIAGNOSIS_CRASH)
			finding.cause = DIAGNOSIS_INIT;
		add_finding(look, &finding);
		found++;
	}
	return found;
}

/* --- pods ------------------------------------------------------------------ */

static void judge_unscheduled(const struct look *look,
			      const struct value *condition)
{
	struct diagnosis_finding finding =
		judge(look, SIGN_UNSCHEDULED,
		      text_or(condition, "reason", "Unschedulable"),
		      text_or(condition, "message", "no node takes it"));

	add_finding(look, &finding);
}

/* Its containers are being made, or nobody has begun to. */
static void judge_unmade(const struct look *look)
{
	const struct value *event = warning_unmade(look->world, look->object);
	struct diagnosis_finding finding = {
		.cause = DIAGNOSIS_STARTING,
		.reason = text_or(look->object, "status.phase", "Pending"),
		.message = "its containers are not started yet",
		.cure = "",
	};

	if (event)
		finding = judge_event(look, SIGN_POD_EVENT, event);
	add_finding(look, &finding);
}

static void judge_pod(const struct look *look)
{
	const struct value *pod = look->object;
	const struct value *scheduled = rollout_condition(pod, "PodScheduled");
	const char *reason = text_or(pod, "status.reason", NULL);
	struct diagnosis_finding finding;

	if (same_text(value_find_text(scheduled, "status"), "False")) {
		judge_unscheduled(look, scheduled);
		return;
	}
	if (reason &&
	    same_text(value_find_text(pod, "status.phase"), "Failed")) {
		finding = judge(look, SIGN_POD_FAILED, reason,
				text_or(pod, "status.message", ""));
		add_finding(look, &finding);
		return;
	}
	if (judge_containers(look, "status.initContainerStatuses", true) +
		    judge_containers(look, "status.containerStatuses", false) ==
	    0)
		judge_unmade(look);
}

/* --- what makes pods, claims and services ---------------------------------- */

/* One that says nothing itself is told only where Helm waits for it. */
static void tell_silent(const struct look *look, enum diagnosis_cause cause,
			const char *reason, const char *message,
			const char *cure)
{
	struct diagnosis_finding finding = {.cause = cause,
					    .reason = reason,
					    .message = message,
					    .cure = cure};

	if (rollout_awaits(look->world, look->object))
		add_finding(look, &finding);
}

/* What a replica set could not create stands in its own condition. */
static void judge_replica_set(const struct look *look)
{
	const struct value *failure =
		rollout_condition(look->object, "ReplicaFailure");
	struct diagnosis_finding finding;

	if (!rollout_has(look->object, "ReplicaFailure") ||
	    rollout_number(look->object, "spec.replicas", 1) == 0)
		return;
	finding = judge(look, SIGN_CREATION,
			text_or(failure, "reason", "FailedCreate"),
			text_or(failure, "message", ""));
	add_finding(look, &finding);
}

/* Other controllers only warn of it. */
static void judge_creation(const struct look *look)
{
	const struct value *event =
		warning_uncreated(look->world, look->object);
	struct diagnosis_finding finding;

	if (!event)
		return;
	finding = judge_event(look, SIGN_CREATION, event);
	add_finding(look, &finding);
}

static void judge_given_up(const struct look *look, const char *type,
			   const char *status)
{
	const struct value *condition = rollout_condition(look->object, type);
	struct diagnosis_finding finding;

	if (!same_text(value_find_text(condition, "status"), status))
		return;
	finding = judge(look, SIGN_GIVEN_UP, text_or(condition, "reason", type),
			text_or(condition, "message", ""));
	add_finding(look, &finding);
}

static void judge_suspended(const struct look *look)
{
	const struct value *suspend = value_find(look->object, "spec.suspend");

	if (suspend && value_truth(suspend))
		tell_silent(look, DIAGNOSIS_JOB, "Suspended",
			    "it makes no pods",
			    "set 'suspend' to false, or see what is to let it "
			    "begin, such as a queue");
}

static void judge_workload(const struct look *look)
{
	const char *kind = rollout_kind(look->object);

	if (rollout_is_ready(look->object))
		return;
	if (strcmp(kind, "Deployment") == 0)
		judge_given_up(look, "Progressing", "False");
	else if (strcmp(kind, "Job") == 0) {
		judge_given_up(look, "Failed", "True");
		judge_suspended(look);
	}
	if (strcmp(kind, "Deployment") != 0)
		judge_creation(look);
}

/* Events are no warnings while others are waited for, and kept for an hour. */
static void judge_silent_claim(const struct look *look)
{
	const char *phase = text_or(look->object, "status.phase", "Pending");

	if (strcmp(phase, "Lost") == 0)
		tell_silent(look, DIAGNOSIS_VOLUME, phase,
			    "its volume is no longer there",
			    "bring the volume back, or delete the claim with "
			    "what it held");
	else
		tell_silent(look, DIAGNOSIS_VOLUME, phase,
			    "it is not bound, and no event says why",
			    "see whether the provisioner of its storage class "
			    "runs; a class that binds late waits for a pod");
}

static void judge_claim(const struct look *look)
{
	const struct value *event =
		warning_last(look->world, look->object, "ProvisioningFailed");
	struct diagnosis_finding finding;

	if (!event)
		event = warning_last(look->world, look->object,
				     "FailedBinding");
	if (rollout_is_ready(look->object))
		return;
	if (!event) {
		judge_silent_claim(look);
		return;
	}
	finding = judge_event(look, SIGN_CLAIM, event);
	add_finding(look, &finding);
}

static void judge_service(const struct look *look)
{
	if (!rollout_is_ready(look->object))
		tell_silent(look, DIAGNOSIS_ADDRESS, "Pending",
			    "no load balancer has given it an address",
			    "see whether the cluster has a controller of load "
			    "balancers, and its events about the service; or "
			    "take another 'type'");
}

static bool is_leaving(const struct value *object)
{
	return value_find_text(object, "metadata.deletionTimestamp") != NULL;
}

static void judge_list(struct diagnosis *diagnosis,
		       const struct rollout_world *world,
		       const struct value *list,
		       void (*judge_one)(const struct look *look))
{
	const struct value *object;

	for (size_t i = 0; (object = value_list_at(list, i)); i++) {
		struct look look = look_at(diagnosis, world, object);

		if (!is_leaving(object))
			judge_one(&look);
	}
}

static void judge_unready_pod(const struct look *look)
{
	if (!rollout_pod_is_fine(look->object))
		judge_pod(look);
}

void diagnosis_make(struct diagnosis *diagnosis,
		    const struct rollout_world *world)
{
	judge_list(diagnosis, world, world->pods, judge_unready_pod);
	judge_list(diagnosis, world, world->replica_sets, judge_replica_set);
	judge_list(diagnosis, world, world->workloads, judge_workload);
	judge_list(diagnosis, world, world->claims, judge_claim);
	judge_list(diagnosis, world, world->services, judge_service);
}

void diagnosis_release(struct diagnosis *diagnosis)
{
	arena_release(&diagnosis->arena);
	*diagnosis = (struct diagnosis){0};
}

void diagnosis_print(struct str *out, const struct diagnosis_finding *finding)
{
	for (const char *c = finding->kind; *c; c++) {
		if (c > finding->kind && *c >= 'A' && *c <= 'Z')
			str_add_char(out, ' ');
		str_add_char(out,
			     (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
	}
	str_addf(out, " '%s'", finding->name);
	if (finding->more)
		str_addf(out, " and %zu more", finding->more);
	str_add(out, ": ");
	if (finding->container)
		str_addf(out,
			 "%scontainer '%s': ", finding->init ? "init " : "",
			 finding->container);
	str_add(out, finding->reason);
	if (*finding->message)
		str_addf(out, ": %s", finding->message);
	if (*finding->cure)
		str_addf(out, "; cure: %s", finding->cure);
}
