/*
 * OCI registries: manifests, blobs and tags of the repositories in one.
 *
 *	CLEANUP(oci_release) struct oci oci = {0};
 *
 *	if (!oci_open(&oci, &http, env, "ghcr.io", NULL, err) ||
 *	    !oci_has_manifest(&oci, "org/charts/web", "1.4.0", &found, err))
 *		return false;
 *	if (!found) ...
 *
 * Spoken over https; over http to this machine itself (localhost and the
 * addresses of loopback), where nothing else is usual.  Logins: see
 * api/oci_auth.h.
 *
 * All bytes that come are compared with the digest under which they were
 * asked for.  Blobs may be served from elsewhere: redirects are followed,
 * and nothing secret goes along.
 *
 * Errors of all calls: DENIED (with a hint how to log in), NOT_FOUND, REMOTE
 * (with the registry's own code and message; wrong digests), and those of
 * http_send().
 *
 * Source: OCI Distribution Specification 1.1; Image Specification 1.1.
 */
#ifndef API_OCI_H
#define API_OCI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/hash.h"
#include "format/url.h"

struct env;
struct err;
struct http;
struct http_reply;
struct http_request;
struct login;
struct oci_auth;

#define OCI_MANIFEST_MAX ((size_t)4 << 20)
#define OCI_TAGS_MAX	 100000 /* of one repository */
#define OCI_PAGES_MAX	 1000	/* of a list of tags */
#define OCI_PAGE_TAGS	 1000	/* asked for at once */
#define OCI_PAGE_MAX	 ((size_t)16 << 20)
#define OCI_UPLOADS_MAX	 3    /* of a blob whose upload the registry forgot */
#define OCI_JOBS	 4    /* uploads at once */
#define OCI_GIVE_UP_MS	 5000 /* to tell that an upload is given up */

#define OCI_DIGEST_SIZE	  (sizeof("sha256:") + SHA256_HEX_SIZE - 1)
#define OCI_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct oci {
	struct http *http; /* borrowed */
	char *registry;	   /* host or host:port */
	struct url base;
	struct oci_auth *auth; /* private */
	struct arena arena;    /* private */
};

/*
 * Nothing is sent yet.  @http and @env are borrowed for the life of @oci;
 * @login is copied, NULL or all-zero = none.  Errors: INPUT (not a host).
 */
bool oci_open(struct oci *oci, struct http *http, const struct env *env,
	      const char *registry, const struct login *login, struct err *err)
	MUST_CHECK;

/* Is @name a repository's: "org/charts/web", lower case? */
bool oci_is_repository(const char *name);

/* Is @text "sha256:" and hex? */
bool oci_is_digest(const char *text);

/* "sha256:" and hex of @bytes.  Errors: IO (libcrypto). */
bool oci_digest(const void *bytes, size_t len, char digest[OCI_DIGEST_SIZE],
		struct err *err) MUST_CHECK;

/* A manifest, or the knowledge that there is none. */
struct oci_manifest {
	bool found;
	struct str text; /* JSON; empty after oci_has_manifest() */
	char digest[OCI_DIGEST_SIZE];
};

/* Is there one?  Asked with the rights to push, which are needed next. */
bool oci_has_manifest(struct oci *oci, const char *repository,
		      const char *reference, bool *found, struct err *err)
	MUST_CHECK;

/*
 * The two halves of reading a manifest, and a blob, for many at once by
 * http_run(): fill @request, which borrows @oci; then understand @reply to
 * it.  @reference is a tag or a digest; that there is no such manifest is an
 * answer.  A blob's bytes are appended to @bytes; errors also: NOT_FOUND.
 */
bool oci_ask_manifest(struct oci *oci, const char *repository,
		      const char *reference, struct http_request *request,
		      struct err *err) MUST_CHECK;
bool oci_take_manifest(struct oci *oci, const char *reference,
		       const struct http_request *request,
		       struct http_reply *reply, struct oci_manifest *manifest,
		       struct err *err) MUST_CHECK;
bool oci_ask_blob(struct oci *oci, const char *repository, const char *digest,
		  size_t limit, struct http_request *request, struct err *err)
	MUST_CHECK;
bool oci_take_blob(struct oci *oci, const char *digest,
		   const struct http_request *request, struct http_reply *reply,
		   struct str *bytes, struct err *err) MUST_CHECK;

/*
 * Append all tags of @repository to @tags.  Errors also: NOT_FOUND (no such
 * repository), REMOTE (over OCI_TAGS_MAX, OCI_PAGES_MAX).
 */
bool oci_list_tags(struct oci *oci, const char *repository, struct strvec *tags,
		   struct err *err) MUST_CHECK;

struct oci_blob {
	const char *bytes; /* borrowed */
	size_t len;
	char digest[OCI_DIGEST_SIZE];
};

/*
 * See that the blobs are there, all at the same time on connections of their
 * own: for each one request if it was, else two.  It may be repeated at any
 * time.
 *
 * @unless: a tag, NULL = none, that is looked for at the same time.  If it is
 * there, *@found is set, none of their bytes are sent, what was begun is given
 * up, and it does not matter what the registry says to the uploads.  A
 * registry that will want to see a login, and has not yet said how, is asked
 * for the tag first.
 */
bool oci_put_blobs(struct oci *oci, const char *repository,
		   const struct oci_blob *blobs, size_t count,
		   const char *unless, bool *found, struct err *err) MUST_CHECK;

/*
 * Give @tag to the manifest @text.  *@refused: the registry holds that tag
 * to be unchangeable, and another manifest has it.
 */
bool oci_put_manifest(struct oci *oci, const char *repository, const char *tag,
		      const char *text, size_t len, bool *refused,
		      struct err *err) MUST_CHECK;

void oci_manifest_release(struct oci_manifest *manifest);
void oci_release(struct oci *oci);

#endif
