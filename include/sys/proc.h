/*
 * Child processes: argv vectors, never a shell.
 *
 * A child gets its own process group, no descriptor but its three, and
 * /dev/null or the given bytes as standard input.  Its output is pumped in
 * one poll loop.  On a timeout the group gets TERM, then after a grace KILL.
 * Signals that reach us (sys/signals) are passed on and the child waited for.
 * When it has ended, what is left of its group is killed: nothing that it
 * started there stays behind, and nobody keeps our pipes open.  When we end,
 * be it by SIGKILL, the child is killed with us, and its group if it is guarded.
 *
 *	struct proc proc = {.argv = strvec_argv(&argv), .env = env,
 *			    .stdout_to = &out, .timeout_ms = 60000};
 *	if (!proc_run(&proc, err))
 *		return false;
 *	if (proc.exit_code != 0) ...
 */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct env;
struct err;
struct str;

/* Between TERM and KILL where the proc sets nothing else. */
#define PROC_GRACE_MS 10000
/*
 * Ceiling of captured output where the str sets none; what is more is read
 * and dropped, and the str's @overflow says so.
 */
#define PROC_OUTPUT_MAX ((size_t)64 << 20)
/* How long output is read after the child itself has ended. */
#define PROC_DRAIN_MS 1000

struct proc {
	/* What to run; argv[0] is looked up as proc_find() does. */
	char *const *argv;
	const char *cwd;       /* NULL = ours */
	const struct env *env; /* the child's whole environment */
	const char *stdin_bytes;
	size_t stdin_len;
	struct str *stdout_to; /* NULL = ours (passed through) */
	struct str *stderr_to;
	int64_t timeout_ms; /* 0 = none */
	int64_t grace_ms;   /* between TERM and KILL; 0 = PROC_GRACE_MS */
	/*
	 * Nothing of its group works on without us, even after SIGKILL; the
	 * first one costs a process that watches.
	 */
	bool guarded;

	/* Called before the child starts; false = do not start, err set. */
	bool (*before_start)(void *context, struct err *err);
	/*
	 * Called about every @tick_ms while it runs (0 = never); false ends
	 * it as a timeout would, with the err that was set.
	 */
	bool (*tick)(void *context, struct err *err);
	int64_t tick_ms;
	void *context;

	/* Results. */
	int exit_code; /* -1 if a signal ended it */
	int signal;    /* that signal, else 0 */
	bool timed_out;
};

/*
 * Run one child to its end.  True means that it ran and was waited for:
 * look at exit_code.  Errors: NOT_FOUND (no such program), TIMEOUT,
 * INTERRUPTED (we got a signal; the child is gone), IO, and what
 * before_start and tick set.  Results and captured output are there after TIMEOUT
 * and INTERRUPTED too: they tell how far it came.
 */
bool proc_run(struct proc *proc, struct err *err) MUST_CHECK;

/*
 * Run many, at most @jobs (at most PROC_JOBS_MAX) at once.  @next gives the
 * next one (false = no more for now; asked again after each done), which
 * lives until @done got it with its outcome: @err, the error of that child
 * alone, kind NONE if it ran.  done may err_move() it; what it leaves is
 * released.  @meanwhile, unless NULL, is called while as many run as may, for
 * what can be done besides: in small pieces, for which the children's output
 * and ends wait; true = there is more to do.
 * Errors: INTERRUPTED, after all children are gone.
 */
#define PROC_JOBS_MAX 64
struct proc_batch {
	size_t jobs;
	bool (*next)(void *context, struct proc **proc);
	void (*done)(void *context, struct proc *proc, struct err *err);
	bool (*meanwhile)(void *context);
	void *context;
};
bool proc_run_batch(struct proc_batch *batch, struct err *err) MUST_CHECK;

/*
 * The full path of @program: as it is if it has a slash, else by @env's PATH
 * (unset: PROC_PATH_DEFAULT), whose relative parts are left out, so that no
 * checkout can bring a program along.  NULL if there is none; the caller
 * frees it.
 */
#define PROC_PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"
char *proc_find(const struct env *env, const char *program) MUST_CHECK;

/* The same, but first in the folder of the program that we are. */
char *proc_find_sibling(const struct env *env, const char *program) MUST_CHECK;

#endif
