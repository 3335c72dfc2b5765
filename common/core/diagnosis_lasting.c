/* Which causes last, from look to look. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/diagnosis.h"

/* A pod that comes in another's place goes on with what lasts. */
static char *key_of(const struct diagnosis_finding *finding)
{
	return xasprintf("%s/%s/%s/%s", finding->kind,
			 finding->owner ? finding->owner : finding->name,
			 finding->container ? finding->container : "",
			 diagnosis_cause_name(finding->cause));
}

/* What is known of one cause; moments are those of looks, milliseconds. */
struct diagnosis_sight {
	char *key;
	int64_t first;
	int64_t last;	   /* when it was known to be there */
	int64_t warned_at; /* when the last of its warnings came, */
	bool again;	   /* which was not the first that was seen */
};

static struct diagnosis_sight *find_sight(const struct diagnosis_watch *watch,
					  const char *key)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (strcmp(watch->sights[i].key, key) == 0)
			return &watch->sights[i];
	}
	return NULL;
}

/* Warnings that came between looks count as far back as they say. */
static struct diagnosis_sight begin_sight(
	const struct diagnosis_watch *watch,
	const struct diagnosis_finding *finding, int64_t now)
{
	int64_t first = now - finding->warned_for * 1000;

	return (struct diagnosis_sight){
		.first = first > watch->began ? first : watch->began,
		.last = now,
		.warned_at = finding->warned_at,
	};
}

/* Whoever tries again would have by now, were it still so. */
static bool is_over(const struct diagnosis_sight *sight, int64_t now)
{
	return now - sight->last >
	       sight->last - sight->first + DIAGNOSIS_LATE_MS;
}

static void note_warning(struct diagnosis_sight *sight, int64_t now)
{
	if (is_over(sight, now))
		sight->first = now;
	sight->last = now;
	sight->again = true;
}

/* The cause of @finding in @seen, with what is known of it from @before. */
static const struct diagnosis_sight *see(
	struct diagnosis_watch *seen, const struct diagnosis_watch *before,
	const struct diagnosis_finding *finding, int64_t now)
{
	CLEANUP(free_ptr) char *key = key_of(finding);
	const struct diagnosis_sight *old = find_sight(before, key);
	struct diagnosis_sight *sight = find_sight(seen, key);

	if (!sight) {
		sight = &seen->sights[seen->count++];
		*sight = old ? *old : begin_sight(seen, finding, now);
		sight->key = xstrdup(key);
	}
	if (!finding->warned)
		sight->last = now;
	else if (old && finding->warned_at > old->warned_at)
		note_warning(sight, now);
	if (finding->warned_at > sight->warned_at)
		sight->warned_at = finding->warned_at;
	return sight;
}

static bool has_lasted(const struct diagnosis_sight *sight,
		       const struct diagnosis_finding *finding,
		       int64_t patience_ms)
{
	return sight->last - sight->first >= patience_ms &&
	       (!finding->warned || sight->again);
}

const struct diagnosis_finding *diagnosis_lasting(
	struct diagnosis_watch *watch, const struct diagnosis *diagnosis,
	int64_t now, int64_t patience_ms)
{
	struct diagnosis_watch seen = {
		.sights = xcalloc(diagnosis->count + 1, sizeof(*seen.sights)),
		.began = watch->sights ? watch->began : now,
	};
	const struct diagnosis_finding *lasting = NULL;

	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct diagnosis_finding *finding =
			&diagnosis->findings[i];

		if (finding->final &&
		    has_lasted(see(&seen, watch, finding, now), finding,
			       patience_ms) &&
		    !lasting)
			lasting = finding;
	}
	diagnosis_watch_release(watch);
	*watch = seen;
	return lasting;
}

void diagnosis_watch_release(struct diagnosis_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->sights[i].key);
	free(watch->sights);
	*watch = (struct diagnosis_watch){0};
}
