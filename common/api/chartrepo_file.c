#include "api/chartrepo_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "core/checkout.h"
#include "format/hash.h"
#include "sys/file.h"
#include "sys/walk.h"

static bool open_dir(struct chartrepo *repo, const char *path,
		     const struct chartrepo_config *config, struct err *err)
{
	CLEANUP(str_release) struct str dir = {0};

	(void)config;
	if (*path != '/' || !url_decode(&dir, path, strlen(path)))
		return err_set(err, ERR_INPUT,
			       "'%s' names no folder: it must be of the form "
			       "file:///dir",
			       repo->address);
	repo->dir = str_detach(&dir);
	return true;
}

static bool find_file(struct chartrepo *repo, const char *relative,
		      struct chartrepo_place *place, struct err *err)
{
	CLEANUP(str_release) struct str path = {0};

	if (!chartrepo_decode_within(repo, relative, &path, err))
		return false;
	place->name = path_join(repo->dir, str_text(&path));
	return checkout_check(repo->checkout, place->name, err);
}

static bool read_file(const struct chartrepo_place *place, size_t limit,
		      struct str *bytes, struct err *err)
{
	bool found;

	if (!file_find_regular(place->name, limit, bytes, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "there is no file '%s'",
				place->name);
}

static char *index_path(const struct chartrepo *repo)
{
	return path_join(repo->dir, CHARTREPO_INDEX);
}

/* Where it is a link, what is written is the file that the link leads to. */
static char *index_file(const char *path)
{
	char *file = realpath(path, NULL);

	return file ? file : xstrdup(path);
}

static bool add_piece(void *context, const char *bytes, size_t len,
		      struct err *err)
{
	return sha256_add(context, bytes, len, err);
}

static bool add_digest(struct str *out, const char *path, struct err *err)
{
	struct sha256 sha256;
	char digest[SHA256_HEX_SIZE];
	bool found;

	if (!sha256_start(&sha256, err) ||
	    !file_each_piece(path, add_piece, &sha256, &found, err) ||
	    !sha256_end_hex(&sha256, digest, err))
		return false;
	str_add(out, digest);
	return true;
}

/*
 * The state of a file: its identity, and where that cannot tell it from a
 * later one, the digest of its bytes.  *@state is NULL if there is none.
 */
static bool find_state(const char *path, bool with_digest, char **state,
		       struct err *err)
{
	CLEANUP(free_ptr) char *identity = NULL;
	CLEANUP(str_release) struct str text = {0};
	bool settled;

	identity = file_identity(path, &settled);
	*state = NULL;
	if (!identity)
		return true;
	str_addf(&text, "%s ", identity);
	if ((with_digest || !settled) && !add_digest(&text, path, err))
		return false;
	*state = str_detach(&text);
	return true;
}

/* The state is taken first: what changes while we read is another one. */
static bool read_index(struct chartrepo *repo,
		       const struct chartrepo_index *known,
		       struct chartrepo_index *index, struct err *err)
{
	CLEANUP(free_ptr) char *path = index_path(repo);

