#include "flow/farewell.h"

#include "api/kube.h"
#include "base/clock.h"
#include "sys/signals.h"

int farewell_begin(struct kube *kube, struct deadline *until, int64_t budget_ms)
{
	int signal = signals_take();

	if (!signal)
		return 0;
	if (deadline_left_ms(until, -1) < 0)
		*until = deadline_in(budget_ms);
	kube->hurry_ms = budget_ms;
	kube->hurry_until = *until;
	return signal;
}

void farewell_end(struct kube *kube, int signal)
{
	if (!signal)
		return;
	kube->hurry_ms = 0;
	kube->hurry_until = (struct deadline){0};
	signals_put(signal);
}
