/*
 * launch - run a command and tell what it took.
 *
 *	launch FD COMMAND [ARGUMENT]...
 *
 * Writes the nanoseconds from its start to its end and the KiB that were
 * resident at most to the file descriptor FD; exits as the command did.
 * A large program that measures its children has its own time to fork and
 * its own size in the figures; this one has next to none of either.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	extern char **environ;
	struct rusage usage;
	int64_t start, end;
	int fd, status, failure;
	pid_t pid;

	if (argc < 3)
		return 2;
	fd = atoi(argv[1]);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	start = now_ns();
	failure = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (failure) {
		fprintf(stderr, "launch: %s: %s\n", argv[2], strerror(failure));
		return 127;
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		return 1;
	end = now_ns();
	dprintf(fd, "%lld %ld\n", (long long)(end - start), usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
