/*
 * Between the files that make up format/semver: a version cut into pieces,
 * which conditions may leave out or write as "x".
 */
#ifndef FORMAT_SEMVER_PARTS_H
#define FORMAT_SEMVER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

struct semver;

/* A piece of text; len 0 = not there. */
struct semver_piece {
	const char *at;
	size_t len;
};

/* A version cut into pieces that borrow its text. */
struct semver_pieces {
	struct semver_piece numbers[3]; /* without their dots */
	struct semver_piece prerelease;
	struct semver_piece metadata;
};

bool semver_is_digit(char c);

/* How many bytes at the start of @text are @wanted. */
size_t semver_run_of(const char *text, bool (*wanted)(char c));

/*
 * Cut "v1.2.3-pre+meta", of which all but the first number may be missing,
 * off the start of @text.  Gives where it ends; NULL if there is no number.
 */
const char *semver_cut(struct semver_pieces *pieces, const char *text,
		       bool (*in_number)(char c));

/* semver_parse(), but it gives the cause of a refusal, NULL if all is well. */
const char *semver_parse_loose(struct semver *version, const char *text);

int semver_compare_prereleases(const char *a, const char *b);

#endif
