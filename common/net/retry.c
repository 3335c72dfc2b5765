#include "net/retry.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

bool retry_status_later(int status)
{
	if (status == 501 || status == 505)
		return false;
	return status >= 500 || status == 408 || status == 429;
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

/* From @now_s to @at_s; -1 if that is no wait that a server could mean. */
static int64_t until_ms(int64_t at_s, int64_t now_s)
{
	if (at_s <= now_s)
		return 0;
	return at_s - now_s > RETRY_AFTER_MAX_S ? -1 : (at_s - now_s) * 1000;
}

int64_t retry_after_ms(const char *header, int64_t now_s)
{
	int64_t seconds, at_s;

	if (!header)
		return -1;
	if (num_parse_range(header, 0, RETRY_AFTER_MAX_S, &seconds))
		return seconds * 1000;
	return clock_parse_http_date(header, &at_s) ? until_ms(at_s, now_s)
						    : -1;
}

/* RFC 3339, or the same without seconds, as Jira writes it. */
static bool parse_moment(const char *text, int64_t *at_s)
{
	static const char minutes[] = "2026-11-22T12:00";
	const size_t len = sizeof(minutes) - 1;
	char full[64];

	if (clock_parse_rfc3339(text, strlen(text), at_s))
		return true;
	if (strlen(text) < len || strlen(text) > len + 6)
		return false;
	snprintf(full, sizeof(full), "%.*s:00%s", (int)len, text, text + len);
	return clock_parse_rfc3339(full, strlen(full), at_s);
}

/* A number of seconds that is a moment rather than a wait: from 2001 on. */
#define EPOCH_MIN_S ((int64_t)1000000000)

int64_t retry_reset_ms(const char *header, int64_t now_s)
{
	int64_t number;

	if (!header)
		return -1;
	if (num_parse_range(header, 0, INT64_MAX / 1000, &number))
		return until_ms(number < EPOCH_MIN_S ? now_s + number : number,
				now_s);
	return parse_moment(header, &number) ? until_ms(number, now_s) : -1;
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
