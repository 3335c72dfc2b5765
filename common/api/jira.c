#include "api/jira.h"

#include "api/jira_parts.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/jsn.h"

/* What one request asks for; the servers' own ceilings. */
#define BULK_KEYS     100
#define SEARCH_PAGE   100
#define VERSIONS_PAGE 50
#define PROJECTS_PAGE 50

#define ISSUE_FIELDS "project,status,fixVersions"

/* --- requests ---------------------------------------------------------- */

void jira_prepare(const struct jira *jira, struct http_request *request,
		  const char *method, const char *const *path,
		  const char *const *query)
{
	CLEANUP(url_release) struct url url = {0};

	url_copy(&url, &jira->base);
	for (; *path; path++)
		url_add_segment(&url, *path);
	for (; query && *query; query += 2)
		url_add_query(&url, query[0], query[1]);

	request->method = method;
	url_add_text(&request->url, &url, true);
	strvec_add(&request->headers, "Accept: application/json");
	strvec_add(&request->secrets, secret_reveal(&jira->authorization));
	request->reply_limit = JIRA_REPLY_MAX;
	request->repeat = HTTP_REPEAT_ALWAYS;
}

void jira_prepare_body(struct http_request *request, struct str *body,
		       const json_t *json)
{
	str_clear(body);
	jsn_print(body, json, false);
	strvec_add(&request->headers, "Content-Type: application/json");
	request->body = str_text(body);
	request->body_len = body->len;
}

static void add_words(struct str *words, const char *name, const json_t *text)
{
	if (!json_is_string(text) || json_string_length(text) == 0)
		return;
	if (words->len > 0)
		str_add(words, "; ");
	if (name)
		str_addf(words, "%s: ", name);
	str_add(words, json_string_value(text));
}

/* The messages of Jira's error collection, if @reply is one. */
static void server_words(const struct http_reply *reply, struct str *words)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	const char *name;
	json_t *text;
	size_t i;

	if (!jsn_parse(&json, str_text(&reply->body), reply->body.len, "error",
		       &ignored))
		return;
	json_array_foreach (jsn_find(json, "errorMessages"), i, text)
		add_words(words, NULL, text);
	json_object_foreach (jsn_find(json, "errors"), name, text)
		add_words(words, name, text);
	add_words(words, NULL, jsn_find(json, "message"));
}

static bool refused(const struct http_request *request,
		    const struct http_reply *reply, struct err *err)
{
	CLEANUP(str_release) struct str words = {0};

	server_words(reply, &words);
	http_fail(request, reply, words.len ? str_text(&words) : NULL, err);
	if (reply->status == 401)
		err_hint(err, "Jira Cloud takes --user with an API token, Data "
			      "Center a personal access token without --user");
	else if (reply->status == 404)
		err_hint(err, "Jira also says so when the user has no right to "
			      "see it");
	return false;
}

bool jira_nonsense(const struct http_request *request, const char *what,
		   struct err *err)
{
	return err_set(err, ERR_REMOTE, "%s %s: the answer has no '%s'",
		       request->method, str_text(&request->url), what);
}

bool jira_judge(const struct http_request *request,
		const struct http_reply *reply, json_t **json, struct err *err)
{
	if (reply->status < 200 || reply->status > 299)
		return refused(request, reply, err);
	if (!json || jsn_parse(json, str_text(&reply->body), reply->body.len,
			       "the answer", err))
		return true;
	err->kind = ERR_REMOTE;
	return err_wrap(err, "%s %s", request->method, str_text(&request->url));
}

bool jira_ask(struct jira *jira, struct http_request *request, json_t **json,
	      struct err *err)
{
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return http_send(&jira->http, request, &reply, err) &&
	       jira_judge(request, &reply, json, err);
}

/* --- the server -------------------------------------------------------- */

