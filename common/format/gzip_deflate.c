#include "format/gzip_deflate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/gzip_block.h"

#define REACH	   32768u /* how far back a match may be */
#define REACH_MASK (REACH - 1)
#define WINDOW	   (2 * REACH)
#define MATCH_MIN  4
#define MATCH_MAX  258
/* With so much ahead nothing depends on what comes later. */
#define LOOKAHEAD (MATCH_MIN + MATCH_MAX)

#define LAZY_MAX    16	/* a match so long is not tried to be beaten */
#define NICE	    128 /* nor is one so long looked for any further */
#define TRIES	    128
#define SHORT_REACH 4096 /* of a match of MATCH_MIN */

#define RUN_STEP 8 /* places that are put at once, by two instructions */

#define HASH_BITS	17
#define HASH_MULTIPLIER 0x1e35a7bdu
#define CHAIN_BITS	15
#define NUMBER_MAX	((uint32_t)1 << 24)
#define WORD		sizeof(uint64_t)
#define ONE_IN_EACH	0x01010101u

struct match {
	unsigned int length;
	unsigned int distance;
};

static const struct match no_match = {.length = MATCH_MIN - 1};

/*
 * Places in the window are indexes; in the chains, each of what several
 * hashes have in common, they have numbers: index + offset, which stays the
 * same when the window moves on.  0 is no place.  The offset is a multiple of
 * REACH: a number's slot among the older ones is in its low bits.
 */
struct gzip_deflate {
	struct block_bits bits;
	size_t at; /* what is before it has its tokens, or waits */
	size_t end;
	uint32_t offset;
	size_t block_start; /* of the tokens' bytes */
	bool start_is_gone; /* out of the window */
	bool byte_waits;    /* the one before @at has no token yet */
	struct match match; /* that begins at the byte that waits */
	size_t token_count;
	uint32_t tokens[BLOCK_TOKENS_MAX];
	uint32_t newest[1 << CHAIN_BITS];    /* place of each chain */
	uint32_t older[REACH];		     /* place of the same chain */
	unsigned char window[WINDOW + WORD]; /* words may be read at its end */
};

struct gzip_deflate *deflate_new(struct str *out)
{
	struct gzip_deflate *deflate = xcalloc(1, sizeof(*deflate));

	/* Written first: a page that is read first faults twice. */
	memset(deflate->newest, 0, sizeof(deflate->newest));
	deflate->bits.out = out;
	deflate->offset = REACH;
	deflate->match = no_match;
	return deflate;
}

void deflate_free(struct gzip_deflate *deflate)
{
	free(deflate);
}

/* --- tokens -------------------------------------------------------------- */

static void flush(struct gzip_deflate *deflate)
{
	const unsigned char *bytes = NULL;
	size_t len = 0;

	if (!deflate->start_is_gone) {
		bytes = deflate->window + deflate->block_start;
		len = deflate->at - deflate->block_start;
	}
	block_write(&deflate->bits, deflate->tokens, deflate->token_count,
		    bytes, len);
	deflate->token_count = 0;
	deflate->block_start = deflate->at;
	deflate->start_is_gone = false;
}

static void add_waiting_byte(struct gzip_deflate *deflate)
{
	deflate->tokens[deflate->token_count++] =
		deflate->window[deflate->at - 1];
	deflate->byte_waits = false;
}

static void add_match(struct gzip_deflate *deflate, struct match match)
{
	deflate->tokens[deflate->token_count++] =
		TOKEN_MATCH |
		(match.length - MATCH_LENGTH_BASE) << TOKEN_LENGTH_SHIFT |
		(match.distance - 1);
}

/* --- matches ------------------------------------------------------------- */

