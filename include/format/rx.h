/*
 * Regular expressions with the syntax and the meaning of RE2, as Go's regexp
 * package has them; the pcre2 facade.
 *
 *	CLEANUP(rx_release) struct rx rx = {0};
 *	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
 *	bool found;
 *
 *	if (!rx_compile(&rx, "v([0-9]+)", 9, err))
 *		return false;
 *	rx_scan_open(&scan, &rx, text, len);
 *	while (rx_scan_next(&scan, &found, err) && found)
 *		use(&scan.groups[1]);
 *
 * A pattern is parsed by Go's grammar, which refuses what RE2 cannot do
 * (lookaround, backreferences, recursion, possessive and atomic groups), and
 * is written down anew for pcre2.  Where ways through the expression meet,
 * the search remembers where in the text it has been and never goes on from
 * there twice.  That is how RE2 finds matches: it settles what loops over
 * nothing give, and bounds the work by the length of the text.
 *
 * Text may hold any bytes; one that is not UTF-8 counts as U+FFFD, as in Go.
 *
 * Where we differ from Go: the ceilings below, and that \p has the characters
 * of the Unicode version that the installed pcre2 knows (15.0 in Go).
 *
 * Source: Go 1.26's regexp and regexp/syntax; pcre2api(3), pcre2callout(3).
 */
#ifndef FORMAT_RX_H
#define FORMAT_RX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strvec.h"

struct err;

#define RX_PATTERN_MAX ((size_t)64 << 10) /* bytes of a pattern */
#define RX_PROGRAM_MAX ((size_t)1 << 20)  /* bytes, written for pcre2 */
#define RX_NEST_MAX    1000		  /* levels, as Go; pcre2: about 400 */
#define RX_REPEAT_MAX  1000		  /* {n}, with those within; as Go */
#define RX_FOLD_MAX    1500000 /* runes in ranges of all copies, by (?i) */
#define RX_PLACES_MAX  ((size_t)32 << 20)  /* bytes: where a search has been */
#define RX_HEAP_MAX    ((size_t)128 << 20) /* bytes: the ways back */

/*
 * Work of one scan: meetings of ways that it passes, and what is as much
 * between them; some seconds.
 */
#define RX_WORK_MAX ((uint64_t)100 * 1000 * 1000)

/* The start and the end of a group that took no part in the match. */
#define RX_NO_PART ((size_t)-1)

struct rx {
	void *code;	     /* owned, as all here */
	size_t groups;	     /* of the pattern, the whole match included */
	struct strvec names; /* of each group, "" if it has none */
	size_t *group_of;    /* which group each of pcre2's belongs to */
	size_t slots;	     /* how many pcre2 has */
	size_t meetings;     /* of ways through the expression */
	uint64_t work;	     /* that compiling was, as of a scan */
};

/* Bytes @start to @end of the text. */
struct rx_group {
	size_t start;
	size_t end;
};

/* The matches of an expression in a text, one after the other. */
struct rx_scan {
	struct rx_group *groups; /* rx->groups of them, of the last match */
	uint64_t work;		 /* until now, as of RX_WORK_MAX */

	/* Private. */
	const struct rx *rx;
	const char *text; /* as UTF-8 */
	size_t len;
	struct str repaired; /* holds @text if that was not UTF-8 */
	size_t *broken;	     /* offsets of bytes that were not */
	size_t broken_count;
	size_t broken_capacity;
	size_t at;	     /* where the next search starts */
	size_t previous_end; /* of the match before */
	bool ended;
	void *data; /* of pcre2 */
	void *context;
	unsigned char *been; /* bits: meetings for each place */
	size_t furthest;     /* place with a bit set */
};

/*
 * Compile @pattern of @len bytes.
 * Errors: INPUT: what RE2's syntax does not have, in the words of Go's
 * regexp, with the byte and, for what other engines know, a hint; an
 * expression that is too large.
 */
bool rx_compile(struct rx *rx, const char *pattern, size_t len, struct err *err)
	MUST_CHECK;

void rx_release(struct rx *rx);

/* Does @pattern have RE2's syntax?  It may be too large all the same. */
bool rx_is_valid(const char *pattern, size_t len);

/* Start to search @text of @len bytes; @rx and @text are borrowed. */
void rx_scan_open(struct rx_scan *scan, const struct rx *rx, const char *text,
		  size_t len);

/*
 * The next match, as Go's FindAll and ReplaceAll take them: matches do not
 * overlap, and an empty one right behind another one does not count.
 * *@found tells whether there is one.
 * Errors: INPUT (RX_WORK_MAX, RX_PLACES_MAX, RX_HEAP_MAX), IO (no memory).
 */
bool rx_scan_next(struct rx_scan *scan, bool *found, struct err *err)
	MUST_CHECK;

void rx_scan_release(struct rx_scan *scan);

/*
 * Append @form with $1, ${1}, $name and ${name} replaced by what these groups
 * of the scan's last match are in @text; $$ is a dollar sign.  As Go's Expand:
 * the longest name counts ($1x is ${1x}), and what there is not is empty.
 */
void rx_expand(struct str *out, const struct rx_scan *scan, const char *text,
	       const char *form, size_t form_len);

/* Append a pattern that matches @text and nothing else. */
void rx_quote(struct str *out, const char *text, size_t len);

#endif
