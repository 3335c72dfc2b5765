#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/proc_guard.h"
#include "sys/proc_spawn.h"
#include "sys/signals.h"

#define READ_CHUNK ((size_t)64 << 10)
#define REST_MAX   ((size_t)1 << 20) /* the largest pipe */
#define NEVER	   INT64_MAX

/* --- signals that we get ------------------------------------------------- */

static void note_child(int number)
{
	(void)number;
	signals_wake();
}

/* Or a deadline would wait for whoever has nothing to say. */
static bool make_unblocking(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

/*
 * While children run, each signal puts a byte into a pipe that is polled
 * with their output: none gets lost between looking and waiting.
 */
struct watch {
	int ends[2];
	int outer_fd; /* of the batch in whose callback we are */
	struct sigaction child;
	struct sigaction pipe;
};

static bool watch_begin(struct watch *watch)
{
	struct sigaction note = {.sa_handler = note_child,
				 .sa_flags = SA_NOCLDSTOP | SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (!proc_pipe(watch->ends))
		return false;
	if (!make_unblocking(watch->ends[0]) ||
	    !make_unblocking(watch->ends[1])) {
		close_fd(&watch->ends[0]);
		close_fd(&watch->ends[1]);
		return false;
	}
	watch->outer_fd = signals_wake_by(watch->ends[1]);
	sigemptyset(&note.sa_mask);
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGCHLD, &note, &watch->child);
	sigaction(SIGPIPE, &ignore, &watch->pipe);
	return true;
}

static void watch_end(struct watch *watch)
{
	sigaction(SIGPIPE, &watch->pipe, NULL);
	sigaction(SIGCHLD, &watch->child, NULL);
	signals_wake_by(watch->outer_fd);
	signals_wake(); /* the outer batch's signals may have come to us */
	close_fd(&watch->ends[0]);
	close_fd(&watch->ends[1]);
}

/* --- starting ------------------------------------------------------------ */

/* A child that runs, or has ended and is still being read from. */
struct child {
	struct proc *proc;
	struct err err;
	pid_t pid;   /* also its process group; not reaped before the end */
	int in;	     /* our ends of its pipes; -1 = closed */
	int out[2];  /* stdout and stderr */
	size_t sent; /* bytes of stdin */
	bool ended;
	int64_t give_up_at;  /* then TERM */
	int64_t kill_at;     /* then KILL */
	int64_t drain_until; /* then our ends are closed */
	int64_t tick_at;
};

static struct str *output_of(const struct proc *proc, int which)
{
	return which == 0 ? proc->stdout_to : proc->stderr_to;
}

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       access(path, X_OK) == 0;
}

char *proc_find(const struct env *env, const char *program)
{
	const char *path = env ? env_get(env, "PATH") : NULL;
	CLEANUP(strvec_release) struct strvec dirs = {0};

	if (strchr(program, '/'))
		return is_program(program) ? xstrdup(program) : NULL;
	strvec_split(&dirs, path ? path : PROC_PATH_DEFAULT, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		char *full;

		if (dirs.items[i][0] != '/')
			continue;
		full = path_join(dirs.items[i], program);
		if (is_program(full))
			return full;
		free(full);
	}
	return NULL;
}

char *proc_find_sibling(const struct env *env, const char *program)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	CLEANUP(free_ptr) char *full = NULL;

	if (len > 0) {
		self[len] = '\0';
		full = xasprintf("%.*s%s", (int)(path_base(self) - self), self,
				 program);
	}
	return proc_find(env, full && is_program(full) ? full : program);
}

static void close_ends(struct proc_ends *ends)
{
	for (int i = 0; i < 3; i++)
		close_fd(&ends->fd[i]);
}

static void close_ours(struct child *child)
{
	close_fd(&child->in);
	close_fd(&child->out[0]);
	close_fd(&child->out[1]);
}

