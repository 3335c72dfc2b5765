#include "flow/farewell.h"

#include "api/kube.h"
#include "base/clock.h"
#include "sys/signals.h"

#define LATE (-1) /* no signal's number */

static bool is_late(const struct kube *kube)
{
	const struct deadline deadline = http_deadline(&kube->http);

	return deadline_left_ms(&kube->hurry_until, -1) < 0 &&
	       deadline_passed(&deadline);
}

int farewell_begin(struct kube *kube, struct deadline *until, int64_t budget_ms)
{
	int cause = signals_take();

	if (!cause && is_late(kube))
		cause = LATE;
	if (!cause)
		return 0;
	if (deadline_left_ms(until, -1) < 0)
		*until = deadline_in(budget_ms);
	kube->hurry_ms = budget_ms;
	kube->hurry_until = *until;
	return cause;
}

void farewell_end(struct kube *kube, int cause)
{
	if (!cause)
		return;
	kube->hurry_ms = 0;
	kube->hurry_until = (struct deadline){0};
	if (cause != LATE)
		signals_put(cause);
}