static void set_authorization(struct jira *jira,
			      const struct jira_config *config)
{
	CLEANUP(str_release) struct str pair = {0};
	CLEANUP(str_release) struct str line = {0};

	if (is_blank(config->user)) {
		str_addf(&line, "Authorization: Bearer %s",
			 secret_reveal(config->token));
	} else {
		str_addf(&pair, "%s:%s", config->user,
			 secret_reveal(config->token));
		str_add(&line, "Authorization: Basic ");
		base64_encode(&line, pair.buf, pair.len, BASE64_STANDARD);
	}
	secret_set(&jira->authorization, str_text(&line), line.len);
	wipe(pair.buf, pair.len);
	wipe(line.buf, line.len);
}

/* Both kinds answer here; what they are decides the rest. */
static bool ask_kind(struct jira *jira, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *info = NULL;
	const char *kind;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"rest", "api", "2", "serverInfo", NULL},
		     NULL);
	if (!jira_ask(jira, &request, &info, err))
		return false;
	kind = jsn_text(info, "deploymentType");
	if (!kind)
		return jira_nonsense(&request, "deploymentType", err);
	jira->cloud = same_text(kind, "Cloud");
	return true;
}

bool jira_open(struct jira *jira, const struct jira_config *config,
	       struct err *err)
{
	if (!url_parse(&jira->base, config->url, err) ||
	    !http_open(&jira->http, &config->http, err))
		return false;
	set_authorization(jira, config);
	if (!ask_kind(jira, err))
		return err_wrap(err, "cannot reach Jira at '%s'", config->url);
	if (jira->cloud && is_blank(config->user)) {
		err_set(err, ERR_INPUT,
			"cannot log in at '%s': Jira Cloud wants a user",
			config->url);
		return err_hint(err, "set --user to the e-mail address that "
				     "the API token belongs to");
	}
	url_add_segment(&jira->base, "rest");
	url_add_segment(&jira->base, "api");
	url_add_segment(&jira->base, jira->cloud ? "3" : "2");
	return true;
}

bool jira_check_user(struct jira *jira, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *user = NULL;

	jira_prepare(jira, &request, "GET", (const char *[]){"myself", NULL},
		     NULL);
	return jira_ask(jira, &request, &user, err);
}

bool jira_check_rights(struct jira *jira, const char *project,
		       const char *const *rights, struct strvec *missing,
		       struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(str_release) struct str names = {0};

	for (size_t i = 0; rights[i]; i++)
		str_addf(&names, "%s%s", i ? "," : "", rights[i]);
	jira_prepare(jira, &request, "GET",
		     (const char *[]){"mypermissions", NULL},
		     (const char *[]){"projectKey", project, "permissions",
				      str_text(&names), NULL});
	if (!jira_ask(jira, &request, &json, err))
		return err_wrap(err, "cannot look up the rights in '%s'",
				project);
	for (size_t i = 0; rights[i]; i++) {
		CLEANUP(free_ptr) char *path =
			xasprintf("permissions.%s.havePermission", rights[i]);

		if (!jsn_bool(json, path, false))
			strvec_add(missing, rights[i]);
	}
	return true;
}

void jira_release(struct jira *jira)
{
	http_release(&jira->http);
	url_release(&jira->base);
	secret_release(&jira->authorization);
}

/* --- versions ---------------------------------------------------------- */

static void add_version(struct jira_versions *found, const json_t *json)
{
	struct jira_version *version;

	found->items = grow_array(found->items, found->count + 1,
				  sizeof(*found->items), &found->capacity);
	version = &found->items[found->count++];
	*version = (struct jira_version){
		.id = xstrdup(jsn_text(json, "id")),
		.name = xstrdup(jsn_text(json, "name")),
		.released = jsn_bool(json, "released", false),
		.archived = jsn_bool(json, "archived", false),
	};
}

/* Of @list those whose name holds @text; false if it is no such list. */
static bool add_versions(struct jira_versions *found, const json_t *list,
			 const char *text)
{
	const json_t *json;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, json) {
		const char *name = jsn_text(json, "name");

		if (!name || !jsn_text(json, "id"))
			return false;
		if (strstr(name, text) && found->count < JIRA_VERSIONS_MAX)
			add_version(found, json);
	}
	return true;
}

