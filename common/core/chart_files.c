/* The files of a chart, out of a folder or an archive; hostile until read. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "core/checkout.h"
#include "core/helmignore.h"
#include "format/gzip.h"
#include "format/tar.h"
#include "sys/file.h"
#include "sys/walk.h"

#define NANOSECONDS  1000000000
#define BOM	     "\xef\xbb\xbf"
#define EXTENDED_MAX ((size_t)1 << 20) /* in extended headers */
#define TAIL_MAX     ((size_t)1 << 20) /* behind the end of an archive */

static bool take_file(struct chart_loader *loader, struct chart_files *files,
		      const struct chart_file *file, struct err *err)
{
	loader->bytes += file->len;
	if (loader->bytes > CHART_TREE_SIZE_MAX)
		return err_set(err, ERR_INPUT,
			       "its files with those of its subcharts are "
			       "larger than %zu bytes",
			       CHART_TREE_SIZE_MAX);
	if (++loader->files > CHART_FILES_MAX)
		return err_set(err, ERR_INPUT, "it has more than %d files",
			       CHART_FILES_MAX);
	files->items = arena_grow(loader->arena, files->items, files->count + 1,
				  sizeof(*file), &files->capacity);
	files->items[files->count++] = *file;
	return true;
}

/* Copy the content into the arena, without a byte order mark. */
static bool add_file(struct chart_loader *loader, struct chart_files *files,
		     const char *name, const char *bytes, size_t len,
		     int64_t mtime, struct err *err)
{
	struct chart_file file = {.mtime = mtime};

	if (len >= 3 && !memcmp(bytes, BOM, 3)) {
		bytes += 3;
		len -= 3;
	}
	file.name = arena_strdup(loader->arena, name);
	file.bytes = arena_memdupz(loader->arena, bytes, len);
	file.len = len;
	return take_file(loader, files, &file, err);
}

/* --- folders ------------------------------------------------------------- */

struct folder {
	struct chart_loader *loader;
	struct chart_files *files;
	const char *root;
	char *real; /* the same without links; NULL = not known */
	struct helmignore ignore;
	size_t bytes;
};

static void folder_release(struct folder *folder)
{
	helmignore_release(&folder->ignore);
	free(folder->real);
}

/* To the nearest second, as Go's archive/tar does. */
static int64_t to_seconds(int64_t nanoseconds)
{
	int64_t half_up = nanoseconds + NANOSECONDS / 2;
	int64_t seconds = half_up / NANOSECONDS;

	return seconds - (half_up % NANOSECONDS < 0);
}

/* Also one that stays in the chart may lead into its .git. */
static bool take_link(struct folder *folder, const struct walk_entry *entry,
		      const char *path, struct err *err)
{
	struct chart_loader *loader = folder->loader;
	struct chart_links *links = &loader->links;
	CLEANUP(free_ptr) char *target = walk_real(entry);

	/* One that is gone by now is found missing when it is read. */
	if (!target)
		return !loader->checkout ||
		       err_errno(err, "cannot follow link '%s'", path);
	if (!checkout_check_link(loader->checkout, path, target, err))
		return false;
	if (!folder->real || path_is_within(target, folder->real))
		return true;
	links->items = arena_grow(loader->arena, links->items, links->count + 1,
				  sizeof(*links->items), &links->capacity);
	links->items[links->count++] = (struct chart_link){
		.name = arena_strdup(loader->arena, entry->path),
		.target = arena_strdup(loader->arena, target),
	};
	return true;
}

static bool visit(void *context, const struct walk_entry *entry, bool *descend,
		  struct err *err)
{
	struct folder *folder = context;
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *path = path_join(folder->root, entry->path);

