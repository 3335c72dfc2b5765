#include "core/diagnosis_warnings.h"

#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/diagnosis.h"
#include "core/diagnosis_signs.h"
#include "core/rollout.h"
#include "format/value.h"

#define NAME_MAX_LEN 253 /* of an object; Kubernetes refuses longer ones */
#define SUMMARY	     "Unable to attach or mount volumes"

/* --- when ------------------------------------------------------------------ */

static const char *first_text(const struct value *map, const char *const *paths,
			      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = value_find_text(map, paths[i]);

		if (!is_blank(text))
			return text;
	}
	return "";
}

const char *diagnosis_event_time(const struct value *event)
{
	static const char *const places[] = {"series.lastObservedTime",
					     "lastTimestamp", "eventTime",
					     "metadata.creationTimestamp"};

	return first_text(event, places, ARRAY_SIZE(places));
}

static int64_t parse_time(const char *text)
{
	int64_t seconds;

	return text && clock_parse_rfc3339(text, strlen(text), &seconds)
		       ? seconds
		       : 0;
}

int64_t warning_first_time(const struct value *event)
{
	static const char *const places[] = {"firstTimestamp", "eventTime"};
	int64_t first =
		parse_time(first_text(event, places, ARRAY_SIZE(places)));
	int64_t last = warning_last_time(event);

	return first && first < last ? first : last;
}

int64_t warning_last_time(const struct value *event)
{
	return parse_time(diagnosis_event_time(event));
}

/* --- which ----------------------------------------------------------------- */

static bool is_about(const struct value *event, const struct value *object)
{
	return same_text(value_find_text(event, "involvedObject.uid"),
			 value_find_text(object, "metadata.uid"));
}

/* The last about @object that @fits, with @reason if that matters; or NULL. */
static const struct value *last_that(const struct rollout_world *world,
				     const struct value *object,
				     bool (*fits)(const struct value *event,
						  const char *reason),
				     const char *reason)
{
	const struct value *last = NULL, *event;

	for (size_t i = 0; (event = value_list_at(world->events, i)); i++) {
		if (!is_about(event, object) || !fits(event, reason))
			continue;
		if (!last || strcmp(diagnosis_event_time(event),
				    diagnosis_event_time(last)) >= 0)
			last = event;
	}
	return last;
}

static bool has_reason(const struct value *event, const char *reason)
{
	return same_text(value_find_text(event, "reason"), reason);
}

const struct value *warning_last(const struct rollout_world *world,
				 const struct value *object, const char *reason)
{
	return last_that(world, object, has_reason, reason);
}

/* --- pods ------------------------------------------------------------------ */

static bool has_run(const struct value *pod, const char *path)
{
	const struct value *all = value_find(pod, path);
	const struct value *container;

	for (size_t i = 0; (container = value_list_at(all, i)); i++) {
		if (value_find(container, "state.running") ||
		    value_find(container, "state.terminated") ||
		    value_find(container, "lastState.terminated"))
			return true;
	}
	return false;
}

/*
 * Volumes come first, then the sandbox, then images and containers; the
 * condition is of Kubernetes 1.29 and later.
 */
static bool has_sandbox(const struct value *pod)
{
	return rollout_has(pod, "PodReadyToStartContainers") ||
	       has_run(pod, "status.initContainerStatuses") ||
	       has_run(pod, "status.containerStatuses");
}

static bool is_of_making(const struct value *event, const char *unused)
{
	const char *reason = value_find_text(event, "reason");

	(void)unused;
	return reason && strcmp(reason, "Unhealthy") != 0 &&
	       sign_find(SIGN_POD_EVENT, reason, "");
}

/* Not the sum that the kubelet draws at times of what others have said. */
static bool is_of_one_thing(const struct value *event, const char *unused)
{
	const char *message = value_find_text(event, "message");

	return is_of_making(event, unused) &&
	       !(message && starts_with(message, SUMMARY));
}

const struct value *warning_unmade(const struct rollout_world *world,
				   const struct value *pod)
{
	const struct value *event;

	if (has_sandbox(pod))
		return NULL;
	event = last_that(world, pod, is_of_one_thing, NULL);
	return event ? event : last_that(world, pod, is_of_making, NULL);
}

/* --- controllers ----------------------------------------------------------- */

static bool is_made_by(const struct value *pod, const struct value *maker)
{
	const struct value *reference = rollout_controller(pod);

	return reference && same_text(value_find_text(reference, "uid"),
				      value_find_text(maker, "metadata.uid"));
}

/* Has @maker created a pod at @time or later? */
static bool has_created(const struct rollout_world *world,
			const struct value *maker, int64_t time)
{
	const struct value *pod;

	for (size_t i = 0; (pod = value_list_at(world->pods, i)); i++) {
		if (is_made_by(pod, maker) &&
		    parse_time(value_find_text(
			    pod, "metadata.creationTimestamp")) >= time)
			return true;
	}
	return false;
}

const struct value *warning_uncreated(const struct rollout_world *world,
				      const struct value *maker)
{
	const struct value *event = warning_last(world, maker, "FailedCreate");

	return event && has_created(world, maker, warning_last_time(event))
		       ? NULL
		       : event;
}

/* --- what is missing ------------------------------------------------------- */

/* What @text begins with, if it says that it is not found: its name's length. */
static size_t read_missing(const char *text, const char **name,
			   const char **resource)
{
	static const char *const words[][2] = {
		{"secret \"", "secrets"},
		{"configmap \"", "configmaps"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len;

		if (!starts_with(text, words[i][0]))
			continue;
		*name = text + strlen(words[i][0]);
		*resource = words[i][1];
		len = strcspn(*name, "\"");
		return len <= NAME_MAX_LEN &&
				       starts_with(*name + len, "\" not found")
			       ? len
			       : 0;
	}
	return 0;
}

char *diagnosis_missing(const struct diagnosis_finding *finding,
			const char **rest, const char **resource)
{
	if (!finding->warned || finding->cause != DIAGNOSIS_CONFIG)
		return NULL;
	if (!*rest)
		*rest = finding->message;
	for (; **rest; (*rest)++) {
		const char *name;
		size_t len = read_missing(*rest, &name, resource);

		if (!len)
			continue;
		*rest = name + len;
		return xasprintf("%.*s", (int)len, name);
	}
	return NULL;
}

void diagnosis_correct(struct diagnosis_finding *finding, bool there)
{
	finding->warned = false;
	if (!there)
		return;
	finding->final = false;
	finding->cause = DIAGNOSIS_STARTING;
	finding->cure = "it is there by now: wait until the kubelet tries "
			"again, which takes it 2 minutes at most";
}
