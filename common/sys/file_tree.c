/* Folders, with all that is in them. */

#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/file_parts.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

bool dir_is_writable(const char *path)
{
	CLEANUP(free_ptr) char *parent = NULL;

	if (access(path, W_OK | X_OK) == 0)
		return file_is_dir(path);
	if (errno != ENOENT)
		return false;
	parent = path_parent(path);
	return strcmp(parent, path) != 0 && dir_is_writable(parent);
}

/* --- made ---------------------------------------------------------------- */

/* mkdir() with the folders above it, from the first that is there. */
static bool make_dir(const char *path, bool *made)
{
	CLEANUP(free_ptr) char *parent = NULL;

	*made = mkdir(path, 0777) == 0;
	if (!*made && errno == ENOENT) {
		parent = path_parent(path);
		if (strcmp(parent, path) == 0 || !make_dir(parent, made))
			return false;
		*made = mkdir(path, 0777) == 0;
	}
	return *made || errno == EEXIST;
}

bool dir_create_all(const char *path, struct err *err)
{
	bool made;

	if (!make_dir(path, &made))
		return err_errno(err, "cannot create folder '%s'", path);
	if (!made && !file_is_dir(path)) {
		errno = ENOTDIR;
		return err_errno(err, "cannot create folder '%s'", path);
	}
	return true;
}

static bool is_writable_dir(const char *path)
{
	return path && file_is_dir(path) && access(path, W_OK | X_OK) == 0;
}

const char *dir_for_temp(const struct env *env)
{
	const char *named = env_get(env, "TMPDIR");

	if (is_writable_dir(named))
		return named;
	return is_writable_dir("/tmp") ? "/tmp" : ".";
}

bool dir_create_temp(const char *parent, const char *prefix, struct str *path,
		     struct err *err)
{
	CLEANUP(free_ptr) char *stem = path_join(parent, prefix);
	CLEANUP(free_ptr) char *name = xasprintf("%s-XXXXXX", stem);

	if (!mkdtemp(name))
		return err_errno(err, "cannot create a folder in '%s'", parent);
	str_clear(path);
	str_add(path, name);
	return true;
}

void dir_release_temp(struct str *path)
{
	struct err err = {0};

	if (path->len && !tree_remove(str_text(path), &err))
		err_release(&err); /* litter is no reason to fail */
	str_release(path);
}

/* --- removed ------------------------------------------------------------- */

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next name in @dir but "." and ".."; NULL with errno 0 at the end. */
static const char *next_name(DIR *dir)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && is_dots(entry->d_name));
	return entry ? entry->d_name : NULL;
}

bool dir_is_empty(const char *path)
{
	CLEANUP(close_dir) DIR *dir = opendir(path);

	return dir && !next_name(dir) && errno == 0;
}

static void sweep_temp(int dirfd, const char *name)
{
	struct stat info;

	if (is_temp_name(name) &&
	    fstatat(dirfd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(info.st_mode) &&
	    time(NULL) - info.st_mtime > FILE_TEMP_OLD_S)
		(void)!unlinkat(dirfd, name, 0);
}

void dir_sweep_temp(const char *path)
{
	CLEANUP(close_dir) DIR *dir = opendir(path);
	const char *name;

	while (dir && (name = next_name(dir)))
		sweep_temp(dirfd(dir), name);
}

/* The folder @fd for next_name(), which closes it. */
static DIR *dir_of(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

/* Open @name for next_name(), never through a link. */
static DIR *open_for_names(int dirfd, const char *name)
{
	return dir_of(openat(dirfd, name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

static bool remove_at(int parent, const char *name, unsigned int depth)
{
	CLEANUP(close_dir) DIR *dir = NULL;
	const char *inner;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	if (depth == TREE_DEPTH_MAX) {
		errno = ELOOP;
		return false;
	}
	dir = open_for_names(parent, name);
	if (!dir)
		return errno == ENOENT;
	while ((inner = next_name(dir))) {
		if (!remove_at(dirfd(dir), inner, depth + 1))
			return false;
	}
	if (errno)
		return false;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

bool tree_remove(const char *path, struct err *err)
{
	if (!remove_at(AT_FDCWD, path, 0))
		return err_errno(err, "cannot remove '%s'", path);
	return true;
}

/* --- replaced ------------------------------------------------------------ */

static bool sync_at(int parent, const char *name, unsigned int depth);

static bool sync_inside(int folder, unsigned int depth)
{
	CLEANUP(close_dir) DIR *dir = dir_of(folder);
	const char *inner;

	if (!dir)
		return false;
	while ((inner = next_name(dir))) {
		if (!sync_at(dirfd(dir), inner, depth + 1))
			return false;
	}
	return errno == 0;
}

/* fsync() @name and all below it. */
static bool sync_at(int parent, const char *name, unsigned int depth)
{
	CLEANUP(close_fd) int fd = openat(
		parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;
	int folder;

	if (fd < 0) /* links have no content of their own */
		return errno == ELOOP || errno == ENXIO;
	if (!sync_fd(fd) || depth == TREE_DEPTH_MAX || fstat(fd, &info) < 0)
		return false;
	if (!S_ISDIR(info.st_mode))
		return true;
	folder = fd;
	fd = -1;
	return sync_inside(folder, depth);
}

static bool sync_parent(const char *path)
{
	CLEANUP(free_ptr) char *parent = path_parent(path);
	CLEANUP(close_fd) int dirfd = open_dir_at(AT_FDCWD, parent);

	return dirfd >= 0 && sync_fd(dirfd);
}

/* Two renames, for file systems that cannot exchange names. */
static bool move_aside_and_replace(const char *from, const char *to)
{
	CLEANUP(free_ptr) char *parent = path_parent(to);
	CLEANUP(free_ptr) char *aside = NULL;
	char name[TEMP_NAME_SIZE];
	int number;

	temp_name(name);
	aside = path_join(parent, name);
	if (rename(to, aside) < 0)
		return false;
	if (rename(from, to) == 0)
		return rename(aside, from) == 0;
	number = errno;
	if (rename(aside, to) < 0)
		return false;
	errno = number;
	return false;
}

/* Afterwards @from is what @to was, if anything. */
static bool exchange(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
		return true;
	if (errno == ENOENT && !file_exists(to))
		return rename(from, to) == 0;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (!file_exists(to))
		return rename(from, to) == 0;
	return move_aside_and_replace(from, to);
}

bool tree_replace(const char *from, const char *to, struct err *err)
{
	if (!sync_at(AT_FDCWD, from, 0) || !exchange(from, to) ||
	    !sync_parent(to))
		return err_errno(err, "cannot write folder '%s'", to);
	return tree_remove(from, err);
}
