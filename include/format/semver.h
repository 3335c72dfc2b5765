/*
 * Semantic versions 2.0.0 and version constraints, with the answers of
 * Masterminds/semver v3.5.0, which Helm uses.
 */
#ifndef FORMAT_SEMVER_H
#define FORMAT_SEMVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct err;
struct str;

#define SEMVER_MAX		256 /* bytes of a version */
#define SEMVER_CONSTRAINT_MAX	512 /* bytes of a constraint */
#define SEMVER_ALTERNATIVES_MAX 32

/* Strings are owned; prerelease and metadata are "" where absent. */
struct semver {
	uint64_t major, minor, patch;
	char *prerelease;
	char *metadata;
	char *original;
};

/*
 * Parse as Masterminds' NewVersion: a leading v, missing minor and patch are
 * taken.  Errors: INPUT.
 */
bool semver_parse(struct semver *version, const char *text, struct err *err)
	MUST_CHECK;

/* Only the exact form of semver.org 2.0.0. */
bool semver_parse_strict(struct semver *version, const char *text,
			 struct err *err) MUST_CHECK;

/* Precedence: <0, 0, >0.  Metadata does not count. */
int semver_compare(const struct semver *a, const struct semver *b);

/* Append the exact form: 1.2 gives 1.2.0, v1.0.0 gives 1.0.0. */
void semver_add_text(struct str *out, const struct semver *version);

void semver_release(struct semver *version);

/*
 * What versions are asked for: alternatives (||) of conditions that must all
 * hold (a blank or a comma between them).
 *
 *	>=1.2 <2   1.2 - 1.4   ~1.2.3   ^0.3   1.x   !=1.5.0   *
 *
 * A version with a pre-release satisfies an alternative only if one of its
 * conditions names a pre-release too.
 */
struct semver_constraint {
	struct semver_alternative *alternatives; /* owned */
	size_t count;
};

/* Errors: INPUT. */
bool semver_constraint_parse(struct semver_constraint *constraint,
			     const char *text, struct err *err) MUST_CHECK;
bool semver_satisfies(const struct semver *version,
		      const struct semver_constraint *constraint);
void semver_constraint_release(struct semver_constraint *constraint);

#endif
