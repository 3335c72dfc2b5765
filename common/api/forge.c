#include "api/forge.h"

#include <string.h>

#include "api/forge_kinds.h"
#include "api/login.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/githash.h"
#include "format/jsn.h"
#include "sys/signals.h"

/* --- who we are -------------------------------------------------------- */

static void set_authorization(struct forge *forge,
			      const struct forge_config *config)
{
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(login_release) struct login login = {0};
	const char *token;

	if (!config->token || !secret_is_set(config->token))
		return;
	token = secret_reveal(config->token);
	if (config->kind == FORGE_GITLAB) {
		strvec_addf(&lines, "PRIVATE-TOKEN: %s", token);
	} else if (config->kind == FORGE_GITEA) {
		strvec_addf(&lines, "Authorization: token %s", token);
	} else if (config->kind == FORGE_BITBUCKET && !is_blank(config->user)) {
		login_set(&login, config->user, config->token, NULL);
		login_add_basic(&lines, &login);
	} else {
		login_add_bearer(&lines, config->token);
	}
	secret_set(&forge->authorization, lines.items[0],
		   strlen(lines.items[0]));
	login_remove(&lines);
}

/* The public ones have their API elsewhere. */
static bool set_api(struct forge *forge, const struct forge_config *config,
		    struct err *err)
{
	const struct forge_api *api = forge_api_of(config->kind);
	CLEANUP(url_release) struct url url = {0};
	size_t len;

	if (!http_parse_server(&url, config->url, err))
		return false;
	if (config->kind == FORGE_GITHUB && same_text(url.host, "github.com"))
		return url_parse(&forge->api, "https://api.github.com", err);
	if (config->kind == FORGE_BITBUCKET &&
	    same_text(url.host, "bitbucket.org"))
		return url_parse(&forge->api, "https://api.bitbucket.org/2.0",
				 err);
	/* GitHub's enterprises with a place of their own for their data. */
	if (config->kind == FORGE_GITHUB && ends_with(url.host, ".ghe.com")) {
		CLEANUP(free_ptr) char *address =
			xasprintf("https://api.%s", url.host);

		return url_parse(&forge->api, address, err);
	}
	url_copy(&forge->api, &url);
	len = strlen(url.path);
	while (len > 0 && url.path[len - 1] == '/')
		len--;
	free(forge->api.path);
	forge->api.path = xasprintf("%.*s%s", (int)len, url.path, api->root);
	return true;
}

bool forge_open(struct forge *forge, const struct forge_config *config,
		struct err *err)
{
	if (!forge_api_of(config->kind)) {
		err_set(err, ERR_USAGE,
			"cannot tell what kind of forge '%s' is", config->url);
		return err_hint(err, "name it with --forge");
	}
	if (!set_api(forge, config, err) ||
	    !http_open(&forge->http, &config->http, err))
		return false;
	forge->kind = config->kind;
	forge->reporter = config->http.reporter;
	set_authorization(forge, config);
	return true;
}

void forge_release(struct forge *forge)
{
	http_release(&forge->http);
	url_release(&forge->api);
	secret_release(&forge->authorization);
}

/* --- limits ------------------------------------------------------------ */

static bool header_number(const struct http_reply *reply, const char *name,
			  int64_t *number)
{
	const char *text = http_header(reply, name);

	return text && num_parse_range(text, 0, INT64_MAX / 1000, number);
}

/* GitHub's other limit, of requests in a short time, has only words. */
static bool says_secondary(const struct http_reply *reply)
{
	return strstr(str_text(&reply->body), "secondary rate limit");
}

/*
 * Was it too much?  GitHub says so by 403 too.  *@wait_ms is -1 where the
 * server does not tell how long.
 */
