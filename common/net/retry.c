#include "net/retry.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/num.h"

bool retry_status(int status)
{
	switch (status) {
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	default:
		return false;
	}
}

int64_t retry_jitter_ms(int64_t base_ms, int64_t cap_ms, unsigned int try,
			uint64_t random)
{
	int64_t ceiling = base_ms;

	for (unsigned int i = 1; i < try && ceiling < cap_ms; i++)
		ceiling *= 2;
	if (ceiling > cap_ms)
		ceiling = cap_ms;
	return (int64_t)(random % (uint64_t)(ceiling + 1));
}

int64_t retry_wait_ms(unsigned int try, uint64_t random)
{
	return retry_jitter_ms(RETRY_BASE_MS, RETRY_CAP_MS, try, random);
}

int64_t retry_after_ms(const char *header, int64_t now_s)
{
	int64_t seconds, at_s;

	if (!header)
		return -1;
	if (num_parse_range(header, 0, RETRY_AFTER_MAX_S, &seconds))
		return seconds * 1000;
	if (!clock_parse_http_date(header, &at_s))
		return -1;
	if (at_s <= now_s)
		return 0;
	if (at_s - now_s > RETRY_AFTER_MAX_S)
		return -1;
	return (at_s - now_s) * 1000;
}

bool retry_plan(const struct retry_state *state, int64_t *wait_ms)
{
	int64_t wait = retry_wait_ms(state->tries, state->random);

	if (state->tries >= state->tries_max)
		return false;
	if (state->asked_ms > state->asked_max_ms)
		return false;
	if (state->asked_ms >= 0)
		wait += state->asked_ms;
	if (wait >= state->left_ms)
		return false;
	*wait_ms = wait;
	return true;
}