static bool make_pipes(struct child *child, struct proc_ends *ends)
{
	int pipe[2];

	if (child->proc->stdin_bytes) {
		if (!proc_pipe(pipe))
			return false;
		ends->fd[0] = pipe[0];
		child->in = pipe[1];
		if (!make_unblocking(child->in))
			return false;
	}
	for (int i = 0; i < 2; i++) {
		if (!output_of(child->proc, i))
			continue;
		if (!proc_pipe(pipe))
			return false;
		child->out[i] = pipe[0];
		ends->fd[1 + i] = pipe[1];
		if (!make_unblocking(child->out[i]))
			return false;
	}
	return true;
}

/* The program's path, good in the child's working directory too. */
static char *find_program(const struct proc *proc)
{
	char *found = proc_find(proc->env, proc->argv[0]);
	char *full;

	if (!found || !proc->cwd || found[0] == '/')
		return found;
	full = realpath(found, NULL);
	free(found);
	return full;
}

static int64_t at(int64_t now, int64_t after)
{
	return after > 0 ? now + after : NEVER;
}

static bool start(struct child *child, struct err *err)
{
	CLEANUP(close_ends) struct proc_ends ends = {{-1, -1, -1}};
	CLEANUP(free_ptr) char *path = NULL;
	struct proc *proc = child->proc;
	int64_t now;
	int number;

	proc->exit_code = -1;
	proc->signal = 0;
	proc->timed_out = false;
	if (proc->before_start && !proc->before_start(proc->context, err))
		return false;
	path = find_program(proc);
	if (!path)
		return err_set(err, ERR_NOT_FOUND,
			       "cannot run '%s': no such program%s",
			       proc->argv[0],
			       strchr(proc->argv[0], '/') ? "" : " in PATH");
	if (!make_pipes(child, &ends))
		return err_errno(err, "cannot run '%s'", proc->argv[0]);
	if (proc->guarded)
		proc_guard_start();
	number = proc_spawn(&child->pid, proc, path, &ends);
	if (number) {
		errno = number;
		err_errno(err, "cannot run '%s'", proc->argv[0]);
		if (number == ENOENT && proc->cwd) /* or the script's shell */
			err_hint(err, "is there a folder '%s'?", proc->cwd);
		return false;
	}
	for (int i = 0; i < 2; i++) {
		struct str *output = output_of(proc, i);

		if (output && !output->limit)
			output->limit = PROC_OUTPUT_MAX;
	}
	now = clock_monotonic_ms();
	child->give_up_at = at(now, proc->timeout_ms);
	child->tick_at = at(now, proc->tick ? proc->tick_ms : 0);
	return true;
}

/* --- running ------------------------------------------------------------- */

static void feed(struct child *child)
{
	const struct proc *proc = child->proc;
	ssize_t written = write(child->in, proc->stdin_bytes + child->sent,
				proc->stdin_len - child->sent);

	if (written >= 0)
		child->sent += (size_t)written;
	else if (errno != EAGAIN && errno != EINTR)
		child->sent = proc->stdin_len; /* it does not want more */
	if (child->sent == proc->stdin_len)
		close_fd(&child->in);
}

/* False: there is nothing now. */
static bool drain(struct child *child, int which)
{
	struct str *output = output_of(child->proc, which);
	CLEANUP(free_ptr) char *chunk = xmalloc(READ_CHUNK);
	ssize_t got = read(child->out[which], chunk, READ_CHUNK);

	if (got > 0) {
		str_add_bytes(output, chunk, (size_t)got);
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A part of it must not pass for all. */
	if (got < 0 && child->err.kind == ERR_NONE)
		err_errno(&child->err, "cannot read what '%s' writes",
			  child->proc->argv[0]);
	close_fd(&child->out[which]);
	return false;
}

/* What a pipe holds when the child is over; others may write on. */
static void drain_rest(struct child *child)
{
	for (int which = 0; which < 2; which++) {
		for (size_t got = 0; got < REST_MAX && child->out[which] >= 0;
		     got += READ_CHUNK) {
			if (!drain(child, which))
				break;
		}
	}
}

static void signal_group(const struct child *child, int number)
{
	/* The child itself too, should it have left its group. */
	kill(-child->pid, number);
	kill(child->pid, number);
}

static void ask_to_end(struct child *child, int number, int64_t now)
{
	int64_t grace = child->proc->grace_ms;

	if (child->ended)
		return;
	child->give_up_at = NEVER;
	child->kill_at = now + (grace > 0 ? grace : PROC_GRACE_MS);
	signal_group(child, number);
}

static bool set_timeout_error(struct child *child)
{
	CLEANUP(str_release) struct str limit = {0};

	num_format_duration(&limit, child->proc->timeout_ms);
	return err_set(&child->err, ERR_TIMEOUT, "'%s' did not end within %s",
		       child->proc->argv[0], str_text(&limit));
}

/* Did the child end?  It stays a zombie, which keeps its group's number. */
static void look_for_end(struct child *child, int64_t now)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)child->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != child->pid)
		return;
	child->ended = true;
	child->drain_until = now + PROC_DRAIN_MS;
	child->give_up_at = child->kill_at = child->tick_at = NEVER;
	close_fd(&child->in);
}