static bool is_limited(const struct http_reply *reply, int64_t *wait_ms)
{
	int64_t left, number;

	if (reply->status != 403 && reply->status != 429)
		return false;
	*wait_ms = -1;
	if (header_number(reply, "retry-after", &number)) {
		*wait_ms = number * 1000;
		return true;
	}
	if (says_secondary(reply)) {
		*wait_ms = FORGE_SECONDARY_WAIT_MS;
		return true;
	}
	if (!header_number(reply, "x-ratelimit-remaining", &left) || left > 0)
		return reply->status == 429;
	if (header_number(reply, "x-ratelimit-reset", &number)) {
		*wait_ms = number * 1000 - clock_now_ms();
		*wait_ms = *wait_ms > 0 ? *wait_ms : 0;
	}
	return true;
}

static bool can_wait(const struct forge *forge, unsigned int waits,
		     int64_t wait_ms)
{
	struct deadline deadline = http_deadline(&forge->http);

	return waits < FORGE_WAITS_MAX && wait_ms >= 0 &&
	       wait_ms <= FORGE_WAIT_MAX_MS &&
	       wait_ms < deadline_left_ms(&deadline, INT64_MAX);
}

static bool send_patiently(struct forge *forge, struct http_request *request,
			   struct http_reply *reply, struct err *err)
{
	int64_t wait_ms;

	for (unsigned int waits = 0;; waits++) {
		http_reply_release(reply);
		if (!http_send(&forge->http, request, reply, err))
			return false;
		/* Tried again already where the status says so: 429. */
		if (reply->status != 403 || !is_limited(reply, &wait_ms) ||
		    !can_wait(forge, waits, wait_ms))
			return true;
		report_warning(forge->reporter,
			       "GET %s: the limit of requests is reached; "
			       "waiting %lld s for its end",
			       str_text(&request->url),
			       (long long)(wait_ms + 999) / 1000);
		if (!signals_sleep_ms(wait_ms) && signals_interrupted(err))
			return false;
	}
}

/* --- asking ------------------------------------------------------------ */

static bool refused(const struct forge *forge,
		    const struct http_request *request,
		    const struct http_reply *reply, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	const char *words = NULL;
	int64_t wait_ms;

	if (jsn_parse(&json, str_text(&reply->body), reply->body.len, "error",
		      &ignored)) {
		words = jsn_text(json, "message");
		words = words ? words : jsn_text(json, "error.message");
		words = words ? words : jsn_text(json, "errors.0.message");
		words = words ? words : jsn_text(json, "error");
	}
	http_fail(request, reply, words, err);
	if (is_limited(reply, &wait_ms)) {
		err_temporary(err, true);
		if (wait_ms > 0)
			err_hint(err,
				 "the limit of requests ends in %lld s; a "
				 "token has a higher one",
				 (long long)(wait_ms / 1000));
	} else if (reply->status == 401 || reply->status == 403) {
		err_hint(err, secret_is_set(&forge->authorization)
				      ? "the token must be allowed to read the "
					"repository"
				      : "give a token with --forge-token-file");
	}
	return false;
}

static void prepare(const struct forge *forge, struct http_request *request,
		    const struct url *url)
{
	request->method = "GET";
	url_add_text(&request->url, url, true);
	strvec_addf(&request->headers, "Accept: %s",
		    forge_api_of(forge->kind)->accept);
	if (forge->kind == FORGE_GITHUB)
		strvec_add(&request->headers,
			   "X-GitHub-Api-Version: 2022-11-28");
	if (secret_is_set(&forge->authorization))
		strvec_add(&request->secrets,
			   secret_reveal(&forge->authorization));
	request->reply_limit = FORGE_REPLY_MAX;
	request->accept_gzip = true;
}

static bool nonsense(const struct http_request *request, const char *what,
		     struct err *err)
{
	return err_set(err, ERR_REMOTE, "GET %s: the answer has no '%s'",
		       str_text(&request->url), what);
}

/* *@json stays NULL where there is nothing of that name. */
static bool ask(struct forge *forge, struct http_request *request,
		struct http_reply *reply, json_t **json, struct err *err)
{
	if (!send_patiently(forge, request, reply, err))
		return false;
	/* 422: GitHub's for what cannot be a commit. */
	if (reply->status == 404 || reply->status == 422)
		return true;
	if (reply->status != 200)
		return refused(forge, request, reply, err);
	if (jsn_parse(json, str_text(&reply->body), reply->body.len,
		      "the answer", err))
		return true;
	err->kind = ERR_REMOTE;
	return err_wrap(err, "GET %s", str_text(&request->url));
}

