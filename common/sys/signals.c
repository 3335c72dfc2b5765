#include "sys/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

static const struct {
	int number;
	const char *name;
} caught[] = {
	{SIGHUP, "SIGHUP"},
	{SIGINT, "SIGINT"},
	{SIGTERM, "SIGTERM"},
};

static volatile sig_atomic_t noted;
static volatile sig_atomic_t taken; /* and not put back yet */
static volatile sig_atomic_t wake_fd = -1;

void signals_wake(void)
{
	int number = errno;

	if (wake_fd >= 0) {
		/* A full pipe wakes just as well. */
		ssize_t ignored UNUSED = write(wake_fd, "", 1);
	}
	errno = number;
}

int signals_wake_by(int fd)
{
	int before = wake_fd;

	wake_fd = fd;
	return before;
}

static void note(int number)
{
	if (taken)
		return;
	noted = number;
	signals_wake();
}

/* Who is to outlive the terminal, by nohup(1), does. */
static bool outlives_terminal(void)
{
	struct sigaction before;

	return sigaction(SIGHUP, NULL, &before) == 0 &&
	       before.sa_handler == SIG_IGN;
}

void signals_catch(void)
{
	/* No SA_RESTART: whatever waits is to end. */
	struct sigaction action = {.sa_handler = note};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		if (caught[i].number != SIGHUP || !outlives_terminal())
			sigaction(caught[i].number, &action, NULL);
	}
}

static const char *name_of(int number)
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(caught) && caught[i].number != number)
		i++;
	return caught[i].name;
}

int signals_noted(void)
{
	return noted;
}

bool signals_interrupted(struct err *err)
{
	int number = noted;

	if (!number)
		return false;
	err_set(err, ERR_INTERRUPTED, "interrupted by %s", name_of(number));
	err->status = number;
	return true;
}

int signals_take(void)
{
	int number = __atomic_exchange_n(&noted, 0, __ATOMIC_SEQ_CST);

	if (number)
		taken = number;
	return number;
}

void signals_put(int number)
{
	if (!noted)
		noted = number;
	taken = 0;
}

/* They reach us within ppoll() only: one that came before is seen as well. */
bool signals_sleep_ms(int64_t milliseconds)
{
	int64_t until = clock_monotonic_ms() + milliseconds;
	sigset_t ours, before;
	int64_t left;
	bool slept;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&ours, caught[i].number);
	sigprocmask(SIG_BLOCK, &ours, &before);
	while (!noted && (left = until - clock_monotonic_ms()) > 0) {
		const struct timespec wait = {
			.tv_sec = left / 1000,
			.tv_nsec = left % 1000 * 1000000,
		};

		ppoll(NULL, 0, &wait, &before);
	}
	slept = !noted;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return slept;
}

bool signals_pause(int64_t milliseconds, struct err *err)
{
	(void)signals_sleep_ms(milliseconds);
	return !signals_interrupted(err);
}
