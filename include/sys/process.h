/*
 * Who a process is, told so that another can see later whether it has ended.
 *
 * A number alone does not tell: it counts only within one process namespace
 * of one boot of one machine, and is used again.  With these two and the
 * process's start it does.
 */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* All strings are owned; "" = unknown. */
struct process {
	char *host;  /* its name, for people */
	char *space; /* the boot and the namespace in which @number counts */
	int64_t number;
	int64_t start; /* clock ticks since boot, 0 = unknown */
};

/* Us. */
void process_self(struct process *process);

/*
 * Is it known that the process is no more?  False also where that cannot be
 * known: on another machine, in another container.
 */
bool process_is_gone(const char *space, int64_t number, int64_t start)
	MUST_CHECK;

void process_release(struct process *process);

#endif
