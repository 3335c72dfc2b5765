/*
 * What kills the rest of a child's process group should we end by SIGKILL.
 * Private to sys/proc.
 *
 * The kernel kills the child itself then (proc_spawn), but not what it started:
 * a Helm behind a script that does not exec it would work on for nobody.  So a
 * process of ours waits, from the first such child on, for the end of a pipe
 * that only we hold; it is in a session of its own, as whoever ends a build
 * kills its process group.
 */
#ifndef SYS_PROC_GUARD_H
#define SYS_PROC_GUARD_H

#include <sys/types.h>

/*
 * Have the guard, if there is none yet.  Where a process is not to be had, the
 * groups go unwatched: the program runs all the same.
 */
void proc_guard_start(void);

/*
 * Watch over the process group @group until proc_guard_leave().  The new group
 * itself says that it is there, before it becomes the program; it has left
 * while a process of it, if only a zombie, still keeps the number from being
 * used again.
 */
void proc_guard_enter(pid_t group);
void proc_guard_leave(pid_t group);

#endif
