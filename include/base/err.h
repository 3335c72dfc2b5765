/*
 * The error value: what went wrong, of which kind, where, and the cure.
 *
 * A function that can fail returns bool (true = done) and takes
 * `struct err *err` last.  err is never NULL, untouched on success, and set
 * once on failure; then no output parameter was changed.  Every setter
 * returns false, so that failing is one statement:
 *
 *	if (fd < 0)
 *		return err_errno(err, "cannot open '%s'", path);
 *
 * and each level on the way up says what it was doing:
 *
 *	if (!file_read(path, LIMIT, &text, err))
 *		return err_wrap(err, "cannot load chart '%s'", name);
 *
 * which reads: cannot load chart 'web': cannot open 'Chart.yaml': No such
 * file or directory.  Only the program's main() prints it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,	 /* the command line is wrong */
	ERR_INPUT,	 /* a file or a value that we were given is wrong */
	ERR_NOT_FOUND,	 /* the thing asked for does not exist */
	ERR_CONFLICT,	 /* the world is not what was assumed */
	ERR_DENIED,	 /* not authenticated, or no permission */
	ERR_REMOTE,	 /* a server failed or answered nonsense */
	ERR_UNREACHABLE, /* no connection to a server */
	ERR_TIMEOUT,	 /* a deadline passed */
	ERR_CHILD,	 /* a child process failed */
	ERR_IO,		 /* the operating system refused */
	ERR_INTERRUPTED, /* SIGHUP, SIGINT or SIGTERM arrived */
};

/*
 * All-zero is "no error".  @text, @file, @source and @hint are owned.
 * @line and @column count from 1; 0 = unknown; columns count bytes.
 * @status is the remote status (HTTP) or the signal number, 0 = none.
 */
struct err {
	enum err_kind kind;
	int status;
	bool temporary; /* trying again later may help */
	char *text;
	char *file;
	unsigned int line;
	unsigned int column;
	char *source; /* the line of text in which it happened */
	char *hint;   /* what to do about it */
};

/* Set the error.  A second call without err_release() between is a BUG(). */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* ERR_IO with ": " and the text of errno behind the message. */
bool err_errno(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Put "message: " before the text.  Kind, place and hint stay. */
bool err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Say what to do about it.  An earlier (inner) hint is kept. */
bool err_hint(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Say where: @source, of @source_len bytes, is the text of the line, NULL if
 * it cannot be shown.  An earlier (inner) place is kept.
 */
bool err_at(struct err *err, const char *file, unsigned int line,
	    unsigned int column, const char *source, size_t source_len);

/*
 * err_at() for byte @offset of @text: finds the line and the column by
 * itself.  Offsets behind the end mean the end.
 */
bool err_at_offset(struct err *err, const char *file, const char *text,
		   size_t text_len, size_t offset);

/* Forget the line of text that err_at() took: it may hold a secret. */
void err_hide_source(struct err *err);

/* Mark as worth another try (exit code 75), or not. */
bool err_temporary(struct err *err, bool temporary);

/*
 * The process's exit code for @err: USAGE, INPUT 2; CONFLICT 3; INTERRUPTED
 * 128 + signal; else 75 if it is temporary (UNREACHABLE and TIMEOUT are unless
 * told otherwise), 1 if not.
 */
int err_exit_code(const struct err *err);

/* Copy the error @from into the empty @to.  Always false, as err_set(). */
bool err_copy(struct err *to, const struct err *from);

/* Move @from into the empty @to. */
void err_move(struct err *to, struct err *from);

/* Free what it owns and make it "no error" again. */
void err_release(struct err *err);

/*
 * The program contradicts itself: print file, line and message on stderr and
 * abort.  Never for anything that input, a server or the system can cause.
 */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *format, ...)
	NORETURN PRINTF_LIKE(3, 4);

#endif
