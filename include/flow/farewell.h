/*
 * What is still to be said to the API server when a signal ends us, or our
 * time is over: until the end, neither counts and requests hurry.  Who sent
 * the signal may KILL us soon: Jenkins after 5 s.
 */
#ifndef FLOW_FAREWELL_H
#define FLOW_FAREWELL_H

#include <stdint.h>

struct deadline;
struct kube;

/*
 * What farewell_end() has to know; 0: there is no hurry, or we hurry already.
 * @until, if it is not set, becomes @budget_ms from now, so that several
 * farewells share it.
 */
int farewell_begin(struct kube *kube, struct deadline *until,
		   int64_t budget_ms);
void farewell_end(struct kube *kube, int cause);

#endif
