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

#define RETRY_BASE_MS 500
#define RETRY_CAP_MS  20000

/* Is @status one that curl's --retry repeats: 408 429 500 502 503 504? */
bool retry_status(int status);

/*
 * Milliseconds to wait after the @try-th try (1 = first); @random is any
 * number, equally distributed.
 */
int64_t retry_wait_ms(unsigned int try, uint64_t random);

/*
 * Milliseconds that a Retry-After header (RFC 9110, 10.2.3: seconds or an
 * HTTP date) asks for at @now_s, -1 if it cannot be understood.
 */
int64_t retry_after_ms(const char *header, int64_t now_s);

#endif
