#include "api/oci.h"

#include <stdlib.h>
#include <string.h>

#include "api/oci_auth.h"
#include "api/oci_parts.h"
#include "base/err.h"
#include "format/jsn.h"
#include "net/http.h"

/* --- opening --------------------------------------------------------------- */

/* Where Docker's own registry is to be found, by the name that it has. */
static const char *server_of(const char *registry)
{
	return strcmp(registry, "docker.io") == 0 ? "registry-1.docker.io"
						  : registry;
}

bool oci_open(struct oci *oci, struct http *http, const struct env *env,
	      const char *registry, const struct login *login, struct err *err)
{
	CLEANUP(free_ptr) char *address =
		xasprintf("https://%s", server_of(registry));

	if (!url_parse(&oci->base, address, err))
		return false;
	if (!*oci->base.host || *oci->base.path || oci->base.query ||
	    oci->base.fragment || oci->base.user)
		return err_set(err, ERR_INPUT, "'%s' names no registry",
			       registry);
	if (url_is_this_machine(&oci->base)) {
		free(oci->base.scheme);
		oci->base.scheme = xstrdup("http");
	}
	oci->http = http;
	oci->registry = xstrdup(registry);
	oci->auth = xnew(struct oci_auth);
	*oci->auth = (struct oci_auth){
		.http = http,
		.env = env,
		.registry = oci->registry,
		.base = &oci->base,
	};
	oci_auth_open(oci->auth, login);
	return true;
}

void oci_release(struct oci *oci)
{
	if (oci->auth)
		oci_auth_release(oci->auth);
	free(oci->auth);
	free(oci->registry);
	url_release(&oci->base);
	arena_release(&oci->arena);
	*oci = (struct oci){0};
}

/* Parts of lower case, digits and single separators between them. */
bool oci_is_repository(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	bool part = false; /* behind a letter */

	for (const char *at = name; *at;) {
		size_t len = strspn(at, letters);

		if (!len)
			return false;
		at += len;
		part = !*at;
		if (*at == '/' || *at == '.')
			at++;
		else if (*at == '_')
			at += at[1] == '_' ? 2 : 1;
		else if (*at == '-')
			at += strspn(at, "-");
		else if (*at)
			return false;
	}
	return part;
}

bool oci_is_digest(const char *text)
{
	return sha256_is_hex(after_prefix(text, "sha256:"));
}

bool oci_digest(const void *bytes, size_t len, char digest[OCI_DIGEST_SIZE],
		struct err *err)
{
	memcpy(digest, "sha256:", strlen("sha256:"));
	return sha256_hex(bytes, len, digest + strlen("sha256:"), err);
}

/* --- requests -------------------------------------------------------------- */

bool oci_prepare(struct oci *oci, const char *method, const char *repository,
		 const char *rest, const char *actions,
		 struct http_request *request, struct err *err)
{
	struct oci_call *call = arena_new(&oci->arena, struct oci_call);

	if (!oci_is_repository(repository))
		return err_set(err, ERR_INPUT,
			       "'%s' cannot be a repository of a registry: "
			       "lower-case letters, digits, and single '.', "
			       "'_', '-', '/' between them",
			       repository);
	call->auth = oci->auth;
	call->scope = arena_printf(&oci->arena, "repository:%s:%s", repository,
				   actions);
	request->method = method;
	request->before_try = oci_auth_before_try;
	request->again = oci_auth_again;
	request->context = call;
	url_add_origin(&request->url, &oci->base);
	str_addf(&request->url, "/v2/%s/%s", repository, rest);
	return true;
}

static json_t *parse_errors(const struct http_reply *reply)
{
	CLEANUP(err_release) struct err unfit = {0};
	json_t *json = NULL;

	if (reply->body.len && !jsn_parse(&json, str_text(&reply->body),
					  reply->body.len, "reply", &unfit))
		return NULL;
	return json;
}

bool oci_complains(const struct http_reply *reply, const char *code)
{
	CLEANUP(jsn_release) json_t *json = parse_errors(reply);

	return same_text(jsn_text(json, "errors.0.code"), code);
}

