#include <stdlib.h>
#include <string.h>

#include "api/oci.h"
#include "api/oci_auth.h"
#include "api/oci_parts.h"
#include "base/err.h"
#include "net/http.h"

/* --- blobs ----------------------------------------------------------------- */

/* A blob on its way: what is asked for next. */
struct upload {
	const struct oci_blob *blob;
	enum {
		UPLOAD_ASK, /* for a place, naming the blob */
		UPLOAD_ASK_PLAINLY,
		UPLOAD_SEND, /* or give it up, where the tag is found */
		UPLOAD_DONE,
	} next;
	struct url target; /* where the bytes go */
	int tries;
	bool asked; /* and not yet answered */
};

struct uploads {
	struct oci *oci;
	const char *repository;
	struct upload *items;
	size_t count;
	const char *unless; /* the tag that is looked for; NULL: none */
	enum {
		TAG_TO_ASK,
		TAG_ASKED,
		TAG_MISSING, /* or nobody looks for it */
		TAG_FOUND,
	} tag;
	/* The first one; it counts once it is known that the tag is missing. */
	struct err failure;
};

static void uploads_release(struct uploads *uploads)
{
	for (size_t i = 0; i < uploads->count; i++)
		url_release(&uploads->items[i].target);
	free(uploads->items);
	err_release(&uploads->failure);
}

/*
 * Ask for an upload.  A mount of the blob from where it shall go to is an
 * upload where it is not yet there, and all that was to be done where it is:
 * so nobody needs to look first.
 */
static bool ask_place(const struct uploads *uploads,
		      const struct upload *upload, struct http_request *request,
		      struct err *err)
{
	const char *digest = upload->blob->digest;
	const char *repository = uploads->repository;
	CLEANUP(str_release) struct str rest = {0};

	str_add(&rest, "blobs/uploads/");
	if (upload->next == UPLOAD_ASK) {
		str_add(&rest, "?mount=");
		url_encode(&rest, digest, strlen(digest), "");
		str_add(&rest, "&from=");
		url_encode(&rest, repository, strlen(repository), "");
	}
	return oci_prepare(uploads->oci, "POST", repository, str_text(&rest),
			   OCI_PUSH, request, err);
}

static bool ask_to_take(const struct uploads *uploads,
			const struct upload *upload,
			struct http_request *request, struct err *err)
{
	CLEANUP(url_release) struct url target = {0};

	if (!oci_prepare(uploads->oci, "PUT", uploads->repository, "", OCI_PUSH,
			 request, err))
		return false;
	url_copy(&target, &upload->target);
	url_add_query(&target, "digest", upload->blob->digest);
	str_clear(&request->url);
	url_add_text(&request->url, &target, true);
	strvec_add(&request->headers, "Content-Type: application/octet-stream");
	request->body = upload->blob->bytes;
	request->body_len = upload->blob->len;
	return true;
}

/* A courtesy: a registry forgets uploads that do not go on. */
static bool ask_to_forget(const struct uploads *uploads,
			  const struct upload *upload,
			  struct http_request *request, struct err *err)
{
	if (!oci_prepare(uploads->oci, "DELETE", uploads->repository, "",
			 OCI_PUSH, request, err))
		return false;
	str_clear(&request->url);
	url_add_text(&request->url, &upload->target, true);
	request->repeat = HTTP_REPEAT_NEVER;
	request->try_ms = OCI_GIVE_UP_MS;
	return true;
}

static bool ask_next(const struct uploads *uploads, const struct upload *upload,
		     struct http_request *request, struct err *err)
{
	request->reply_limit = OCI_MANIFEST_MAX;
	request->repeat = HTTP_REPEAT_ALWAYS;
	if (upload->next != UPLOAD_SEND)
		return ask_place(uploads, upload, request, err);
	return uploads->tag == TAG_FOUND
		       ? ask_to_forget(uploads, upload, request, err)
		       : ask_to_take(uploads, upload, request, err);
}

static bool is_tag_known(const struct uploads *uploads)
{
	return uploads->tag == TAG_MISSING || uploads->tag == TAG_FOUND;
}

/* Is there something to ask for it now? */
static bool is_ready(const struct uploads *uploads, const struct upload *upload)
{
	if (upload->asked || upload->next == UPLOAD_DONE)
		return false;
	if (!is_tag_known(uploads))
		return upload->next != UPLOAD_SEND &&
		       !oci_auth_is_due(uploads->oci->auth);
	return uploads->tag == TAG_MISSING || upload->next == UPLOAD_SEND;
}

static struct upload *find_ready(struct uploads *uploads)
{
	for (size_t i = 0; i < uploads->count; i++)
		if (is_ready(uploads, &uploads->items[i]))
			return &uploads->items[i];
	return NULL;
}

/* The uploads first: to begin one takes a registry longer than to look. */
static bool next_request(void *context, struct http_request *request,
			 void **item)
{
	struct uploads *uploads = context;
	struct upload *upload = find_ready(uploads);

	if (uploads->failure.kind != ERR_NONE)
		return false;
	*item = upload;
	if (upload) {
		upload->asked = true;
		return ask_next(uploads, upload, request, &uploads->failure);
	}
	if (uploads->tag != TAG_TO_ASK)
		return false;
	uploads->tag = TAG_ASKED;
	return oci_ask_presence(uploads->oci, uploads->repository,
				uploads->unless, request, &uploads->failure);
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
			const struct http_reply *reply, struct url *target,
			struct err *err)
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
	return true;
}

