#include "base/random.h"

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
