#include "api/chartrepo_kinds.h"

#include "base/err.h"
#include "base/mem.h"
#include "core/chartindex.h"

static bool open_url(struct chartrepo *repo, const char *rest,
		     const struct env *env, struct err *err)
{
	(void)rest;
	(void)env;
	return url_parse(&repo->url, repo->address, err);
}

static bool find_url(const struct chartrepo *repo, const char *relative,
		     struct chartrepo_place *place, struct err *err)
{
	CLEANUP(url_release) struct url index = {0};

	url_copy(&index, &repo->url);
	url_add_segment(&index, CHARTREPO_INDEX);
	if (!url_resolve(&place->url, &index, relative, err))
		return false;
	/* Tokens in the repository's query go along, as in Helm. */
	if (!place->url.query && repo->url.query)
		place->url.query = xstrdup(repo->url.query);
	return true;
}

static bool ask_url(struct chartrepo *repo, const struct chartrepo_place *place,
		    size_t limit, struct http_request *request, struct err *err)
{
	(void)repo;
	(void)err;
	request->method = "GET";
	request->reply_limit = limit;
	url_add_text(&request->url, &place->url, true);
	return true;
}

static bool take_url(struct chartrepo *repo,
		     const struct chartrepo_place *place,
		     const struct http_request *request,
		     struct http_reply *reply, struct str *bytes,
		     struct err *err)
{
	(void)repo;
	(void)place;
	if (reply->status != 200)
		return http_fail(request, reply, NULL, err);
	str_add_bytes(bytes, str_text(&reply->body), reply->body.len);
	return true;
}

static bool read_index(struct chartrepo *repo, struct chartrepo_index *index,
		       struct err *err)
{
	if (!chartrepo_get(repo, CHARTREPO_INDEX, CHARTINDEX_SIZE_MAX,
			   &index->text, err))
		return false;
	index->found = true;
	return true;
}

const struct chartrepo_kind chartrepo_http = {
	.open = open_url,
	.find = find_url,
	.ask = ask_url,
	.take = take_url,
	.read_index = read_index,
};
