#include "api/grafana.h"

#include "api/grafana_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

#define SPOOL_VERSION 1

/* The newer API's namespace of the first organisation. */
#define FIRST_NAMESPACE "default"

/* --- requests ---------------------------------------------------------- */

void grafana_prepare(const struct grafana *grafana,
		     struct http_request *request, const char *method,
		     const struct url *url)
{
	request->method = method;
	url_add_text(&request->url, url, true);
	strvec_add(&request->headers, "Accept: application/json");
	strvec_add(&request->secrets, secret_reveal(&grafana->authorization));
	request->reply_limit = GRAFANA_REPLY_MAX;
}

void grafana_prepare_body(struct http_request *request, struct str *body,
			  const char *type, const json_t *json)
{
	jsn_print(body, json, false);
	strvec_addf(&request->headers, "Content-Type: %s", type);
	request->body = str_text(body);
	request->body_len = body->len;
}

/*
 * A proxy's page, a login, an ingress without a backend: whoever said it, it
 * was not Grafana, and may be again later.
 */
static bool not_grafana(struct err *err)
{
	err->kind = ERR_REMOTE;
	err_temporary(err, true);
	err_wrap(err, "this is no answer of Grafana's");
	return err_hint(err, "something in front of Grafana may have answered; "
			     "see whether --url is right");
}

bool grafana_nonsense(const struct http_request *request, const char *what,
		      struct err *err)
{
	err_set(err, ERR_REMOTE, "%s %s: %s", request->method,
		str_text(&request->url), what);
	return not_grafana(err);
}

static bool refused(const struct http_request *request,
		    const struct http_reply *reply, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	const char *words = NULL;

	if (jsn_parse(&json, str_text(&reply->body), reply->body.len, "error",
		      &ignored))
		words = jsn_text(json, "message");
	http_fail(request, reply, words, err);
	if (!words)
		return not_grafana(err);
	if (reply->status == 401)
		err_hint(err, "use the token of a service account");
	else if (reply->status == 403)
		err_hint(err, "the service account needs annotations:read, "
			      ":create and :write");
	return false;
}

bool grafana_ask(struct grafana *grafana, struct http_request *request,
		 json_t **json, struct err *err)
{
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!http_send(&grafana->http, request, &reply, err))
		return false;
	if (reply.status < 200 || reply.status > 299)
		return refused(request, &reply, err);
	if (jsn_parse(json, str_text(&reply.body), reply.body.len, "the answer",
		      err))
		return true;
	err_wrap(err, "%s %s", request->method, str_text(&request->url));
	return not_grafana(err);
}

bool grafana_open(struct grafana *grafana, const struct grafana_config *config,
		  struct err *err)
{
	CLEANUP(str_release) struct str line = {0};

	if (!http_parse_server(&grafana->base, config->url, err) ||
	    !http_open(&grafana->http, &config->http, err))
		return false;
	str_addf(&line, "Authorization: Bearer %s",
		 secret_reveal(config->token));
	secret_set(&grafana->authorization, str_text(&line), line.len);
	wipe(line.buf, line.len);
	if (!is_blank(config->namespace))
		grafana->namespace = xstrdup(config->namespace);
	return true;
}

void grafana_release(struct grafana *grafana)
{
	http_release(&grafana->http);
	url_release(&grafana->base);
	secret_release(&grafana->authorization);
	free(grafana->namespace);
}

/* --- limits ------------------------------------------------------------ */

static bool is_white(const char *text)
{
	return !text || text[strspn(text, " \t\r\n")] == '\0';
}

static bool check_tag(const char *tag, struct err *err)
{
	size_t key = strcspn(tag, ":");
	const char *value = tag + key + (tag[key] == ':');

	if (is_white(tag))
		return err_set(err, ERR_INPUT, "cannot mark with a blank tag");
	if (rune_count(tag, key) <= GRAFANA_TAG_HALF_MAX &&
	    rune_count(value, strlen(value)) <= GRAFANA_TAG_HALF_MAX)
		return true;
	return err_set(err, ERR_INPUT,
		       "cannot mark with tag '%s': Grafana keeps %d characters "
		       "on each side of the colon",
		       tag, GRAFANA_TAG_HALF_MAX);
}

