/*
 * Files: read whole, replaced atomically, created once, temporary folders.
 *
 * Local-file rule: content goes to a temporary name in the same folder
 * (O_EXCL, O_CLOEXEC), is written, fsynced and closed with every result
 * checked, then takes its name with rename() or link(), and the folder is
 * fsynced.  A crash leaves the old state or the new, never a part; what it
 * may leave beside is a file named .slipway-<16 hex digits>.tmp.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct env;
struct err;
struct str;

/* Nesting of folders that tree_remove() and tree_replace() go down to. */
#define TREE_DEPTH_MAX 256

/*
 * Append the content of @path to @text, at most @limit bytes.  "-" is
 * standard input.
 * Errors: INPUT (missing, unreadable, a folder, over @limit), INTERRUPTED.
 */
bool file_read(const char *path, size_t limit, struct str *text,
	       struct err *err) MUST_CHECK;

/*
 * file_read() for what a chart or a repository is made of: anything but a
 * regular file, such as a pipe, which might be waited for without end, is
 * INPUT.
 */
bool file_read_regular(const char *path, size_t limit, struct str *text,
		       struct err *err) MUST_CHECK;

/* file_read() from the open @fd; @name is shown in errors. */
bool file_read_fd(int fd, const char *name, size_t limit, struct str *text,
		  struct err *err) MUST_CHECK;

/*
 * Could @path be read?  Nothing is: of a pipe all is left for who reads it.
 * Errors: INPUT (missing, unreadable, a folder).
 */
bool file_check(const char *path, struct err *err) MUST_CHECK;

/*
 * file_read() for a file that need not be there: *@found tells.  Errors:
 * INPUT (unreadable, a folder, over @limit).
 */
bool file_find(const char *path, size_t limit, struct str *text, bool *found,
	       struct err *err) MUST_CHECK;

/* The same for a regular file; what else has that name is INPUT. */
bool file_find_regular(const char *path, size_t limit, struct str *text,
		       bool *found, struct err *err) MUST_CHECK;

/*
 * What tells this state of the file from every later one: device, inode,
 * size, times; NULL if there is no such file.  The caller frees it.  *@settled
 * is false where the file is so young that a later state could have the same.
 */
char *file_identity(const char *path, bool *settled) MUST_CHECK;

/*
 * Hand the content of @path to @take in pieces, none of it kept; *@found is
 * false if there is no such file.  Errors: INPUT (unreadable, no regular
 * file), INTERRUPTED,
 * and what @take sets by giving false.
 */
bool file_each_piece(const char *path,
		     bool (*take)(void *context, const char *bytes, size_t len,
				  struct err *err),
		     void *context, bool *found, struct err *err) MUST_CHECK;

/* file_read() below the open folder @dirfd; @name is shown in errors. */
bool file_read_at(int dirfd, const char *name, size_t limit, struct str *text,
		  struct err *err) MUST_CHECK;

/*
 * Give @path the content @bytes, atomically; @mode as for open(2), the umask
 * applies.  With FILE_SHARED a file that is there keeps its mode.  Errors: IO.
 */
#define FILE_SHARED 0666
bool file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
		  struct err *err) MUST_CHECK;

/*
 * file_replace() without fsync, for content that is checked whenever it is
 * read: after a crash of the machine it may be there in part.
 */
bool file_swap(const char *path, const void *bytes, size_t len, mode_t mode,
	       struct err *err) MUST_CHECK;

/*
 * Write @path in place, for files in a folder that is not yet anybody's, such
 * as one that tree_replace() will put in its place: they are on their way to
 * the disk when that waits for them, so that all cost one commit of a journal
 * rather than one each.  A link of that name is refused.  Errors: IO.
 */
bool file_write(const char *path, const void *bytes, size_t len, mode_t mode,
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

/* One that can be read again, unlike a pipe?  Links are followed. */
bool file_is_regular(const char *path);

/* Is it a folder that can be read, with nothing in it? */
bool dir_is_empty(const char *path);

/* May files be made in it, or it be made itself?  As access(2) knows. */
bool dir_is_writable(const char *path);

/*
 * Remove from @dir what runs that were killed left of files on their way to a
 * name: temporary files not touched for FILE_TEMP_OLD_S.  As far as may be.
 */
#define FILE_TEMP_OLD_S 3600
void dir_sweep_temp(const char *dir);

/* mkdir -p.  Errors: IO. */
bool dir_create_all(const char *path, struct err *err) MUST_CHECK;

/*
 * Where temporary folders go: TMPDIR, else /tmp, else the working directory;
 * the first that is a folder in which we may write.  Borrowed from @env.
 */
const char *dir_for_temp(const struct env *env);

/*
 * A new folder of mode 0700 below @parent, named after @prefix; @path gets
 * its name.  Errors: IO.
 *
 *	CLEANUP(dir_release_temp) struct str temp = {0};
 */
bool dir_create_temp(const char *parent, const char *prefix, struct str *path,
		     struct err *err) MUST_CHECK;

/* Remove the folder with all that is in it, if there is one, and its name. */
void dir_release_temp(struct str *path);

/*
 * Remove @path with all that is below it, not following links.  Nothing
 * there is fine.  Errors: IO.
 */
bool tree_remove(const char *path, struct err *err) MUST_CHECK;

/*
 * Let the complete folder @from (same file system) take the name @to, after
 * all that is in it was fsynced.  A folder that has that name is replaced in
 * one step (RENAME_EXCHANGE; where the file system lacks it, in two) and
 * removed.  Errors: IO.
 */
bool tree_replace(const char *from, const char *to, struct err *err) MUST_CHECK;

/*
 * A lock between processes: an flock(2) on @path, created if need be.  Waits
 * until @timeout_ms has passed (error TIMEOUT) or a signal arrives (error
 * INTERRUPTED).  A lock that another user made need not be writable.  *@fd is
 * closed by the caller, which unlocks:
 *
 *	CLEANUP(close_fd) int lock = -1;
 */
bool file_lock(const char *path, int64_t timeout_ms, int *fd, struct err *err)
	MUST_CHECK;

/* CLEANUP() for a file descriptor; -1 is none. */
void close_fd(int *fd);

/* "a/b" from "a" (or "a/") and "b", "b" from "" and "b"; free() it. */
char *path_join(const char *dir, const char *name) MUST_CHECK;
/*
 * The folder that @path, which may end in a slash, is in: "a/" of "a/b", "."
 * of "b"; free() it.
 */
char *path_parent(const char *path) MUST_CHECK;
/* The part behind the last slash; borrowed. */
const char *path_base(const char *path);
/* Is @path @dir, or below it?  By their letters alone. */
bool path_is_within(const char *path, const char *dir);

#endif
