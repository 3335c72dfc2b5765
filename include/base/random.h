/*
 * Numbers nobody can tell beforehand.
 *
 * random_number() and random_below() are for names, jitter and hash keys,
 * random_bytes() for cryptography too.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* From the system; early in boot, without entropy, from clock and process. */
uint64_t random_number(void);

/* One of 0 to @bound - 1, all as likely; @bound is not 0. */
uint64_t random_below(uint64_t bound);

/*
 * Fill @bytes from the system, early in boot after a wait.  False: it has
 * none to give.
 */
bool random_bytes(void *bytes, size_t len) MUST_CHECK;

#endif