	if (folder->loader->checkout && !strcmp(entry->name, ".git")) {
		*descend = false;
		return true;
	}
	/* Also where it is left out, as with Helm. */
	if (entry->kind == WALK_LINK)
		return err_set(err, ERR_INPUT,
			       "cannot read '%s': the link leads nowhere",
			       path);
	if (helmignore_has(&folder->ignore, entry->path,
			   entry->kind == WALK_DIR)) {
		*descend = false;
		return true;
	}
	if (entry->is_link && !take_link(folder, entry, path, err))
		return false;
	if (entry->kind == WALK_DIR)
		return true;
	if (entry->kind != WALK_FILE)
		return err_set(err, ERR_INPUT, "'%s' is not a regular file",
			       entry->path);
	if (!file_read_regular(path, CHART_SIZE_MAX, &text, err))
		return false;
	folder->bytes += text.len;
	if (folder->bytes > CHART_SIZE_MAX)
		return err_set(err, ERR_INPUT,
			       "its files are larger than %zu bytes",
			       CHART_SIZE_MAX);
	return add_file(folder->loader, folder->files, entry->path,
			str_text(&text), text.len, to_seconds(entry->mtime_ns),
			err);
}

bool chart_read_folder(struct chart_loader *loader, const char *path,
		       struct chart_files *files, struct err *err)
{
	CLEANUP(folder_release) struct folder folder = {
		.loader = loader,
		.files = files,
		.root = path,
		.real = realpath(path, NULL),
	};
	CLEANUP(free_ptr) char *ignore = path_join(path, ".helmignore");
	const struct walk walk = {.root = path,
				  .follow_links = true,
				  .visit = visit,
				  .context = &folder};

	return checkout_check(loader->checkout, ignore, err) &&
	       helmignore_read(&folder.ignore, path, err) &&
	       walk_tree(&walk, err);
}

/* --- archives ------------------------------------------------------------ */

static bool is_drive(const char *name)
{
	return ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z') &&
	       name[1] == ':' && name[2] == '/';
}

/* Is ".." all of @path, or its last part? */
static bool ends_outside(const struct str *path)
{
	return ends_with(str_text(path), "/..") ||
	       !strcmp(str_text(path), "..");
}

static void add_part(struct str *path, const char *part, size_t len)
{
	const char *slash;

	if (!len || (len == 1 && *part == '.'))
		return;
	if (len == 2 && starts_with(part, "..") && path->len &&
	    !ends_outside(path)) {
		slash = strrchr(str_text(path), '/');
		str_truncate(path, slash ? (size_t)(slash - path->buf) : 0);
		return;
	}
	if (path->len)
		str_add_char(path, '/');
	str_add_bytes(path, part, len);
}

/* Go's path.Clean() of what does not begin with a slash. */
static void clean_path(struct str *out, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		add_part(out, path, len);
		path += len + (path[len] == '/');
	}
}

static bool is_outside(const char *name, struct err *err)
{
	(void)err_set(err, ERR_INPUT,
		      "member '%s' is outside of the chart's folder", name);
	return false;
}

/*
 * The name below the archive's one folder: "web/a/./b" gives "a/b".  Windows
 * writes "\" between the parts.
 */
static bool clean_name(struct str *out, const char *name, struct err *err)
{
	char separator = strchr(name, '\\') ? '\\' : '/';
	const char *end = strchrnul(name, separator);
	CLEANUP(str_release) struct str rest = {0};

	if (starts_with(name, CHART_FILE) && end == name + strlen(CHART_FILE))
		return err_set(err, ERR_INPUT,
			       "Chart.yaml is not in a folder of the archive");
	str_add(&rest, *end ? end + 1 : "");
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.buf[i] == separator)
			rest.buf[i] = '/';
	}
	if (*str_text(&rest) == '/')
		return is_outside(name, err);
	clean_path(out, str_text(&rest));
	/* Helm refuses "..x" as well. */
	if (!out->len || starts_with(str_text(out), ".."))
		return is_outside(name, err);
	if (is_drive(str_text(out)))
		return err_set(err, ERR_INPUT, "member '%s' has a bad name",
			       name);
	return true;
}

/* Links and devices come as the empty files that they are in the archive. */
static bool add_member(struct chart_loader *loader, struct chart_files *files,
		       const struct tar_member *member, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};

	return member->kind == TAR_DIR ||
	       (clean_name(&name, member->name, err) &&
		add_file(loader, files, str_text(&name), member->bytes,
			 member->len, member->mtime, err));
}

