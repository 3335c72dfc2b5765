/*
 * A chart repository: its index, its charts, over file://, s3://, http(s)://
 * or oci://.
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
 * and an atomic replacement; for s3:// a conditional write.
 *
 * http(s):// is read as any server gives it and written by ChartMuseum's API,
 * whose server keeps the index by itself.  A registry has no index at all:
 * chartrepo_list() asks it for the versions of one chart.
 */
#ifndef API_CHARTREPO_H
#define API_CHARTREPO_H

#include <stdbool.h>
#include <stddef.h>

#include "api/login.h"
#include "api/oci.h"
#include "api/s3.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"

struct chart;
struct chartcache;
struct chartindex_entries;
struct env;
struct reporter;
struct strvec;

#define CHARTREPO_LOCK_MS 60000 /* waiting for another publisher's lock */
#define CHARTREPO_LOCK	  ".index.lock"
#define CHARTREPO_INDEX	  "index.yaml"

struct chartrepo_kind; /* private: what a kind of repository does */

struct chartrepo {
	const struct chartrepo_kind *kind;
	char *address;	     /* as given, without a slash at the end */
	char *index_address; /* what errors call its index */
	char *dir;	     /* of file:// */
	/*
	 * Of file://: of a folder that others wrote nothing else is read
	 * (core/checkout.h).  NULL = all is; for the user to set, freed here.
	 */
	char *checkout;
	struct url url;	    /* of http(s):// */
	char *context_path; /* of ChartMuseum, NULL = not told */
	struct s3 s3;
	struct oci oci;
	struct map registries; /* to which its index leads, by their hosts */
	char *prefix;	       /* of s3:// and oci://: "" or "stable/" */
	struct login login;
	struct http_args own; /* certificates, for who may see the login */
	bool login_everywhere;
	const struct chartcache *cache; /* borrowed; NULL = none */
	/*
	 * The caller holds a lock in place of conditions, which the store of
	 * s3:// does not know: what exists is looked up before it is written.
	 */
	bool unconditional;
	struct http *http;     /* borrowed; NULL for file:// */
	const struct env *env; /* borrowed */
	struct arena arena;    /* private */
};

/* What a repository needs beside its address. */
struct chartrepo_config {
	struct http *http; /* opened by the caller; NULL for file:// */
	const struct env *env;
	const struct login *login; /* for http(s):// and oci://; NULL = none */
	/* Certificates for http(s)://; NULL in it = as @http has it. */
	struct http_args own;
	/*
	 * Login and certificates are for every server that the index leads to,
	 * over https, and not only for the repository's own.
	 */
	bool login_everywhere;
	/* Where what a manifest names may be already; NULL = none. */
	const struct chartcache *cache;
	/* Path below which ChartMuseum is served; NULL = find it out. */
	const char *context_path;
};

/*
 * Understand @address.  config->http, env and cache are borrowed, the rest
 * is copied.  Errors: USAGE (a scheme that is not spoken), INPUT (not an
 * address).
 */
bool chartrepo_open(struct chartrepo *repo, const char *address,
		    const struct chartrepo_config *config, struct err *err)
	MUST_CHECK;

/* Does this address need an HTTP client? */
bool chartrepo_needs_http(const char *address);

/*
 * Has it an index to read?  And is that ours to write, or made by the server?
 */
bool chartrepo_has_index(const struct chartrepo *repo);
bool chartrepo_writes_index(const struct chartrepo *repo);

/* The bucket that a repository is in, NULL if it is of another kind. */
struct s3 *chartrepo_bucket(struct chartrepo *repo);

/* The index, and which state of it that is. */
struct chartrepo_index {
	bool found;
	bool unchanged; /* it is still the known one: no text was sent */
	struct str text;
	char *token;	/* ETag, or a digest for file://; NULL = not told */
	char *modified; /* of http(s)://, good for asking again; NULL = none */
};