/* As JSON: brackets, quotes, commas. */
static size_t tags_length(const struct strvec *tags)
{
	size_t len = strlen("[]");

	for (size_t i = 0; i < tags->count; i++)
		len += strlen(tags->items[i]) + strlen("\"\",");
	return tags->count ? len - strlen(",") : len;
}

bool grafana_has_room(const struct strvec *tags, const char *more)
{
	return strvec_has(tags, more) ||
	       tags_length(tags) + strlen(more) + strlen(",\"\"") <=
		       GRAFANA_TAGS_MAX;
}

static bool check_tags(const struct strvec *tags, struct err *err)
{
	for (size_t i = 0; i < tags->count; i++)
		if (!check_tag(tags->items[i], err))
			return false;
	if (tags_length(tags) <= GRAFANA_TAGS_MAX)
		return true;
	return err_set(err, ERR_INPUT,
		       "cannot mark with %zu tags: Grafana keeps %d bytes of "
		       "them together",
		       tags->count, GRAFANA_TAGS_MAX);
}

bool grafana_check_mark(const struct grafana_mark *mark, struct err *err)
{
	if (is_white(mark->text))
		return err_set(err, ERR_INPUT, "cannot mark without a text");
	if (strlen(mark->text) > GRAFANA_TEXT_MAX)
		return err_set(err, ERR_INPUT,
			       "cannot mark with a text over %zu bytes",
			       GRAFANA_TEXT_MAX);
	if (mark->end_ms < mark->start_ms)
		return err_set(err, ERR_INPUT,
			       "cannot mark a time that ends before it starts");
	return check_tags(&mark->tags, err);
}

/* --- marks ------------------------------------------------------------- */

void grafana_read_tags(struct strvec *tags, const json_t *list)
{
	const json_t *tag;
	size_t i;

	json_array_foreach (list, i, tag)
		if (json_is_string(tag))
			strvec_add(tags, json_string_value(tag));
}

