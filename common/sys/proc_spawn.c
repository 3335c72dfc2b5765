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

#define REPORT_FD 3 /* there it writes an errno, if it cannot */

/* A program expects all signals as they are by default, and none blocked. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its three descriptors and the report, and nothing else of ours. */
static bool set_descriptors(const struct proc_ends *ends, int report)
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
	if (report != REPORT_FD && dup2(report, REPORT_FD) < 0)
		return false;
	fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
	/* Also what we inherited without close-on-exec, such as --token-fd. */
	closefrom(REPORT_FD + 1);
	return true;
}

/* Our end, even by SIGKILL, is the child's: nobody watches over it then. */
static bool bind_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static NORETURN void become(const struct proc *proc, const char *path,
			    const struct proc_ends *ends, int report,
			    pid_t parent)
{
	static char *const nothing[] = {NULL};
	int number;

	setpgid(0, 0);
	reset_signals();
	if (set_descriptors(ends, report) && bind_to(parent) &&
	    (!proc->cwd || chdir(proc->cwd) == 0))
		execve(path, proc->argv,
		       proc->env ? strvec_argv(&proc->env->pairs) : nothing);
	number = errno;
	_exit(write(REPORT_FD, &number, sizeof(number)) < 0 ? 126 : 127);
}

/* --- in ours ------------------------------------------------------------- */

/* What the new process could not do, as an errno; 0: it is the program. */
static int read_report(int report)
{
	int number = 0;
	ssize_t got;

	do {
		got = read(report, &number, sizeof(number));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(number) ? number : 0;
}

int proc_spawn(pid_t *pid, const struct proc *proc, const char *path,
	       const struct proc_ends *ends)
{
	pid_t parent = getpid();
	pid_t child;
	sigset_t all, before;
	int report[2];
	int number;

	if (!proc_pipe(report))
		return errno;
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = fork();
	if (child == 0)
		become(proc, path, ends, report[1], parent);
	number = child < 0 ? errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(report[1]);
	if (!number)
		number = read_report(report[0]);
	close(report[0]);
	while (number && child > 0 && waitpid(child, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	if (!number)
		*pid = child;
	return number;
}
