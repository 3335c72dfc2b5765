#include "sys/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/proc_guard.h"
#include "sys/signals.h"
#include "tests/unit/unit.h"

static struct env env;

static int set_up(void **state)
{
	(void)state;
	env_set(&env, "PATH", "relative:/usr/local/bin:/usr/bin:/bin");
	env_set(&env, "SEEN", "by the child");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	env_release(&env);
	return 0;
}

/* A shell that runs @script, as most children here are. */
#define SHELL(script)                                                  \
	(char *const[])                                                \
	{                                                              \
		(char[]){"sh"}, (char[]){"-c"}, (char[]){script}, NULL \
	}

static void test_outcomes(void **state)
{
	static const struct {
		const char *script;
		const char *input; /* NULL: /dev/null */
		const char *out;
		const char *errors;
		int exit_code;
		int signal;
	} cases[] = {
		{"echo out; echo err >&2; exit 3", NULL, "out\n", "err\n", 3,
		 0},
		{"cat", "given", "given", "", 0, 0},
		{"cat", "", "", "", 0, 0},
		{"cat", NULL, "", "", 0, 0},
		{"exec <&-; echo deaf", "never read", "deaf\n", "", 0, 0},
		{"kill -KILL $$", NULL, "", "", -1, SIGKILL},
		{"echo $SEEN; env | wc -l", NULL, "by the child\n3\n", "", 0,
		 0},
		{"exit 255", NULL, "", "", 255, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};
		CLEANUP(str_release) struct str errors = {0};
		CLEANUP(free_ptr) char *script = xstrdup(cases[i].script);
		char sh[] = "sh", option[] = "-c";
		char *const argv[] = {sh, option, script, NULL};
		struct err err = {0};
		struct proc proc = {
			.argv = argv,
			.env = &env,
			.stdin_bytes = cases[i].input,
			.stdin_len =
				cases[i].input ? strlen(cases[i].input) : 0,
			.stdout_to = &out,
			.stderr_to = &errors,
		};

		assert_case(cases[i].script, proc_run(&proc, &err));
		assert_string_equal(str_text(&out), cases[i].out);
		assert_string_equal(str_text(&errors), cases[i].errors);
		assert_int_equal(proc.exit_code, cases[i].exit_code);
		assert_int_equal(proc.signal, cases[i].signal);
	}
}

