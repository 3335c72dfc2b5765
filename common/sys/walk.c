#include "sys/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/file.h"

/* One folder on the way from the root to where we are. */
struct walk_level {
	struct walk_level *outer;
	const char *name; /* in the outer one; of the root its path */
	char *real;	  /* without links, NULL = nobody has asked */
	int fd;
	unsigned int depth;
	dev_t device;
	ino_t inode;
};

struct walker {
	const struct walk *walk;
	struct str path; /* of the current entry, below the root */
	size_t entries;
};

static bool walk_level(struct walker *walker, struct walk_level *level,
		       struct err *err);

static void walk_level_release(struct walk_level *level)
{
	close_fd(&level->fd);
	free(level->real);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static bool fail_at(const struct walker *walker, const char *why,
		    struct err *err)
{
	return err_set(err, ERR_INPUT, "cannot read '%s%s%s': %s",
		       walker->walk->root, walker->path.len ? "/" : "",
		       str_text(&walker->path), why);
}

static bool read_names(const struct walk_level *level, struct strvec *names)
{
	CLEANUP(close_dir) DIR *dir = NULL;
	const struct dirent *entry;
	int fd = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return false;
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		/* One more than allowed is enough to see that. */
		if (names->count > WALK_ENTRIES_MAX)
			break;
		strvec_add(names, entry->d_name);
	}
	if (errno)
		return false;
	strvec_sort(names);
	return true;
}

static enum walk_kind kind_of(mode_t mode)
{
	if (S_ISREG(mode))
		return WALK_FILE;
	if (S_ISDIR(mode))
		return WALK_DIR;
	return S_ISLNK(mode) ? WALK_LINK : WALK_OTHER;
}

static bool is_loop(const struct walk_level *level, const struct stat *info)
{
	for (; level; level = level->outer) {
		if (level->device == info->st_dev &&
		    level->inode == info->st_ino)
			return true;
	}
	return false;
}

static bool descend(struct walker *walker, struct walk_level *outer,
		    const char *name, struct err *err)
{
	CLEANUP(walk_level_release) struct walk_level level = {
		.outer = outer, .name = name, .depth = outer->depth + 1};
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct stat info;

	if (!walker->walk->follow_links)
		flags |= O_NOFOLLOW;
	level.fd = openat(outer->fd, name, flags);
	if (level.fd < 0 || fstat(level.fd, &info) < 0)
		return fail_at(walker, strerror(errno), err);
	if (is_loop(outer, &info))
		return fail_at(walker, "a link leads back to its own folder",
			       err);
	if (outer->depth == WALK_DEPTH_MAX)
		return fail_at(walker, "folders are nested too deep", err);
	level.device = info.st_dev;
	level.inode = info.st_ino;
	return walk_level(walker, &level, err);
}

static bool leads_nowhere(int number)
{
	return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

/* The status of @name, by its link's target if wanted; ENOENT: it went. */
static bool look_at(const struct walker *walker, const struct walk_level *level,
		    const char *name, struct stat *info, bool *is_link,
		    bool *gone, struct err *err)
{
	struct stat target;

	*is_link = *gone = false;
	if (fstatat(level->fd, name, info, AT_SYMLINK_NOFOLLOW) < 0) {
		*gone = errno == ENOENT;
		return *gone || fail_at(walker, strerror(errno), err);
	}
	*is_link = S_ISLNK(info->st_mode);
	if (!*is_link || !walker->walk->follow_links)
		return true;
	if (fstatat(level->fd, name, &target, 0) == 0)
		*info = target;
	else if (!leads_nowhere(errno))
		return fail_at(walker, strerror(errno), err);
	return true;
}

static bool visit(struct walker *walker, struct walk_level *level,
		  const char *name, struct err *err)
{
	struct stat info;
	struct walk_entry entry;
	bool enter, is_link, gone;

	if (!look_at(walker, level, name, &info, &is_link, &gone, err))
		return false;
	if (gone)
		return true;
	if (++walker->entries > WALK_ENTRIES_MAX)
		return fail_at(walker, "too many files", err);
	entry = (struct walk_entry){
		.path = str_text(&walker->path),
		.name = name,
		.kind = kind_of(info.st_mode),
		.size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0,
		.mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 +
			    info.st_mtim.tv_nsec,
		.is_link = is_link,
		.device = info.st_dev,
		.inode = info.st_ino,
		.level = level,
	};
	enter = entry.kind == WALK_DIR;
	if (!walker->walk->visit(walker->walk->context, &entry, &enter, err))
		return false;
	if (entry.kind != WALK_DIR || !enter)
		return true;
	return descend(walker, level, name, err);
}

static bool walk_level(struct walker *walker, struct walk_level *level,
		       struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	size_t before = walker->path.len;

	if (!read_names(level, &names))
		return fail_at(walker, strerror(errno), err);
	for (size_t i = 0; i < names.count; i++) {
		if (before)
			str_add_char(&walker->path, '/');
		str_add(&walker->path, names.items[i]);
		if (!visit(walker, level, names.items[i], err))
			return false;
		str_truncate(&walker->path, before);
	}
	return true;
}

bool walk_tree(const struct walk *walk, struct err *err)
{
	CLEANUP(walk_level_release) struct walk_level root = {
		.name = walk->root,
		.fd = open(walk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};
	struct walker walker = {.walk = walk};
	struct stat info;
	bool ok;

	if (root.fd < 0 || fstat(root.fd, &info) < 0)
		return fail_at(&walker, strerror(errno), err);
	root.device = info.st_dev;
	root.inode = info.st_ino;
	ok = walk_level(&walker, &root, err);
	str_release(&walker.path);
	return ok;
}

static char *real_below(struct walk_level *level, const char *name);

static const char *real_of(struct walk_level *level)
{
	if (!level->real)
		level->real = level->outer
				      ? real_below(level->outer, level->name)
				      : realpath(level->name, NULL);
	return level->real;
}

static char *real_below(struct walk_level *level, const char *name)
{
	const char *folder = real_of(level);
	CLEANUP(free_ptr) char *path = folder ? path_join(folder, name) : NULL;

	return path ? realpath(path, NULL) : NULL;
}

char *walk_real(const struct walk_entry *entry)
{
	return real_below(entry->level, entry->name);
}