/* Data Center gives all versions at once and does not search. */
static bool list_versions(struct jira *jira, const char *project,
			  const char *text, struct jira_versions *found,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"project", project, "versions", NULL},
		     NULL);
	if (!jira_ask(jira, &request, &list, err))
		return false;
	if (!add_versions(found, list, text))
		return jira_nonsense(&request, "id and name of a version", err);
	return true;
}

/* One page from @start on; *@more tells whether there is another one. */
static bool page_versions(struct jira *jira, const char *project,
			  const char *text, size_t start,
			  struct jira_versions *found, bool *more,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(free_ptr) char *from = xasprintf("%zu", start);
	CLEANUP(jsn_release) json_t *page = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"project", project, "version", NULL},
		     (const char *[]){"query", text, "startAt", from, NULL});
	if (!jira_ask(jira, &request, &page, err))
		return false;
	if (!add_versions(found, jsn_find(page, "values"), text))
		return jira_nonsense(&request, "values", err);
	*more = !jsn_bool(page, "isLast", true);
	return true;
}

bool jira_find_versions(struct jira *jira, const char *project,
			const char *text, struct jira_versions *found,
			struct err *err)
{
	bool more = true;

	if (!jira->cloud)
		return list_versions(jira, project, text, found, err);
	for (size_t start = 0; more; start += VERSIONS_PAGE) {
		if (start >= JIRA_VERSIONS_MAX)
			return err_set(err, ERR_REMOTE,
				       "project '%s' has more than %d versions "
				       "with '%s' in their names",
				       project, JIRA_VERSIONS_MAX, text);
		if (!page_versions(jira, project, text, start, found, &more,
				   err))
			return false;
	}
	return true;
}

void jira_versions_release(struct jira_versions *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		free(versions->items[i].id);
		free(versions->items[i].name);
	}
	free(versions->items);
	*versions = (struct jira_versions){0};
}

/* Is this refusal about the name, as it is when the name is taken? */
static bool name_taken(const struct http_reply *reply)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(jsn_release) json_t *json = NULL;

	return reply->status == 400 &&
	       jsn_parse(&json, str_text(&reply->body), reply->body.len,
			 "error", &ignored) &&
	       jsn_text(json, "errors.name");
}

bool jira_create_version(struct jira *jira, const char *project_id,
			 const char *name, const char *description, char **id,
			 struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(jsn_release) json_t *version = json_object();
	CLEANUP(jsn_release) json_t *created = NULL;
	CLEANUP(str_release) struct str body = {0};
	int64_t number;

	if (!num_parse_int64(project_id, &number))
		return err_set(err, ERR_REMOTE,
			       "the project's id '%s' is no number",
			       project_id);
	jsn_set_text(version, "name", name);
	jsn_set(version, "projectId", json_integer(number));
	if (!is_blank(description))
		jsn_set_text(version, "description", description);
	jira_prepare(jira, &request, "POST", (const char *[]){"version", NULL},
		     NULL);
	jira_prepare_body(&request, &body, version);

	if (!http_send(&jira->http, &request, &reply, err))
		return false;
	if (name_taken(&reply)) {
		*id = NULL;
		return true;
	}
	if (!jira_judge(&request, &reply, &created, err))
		return false;
	if (!jsn_text(created, "id"))
		return jira_nonsense(&request, "id", err);
	*id = xstrdup(jsn_text(created, "id"));
	return true;
}

bool jira_release_version(struct jira *jira, const char *id, const char *date,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *version = json_object();
	CLEANUP(str_release) struct str body = {0};

	jsn_set(version, "released", json_true());
	jsn_set_text(version, "releaseDate", date);
	jira_prepare(jira, &request, "PUT",
		     (const char *[]){"version", id, NULL}, NULL);
	jira_prepare_body(&request, &body, version);
	return jira_ask(jira, &request, NULL, err);
}

/* --- projects ---------------------------------------------------------- */

static bool add_projects(const json_t *list, struct strvec *keys)
{
	const json_t *project;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, project) {
		if (!jsn_text(project, "key"))
			return false;
		strvec_add(keys, jsn_text(project, "key"));
	}
	return true;
}

