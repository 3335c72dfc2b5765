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

static int64_t first_seen(const struct diagnosis_watch *watch, const char *key,
			  int64_t now)
{
	for (size_t i = 0; i < watch->causes.count; i++) {
		if (strcmp(watch->causes.items[i], key) == 0)
			return watch->first_seen[i];
	}
	return now;
}

const struct diagnosis_finding *diagnosis_lasting(
	struct diagnosis_watch *watch, const struct diagnosis *diagnosis,
	int64_t now, int64_t patience_ms)
{
	struct diagnosis_watch seen = {
		.first_seen =
			xcalloc(diagnosis->count + 1, sizeof(*seen.first_seen)),
	};
	const struct diagnosis_finding *lasting = NULL;

	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct diagnosis_finding *finding =
			&diagnosis->findings[i];
		char *key;
		int64_t since;

		if (!finding->final)
			continue;
		key = key_of(finding);
		since = first_seen(watch, key, now);
		seen.first_seen[seen.causes.count] = since;
		strvec_add_take(&seen.causes, key);
		if (!lasting && now - since >= patience_ms)
			lasting = finding;
	}
	diagnosis_watch_release(watch);
	*watch = seen;
	return lasting;
}

void diagnosis_watch_release(struct diagnosis_watch *watch)
{
	strvec_release(&watch->causes);
	free(watch->first_seen);
	*watch = (struct diagnosis_watch){0};
}
