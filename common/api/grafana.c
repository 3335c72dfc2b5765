#include "api/grafana.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

#define SPOOL_VERSION 1

/* --- requests ---------------------------------------------------------- */

/* The address of the annotations, to which an id or a query is added. */
static void annotations_url(const struct grafana *grafana, struct url *url)
{
	url_copy(url, &grafana->base);
	url_add_segment(url, "api");
	url_add_segment(url, "annotations");
}

static void prepare(const struct grafana *grafana, struct http_request *request,
		    const char *method, const struct url *url)
{
	request->method = method;
	url_add_text(&request->url, url, true);
	strvec_add(&request->headers, "Accept: application/json");
	strvec_add(&request->secrets, secret_reveal(&grafana->authorization));
	request->reply_limit = GRAFANA_REPLY_MAX;
}

static void prepare_body(struct http_request *request, struct str *body,
			 const json_t *json)
{
	jsn_print(body, json, false);
	strvec_add(&request->headers, "Content-Type: application/json");
	request->body = str_text(body);
	request->body_len = body->len;
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
	if (reply->status == 401)
		err_hint(err, "use the token of a service account");
	else if (reply->status == 403)
		err_hint(err, "the service account needs annotations:read, "
			      ":create and :write");
	return false;
}

static bool ask(struct grafana *grafana, struct http_request *request,
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
	err->kind = ERR_REMOTE;
	return err_wrap(err, "%s %s", request->method, str_text(&request->url));
}

bool grafana_open(struct grafana *grafana, const struct grafana_config *config,
		  struct err *err)
{
	CLEANUP(str_release) struct str line = {0};

	if (!url_parse(&grafana->base, config->url, err) ||
	    !http_open(&grafana->http, &config->http, err))
		return false;
	str_addf(&line, "Authorization: Bearer %s",
		 secret_reveal(config->token));
	secret_set(&grafana->authorization, str_text(&line), line.len);
	wipe(line.buf, line.len);
	return true;
}

void grafana_release(struct grafana *grafana)
{
	http_release(&grafana->http);
	url_release(&grafana->base);
	secret_release(&grafana->authorization);
}

bool grafana_check_token(struct grafana *grafana, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	url_add_query(&url, "limit", "1");
	prepare(grafana, &request, "GET", &url);
	return ask(grafana, &request, &json, err);
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

static bool check_tags(const struct strvec *tags, struct err *err)
{
	size_t len = strlen("[]");

	for (size_t i = 0; i < tags->count; i++) {
		if (!check_tag(tags->items[i], err))
			return false;
		len += strlen(tags->items[i]) + strlen("\"\",");
	}
	if (len <= GRAFANA_TAGS_MAX + strlen(","))
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

static bool has_line(const char *text, const char *line)
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

static void read_tags(struct strvec *tags, const json_t *list)
{
	const json_t *tag;
	size_t i;

	json_array_foreach (list, i, tag)
		if (json_is_string(tag))
			strvec_add(tags, json_string_value(tag));
}

/* What search and file have in common. */
static void read_mark(struct grafana_mark *mark, const json_t *json)
{
	const char *dashboard = jsn_text(json, "dashboardUID");

	mark->id = jsn_int(json, "id", 0);
	mark->dashboard = is_blank(dashboard) ? NULL : xstrdup(dashboard);
	mark->panel = jsn_int(json, "panelId", 0);
	mark->start_ms = jsn_int(json, "time", 0);
	mark->end_ms = jsn_int(json, "timeEnd", mark->start_ms);
	mark->text = xstrdup_or_null(jsn_text(json, "text"));
	read_tags(&mark->tags, jsn_find(json, "tags"));
}

static void add_number(struct url *url, const char *name, int64_t number)
{
	CLEANUP(free_ptr) char *text = xasprintf("%lld", (long long)number);

	url_add_query(url, name, text);
}

static void prepare_search(const struct grafana *grafana,
			   struct http_request *request,
			   const struct grafana_mark *like, int64_t window_ms)
{
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	add_number(&url, "from", like->start_ms - window_ms);
	add_number(&url, "to", like->end_ms + window_ms);
	add_number(&url, "limit", GRAFANA_MARKS_MAX);
	url_add_query(&url, "type", "annotation");
	if (like->dashboard)
		url_add_query(&url, "dashboardUID", like->dashboard);
	if (like->panel)
		add_number(&url, "panelId", like->panel);
	for (size_t i = 0; i < like->tags.count; i++)
		url_add_query(&url, "tags", like->tags.items[i]);
	prepare(grafana, request, "GET", &url);
}

bool grafana_find_mark(struct grafana *grafana, const struct grafana_mark *like,
		       const char *line, int64_t window_ms,
		       struct grafana_mark *found, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;
	const json_t *json;
	size_t i;

	prepare_search(grafana, &request, like, window_ms);
	if (!ask(grafana, &request, &list, err))
		return false;
	if (!json_is_array(list))
		return err_set(err, ERR_REMOTE, "GET %s: the answer is no list",
			       str_text(&request.url));
	json_array_foreach (list, i, json) {
		const char *text = jsn_text(json, "text");
		const char *dashboard = jsn_text(json, "dashboardUID");

		if (!text || !has_line(text, line) ||
		    jsn_int(json, "id", 0) <= 0 ||
		    (!like->dashboard && !is_blank(dashboard)))
			continue;
		read_mark(found, json);
		return true;
	}
	return true;
}

static json_t *mark_json(const struct grafana_mark *mark)
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

/* Where a mark is cannot be changed later: only a new one says it. */
static void add_place(json_t *json, const struct grafana_mark *mark)
{
	if (mark->dashboard)
		jsn_set_text(json, "dashboardUID", mark->dashboard);
	if (mark->panel)
		jsn_set(json, "panelId", json_integer(mark->panel));
}

bool grafana_create_mark(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = mark_json(mark);
	CLEANUP(jsn_release) json_t *created = NULL;
	CLEANUP(str_release) struct str body = {0};
	CLEANUP(url_release) struct url url = {0};

	add_place(json, mark);
	annotations_url(grafana, &url);
	prepare(grafana, &request, "POST", &url);
	prepare_body(&request, &body, json);
	if (!ask(grafana, &request, &created, err))
		return false;
	if (jsn_int(created, "id", 0) <= 0)
		return err_set(err, ERR_REMOTE, "POST %s: the answer has no id",
			       str_text(&request.url));
	mark->id = jsn_int(created, "id", 0);
	return true;
}

bool grafana_update_mark(struct grafana *grafana,
			 const struct grafana_mark *mark, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(free_ptr) char *id = xasprintf("%lld", (long long)mark->id);
	CLEANUP(jsn_release) json_t *json = mark_json(mark);
	CLEANUP(jsn_release) json_t *answer = NULL;
	CLEANUP(str_release) struct str body = {0};
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	url_add_segment(&url, id);
	prepare(grafana, &request, "PATCH", &url);
	prepare_body(&request, &body, json);
	request.repeat = HTTP_REPEAT_ALWAYS;
	return ask(grafana, &request, &answer, err);
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
	CLEANUP(jsn_release) json_t *json = mark_json(mark);

	add_place(json, mark);
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
	read_mark(&found, json);
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
	free(mark->dashboard);
	free(mark->text);
	strvec_release(&mark->tags);
	*mark = (struct grafana_mark){0};
}
