#include "sys/proc_guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/proc_spawn.h"

struct notice {
	pid_t group;
	bool entered; /* else it has left */
};

/* --- the guard ------------------------------------------------------------ */

static void note(pid_t groups[PROC_JOBS_MAX], const struct notice *notice)
{
	pid_t wanted = notice->entered ? 0 : notice->group;

	for (size_t i = 0; i < PROC_JOBS_MAX; i++) {
		if (groups[i] != wanted)
			continue;
		groups[i] = notice->entered ? notice->group : 0;
		return;
	}
}

/* It keeps nothing of ours open: somebody waits for the end of our output. */
static NORETURN void guard(int notices)
{
	pid_t groups[PROC_JOBS_MAX] = {0};
	struct notice notice;

	setsid();
	prctl(PR_SET_NAME, "slipway-guard");
	prctl(PR_SET_DUMPABLE, 0);
	if (dup2(notices, 0) < 0 || chdir("/") < 0)
		_exit(1);
	closefrom(1);
	while (read(0, &notice, sizeof(notice)) == (ssize_t)sizeof(notice))
		note(groups, &notice);
	for (size_t i = 0; i < PROC_JOBS_MAX; i++) {
		if (groups[i])
			kill(-groups[i], SIGKILL);
	}
	_exit(0);
}

/* --- we ------------------------------------------------------------------- */

static struct {
	bool tried;
	int notices; /* our end of the pipe */
} ours;

/* All signals are blocked, in the guard for good: it ends with us. */
void proc_guard_start(void)
{
	sigset_t all, before;
	int ends[2];
	pid_t pid;

	if (ours.tried)
		return;
	ours.tried = true;
	ours.notices = -1;
	if (!proc_pipe(ends))
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		guard(ends[0]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close_fd(&ends[0]);
	ours.notices = ends[1];
	if (pid < 0)
		close_fd(&ours.notices);
}

static void tell(pid_t group, bool entered)
{
	const struct notice notice = {.group = group, .entered = entered};

	/* It fails if somebody has killed the guard: then there is none. */
	if (ours.notices >= 0)
		(void)!write(ours.notices, &notice, sizeof(notice));
}

void proc_guard_enter(pid_t group)
{
	tell(group, true);
}

void proc_guard_leave(pid_t group)
{
	tell(group, false);
}
