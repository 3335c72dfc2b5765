/* An umbrella as it is read from its folder. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/checkout.h"
#include "core/helmignore.h"
#include "flow/chartdir.h"
#include "flow/umbrella.h"
#include "sys/file.h"
#include "sys/walk.h"

bool umbrella_find_dir(const char *given, char **dir, struct err *err)
{
	static const char *const usual[] = {"umbrella", "deploy", ".", NULL};

	if (!given)
		return chartdir_find(usual, CHARTDIR_CURE, dir, err);
	if (!chart_is_in(given))
		return err_set(err, ERR_INPUT, "'%s' is no umbrella: %s", given,
			       file_is_dir(given)   ? "it has no " CHART_FILE
			       : file_exists(given) ? "it is no folder"
						    : "it is not there");
	*dir = xstrdup(given);
	return true;
}

/* A folder, by whatever path; 0 = not there. */
struct place {
	dev_t device;
	ino_t inode;
};

struct reading {
	struct umbrella *umbrella;
	struct helmignore ignore;
	char *root;	       /* without links, as the next one */
	char *output;	       /* where this run writes; NULL = nowhere yet */
	struct place written;  /* the same */
	struct place rendered; /* where runs write by default */
	size_t total;
};

static void reading_release(struct reading *reading)
{
	helmignore_release(&reading->ignore);
	free(reading->root);
	free(reading->output);
}

static bool check_link(const struct reading *reading,
		       const struct walk_entry *entry, const char *path,
		       struct err *err)
{
	CLEANUP(free_ptr) char *target = walk_real(entry);

	return target ? checkout_check_link(reading->umbrella->checkout, path,
					    target, err)
		      : err_errno(err, "cannot follow link '%s'", path);
}

static bool read_file(struct reading *reading, const char *full,
		      const char *path, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!file_read_regular(full, UMBRELLA_FILE_MAX, &text, err))
		return false;
	reading->total += text.len;
	if (reading->total > UMBRELLA_TOTAL_MAX)
		return err_set(err, ERR_INPUT,
			       "umbrella '%s' is too large: over %zu MiB",
			       reading->umbrella->dir,
			       UMBRELLA_TOTAL_MAX >> 20);
	umbrella_put(reading->umbrella, path, &text);
	return true;
}

static bool is_at(const struct walk_entry *entry, const struct place *place)
{
	return place->inode && entry->inode == place->inode &&
	       entry->device == place->device;
}

/* What is no part of the chart: git's own, other runs' output. */
static bool is_foreign(const struct reading *reading,
		       const struct walk_entry *entry)
{
	if (!strcmp(entry->name, ".git") ||
	    starts_with(entry->name, UMBRELLA_TEMPORARY))
		return true;
	return entry->kind == WALK_DIR && (is_at(entry, &reading->written) ||
					   is_at(entry, &reading->rendered));
}

static bool visit(void *context, const struct walk_entry *entry, bool *descend,
		  struct err *err)
{
	struct reading *reading = context;
	bool is_dir = entry->kind == WALK_DIR;
	CLEANUP(free_ptr) char *full =
		path_join(reading->umbrella->dir, entry->path);

	if (is_foreign(reading, entry) ||
	    helmignore_has(&reading->ignore, entry->path, is_dir)) {
		*descend = false;
		return true;
	}
	if (entry->kind == WALK_LINK)
		return err_set(err, ERR_INPUT,
			       "cannot follow link '%s': it leads nowhere",
			       full);
	if (entry->is_link && !check_link(reading, entry, full, err))
		return false;
	if (is_dir)
		return true;
	if (entry->kind == WALK_OTHER)
		return err_set(err, ERR_INPUT, "'%s' is no regular file", full);
	return read_file(reading, full, entry->path, err);
}

/* Helm would not see what .helmignore leaves out. */
static bool read_ignore(struct reading *reading, struct err *err)
{
	CLEANUP(free_ptr) char *path =
		path_join(reading->umbrella->dir, ".helmignore");
	CLEANUP(str_release) struct str text = {0};

	if (!file_exists(path))
		return true;
	return checkout_check(reading->umbrella->checkout, path, err) &&
	       file_read_regular(path, UMBRELLA_FILE_MAX, &text, err) &&
	       helmignore_parse(&reading->ignore, str_text(&text), text.len,
				path, err);
}

/* Links in front of what is not there yet are resolved, too. */
static char *real_output(const char *output_dir)
{
	char *real = realpath(output_dir, NULL);
	const char *base = path_base(output_dir);
	CLEANUP(free_ptr) char *parent = path_parent(output_dir);
	CLEANUP(free_ptr) char *real_parent = NULL;

	if (real)
		return real;
	real_parent = realpath(parent, NULL);
	return real_parent ? path_join(real_parent, base) : NULL;
}

static struct place find_place(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0)
		return (struct place){0};
	return (struct place){.device = info.st_dev, .inode = info.st_ino};
}

bool umbrella_read(struct umbrella *umbrella, const char *dir,
		   const char *output_dir, struct err *err)
{
	CLEANUP(umbrella_release) struct umbrella fresh = {.dir = xstrdup(dir)};
	CLEANUP(reading_release) struct reading reading = {
		.umbrella = &fresh,
		.root = realpath(dir, NULL),
		.output = real_output(output_dir),
		.written = find_place(output_dir),
		.rendered = find_place(UMBRELLA_OUTPUT),
	};
	const struct walk walk = {.root = dir,
				  .follow_links = true,
				  .visit = visit,
				  .context = &reading};

	if (!reading.root)
		return err_errno(err, "cannot read umbrella '%s'", dir);
	if (!checkout_find(dir, NULL, &fresh.checkout, err))
		return err_wrap(err, "cannot read umbrella '%s'", dir);
	if (!fresh.checkout)
		fresh.checkout = xstrdup(reading.root);
	if (reading.output && path_is_within(reading.root, reading.output))
		return err_set(err, ERR_USAGE,
			       "cannot write to '%s': it would replace the "
			       "umbrella",
			       output_dir);
	if (!read_ignore(&reading, err) || !walk_tree(&walk, err))
		return err_wrap(err, "cannot read umbrella '%s'", dir);
	if (!umbrella_find(&fresh, CHART_FILE))
		return err_set(err, ERR_INPUT,
			       "'%s' is no umbrella: it has no " CHART_FILE,
			       dir);
	umbrella_release(umbrella);
	*umbrella = fresh;
	fresh = (struct umbrella){0};
	return true;
}