	(void)known;
	if (!checkout_check(repo->checkout, path, err) ||
	    !find_state(path, false, &index->token, err))
		return false;
	return file_find_regular(path, CHARTINDEX_SIZE_MAX, &index->text,
				 &index->found, err);
}

/* Is the index still in the state of @index?  It is not read into memory. */
static bool is_same(const char *path, const struct chartrepo_index *index,
		    bool *same, struct err *err)
{
	CLEANUP(free_ptr) char *state = NULL;
	bool with_digest = index->token && !ends_with(index->token, " ");

	if (!find_state(path, with_digest, &state, err))
		return false;
	/* A young file may have settled, its state is still the same. */
	if (state && index->token && !with_digest)
		state[strcspn(state, " ") + 1] = '\0';
	*same = same_text(index->token, state);
	return true;
}

/* Under the lock nobody else of us writes; what is there is compared. */
static bool swap_index(struct chartrepo *repo,
		       const struct chartrepo_index *index, const char *text,
		       size_t len, enum chartrepo_outcome *outcome,
		       bool *unclear, struct err *err)
{
	CLEANUP(free_ptr) char *path = index_path(repo);
	CLEANUP(free_ptr) char *file = NULL;
	CLEANUP(free_ptr) char *lock_path =
		path_join(repo->dir, CHARTREPO_LOCK);
	CLEANUP(close_fd) int lock = -1;
	bool same;

	(void)unclear;
	if (!dir_create_all(repo->dir, err) ||
	    !file_lock(lock_path, CHARTREPO_LOCK_MS, &lock, err))
		return false;
	dir_sweep_temp(repo->dir);
	if (!is_same(path, index, &same, err))
		return false;
	if (!same) {
		*outcome = CHARTREPO_NOT_MET;
		return true;
	}
	file = index_file(path);
	if (!file_replace(file, text, len, 0666, err))
		return false;
	*outcome = CHARTREPO_WRITTEN;
	return true;
}

static bool put_file(struct chartrepo *repo, const struct chartrepo_put *put,
		     const char *name, enum chartrepo_outcome *outcome,
		     struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(repo->dir, name);
	bool created = true;

	if (!dir_create_all(repo->dir, err))
		return false;
	if (put->replace ? !file_replace(path, put->bytes, put->len, 0666, err)
			 : !file_create(path, put->bytes, put->len, 0666,
					&created, err))
		return false;
	*outcome = created ? CHARTREPO_WRITTEN : CHARTREPO_NOT_MET;
	return true;
}

static bool put_chart(struct chartrepo *repo, const struct chartrepo_put *put,
		      enum chartrepo_outcome *outcome, bool *unclear,
		      struct err *err)
{
	(void)unclear;
	return put_file(repo, put, chart_file_name(put->chart), outcome, err);
}

static bool put_provenance(struct chartrepo *repo,
			   const struct chartrepo_put *put,
			   enum chartrepo_outcome *outcome, struct err *err)
{
	CLEANUP(free_ptr) char *name =
		xasprintf("%s.prov", chart_file_name(put->chart));

	return put_file(repo, put, name, outcome, err);
}

struct lister {
	bool (*each)(void *context, const struct chartrepo_object *object,
		     struct err *err);
	void *context;
};

static bool give_object(void *context, const struct walk_entry *entry,
			bool *descend, struct err *err)
{
	const struct lister *lister = context;
	CLEANUP(free_ptr) char *state = NULL;
	struct chartrepo_object object;

	(void)descend;
	if (entry->kind != WALK_FILE)
		return true;
	state = xasprintf("%" PRId64, entry->mtime_ns);
	object = (struct chartrepo_object){
		.name = entry->path,
		.state = state,
		.size = (int64_t)entry->size,
		.modified_s = entry->mtime_ns / 1000000000,
	};
	object.age_s = clock_now_ms() / 1000 - object.modified_s;
	return lister->each(lister->context, &object, err);
}

static bool list_objects(struct chartrepo *repo,
			 bool (*each)(void *context,
				      const struct chartrepo_object *object,
				      struct err *err),
			 void *context, struct err *err)
{
	struct lister lister = {each, context};
	const struct walk walk = {
		.root = repo->dir,
		.follow_links = true,
		.visit = give_object,
		.context = &lister,
	};

	return (access(repo->dir, F_OK) < 0 && errno == ENOENT) ||
	       walk_tree(&walk, err);
}

static bool put_any(struct chartrepo *repo, const char *name, const char *bytes,
		    size_t len, struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(repo->dir, name);
	CLEANUP(free_ptr) char *folder =
		xmemdupz(path, (size_t)(strrchr(path, '/') - path));

	return dir_create_all(folder, err) &&
	       file_replace(path, bytes, len, 0666, err);
}

static bool remove_objects(struct chartrepo *repo, const struct strvec *names,
			   struct err *err)
{
	for (size_t i = 0; i < names->count; i++) {
		CLEANUP(free_ptr) char *path =
			path_join(repo->dir, names->items[i]);

		if (unlink(path) && errno != ENOENT)
			return err_errno(err, "cannot remove '%s'", path);
	}
	return true;
}

const struct chartrepo_kind chartrepo_file = {
	.open = open_dir,
	.find = find_file,
	.read = read_file,
	.read_index = read_index,
	.swap_index = swap_index,
	.list_objects = list_objects,
	.put_object = put_any,
	.remove_objects = remove_objects,
	.put_chart = put_chart,
	.put_provenance = put_provenance,
};
