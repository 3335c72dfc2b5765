/*
 * Compiler attributes under names that say what they are for.
 *
 * Needs gcc or clang; nothing here generates code by itself.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

/*
 * Release a variable when it goes out of scope.  @release takes a pointer to
 * the variable:
 *
 *	CLEANUP(str_release) struct str text = {0};
 */
#define CLEANUP(release) __attribute__((cleanup(release)))

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Parameter @fmt is a printf format whose arguments start at @first. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define NORETURN __attribute__((noreturn))
#define UNUSED	 __attribute__((unused))

/* Number of elements of an array (not of a pointer). */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