/*
 * Read index.yaml; that there is none is an answer (found is false) where it
 * may be written, and NOT_FOUND over http(s)://.
 */
bool chartrepo_read_index(struct chartrepo *repo, struct chartrepo_index *index,
			  struct err *err) MUST_CHECK;

/*
 * The same where token or modified of a state that the caller has is @known:
 * a server that finds it unchanged says just that.
 */
bool chartrepo_read_changed_index(struct chartrepo *repo,
				  const struct chartrepo_index *known,
				  struct chartrepo_index *index,
				  struct err *err) MUST_CHECK;

/* As chartindex_open() takes it: NULL where there is no index. */
const char *chartrepo_index_text(const struct chartrepo_index *index);

/*
 * The versions of chart @name in a repository without an index, descending,
 * in @arena.  Where @constraint is one exact version, that is it: nobody is
 * asked whether it is there.  Errors: NOT_FOUND, those of the transport.
 */
bool chartrepo_list(struct chartrepo *repo, const char *name,
		    const char *constraint, struct arena *arena,
		    struct chartindex_entries *entries, struct err *err)
	MUST_CHECK;

/*
 * Is @constraint such an exact version?  Helm's resolver takes for one what
 * Masterminds parses as a version, so also "v1.2.3" and "1.4", whose tag may be
 * there; its lists of tags hold strict ones alone (internal/resolver,
 * pkg/registry).
 */
bool chartrepo_is_exact(const char *constraint);

/* The entries of versions that somebody has listed before. */
void chartrepo_list_known(const struct chartrepo *repo, const char *name,
			  const struct strvec *versions, struct arena *arena,
			  struct chartindex_entries *entries);

/*
 * Is that version of the chart there?  Only where the index is not ours to
 * write; it shows whether a login is good for writing too, as far as a server
 * tells before something is written.
 */
bool chartrepo_has_chart(struct chartrepo *repo, const struct chart *chart,
			 bool *found, struct err *err) MUST_CHECK;

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
	const struct chart *chart;
	const char *bytes;
	size_t len;
	bool replace; /* what has that name and version, if anything does */
	/* "name: value", goes with the object where there are such */
	const struct strvec *metadata;
	/* Goes into a registry with it; NULL or empty: none. */
	const struct str *provenance;
};

/*
 * Put a chart's archive there, only if that version of it is not there
 * already, unless put->replace.
 */
bool chartrepo_put_chart(struct chartrepo *repo,
			 const struct chartrepo_put *put,
			 enum chartrepo_outcome *outcome, bool *unclear,
			 struct err *err) MUST_CHECK;

#define CHARTREPO_PROVENANCE_MAX ((size_t)1 << 20)

/*
 * Put the .prov of put->chart, put->bytes, beside its archive; in a registry
 * it went with the archive.  One that is there stays (*@outcome tells),
 * unless put->replace.
 */
bool chartrepo_put_provenance(struct chartrepo *repo,
			      const struct chartrepo_put *put,
			      enum chartrepo_outcome *outcome, struct err *err)
	MUST_CHECK;

/*
 * Read what lies under the address @url of an index entry, absolute or
 * relative to the index, on the web or in a registry (oci://), at most @limit bytes, appended to @bytes.
 * Errors: NOT_FOUND, and those of the transport.
 */
bool chartrepo_get(struct chartrepo *repo, const char *url, size_t limit,
		   struct str *bytes, struct err *err) MUST_CHECK;

/*
 * The same of what signs the archive under @url: the .prov beside it, or in a
 * registry a layer of the same manifest; at most CHARTREPO_PROVENANCE_MAX.
 * Errors also: NOT_FOUND (it is not signed).
 */
bool chartrepo_get_provenance(struct chartrepo *repo, const char *url,
			      struct str *bytes, struct err *err) MUST_CHECK;

