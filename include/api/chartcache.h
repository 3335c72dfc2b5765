/*
 * What was downloaded before: charts and indexes by the SHA-256 of their
 * bytes, and by name what was found there last.
 *
 *	DIR/v1/blobs/9f86d081...    bytes of that digest
 *	DIR/v1/names/4e07408562...  digest and validators, for a key's hash
 *
 * The folders are flat: file systems find one name among 100,000 as fast as
 * among 100, and a folder for each two digits would cost more than the file.
 *
 * Shared by any number of runs at once: a file is written aside and renamed,
 * and its digest is looked at on every read; what has another one is removed
 * and counts as not there.  A cache is a help, never a condition: what cannot
 * be read is not there, what cannot be written is left out.
 */
#ifndef API_CHARTCACHE_H
#define API_CHARTCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct env;
struct err;

#define CHARTCACHE_SIZE_MAX ((uint64_t)1 << 30)		     /* bytes kept */
#define CHARTCACHE_AGE_MS   ((int64_t)30 * 24 * 3600 * 1000) /* not used */
#define CHARTCACHE_PRUNE_MS ((int64_t)3600 * 1000)	     /* how often */

struct chartcache {
	char *dir; /* NULL = none */
};

/*
 * The cache in @dir; NULL: XDG_CACHE_HOME/slipway, ~/.cache/slipway or
 * WORKSPACE_TMP/slipway-cache (Jenkins'), the first that can be made and that
 * nobody else may write to.  None of these is fine.
 * A given folder in which we cannot write is only read from.
 * Errors: IO (@dir was given, is not there and cannot be made).
 */
bool chartcache_open(struct chartcache *cache, const char *dir,
		     const struct env *env, struct err *err) MUST_CHECK;

/*
 * Append the bytes of @digest (hex), at most @limit.  False: they are not
 * there.
 */
bool chartcache_read(const struct chartcache *cache, const char *digest,
		     size_t limit, struct str *bytes) MUST_CHECK;

/* Keep @bytes, whose digest the caller has computed. */
void chartcache_write(const struct chartcache *cache, const char *digest,
		      const void *bytes, size_t len);

/* What a name stood for; all owned, NULL = not told. */
struct chartcache_name {
	char *digest;
	char *etag;
	char *modified; /* Last-Modified, as the server wrote it */
};

/*
 * @key is any text that tells apart all that is cached, such as "index" and
 * an address; only its hash is kept.  False: nothing is known.
 */
bool chartcache_find(const struct chartcache *cache, const char *key,
		     struct chartcache_name *name) MUST_CHECK;
void chartcache_remember(const struct chartcache *cache, const char *key,
			 const struct chartcache_name *name);

/* What may stay, by size and by time since it was last used. */
struct chartcache_limits {
	uint64_t bytes;
	int64_t age_ms;
};

/*
 * Remove what was not used for too long, then the longest unused until the
 * rest fits.  Gives the number of files removed.
 */
size_t chartcache_prune(const struct chartcache *cache,
			const struct chartcache_limits *limits, int64_t now_ms);

/* The same with the limits above, if CHARTCACHE_PRUNE_MS have passed. */
void chartcache_tidy(const struct chartcache *cache, int64_t now_ms);

void chartcache_name_release(struct chartcache_name *name);
void chartcache_release(struct chartcache *cache);

#endif
