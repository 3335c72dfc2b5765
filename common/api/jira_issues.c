/* Issues, looked up by their keys or by their version. */

#include "api/jira.h"

#include "api/jira_parts.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/jsn.h"

/* What one request asks for; the servers' own ceilings. */
#define BULK_KEYS   100
#define SEARCH_PAGE 100

#define ISSUE_FIELDS "summary,project,status,fixVersions"

/* Fill the empty @issue; false if @json is no issue. */
static bool read_issue(struct jira_issue *issue, const json_t *json)
{
	const char *category =
		jsn_text(json, "fields.status.statusCategory.key");
	const char *project_id = jsn_text(json, "fields.project.id");
	const char *project = jsn_text(json, "fields.project.key");
	const char *key = jsn_text(json, "key");
	const json_t *version;
	size_t i;

	if (!key || !project || !project_id || !category)
		return false;
	issue->key = xstrdup(key);
	issue->project = xstrdup(project);
	issue->project_id = xstrdup(project_id);
	issue->summary = xstrdup_or_null(jsn_text(json, "fields.summary"));
	issue->done = same_text(category, "done");
	json_array_foreach (jsn_find(json, "fields.fixVersions"), i, version)
		if (jsn_text(version, "id"))
			strvec_add(&issue->versions, jsn_text(version, "id"));
	return true;
}

static struct jira_issue *new_issue(struct jira_issues *found)
{
	found->items = grow_array(found->items, found->count + 1,
				  sizeof(*found->items), &found->capacity);
	found->items[found->count] = (struct jira_issue){0};
	return &found->items[found->count++];
}

/* The list of fields, as a JSON array. */
static json_t *issue_fields(void)
{
	json_t *fields = json_array();

	jsn_add(fields, json_string("summary"));
	jsn_add(fields, json_string("project"));
	jsn_add(fields, json_string("status"));
	jsn_add(fields, json_string("fixVersions"));
	return fields;
}

/* Cloud: unknown keys are left out of the answer. */
static void prepare_bulk(struct jira *jira, struct http_request *request,
			 struct str *body, char *const *keys, size_t count)
{
	CLEANUP(jsn_release) json_t *asked = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		jsn_add(list, json_string(keys[i]));
	jsn_set(asked, "issueIdsOrKeys", list);
	jsn_set(asked, "fields", issue_fields());
	jira_prepare(jira, request, "POST",
		     (const char *[]){"issue", "bulkfetch", NULL}, NULL);
	jira_prepare_body(request, body, asked);
}

/* Data Center: the same by a search that minds no unknown keys. */
static void prepare_keys_search(struct jira *jira, struct http_request *request,
				struct str *body, char *const *keys,
				size_t count)
{
	CLEANUP(jsn_release) json_t *asked = json_object();
	CLEANUP(str_release) struct str jql = {0};

	for (size_t i = 0; i < count; i++)
		str_addf(&jql, "%s%s", i ? ", " : "key in (", keys[i]);
	str_add(&jql, ")");
	jsn_set_text(asked, "jql", str_text(&jql));
	jsn_set(asked, "maxResults", json_integer((json_int_t)count));
	jsn_set(asked, "validateQuery", json_false());
	jsn_set(asked, "fields", issue_fields());
	jira_prepare(jira, request, "POST", (const char *[]){"search", NULL},
		     NULL);
	jira_prepare_body(request, body, asked);
}

/* A key that was not among the answers may be that of a moved issue. */
static bool find_one(struct jira *jira, const char *key,
		     struct jira_issue *issue, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(jsn_release) json_t *json = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"issue", key, NULL},
		     (const char *[]){"fields", ISSUE_FIELDS, NULL});
	if (!http_send(&jira->http, &request, &reply, err))
		return false;
	if (reply.status == 404)
		return true;
	if (!jira_judge(&request, &reply, &json, err))
		return false;
	if (!read_issue(issue, json))
		return jira_nonsense(&request, "fields", err);
	return true;
}

/*
 * Put the @count issues of @list where their keys are in @keys; *@moved
 * tells whether there is one that was asked for under another key.
 */
static bool place_issues(const json_t *list, char *const *keys, size_t count,
			 struct jira_issue *issues, bool *moved)
{
	CLEANUP(map_release) struct map places = {0};
	const json_t *json;
	size_t i;

	for (i = 0; i < count; i++)
		map_put(&places, keys[i], &issues[i]);
	json_array_foreach (list, i, json) {
		const char *key = jsn_text(json, "key");
		struct jira_issue *place = key ? map_get(&places, key) : NULL;

		if (!key)
			return false;
		if (!place)
			*moved = true;
		else if (!place->key && !read_issue(place, json))
			return false;
	}
	return json_is_array(list);
}