/* --- one commit -------------------------------------------------------- */

/* It goes into addresses, the record and terminals: nothing else will do. */
static bool is_hash(const char *text)
{
	return text && githash_is_whole(text, strlen(text));
}

static bool find_hash(struct forge *forge, const struct url *url,
		      const char *member, char **hash, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(jsn_release) json_t *json = NULL;

	prepare(forge, &request, url);
	if (!ask(forge, &request, &reply, &json, err))
		return false;
	if (!json)
		return true;
	if (!is_hash(jsn_text(json, member)))
		return nonsense(&request, member, err);
	*hash = xstrdup(jsn_text(json, member));
	return true;
}

static void start_url(const struct forge *forge, const char *path,
		      struct url *url)
{
	url_copy(url, &forge->api);
	forge_api_of(forge->kind)->add_repository(url, path);
}

bool forge_find_commit(struct forge *forge, const char *path, const char *name,
		       char **hash, struct err *err)
{
	const struct forge_api *api = forge_api_of(forge->kind);
	CLEANUP(url_release) struct url url = {0};

	start_url(forge, path, &url);
	api->add_commit(&url, name);
	return find_hash(forge, &url, api->commit_hash, hash, err);
}

bool forge_find_tag(struct forge *forge, const char *path, const char *tag,
		    char **hash, struct err *err)
{
	const struct forge_api *api = forge_api_of(forge->kind);
	CLEANUP(url_release) struct url url = {0};

	start_url(forge, path, &url);
	api->add_tag(&url, tag);
	return find_hash(forge, &url, api->tag_hash, hash, err);
}

/* --- lists ------------------------------------------------------------- */

/* Commits that were read; all in the arena. */
struct found {
	struct arena arena;
	struct repo_commit *items;
	size_t count;
	size_t capacity;
};

static void found_release(struct found *found)
{
	arena_release(&found->arena);
}

static const char *copy_text(const char *text, struct arena *arena)
{
	return arena_strdup(arena, text ? text : "");
}

/* Bitbucket's "Ada <ada@example.com>" without the address. */
static const char *author_of(const struct forge_api *api, const json_t *json,
			     struct arena *arena)
{
	const char *author = jsn_text(json, api->author);
	const char *mail;

	if (!author && api->other_author)
		author = jsn_text(json, api->other_author);
	mail = author ? strstr(author, " <") : NULL;
	return mail ? arena_memdupz(arena, author, (size_t)(mail - author))
		    : copy_text(author, arena);
}

/* RFC 3339, or Data Center's milliseconds. */
static int64_t time_of(const struct forge_api *api, const json_t *json)
{
	const char *text = jsn_text(json, api->date);
	int64_t seconds = 0;

	if (!text)
		return jsn_int(json, api->date, 0) / 1000;
	return clock_parse_rfc3339(text, strlen(text), &seconds) ? seconds : 0;
}

static void read_parents(const struct forge_api *api, const json_t *json,
			 struct repo_commit *commit, struct arena *arena)
{
	const json_t *list = jsn_find(json, api->parents);
	size_t count = json_is_array(list) ? json_array_size(list) : 0;
	const char **parents;
	const json_t *parent;
	size_t i;

	if (count == 0)
		return;
	parents = arena_new_array(arena, const char *, count);
	json_array_foreach (list, i, parent) {
		const char *hash = api->parent_hash
					   ? jsn_text(parent, api->parent_hash)
					   : json_string_value(parent);

		if (is_hash(hash))
			parents[commit->parent_count++] =
				arena_strdup(arena, hash);
	}
	commit->parents = parents;
}

static bool read_commit(struct found *found, const struct forge_api *api,
			const json_t *json)
{
	const char *hash = jsn_text(json, api->hash);
	struct repo_commit *commit;

	if (!is_hash(hash))
		return false;
	found->items = arena_grow(&found->arena, found->items, found->count + 1,
				  sizeof(*found->items), &found->capacity);
	commit = &found->items[found->count++];
	*commit = (struct repo_commit){
		.hash = arena_strdup(&found->arena, hash),
		.message =
			copy_text(jsn_text(json, api->message), &found->arena),
		.author = author_of(api, json, &found->arena),
		.time = time_of(api, json),
	};
	read_parents(api, json, commit, &found->arena);
	return true;
}