static bool too_large(struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "it expands to more than a chart may hold");
}

/* What may be unpacked in all, for what the outermost archives take. */
static size_t unpack_max(const struct chart_loader *loader)
{
	size_t most = CHART_UNPACK_RATIO * loader->packed;

	return most > loader->unpack_min ? most : loader->unpack_min;
}

static bool spend(struct chart_loader *loader, size_t len, struct err *err)
{
	if (len > unpack_max(loader) - loader->unpacked)
		return err_set(err, ERR_INPUT,
			       "unpacked it passes %zu bytes, the most that "
			       "%zu compressed ones may become (%d times as "
			       "many, %zu at least)",
			       unpack_max(loader), loader->packed,
			       CHART_UNPACK_RATIO, loader->unpack_min);
	loader->unpacked += len;
	return true;
}

struct survey {
	struct chart_loader loader; /* as it will be then */
	struct tar_survey seen;
};

static bool look_at(void *context, const char *part, size_t len, bool *enough,
		    struct err *err)
{
	struct survey *survey = context;
	struct tar_survey *seen = &survey->seen;

	if (!spend(&survey->loader, len, err) ||
	    !tar_survey_push(seen, part, len, err))
		return false;
	if (seen->members > CHART_FILES_MAX)
		return err_set(err, ERR_INPUT, "it has more than %d files",
			       CHART_FILES_MAX);
	if (seen->bytes >= CHART_SIZE_MAX + EXTENDED_MAX ||
	    seen->behind > TAIL_MAX)
		return too_large(err);
	*enough = seen->ended;
	return true;
}

/* Is it more than we are ready to hold?  Found out without holding it. */
static bool survey_archive(const struct chart_loader *loader, const void *bytes,
			   size_t len, struct err *err)
{
	struct survey survey = {.loader = *loader};
	size_t left = unpack_max(loader) - loader->unpacked;

	return len <= left / GZIP_EXPANSION_MAX ||
	       gzip_each(bytes, len, CHART_TAR_MAX, look_at, &survey, err);
}

struct expansion {
	struct str *tar;
	struct tar_survey seen;
};

static bool keep(void *context, const char *part, size_t len, bool *enough,
		 struct err *err)
{
	struct expansion *expansion = context;

	str_add_bytes(expansion->tar, part, len);
	if (!tar_survey_push(&expansion->seen, part, len, err))
		return false;
	*enough = expansion->seen.ended;
	return true;
}

bool chart_expand(struct str *tar, const void *bytes, size_t len, size_t limit,
		  struct err *err)
{
	CLEANUP(err_release) struct err unfit = {0};
	struct expansion expansion = {.tar = tar};
	size_t before = tar->len;

	/* Most have nothing behind their end, and that is the faster way. */
	if (gzip_expand(tar, bytes, len, limit, &unfit) ||
	    gzip_each(bytes, len, limit, keep, &expansion, err))
		return true;
	str_truncate(tar, before);
	return false;
}

bool chart_read_archive(struct chart_loader *loader, const void *bytes,
			size_t len, struct chart_files *files, struct err *err)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	CLEANUP(str_release) struct str tar = {0};
	size_t total = 0;

	if (!survey_archive(loader, bytes, len, err) ||
	    !chart_expand(&tar, bytes, len, CHART_TAR_MAX, err) ||
	    !spend(loader, tar.len, err))
		return false;
	reader.bytes = str_text(&tar);
	reader.len = tar.len;
	for (;;) {
		struct tar_member member;
		bool found;

		if (!tar_next(&reader, &member, &found, err))
			return false;
		if (!found)
			break;
		total += member.len;
		if (total >= CHART_SIZE_MAX)
			return too_large(err);
		if (!add_member(loader, files, &member, err))
			return false;
	}
	return files->count || err_set(err, ERR_INPUT, "no files in it");
}