/* Up to BULK_KEYS at once. */
static bool find_some(struct jira *jira, char *const *keys, size_t count,
		      struct jira_issue *issues, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *answer = NULL;
	CLEANUP(str_release) struct str body = {0};
	bool moved = false;

	if (jira->cloud)
		prepare_bulk(jira, &request, &body, keys, count);
	else
		prepare_keys_search(jira, &request, &body, keys, count);
	if (!jira_ask(jira, &request, &answer, err))
		return false;
	if (!place_issues(jsn_find(answer, "issues"), keys, count, issues,
			  &moved))
		return jira_nonsense(&request, "issues", err);
	for (size_t i = 0; moved && i < count; i++)
		if (!issues[i].key && !find_one(jira, keys[i], &issues[i], err))
			return false;
	return true;
}

bool jira_find_issues(struct jira *jira, const struct strvec *keys,
		      struct jira_issues *found, struct err *err)
{
	size_t first = found->count;

	for (size_t i = 0; i < keys->count; i++)
		new_issue(found);
	for (size_t at = 0; at < keys->count; at += BULK_KEYS) {
		size_t count = keys->count - at;

		if (count > BULK_KEYS)
			count = BULK_KEYS;
		if (!find_some(jira, keys->items + at, count,
			       found->items + first + at, err))
			return err_wrap(err, "cannot look up tickets");
	}
	return true;
}

/* The page that begins at issue @start, in Cloud where @token says. */
static void prepare_search(struct jira *jira, struct http_request *request,
			   struct str *body, const char *jql, size_t start,
			   const char *token)
{
	CLEANUP(jsn_release) json_t *asked = json_object();

	jsn_set_text(asked, "jql", jql);
	jsn_set(asked, "maxResults", json_integer(SEARCH_PAGE));
	jsn_set(asked, "fields", issue_fields());
	if (!jira->cloud)
		jsn_set(asked, "startAt", json_integer((json_int_t)start));
	else if (token)
		jsn_set_text(asked, "nextPageToken", token);
	jira_prepare(jira, request, "POST",
		     jira->cloud ? (const char *[]){"search", "jql", NULL}
				 : (const char *[]){"search", NULL},
		     NULL);
	jira_prepare_body(request, body, asked);
}

/* *@token is where Cloud goes on; *@more tells whether there is more. */
static bool search_page(struct jira *jira, const char *jql, char **token,
			struct jira_issues *found, bool *more, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *page = NULL;
	CLEANUP(str_release) struct str body = {0};
	size_t before = found->count;
	const json_t *json;
	size_t i;

	prepare_search(jira, &request, &body, jql, before, *token);
	if (!jira_ask(jira, &request, &page, err))
		return false;
	json_array_foreach (jsn_find(page, "issues"), i, json)
		if (!read_issue(new_issue(found), json))
			return jira_nonsense(&request, "fields", err);
	free(*token);
	*token = xstrdup_or_null(jsn_text(page, "nextPageToken"));
	*more = jira->cloud ? *token != NULL
			    : (int64_t)found->count < jsn_int(page, "total", 0);
	/* A page without issues would be asked for again and again. */
	if (found->count == before)
		*more = false;
	return true;
}

bool jira_version_issues(struct jira *jira, const char *id,
			 struct jira_issues *found, struct err *err)
{
	CLEANUP(jira_issues_release) struct jira_issues issues = {0};
	CLEANUP(free_ptr) char *jql =
		xasprintf("fixVersion in (%s) ORDER BY key", id);
	CLEANUP(free_ptr) char *token = NULL;
	bool more = true;
	int64_t number;

	if (!num_parse_int64(id, &number))
		return err_set(err, ERR_REMOTE,
			       "the version's id '%s' is no number", id);
	while (more) {
		if (issues.count >= JIRA_ISSUES_MAX)
			return err_set(err, ERR_REMOTE,
				       "more than %d tickets are fixed in "
				       "version '%s'",
				       JIRA_ISSUES_MAX, id);
		if (!search_page(jira, jql, &token, &issues, &more, err))
			return err_wrap(
				err,
				"cannot look up the tickets of version '%s'",
				id);
	}

	for (size_t i = 0; i < issues.count; i++)
		*new_issue(found) = issues.items[i];
	issues.count = 0;
	return true;
}

void jira_issues_release(struct jira_issues *issues)
{
	for (size_t i = 0; i < issues->count; i++) {
		free(issues->items[i].key);
		free(issues->items[i].project);
		free(issues->items[i].project_id);
		free(issues->items[i].summary);
		strvec_release(&issues->items[i].versions);
	}
	free(issues->items);
	*issues = (struct jira_issues){0};
}
