#include "sys/proc_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/env.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/proc_guard.h"

bool proc_pipe(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		close(low[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return true;
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	errno = EMFILE;
	return false;
}

/* --- in the new process, before it becomes the program ------------------- */

/*
 * It shares our memory, and we wait until it is the program: a fork would copy
 * the tables of all our memory for it, which costs more than all else here.
 * So it calls nothing but the system, and writes nothing but its errno.
 */

/* A program expects all signals as they are by default, and none blocked. */
static void reset_signals(void)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its three descriptors, and nothing else of ours. */
static bool set_descriptors(const struct proc_ends *ends)
{
	int nothing = -1;

	if (ends->fd[0] < 0) {
		nothing = open("/dev/null", O_RDONLY);
		if (nothing < 0 || dup2(nothing, 0) < 0)
			return false;
	}
	for (int i = 0; i < 3; i++) {
		if (ends->fd[i] >= 0 && dup2(ends->fd[i], i) < 0)
			return false;
	}
	/* Also what we inherited without close-on-exec, such as --token-fd. */
	closefrom(3);
	return true;
}

/* Our end, even by SIGKILL, is the child's: nobody watches over it then. */
static bool bind_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static NORETURN void become(const struct proc *proc, const char *path,
			    const struct proc_ends *ends, pid_t parent,
			    volatile int *failure)
{
	static char *const nothing[] = {NULL};

	setpgid(0, 0);
	if (proc->guarded)
		proc_guard_enter(getpid());
	reset_signals();
	if (set_descriptors(ends) && bind_to(parent) &&
	    (!proc->cwd || chdir(proc->cwd) == 0))
		execve(path, proc->argv,
		       proc->env ? strvec_argv(&proc->env->pairs) : nothing);
	*failure = errno ? errno : ESRCH;
	_exit(127);
}

/* --- in ours ------------------------------------------------------------- */

int proc_spawn(pid_t *pid, const struct proc *proc, const char *path,
	       const struct proc_ends *ends)
{
	pid_t parent = getpid();
	volatile int failure = 0;
	sigset_t all, before;
	pid_t child;

	/* No handler of ours may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = vfork();
	if (child == 0)
		become(proc, path, ends, parent, &failure);
	if (child < 0)
		failure = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (failure && child > 0 && proc->guarded)
		proc_guard_leave(child);
	while (failure && child > 0 && waitpid(child, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	if (!failure)
		*pid = child;
	return failure;
}
