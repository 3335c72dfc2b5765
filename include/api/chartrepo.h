/*
 * A chart repository: its index, its charts, over file://, s3:// or http(s).
 *
 *	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
 *	CLEANUP(chartrepo_index_release) struct chartrepo_index index = {0};
 *
 *	if (!chartrepo_open(&repo, "s3://charts/stable", &config, err) ||
 *	    !chartrepo_read_index(&repo, &index, err))
 *		return false;
 *	... the changed text ...
 *	if (!chartrepo_swap_index(&repo, &index, text, len, &outcome, err))
 *
 * Writing an index is compare-and-swap: it happens only if the index is
 * still the one that was read.  For file:// that is a lock file beside it
 * and an atomic replacement; for s3:// a conditional write.  http(s):// is
 * for reading.
 */
#ifndef API_CHARTREPO_H
#define API_CHARTREPO_H

#include <stdbool.h>
#include <stddef.h>

#include "api/s3.h"
#include "base/attr.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"

struct env;
struct err;
struct reporter;

#define CHARTREPO_LOCK_MS 60000 /* waiting for another publisher's lock */
#define CHARTREPO_LOCK	  ".index.lock"
#define CHARTREPO_INDEX	  "index.yaml"

struct chartrepo_kind; /* private: what a kind of repository does */

struct chartrepo {
	const struct chartrepo_kind *kind;
	char *address;	/* as given, without a slash at the end */
	char *dir;	/* of file:// */
	struct url url; /* of http(s):// */
	struct s3 s3;
	char *prefix;	   /* of s3://: "" or "stable/" */
	struct http *http; /* borrowed; NULL for file:// */
};

/*
 * Understand @address.  @http is opened by the caller and borrowed; it may be
 * NULL for file://.  Errors: USAGE (a scheme that is not spoken: oci://, with
 * a hint), INPUT (not an address).
 */
bool chartrepo_open(struct chartrepo *repo, const char *address,
		    struct http *http, const struct env *env, struct err *err)
	MUST_CHECK;

/* Does this address need an HTTP client? */
bool chartrepo_needs_http(const char *address);

/* The index, and which state of it that is. */
struct chartrepo_index {
	bool found;
	struct str text;
	char *token; /* ETag, or a digest for file://; NULL = not found */
};

/*
 * Read index.yaml; that there is none is an answer (found is false) where it
 * may be written, and NOT_FOUND over http(s)://.
 */
bool chartrepo_read_index(struct chartrepo *repo, struct chartrepo_index *index,
			  struct err *err) MUST_CHECK;

enum chartrepo_outcome {
	CHARTREPO_WRITTEN,
	CHARTREPO_NOT_MET, /* exists already; the index is another one */
};

/*
 * Write the index if it is still in the state of @index.  *@unclear: an
 * earlier try may have been ours; read again before judging NOT_MET.
 */
bool chartrepo_swap_index(struct chartrepo *repo,
			  const struct chartrepo_index *index, const char *text,
			  size_t len, enum chartrepo_outcome *outcome,
			  bool *unclear, struct err *err) MUST_CHECK;

/* A chart's archive to write; all is borrowed. */
struct chartrepo_put {
	const char *name; /* web-1.0.0.tgz */
	const char *bytes;
	size_t len;
	bool replace; /* what has that name, if anything does */
	/* "name: value", goes with the object where there are such */
	const struct strvec *metadata;
};

/*
 * Put a chart's archive there, only if nothing has that name unless
 * put->replace.
 */
bool chartrepo_put_chart(struct chartrepo *repo,
			 const struct chartrepo_put *put,
			 enum chartrepo_outcome *outcome, bool *unclear,
			 struct err *err) MUST_CHECK;

/*
 * Read what lies under the address @url of an index entry, absolute or
 * relative to the index, at most @limit bytes, appended to @bytes.
 * Errors: NOT_FOUND, and those of the transport.
 */
bool chartrepo_get(struct chartrepo *repo, const char *url, size_t limit,
		   struct str *bytes, struct err *err) MUST_CHECK;

/* One archive to download; filled in by the caller but for @bytes. */
struct chartrepo_fetch {
	struct chartrepo *repo;
	const char *url; /* as in the index; borrowed */
	size_t limit;
	struct str bytes; /* the caller releases it */
};

/*
 * chartrepo_get() for many, of several repositories, at most @jobs at once
 * on kept connections of @http (NULL: none of them needs it).
 * Errors: those of chartrepo_get(); the first one ends it.
 */
bool chartrepo_fetch_all(struct http *http, struct chartrepo_fetch **fetches,
			 size_t count, size_t jobs,
			 const struct reporter *reporter, struct err *err)
	MUST_CHECK;

/*
 * Append the address of the chart @name in this repository, for results:
 * "s3://bucket/prefix/web-1.0.0.tgz".
 */
void chartrepo_add_address(struct str *out, const struct chartrepo *repo,
			   const char *name);

void chartrepo_index_release(struct chartrepo_index *index);
void chartrepo_release(struct chartrepo *repo);

#endif