/* One archive to download; filled in by the caller but for what comes of it. */
struct chartrepo_fetch {
	struct chartrepo *repo;
	const char *url; /* as in the index; borrowed */
	size_t limit;
	/*
	 * Called once @bytes or @failure is there; may release both, so that
	 * not all archives are in memory at once.  NULL: a failure ends all.
	 */
	void (*taken)(struct chartrepo_fetch *fetch);
	struct str bytes;   /* the caller releases it */
	struct err failure; /* and that, where there is taken() */
	bool misled;	    /* of kind INPUT, and it is @url that is wrong */
};

/* What archives that are under way may take of the memory. */
#define CHARTREPO_FLOW_MAX ((size_t)4 << 20)

/*
 * chartrepo_get() for many, of several repositories, at most @jobs at once
 * on kept connections of @http (NULL: none of them needs it).
 * Errors: those of chartrepo_get(); the first one of a fetch without taken()
 * ends it.  INPUT: what is not released by taken() is more than @kept_max
 * bytes (0 = however many).
 */
bool chartrepo_fetch_all(struct http *http, struct chartrepo_fetch **fetches,
			 size_t count, size_t jobs, size_t kept_max,
			 const struct reporter *reporter, struct err *err)
	MUST_CHECK;

/* One object of a repository; borrowed for the call. */
struct chartrepo_object {
	const char *name;  /* below the repository: "web-1.0.0.tgz" */
	const char *state; /* another one as soon as it is written: an ETag */
	int64_t size;
	int64_t modified_s; /* seconds since the epoch; 0 = not told */
	int64_t age_s;	    /* since then, by the store's own clock */
};

/* Can all that lies in it be listed: s3:// and file://? */
bool chartrepo_lists_objects(const struct chartrepo *repo);

/*
 * Call @each for every object of the repository, in the order of names.  It
 * gives false, with err set, to end that.  That there is no such folder is
 * as good as an empty one.
 */
bool chartrepo_list_objects(struct chartrepo *repo,
			    bool (*each)(void *context,
					 const struct chartrepo_object *object,
					 struct err *err),
			    void *context, struct err *err) MUST_CHECK;

/* Write the object @name of a repository that can be listed, over any other. */
bool chartrepo_put_object(struct chartrepo *repo, const char *name,
			  const char *bytes, size_t len, struct err *err)
	MUST_CHECK;

/* Remove the objects @names; none there is fine. */
bool chartrepo_remove_objects(struct chartrepo *repo,
			      const struct strvec *names, struct err *err)
	MUST_CHECK;

/*
 * The object to which the address @url of an index entry leads, NULL if that
 * is not in this repository.  The caller frees it.
 */
char *chartrepo_object_name(const struct chartrepo *repo, const char *url)
	MUST_CHECK;

/*
 * The address of a published chart, relative to the repository, as
 * chartrepo_get() takes it: "web-1.0.0.tgz", "web:1.0.0".  The caller frees
 * it.
 */
char *chartrepo_chart_url(const struct chartrepo *repo,
			  const struct chart *chart) MUST_CHECK;

/*
 * The address that an entry of the index has for the archive @name beside it,
 * in @arena.  In a bucket "+" is written %2B: of whoever reads it over https,
 * AWS takes a "+" for a blank.  It leads to the same object either way; see
 * chartrepo_object_name().
 */
const char *chartrepo_entry_url(const struct chartrepo *repo, const char *name,
				struct arena *arena);

/*
 * Append the whole of it, for results: "s3://bucket/prefix/web-1.0.0.tgz",
 * "oci://host/charts/web:1.0.0", without the login that an address may hold.
 */
void chartrepo_add_address(struct str *out, const struct chartrepo *repo,
			   const struct chart *chart);

/*
 * The same of what lies under the address @url of an index entry, which is
 * anybody's: without login and signature; see redact_url().
 */
void chartrepo_add_entry_address(struct str *out, const struct chartrepo *repo,
				 const char *url);

void chartrepo_index_release(struct chartrepo_index *index);
void chartrepo_release(struct chartrepo *repo);

#endif
