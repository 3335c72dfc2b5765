/*
 * What a kind of chart repository does for api/chartrepo; one file for each:
 * chartrepo_file.c, chartrepo_s3.c, chartrepo_http.c, chartrepo_oci.c; and
 * what chartrepo.c does for chartrepo_fetch.c, which reads many archives.
 */
#ifndef API_CHARTREPO_KINDS_H
#define API_CHARTREPO_KINDS_H

#include "api/chartrepo.h"

/* Where the address of an archive leads. */
struct chartrepo_place {
	const struct chartrepo_kind *kind; /* of the place, not the index */
	/* A file's path, an object's key, a registry's repository. */
	char *name;
	struct oci *oci; /* the registry, borrowed of the repository */
	char *tag;	 /* in it; or the digest of a manifest */
	bool provenance; /* what signs the archive is wanted, not itself */
	char *blob;	 /* what the manifest names; NULL = not yet read */
	struct url url;	 /* of what is on the web */
};

void chartrepo_place_release(struct chartrepo_place *place);

/*
 * NULL in place of a function: that kind has nothing of the sort.  Functions
 * of reading take the repository whose index led to @place.
 */
struct chartrepo_kind {
	/* @rest: what follows the scheme in repo->address. */
	bool (*open)(struct chartrepo *repo, const char *rest,
		     const struct chartrepo_config *config, struct err *err);
	/* Where the address @relative, within the repository, leads. */
	bool (*find)(struct chartrepo *repo, const char *relative,
		     struct chartrepo_place *place, struct err *err);

	/* Read at once, without a request. */
	bool (*read)(const struct chartrepo_place *place, size_t limit,
		     struct str *bytes, struct err *err);
	/*
	 * Or by a request, and what is made of its reply: *@more asks for
	 * another one.
	 */
	bool (*ask)(struct chartrepo *repo, const struct chartrepo_place *place,
		    size_t limit, struct http_request *request,
		    struct err *err);
	bool (*take)(struct chartrepo *repo, struct chartrepo_place *place,
		     size_t limit, const struct http_request *request,
		     struct http_reply *reply, struct str *bytes, bool *more,
		     struct err *err);

	/* @known: what need not be sent again; NULL = nothing. */
	bool (*read_index)(struct chartrepo *repo,
			   const struct chartrepo_index *known,
			   struct chartrepo_index *index, struct err *err);
	bool (*swap_index)(struct chartrepo *repo,
			   const struct chartrepo_index *index,
			   const char *text, size_t len,
			   enum chartrepo_outcome *outcome, bool *unclear,
			   struct err *err);
	bool (*list_objects)(struct chartrepo *repo,
			     bool (*each)(void *context,
					  const struct chartrepo_object *object,
					  struct err *err),
			     void *context, struct err *err);
	bool (*put_object)(struct chartrepo *repo, const char *name,
			   const char *bytes, size_t len, struct err *err);
	bool (*remove_objects)(struct chartrepo *repo,
			       const struct strvec *names, struct err *err);
	bool (*list)(struct chartrepo *repo, const char *name,
		     struct arena *arena, struct chartindex_entries *entries,
		     struct err *err);
	bool (*has_chart)(struct chartrepo *repo, const struct chart *chart,
			  bool *found, struct err *err);
	/* NULL: the name of its archive. */
	void (*add_chart_url)(struct str *out, const struct chart *chart);
	bool (*put_chart)(struct chartrepo *repo,
			  const struct chartrepo_put *put,
			  enum chartrepo_outcome *outcome, bool *unclear,
			  struct err *err);
	/* NULL: put_chart() has put it there. */
	bool (*put_provenance)(struct chartrepo *repo,
			       const struct chartrepo_put *put,
			       enum chartrepo_outcome *outcome,
			       struct err *err);
};

extern const struct chartrepo_kind chartrepo_file;
extern const struct chartrepo_kind chartrepo_s3;
extern const struct chartrepo_kind chartrepo_http;
extern const struct chartrepo_kind chartrepo_oci;

/*
 * Where @url of an entry leads.  An index may send us to any web address and
 * registry, but to files and buckets only within its own repository: what it
 * says is not trusted.  Errors: INPUT.
 */
bool chartrepo_find_place(struct chartrepo *repo, const char *url,
			  struct chartrepo_place *place, struct err *err)
	MUST_CHECK;

/*
 * Where "host/charts/web:1.0.0" or "...@sha256:..." leads, what follows
 * oci:// in an index of another kind.  That registry gets its own login, as
 * Docker and Helm keep it, and not the one of @repo.  Errors: INPUT.
 */
bool chartrepo_find_in_registry(struct chartrepo *repo, const char *reference,
				struct chartrepo_place *place, struct err *err)
	MUST_CHECK;

/*
 * What follows "s3://" and "oci://" is a name and a path: a login or a query,
 * which may hold secrets, is refused, and is not shown.  Errors: INPUT.
 */
bool chartrepo_check_plain(const char *scheme, const char *rest,
			   struct err *err) MUST_CHECK;

/*
 * Decode @relative; a path that leads out of the repository is refused.
 * Errors: INPUT.
 */
bool chartrepo_decode_within(const struct chartrepo *repo, const char *relative,
			     struct str *path, struct err *err) MUST_CHECK;

#endif
