/*
 * Annotations ("marks") on Grafana's dashboards.
 *
 *	CLEANUP(grafana_release) struct grafana grafana = {0};
 *	CLEANUP(grafana_mark_release) struct grafana_mark mark = {0};
 *
 *	if (!grafana_open(&grafana, &config, err) ||
 *	    !grafana_create_mark(&grafana, &mark, err))
 *		return false;
 *
 * Errors of what asks the server: DENIED (token, rights), NOT_FOUND (the
 * dashboard, or a mark that was deleted), REMOTE (its words; temporary where
 * the answer is none of Grafana's, as a login or maintenance page), and those
 * of http_send().
 * Grafana has two forms of this API: /api/annotations, and from version 13 on
 * /apis/annotation.grafana.app.  The older one is used while it is there,
 * unless the newer one's namespace is given.
 *
 * Source: Grafana HTTP API, "Annotations"; limits: its source,
 * annotationsimpl (500 bytes for all tags as JSON, unless its tags_length is
 * raised) and the tag table (100
 * characters for each half of key:value).
 */
#ifndef API_GRAFANA_H
#define API_GRAFANA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/secret.h"
#include "base/strvec.h"
#include "format/url.h"
#include "net/http.h"

struct err;
struct str;

#define GRAFANA_REPLY_MAX    ((size_t)16 << 20)
#define GRAFANA_TAG_HALF_MAX 100 /* characters of a tag's key, and value */
#define GRAFANA_TAGS_MAX     500 /* bytes of all tags as JSON */
#define GRAFANA_TEXT_MAX     ((size_t)64 << 10)
#define GRAFANA_MARKS_MAX    1000 /* looked through in one search */

struct grafana {
	struct http http;
	struct url base;
	struct secret authorization;
	char *namespace; /* of the newer API; NULL: the older one */
};

/* All borrowed. */
struct grafana_config {
	const char *url;
	/* For the newer API; NULL or "": the older one while there is one. */
	const char *namespace;
	const struct secret *token;
	struct http_config http;
};

/* Sends nothing.  Errors: INPUT (the address), and those of http_open(). */
bool grafana_open(struct grafana *grafana, const struct grafana_config *config,
		  struct err *err) MUST_CHECK;

void grafana_release(struct grafana *grafana);

/* Is it there, and may the token read annotations?  Errors: DENIED. */
bool grafana_check_token(struct grafana *grafana, struct err *err) MUST_CHECK;

/* All-zero = a mark of the organisation, without a time. */
struct grafana_mark {
	char *id;	  /* owned; NULL = not created yet */
	char *dashboard;  /* uid, owned; NULL = of the organisation */
	int64_t panel;	  /* 0 = all of the dashboard */
	int64_t start_ms; /* since the epoch, UTC */
	int64_t end_ms;	  /* the same as start_ms: a point */
	struct strvec tags;
	char *text;	     /* owned */
	struct strvec twins; /* ids of others that a search found as well */
};

/*
 * What Grafana would not keep or cut: checked before anything is sent.
 * Errors: INPUT (a blank text, one over GRAFANA_TEXT_MAX, a tag or all tags
 * too long, an end before the start).
 */
bool grafana_check_mark(const struct grafana_mark *mark, struct err *err)
	MUST_CHECK;

/* Is there room for @more beside @tags, which is one of them or fits? */
bool grafana_has_room(const struct strvec *tags, const char *more);

/*
 * Look for a mark with all tags of @like, on its dashboard and panel, within
 * @window_ms of its time, whose text has the line @line.  @found->id stays
 * NULL if there is none.  Of several, as runs at one moment may make them, it
 * is the one with the first id, for whoever looks; the others are its twins.
 */
bool grafana_find_mark(struct grafana *grafana, const struct grafana_mark *like,
		       const char *line, int64_t window_ms,
		       struct grafana_mark *found, struct err *err) MUST_CHECK;

/*
 * Create @mark and set its id.  A failure may mean that it was created
 * nevertheless: look before another try.
 */
bool grafana_create_mark(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err) MUST_CHECK;

/*
 * Give the mark with @mark->id its times, tags and text.  It may get another
 * id by that, where Grafana does not move marks.
 */
bool grafana_update_mark(struct grafana *grafana, struct grafana_mark *mark,
			 struct err *err) MUST_CHECK;

/* A mark that is not there (any more) is deleted. */
bool grafana_delete_mark(struct grafana *grafana, const char *id,
			 struct err *err) MUST_CHECK;

/* Same times, tags (in any order) and text? */
bool grafana_same_mark(const struct grafana_mark *a,
		       const struct grafana_mark *b);

/*
 * A mark as JSON text, and back, to be kept in a file; @url, the server that
 * it is for, and @line travel with it.  The caller frees both.
 * Errors of reading: INPUT.
 */
void grafana_mark_write(const struct grafana_mark *mark, const char *url,
			const char *line, struct str *text);
bool grafana_mark_read(struct grafana_mark *mark, char **url, char **line,
		       const char *text, size_t len, struct err *err)
	MUST_CHECK;

void grafana_mark_release(struct grafana_mark *mark);

#endif
