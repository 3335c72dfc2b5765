#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "sys/file_parts.h"
#include "sys/signals.h"

#define READ_CHUNK   ((size_t)64 << 10)
#define WRITE_CHUNK  ((size_t)4 << 20)
#define LOCK_POLL_MS 50

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- names --------------------------------------------------------------- */

char *path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);
	bool slash = len && dir[len - 1] != '/';

	return xasprintf("%s%s%s", dir, slash ? "/" : "", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_within(const char *path, const char *dir)
{
	const char *rest = after_prefix(path, dir);

	return rest && (!*rest || *rest == '/' || ends_with(dir, "/"));
}

char *path_parent(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	return len ? xmemdupz(path, len) : xstrdup(".");
}

bool file_exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_is_regular(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* --- reading ------------------------------------------------------------- */

static bool input_errno(struct err *err, const char *verb, const char *path)
{
	err_errno(err, "cannot %s '%s'", verb, path);
	err->kind = ERR_INPUT;
	return false;
}

static bool fits(const struct str *text, size_t more, size_t limit)
{
	size_t most = text->limit ? text->limit : STR_LIMIT_DEFAULT;

	return more <= limit && more <= most - text->len;
}

/*
 * Read what is left, into the room that @text has, and into more if it has
 * none.  @size bytes of a read that could have given more are all of a regular
 * file; 0 = its size is not known.
 */
static bool read_all(int fd, const char *path, size_t size, size_t limit,
		     struct str *text, struct err *err)
{
	size_t before = text->len;

	for (;;) {
		size_t room;
		ssize_t got;

		if (text->capacity < text->len + 2)
			str_reserve(text, READ_CHUNK);
		room = text->capacity - text->len - 1;
		got = read(fd, text->buf + text->len, room);
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR && !signals_noted())
			continue;
		if (got > 0 &&
		    fits(text, (size_t)got, limit - (text->len - before))) {
			text->len += (size_t)got;
			text->buf[text->len] = '\0';
			if ((size_t)got == size && size < room)
				return true;
			continue;
		}
		str_truncate(text, before);
		if (signals_interrupted(err))
			return false;
		if (got < 0)
			return input_errno(err, "read", path);
		return err_set(err, ERR_INPUT,
			       "cannot read '%s': it is over the limit of %zu "
			       "bytes",
			       path, limit);
	}
}

bool file_read_fd(int fd, const char *path, size_t limit, struct str *text,
		  struct err *err)
{
	return read_all(fd, path, 0, limit, text, err);
}

static bool read_known(int fd, const char *path, const struct stat *info,
		       size_t limit, struct str *text, struct err *err)
{
	size_t size = (size_t)info->st_size;

	if (info->st_size < 0 || size > limit || !S_ISREG(info->st_mode))
		size = 0;
	/* At once, and one byte more, which shows the end. */
	if (size)
		str_reserve(text, size + 1);
	return read_all(fd, path, size, limit, text, err);
}

static bool read_opened(int fd, const char *path, size_t limit,
			struct str *text, struct err *err)
{
	struct stat info = {0};

	if (fd < 0)
		return input_errno(err, "open", path);
	if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
		errno = EISDIR;
		return input_errno(err, "read", path);
	}
	return read_known(fd, path, &info, limit, text, err);
}

/*
 * What is no regular file might be waited for, to open or to end.  *@fd is -1
 * where there is nothing of that name.
 */
static bool open_regular(const char *path, int *fd, struct stat *info,
			 struct err *err)
{
	CLEANUP(close_fd) int opened =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*fd = -1;
	if (opened < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       input_errno(err, "open", path);
	if (fstat(opened, info) != 0)
		return input_errno(err, "read", path);
	if (S_ISDIR(info->st_mode)) {
		errno = EISDIR;
		return input_errno(err, "read", path);
	}
	if (!S_ISREG(info->st_mode))
		return err_set(err, ERR_INPUT,
			       "cannot read '%s': it is no regular file", path);
	*fd = opened;
	opened = -1;
	return true;
}

bool file_read_at(int dirfd, const char *name, size_t limit, struct str *text,
		  struct err *err)
{
	CLEANUP(close_fd) int fd =
		openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return read_opened(fd, name, limit, text, err);
}

bool file_read(const char *path, size_t limit, struct str *text,
	       struct err *err)
{
	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, "standard input", limit, text,
				    err);
	return file_read_at(AT_FDCWD, path, limit, text, err);
}

bool file_read_regular(const char *path, size_t limit, struct str *text,
		       struct err *err)
{
	bool found;