/* What is due by the clock, or because we are to end. */
static void act_on_time(struct child *child, int64_t now)
{
	struct proc *proc = child->proc;

	if (signals_noted() && child->err.kind != ERR_INTERRUPTED) {
		err_release(&child->err);
		if (signals_interrupted(&child->err))
			ask_to_end(child, signals_noted(), now);
	}
	if (now >= child->give_up_at) {
		proc->timed_out = true;
		if (child->err.kind == ERR_NONE)
			set_timeout_error(child);
		ask_to_end(child, SIGTERM, now);
	}
	if (now >= child->kill_at) {
		child->kill_at = NEVER;
		signal_group(child, SIGKILL);
	}
	if (now >= child->tick_at) {
		child->tick_at = now + proc->tick_ms;
		if (child->err.kind == ERR_NONE &&
		    !proc->tick(proc->context, &child->err))
			ask_to_end(child, SIGTERM, now);
	}
}

/* Is all over?  Then the child is reaped and nothing of it is left. */
static bool finish(struct child *child, int64_t now)
{
	bool open = child->out[0] >= 0 || child->out[1] >= 0;
	int status = 0;

	if (!child->ended || (open && now < child->drain_until))
		return false;
	kill(-child->pid, SIGKILL);
	if (child->proc->guarded)
		proc_guard_leave(child->pid);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	drain_rest(child);
	close_ours(child);
	if (WIFEXITED(status))
		child->proc->exit_code = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		child->proc->signal = WTERMSIG(status);
	return true;
}

/* --- the loop ------------------------------------------------------------ */

struct crew {
	struct child children[PROC_JOBS_MAX];
	size_t count;
	struct pollfd fds[1 + 3 * PROC_JOBS_MAX];
	size_t fd_count;
};

static struct child *add_child(struct crew *crew, struct proc *proc)
{
	struct child *child = &crew->children[crew->count++];

	*child = (struct child){
		.proc = proc,
		.in = -1,
		.out = {-1, -1},
		.give_up_at = NEVER,
		.kill_at = NEVER,
		.drain_until = NEVER,
		.tick_at = NEVER,
	};
	return child;
}

static int64_t earliest(const struct crew *crew)
{
	int64_t when = NEVER;

	for (size_t i = 0; i < crew->count; i++) {
		const struct child *child = &crew->children[i];
		const int64_t times[] = {child->give_up_at, child->kill_at,
					 child->drain_until, child->tick_at};

		for (size_t t = 0; t < ARRAY_SIZE(times); t++)
			when = times[t] < when ? times[t] : when;
	}
	return when;
}

static void add_fd(struct crew *crew, int fd, short events)
{
	crew->fds[crew->fd_count++] =
		(struct pollfd){.fd = fd, .events = events};
}

