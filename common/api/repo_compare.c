/* What of a folder is not as a commit has it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/repo.h"
#include "api/repo_git2.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/file.h"

#define LINK_MODE 0120000

struct comparison {
	git_repository *repo;
	char *dir;	       /* the folder */
	const char *work_tree; /* ends in a slash */
	const char *below;     /* the folder below that; "" = all of it */
	git_object *root;      /* the commit's tree */
	git_object *tree;      /* the folder in it; NULL = none */
	struct map read; /* the files that were; NULL = a folder of some */
	struct strvec modules; /* folders of submodules */
	struct repo_changes changes;
};

/* A file that was read, and whether the commit has something of its name. */
struct read_file {
	const struct repo_file *file;
	bool found;
};

static void comparison_release(struct comparison *comparison)
{
	free(comparison->dir);
	repo_release_object(&comparison->root);
	repo_release_object(&comparison->tree);
	map_release(&comparison->read);
	strvec_release(&comparison->modules);
	repo_changes_release(&comparison->changes);
}

static void release_entry(git_tree_entry **entry)
{
	if (*entry)
		git.tree_entry_free(*entry);
}

/* The same path below the work tree; NULL: it is not in there. */
static const char *below_work_tree(const struct comparison *comparison,
				   const char *path)
{
	size_t len = strlen(comparison->work_tree) - 1;

	if (strncmp(path, comparison->work_tree, len) != 0)
		return NULL;
	if (!path[len])
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

/* Has a filter that we do not run, or an encoding, come between the two? */
static bool is_converted(const struct comparison *comparison, const char *path)
{
	static const char *const attributes[] = {"filter",
						 "working-tree-encoding"};

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		const char *value = NULL;

		if (git.attr_get(&value, comparison->repo, 0, path,
				 attributes[i]) == 0 &&
		    git.attr_value(value) == GIT_ATTR_VALUE_STRING)
			return true;
	}
	return false;
}

/*
 * Is @file, which lies at @path below the work tree, what @oid names?  What is
 * not the same byte for byte may still become it on its way into a commit:
 * line ends, a byte order mark that was dropped here.
 */
static bool is_same(const struct comparison *comparison,
		    const struct repo_file *file, const char *path,
		    const git_oid *oid)
{
	CLEANUP(free_ptr) char *whole =
		xasprintf("%s%s", comparison->work_tree, path);
	git_oid hash;

	if (git.odb_hash(&hash, file->bytes, file->len, GIT_OBJECT_BLOB) == 0 &&
	    git.oid_equal(&hash, oid))
		return true;
	if (is_converted(comparison, path))
		return true;
	return git.repository_hashfile(&hash, comparison->repo, whole,
				       GIT_OBJECT_BLOB, path) == 0 &&
	       git.oid_equal(&hash, oid);
}

static bool is_ignored(const struct comparison *comparison, const char *path)
{
	int ignored = 0;

	return git.ignore_path_is_ignored(&ignored, comparison->repo, path) ==
		       0 &&
	       ignored;
}

/* --- what the commit has -------------------------------------------------- */

static bool is_there(const struct comparison *comparison, const char *name)
{
	CLEANUP(free_ptr) char *path = path_join(comparison->dir, name);
	struct stat status;

	return lstat(path, &status) == 0;
}

static void look_at_file(struct comparison *comparison, struct read_file *read,
			 const git_tree_entry *entry)
{
	CLEANUP(free_ptr) char *path =
		path_join(comparison->below, read->file->name);

	/* What a link leads to is another entry. */
	if (git.tree_entry_filemode(entry) == LINK_MODE)
		return;
	read->found = true;
	if (!is_same(comparison, read->file, path, git.tree_entry_id(entry)))
		strvec_add(&comparison->changes.changed, read->file->name);
}

/* Of a folder, goes into it (0) only where some of it was read. */
static int look_at_entry(const char *folder, const git_tree_entry *entry,
			 void *context)
{
	struct comparison *comparison = context;
	CLEANUP(free_ptr) char *name =
		xasprintf("%s%s", folder, git.tree_entry_name(entry));
	struct read_file *read = map_get(&comparison->read, name);

	if (git.tree_entry_type(entry) == GIT_OBJECT_COMMIT)
		strvec_addf(&comparison->modules, "%s/", name);
	if (read) {
		look_at_file(comparison, read, entry);
		return 1;
	}
	if (map_has(&comparison->read, name))
		return 0;
	if (!is_there(comparison, name))
		strvec_add(&comparison->changes.missing, name);
	return 1;
}

/* --- what it has not ------------------------------------------------------ */

