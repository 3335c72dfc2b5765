/* Calls about one issue each, many of them side by side. */

#include "api/jira.h"

#include "api/jira_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "format/jsn.h"

#define COMMENTS_PAGE	   100
#define DOCUMENT_DEPTH_MAX 20

/* --- the text of comments ---------------------------------------------- */

/* One paragraph per line, in Atlassian's document format. */
static json_t *document_of(const char *text)
{
	CLEANUP(strvec_release) struct strvec lines = {0};
	json_t *document = json_object();
	json_t *paragraphs = json_array();

	strvec_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		json_t *paragraph = json_object();
		json_t *content = json_array();
		json_t *node = json_object();

		jsn_set_text(node, "type", "text");
		jsn_set_text(node, "text", lines.items[i]);
		if (lines.items[i][0])
			jsn_add(content, json_incref(node));
		json_decref(node);
		jsn_set_text(paragraph, "type", "paragraph");
		jsn_set(paragraph, "content", content);
		jsn_add(paragraphs, paragraph);
	}
	jsn_set_text(document, "type", "doc");
	jsn_set(document, "version", json_integer(1));
	jsn_set(document, "content", paragraphs);
	return document;
}

/* The other way round, for what we may have written ourselves. */
static void add_document_text(struct str *text, const json_t *node, int depth)
{
	const char *type = jsn_text(node, "type");
	const json_t *child;
	size_t i;

	if (depth > DOCUMENT_DEPTH_MAX || !type)
		return;
	if (same_text(type, "text") && jsn_text(node, "text"))
		str_add(text, jsn_text(node, "text"));
	if (same_text(type, "paragraph") && text->len > 0)
		str_add_char(text, '\n');
	json_array_foreach (jsn_find(node, "content"), i, child)
		add_document_text(text, child, depth + 1);
}

static void add_comment_text(struct str *text, const json_t *comment)
{
	const json_t *body = jsn_find(comment, "body");

	if (json_is_string(body))
		str_add(text, json_string_value(body));
	else if (body)
		add_document_text(text, body, 0);
	str_trim(text);
}

/* --- requests ---------------------------------------------------------- */

static void prepare_link(const struct jira *jira, struct jira_call *call,
			 struct http_request *request)
{
	CLEANUP(jsn_release) json_t *link = json_object();
	json_t *object = json_object();

	jsn_set_text(object, "url", call->link->url);
	jsn_set_text(object, "title", call->link->title);
	jsn_set_text(link, "globalId", call->link->global_id);
	jsn_set(link, "object", object);
	jira_prepare(jira, request, "POST",
		     (const char *[]){"issue", call->issue, "remotelink", NULL},
		     NULL);
	jira_prepare_body(request, &call->body, link);
}

/* An edit that adds: "fields" would replace what others have set. */
static void prepare_add_version(const struct jira *jira, struct jira_call *call,
				struct http_request *request)
{
	CLEANUP(jsn_release) json_t *edit = json_object();
	json_t *update = json_object();
	json_t *steps = json_array();
	json_t *version = json_object();
	json_t *add = json_object();

	jsn_set_text(version, "id", call->version);
	jsn_set(add, "add", version);
	jsn_add(steps, add);
	jsn_set(update, "fixVersions", steps);
	jsn_set(edit, "update", update);
	jira_prepare(jira, request, "PUT",
		     (const char *[]){"issue", call->issue, NULL},
		     (const char *[]){"notifyUsers", "false", NULL});
	jira_prepare_body(request, &call->body, edit);
}

static void prepare_transition(const struct jira *jira, struct jira_call *call,
			       struct http_request *request)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(jsn_release) json_t *asked = json_object();
	json_t *transition = json_object();
	json_t *fields = NULL;

	jsn_set_text(transition, "id", call->id);
	jsn_set(asked, "transition", transition);
	if (call->fields && jsn_parse(&fields, call->fields,
				      strlen(call->fields), "fields", &ignored))
		jsn_set(asked, "fields", fields);
	jira_prepare(jira, request, "POST",
		     (const char *[]){"issue", call->issue, "transitions",
				      NULL},
		     NULL);
	jira_prepare_body(request, &call->body, asked);
}

