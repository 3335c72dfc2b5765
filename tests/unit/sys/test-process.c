#include "sys/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_self(void **state)
{
	CLEANUP(process_release) struct process self = {0};

	(void)state;
	process_self(&self);
	assert_true(*self.host && *self.space);
	assert_int_equal(self.number, getpid());
	assert_true(self.start > 0);
	assert_false(process_is_gone(self.space, self.number, self.start));
}

static void test_what_is_not_known_is_not_gone(void **state)
{
	CLEANUP(process_release) struct process self = {0};

	(void)state;
	process_self(&self);
	assert_false(process_is_gone("", 1 << 22, 1));
	assert_false(process_is_gone("elsewhere", self.number, 1));
	assert_false(process_is_gone(self.space, 0, 1));
	assert_false(process_is_gone(self.space, -1, 1));
	assert_false(process_is_gone(self.space, INT64_MAX, 1));
	assert_false(process_is_gone(self.space, self.number, 0));
	/* another one has got the number since */
	assert_true(process_is_gone(self.space, self.number, self.start + 1));
	/* no kernel gives this one */
	assert_true(process_is_gone(self.space, (1 << 22) + 1, 1));
}

/* Alive, ended but not waited for, gone. */
static void test_a_child(void **state)
{
	CLEANUP(process_release) struct process self = {0};
	siginfo_t info;
	pid_t pid;

	(void)state;
	process_self(&self);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_false(process_is_gone(self.space, pid, 0));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(process_is_gone(self.space, pid, 0));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(process_is_gone(self.space, pid, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_what_is_not_known_is_not_gone),
		cmocka_unit_test(test_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
