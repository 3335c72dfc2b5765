/*
 * When to try again, and after how long: pure arithmetic, no clock.
 *
 * Full jitter ("Exponential Backoff And Jitter", AWS architecture blog): a
 * random wait between 0 and min(cap, base * 2^(try-1)).
 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define RETRY_BASE_MS 500
#define RETRY_CAP_MS  20000
/* A Retry-After further away than a day is taken for nonsense. */
#define RETRY_AFTER_MAX_S ((int64_t)24 * 3600)

/* Is @status one that curl's --retry repeats: 408 429 500 502 503 504? */
bool retry_status(int status);

/*
 * May it be another answer when it is asked for later, by another run: 408, 429
 * and all 5xx but 501 and 505, by which a server says what it cannot do at all
 * (RFC 9110, 15.6)?  Some of them are not worth a wait within this run.
 */
bool retry_status_later(int status);

/*
 * Milliseconds to wait after the @try-th try (1 = first); @random is any
 * number, equally distributed.
 */
int64_t retry_wait_ms(unsigned int try, uint64_t random);

/* The same with a base and a cap of the caller's own. */
int64_t retry_jitter_ms(int64_t base_ms, int64_t cap_ms, unsigned int try,
			uint64_t random);

/*
 * Milliseconds that a Retry-After header (RFC 9110, 10.2.3: seconds or an
 * HTTP date) asks for at @now_s, -1 if there is none (NULL) or it cannot be
 * understood.
 */
int64_t retry_after_ms(const char *header, int64_t now_s);

/*
 * The same of an X-RateLimit-Reset header, for servers that send no other:
 * a moment in RFC 3339 form, with or without seconds (Jira Cloud, "Rate
 * limiting"), in seconds since 1970 (GitHub, "Rate limits for the REST API"),
 * or seconds from now.
 */
int64_t retry_reset_ms(const char *header, int64_t now_s);

/* What the decision to try once more depends on. */
struct retry_state {
	unsigned int tries; /* made so far, at least 1 */
	unsigned int tries_max;
	int64_t asked_ms;     /* what the server asked for; -1 = nothing */
	int64_t asked_max_ms; /* asked for more: not worth waiting */
	int64_t left_ms;      /* until the deadline */
	uint64_t random;
};

/*
 * Decide: true and the wait, or false.  A server's wish is a minimum, to
 * which the jitter is added so that not all clients return at once.  A wait
 * that would end at or after the deadline is not begun: failing now with the
 * cause is better than failing later without.
 */
bool retry_plan(const struct retry_state *state, int64_t *wait_ms) MUST_CHECK;

#endif
