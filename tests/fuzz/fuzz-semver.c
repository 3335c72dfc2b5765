/*
 * Versions and constraints: the first line is a version, the second another,
 * what follows a constraint.  What is printed reads back as the same, and
 * comparing two is the same both ways.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The text up to the line's end, which becomes its end. */
static char *take_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static bool read_version(struct semver *version, const char *text)
{
	CLEANUP(semver_release) struct semver again = {0};
	CLEANUP(str_release) struct str printed = {0};
	CLEANUP(err_release) struct err err = {0};
	bool strict;

	strict = semver_parse_strict(&again, text, &err);
	semver_release(&again);
	err_release(&err);
	if (!semver_parse(version, text, &err)) {
		if (strict)
			abort();
		return false;
	}
	semver_add_text(&printed, version);
	/* 1 prints as 1.0.0, which may be one that is too long to read. */
	if (printed.len > SEMVER_MAX)
		return true;
	if (!semver_parse(&again, str_text(&printed), &err) ||
	    semver_compare(version, &again) != 0 ||
	    !same_text(version->metadata, again.metadata))
		abort();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	CLEANUP(free_ptr) char *text = xmemdupz((const char *)bytes, len);
	CLEANUP(semver_constraint_release) struct semver_constraint c = {0};
	CLEANUP(semver_release) struct semver a = {0}, b = {0};
	CLEANUP(err_release) struct err err = {0};
	char *rest = text;
	bool both = read_version(&a, take_line(&rest));

	both = read_version(&b, take_line(&rest)) && both;
	if (both && semver_compare(&a, &b) != -semver_compare(&b, &a))
		abort();
	if (both && semver_constraint_parse(&c, rest, &err))
		(void)semver_satisfies(&a, &c);
	return 0;
}