/* For poll(), which takes a negative number for "no limit". */
static int milliseconds_until(int64_t when)
{
	int64_t left;

	if (when == NEVER)
		return -1;
	left = when - clock_monotonic_ms();
	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static void empty(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* Move what can be moved; if there is nothing and we may, @wait for it. */
static void pump(struct crew *crew, const struct watch *watch, bool wait)
{
	const struct pollfd *fd = crew->fds + 1;

	crew->fd_count = 0;
	add_fd(crew, watch->ends[0], POLLIN);
	for (size_t i = 0; i < crew->count; i++) {
		add_fd(crew, crew->children[i].in, POLLOUT);
		add_fd(crew, crew->children[i].out[0], POLLIN);
		add_fd(crew, crew->children[i].out[1], POLLIN);
	}
	if (poll(crew->fds, crew->fd_count,
		 wait ? milliseconds_until(earliest(crew)) : 0) <= 0)
		return;
	empty(watch->ends[0]);
	for (size_t i = 0; i < crew->count; i++, fd += 3) {
		if (fd[0].revents)
			feed(&crew->children[i]);
		if (fd[1].revents)
			(void)drain(&crew->children[i], 0);
		if (fd[2].revents)
			(void)drain(&crew->children[i], 1);
	}
}

/*
 * Take note of ends and times; hand over what is over.  Is there room now for
 * others?
 */
static bool settle(struct crew *crew, struct proc_batch *batch)
{
	int64_t now = clock_monotonic_ms();
	size_t before = crew->count;
	size_t kept = 0;

	for (size_t i = 0; i < before; i++) {
		struct child *child = &crew->children[i];

		if (child->pid && !child->ended)
			look_for_end(child, now);
		if (child->pid)
			act_on_time(child, now);
		if (child->pid && !finish(child, now)) {
			crew->children[kept++] = *child;
			continue;
		}
		batch->done(batch->context, child->proc, &child->err);
		err_release(&child->err);
	}
	crew->count = kept;
	return kept < before;
}

/* Start what there is room for; one that cannot start is settled at once. */
static void hire(struct crew *crew, struct proc_batch *batch)
{
	size_t jobs = batch->jobs;
	struct proc *proc;

	if (jobs == 0 || jobs > PROC_JOBS_MAX)
		jobs = jobs ? PROC_JOBS_MAX : 1;
	while (crew->count < jobs && !signals_noted() &&
	       batch->next(batch->context, &proc)) {
		struct child *child = add_child(crew, proc);

		if (!start(child, &child->err))
			close_ours(child);
	}
}

static bool work_meanwhile(const struct proc_batch *batch)
{
	return batch->meanwhile && !signals_noted() &&
	       batch->meanwhile(batch->context);
}

bool proc_run_batch(struct proc_batch *batch, struct err *err)
{
	CLEANUP(free_ptr) struct crew *crew = xnew(struct crew);
	struct watch watch;

	if (!watch_begin(&watch))
		return err_errno(err, "cannot run programs");
	for (;;) {
		hire(crew, batch);
		if (!crew->count)
			break;
		if (!settle(crew, batch))
			pump(crew, &watch, !work_meanwhile(batch));
	}
	watch_end(&watch);
	return !signals_interrupted(err);
}

/* proc_run() is a batch of one. */
struct single {
	struct proc *proc; /* NULL once it was started */
	struct err *err;
};

static bool next_single(void *context, struct proc **proc)
{
	struct single *single = context;

	*proc = single->proc;
	single->proc = NULL;
	return *proc != NULL;
}

static void done_single(void *context, struct proc *proc, struct err *err)
{
	struct single *single = context;

	(void)proc;
	if (err->kind != ERR_NONE)
		err_move(single->err, err);
}

bool proc_run(struct proc *proc, struct err *err)
{
	struct single single = {.proc = proc, .err = err};
	struct err interrupted = {0};
	struct proc_batch batch = {.jobs = 1,
				   .next = next_single,
				   .done = done_single,
				   .context = &single};

	/* A signal after the child's end is the next one's to see. */
	if (!proc_run_batch(&batch, &interrupted) && single.proc &&
	    err->kind == ERR_NONE)
		err_move(err, &interrupted);
	err_release(&interrupted);
	return err->kind == ERR_NONE;
}