/* By its Link header, or by GitLab's own, which a proxy may leave alone. */
static bool has_next_page(const struct http_reply *reply)
{
	if (!is_blank(http_header(reply, "x-next-page")))
		return true;
	for (size_t i = 0; i < reply->headers.count; i++)
		if (strncasecmp(reply->headers.items[i], "link:", 5) == 0 &&
		    strstr(reply->headers.items[i], "rel=\"next\""))
			return true;
	return false;
}

/*
 * We go on by number, never by the address that an answer gives: that might
 * be anybody's.
 */
static bool has_more(const struct forge *forge, const struct http_reply *reply,
		     const json_t *json, struct forge_page *page)
{
	int64_t start;

	page->number++;
	if (forge->kind == FORGE_BITBUCKET)
		return jsn_text(json, "next") != NULL;
	if (forge->kind != FORGE_BITBUCKET_SERVER)
		return has_next_page(reply);
	start = jsn_int(json, "nextPageStart", -1);
	if (jsn_bool(json, "isLastPage", true) || start <= page->start)
		return false;
	page->start = start;
	return true;
}

static bool read_page(struct forge *forge, const struct url *url,
		      struct found *found, struct forge_page *page, bool *more,
		      struct err *err)
{
	const struct forge_api *api = forge_api_of(forge->kind);
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	size_t before = found->count;
	const json_t *list, *item;
	size_t i;

	prepare(forge, &request, url);
	if (!ask(forge, &request, &reply, &json, err))
		return false;
	if (!json)
		return http_fail(&request, &reply, NULL, err);
	list = api->list ? jsn_find(json, api->list) : json;
	if (!json_is_array(list))
		return nonsense(&request, api->list ? api->list : "list", err);
	json_array_foreach (list, i, item)
		if (!read_commit(found, api, item))
			return nonsense(&request, api->hash, err);
	/* A page without commits would be asked for again and again. */
	*more = has_more(forge, &reply, json, page) && found->count > before;
	return true;
}

/*
 * An old Gitea knows no way to leave out what the old version had, and does
 * not say so.
 */
static bool check_list(const struct found *found, const char *old,
		       const char *path, struct err *err)
{
	for (size_t i = 0; i < found->count; i++)
		if (same_text(found->items[i].hash, old))
			return err_set(err, ERR_REMOTE,
				       "cannot compare commits of '%s': the "
				       "server gives those of the old version "
				       "too",
				       path);
	return true;
}

static bool deliver(const struct found *found, bool oldest_first,
		    repo_commit_fn *each, void *context, struct err *err)
{
	for (size_t i = 0; i < found->count; i++) {
		size_t at = oldest_first ? found->count - 1 - i : i;

		if (!each(context, &found->items[at], err))
			return false;
	}
	return true;
}

bool forge_compare(struct forge *forge, const char *path, const char *old,
		   const char *new, repo_commit_fn *each, void *context,
		   struct err *err)
{
	const struct forge_api *api = forge_api_of(forge->kind);
	CLEANUP(found_release) struct found found = {0};
	struct forge_page page = {.number = 1};
	bool more = true;

	while (more) {
		CLEANUP(url_release) struct url url = {0};

		start_url(forge, path, &url);
		api->add_list(&url, old, new, &page);
		if (!read_page(forge, &url, &found, &page, &more, err))
			return err_wrap(err, "cannot read the commits of '%s'",
					path);
		if (found.count > FORGE_COMMITS_MAX) {
			err_set(err, ERR_INPUT,
				"there are more than %d commits in '%s'",
				FORGE_COMMITS_MAX, path);
			return err_hint(err, "read them from a clone");
		}
	}
	return check_list(&found, old, path, err) &&
	       deliver(&found, api->oldest_first, each, context, err);
}