static bool page_projects(struct jira *jira, size_t start, struct strvec *keys,
			  bool *more, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(free_ptr) char *from = xasprintf("%zu", start);
	CLEANUP(jsn_release) json_t *page = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"project", "search", NULL},
		     (const char *[]){"startAt", from, NULL});
	if (!jira_ask(jira, &request, &page, err))
		return false;
	if (!add_projects(jsn_find(page, "values"), keys))
		return jira_nonsense(&request, "values", err);
	*more = !jsn_bool(page, "isLast", true);
	return true;
}

bool jira_find_projects(struct jira *jira, struct strvec *keys, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;
	bool more = true;

	for (size_t start = 0; jira->cloud && more; start += PROJECTS_PAGE) {
		if (start >= JIRA_PROJECTS_MAX)
			return err_set(err, ERR_REMOTE,
				       "there are more than %d projects",
				       JIRA_PROJECTS_MAX);
		if (!page_projects(jira, start, keys, &more, err))
			return false;
	}
	if (jira->cloud)
		return true;
	jira_prepare(jira, &request, "GET", (const char *[]){"project", NULL},
		     NULL);
	if (!jira_ask(jira, &request, &list, err))
		return false;
	if (!add_projects(list, keys))
		return jira_nonsense(&request, "key", err);
	return true;
}

/* --- issues ------------------------------------------------------------ */

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

/* One page of a search; @token is where it goes on, NULL at the end. */
static bool search_page(struct jira *jira, const char *jql, char **token,
			struct jira_issues *found, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *asked = json_object();
	CLEANUP(jsn_release) json_t *page = NULL;
	CLEANUP(str_release) struct str body = {0};
	const json_t *json;
	const char *next;
	size_t i;

	jsn_set_text(asked, "jql", jql);
	jsn_set(asked, "maxResults", json_integer(SEARCH_PAGE));
	jsn_set(asked, "fields", issue_fields());
	if (!jira->cloud)
		jsn_set(asked, "startAt",
			json_integer((json_int_t)found->count));
	else if (*token)
		jsn_set_text(asked, "nextPageToken", *token);
	jira_prepare(jira, &request, "POST",
		     jira->cloud ? (const char *[]){"search", "jql", NULL}
				 : (const char *[]){"search", NULL},
		     NULL);
	jira_prepare_body(&request, &body, asked);
	if (!jira_ask(jira, &request, &page, err))
		return false;

	json_array_foreach (jsn_find(page, "issues"), i, json)
		if (!read_issue(new_issue(found), json))
			return jira_nonsense(&request, "fields", err);
	next = jsn_text(page, "nextPageToken");
	free(*token);
	*token = NULL;
	if (jira->cloud)
		*token = xstrdup_or_null(next);
	else if (i > 0 && (int64_t)found->count < jsn_int(page, "total", 0))
		*token = xstrdup("more");
	return true;
}

bool jira_version_issues(struct jira *jira, const char *id,
			 struct jira_issues *found, struct err *err)
{
	CLEANUP(jira_issues_release) struct jira_issues issues = {0};
	CLEANUP(free_ptr) char *jql =
		xasprintf("fixVersion in (%s) ORDER BY key", id);
	CLEANUP(free_ptr) char *token = NULL;
	int64_t number;

	if (!num_parse_int64(id, &number))
		return err_set(err, ERR_REMOTE,
			       "the version's id '%s' is no number", id);
	do {
		if (issues.count >= JIRA_ISSUES_MAX)
			return err_set(err, ERR_REMOTE,
				       "more than %d tickets are fixed in "
				       "version '%s'",
				       JIRA_ISSUES_MAX, id);
		if (!search_page(jira, jql, &token, &issues, err))
			return err_wrap(
				err,
				"cannot look up the tickets of version '%s'",
				id);
	} while (token);

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
		strvec_release(&issues->items[i].versions);
	}
	free(issues->items);
	*issues = (struct jira_issues){0};
}
