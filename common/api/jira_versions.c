/* Versions: those of many projects looked up and created side by side. */

#include "api/jira.h"

#include "api/jira_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/jsn.h"

/* --- looking up -------------------------------------------------------- */

static void add_version(struct jira_versions *found, const json_t *json)
{
	struct jira_version *version;

	found->items = grow_array(found->items, found->count + 1,
				  sizeof(*found->items), &found->capacity);
	version = &found->items[found->count++];
	*version = (struct jira_version){
		.id = xstrdup(jsn_text(json, "id")),
		.name = xstrdup(jsn_text(json, "name")),
		.description = xstrdup_or_null(jsn_text(json, "description")),
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

struct looking {
	struct jira *jira;
	struct jira_version_search *searches;
	size_t count;
	struct jira_version_search *again; /* it has a page more */
	size_t next;
};

/* Data Center gives all versions at once and does not search. */
static void prepare_search(const struct jira *jira,
			   const struct jira_version_search *search,
			   struct http_request *request)
{
	CLEANUP(free_ptr) char *from = xasprintf("%zu", search->start);

	if (jira->cloud)
		jira_prepare(jira, request, "GET",
			     (const char *[]){"project", search->project,
					      "version", NULL},
			     (const char *[]){"query", search->text, "startAt",
					      from, NULL});
	else
		jira_prepare(jira, request, "GET",
			     (const char *[]){"project", search->project,
					      "versions", NULL},
			     NULL);
}

static bool next_search(void *context, struct http_request *request,
			void **item)
{
	struct looking *looking = context;
	struct jira_version_search *search = looking->again;

	if (search)
		looking->again = search->again;
	else if (looking->next < looking->count)
		search = &looking->searches[looking->next++];
	else
		return false;
	prepare_search(looking->jira, search, request);
	*item = search;
	return true;
}

static bool read_page(struct looking *looking,
		      struct jira_version_search *search,
		      const struct http_request *request,
		      const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *page = NULL;
	bool cloud = looking->jira->cloud;

	if (!jira_judge(request, reply, &page, err))
		return false;
	if (!add_versions(&search->found,
			  cloud ? jsn_find(page, "values") : page,
			  search->text))
		return jira_nonsense(request, "id and name of a version", err);
	if (!cloud || !jira_next_page(page, &search->start))
		return true;
	if (search->start >= JIRA_VERSIONS_MAX)
		return err_set(
			err, ERR_REMOTE,
			"there are more than %d with '%s' in their names",
			JIRA_VERSIONS_MAX, search->text);
	search->again = looking->again;
	looking->again = search;
	return true;
}

static bool search_done(void *context, void *item, struct http_request *request,
			struct http_reply *reply, struct err *failure,
			struct err *err)
{
	struct jira_version_search *search = item;

	if (failure->kind != ERR_NONE)
		err_move(err, failure);
	else if (read_page(context, search, request, reply, err))
		return true;
	return err_wrap(err, "cannot look up the versions of '%s'",
			search->project);
}

bool jira_find_versions(struct jira *jira, struct jira_version_search *searches,
			size_t count, size_t jobs, struct err *err)
{
	struct looking looking = {
		.jira = jira, .searches = searches, .count = count};
	struct http_batch batch = {
		.jobs = jobs,
		.next = next_search,
		.done = search_done,
		.context = &looking,
	};

	return http_run(&jira->http, &batch, err);
}

void jira_versions_release(struct jira_versions *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		free(versions->items[i].id);
		free(versions->items[i].name);
		free(versions->items[i].description);
		free(versions->items[i].released_on);
	}
	free(versions->items);
	*versions = (struct jira_versions){0};
}

/* --- creating ---------------------------------------------------------- */

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

struct creating {
	struct jira *jira;
	struct jira_new_version *wanted;
	size_t count;
	size_t next;
};

static bool prepare_creation(const struct jira *jira,
			     struct jira_new_version *wanted,
			     struct http_request *request)
{
	CLEANUP(jsn_release) json_t *version = json_object();
	int64_t number;

	if (!num_parse_int64(wanted->project_id, &number))
		return err_set(&wanted->failure, ERR_REMOTE,
			       "the project's id '%s' is no number",
			       wanted->project_id);
	jsn_set_text(version, "name", wanted->name);
	jsn_set(version, "projectId", json_integer(number));
	if (!is_blank(wanted->description))
		jsn_set_text(version, "description", wanted->description);
	jira_prepare(jira, request, "POST", (const char *[]){"version", NULL},
		     NULL);
	jira_prepare_body(request, &wanted->body, version);
	return true;
}

static bool next_creation(void *context, struct http_request *request,
			  void **item)
{
	struct creating *creating = context;

	while (creating->next < creating->count) {
		struct jira_new_version *wanted =
			&creating->wanted[creating->next++];

		*item = wanted;
		if (prepare_creation(creating->jira, wanted, request))
			return true;
	}
	return false;
}

static bool read_created(const struct http_request *request,
			 const struct http_reply *reply, char **id,
			 struct err *err)
{
	CLEANUP(jsn_release) json_t *created = NULL;

	if (name_taken(reply))
		return true;
	if (!jira_judge(request, reply, &created, err))
		return false;
	if (!jsn_text(created, "id"))
		return jira_nonsense(request, "id", err);
	*id = xstrdup(jsn_text(created, "id"));
	return true;
}

static bool creation_done(void *context, void *item,
			  struct http_request *request,
			  struct http_reply *reply, struct err *failure,
			  struct err *err)
{
	struct jira_new_version *wanted = item;

	(void)context;
	(void)err;
	if (failure->kind != ERR_NONE)
		err_move(&wanted->failure, failure);
	else
		wanted->taken = read_created(request, reply, &wanted->id,
					     &wanted->failure) &&
				!wanted->id;
	return true;
}

bool jira_create_versions(struct jira *jira, struct jira_new_version *wanted,
			  size_t count, size_t jobs, struct err *err)
{
	struct creating creating = {
		.jira = jira, .wanted = wanted, .count = count};
	struct http_batch batch = {
		.jobs = jobs,
		.next = next_creation,
		.done = creation_done,
		.context = &creating,
	};

	return http_run(&jira->http, &batch, err);
}

void jira_new_version_release(struct jira_new_version *wanted)
{
	free(wanted->id);
	str_release(&wanted->body);
	err_release(&wanted->failure);
	*wanted = (struct jira_new_version){0};
}

/* --- changing ---------------------------------------------------------- */

static bool change(struct jira *jira, const char *id, const json_t *changed,
		   struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(str_release) struct str body = {0};

	jira_prepare(jira, &request, "PUT",
		     (const char *[]){"version", id, NULL}, NULL);
	jira_prepare_body(&request, &body, changed);
	return jira_ask(jira, &request, NULL, err);
}

bool jira_describe_version(struct jira *jira, const char *id,
			   const char *description, struct err *err)
{
	CLEANUP(jsn_release) json_t *changed = json_object();

	jsn_set_text(changed, "description", description);
	return change(jira, id, changed, err);
}

bool jira_release_version(struct jira *jira, const char *id, const char *date,
			  struct err *err)
{
	CLEANUP(jsn_release) json_t *changed = json_object();

	jsn_set(changed, "released", json_true());
	jsn_set_text(changed, "releaseDate", date);
	return change(jira, id, changed, err);
}

bool jira_archive_version(struct jira *jira, const char *id, struct err *err)
{
	CLEANUP(jsn_release) json_t *changed = json_object();

	jsn_set(changed, "archived", json_true());
	return change(jira, id, changed, err);
}