bool oci_fail(const struct oci *oci, const struct http_request *request,
	      const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = parse_errors(reply);
	const char *code = jsn_text(json, "errors.0.code");
	const char *message = jsn_text(json, "errors.0.message");
	CLEANUP(free_ptr) char *words =
		code ? xasprintf("%s%s%s", code, is_blank(message) ? "" : ": ",
				 message ? message : "")
		     : NULL;

	(void)http_fail(request, reply, words, err);
	if (reply->status == 401 || reply->status == 403)
		(void)oci_auth_hint(oci->auth, err);
	return false;
}

/* --- manifests ------------------------------------------------------------- */

void oci_manifest_release(struct oci_manifest *manifest)
{
	str_release(&manifest->text);
	*manifest = (struct oci_manifest){0};
}

static bool prepare_manifest(struct oci *oci, const char *method,
			     const char *repository, const char *reference,
			     const char *actions, struct http_request *request,
			     struct err *err)
{
	CLEANUP(str_release) struct str rest = {0};

	str_add(&rest, "manifests/");
	url_encode(&rest, reference, strlen(reference), ":");
	if (!oci_prepare(oci, method, repository, str_text(&rest), actions,
			 request, err))
		return false;
	request->reply_limit = OCI_MANIFEST_MAX;
	strvec_add(&request->headers, "Accept: " OCI_MANIFEST_TYPE);
	return true;
}

bool oci_ask_manifest(struct oci *oci, const char *repository,
		      const char *reference, struct http_request *request,
		      struct err *err)
{
	return prepare_manifest(oci, "GET", repository, reference, OCI_PULL,
				request, err);
}

/* What the caller or the registry calls the digest must be it. */
static bool check_manifest(const struct oci_manifest *manifest,
			   const char *reference, const char *told,
			   struct err *err)
{
	if (strchr(reference, ':'))
		told = reference;
	if (!told || !starts_with(told, "sha256:") ||
	    strcmp(told, manifest->digest) == 0)
		return true;
	return err_set(err, ERR_REMOTE,
		       "the manifest is not what it should be: its digest is "
		       "%s, not %s",
		       manifest->digest, told);
}

bool oci_take_manifest(struct oci *oci, const char *reference,
		       const struct http_request *request,
		       struct http_reply *reply, struct oci_manifest *manifest,
		       struct err *err)
{
	struct oci_manifest taken = {.found = true};

	if (reply->status == 404)
		return true;
	if (reply->status != 200)
		return oci_fail(oci, request, reply, err);
	if (!oci_digest(str_text(&reply->body), reply->body.len, taken.digest,
			err) ||
	    !check_manifest(&taken, reference,
			    http_header(reply, "Docker-Content-Digest"), err))
		return err_wrap(err, "%s %s", request->method,
				str_text(&request->url));
	taken.text = reply->body;
	reply->body = (struct str){0};
	oci_manifest_release(manifest);
	*manifest = taken;
	return true;
}

bool oci_ask_presence(struct oci *oci, const char *repository,
		      const char *reference, struct http_request *request,
		      struct err *err)
{
	return prepare_manifest(oci, "HEAD", repository, reference, OCI_PUSH,
				request, err);
}

bool oci_take_presence(const struct oci *oci,
		       const struct http_request *request,
		       const struct http_reply *reply, bool *found,
		       struct err *err)
{
	if (reply->status != 200 && reply->status != 404)
		return oci_fail(oci, request, reply, err);
	*found = reply->status == 200;
	return true;
}

bool oci_has_manifest(struct oci *oci, const char *repository,
		      const char *reference, bool *found, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return oci_ask_presence(oci, repository, reference, &request, err) &&
	       http_send(oci->http, &request, &reply, err) &&
	       oci_take_presence(oci, &request, &reply, found, err);
}

/* --- blobs ----------------------------------------------------------------- */