static bool take_place(const struct oci *oci, struct upload *upload,
		       const struct http_request *request,
		       const struct http_reply *reply, struct err *err)
{
	if (reply->status == 201) {
		upload->next = UPLOAD_DONE;
		return true;
	}
	if (reply->status == 202) {
		upload->next = UPLOAD_SEND;
		return find_target(oci, request, reply, &upload->target, err);
	}
	if (upload->next == UPLOAD_ASK && dislikes_mounts(reply)) {
		upload->next = UPLOAD_ASK_PLAINLY;
		return true;
	}
	(void)oci_fail(oci, request, reply, err);
	if (reply->status == 404)
		return err_hint(err, "some registries, as Amazon's, want a "
				     "repository to be made before anything "
				     "is pushed to it");
	return false;
}

/*
 * An upload whose answer was lost has perhaps ended well, and then the
 * registry does not know it any more: asked anew, it knows the blob.
 */
static bool begin_anew(const struct oci *oci, struct upload *upload,
		       struct err *err)
{
	upload->next = UPLOAD_ASK;
	url_release(&upload->target);
	if (++upload->tries < OCI_UPLOADS_MAX)
		return true;
	(void)err_set(err, ERR_REMOTE,
		      "registry '%s' forgot %d uploads of blob %s",
		      oci->registry, OCI_UPLOADS_MAX, upload->blob->digest);
	return err_temporary(err, true);
}

static bool take_sent(const struct oci *oci, struct upload *upload,
		      const struct http_request *request,
		      const struct http_reply *reply, struct err *err)
{
	if (reply->status == 404 || reply->status == 416)
		return begin_anew(oci, upload, err);
	upload->next = UPLOAD_DONE;
	return reply->status == 201 || reply->status == 204 ||
	       oci_fail(oci, request, reply, err);
}

static bool take_upload(const struct uploads *uploads, struct upload *upload,
			const struct http_request *request,
			const struct http_reply *reply, struct err *err)
{
	if (upload->next != UPLOAD_SEND)
		return take_place(uploads->oci, upload, request, reply, err);
	if (uploads->tag != TAG_FOUND)
		return take_sent(uploads->oci, upload, request, reply, err);
	upload->next = UPLOAD_DONE;
	return true;
}

/* What it means depends on the tag. */
static bool take_failure(struct uploads *uploads, struct err *failure,
			 struct err *err)
{
	if (uploads->tag == TAG_MISSING) {
		err_move(err, failure);
		return false;
	}
	if (uploads->tag == TAG_FOUND || uploads->failure.kind != ERR_NONE)
		err_release(failure);
	else
		err_move(&uploads->failure, failure);
	return true;
}

static bool take_tag(struct uploads *uploads,
		     const struct http_request *request,
		     const struct http_reply *reply, struct err *failure,
		     struct err *err)
{
	bool found = false;

	if (failure->kind != ERR_NONE) {
		err_move(err, failure);
		return false;
	}
	if (!oci_take_presence(uploads->oci, request, reply, &found, err))
		return false;
	uploads->tag = found ? TAG_FOUND : TAG_MISSING;
	if (found)
		err_release(&uploads->failure);
	if (uploads->failure.kind == ERR_NONE)
		return true;
	err_move(err, &uploads->failure);
	return false;
}

static bool take_answer(void *context, void *item, struct http_request *request,
			struct http_reply *reply, struct err *failure,
			struct err *err)
{
	struct uploads *uploads = context;
	struct upload *upload = item;

	if (!upload)
		return take_tag(uploads, request, reply, failure, err);
	upload->asked = false;
	if (failure->kind == ERR_NONE &&
	    take_upload(uploads, upload, request, reply, failure))
		return true;
	upload->next = UPLOAD_DONE;
	return take_failure(uploads, failure, err);
}

bool oci_put_blobs(struct oci *oci, const char *repository,
		   const struct oci_blob *blobs, size_t count,
		   const char *unless, bool *found, struct err *err)
{
	CLEANUP(uploads_release) struct uploads uploads = {
		.oci = oci,
		.repository = repository,
		.items = xcalloc(count, sizeof(struct upload)),
		.count = count,
		.unless = unless,
		.tag = unless ? TAG_TO_ASK : TAG_MISSING,
	};
	size_t requests = count + (unless != NULL);
	struct http_batch batch = {
		.jobs = requests < OCI_JOBS ? requests : OCI_JOBS,
		.next = next_request,
		.done = take_answer,
		.context = &uploads,
	};

	for (size_t i = 0; i < count; i++)
		uploads.items[i].blob = &blobs[i];
	if (!http_run(oci->http, &batch, err))
		return false;
	if (uploads.failure.kind == ERR_NONE) {
		*found = uploads.tag == TAG_FOUND;
		return true;
	}
	err_move(err, &uploads.failure);
	return false;
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
