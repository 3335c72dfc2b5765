/*
 * Files: read whole, replaced atomically, created once, temporary folders.
 *
 * Local-file rule: content goes to a temporary name in the same folder
 * (O_EXCL, O_CLOEXEC), is written, fsynced and closed with every result
 * checked, then takes its name with rename() or link(), and the folder is
 * fsynced.  A crash leaves the old state or the new, never a part.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct err;
struct str;

/*
 * Append the content of @path to @text, at most @limit bytes.  "-" is
 * standard input.
 * Errors: INPUT (missing, unreadable, a folder, over @limit).
 */
bool file_read(const char *path, size_t limit, struct str *text,
	       struct err *err) MUST_CHECK;

/* file_read() below the open folder @dirfd; @name is shown in errors. */
bool file_read_at(int dirfd, const char *name, size_t limit, struct str *text,
		  struct err *err) MUST_CHECK;

/*
 * Give @path the content @bytes, atomically; @mode as for open(2), the umask
 * applies.  Errors: IO.
 */
bool file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
		  struct err *err) MUST_CHECK;

/*
 * Give @path the content @bytes only if nothing has that name, atomically.
 * *@created tells whether it was us; false is no error.  Errors: IO.
 */
bool file_create(const char *path, const void *bytes, size_t len, mode_t mode,
		 bool *created, struct err *err) MUST_CHECK;

/* Is there anything under that name (not following a link)? */
bool file_exists(const char *path);
bool file_is_dir(const char *path);

/* mkdir -p.  Errors: IO. */
bool dir_create_all(const char *path, struct err *err) MUST_CHECK;

/*
 * A new folder of mode 0700 below @parent, named after @prefix; @path gets
 * its name.  Errors: IO.
 */
bool dir_create_temp(const char *parent, const char *prefix, struct str *path,
		     struct err *err) MUST_CHECK;

/*
 * Remove @path with all that is below it, not following links.  Nothing
 * there is fine.  Errors: IO.
 */
bool tree_remove(const char *path, struct err *err) MUST_CHECK;

/*
 * Let the complete folder @from (same file system) take the name @to.  A
 * folder that has that name is replaced in one step (RENAME_EXCHANGE where
 * the file system has it) and removed.  Errors: IO.
 */
bool tree_replace(const char *from, const char *to,
		  struct err *err) MUST_CHECK;

/*
 * A lock between processes: an flock(2) on @path, created if need be.  Waits
 * until @timeout_ms has passed (error TIMEOUT).  *@fd is closed by the
 * caller (CLEANUP(close_fd)), which unlocks.
 */
bool file_lock(const char *path, int64_t timeout_ms, int *fd,
	       struct err *err) MUST_CHECK;

/* CLEANUP() for a file descriptor; -1 is none. */
void close_fd(int *fd);

/* "a/b" from "a" and "b"; the caller frees it. */
char *path_join(const char *dir, const char *name) MUST_CHECK;
/* The part behind the last slash; borrowed. */
const char *path_base(const char *path);

#endif
