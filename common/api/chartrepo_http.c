#include "api/chartrepo_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/jsn.h"
#include "format/value.h"
#include "format/ydoc.h"

#define CHARTMUSEUM_REPLY_MAX ((size_t)4 << 20)

static bool take_own(struct chartrepo *repo, const struct http_args *own,
		     struct err *err)
{
	if (!http_check_args(own, err))
		return false;
	if (own->cacert)
		repo->own.cacert = arena_strdup(&repo->arena, own->cacert);
	if (own->cert)
		repo->own.cert = arena_strdup(&repo->arena, own->cert);
	if (own->key)
		repo->own.key = arena_strdup(&repo->arena, own->key);
	return true;
}

static bool open_url(struct chartrepo *repo, const char *rest,
		     const struct chartrepo_config *config, struct err *err)
{
	(void)rest;
	repo->login_everywhere = config->login_everywhere;
	if (!take_own(repo, &config->own, err))
		return false;
	if (!url_parse(&repo->url, repo->address, err))
		return false;
	login_take_url(&repo->login, &repo->url);
	return true;
}

static bool find_url(struct chartrepo *repo, const char *relative,
		     struct chartrepo_place *place, struct err *err)
{
	CLEANUP(url_release) struct url index = {0};

	url_copy(&index, &repo->url);
	url_add_segment(&index, CHARTREPO_INDEX);
	if (!url_resolve(&place->url, &index, relative, err))
		return false;
	/* Tokens in its query go along, but to no server that "//" names. */
	if (!place->url.query && repo->url.query &&
	    url_same_origin(&place->url, &repo->url))
		place->url.query = xstrdup(repo->url.query);
	return true;
}

/*
 * Is @url to know who we are?  The repository's own server is, and others
 * only where the user has said so, and nobody can listen.
 */
static bool is_trusted(const struct chartrepo *repo, const struct url *url)
{
	return url_same_origin(url, &repo->url) ||
	       (repo->login_everywhere && strcmp(url->scheme, "https") == 0);
}

static void set_url(const struct chartrepo *repo, const struct url *url,
		    struct http_request *request)
{
	url_add_text(&request->url, url, true);
	if (!is_trusted(repo, url))
		return;
	request->own = &repo->own;
	if (secret_is_set(&repo->login.token))
		login_add_bearer(&request->secrets, &repo->login.token);
	else if (login_is_set(&repo->login))
		login_add_basic(&request->secrets, &repo->login);
}

static bool ask_url(struct chartrepo *repo, const struct chartrepo_place *place,
		    size_t limit, struct http_request *request, struct err *err)
{
	(void)err;
	request->method = "GET";
	request->reply_limit = limit;
	set_url(repo, &place->url, request);
	return true;
}

/* @words: of the server, NULL = none.  Gives false. */
static bool refused(const struct http_request *request,
		    const struct http_reply *reply, const char *words,
		    struct err *err)
{
	(void)http_fail(request, reply, words, err);
	if (reply->status != 401)
		return false;
	if (request->secrets.count)
		return err_hint(err, "it does not accept the login");
	return err_hint(err, "set HELM_REPO_USERNAME and HELM_REPO_PASSWORD, "
			     "or HELM_REPO_ACCESS_TOKEN, which are for the "
			     "repository of '--repo'; or let Helm know the "
			     "login: helm repo add --username");
}

static bool take_url(struct chartrepo *repo, struct chartrepo_place *place,
		     size_t limit, const struct http_request *request,
		     struct http_reply *reply, struct str *bytes, bool *more,
		     struct err *err)
{
	(void)repo;
	(void)place;
	(void)limit;
	(void)more;
	if (reply->status != 200)
		return refused(request, reply, NULL, err);
	str_take(bytes, &reply->body);
	return true;
}

/*
 * Seconds count: what changed within the second in which it was read would be
 * taken for unchanged ever after (RFC 9110, 8.8.2.2).
 */
static bool is_settled(const struct http_reply *reply, const char *modified)
{
	const char *date = http_header(reply, "Date");
	int64_t then, now;

	return date && clock_parse_http_date(modified, &then) &&
	       clock_parse_http_date(date, &now) && now - then > 1;
}

