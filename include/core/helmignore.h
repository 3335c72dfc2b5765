/*
 * Which files of a chart's folder are left out: .helmignore with Helm's
 * rules, which are not git's.
 *
 * One pattern a line, in the form of Go's filepath.Match; the first that
 * matches decides.  Without a slash a pattern is compared with the last part
 * of a path, with one with the whole path; a slash at the start is dropped, a
 * slash at the end means folders only.  "!pattern" leaves out whatever does
 * NOT match.  "**" is an error.
 * Source: Helm, pkg/ignore/rules.go; Go, path/filepath/match.go.
 */
#ifndef CORE_HELMIGNORE_H
#define CORE_HELMIGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;

#define HELMIGNORE_RULES_MAX 10000

struct helmignore {
	struct helmignore_rule *rules; /* owned */
	size_t count;
	size_t capacity;
};

/*
 * Add the rules of @text; @file is what errors call it.
 * Errors: INPUT with place (a pattern that cannot be, "**", too many).
 */
bool helmignore_parse(struct helmignore *ignore, const char *text, size_t len,
		      const char *file, struct err *err) MUST_CHECK;

/* Add what Helm always leaves out: hidden files of templates/. */
void helmignore_add_defaults(struct helmignore *ignore);

/*
 * The rules of the chart in @folder: of its .helmignore, if it has one, and
 * what Helm always leaves out.  Errors: IO, and those of helmignore_parse().
 */
bool helmignore_read(struct helmignore *ignore, const char *folder,
		     struct err *err) MUST_CHECK;

/* Is @path, relative to the chart's folder, left out? */
bool helmignore_has(const struct helmignore *ignore, const char *path,
		    bool is_dir);

/* Go's filepath.Match; a bad pattern matches nothing. */
bool helmignore_glob(const char *pattern, const char *name);

void helmignore_release(struct helmignore *ignore);

#endif
