/*
 * A number nobody can tell beforehand: for names, jitter and hash keys, not
 * for cryptography.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* From the system; early in boot, without entropy, from clock and process. */
uint64_t random_number(void);

#endif
