#include "flow/cleanup_hold.h"

#include "api/kube.h"
#include "api/namespaces.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "sys/signals.h"

/*
 * In a namespace that is going nothing can be created, not even a Lease: is
 * that why we have none?
 */
static bool is_leaving(const struct hold *hold, struct kube *kube)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err unknown = {0};
	struct namespace_marks marks;
	bool exists;

	return namespace_read(kube, hold->namespace, &arena, &marks, &exists,
			      &unknown) &&
	       (!exists || marks.terminating);
}

bool hold_enter(struct hold *hold, struct kube *kube,
		const struct reporter *reporter, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	if (hold->lock.version)
		return envlock_keep(&hold->lock, err);
	if (hold->busy || hold->leaving)
		return true;
	if (envlock_try(&hold->lock, kube, hold->namespace, NULL, reporter,
			&hold->busy, &failure)) {
		estate_read(&hold->estate, hold->lock.estate);
		return true;
	}
	envlock_release(&hold->lock);
	hold->leaving =
		(failure.kind == ERR_DENIED || failure.kind == ERR_NOT_FOUND) &&
		is_leaving(hold, kube);
	if (hold->leaving)
		return true;
	err_move(err, &failure);
	return err_wrap(err, "cannot keep deployments off '%s'",
			hold->namespace);
}

bool hold_keep(struct hold *hold, struct err *err)
{
	return envlock_keep(&hold->lock, err);
}

bool hold_note_estate(struct hold *hold, struct err *err)
{
	CLEANUP(str_release) struct str note = {0};

	estate_print(&note, &hold->estate);
	return !note.len || !hold->lock.version ||
	       envlock_note_estate(&hold->lock, str_text(&note), err);
}

/*
 * Whose last try is the longest ago, of those that are held and were not looked
 * at since @begun.
 */
static struct hold *find_next(struct hold *holds, size_t count, int64_t begun)
{
	struct hold *next = NULL;

	for (size_t i = 0; i < count; i++) {
		struct hold *hold = &holds[i];

		if (hold->lock.version && hold->kept_at < begun &&
		    (!next || hold->lock.tried_at < next->lock.tried_at))
			next = hold;
	}
	return next;
}

void hold_keep_all(struct hold *holds, size_t count, struct kube *kube)
{
	const struct deadline hurry_until = kube->hurry_until;
	struct deadline pass = deadline_in(ENVLOCK_TRY_MS);
	int64_t begun = clock_monotonic_ms();
	struct hold *hold;

	kube->hurry_until = deadline_sooner(hurry_until, pass);
	while (!deadline_passed(&pass) &&
	       (hold = find_next(holds, count, begun))) {
		CLEANUP(err_release) struct err lost = {0};

		(void)!hold_keep(hold, &lost);
		hold->kept_at = clock_monotonic_ms();
	}
	kube->hurry_until = hurry_until;
}

void hold_drop(struct hold *hold)
{
	envlock_drop(&hold->lock);
	hold->leaving = true;
}

/* Would giving it back fail, unless in a farewell? */
static bool is_late(const struct hold *hold)
{
	const struct kube *kube = hold->lock.kube;
	struct deadline deadline;

	if (!kube) /* it was never asked for */
		return false;
	deadline = http_deadline(&kube->http);
	return signals_noted() || deadline_passed(&deadline);
}

void hold_settle(struct hold *hold)
{
	if (--hold->tasks == 0 && !is_late(hold))
		hold_release(hold);
}

void hold_release(struct hold *hold)
{
	envlock_release(&hold->lock);
	hold->busy = NULL;
}
