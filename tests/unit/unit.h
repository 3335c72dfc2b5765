/*
 * What every unit test includes: cmocka with its prerequisites, and an
 * assertion that names the row of a table.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

/* Fail with the name of the case, a row of a table, unless @condition. */
#define assert_case(name, condition)                                   \
	do {                                                           \
		if (!(condition))                                      \
			fail_msg("case '%s': %s", (name), #condition); \
	} while (0)

#endif
