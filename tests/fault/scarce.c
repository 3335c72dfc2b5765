/*
 * Preloaded into a step: its allocation number $SCARCE_AT fails, and all later
 * ones too if $SCARCE_EVER is set.  The file $SCARCE_COUNT, of eight bytes,
 * gets how many there have been.  What the step starts has memory enough.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long long nobody, at, *count = &nobody;
static int ever;

__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("SCARCE_COUNT"), O_RDWR | O_CLOEXEC);
	void *shared = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);

	if (shared == MAP_FAILED)
		abort();
	unsetenv("LD_PRELOAD");
	at = strtoull(getenv("SCARCE_AT"), NULL, 10);
	ever = getenv("SCARCE_EVER") != NULL;
	count = shared;
}

static int fails(void)
{
	unsigned long long number;

	if (count == &nobody)
		return 0;
	number = ++*count;
	if (!at || (ever ? number < at : number != at))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
