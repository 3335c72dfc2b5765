#include "flow/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "api/workloads.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/logmask.h"
#include "format/value.h"

/* The last lines of one container's log, hidden what must be. */
static void read_log(struct bundle *bundle, struct kube *kube,
		     const char *namespace,
		     const struct diagnosis_finding *finding,
		     const struct strvec *secrets)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct logmask mask = {.secrets = secrets};
	struct bundle_log *log = &bundle->logs[bundle->log_count];
	const struct kube_log wanted = {
		.namespace = namespace,
		.pod = finding->name,
		.container = finding->container,
		.lines = BUNDLE_LOG_LINES,
		.bytes = BUNDLE_LOG_BYTES,
		.previous = finding->previous,
	};

	if (!kube_read_log(kube, &wanted, &text, &failure)) {
		log_debug("no log of '%s': %s", finding->name, failure.text);
		return;
	}
	str_trim(&text);
	if (!text.len)
		return;
	strvec_split(&lines, str_text(&text), '\n');
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP(str_release) struct str shown = {0};

		logmask_add(&mask, &shown, lines.items[i]);
		strvec_add(&log->lines, str_text(&shown));
	}
	log->pod = finding->name;
	log->container = finding->container;
	log->previous = finding->previous;
	bundle->log_count++;
}

static void wipe_values(struct strvec *values)
{
	for (size_t i = 0; i < values->count; i++)
		wipe(values->items[i], strlen(values->items[i]));
	strvec_release(values);
}

/* Without knowing the secrets no log is shown: it may hold them. */
static void read_logs(struct bundle *bundle, struct kube *kube,
		      const char *namespace)
{
	CLEANUP(wipe_values) struct strvec secrets = {0};
	CLEANUP(err_release) struct err failure = {0};
	const struct diagnosis *diagnosis = &bundle->diagnosis;

	if (!workloads_read_secrets(kube, namespace, &secrets, &failure)) {
		log_debug("no logs: %s", failure.text);
		return;
	}
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct diagnosis_finding *finding =
			&diagnosis->findings[i];

		if (finding->log && bundle->log_count < BUNDLE_LOGS_MAX)
			read_log(bundle, kube, namespace, finding, &secrets);
	}
}

static int compare_times(const void *a, const void *b)
{
	return strcmp(diagnosis_event_time(*(const struct value *const *)a),
		      diagnosis_event_time(*(const struct value *const *)b));
}

/* The server lists events by name; we want the last ones. */
static const struct value *last_events(const struct value *all,
				       struct arena *arena)
{
	struct value *last = value_new_list(arena);
	size_t count = all->list.count;
	const struct value **items = xcalloc(count + 1, sizeof(*items));
	size_t first =
		count > BUNDLE_EVENTS_MAX ? count - BUNDLE_EVENTS_MAX : 0;

	for (size_t i = 0; i < count; i++)
		items[i] = all->list.items[i];
	qsort(items, count, sizeof(*items), compare_times);
	for (size_t i = first; i < count; i++)
		value_list_add(last, arena, items[i]);
	free(items);
	return last;
}

bool bundle_gather(struct bundle *bundle, struct kube *kube,
		   const char *namespace, const struct rollout_world *world,
		   struct err *err)
{
	bundle->world = *world;
	if (!workloads_read(kube, namespace, NULL, &bundle->arena,
			    &bundle->world, err))
		return false;
	rollout_count(&bundle->rollout, &bundle->world);
	diagnosis_make(&bundle->diagnosis, &bundle->world);
	workloads_look_for_missing(kube, namespace, NULL, &bundle->diagnosis);
	bundle->events = last_events(bundle->world.events, &bundle->arena);
	read_logs(bundle, kube, namespace);
	bundle->gathered = true;
	return true;
}

void bundle_release(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->log_count; i++)
		strvec_release(&bundle->logs[i].lines);
	diagnosis_release(&bundle->diagnosis);
	rollout_release(&bundle->rollout);
	arena_release(&bundle->arena);
	*bundle = (struct bundle){0};
}
