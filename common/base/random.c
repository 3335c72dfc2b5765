#include "base/random.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

uint64_t random_number(void)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) ==
	    (ssize_t)sizeof(number))
		return number;
	number = (uint64_t)clock_now_ms() << 20 ^ (uint64_t)getpid();
	return number * 0x9e3779b97f4a7c15;
}

uint64_t random_below(uint64_t bound)
{
	/* The 2^64 mod bound smallest numbers would make some more likely. */
	uint64_t least = (0 - bound) % bound, number;

	do
		number = random_number();
	while (number < least);
	return number % bound;
}

bool random_bytes(void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = getrandom((char *)bytes + done, len - done, 0);

		if (got < 0 && errno != EINTR)
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}