static bool is_in_module(const struct comparison *comparison, const char *name)
{
	for (size_t i = 0; i < comparison->modules.count; i++) {
		if (starts_with(name, comparison->modules.items[i]))
			return true;
	}
	return false;
}

/* It was read through a link, or it is new. */
static bool is_elsewhere(const struct comparison *comparison,
			 const struct repo_file *file)
{
	CLEANUP(release_entry) git_tree_entry *entry = NULL;
	CLEANUP(free_ptr) char *named = path_join(comparison->dir, file->name);
	CLEANUP(free_ptr) char *real = realpath(named, NULL);
	const char *path = real ? below_work_tree(comparison, real) : NULL;

	if (!path)
		return true;
	if (git.tree_entry_bypath(&entry, (git_tree *)comparison->root, path) <
	    0)
		return is_ignored(comparison, path);
	return is_same(comparison, file, path, git.tree_entry_id(entry));
}

static void look_at_rest(struct comparison *comparison,
			 const struct read_file *reads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct repo_file *file = reads[i].file;

		if (!reads[i].found && !is_in_module(comparison, file->name) &&
		    !is_elsewhere(comparison, file))
			strvec_add(&comparison->changes.changed, file->name);
	}
}

/* --- the whole ------------------------------------------------------------ */

static bool find_place(struct comparison *comparison, const struct repo *repo,
		       const char *dir, struct err *err)
{
	comparison->repo = repo->handle;
	comparison->work_tree = git.repository_workdir(repo->handle);
	comparison->dir = realpath(dir, NULL);
	if (comparison->work_tree && comparison->dir)
		comparison->below =
			below_work_tree(comparison, comparison->dir);
	return comparison->below ||
	       err_set(err, ERR_NOT_FOUND, "'%s' is not in the work tree", dir);
}

/* Whatever else stands there is no folder. */
static int find_folder(struct comparison *comparison)
{
	CLEANUP(release_entry) git_tree_entry *entry = NULL;
	int code = git.tree_entry_bypath(&entry, (git_tree *)comparison->root,
					 comparison->below);

	if (code == GIT_ENOTFOUND ||
	    (code == 0 && git.tree_entry_type(entry) != GIT_OBJECT_TREE))
		return 0;
	if (code < 0)
		return code;
	return git.tree_entry_to_object(&comparison->tree, comparison->repo,
					entry);
}

static bool find_tree(struct comparison *comparison, const git_oid *commit,
		      struct err *err)
{
	CLEANUP(repo_release_object) git_object *object = NULL;
	int code = git.object_lookup(&object, comparison->repo, commit,
				     GIT_OBJECT_COMMIT);

	if (code == 0)
		code = git.object_peel(&comparison->root, object,
				       GIT_OBJECT_TREE);
	if (code < 0)
		return repo_fail(code, err, "read the files of", "the commit");
	if (!*comparison->below)
		code = git.object_dup(&comparison->tree, comparison->root);
	else
		code = find_folder(comparison);
	return code == 0 ||
	       repo_fail(code, err, "read the folder", comparison->below);
}

/* The file, and the folders that it is in. */
static void note_read(struct comparison *comparison, struct read_file *read)
{
	CLEANUP(free_ptr) char *folder = xstrdup(read->file->name);
	char *slash;

	map_put(&comparison->read, folder, read);
	while ((slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (map_has(&comparison->read, folder))
			break;
		map_put(&comparison->read, folder, NULL);
	}
}

bool repo_compare(const struct repo *repo, const char *commit, const char *dir,
		  const struct repo_file *files, size_t count,
		  struct repo_changes *changes, struct err *err)
{
	CLEANUP(comparison_release) struct comparison comparison = {0};
	CLEANUP(free_ptr) struct read_file *reads =
		xcalloc(count, sizeof(*reads));
	git_oid oid;
	int code = 0;

	if (!find_place(&comparison, repo, dir, err) ||
	    !repo_resolve(repo, commit, &oid, err) ||
	    !find_tree(&comparison, &oid, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		reads[i].file = &files[i];
		note_read(&comparison, &reads[i]);
	}
	if (comparison.tree)
		code = git.tree_walk((git_tree *)comparison.tree,
				     GIT_TREEWALK_PRE, look_at_entry,
				     &comparison);
	if (code < 0)
		return repo_fail(code, err, "read the folder",
				 comparison.below);
	look_at_rest(&comparison, reads, count);
	strvec_sort(&comparison.changes.changed);
	*changes = comparison.changes;
	comparison.changes = (struct repo_changes){0};
	return true;
}

void repo_changes_release(struct repo_changes *changes)
{
	strvec_release(&changes->changed);
	strvec_release(&changes->missing);
}
