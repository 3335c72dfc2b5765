/*
 * What the files of api/jira share: a request under way.
 */
#ifndef COMMON_API_JIRA_PARTS_H
#define COMMON_API_JIRA_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"

struct err;
struct http_reply;
struct http_request;
struct jira;
struct jira_call;
struct str;

/*
 * Make @request one to base/@path[0]/@path[1]... with the query @query[0] =
 * @query[1] and so on; both end with NULL, @query may be NULL.
 */
void jira_prepare(const struct jira *jira, struct http_request *request,
		  const char *method, const char *const *path,
		  const char *const *query);

/* Give it @json as its body, whose text lives in @body. */
void jira_prepare_body(struct http_request *request, struct str *body,
		       const json_t *json);

/*
 * What the server says: true for 2xx, with the answer in *@json unless that
 * is NULL; else its own words are in @err.
 */
bool jira_judge(const struct http_request *request,
		const struct http_reply *reply, json_t **json, struct err *err)
	MUST_CHECK;

/* Send @request and judge. */
bool jira_ask(struct jira *jira, struct http_request *request, json_t **json,
	      struct err *err) MUST_CHECK;

/*
 * Move @start on to the page behind @page, which has "values".  How long a
 * page is, the server decides.  False: it was the last, or has nothing, and
 * would be asked for for ever.
 */
bool jira_next_page(const json_t *page, size_t *start);

/*
 * Set the id and the fields of @call, a JIRA_FIND_TRANSITION, to the first of
 * @transitions, an array as the server has it, that is wanted and whose
 * fields are known.  Errors: REMOTE, with what the server offers as a hint.
 */
bool jira_choose_transition(struct jira_call *call, const json_t *transitions,
			    struct err *err) MUST_CHECK;

/* "Cannot be understood": an answer without what it must have. */
bool jira_nonsense(const struct http_request *request, const char *what,
		   struct err *err);

#endif
