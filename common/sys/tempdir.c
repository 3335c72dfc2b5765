#include "sys/tempdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "sys/file.h"

#define RANDOM_LEN strlen("XXXXXX") /* of mkdtemp(3) */

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Is that still the folder which is open as @fd? */
static bool is_still(const char *path, int fd)
{
	struct stat now, then;

	return lstat(path, &now) == 0 && fstat(fd, &then) == 0 &&
	       now.st_dev == then.st_dev && now.st_ino == then.st_ino;
}

/*
 * A sweep may come between the making of a folder and its locking; whoever
 * has the lock while the folder is there has it for good.
 */
static bool lock_new(struct tempdir *temp)
{
	const char *path = str_text(&temp->path);

	temp->lock = open_folder(path);
	if (temp->lock < 0)
		return false;
	if (flock(temp->lock, LOCK_EX | LOCK_NB) == 0)
		return is_still(path, temp->lock);
	return errno != EWOULDBLOCK;
}

bool tempdir_create(struct tempdir *temp, const char *parent,
		    const char *prefix, struct err *err)
{
	for (int i = 0; i < TEMPDIR_TRIES_MAX; i++) {
		if (!dir_create_temp(parent, prefix, &temp->path, err))
			return false;
		if (lock_new(temp))
			return true;
		tempdir_release(temp);
	}
	return err_set(err, ERR_IO,
		       "cannot keep a folder in '%s': others remove it",
		       parent);
}

/* --- what is left of others ------------------------------------------------ */

static bool is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_uid == geteuid();
}

static bool remove_dead(const char *path)
{
	CLEANUP(close_fd) int fd = open_folder(path);
	CLEANUP(err_release) struct err litter = {0};

	return fd >= 0 && is_ours(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	       is_still(path, fd) && tree_remove(path, &litter);
}

static bool has_form(const char *name, const char *prefix)
{
	const char *rest = after_prefix(name, prefix);

	return rest && *rest == '-' && strlen(rest + 1) == RANDOM_LEN;
}

static void list(const char *parent, const char *prefix, struct strvec *paths)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;

	if (!dir)
		return;
	while (paths->count < TEMPDIR_SWEEP_MAX && (entry = readdir(dir)))
		if (has_form(entry->d_name, prefix))
			strvec_add_take(paths,
					path_join(parent, entry->d_name));
	closedir(dir);
}

size_t tempdir_sweep(const char *parent, const char *prefix)
{
	CLEANUP(strvec_release) struct strvec paths = {0};
	size_t removed = 0;

	list(parent, prefix, &paths);
	for (size_t i = 0; i < paths.count; i++)
		removed += remove_dead(paths.items[i]);
	return removed;
}

bool tempdir_start(struct tempdir *temp, const char *parent, const char *prefix,
		   struct err *err)
{
	tempdir_sweep(parent, prefix);
	return tempdir_create(temp, parent, prefix, err);
}

void tempdir_release(struct tempdir *temp)
{
	if (!temp->path.len)
		return;
	dir_release_temp(&temp->path);
	close_fd(&temp->lock);
}