static void prepare_comment(const struct jira *jira, struct jira_call *call,
			    struct http_request *request)
{
	CLEANUP(jsn_release) json_t *comment = json_object();

	if (jira->cloud)
		jsn_set(comment, "body", document_of(call->comment));
	else
		jsn_set_text(comment, "body", call->comment);
	jira_prepare(jira, request, call->id ? "PUT" : "POST",
		     (const char *[]){"issue", call->issue, "comment", call->id,
				      NULL},
		     NULL);
	jira_prepare_body(request, &call->body, comment);
	/* A second new one would be a second comment. */
	if (!call->id)
		request->repeat = HTTP_REPEAT_DEFAULT;
}

static void prepare_find_comment(const struct jira *jira,
				 struct jira_call *call,
				 struct http_request *request)
{
	CLEANUP(free_ptr) char *most = xasprintf("%d", JIRA_COMMENTS_MAX);

	jira_prepare(jira, request, "GET",
		     (const char *[]){"issue", call->issue, "comment", NULL},
		     (const char *[]){"orderBy", "-created", "maxResults", most,
				      NULL});
}

static void prepare_delete_comment(const struct jira *jira,
				   const struct jira_call *call,
				   struct http_request *request)
{
	const char *id = call->twins.items[call->twins.count - 1];

	jira_prepare(jira, request, "DELETE",
		     (const char *[]){"issue", call->issue, "comment", id,
				      NULL},
		     NULL);
}

static void prepare_call(const struct jira *jira, struct jira_call *call,
			 struct http_request *request)
{
	switch (call->kind) {
	case JIRA_ADD_VERSION:
		prepare_add_version(jira, call, request);
		break;
	case JIRA_FIND_LINK:
		jira_prepare(jira, request, "GET",
			     (const char *[]){"issue", call->issue,
					      "remotelink", NULL},
			     (const char *[]){"globalId", call->link->global_id,
					      NULL});
		break;
	case JIRA_PUT_LINK:
		prepare_link(jira, call, request);
		break;
	case JIRA_FIND_TRANSITION:
		jira_prepare(jira, request, "GET",
			     (const char *[]){"issue", call->issue,
					      "transitions", NULL},
			     (const char *[]){"expand", "transitions.fields",
					      NULL});
		break;
	case JIRA_TRANSITION:
		prepare_transition(jira, call, request);
		break;
	case JIRA_FIND_COMMENT:
		prepare_find_comment(jira, call, request);
		break;
	case JIRA_PUT_COMMENT:
		prepare_comment(jira, call, request);
		break;
	case JIRA_DELETE_TWIN:
		prepare_delete_comment(jira, call, request);
		break;
	}
}

/* --- answers ----------------------------------------------------------- */

/* The link as it is now: one of that global id or, without any, a 404. */
static bool read_link(struct jira_call *call,
		      const struct http_request *request,
		      const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *link = NULL;

	if (reply->status == 404) {
		call->found = false;
		return true;
	}
	if (!jira_judge(request, reply, &link, err))
		return false;
	call->found =
		same_text(jsn_text(link, "object.url"), call->link->url) &&
		same_text(jsn_text(link, "object.title"), call->link->title);
	return true;
}

static bool read_transitions(struct jira_call *call,
			     const struct http_request *request,
			     const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;

	if (!jira_judge(request, reply, &json, err))
		return false;
	if (!json_is_array(jsn_find(json, "transitions")))
		return jira_nonsense(request, "transitions", err);
	return jira_choose_transition(call, jsn_find(json, "transitions"), err);
}

