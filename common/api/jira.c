#include "api/jira.h"

#include "api/jira_parts.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/jsn.h"

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

#define BASIC "Authorization: Basic "

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
		str_add(&line, BASIC);
		base64_encode(&line, pair.buf, pair.len, BASE64_STANDARD);
		/* Who sees the pair alone has the token as well. */
		log_mask(line.buf + strlen(BASIC), line.len - strlen(BASIC));
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
		.released_on = xstrdup_or_null(jsn_text(json, "releaseDate")),
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

/*
 * Go on to the page behind @page.  How long a page is, the server decides.
 * False: it was the last, or has nothing, and would be asked for for ever.
 */
static bool next_page(const json_t *page, size_t *start)
{
	size_t count = json_array_size(jsn_find(page, "values"));

	*start += count;
	return count > 0 && !jsn_bool(page, "isLast", true);
}

/* One page from *@start on; *@more tells whether there is another one. */
static bool page_versions(struct jira *jira, const char *project,
			  const char *text, size_t *start,
			  struct jira_versions *found, bool *more,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(free_ptr) char *from = xasprintf("%zu", *start);
	CLEANUP(jsn_release) json_t *page = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"project", project, "version", NULL},
		     (const char *[]){"query", text, "startAt", from, NULL});
	if (!jira_ask(jira, &request, &page, err))
		return false;
	if (!add_versions(found, jsn_find(page, "values"), text))
		return jira_nonsense(&request, "values", err);
	*more = next_page(page, start);
	return true;
}

bool jira_find_versions(struct jira *jira, const char *project,
			const char *text, struct jira_versions *found,
			struct err *err)
{
	bool more = true;
	size_t start = 0;

	if (!jira->cloud)
		return list_versions(jira, project, text, found, err);
	while (more) {
		if (start >= JIRA_VERSIONS_MAX)
			return err_set(err, ERR_REMOTE,
				       "project '%s' has more than %d versions "
				       "with '%s' in their names",
				       project, JIRA_VERSIONS_MAX, text);
		if (!page_versions(jira, project, text, &start, found, &more,
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
		free(versions->items[i].released_on);
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
			 const char *name, char **id, struct err *err)
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

static bool change_version(struct jira *jira, const char *id,
			   const json_t *change, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(str_release) struct str body = {0};

	jira_prepare(jira, &request, "PUT",
		     (const char *[]){"version", id, NULL}, NULL);
	jira_prepare_body(&request, &body, change);
	return jira_ask(jira, &request, NULL, err);
}

bool jira_release_version(struct jira *jira, const char *id, const char *date,
			  struct err *err)
{
	CLEANUP(jsn_release) json_t *change = json_object();

	jsn_set(change, "released", json_true());
	jsn_set_text(change, "releaseDate", date);
	return change_version(jira, id, change, err);
}

bool jira_archive_version(struct jira *jira, const char *id, struct err *err)
{
	CLEANUP(jsn_release) json_t *change = json_object();

	jsn_set(change, "archived", json_true());
	return change_version(jira, id, change, err);
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

static bool page_projects(struct jira *jira, size_t *start, struct strvec *keys,
			  bool *more, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(free_ptr) char *from = xasprintf("%zu", *start);
	CLEANUP(jsn_release) json_t *page = NULL;

	jira_prepare(jira, &request, "GET",
		     (const char *[]){"project", "search", NULL},
		     (const char *[]){"startAt", from, NULL});
	if (!jira_ask(jira, &request, &page, err))
		return false;
	if (!add_projects(jsn_find(page, "values"), keys))
		return jira_nonsense(&request, "values", err);
	*more = next_page(page, start);
	return true;
}

bool jira_find_projects(struct jira *jira, struct strvec *keys, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;
	bool more = true;
	size_t start = 0;

	while (jira->cloud && more) {
		if (start >= JIRA_PROJECTS_MAX)
			return err_set(err, ERR_REMOTE,
				       "there are more than %d projects",
				       JIRA_PROJECTS_MAX);
		if (!page_projects(jira, &start, keys, &more, err))
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