static inline uint32_t load(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static inline uint32_t hash_of(const unsigned char *bytes)
{
	uint32_t word = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			(uint32_t)bytes[2] << 8 | bytes[3];

	return word * HASH_MULTIPLIER >> (32 - HASH_BITS);
}

static inline uint32_t *chain_of(struct gzip_deflate *deflate, uint32_t hash)
{
	return &deflate->newest[hash >> (HASH_BITS - CHAIN_BITS)];
}

/* Put the place at the head of its chain; gives the number that was there. */
static inline uint32_t insert(struct gzip_deflate *deflate, size_t at,
			      uint32_t hash)
{
	uint32_t *newest = chain_of(deflate, hash);
	uint32_t number = *newest;

	deflate->older[at & REACH_MASK] = number;
	*newest = (uint32_t)at + deflate->offset;
	return number;
}

static unsigned int at_most(size_t number, unsigned int limit)
{
	return number < limit ? (unsigned int)number : limit;
}

/* How many bytes at the start of two words, that are not equal, are so. */
static inline unsigned int same_in_words(uint64_t left, uint64_t right)
{
	uint64_t difference = left ^ right;

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return (unsigned int)__builtin_ctzll(difference) / 8;
	return (unsigned int)__builtin_clzll(difference) / 8;
}

static inline unsigned int same_bytes(const unsigned char *a,
				      const unsigned char *b,
				      unsigned int limit)
{
	for (unsigned int len = 0; len < limit; len += WORD) {
		uint64_t left, right;

		memcpy(&left, a + len, WORD);
		memcpy(&right, b + len, WORD);
		if (left != right)
			return at_most(len + same_in_words(left, right), limit);
	}
	return limit;
}

/* Take the match @distance bytes back if it is longer than @best. */
static inline void improve(struct match *best, const unsigned char *here,
			   uint32_t distance, unsigned int limit)
{
	const unsigned char *there = here - distance;
	unsigned int length;

	/* It cannot be, if the last four bytes that it needs differ. */
	if (load(there + best->length + 1 - MATCH_MIN) !=
	    load(here + best->length + 1 - MATCH_MIN))
		return;
	length = same_bytes(there, here, limit);
	if (length > best->length &&
	    (length > MATCH_MIN || distance <= SHORT_REACH))
		*best = (struct match){.length = length, .distance = distance};
}

/* How many bytes at @here, @limit at most, are the first one; 0 = few. */
static inline unsigned int run_at(const unsigned char *here, unsigned int limit)
{
	if (load(here) != *here * ONE_IN_EACH)
		return 0;
	return 1 + same_bytes(here, here + 1, limit - 1);
}

/*
 * How many of the next places in a chain, at most @most, are passed over,
 * where @here and @distance back are runs of the same byte.  The next is the
 * place before, which matches by a byte more; once that is all of @run, no
 * other in its run does better.
 */
static unsigned int count_in_run(const unsigned char *here, uint32_t distance,
				 unsigned int run, unsigned int most)
{
	const unsigned char *there = here - distance;
	unsigned int same = same_bytes(there, here, run);
	unsigned int count = 0;

	if (same < MATCH_MIN)
		return 0;
	if (same < run)
		most = at_most(run - same - 1, most);
	while (count < most && there[-1 - (ptrdiff_t)count] == *here)
		count++;
	return count;
}

/*
 * The longest match, of equals the nearest, for the bytes at deflate->at, in
 * the chain that begins at @number.  Others in that chain are passed over
 * uncounted: Go, whose table is larger, has them in chains of their own.
 */
static struct match find_match(const struct gzip_deflate *deflate,
			       uint32_t number)
{
	const unsigned char *here = deflate->window + deflate->at;
	unsigned int limit = at_most(deflate->end - deflate->at, MATCH_MAX);
	unsigned int nice = at_most(limit, NICE);
	uint32_t reach = at_most(deflate->at, REACH);
	uint32_t hash = hash_of(here);
	unsigned int run = run_at(here, nice);
	unsigned int tries = TRIES;
	struct match best = no_match;

	while (number) {
		unsigned int passed = 0;
		uint32_t distance =
			(uint32_t)deflate->at + deflate->offset - number;

		if (distance > reach)
			break;
		if (hash_of(here - distance) == hash) {
			improve(&best, here, distance, limit);
			if (best.length >= nice || !--tries)
				break;
			if (run)
				passed = count_in_run(here, distance, run,
						      at_most(reach - distance,
							      tries - 1));
		}
		if (passed) {
			number -= passed;
			distance += passed;
			tries -= passed;
			improve(&best, here, distance, limit);
		}
		/* The next slot of the chain is the one of @here itself. */
		if (distance == REACH)
			break;
		number = deflate->older[number & REACH_MASK];
	}
	return best;
}

/* --- the way through the input ------------------------------------------- */

/* How many places from @at on have four bytes that are all the one before. */
static size_t run_length(const struct gzip_deflate *deflate, size_t at,
			 size_t end)
{
	const unsigned char *here = deflate->window + at;
	unsigned int limit = (unsigned int)(end - at) + MATCH_MIN - 1;
	unsigned int same = same_bytes(here - 1, here, limit);

	return same < MATCH_MIN ? 0 : same - MATCH_MIN + 1;
}

/* As insert(), of places in the chain that the one before @at is newest of. */
static void insert_run(struct gzip_deflate *deflate, size_t at, size_t end)
{
	uint32_t *newest = chain_of(deflate, hash_of(deflate->window + at));

	while (at < end) {
		size_t slot = at & REACH_MASK;
		uint32_t number = (uint32_t)at + deflate->offset - 1;

		if (slot + RUN_STEP > REACH || at + RUN_STEP > end) {
			deflate->older[slot] = number;
			at++;
			continue;
		}
		for (uint32_t i = 0; i < RUN_STEP; i++)
			deflate->older[slot + i] = number + i;
		at += RUN_STEP;
	}
	*newest = (uint32_t)end + deflate->offset - 1;
}

/*
 * Put the places from @at to @end in their chains, where the one before @at
 * is in its own.  Much of a tar is zeros: a run is the quicker part.
 */
static void insert_all(struct gzip_deflate *deflate, size_t at, size_t end)
{
	uint32_t before = hash_of(deflate->window + at - 1);

	while (at < end) {
		uint32_t hash = hash_of(deflate->window + at);
		size_t run = hash == before ? run_length(deflate, at, end) : 0;

		if (run) {
			insert_run(deflate, at, at + run);
			at += run;
		} else {
			(void)insert(deflate, at, hash);
			before = hash;
			at++;
		}
	}
}

/* The match that waits is the best; the chains get what it covers. */
static void take_match(struct gzip_deflate *deflate)
{
	size_t next = deflate->at - 1 + deflate->match.length;
	size_t last = deflate->end + 1 - MATCH_MIN;

	if (last > next)
		last = next;
	add_match(deflate, deflate->match);
	insert_all(deflate, deflate->at + 1, last);
	deflate->at = next;
	deflate->byte_waits = false;
	deflate->match = no_match;
}

/* A match is taken only when the next byte begins none that is longer. */
static void advance(struct gzip_deflate *deflate)
{
	struct match found = no_match;
	size_t left = deflate->end - deflate->at;
	uint32_t number = 0;

	if (left >= MATCH_MIN)
		number = insert(deflate, deflate->at,
				hash_of(deflate->window + deflate->at));
	if (number && left > deflate->match.length &&
	    deflate->match.length < LAZY_MAX)
		found = find_match(deflate, number);
	if (deflate->match.length >= MATCH_MIN &&
	    found.length <= deflate->match.length) {
		take_match(deflate);
	} else {
		if (deflate->byte_waits)
			add_waiting_byte(deflate);
		deflate->match = found;
		deflate->byte_waits = true;
	}
	if (deflate->token_count == BLOCK_TOKENS_MAX)
		flush(deflate);
	if (deflate->byte_waits)
		deflate->at++;
}

/* Numbers begin anew, before they overflow. */
static void renumber(struct gzip_deflate *deflate)
{
	uint32_t gone = deflate->offset - REACH;

	for (size_t i = 0; i < REACH; i++)
		deflate->older[i] -= at_most(deflate->older[i], gone);
	for (size_t i = 0; i < (size_t)1 << CHAIN_BITS; i++)
		deflate->newest[i] -= at_most(deflate->newest[i], gone);
	deflate->offset = REACH;
}

/* Drop the older half of the window. */
static void move_on(struct gzip_deflate *deflate)
{
	memcpy(deflate->window, deflate->window + REACH, deflate->end - REACH);
	deflate->at -= REACH;
	deflate->end -= REACH;
	deflate->start_is_gone |= deflate->block_start < REACH;
	deflate->block_start -= REACH;
	deflate->offset += REACH;
	if (deflate->offset > NUMBER_MAX)
		renumber(deflate);
}

void deflate_add(struct gzip_deflate *deflate, const void *bytes, size_t len)
{
	const unsigned char *next = bytes;

	while (len) {
		size_t part;

		if (deflate->end == WINDOW)
			move_on(deflate);
		part = WINDOW - deflate->end;
		if (part > len)
			part = len;
		memcpy(deflate->window + deflate->end, next, part);
		deflate->end += part;
		next += part;
		len -= part;
		while (deflate->end - deflate->at >= LOOKAHEAD)
			advance(deflate);
	}
}

void deflate_finish(struct gzip_deflate *deflate)
{
	while (deflate->at < deflate->end)
		advance(deflate);
	if (deflate->byte_waits)
		add_waiting_byte(deflate);
	if (deflate->token_count)
		flush(deflate);
	block_end(&deflate->bits);
}