/* Is @text a comment with the same first line as ours? */
static bool is_our_comment(const struct jira_call *call, const char *text)
{
	size_t len = strcspn(call->comment, "\n");

	return strncmp(text, call->comment, len) == 0 &&
	       (text[len] == '\0' || text[len] == '\n' || text[len] == '\r');
}

/* The earliest of ours is the one, whoever looks; the others are twins. */
static void take_comment(struct jira_call *call, const char *id,
			 const char *text)
{
	if (call->id && is_made_before(call->id, id)) {
		strvec_add(&call->twins, id);
		return;
	}
	if (call->id)
		strvec_add(&call->twins, call->id);
	free(call->id);
	call->id = xstrdup(id);
	call->found = same_text(text, call->comment);
}

static bool read_comments(struct jira_call *call,
			  const struct http_request *request,
			  const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	const json_t *comment;
	size_t i;

	if (!jira_judge(request, reply, &json, err))
		return false;
	if (!jsn_find(json, "comments"))
		return jira_nonsense(request, "comments", err);
	free(call->id);
	call->id = NULL;
	call->found = false;
	strvec_truncate(&call->twins, 0);
	json_array_foreach (jsn_find(json, "comments"), i, comment) {
		CLEANUP(str_release) struct str text = {0};
		const char *id = jsn_text(comment, "id");

		add_comment_text(&text, comment);
		if (id && is_our_comment(call, str_text(&text)))
			take_comment(call, id, str_text(&text));
	}
	return true;
}

/* One that is not there (any more) is deleted. */
static bool read_deleted(const struct http_request *request,
			 const struct http_reply *reply, struct err *err)
{
	return reply->status == 404 || jira_judge(request, reply, NULL, err);
}

static bool read_call(struct jira_call *call,
		      const struct http_request *request,
		      const struct http_reply *reply, struct err *err)
{
	switch (call->kind) {
	case JIRA_FIND_LINK:
		return read_link(call, request, reply, err);
	case JIRA_FIND_TRANSITION:
		return read_transitions(call, request, reply, err);
	case JIRA_FIND_COMMENT:
		return read_comments(call, request, reply, err);
	case JIRA_DELETE_TWIN:
		return read_deleted(request, reply, err);
	case JIRA_PUT_LINK:
		call->found = reply->status == 200;
		return jira_judge(request, reply, NULL, err);
	case JIRA_ADD_VERSION:
	case JIRA_TRANSITION:
	case JIRA_PUT_COMMENT:
		break;
	}
	return jira_judge(request, reply, NULL, err);
}

/* --- many -------------------------------------------------------------- */

struct running {
	struct jira *jira;
	struct jira_batch *batch;
};

static bool next_request(void *context, struct http_request *request,
			 void **item)
{
	struct running *running = context;
	struct jira_call *call = NULL;

	if (!running->batch->next(running->batch->context, &call))
		return false;
	prepare_call(running->jira, call, request);
	*item = call;
	return true;
}

static bool request_done(void *context, void *item,
			 struct http_request *request, struct http_reply *reply,
			 struct err *failure, struct err *err)
{
	struct running *running = context;
	struct jira_batch *batch = running->batch;
	CLEANUP(err_release) struct err mine = {0};
	struct jira_call *call = item;

	if (failure->kind != ERR_NONE)
		return batch->done(batch->context, call, failure, err);
	if (!read_call(call, request, reply, &mine))
		return batch->done(batch->context, call, &mine, err);
	return batch->done(batch->context, call, failure, err);
}

bool jira_run(struct jira *jira, struct jira_batch *batch, struct err *err)
{
	struct running running = {.jira = jira, .batch = batch};
	struct http_batch requests = {
		.jobs = batch->jobs,
		.next = next_request,
		.done = request_done,
		.context = &running,
	};

	return http_run(&jira->http, &requests, err);
}

void jira_call_release(struct jira_call *call)
{
	free(call->id);
	free(call->fields);
	strvec_release(&call->twins);
	str_release(&call->body);
	*call = (struct jira_call){0};
}
