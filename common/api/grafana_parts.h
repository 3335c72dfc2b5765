/*
 * What the files of api/grafana share: requests, and the two forms of the
 * API.
 *
 *	grafana.c	what both have in common, and which of them it is
 *	grafana_api.c	/api/annotations
 *	grafana_apis.c	/apis/annotation.grafana.app
 */
#ifndef COMMON_API_GRAFANA_PARTS_H
#define COMMON_API_GRAFANA_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct err;
struct grafana;
struct grafana_mark;
struct http_request;
struct str;
struct strvec;
struct url;

void grafana_prepare(const struct grafana *grafana,
		     struct http_request *request, const char *method,
		     const struct url *url);
/* Give it @json as its body of @type, whose text lives in @body. */
void grafana_prepare_body(struct http_request *request, struct str *body,
			  const char *type, const json_t *json);

/*
 * Send and parse; anything but 2xx is an error with Grafana's words, or where
 * it has none as grafana_nonsense().
 */
bool grafana_ask(struct grafana *grafana, struct http_request *request,
		 json_t **json, struct err *err) MUST_CHECK;

/* The answer to @request was none of Grafana's: @what says why. */
bool grafana_nonsense(const struct http_request *request, const char *what,
		      struct err *err);

void grafana_read_tags(struct strvec *tags, const json_t *list);
/* Is @line a line of @text? */
bool grafana_has_line(const char *text, const char *line);
/* Another one that a search found: @found becomes the first of the two. */
void grafana_take_found(struct grafana_mark *found, struct grafana_mark *other);
/* {time, timeEnd, tags, text} */
json_t *grafana_mark_json(const struct grafana_mark *mark);
/* Where it is: {dashboardUID, @panel}, as far as it says so. */
void grafana_add_place(json_t *json, const struct grafana_mark *mark,
		       const char *panel);
/* Delete what is at @url. */
bool grafana_delete_at(struct grafana *grafana, const struct url *url,
		       struct err *err) MUST_CHECK;

/* As the functions of the public header. */
bool grafana_api_find(struct grafana *grafana, const struct grafana_mark *like,
		      const char *line, int64_t window_ms,
		      struct grafana_mark *found, struct err *err) MUST_CHECK;
bool grafana_api_create(struct grafana *grafana, struct grafana_mark *mark,
			struct err *err) MUST_CHECK;
bool grafana_api_update(struct grafana *grafana, struct grafana_mark *mark,
			struct err *err) MUST_CHECK;
bool grafana_api_delete(struct grafana *grafana, const char *id,
			struct err *err) MUST_CHECK;
/* A mark as search and spool have it. */
void grafana_api_read_mark(struct grafana_mark *mark, const json_t *json);

bool grafana_apis_find(struct grafana *grafana, const struct grafana_mark *like,
		       const char *line, int64_t window_ms,
		       struct grafana_mark *found, struct err *err) MUST_CHECK;
bool grafana_apis_create(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err) MUST_CHECK;
bool grafana_apis_update(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err) MUST_CHECK;
bool grafana_apis_delete(struct grafana *grafana, const char *id,
			 struct err *err) MUST_CHECK;

#endif
