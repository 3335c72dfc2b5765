#include "sys/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/unit.h"

#define AN_HOUR_MS ((int64_t)60 * 60 * 1000)

static void note_nothing(int number)
{
	(void)number;
}

static int set_up(void **state)
{
	struct sigaction other = {.sa_handler = note_nothing};

	(void)state;
	sigemptyset(&other.sa_mask);
	sigaction(SIGUSR1, &other, NULL);
	signal(SIGHUP, SIG_DFL); /* the tests' own nohup(1) */
	signals_catch();
	return 0;
}

/* The one that came, which is forgotten. */
static int take(void)
{
	int number = signals_take();

	signals_put(0);
	return number;
}

/* Send ourselves @number in a while, from a child that the caller reaps. */
static pid_t send_soon(int number)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(20000);
		kill(getppid(), number);
		_exit(0);
	}
	return pid;
}

static void test_noted(void **state)
{
	static const struct {
		int number;
		const char *text;
	} cases[] = {{SIGHUP, "interrupted by SIGHUP"},
		     {SIGINT, "interrupted by SIGINT"},
		     {SIGTERM, "interrupted by SIGTERM"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};

		assert_false(signals_interrupted(&err));
		raise(cases[i].number);
		assert_int_equal(signals_noted(), cases[i].number);
		assert_true(signals_interrupted(&err));
		assert_int_equal(err.kind, ERR_INTERRUPTED);
		assert_int_equal(err.status, cases[i].number);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(take(), cases[i].number);
		assert_int_equal(signals_noted(), 0);
	}
}

/* nohup(1) */
static void test_ignored(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	signals_catch();
	raise(SIGHUP);
	assert_int_equal(signals_noted(), 0);
	signal(SIGHUP, SIG_DFL);
	signals_catch();
}

static void test_put_back(void **state)
{
	(void)state;
	assert_int_equal(signals_take(), 0);
	raise(SIGINT); /* the first */
	assert_int_equal(signals_noted(), SIGINT);
	assert_int_equal(signals_take(), SIGINT);

	raise(SIGTERM); /* said twice */
	assert_int_equal(signals_noted(), 0);
	assert_true(signals_sleep_ms(1));
	signals_put(SIGINT);
	assert_int_equal(signals_noted(), SIGINT);
	raise(SIGTERM);
	assert_int_equal(take(), SIGTERM);
}

/* Who looks, and only then sleeps, would never hear of one in between. */
static void test_one_that_came_before_is_not_slept_through(void **state)
{
	(void)state;
	raise(SIGTERM);
	assert_false(signals_sleep_ms(AN_HOUR_MS));
	assert_false(signals_sleep_ms(0));
	assert_int_equal(take(), SIGTERM);
	assert_true(signals_sleep_ms(0));
	assert_true(signals_sleep_ms(-1));
}

static void test_one_ends_the_sleep(void **state)
{
	pid_t pid = send_soon(SIGINT);

	(void)state;
	assert_false(signals_sleep_ms(AN_HOUR_MS));
	assert_int_equal(take(), SIGINT);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_other_signals_do_not(void **state)
{
	int64_t before = clock_monotonic_ms();
	pid_t pid = send_soon(SIGUSR1);

	(void)state;
	assert_true(signals_sleep_ms(100));
	assert_true(clock_monotonic_ms() - before >= 100);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_each_wakes_a_pipe(void **state)
{
	int ends[2];
	char bytes[8];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(signals_wake_by(ends[1]), -1);
	raise(SIGTERM);
	signals_wake();
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 2);
	assert_int_equal(signals_wake_by(-1), ends[1]);
	assert_int_equal(take(), SIGTERM);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noted),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_put_back),
		cmocka_unit_test(
			test_one_that_came_before_is_not_slept_through),
		cmocka_unit_test(test_one_ends_the_sleep),
		cmocka_unit_test(test_other_signals_do_not),
		cmocka_unit_test(test_each_wakes_a_pipe),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