static void take_state(struct chartrepo_index *index,
		       const struct http_reply *reply)
{
	const char *modified = http_header(reply, "Last-Modified");

	index->token = xstrdup_or_null(http_header(reply, "ETag"));
	if (modified && is_settled(reply, modified))
		index->modified = xstrdup(modified);
}

static void add_condition(struct http_request *request,
			  const struct chartrepo_index *known)
{
	if (known->token)
		strvec_addf(&request->headers, "If-None-Match: %s",
			    known->token);
	else if (known->modified)
		strvec_addf(&request->headers, "If-Modified-Since: %s",
			    known->modified);
}

static bool read_index(struct chartrepo *repo,
		       const struct chartrepo_index *known,
		       struct chartrepo_index *index, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET", .reply_limit = CHARTINDEX_SIZE_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(chartrepo_place_release) struct chartrepo_place place = {0};

	if (!find_url(repo, CHARTREPO_INDEX, &place, err))
		return false;
	set_url(repo, &place.url, &request);
	if (known)
		add_condition(&request, known);
	if (!http_send(repo->http, &request, &reply, err))
		return false;
	index->unchanged = known && reply.status == 304;
	if (reply.status != 200 && !index->unchanged)
		return refused(&request, &reply, NULL, err);
	index->found = true;
	if (index->unchanged)
		return true;
	take_state(index, &reply);
	index->text = reply.body;
	reply.body = (struct str){0};
	return true;
}

/* --- ChartMuseum's API ------------------------------------------------------ */

/*
 * "https://host/CONTEXT/ORG/REPO" is written at "CONTEXT/api/ORG/REPO/charts".
 * Source: ChartMuseum 0.16, README, "API" and "Multitenancy";
 * pkg/chartmuseum/server/multitenant/handlers.go.
 */
static void api_url(const struct chartrepo *repo, const char *what,
		    struct url *url)
{
	const char *context = repo->context_path ? repo->context_path : "";
	const char *rest = after_prefix(repo->url.path, context);
	char *path;

	if (!rest || (*rest && *rest != '/')) {
		context = "";
		rest = repo->url.path;
	}
	path = xasprintf("%s/api%s", context, rest);
	url_copy(url, &repo->url);
	free(url->path);
	url->path = path;
	url_add_segment(url, what);
}

static bool fail(const struct http_request *request,
		 const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *words = NULL;

	if (jsn_parse(&json, str_text(&reply->body), reply->body.len, "reply",
		      &unfit))
		words = jsn_text(json, "error");
	(void)refused(request, reply, words, err);
	if (reply->status == 404 || reply->status == 405 ||
	    reply->status == 501)
		return err_hint(err, "over http(s) charts are written by "
				     "ChartMuseum's API, which this server "
				     "does not seem to speak");
	return false;
}

/*
 * Is that version there?  ChartMuseum finds 1.0.0+b for 1.0.0+a, so what it
 * gives is compared.
 */
static bool has_chart(struct chartrepo *repo, const struct chart *chart,
		      bool *found, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET", .reply_limit = CHARTMUSEUM_REPLY_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};

	api_url(repo, "charts", &url);
	url_add_segment(&url, chart->name);
	url_add_segment(&url, chart->version);
	set_url(repo, &url, &request);
	if (!http_send(repo->http, &request, &reply, err))
		return false;
	*found = false;
	if (reply.status == 404)
		return true;
	if (reply.status != 200)
		return fail(&request, &reply, err);
	if (!jsn_parse(&json, str_text(&reply.body), reply.body.len, "answer",
		       &unfit))
		return err_set(err, ERR_REMOTE,
			       "%s %s: the answer of ChartMuseum is no JSON",
			       request.method, str_text(&request.url));
	*found = same_text(jsn_text(json, "version"), chart->version);
	return true;
}

