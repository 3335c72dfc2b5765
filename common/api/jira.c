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
	if (!http_parse_server(&jira->base, config->url, err) ||
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

static json_t *rights_question(const char *const *rights,
			       const struct jira_project_rights *projects,
			       size_t count)
{
	json_t *question = json_object();
	json_t *list = json_array();
	json_t *one = json_object();
	json_t *names = json_array();
	json_t *ids = json_array();

	for (size_t i = 0; rights[i]; i++)
		jsn_add(names, jsn_string(rights[i]));
	for (size_t i = 0; i < count; i++) {
		int64_t id = 0;

		if (num_parse_int64(projects[i].id, &id))
			jsn_add(ids, json_integer(id));
	}
	jsn_set(one, "permissions", names);
	jsn_set(one, "projects", ids);
	jsn_add(list, one);
	jsn_set(question, "projectPermissions", list);
	return question;
}

/* Does @granted, the server's list, have @right in the project @id? */
static bool is_granted(const json_t *granted, const char *right, const char *id)
{
	const json_t *grant, *project;
	int64_t number;
	size_t i, k;

	if (!num_parse_int64(id, &number))
		return false;
	json_array_foreach (granted, i, grant)
		if (same_text(jsn_text(grant, "permission"), right))
			json_array_foreach (jsn_find(grant, "projects"), k,
					    project)
				if (json_integer_value(project) == number)
					return true;
	return false;
}

static bool check_in_bulk(struct jira *jira, const char *const *rights,
			  struct jira_project_rights *projects, size_t count,
			  struct err *err)
{
	CLEANUP(jsn_release) json_t *question =
		rights_question(rights, projects, count);
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(str_release) struct str body = {0};
	const json_t *granted;

	jira_prepare(jira, &request, "POST",
		     (const char *[]){"permissions", "check", NULL}, NULL);
	jira_prepare_body(&request, &body, question);
	if (!jira_ask(jira, &request, &json, err))
		return err_wrap(err, "cannot look up the rights");
	granted = jsn_find(json, "projectPermissions");
	if (!json_is_array(granted))
		return jira_nonsense(&request, "projectPermissions", err);
	for (size_t i = 0; i < count; i++)
		for (size_t r = 0; rights[r]; r++)
			if (!is_granted(granted, rights[r], projects[i].id))
				strvec_add(&projects[i].missing, rights[r]);
	return true;
}

bool jira_check_many_rights(struct jira *jira, const char *const *rights,
			    struct jira_project_rights *projects, size_t count,
			    struct err *err)
{
	if (jira->cloud && count > 1)
		return check_in_bulk(jira, rights, projects, count, err);
	for (size_t i = 0; i < count; i++)
		if (!jira_check_rights(jira, projects[i].key, rights,
				       &projects[i].missing, err))
			return false;
	return true;
}

void jira_release(struct jira *jira)
{
	http_release(&jira->http);
	url_release(&jira->base);
	secret_release(&jira->authorization);
}

/* --- projects ---------------------------------------------------------- */

bool jira_next_page(const json_t *page, size_t *start)
{
	size_t count = json_array_size(jsn_find(page, "values"));

	*start += count;
	return count > 0 && !jsn_bool(page, "isLast", true);
}

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
	*more = jira_next_page(page, start);
	return true;
}

bool jira_find_projects(struct jira *jira, size_t most, struct strvec *keys,
			struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(jsn_release) json_t *list = NULL;
	bool more = true;
	size_t start = 0;

	while (jira->cloud && more && keys->count <= most)
		if (!page_projects(jira, &start, keys, &more, err))
			return false;
	if (!jira->cloud) {
		jira_prepare(jira, &request, "GET",
			     (const char *[]){"project", NULL}, NULL);
		if (!jira_ask(jira, &request, &list, err))
			return false;
		if (!add_projects(list, keys))
			return jira_nonsense(&request, "key", err);
	}
	if (keys->count <= most)
		return true;
	return err_set(err, ERR_INPUT, "there are more than %zu projects",
		       most);
}