bool grafana_has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, len) == 0 &&
		    (at[len] == '\n' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool grafana_delete_at(struct grafana *grafana, const struct url *url,
		       struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *answer = NULL;

	grafana_prepare(grafana, &request, "DELETE", url);
	request.repeat = HTTP_REPEAT_ALWAYS;
	return grafana_ask(grafana, &request, &answer, err);
}

void grafana_add_place(json_t *json, const struct grafana_mark *mark,
		       const char *panel)
{
	if (mark->dashboard)
		jsn_set_text(json, "dashboardUID", mark->dashboard);
	if (mark->panel)
		jsn_set(json, panel, json_integer(mark->panel));
}

json_t *grafana_mark_json(const struct grafana_mark *mark)
{
	json_t *json = json_object();
	json_t *tags = json_array();

	for (size_t i = 0; i < mark->tags.count; i++)
		jsn_add(tags, jsn_string(mark->tags.items[i]));
	jsn_set(json, "time", json_integer(mark->start_ms));
	jsn_set(json, "timeEnd", json_integer(mark->end_ms));
	jsn_set(json, "tags", tags);
	jsn_set_text(json, "text", mark->text);
	return json;
}

void grafana_take_found(struct grafana_mark *found, struct grafana_mark *other)
{
	struct grafana_mark later = *other;

	*other = (struct grafana_mark){0};
	if (!found->id || is_made_before(later.id, found->id)) {
		struct grafana_mark first = later;

		first.twins = found->twins;
		later = *found;
		later.twins = (struct strvec){0};
		*found = first;
	}
	if (later.id)
		strvec_add(&found->twins, later.id);
	grafana_mark_release(&later);
}

/*
 * The older API, until it says that it is gone: then the newer one, for the
 * first organisation.  Where that is not there either, the first refusal
 * tells more.
 */
bool grafana_find_mark(struct grafana *grafana, const struct grafana_mark *like,
		       const char *line, int64_t window_ms,
		       struct grafana_mark *found, struct err *err)
{
	CLEANUP(err_release) struct err gone = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (grafana->namespace)
		return grafana_apis_find(grafana, like, line, window_ms, found,
					 err);
	if (grafana_api_find(grafana, like, line, window_ms, found, &gone))
		return true;
	if (gone.kind == ERR_NOT_FOUND) {
		grafana->namespace = xstrdup(FIRST_NAMESPACE);
		if (grafana_apis_find(grafana, like, line, window_ms, found,
				      &failure))
			return true;
		free(grafana->namespace);
		grafana->namespace = NULL;
	}
	err_move(err, failure.kind == ERR_NONE || failure.status == 404
			      ? &gone
			      : &failure);
	return false;
}

bool grafana_check_token(struct grafana *grafana, struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark found = {0};
	const struct grafana_mark any = {.start_ms = 1, .end_ms = 2};

	return grafana_find_mark(grafana, &any, "", 0, &found, err);
}

bool grafana_create_mark(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err)
{
	return grafana->namespace ? grafana_apis_create(grafana, mark, err)
				  : grafana_api_create(grafana, mark, err);
}

bool grafana_update_mark(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err)
{
	return grafana->namespace ? grafana_apis_update(grafana, mark, err)
				  : grafana_api_update(grafana, mark, err);
}

bool grafana_delete_mark(struct grafana *grafana, const char *id,
			 struct err *err)
{
	bool done = grafana->namespace ? grafana_apis_delete(grafana, id, err)
				       : grafana_api_delete(grafana, id, err);

	if (done || err->kind != ERR_NOT_FOUND)
		return done;
	err_release(err);
	return true;
}

bool grafana_same_mark(const struct grafana_mark *a,
		       const struct grafana_mark *b)
{
	if (a->start_ms != b->start_ms || a->end_ms != b->end_ms ||
	    !same_text(a->text, b->text) || a->tags.count != b->tags.count)
		return false;
	for (size_t i = 0; i < a->tags.count; i++)
		if (!strvec_has(&b->tags, a->tags.items[i]))
			return false;
	return true;
}

/* --- in a file --------------------------------------------------------- */

void grafana_mark_write(const struct grafana_mark *mark, const char *url,
			const char *line, struct str *text)
{
	CLEANUP(jsn_release) json_t *json = grafana_mark_json(mark);

	grafana_add_place(json, mark, "panelId");
	jsn_set(json, "version", json_integer(SPOOL_VERSION));
	jsn_set_text(json, "url", url);
	jsn_set_text(json, "line", line);
	jsn_print(text, json, true);
	str_add_char(text, '\n');
}

bool grafana_mark_read(struct grafana_mark *mark, char **url, char **line,
		       const char *text, size_t len, struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark found = {0};
	CLEANUP(jsn_release) json_t *json = NULL;

	if (!jsn_parse(&json, text, len, "a kept mark", err))
		return false;
	if (jsn_int(json, "version", 0) != SPOOL_VERSION ||
	    !jsn_text(json, "url") || !jsn_text(json, "line"))
		return err_set(err, ERR_INPUT, "this is not a kept mark");
	grafana_api_read_mark(&found, json);
	if (!grafana_check_mark(&found, err))
		return false;
	*url = xstrdup(jsn_text(json, "url"));
	*line = xstrdup(jsn_text(json, "line"));
	*mark = found;
	found = (struct grafana_mark){0};
	return true;
}

void grafana_mark_release(struct grafana_mark *mark)
{
	free(mark->id);
	free(mark->dashboard);
	free(mark->text);
	strvec_release(&mark->tags);
	strvec_release(&mark->twins);
	*mark = (struct grafana_mark){0};
}