	if (strcmp(path, "-") == 0)
		return file_read(path, limit, text, err);
	if (!file_find_regular(path, limit, text, &found, err))
		return false;
	errno = ENOENT;
	return found || input_errno(err, "open", path);
}

bool file_check(const char *path, struct err *err)
{
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
		return input_errno(err, "open", path);
	if (!file_is_dir(path))
		return true;
	errno = EISDIR;
	return input_errno(err, "read", path);
}

/* The clock of a file system, or of another machine, may be so coarse. */
#define SETTLED_MS 3000

char *file_identity(const char *path, bool *settled)
{
	CLEANUP(close_fd) int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;
	int64_t age;

	/* Opening makes a network file system ask its server. */
	if (fd < 0 || fstat(fd, &info) != 0)
		return NULL;
	age = clock_now_ms() - (int64_t)info.st_mtim.tv_sec * 1000;
	*settled = age > SETTLED_MS;
	return xasprintf("%llx-%llx-%llx-%llx.%lx-%llx.%lx",
			 (unsigned long long)info.st_dev,
			 (unsigned long long)info.st_ino,
			 (unsigned long long)info.st_size,
			 (unsigned long long)info.st_mtim.tv_sec,
			 info.st_mtim.tv_nsec,
			 (unsigned long long)info.st_ctim.tv_sec,
			 info.st_ctim.tv_nsec);
}

bool file_each_piece(const char *path,
		     bool (*take)(void *context, const char *bytes, size_t len,
				  struct err *err),
		     void *context, bool *found, struct err *err)
{
	CLEANUP(free_ptr) char *piece = xmalloc(READ_CHUNK);
	CLEANUP(close_fd) int fd = -1;
	struct stat info;

	if (!open_regular(path, &fd, &info, err))
		return false;
	*found = fd >= 0;
	if (!*found)
		return true;
	for (;;) {
		ssize_t got = read(fd, piece, READ_CHUNK);

		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR && !signals_noted())
			continue;
		if (signals_interrupted(err))
			return false;
		if (got < 0)
			return input_errno(err, "read", path);
		if (!take(context, piece, (size_t)got, err))
			return false;
	}
}

bool file_find(const char *path, size_t limit, struct str *text, bool *found,
	       struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*found = false;
		return true;
	}
	if (!read_opened(fd, path, limit, text, err))
		return false;
	*found = true;
	return true;
}

bool file_find_regular(const char *path, size_t limit, struct str *text,
		       bool *found, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	struct stat info;

	if (!open_regular(path, &fd, &info, err) ||
	    (fd >= 0 && !read_known(fd, path, &info, limit, text, err)))
		return false;
	*found = fd >= 0;
	return true;
}

/* --- writing ------------------------------------------------------------- */

/* How far content has to be on its way to the disk. */
enum flush {
	FLUSH_LATER,  /* as the system likes */
	FLUSH_BEGUN,  /* fsync() will have little to wait for */
	FLUSH_WAITED, /* it is there */
};

/* Only a hint: what it cannot start, fsync() does. */
static void begin_flush(int fd)
{
	(void)!sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* What is to be waited for goes to the disk while the rest is written. */
static bool write_all(int fd, const char *bytes, size_t len, enum flush flush)
{
	while (len) {
		size_t chunk = len < WRITE_CHUNK ? len : WRITE_CHUNK;
		ssize_t written = write(fd, bytes, chunk);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		len -= (size_t)written;
		if (len && flush == FLUSH_WAITED)
			begin_flush(fd);
	}
	return true;
}

/* Write, flush and close @fd; errno tells what failed. */
static bool write_and_close(int fd, const void *bytes, size_t len,
			    enum flush flush)
{
	bool ok = write_all(fd, bytes, len, flush) &&
		  (flush != FLUSH_WAITED || fsync(fd) == 0);
	int number = errno;

	if (flush == FLUSH_BEGUN)
		begin_flush(fd);
	/* What close() says counts: NFS reports a full disk there. */
	if (close(fd) < 0)
		return false;
	errno = number;
	return ok;
}

bool file_write(const char *path, const void *bytes, size_t len, mode_t mode,
		struct err *err)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW |
			      O_NOCTTY,
		      mode);

	if (fd < 0 || !write_and_close(fd, bytes, len, FLUSH_BEGUN))
		return err_errno(err, "cannot write '%s'", path);
	return true;
}

bool sync_fd(int fd)
{
	return fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
}

