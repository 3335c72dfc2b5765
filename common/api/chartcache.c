#include "api/chartcache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/hash.h"
#include "format/jsn.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/walk.h"

#define VERSION	      "v1"
#define BLOBS	      "blobs"
#define NAMES	      "names"
#define PRUNED	      "pruned" /* its time is that of the last pruning */
#define NAME_SIZE_MAX ((size_t)16 << 10)
#define USED_AGAIN_MS ((int64_t)3600 * 1000) /* told at most so often */

void chartcache_release(struct chartcache *cache)
{
	free(cache->dir);
	*cache = (struct chartcache){0};
}

void chartcache_name_release(struct chartcache_name *name)
{
	free(name->digest);
	free(name->etag);
	free(name->modified);
	*name = (struct chartcache_name){0};
}

/* --- where it is ----------------------------------------------------------- */

/* Ours alone: nobody else can put an index there that we would believe. */
static bool is_private(const char *dir)
{
	struct stat status;

	return lstat(dir, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && !(status.st_mode & 022);
}

static bool make(const char *dir, struct err *err)
{
	CLEANUP(free_ptr) char *blobs = path_join(dir, VERSION "/" BLOBS);
	CLEANUP(free_ptr) char *names = path_join(dir, VERSION "/" NAMES);

	if (mkdir(dir, 0700) < 0 && !dir_create_all(dir, err))
		return false;
	if (!dir_create_all(blobs, err) || !dir_create_all(names, err))
		return false;
	if (access(blobs, W_OK | X_OK) < 0 || access(names, W_OK | X_OK) < 0)
		return err_errno(err, "cannot write to '%s'", dir);
	return true;
}

/* Take @dir if it can be used; it is freed otherwise. */
static bool take(struct chartcache *cache, char *dir)
{
	CLEANUP(err_release) struct err unfit = {0};

	if (make(dir, &unfit) && is_private(dir)) {
		cache->dir = dir;
		return true;
	}
	log_debug("'%s' is no place for a cache: %s", dir,
		  unfit.text ? unfit.text : "others may write to it");
	free(dir);
	return false;
}

static bool take_below(struct chartcache *cache, const struct env *env,
		       const char *variable, const char *rest)
{
	const char *home = env_get(env, variable);

	return home && take(cache, path_join(home, rest));
}

bool chartcache_open(struct chartcache *cache, const char *dir,
		     const struct env *env, struct err *err)
{
	if (dir) {
		CLEANUP(err_release) struct err unfit = {0};

		cache->dir = xstrdup(dir);
		if (make(dir, &unfit) || file_is_dir(dir))
			return true; /* an image may bring one along */
		err_move(err, &unfit);
		return err_wrap(err, "cannot use cache '%s'", dir);
	}
	(void)(take_below(cache, env, "XDG_CACHE_HOME", "slipway") ||
	       take_below(cache, env, "HOME", ".cache/slipway") ||
	       take_below(cache, env, "WORKSPACE_TMP", "slipway-cache"));
	return true;
}

/* --- bytes by digest ------------------------------------------------------- */

/* "DIR/v1/blobs/9f86..."; the caller frees it. */
static char *path_of(const struct chartcache *cache, const char *what,
		     const char *hex)
{
	return xasprintf("%s/" VERSION "/%s/%s", cache->dir, what, hex);
}

/* Say that it was used; failing to is no matter. */
static void touch(const char *path)
{
	struct stat status;
	struct timespec now;

	if (stat(path, &status) < 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    (now.tv_sec - status.st_mtim.tv_sec) * 1000 < USED_AGAIN_MS)
		return;
	(void)utimensat(AT_FDCWD, path, NULL, 0);
}

static bool read_file(const char *path, size_t limit, struct str *bytes)
{
	CLEANUP(err_release) struct err unfit = {0};
	bool found = false;

	if (file_find_regular(path, limit, bytes, &found, &unfit))
		return found;
	log_debug("%s", unfit.text);
	return false;
}

bool chartcache_read(const struct chartcache *cache, const char *digest,
		     size_t limit, struct str *bytes)
{
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(free_ptr) char *path = NULL;
	size_t before = bytes->len;
	char hex[SHA256_HEX_SIZE];

	if (!cache->dir || !sha256_is_hex(digest))
		return false;
	path = path_of(cache, BLOBS, digest);
	if (!read_file(path, limit, bytes))
		return false;
	if (sha256_hex(str_text(bytes) + before, bytes->len - before, hex,
		       &unfit) &&
	    strcmp(hex, digest) == 0) {
		touch(path);
		return true;
	}
	log_debug("'%s' is damaged and goes", path);
	(void)unlink(path);
	str_truncate(bytes, before);
	return false;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	CLEANUP(err_release) struct err unfit = {0};

	if (!file_swap(path, bytes, len, 0600, &unfit))
		log_debug("not cached: %s", unfit.text);
}

void chartcache_write(const struct chartcache *cache, const char *digest,
		      const void *bytes, size_t len)
{
	CLEANUP(free_ptr) char *path = NULL;

	if (!cache->dir || !sha256_is_hex(digest))
		return;
	path = path_of(cache, BLOBS, digest);
	/* What is damaged there goes when it is read. */
	if (!file_exists(path))
		write_file(path, bytes, len);
}

/* --- names ----------------------------------------------------------------- */

static char *name_path(const struct chartcache *cache, const char *key)
{
	CLEANUP(err_release) struct err unfit = {0};
	char hex[SHA256_HEX_SIZE];

	if (!cache->dir || !sha256_hex(key, strlen(key), hex, &unfit))
		return NULL;
	return path_of(cache, NAMES, hex);
}

bool chartcache_find(const struct chartcache *cache, const char *key,
		     struct chartcache_name *name)
{
	CLEANUP(free_ptr) char *path = name_path(cache, key);
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *digest;

	if (!path || !read_file(path, NAME_SIZE_MAX, &text) ||
	    !jsn_parse(&json, str_text(&text), text.len, path, &unfit))
		return false;
	digest = jsn_text(json, "digest");
	if (!digest || !sha256_is_hex(digest))
		return false;
	*name = (struct chartcache_name){
		.digest = xstrdup(digest),
		.etag = xstrdup_or_null(jsn_text(json, "etag")),
		.modified = xstrdup_or_null(jsn_text(json, "modified")),
	};
	touch(path);
	return true;
}

void chartcache_remember(const struct chartcache *cache, const char *key,
			 const struct chartcache_name *name)
{
	CLEANUP(free_ptr) char *path = name_path(cache, key);
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(jsn_release) json_t *json = json_object();

	if (!path)
		return;
	jsn_set_text(json, "digest", name->digest);
	if (name->etag)
		jsn_set_text(json, "etag", name->etag);
	if (name->modified)
		jsn_set_text(json, "modified", name->modified);
	jsn_print(&text, json, false);
	write_file(path, str_text(&text), text.len);
}

/* --- what may stay --------------------------------------------------------- */

struct cached {
	char *path;
	uint64_t size;
	int64_t used_ms;
};

struct inventory {
	const char *root;
	struct cached *items;
	size_t count;
	size_t capacity;
	uint64_t bytes;
};

static void inventory_release(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		free(inventory->items[i].path);
	free(inventory->items);
}

static bool take_stock(void *context, const struct walk_entry *entry,
		       bool *descend, struct err *err)
{
	struct inventory *inventory = context;

	(void)descend;
	(void)err;
	if (entry->kind != WALK_FILE || strcmp(entry->path, PRUNED) == 0)
		return true;
	inventory->items =
		grow_array(inventory->items, inventory->count + 1,
			   sizeof(*inventory->items), &inventory->capacity);
	inventory->items[inventory->count++] = (struct cached){
		.path = path_join(inventory->root, entry->path),
		.size = entry->size,
		.used_ms = entry->mtime_ns / 1000000,
	};
	inventory->bytes += entry->size;
	return true;
}

static int by_use(const void *a, const void *b)
{
	const struct cached *left = a, *right = b;

	return (left->used_ms > right->used_ms) -
	       (left->used_ms < right->used_ms);
}

size_t chartcache_prune(const struct chartcache *cache,
			const struct chartcache_limits *limits, int64_t now_ms)
{
	CLEANUP(free_ptr) char *root = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(inventory_release) struct inventory inventory = {0};
	size_t removed = 0;

	if (!cache->dir)
		return 0;
	root = path_join(cache->dir, VERSION);
	inventory.root = root;
	if (!walk_tree(&(struct walk){.root = root,
				      .visit = take_stock,
				      .context = &inventory},
		       &unfit))
		log_debug("cache not seen as a whole: %s", unfit.text);
	qsort(inventory.items, inventory.count, sizeof(*inventory.items),
	      by_use);
	for (size_t i = 0; i < inventory.count; i++) {
		const struct cached *item = &inventory.items[i];

		if (item->used_ms >= now_ms - limits->age_ms &&
		    inventory.bytes <= limits->bytes)
			break;
		inventory.bytes -= item->size;
		removed += unlink(item->path) == 0;
	}
	return removed;
}

void chartcache_tidy(const struct chartcache *cache, int64_t now_ms)
{
	static const struct chartcache_limits limits = {CHARTCACHE_SIZE_MAX,
							CHARTCACHE_AGE_MS};
	CLEANUP(free_ptr) char *stamp = NULL;
	struct stat status;
	bool is_new;

	if (!cache->dir)
		return;
	stamp = path_join(cache->dir, VERSION "/" PRUNED);
	is_new = stat(stamp, &status) < 0;
	if (!is_new &&
	    now_ms - status.st_mtim.tv_sec * 1000 < CHARTCACHE_PRUNE_MS)
		return;
	write_file(stamp, "", 0);
	if (!is_new)
		(void)chartcache_prune(cache, &limits, now_ms);
}
