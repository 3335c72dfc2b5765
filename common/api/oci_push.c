#include <stdlib.h>
#include <string.h>

#include "api/oci.h"
#include "api/oci_parts.h"
#include "base/err.h"
#include "net/http.h"

/* --- blobs ----------------------------------------------------------------- */

/*
 * Ask for an upload.  A mount of the blob from where it shall go to is an
 * upload where it is not yet there, and all that was to be done where it is:
 * so nobody needs to look first.
 */
static bool start_upload(struct oci *oci, const char *repository,
			 const char *digest, struct http_request *request,
			 struct http_reply *reply, struct err *err)
{
	CLEANUP(str_release) struct str rest = {0};

	str_add(&rest, "blobs/uploads/");
	if (digest) {
		str_add(&rest, "?mount=");
		url_encode(&rest, digest, strlen(digest), "");
		str_add(&rest, "&from=");
		url_encode(&rest, repository, strlen(repository), "");
	}
	if (!oci_prepare(oci, "POST", repository, str_text(&rest), OCI_PUSH,
			 request, err))
		return false;
	request->reply_limit = OCI_MANIFEST_MAX;
	request->repeat = HTTP_REPEAT_ALWAYS;
	return http_send(oci->http, request, reply, err);
}

/* What a registry may say that knows of no mounts. */
static bool dislikes_mounts(const struct http_reply *reply)
{
	return reply->status == 400 || reply->status == 404 ||
	       reply->status == 405 || reply->status == 501;
}

/*
 * Where the bytes go: relative to the request or absolute.  A registry
 * behind a proxy that ends TLS may write "http:" though it is not meant.
 */
static bool find_target(const struct oci *oci,
			const struct http_request *request,
			const struct http_reply *reply, const char *digest,
			struct url *target, struct err *err)
{
	const char *location = http_header(reply, "Location");
	CLEANUP(url_release) struct url here = {0};

	if (!location)
		return err_set(err, ERR_REMOTE,
			       "%s %s: the answer names no place to upload to",
			       request->method, str_text(&request->url));
	if (!url_parse(&here, str_text(&request->url), err) ||
	    !url_resolve(target, &here, location, err))
		return false;
	if (strcmp(oci->base.scheme, "https") == 0 &&
	    strcmp(target->scheme, "http") == 0) {
		free(target->scheme);
		target->scheme = xstrdup("https");
	}
	url_add_query(target, "digest", digest);
	return true;
}

enum upload {
	UPLOAD_FAILED,
	UPLOAD_DONE,
	UPLOAD_FORGOTTEN, /* the registry knows nothing of it any more */
};

static enum upload send_bytes(struct oci *oci, const char *repository,
			      const struct url *target, const char *bytes,
			      size_t len, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!oci_prepare(oci, "PUT", repository, "", OCI_PUSH, &request, err))
		return UPLOAD_FAILED;
	str_clear(&request.url);
	url_add_text(&request.url, target, true);
	strvec_add(&request.headers, "Content-Type: application/octet-stream");
	request.body = bytes;
	request.body_len = len;
	request.reply_limit = OCI_MANIFEST_MAX;
	request.repeat = HTTP_REPEAT_ALWAYS;
	if (!http_send(oci->http, &request, &reply, err))
		return UPLOAD_FAILED;
	if (reply.status == 201 || reply.status == 204)
		return UPLOAD_DONE;
	if (reply.status == 404 || reply.status == 416)
		return UPLOAD_FORGOTTEN;
	(void)oci_fail(oci, &request, &reply, err);
	return UPLOAD_FAILED;
}

static bool explain_start(struct oci *oci, const struct http_request *request,
			  const struct http_reply *reply, struct err *err)
{
	(void)oci_fail(oci, request, reply, err);
	if (reply->status == 404)
		return err_hint(err, "some registries, as Amazon's, want a "
				     "repository to be made before anything "
				     "is pushed to it");
	return false;
}

static enum upload upload(struct oci *oci, const char *repository,
			  const char *bytes, size_t len, const char *digest,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request first = {0},
							  second = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(url_release) struct url target = {0};
	struct http_request *request = &first;

	if (!start_upload(oci, repository, digest, request, &reply, err))
		return UPLOAD_FAILED;
	if (dislikes_mounts(&reply)) {
		request = &second;
		if (!start_upload(oci, repository, NULL, request, &reply, err))
			return UPLOAD_FAILED;
	}
	if (reply.status == 201)
		return UPLOAD_DONE;
	if (reply.status != 202) {
		(void)explain_start(oci, request, &reply, err);
		return UPLOAD_FAILED;
	}
	if (!find_target(oci, request, &reply, digest, &target, err))
		return UPLOAD_FAILED;
	return send_bytes(oci, repository, &target, bytes, len, err);
}

/*
 * An upload whose answer was lost has perhaps ended well, and then the
 * registry does not know it any more: asked anew, it knows the blob.
 */
bool oci_put_blob(struct oci *oci, const char *repository, const char *bytes,
		  size_t len, const char *digest, struct err *err)
{
	for (int try = 0; try < OCI_UPLOADS_MAX; try++) {
		switch (upload(oci, repository, bytes, len, digest, err)) {
		case UPLOAD_FAILED:
			return false;
		case UPLOAD_DONE:
			return true;
		case UPLOAD_FORGOTTEN:
			break;
		}
	}
	(void)err_set(err, ERR_REMOTE,
		      "registry '%s' forgot %d uploads of blob %s",
		      oci->registry, OCI_UPLOADS_MAX, digest);
	return err_temporary(err, true);
}

/* --- manifests ------------------------------------------------------------- */

/* Where tags are unchangeable, each registry has its own way to say so. */
static bool is_immutable(const struct http_reply *reply)
{
	if (reply->status == 409 || reply->status == 412)
		return true;
	return (reply->status == 400 || reply->status == 403 ||
		reply->status == 405) &&
	       (oci_complains(reply, "TAG_INVALID") ||
		strstr(str_text(&reply->body), "mmutable") ||
		strstr(str_text(&reply->body), "already exist"));
}

bool oci_put_manifest(struct oci *oci, const char *repository, const char *tag,
		      const char *text, size_t len, bool *refused,
		      struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(str_release) struct str rest = {0};

	str_add(&rest, "manifests/");
	url_encode(&rest, tag, strlen(tag), "");
	if (!oci_prepare(oci, "PUT", repository, str_text(&rest), OCI_PUSH,
			 &request, err))
		return false;
	strvec_add(&request.headers, "Content-Type: " OCI_MANIFEST_TYPE);
	request.body = text;
	request.body_len = len;
	request.reply_limit = OCI_MANIFEST_MAX;
	request.repeat = HTTP_REPEAT_ALWAYS;
	if (!http_send(oci->http, &request, &reply, err))
		return false;
	*refused = is_immutable(&reply);
	if (*refused || reply.status == 201 || reply.status == 200)
		return true;
	return oci_fail(oci, &request, &reply, err);
}
