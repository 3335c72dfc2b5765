/*
 * /apis/annotation.grafana.app/v0alpha1: Grafana 13 and later, in the way of
 * Kubernetes.  Source: Grafana's apps/annotation and pkg/registry/apps/annotation.
 */

#include "api/grafana.h"

#include "api/grafana_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

#define GROUP	"annotation.grafana.app"
#define VERSION "v0alpha1"
#define PAGE	500

/* "annotations" and "search" of the namespace. */
static void resource_url(const struct grafana *grafana, const char *resource,
			 struct url *url)
{
	url_copy(url, &grafana->base);
	url_add_segment(url, "apis");
	url_add_segment(url, GROUP);
	url_add_segment(url, VERSION);
	url_add_segment(url, "namespaces");
	url_add_segment(url, grafana->namespace);
	url_add_segment(url, resource);
}

static void read_mark(struct grafana_mark *mark, const json_t *json)
{
	const json_t *spec = jsn_find(json, "spec");
	const char *dashboard = jsn_text(spec, "dashboardUID");

	mark->id = xstrdup_or_null(jsn_text(json, "metadata.name"));
	mark->dashboard = is_blank(dashboard) ? NULL : xstrdup(dashboard);
	mark->panel = jsn_int(spec, "panelID", 0);
	mark->start_ms = jsn_int(spec, "time", 0);
	mark->end_ms = jsn_int(spec, "timeEnd", 0);
	/* What has no end is a point. */
	if (mark->end_ms == 0)
		mark->end_ms = mark->start_ms;
	mark->text = xstrdup_or_null(jsn_text(spec, "text"));
	grafana_read_tags(&mark->tags, jsn_find(spec, "tags"));
}

/* --- looking ----------------------------------------------------------- */

static void prepare_search(const struct grafana *grafana,
			   struct http_request *request,
			   const struct grafana_mark *like, int64_t window_ms,
			   const char *token)
{
	CLEANUP(url_release) struct url url = {0};

	resource_url(grafana, "search", &url);
	url_add_query_int(&url, "from", like->start_ms - window_ms);
	url_add_query_int(&url, "to", like->end_ms + window_ms);
	url_add_query_int(&url, "limit", PAGE);
	if (like->dashboard)
		url_add_query(&url, "dashboardUID", like->dashboard);
	if (like->panel)
		url_add_query_int(&url, "panelID", like->panel);
	for (size_t i = 0; i < like->tags.count; i++)
		url_add_query(&url, "tag", like->tags.items[i]);
	if (token)
		url_add_query(&url, "continue", token);
	grafana_prepare(grafana, request, "GET", &url);
}

/* Those of @list that have the line. */
static void look_for_line(const json_t *list, const struct grafana_mark *like,
			  const char *line, struct grafana_mark *found)
{
	const json_t *json;
	size_t i;

	json_array_foreach (list, i, json) {
		const char *text = jsn_text(json, "spec.text");
		const char *dashboard = jsn_text(json, "spec.dashboardUID");
		struct grafana_mark mark = {0};

		if (!text || !grafana_has_line(text, line) ||
		    !jsn_text(json, "metadata.name") ||
		    (!like->dashboard && !is_blank(dashboard)))
			continue;
		read_mark(&mark, json);
		grafana_take_found(found, &mark);
	}
}

bool grafana_apis_find(struct grafana *grafana, const struct grafana_mark *like,
		       const char *line, int64_t window_ms,
		       struct grafana_mark *found, struct err *err)
{
	CLEANUP(free_ptr) char *token = NULL;

	for (size_t seen = 0; seen < GRAFANA_MARKS_MAX;) {
		CLEANUP(http_request_release) struct http_request request = {0};
		CLEANUP(jsn_release) json_t *page = NULL;

		prepare_search(grafana, &request, like, window_ms, token);
		if (!grafana_ask(grafana, &request, &page, err))
			return false;
		if (!json_is_array(jsn_find(page, "items")))
			return grafana_nonsense(&request,
						"the answer has no items", err);
		look_for_line(jsn_find(page, "items"), like, line, found);
		/* A page without items would be asked for again and again. */
		seen += 1 + json_array_size(jsn_find(page, "items"));
		free(token);
		token = xstrdup_or_null(jsn_text(page, "metadata.continue"));
		if (is_blank(token))
			return true;
	}
	return true;
}

/* --- changing ---------------------------------------------------------- */

static bool send_mark(struct grafana *grafana, const char *method,
		      const struct url *url, const char *type,
		      const json_t *json, struct grafana_mark *kept,
		      struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *answer = NULL;
	CLEANUP(str_release) struct str body = {0};

	grafana_prepare(grafana, &request, method, url);
	grafana_prepare_body(&request, &body, type, json);
	if (same_text(method, "PATCH"))
		request.repeat = HTTP_REPEAT_ALWAYS;
	if (!grafana_ask(grafana, &request, &answer, err))
		return false;
	read_mark(kept, answer);
	return kept->id ||
	       grafana_nonsense(&request, "the answer has no name", err);
}

bool grafana_apis_create(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark kept = {0};
	CLEANUP(jsn_release) json_t *json = json_object();
	CLEANUP(url_release) struct url url = {0};
	json_t *metadata = json_object();
	json_t *spec = grafana_mark_json(mark);

	grafana_add_place(spec, mark, "panelID");
	jsn_set_text(json, "apiVersion", GROUP "/" VERSION);
	jsn_set_text(json, "kind", "Annotation");
	jsn_set_text(metadata, "generateName", "slipway-");
	jsn_set(json, "metadata", metadata);
	jsn_set(json, "spec", spec);
	resource_url(grafana, "annotations", &url);
	if (!send_mark(grafana, "POST", &url, "application/json", json, &kept,
		       err))
		return false;
	mark->id = kept.id;
	kept.id = NULL;
	return true;
}

bool grafana_apis_delete(struct grafana *grafana, const char *id,
			 struct err *err)
{
	CLEANUP(url_release) struct url url = {0};

	resource_url(grafana, "annotations", &url);
	url_add_segment(&url, id);
	return grafana_delete_at(grafana, &url, err);
}

/*
 * Some of Grafana's stores change text and tags of a mark, but not its
 * times, and do not say so: then there is a new one, and the old one goes.
 */
bool grafana_apis_update(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark kept = {0};
	CLEANUP(jsn_release) json_t *json = json_object();
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(free_ptr) char *old = NULL;

	jsn_set(json, "spec", grafana_mark_json(mark));
	resource_url(grafana, "annotations", &url);
	url_add_segment(&url, mark->id);
	if (!send_mark(grafana, "PATCH", &url, "application/merge-patch+json",
		       json, &kept, err))
		return false;
	if (kept.start_ms == mark->start_ms && kept.end_ms == mark->end_ms)
		return true;
	old = mark->id;
	mark->id = NULL;
	return grafana_apis_create(grafana, mark, err) &&
	       grafana_delete_mark(grafana, old, err);
}