static void test_missing_program(void **state)
{
	static const struct {
		const char *program;
		const char *wanted;
	} cases[] = {
		{"no-such-program",
		 "cannot run 'no-such-program': no such program in PATH"},
		{"./no-such-program",
		 "cannot run './no-such-program': no such program"},
		{"/tmp", "cannot run '/tmp': no such program"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(free_ptr) char *program = xstrdup(cases[i].program);
		char *const argv[] = {program, NULL};
		struct proc proc = {.argv = argv, .env = &env};

		assert_false(proc_run(&proc, &err));
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		assert_string_equal(err.text, cases[i].wanted);
	}
}

static void test_missing_folder(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	struct proc proc = {
		.argv = SHELL("true"), .env = &env, .cwd = "/no/such/folder"};

	(void)state;
	assert_false(proc_run(&proc, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_string_equal(err.text, "cannot run 'sh': "
				      "No such file or directory");
	assert_string_equal(err.hint, "is there a folder '/no/such/folder'?");
}

/* Both ways at once, far more than a pipe holds. */
static void test_large_streams(void **state)
{
	enum {
		SIZE = 8 << 20
	};
	CLEANUP(str_release) struct str in = {0};
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(str_release) struct str errors = {0};
	struct err err = {0};
	struct proc proc = {.argv = SHELL("tee /dev/stderr"),
			    .env = &env,
			    .stdout_to = &out,
			    .stderr_to = &errors};

	(void)state;
	str_add_repeated(&in, 'x', SIZE);
	proc.stdin_bytes = str_text(&in);
	proc.stdin_len = in.len;
	assert_true(proc_run(&proc, &err));
	assert_int_equal(out.len, SIZE);
	assert_int_equal(errors.len, SIZE);
	assert_false(out.overflow);
}

static void test_output_ceiling(void **state)
{
	CLEANUP(str_release) struct str out = {.limit = 1000};
	struct err err = {0};
	struct proc proc = {.argv = SHELL("head -c 1000000 /dev/zero"),
			    .env = &env,
			    .stdout_to = &out};

	(void)state;
	assert_true(proc_run(&proc, &err));
	assert_int_equal(proc.exit_code, 0);
	assert_int_equal(out.len, 1000);
	assert_true(out.overflow);
}

static void test_timeout(void **state)
{
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(err_release) struct err err = {0};
	struct proc proc = {
		.argv = SHELL("trap 'echo ended; exit 7' TERM; echo begun;"
			      "while :; do sleep 0.01; done"),
		.env = &env,
		.stdout_to = &out,
		.timeout_ms = 1500,
	};

	(void)state;
	assert_false(proc_run(&proc, &err));
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_string_equal(err.text, "'sh' did not end within 1s500ms");
	assert_true(proc.timed_out);
	assert_int_equal(proc.exit_code, 7);
	assert_string_equal(str_text(&out), "begun\nended\n");
}

static void test_child_that_ignores_term(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	int64_t begun = clock_monotonic_ms();
	struct proc proc = {
		.argv = SHELL("trap '' TERM; while :; do sleep 1; done"),
		.env = &env,
		.timeout_ms = 1000,
		.grace_ms = 100,
	};

	(void)state;
	assert_false(proc_run(&proc, &err));
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_int_equal(proc.signal, SIGKILL);
	assert_true(clock_monotonic_ms() - begun < 30000);
}

/* A grandchild in the background neither delays us nor stays. */
static void test_grandchild(void **state)
{
	CLEANUP(str_release) struct str out = {0};
	int64_t begun = clock_monotonic_ms();
	struct err err = {0};
	struct proc proc = {.argv = SHELL("sleep 600 & echo $!"),
			    .env = &env,
			    .stdout_to = &out};
	pid_t pid;

	(void)state;
	assert_true(proc_run(&proc, &err));
	assert_int_equal(proc.exit_code, 0);
	assert_true(clock_monotonic_ms() - begun < 30000);
	pid = (pid_t)strtol(str_text(&out), NULL, 10);
	assert_true(pid > 1);
	while (kill(pid, 0) == 0 && clock_monotonic_ms() - begun < 60000)
		signals_sleep_ms(10);
	assert_int_not_equal(kill(pid, 0), 0);
}

static void test_descriptors(void **state)
{
	CLEANUP(str_release) struct str out = {0};
	struct err err = {0};
	struct proc proc = {.argv = SHELL("ls /proc/self/fd | tr '\\n' ' '"),
			    .env = &env,
			    .stdout_to = &out};
	int leaky = open("/dev/null", O_RDONLY);
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);

	(void)state;
	assert_true(leaky > 2);
	close(0); /* the pipes must not become the child's descriptor 0 */
	assert_true(proc_run(&proc, &err));
	dup2(saved, 0);
	close(saved);
	close(leaky);
	/* 3 is that of ls itself, which reads the folder. */
	assert_string_equal(str_text(&out), "0 1 2 3 ");
}

struct callbacks {
	bool allow;
	int ticks;
};

static bool before_start(void *context, struct err *err)
{
	const struct callbacks *callbacks = context;

	return callbacks->allow ||
	       err_set(err, ERR_CONFLICT, "the world has moved");
}

/* Runs a child itself, as a heartbeat that needs a token does. */
static bool tick(void *context, struct err *err)
{
	struct callbacks *callbacks = context;
	struct proc proc = {.argv = SHELL("exit 5"), .env = &env};

	callbacks->ticks++;
	assert_true(proc_run(&proc, err));
	assert_int_equal(proc.exit_code, 5);
	return true;
}

static void test_callbacks(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	struct callbacks callbacks = {0};
	struct proc proc = {.argv = SHELL("sleep 0.3"),
			    .env = &env,
			    .before_start = before_start,
			    .tick = tick,
			    .tick_ms = 20,
			    .context = &callbacks};

	(void)state;
	assert_false(proc_run(&proc, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(callbacks.ticks, 0);

	err_release(&err);
	callbacks.allow = true;
	assert_true(proc_run(&proc, &err));
	assert_true(callbacks.ticks > 0);
}

static bool end_it(void *context, struct err *err)
{
	int *ticks = context;

	return ++*ticks < 3 || err_set(err, ERR_CONFLICT, "it is another's");
}

/* The child is asked to end, once, and waited for. */
static void test_tick_ends_it(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};
	int ticks = 0;
	struct proc proc = {
		.argv = SHELL("trap 'echo asked; exit 7' TERM;"
			      "while :; do sleep 0.01; done"),
		.env = &env,
		.stdout_to = &out,
		.tick = end_it,
		.tick_ms = 20,
		.context = &ticks,
	};

	(void)state;
	assert_false(proc_run(&proc, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(err.text, "it is another's");
	assert_int_equal(proc.exit_code, 7);
	assert_false(proc.timed_out);
	assert_string_equal(str_text(&out), "asked\n");
}

/*
 * Somebody who is killed while his child runs: the child ends with him.  It
 * holds the writing end of a pipe, whose end we see.
 */
static void check_our_end(char *script, bool guarded)
{
	struct proc proc = {.env = &env, .guarded = guarded};
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct err err = {0};

		dup2(ends[1], 1); /* which the child inherits */
		close(ends[0]);
		close(ends[1]);
		proc.argv = (char *const[]){(char[]){"sh"}, (char[]){"-c"},
					    script, NULL};
		_exit(proc_run(&proc, &err));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1); /* it runs */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody is left */
	close(ends[0]);
}

static void test_our_end(void **state)
{
	char alone[] = "echo; exec sleep 600";
	char grandchild[] = "(sleep 600; :) & echo; wait";

	(void)state;
	check_our_end(alone, false);
	check_our_end(alone, true);
	check_our_end(grandchild, true);
}

/* A process group of one, which holds an end of @ends until it is killed. */
static pid_t start_group(int ends[2])
{
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		close(ends[0]);
		pause();
		_exit(0);
	}
	setpgid(pid, pid);
	close(ends[1]);
	return pid;
}

/* Who has left is not killed: the number may be somebody else's by then. */
static void test_the_guard_forgets(void **state)
{
	int kept[2], left[2];
	pid_t guarded = start_group(kept), former = start_group(left);
	pid_t pid = fork();
	char byte;

	(void)state;
	if (pid == 0) {
		proc_guard_start();
		for (int i = 0; i < 3 * PROC_JOBS_MAX; i++) {
			proc_guard_enter(former);
			proc_guard_leave(former);
		}
		proc_guard_enter(former);
		proc_guard_enter(guarded);
		proc_guard_leave(former);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(waitpid(guarded, NULL, 0), guarded);
	assert_int_equal(read(kept[0], &byte, 1), 0);
	assert_int_equal(kill(former, SIGKILL), 0);
	assert_int_equal(waitpid(former, NULL, 0), former);
	close(kept[0]);
	close(left[0]);
}

enum {
	BATCH = 12
};

struct batch_state {
	struct proc procs[BATCH];
	size_t started, running, most, done, failed;
};

static bool batch_next(void *context, struct proc **proc)
{
	struct batch_state *batch = context;
	static char sh[] = "sh", option[] = "-c", script[] = "sleep 0.05";
	static char missing[] = "/missing";
	static char *const argv[] = {sh, option, script, NULL};
	static char *const bad_argv[] = {missing, NULL};

	if (batch->started == BATCH)
		return false;
	*proc = &batch->procs[batch->started];
	(*proc)->argv = batch->started % 4 == 3 ? bad_argv : argv;
	(*proc)->env = &env;
	batch->started++;
	batch->running++;
	if (batch->running > batch->most)
		batch->most = batch->running;
	return true;
}

static void batch_done(void *context, struct proc *proc, struct err *err)
{
	struct batch_state *batch = context;

	batch->running--;
	batch->done++;
	if (err->kind == ERR_NOT_FOUND)
		batch->failed++;
	else
		assert_int_equal(proc->exit_code, 0);
}

static void test_batch(void **state)
{
	struct batch_state batch_state = {0};
	struct proc_batch batch = {.jobs = 3,
				   .next = batch_next,
				   .done = batch_done,
				   .context = &batch_state};
	struct err err = {0};

	(void)state;
	assert_true(proc_run_batch(&batch, &err));
	assert_int_equal(batch_state.done, BATCH);
	assert_int_equal(batch_state.failed, BATCH / 4);
	assert_int_equal(batch_state.most, 3);
}

struct queue {
	struct proc procs[3];
	size_t started;
};

static bool next_in_queue(void *context, struct proc **proc)
{
	struct queue *queue = context;

	if (queue->started == ARRAY_SIZE(queue->procs))
		return false;
	*proc = &queue->procs[queue->started++];
	return true;
}

static void check_quiet_end(void *context, struct proc *proc, struct err *err)
{
	(void)context;
	assert_int_equal(err->kind, ERR_NONE);
	assert_int_equal(proc->exit_code, 0);
}

#define UNTIL_GO "until test -e go; do sleep 0.01; done; rm go"

/*
 * The first waits for what the third does, which gets the second's place when
 * its output ends, a while after itself.
 */
static void test_batch_fills_free_places(void **state)
{
	CLEANUP(str_release) struct str output = {0};
	char folder[] = "/tmp/test-proc-XXXXXX";
	struct queue queue = {
		.procs = {
			{.argv = SHELL(UNTIL_GO), .timeout_ms = 20000},
			{.argv = SHELL("sleep 0.05 &"), .stdout_to = &output},
			{.argv = SHELL(": >go")},
		}};
	struct proc_batch batch = {.jobs = 2,
				   .next = next_in_queue,
				   .done = check_quiet_end,
				   .context = &queue};
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(queue.procs); i++) {
		queue.procs[i].env = &env;
		queue.procs[i].cwd = folder;
	}
	assert_true(proc_run_batch(&batch, &err));
	assert_int_equal(rmdir(folder), 0);
}

/* What is done of each that has ended, while the next one runs. */
struct bookkeeping {
	struct proc procs[3];
	size_t started, ended, noted;
	int folder; /* in which it says "go" */
};

static bool next_to_note(void *context, struct proc **proc)
{
	struct bookkeeping *books = context;

	if (books->started == ARRAY_SIZE(books->procs))
		return false;
	*proc = &books->procs[books->started++];
	return true;
}

static void count_end(void *context, struct proc *proc, struct err *err)
{
	struct bookkeeping *books = context;

	assert_int_equal(err->kind, ERR_NONE);
	assert_int_equal(proc->exit_code, 0);
	books->ended++;
}

static bool note_end(void *context)
{
	struct bookkeeping *books = context;

	if (books->noted == books->ended)
		return false;
	books->noted++;
	assert_int_equal(books->started, books->noted + 1);
	close(openat(books->folder, "go", O_CREAT | O_WRONLY, 0600));
	return true;
}

static void test_batch_has_time_meanwhile(void **state)
{
	char folder[] = "/tmp/test-proc-XXXXXX";
	struct bookkeeping books = {
		.procs = {{.argv = SHELL("true")},
			  {.argv = SHELL(UNTIL_GO)},
			  {.argv = SHELL(UNTIL_GO)}},
	};
	struct proc_batch batch = {.jobs = 1,
				   .next = next_to_note,
				   .done = count_end,
				   .meanwhile = note_end,
				   .context = &books};
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	books.folder = open(folder, O_DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(books.procs); i++) {
		books.procs[i].env = &env;
		books.procs[i].cwd = folder;
		books.procs[i].timeout_ms = 20000;
	}
	assert_true(proc_run_batch(&batch, &err));
	close(books.folder);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(books.ended, 3);
	/* Beside the last nothing is started any more. */
	assert_int_equal(books.noted, 2);
}

/*
 * In a process of its own: run @script, whose first act is to send us the
 * signal, and tell what came of it as an exit code.
 */
static int interrupted_outcome(char *script, int number)
{
	char sh[] = "sh", option[] = "-c";
	char *const argv[] = {sh, option, script, NULL};
	struct proc proc = {.argv = argv, .env = &env, .grace_ms = 200};
	struct err err = {0};

	signals_catch();
	if (proc_run(&proc, &err))
		return 1;
	if (err.kind != ERR_INTERRUPTED || err.status != number)
		return 2;
	if (signals_sleep_ms(0) && signals_noted() != number)
		return 3;
	err_release(&err);
	if (proc_run(&proc, &err)) /* nothing starts any more */
		return 4;
	err_release(&err);
	return 40 + (proc.exit_code >= 0 ? proc.exit_code : 1);
}

static void test_signals_to_us(void **state)
{
	static const struct {
		const char *script;
		int number;
		int outcome; /* 40 + what the child exits with, killed: 1 */
	} cases[] = {
		{"trap 'exit 7' TERM; kill -TERM $PPID;"
		 "while :; do sleep 0.01; done",
		 SIGTERM, 47},
		{"trap 'exit 8' INT; kill -INT $PPID;"
		 "while :; do sleep 0.01; done",
		 SIGINT, 48},
		{"trap '' TERM; kill -TERM $PPID; sleep 600", SIGTERM, 41},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0) {
			char *script = xstrdup(cases[i].script);

			_exit(interrupted_outcome(script, cases[i].number));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].outcome);
	}
}

static void test_find(void **state)
{
	CLEANUP(free_ptr) char *sh = proc_find(&env, "sh");
	CLEANUP(env_release) struct env empty = {0};
	CLEANUP(free_ptr) char *by_default = proc_find(&empty, "sh");

	(void)state;
	assert_non_null(sh);
	assert_int_equal(sh[0], '/');
	assert_non_null(by_default);
	assert_null(proc_find(&env, "no-such-program"));
	assert_null(proc_find(&env, "/etc/passwd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_missing_folder),
		cmocka_unit_test(test_large_streams),
		cmocka_unit_test(test_output_ceiling),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_child_that_ignores_term),
		cmocka_unit_test(test_grandchild),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_callbacks),
		cmocka_unit_test(test_tick_ends_it),
		cmocka_unit_test(test_our_end),
		cmocka_unit_test(test_the_guard_forgets),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_fills_free_places),
		cmocka_unit_test(test_batch_has_time_meanwhile),
		cmocka_unit_test(test_signals_to_us),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
