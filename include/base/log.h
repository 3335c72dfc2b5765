/*
 * Lines on stderr: "<step>: warning: text", one line per fact.
 *
 * Steps log at every level; the library logs at debug only, and tells a
 * user what he must know during a run (a retry, progress) through the
 * reporter that its caller passes down.
 *
 * Every line passes two filters: registered secrets, and their base64, URL
 * and JSON forms, become "***"; control characters are escaped.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct str;

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO, /* the default */
	LOG_DEBUG,
};

/* @name is put before each line; borrowed. */
void log_init(const char *name, enum log_level level);
bool log_enabled(enum log_level level);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/* One line without a level: hints, the source line below an error. */
void log_plain(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Keep @text, masked and escaped, as the last line of the terminal until
 * another line comes or NULL.  The caller knows that stderr is a terminal.
 */
void log_live(const char *text);

/* Mask @bytes from now on; values under LOG_MASK_MIN bytes are not. */
#define LOG_MASK_MIN 4
void log_mask(const char *bytes, size_t len);

/*
 * The masked and escaped form of @text, as a line would show it; the caller
 * frees it.
 */
char *log_masked(const char *text) MUST_CHECK;

/*
 * Append @text masked, but as it is otherwise: for whatever else leaves the
 * process, such as the record.
 */
void log_add_masked(struct str *out, const char *text);
/* The same as a copy in @arena; NULL of NULL. */
const char *log_copy_masked(const char *text, struct arena *arena);

/*
 * What the library tells a user in the middle of long work.  Either may be
 * NULL; struct reporter itself may be all-zero (silent).
 */
struct reporter {
	void (*warn)(void *context, const char *text);
	/* @done of @total (0 = unknown) @what, such as 3 of 20 "charts". */
	void (*progress)(void *context, const char *what, size_t done,
			 size_t total);
	void *context;
};

void report_warning(const struct reporter *reporter, const char *format, ...)
	PRINTF_LIKE(2, 3);
void report_progress(const struct reporter *reporter, const char *what,
		     size_t done, size_t total);

#endif
