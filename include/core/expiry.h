/*
 * When an environment expires: the decision that umbrella-render stamps,
 * deploy-preview marks and expire-sweep judges by.  Pure.
 *
 * Rules, first match decides:
 *   1. the main branch's environment never expires (with a warning if its
 *      values ask for it);
 *   2. an explicit --expires-in: now + that;
 *   3. global.expires false: never;
 *   4. global.expiryDate as a date, an RFC 3339 time or a duration (8h, 3d;
 *      not 0) from now; a time without zone is UTC;
 *   5. now + EXPIRY_DEFAULT_MS.
 */
#ifndef CORE_EXPIRY_H
#define CORE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct value;
struct ydoc;

#define EXPIRY_DEFAULT_MS ((int64_t)2 * 3600 * 1000)
#define EXPIRY_LEAST_MS	  ((int64_t)1000) /* of a time to live */
#define EXPIRY_UNSET	  INT64_MIN	  /* as cli's OPT_UNSET */
#define EXPIRY_LABEL_MAX  12		  /* digits of an epoch in a label */
/*
 * 2020-01-01: no environment has ended before.  What says so is no time but a
 * garbled one, such as the label "20261231".
 */
#define EXPIRY_AT_MIN ((int64_t)1577836800)

/* All-zero: never. */
struct expiry {
	bool expires;
	int64_t at;	/* seconds since the epoch, UTC */
	bool from_then; /* a time to live that counts from the decision */
};

struct expiry_input {
	bool main;
	int64_t explicit_ms;	    /* --expires-in, or EXPIRY_UNSET */
	const struct value *global; /* the chart's "global" values; NULL */
	int64_t now;		    /* seconds since the epoch */
};

/*
 * Decide.  *@warning gets a text to tell the user, or NULL.
 * Errors: INPUT (global.expires is no bool, global.expiryDate no date); the
 * caller adds the place in its file.
 */
bool expiry_decide(struct expiry *expiry, const struct expiry_input *input,
		   const char **warning, struct err *err) MUST_CHECK;

/* What was decided at @then as it would be now: a time to live begins anew. */
struct expiry expiry_renew(struct expiry decided, int64_t then, int64_t now);

/*
 * The line to warn with of a decided expiry that has passed already, which
 * can only be a date of the values, at its place in @values; NULL: it has
 * not.  The caller frees it.
 */
char *expiry_warn_passed(const struct expiry *expiry, int64_t now,
			 const struct ydoc *values) MUST_CHECK;

/* A date, an RFC 3339 time or a duration from @now, at least EXPIRY_LEAST_MS. */
bool expiry_parse(const char *text, int64_t now, int64_t *at) MUST_CHECK;

/* What the values of a release say of its end. */
struct expiry_told {
	bool told; /* false: nothing */
	struct expiry expiry;
	bool zoneless; /* of a date without zone, which is taken for UTC */
};

/*
 * Read global.expires and global.expiryDate of a release as Helm keeps it
 * (chart.values below config, whose null takes away what is there).  A
 * duration counts from @created, seconds since the epoch by the server's clock
 * (0: not known), for info.last_deployed is of the clock where Helm ran.
 * Errors: INPUT (as expiry_decide(); a duration without that time; a date
 * before EXPIRY_AT_MIN).
 */
bool expiry_read_release(struct expiry_told *told, const struct value *release,
			 int64_t created, struct arena *arena, struct err *err)
	MUST_CHECK;

/* "2026-11-22 13:04:05", "" for never; the caller frees it. */
char *expiry_date(const struct expiry *expiry) MUST_CHECK;

/*
 * Add expires, expiryDate and expiresAt (null for never) to @map, as results
 * and the release record have them.
 */
void expiry_tell(const struct expiry *expiry, struct value *map,
		 struct arena *arena);

/*
 * The value of the label slipway/expires-at: epoch seconds or "never".  What
 * was over before EXPIRY_AT_MIN is that.
 */
char *expiry_label(const struct expiry *expiry) MUST_CHECK;

/* Read such a label; anything but what expiry_label() writes is false. */
bool expiry_parse_label(const char *label, struct expiry *expiry) MUST_CHECK;

bool expiry_same(struct expiry a, struct expiry b);

/* Where two marks disagree the later counts; never is latest. */
struct expiry expiry_later(struct expiry a, struct expiry b);

#endif
