/*
 * What is still to be said to the API server when a signal ends us: until the
 * end, the signal is taken away and requests hurry.  Who sent it may KILL us
 * soon: Jenkins after 5 s.
 */
#ifndef FLOW_FAREWELL_H
#define FLOW_FAREWELL_H

#include <stdint.h>

struct deadline;
struct kube;

/*
 * The signal, 0 if there is none and so no hurry.  @until, if it is not set,
 * becomes @budget_ms from now, so that several farewells share it.
 */
int farewell_begin(struct kube *kube, struct deadline *until,
		   int64_t budget_ms);
void farewell_end(struct kube *kube, int signal);

#endif