int open_dir_at(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void temp_name(char name[TEMP_NAME_SIZE])
{
	snprintf(name, TEMP_NAME_SIZE, ".slipway-%016llx.tmp",
		 (unsigned long long)random_number());
}

bool is_temp_name(const char *name)
{
	const char *digits = after_prefix(name, ".slipway-");

	return digits && strspn(digits, "0123456789abcdef") == 16 &&
	       strcmp(digits + 16, ".tmp") == 0;
}

/* The content under a temporary name in @dirfd; false: errno, and no file. */
static bool write_temp(int dirfd, char name[TEMP_NAME_SIZE], const void *bytes,
		       size_t len, mode_t mode, enum flush flush)
{
	int fd, number;

	do {
		temp_name(name);
		fd = openat(dirfd, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return false;
	if (write_and_close(fd, bytes, len, flush))
		return true;
	number = errno;
	unlinkat(dirfd, name, 0);
	errno = number;
	return false;
}

/* rename() that fails with EEXIST; by link() where there is no such flag. */
static bool rename_new(int dirfd, const char *from, const char *to)
{
	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (linkat(dirfd, from, dirfd, to, 0) < 0)
		return false;
	unlinkat(dirfd, from, 0);
	return true;
}

/* Who may not read what is replaced may not read what is on its way, either. */
static mode_t least_mode(const char *old, mode_t mode)
{
	struct stat info;

	if (lstat(old, &info) == 0 && S_ISREG(info.st_mode))
		return mode & info.st_mode;
	return mode;
}

static bool rename_over(int dirfd, const char *from, const char *to)
{
	return renameat(dirfd, from, dirfd, to) == 0;
}

/* Who may read and write what is replaced may do so after. */
static void keep_mode(int dirfd, const char *old, const char *new)
{
	struct stat info;

	if (fstatat(dirfd, old, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(info.st_mode))
		(void)!fchmodat(dirfd, new, info.st_mode & 0777, 0);
}

static bool replace(int dirfd, const char *from, const char *to)
{
	keep_mode(dirfd, to, from);
	return rename_over(dirfd, from, to);
}

/*
 * Write @path by way of a temporary name which @place turns into the last
 * one.  False: errno is set and nothing is left behind.
 */
static bool write_by(bool (*place)(int dirfd, const char *from, const char *to),
		     const char *path, const void *bytes, size_t len,
		     mode_t mode, enum flush flush)
{
	CLEANUP(free_ptr) char *parent = path_parent(path);
	CLEANUP(close_fd) int dirfd = open_dir_at(AT_FDCWD, parent);
	char temp[TEMP_NAME_SIZE];
	int number;

	if (dirfd < 0 || !write_temp(dirfd, temp, bytes, len, mode, flush))
		return false;
	if (place(dirfd, temp, path_base(path)))
		return flush != FLUSH_WAITED || sync_fd(dirfd);
	number = errno;
	unlinkat(dirfd, temp, 0);
	errno = number;
	return false;
}

bool file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
		  struct err *err)
{
	bool shared = mode == FILE_SHARED;

	if (!write_by(shared ? replace : rename_over, path, bytes, len,
		      shared ? least_mode(path, mode) : mode, FLUSH_WAITED))
		return err_errno(err, "cannot write '%s'", path);
	return true;
}

bool file_swap(const char *path, const void *bytes, size_t len, mode_t mode,
	       struct err *err)
{
	if (!write_by(rename_over, path, bytes, len, mode, FLUSH_LATER))
		return err_errno(err, "cannot write '%s'", path);
	return true;
}

bool file_create(const char *path, const void *bytes, size_t len, mode_t mode,
		 bool *created, struct err *err)
{
	if (write_by(rename_new, path, bytes, len, mode, FLUSH_WAITED)) {
		*created = true;
		return true;
	}
	if (errno != EEXIST)
		return err_errno(err, "cannot create '%s'", path);
	*created = false;
	return true;
}

/* --- locks --------------------------------------------------------------- */

bool file_lock(const char *path, int64_t timeout_ms, int *fd, struct err *err)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	CLEANUP(close_fd) int lock =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	if (lock < 0 && errno == EACCES)
		lock = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (lock < 0)
		return err_errno(err, "cannot open lock '%s'", path);
	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (signals_interrupted(err))
			return false;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(err, "cannot lock '%s'", path);
		if (clock_monotonic_ms() >= until)
			return err_set(err, ERR_TIMEOUT,
				       "cannot lock '%s': another process "
				       "holds it",
				       path);
		signals_sleep_ms(LOCK_POLL_MS);
	}
	*fd = lock;
	lock = -1;
	return true;
}