/* *@missing: there is no API at that path. */
static bool post(struct chartrepo *repo, const char *what,
		 const struct chartrepo_put *put,
		 enum chartrepo_outcome *outcome, bool *unclear, bool *missing,
		 struct err *err)
{
	/* Once it is there, doing it again is a conflict with ourselves. */
	CLEANUP(http_request_release) struct http_request request = {
		.method = "POST",
		.body = put->bytes,
		.body_len = put->len,
		.reply_limit = CHARTMUSEUM_REPLY_MAX,
		.repeat = HTTP_REPEAT_ALWAYS,
	};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(url_release) struct url url = {0};

	api_url(repo, what, &url);
	if (put->replace)
		url_add_query(&url, "force", "true");
	set_url(repo, &url, &request);
	strvec_addf(&request.headers, "Content-Type: %s",
		    strcmp(what, "prov") == 0 ? "text/plain"
					      : "application/gzip");
	if (!http_send(repo->http, &request, &reply, err))
		return false;
	*unclear = reply.unclear;
	*missing = reply.status == 404 && !repo->context_path;
	*outcome = reply.status == 409 ? CHARTREPO_NOT_MET : CHARTREPO_WRITTEN;
	if (*missing || reply.status == 201 || reply.status == 202 ||
	    (reply.status == 409 && !put->replace))
		return true;
	(void)fail(&request, &reply, err);
	if (reply.status == 409)
		return err_hint(err, "it was started with "
				     "--disable-force-overwrite");
	return false;
}

/* "contextPath" in the "serverInfo" of an index that ChartMuseum made. */
static bool find_context_path(struct chartrepo *repo, struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index index = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	const char *start, *end, *path;

	if (!read_index(repo, NULL, &index, err))
		return err_wrap(err, "cannot find ChartMuseum's API");
	start = strstr(str_text(&index.text), "\nserverInfo:");
	if (!start)
		return true;
	for (end = start + 1; *end; end += *end != 0) {
		end += strcspn(end, "\n");
		if (*end && end[1] != ' ')
			break;
	}
	if (!ydoc_parse(&doc, start + 1, (size_t)(end - start - 1),
			"serverInfo", 0, err))
		return false;
	path = value_find_text(doc.root, "serverInfo.contextPath");
	if (!is_blank(path))
		repo->context_path = xstrdup(path);
	return true;
}

static bool try_put(struct chartrepo *repo, const struct chartrepo_put *put,
		    enum chartrepo_outcome *outcome, bool *unclear,
		    bool *missing, struct err *err)
{
	bool found = false;

	*missing = false;
	/* A server may be told to let anybody overwrite: look first. */
	if (!put->replace && !has_chart(repo, put->chart, &found, err))
		return false;
	*outcome = CHARTREPO_NOT_MET;
	return found ||
	       post(repo, "charts", put, outcome, unclear, missing, err);
}

static bool put_chart(struct chartrepo *repo, const struct chartrepo_put *put,
		      enum chartrepo_outcome *outcome, bool *unclear,
		      struct err *err)
{
	bool missing;

	if (!try_put(repo, put, outcome, unclear, &missing, err))
		return false;
	if (!missing)
		return true;
	if (!find_context_path(repo, err))
		return false;
	if (!repo->context_path)
		repo->context_path = xstrdup("");
	return try_put(repo, put, outcome, unclear, &missing, err);
}

/* The chart has found out where the API is. */
static bool put_provenance(struct chartrepo *repo,
			   const struct chartrepo_put *put,
			   enum chartrepo_outcome *outcome, struct err *err)
{
	bool unclear, missing;

	if (!post(repo, "prov", put, outcome, &unclear, &missing, err))
		return false;
	return !missing ||
	       err_set(err, ERR_REMOTE,
		       "'%s' takes charts, but no provenance for them",
		       repo->address);
}

static void add_chart_url(struct str *out, const struct chart *chart)
{
	str_addf(out, "charts/%s", chart_file_name(chart));
}

const struct chartrepo_kind chartrepo_http = {
	.open = open_url,
	.find = find_url,
	.ask = ask_url,
	.take = take_url,
	.read_index = read_index,
	.has_chart = has_chart,
	.add_chart_url = add_chart_url,
	.put_chart = put_chart,
	.put_provenance = put_provenance,
};
