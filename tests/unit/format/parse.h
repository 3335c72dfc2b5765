/* YAML for tests: what cannot be read ends the test. */
#ifndef TESTS_UNIT_FORMAT_PARSE_H
#define TESTS_UNIT_FORMAT_PARSE_H

#include "base/err.h"
#include "base/str.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

static inline void parse(struct ydoc *doc, const char *text, unsigned int flags)
{
	CLEANUP(err_release) struct err err = {0};

	if (!ydoc_parse(doc, text, strlen(text), "test.yaml", flags, &err))
		fail_msg("'%s': %s", text, err.text);
}

/* Append @unit @count times. */
static inline void fill(struct str *text, const char *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_add(text, unit);
}

#endif
