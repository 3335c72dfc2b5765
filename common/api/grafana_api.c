/* /api/annotations: of Grafana 9 to 13, and deprecated there. */

#include "api/grafana.h"

#include "api/grafana_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

#define JSON "application/json"

/* The address of the annotations, to which an id or a query is added. */
static void annotations_url(const struct grafana *grafana, struct url *url)
{
	url_copy(url, &grafana->base);
	url_add_segment(url, "api");
	url_add_segment(url, "annotations");
}

/* "17" of 17; NULL: there is none. */
static char *read_id(const json_t *json)
{
	int64_t id = jsn_int(json, "id", 0);

	return id > 0 ? xasprintf("%lld", (long long)id) : NULL;
}

void grafana_api_read_mark(struct grafana_mark *mark, const json_t *json)
{
	const char *dashboard = jsn_text(json, "dashboardUID");

	mark->id = read_id(json);
	mark->dashboard = is_blank(dashboard) ? NULL : xstrdup(dashboard);
	mark->panel = jsn_int(json, "panelId", 0);
	mark->start_ms = jsn_int(json, "time", 0);
	mark->end_ms = jsn_int(json, "timeEnd", mark->start_ms);
	mark->text = xstrdup_or_null(jsn_text(json, "text"));
	grafana_read_tags(&mark->tags, jsn_find(json, "tags"));
}

static void prepare_search(const struct grafana *grafana,
			   struct http_request *request,
			   const struct grafana_mark *like, int64_t window_ms)
{
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	url_add_query_int(&url, "from", like->start_ms - window_ms);
	url_add_query_int(&url, "to", like->end_ms + window_ms);
	url_add_query_int(&url, "limit", GRAFANA_MARKS_MAX);
	url_add_query(&url, "type", "annotation");
	if (like->dashboard)
		url_add_query(&url, "dashboardUID", like->dashboard);
	if (like->panel)
		url_add_query_int(&url, "panelId", like->panel);
	for (size_t i = 0; i < like->tags.count; i++)
		url_add_query(&url, "tags", like->tags.items[i]);
	grafana_prepare(grafana, request, "GET", &url);
}

bool grafana_api_find(struct grafana *grafana, const struct grafana_mark *like,
		      const char *line, int64_t window_ms,
		      struct grafana_mark *found, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;
	const json_t *json;
	size_t i;

	prepare_search(grafana, &request, like, window_ms);
	if (!grafana_ask(grafana, &request, &list, err))
		return false;
	if (!json_is_array(list))
		return grafana_nonsense(&request, "the answer is no list", err);
	json_array_foreach (list, i, json) {
		const char *text = jsn_text(json, "text");
		const char *dashboard = jsn_text(json, "dashboardUID");
		struct grafana_mark mark = {0};

		if (!text || !grafana_has_line(text, line) ||
		    jsn_int(json, "id", 0) <= 0 ||
		    (!like->dashboard && !is_blank(dashboard)))
			continue;
		grafana_api_read_mark(&mark, json);
		grafana_take_found(found, &mark);
	}
	return true;
}

bool grafana_api_create(struct grafana *grafana, struct grafana_mark *mark,
			struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = grafana_mark_json(mark);
	CLEANUP(jsn_release) json_t *created = NULL;
	CLEANUP(str_release) struct str body = {0};
	CLEANUP(url_release) struct url url = {0};

	/* Where a mark is cannot be changed later: only a new one says it. */
	grafana_add_place(json, mark, "panelId");
	annotations_url(grafana, &url);
	grafana_prepare(grafana, &request, "POST", &url);
	grafana_prepare_body(&request, &body, JSON, json);
	if (!grafana_ask(grafana, &request, &created, err))
		return false;
	mark->id = read_id(created);
	return mark->id ||
	       grafana_nonsense(&request, "the answer has no id", err);
}

bool grafana_api_update(struct grafana *grafana, struct grafana_mark *mark,
			struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = grafana_mark_json(mark);
	CLEANUP(jsn_release) json_t *answer = NULL;
	CLEANUP(str_release) struct str body = {0};
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	url_add_segment(&url, mark->id);
	grafana_prepare(grafana, &request, "PATCH", &url);
	grafana_prepare_body(&request, &body, JSON, json);
	request.repeat = HTTP_REPEAT_ALWAYS;
	return grafana_ask(grafana, &request, &answer, err);
}

bool grafana_api_delete(struct grafana *grafana, const char *id,
			struct err *err)
{
	CLEANUP(url_release) struct url url = {0};

	annotations_url(grafana, &url);
	url_add_segment(&url, id);
	return grafana_delete_at(grafana, &url, err);
}
