/*
 * How a child process of sys/proc comes to be.
 */
#ifndef SYS_PROC_SPAWN_H
#define SYS_PROC_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

struct proc;

/*
 * A pipe whose ends are over 2, so that giving them to the child as its
 * standard descriptors cannot overwrite one, even where ours are closed.
 * False with errno.
 */
bool proc_pipe(int ends[2]) MUST_CHECK;

/* What the child gets as descriptors 0 to 2; -1 = /dev/null or ours. */
struct proc_ends {
	int fd[3];
};

/*
 * Start the program at @path in a process group of its own, with nothing of
 * ours but @ends, @proc's arguments, environment and folder.  It is killed
 * when we end, be it by SIGKILL, which is why it is not started by
 * posix_spawn(3): that cannot ask for it.
 * An errno; 0 = it runs as *@pid.
 */
int proc_spawn(pid_t *pid, const struct proc *proc, const char *path,
	       const struct proc_ends *ends) MUST_CHECK;

#endif