bool oci_ask_blob(struct oci *oci, const char *repository, const char *digest,
		  size_t limit, struct http_request *request, struct err *err)
{
	CLEANUP(str_release) struct str rest = {0};

	str_add(&rest, "blobs/");
	url_encode(&rest, digest, strlen(digest), ":");
	request->reply_limit = limit;
	return oci_prepare(oci, "GET", repository, str_text(&rest), OCI_PULL,
			   request, err);
}

bool oci_take_blob(struct oci *oci, const char *digest,
		   const struct http_request *request, struct http_reply *reply,
		   struct str *bytes, struct err *err)
{
	char is[OCI_DIGEST_SIZE];

	if (reply->status != 200)
		return oci_fail(oci, request, reply, err);
	if (!oci_digest(str_text(&reply->body), reply->body.len, is, err))
		return false;
	if (strcmp(is, digest) != 0)
		return err_set(err, ERR_CONFLICT,
			       "%s %s: the bytes are not what was promised: "
			       "their digest is %s",
			       request->method, str_text(&request->url), is);
	str_take(bytes, &reply->body);
	return true;
}

/* --- tags ------------------------------------------------------------------ */

/* The target of 'Link: <...>; rel="next"', or NULL. */
static char *next_page(const struct http_reply *reply)
{
	const char *link = http_header(reply, "Link");
	const char *start = link ? strchr(link, '<') : NULL;
	const char *end = start ? strchr(start, '>') : NULL;

	if (!end || !strstr(end, "next"))
		return NULL;
	return xmemdupz(start + 1, (size_t)(end - start - 1));
}

static bool add_tags(const struct http_reply *reply, struct strvec *tags,
		     struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	json_t *list;

	if (!jsn_parse(&json, str_text(&reply->body), reply->body.len, "tags",
		       &unfit))
		return err_set(err, ERR_REMOTE, "the list of tags is no JSON");
	list = json_object_get(json, "tags");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *tag = json_string_value(json_array_get(list, i));

		if (tags->count == OCI_TAGS_MAX)
			return err_set(err, ERR_REMOTE, "more than %d tags",
				       OCI_TAGS_MAX);
		if (tag)
			strvec_add(tags, tag);
	}
	return true;
}

/* Pages are only looked for at the registry itself. */
static bool go_to_page(const struct oci *oci, struct http_request *request,
		       const char *target, struct err *err)
{
	CLEANUP(url_release) struct url here = {0}, there = {0};

	if (!url_parse(&here, str_text(&request->url), err) ||
	    !url_resolve(&there, &here, target, err))
		return false;
	if (!url_same_origin(&there, &oci->base))
		return err_set(err, ERR_REMOTE,
			       "its list of tags goes on elsewhere: '%s'",
			       target);
	str_clear(&request->url);
	url_add_text(&request->url, &there, true);
	return true;
}

static bool list_tags(struct oci *oci, struct http_request *request,
		      struct strvec *tags, struct err *err)
{
	for (size_t page = 0; page < OCI_PAGES_MAX; page++) {
		CLEANUP(http_reply_release) struct http_reply reply = {0};
		CLEANUP(free_ptr) char *next = NULL;

		if (!http_send(oci->http, request, &reply, err))
			return false;
		if (reply.status != 200)
			return oci_fail(oci, request, &reply, err);
		if (!add_tags(&reply, tags, err))
			return false;
		next = next_page(&reply);
		if (!next)
			return true;
		if (!go_to_page(oci, request, next, err))
			return false;
	}
	return err_set(err, ERR_REMOTE, "a list of more than %d pages",
		       OCI_PAGES_MAX);
}

bool oci_list_tags(struct oci *oci, const char *repository, struct strvec *tags,
		   struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.reply_limit = OCI_PAGE_MAX};
	CLEANUP(free_ptr) char *rest =
		xasprintf("tags/list?n=%d", OCI_PAGE_TAGS);

	return (oci_prepare(oci, "GET", repository, rest, OCI_PULL, &request,
			    err) &&
		list_tags(oci, &request, tags, err)) ||
	       err_wrap(err, "cannot list the tags of '%s/%s'", oci->registry,
			repository);
}
