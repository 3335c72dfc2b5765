/*
 * Does a store honour conditional writes?  Asked by trying, since servers
 * that say they speak S3 ignore the conditions, check them some time before
 * they write, or do not know them.
 *
 * Tried are, on an object that nobody else uses: S3_RACERS creates at once,
 * of which one may succeed; a create of what is there; a swap of a state
 * that is not; S3_RACERS swaps of the state that is, of which one may
 * succeed.  The object is removed again.
 */
#ifndef API_S3_CONDITIONS_H
#define API_S3_CONDITIONS_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct s3;

#define S3_PRIVATE_PREFIX ".slipway/" /* what is ours alone */
#define S3_PROBE_PREFIX	  S3_PRIVATE_PREFIX "probe/"
#define S3_RACERS	  8

/*
 * @prefix is that of the repository, empty or with a slash at its end.
 * Errors: REMOTE, not temporary: the store does not honour them, with the
 * reason; those of s3_put().
 */
bool s3_prove_conditions(struct s3 *s3, const char *prefix, struct err *err)
	MUST_CHECK;

#endif
