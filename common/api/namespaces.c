#include "api/namespaces.h"

#include <string.h>

#include "api/kube.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/sweep.h"
#include "format/jsn.h"

#define LABEL_MANAGED	      "slipway/managed"
#define LABEL_EXPIRES_AT      "slipway/expires-at"
#define LABEL_STACK	      "slipway/stack"
#define ANNOTATION_REPOSITORY "slipway/repository"
#define ANNOTATION_BRANCH     "slipway/branch"
#define ANNOTATION_GIT_URL    "slipway/git-url"
#define ANNOTATION_SEEN	      "slipway/branch-seen"
#define ANNOTATION_COMMIT     "slipway/commit"
#define ANNOTATION_AHEAD_OF   "slipway/ahead-of"
#define ANNOTATION_MAIN	      "slipway/main"
#define ANNOTATION_RELEASE    "slipway/release"
#define ANNOTATION_OWNER      "slipway/owner"
#define ANNOTATION_ROLLBACK   "slipway/rollback"
#define ANNOTATION_CREATED    "slipway/created"
#define YES		      "true"
#define NO		      "false"

static struct kube_ref ref_to(const char *name)
{
	return (struct kube_ref){
		.api = "v1", .resource = "namespaces", .name = name};
}

/* The member @key of the map at @path; keys hold dots and slashes. */
static const char *copy_member(struct arena *arena, const json_t *object,
			       const char *path, const char *key)
{
	const json_t *map = jsn_find(object, path);
	const char *text = json_string_value(json_object_get(map, key));

	return text ? arena_strdup(arena, text) : NULL;
}

static const json_t *find_annotation(const json_t *object, const char *key)
{
	return json_object_get(jsn_find(object, "metadata.annotations"), key);
}

static bool is_annotated(const json_t *object, const char *key)
{
	return same_text(json_string_value(find_annotation(object, key)), YES);
}

/* Who writes "True" or "yes" means no "false". */
static bool is_main(const json_t *object)
{
	const json_t *mark = find_annotation(object, ANNOTATION_MAIN);

	return mark && !same_text(json_string_value(mark), NO);
}

static void read_deletion(const json_t *object, struct namespace_marks *marks)
{
	const char *when = jsn_text(object, "metadata.deletionTimestamp");
	int64_t since;

	marks->terminating = when != NULL;
	if (when && clock_parse_rfc3339(when, strlen(when), &since))
		marks->terminating_since = since;
}

static void read_marks(const json_t *object, struct arena *arena,
		       struct namespace_marks *marks)
{
	static const char labels[] = "metadata.labels";
	static const char annotations[] = "metadata.annotations";

	*marks = (struct namespace_marks){
		.uid = copy_member(arena, object, "metadata", "uid"),
		.resource_version = copy_member(arena, object, "metadata",
						"resourceVersion"),
		.managed = copy_member(arena, object, labels, LABEL_MANAGED),
		.expires_at =
			copy_member(arena, object, labels, LABEL_EXPIRES_AT),
		.stack = copy_member(arena, object, labels, LABEL_STACK),
		.repository = copy_member(arena, object, annotations,
					  ANNOTATION_REPOSITORY),
		.branch = copy_member(arena, object, annotations,
				      ANNOTATION_BRANCH),
		.git_url = copy_member(arena, object, annotations,
				       ANNOTATION_GIT_URL),
		.release = copy_member(arena, object, annotations,
				       ANNOTATION_RELEASE),
		.commit = copy_member(arena, object, annotations,
				      ANNOTATION_COMMIT),
		.ahead_of = copy_member(arena, object, annotations,
					ANNOTATION_AHEAD_OF),
		.owner = copy_member(arena, object, annotations,
				     ANNOTATION_OWNER),
		.rollback = copy_member(arena, object, annotations,
					ANNOTATION_ROLLBACK),
		.created = copy_member(arena, object, annotations,
				       ANNOTATION_CREATED),
		.branch_seen = is_annotated(object, ANNOTATION_SEEN),
		.main = is_main(object),
	};
	read_deletion(object, marks);
}

struct search {
	struct arena *arena;
	struct sweep_world *world;
};

static void add_marked(struct sweep_world *world, const char *name,
		       const struct namespace_marks *marks)
{
	const struct sweep_namespace found = {
		.name = name,
		.uid = marks->uid,
		.resource_version = marks->resource_version,
		.managed = marks->managed,
		.expires_at = marks->expires_at,
		.release = marks->release,
		.created = marks->created,
		.main = marks->main,
		.terminating = marks->terminating,
		.terminating_since = marks->terminating_since,
		.owner = marks->owner,
		.repository = marks->repository,
		.branch = marks->branch,
		.git_url = marks->git_url,
		.branch_seen = marks->branch_seen,
		.commit = marks->commit,
		.ahead_of = marks->ahead_of,
	};

	if (name && marks->managed)
		sweep_add_namespace(world, &found);
}

static bool add_namespace(void *context, const json_t *item, struct err *err)
{
	struct search *search = context;
	struct namespace_marks marks;

	(void)err;
	read_marks(item, search->arena, &marks);
	add_marked(search->world,
		   copy_member(search->arena, item, "metadata", "name"),
		   &marks);
	return true;
}

static void forget_namespaces(void *context)
{
	struct search *search = context;

	search->world->namespace_count = 0;
}

bool namespaces_find_marked(struct kube *kube, struct arena *arena,
			    struct sweep_world *world, struct err *err)
{
	struct search search = {.arena = arena, .world = world};
	const struct kube_list list = {
		.ref = ref_to(NULL),
		.label_selector = LABEL_MANAGED,
		.metadata = true,
		.item = add_namespace,
		.restart = forget_namespaces,
		.context = &search,
	};

	return kube_list(kube, &list, err);
}

bool namespace_find_marked(struct kube *kube, const char *name,
			   struct arena *arena, struct sweep_world *world,
			   struct err *err)
{
	struct namespace_marks marks;
	bool found;

	if (!namespace_read(kube, name, arena, &marks, &found, err))
		return false;
	if (found)
		add_marked(world, name, &marks);
	world->unmarked = found && !marks.managed && !marks.terminating;
	return true;
}

/*
 * What something between us and the server has made up, if only of nothing,
 * would be one without marks.
 */
static bool check_name(const json_t *object, const char *name, struct err *err)
{
	return same_text(jsn_text(object, "metadata.name"), name) ||
	       err_set(err, ERR_REMOTE,
		       "the answer of the Kubernetes API is not namespace '%s'",
		       name);
}

static bool note_namespace(void *context, const json_t *object, struct err *err)
{
	const struct namespace_query *query = context;

	if (!check_name(object, query->name, err))
		return false;
	*query->found = true;
	read_marks(object, query->arena, query->marks);
	return true;
}

struct kube_list namespace_query(struct namespace_query *query,
				 const char *name, struct arena *arena,
				 struct namespace_marks *marks, bool *found)
{
	*query = (struct namespace_query){name, arena, marks, found};
	*found = false;
	return (struct kube_list){
		.ref = ref_to(name),
		.metadata = true,
		.item = note_namespace,
		.context = query,
	};
}

bool namespace_read(struct kube *kube, const char *name, struct arena *arena,
		    struct namespace_marks *marks, bool *found, struct err *err)
{
	struct namespace_query query;
	const struct kube_list list =
		namespace_query(&query, name, arena, marks, found);

	return kube_list(kube, &list, err);
}

static void add_labels(json_t *map, const struct strvec *labels)
{
	for (size_t i = 0; labels && i < labels->count; i++) {
		const char *equals = strchr(labels->items[i], '=');
		CLEANUP(free_ptr) char *key = NULL;

		if (!equals)
			continue;
		key = xmemdupz(labels->items[i],
			       (size_t)(equals - labels->items[i]));
		jsn_set_text(map, key, equals + 1);
	}
}

static void set_known(json_t *map, const char *key, const char *text)
{
	if (text)
		jsn_set_text(map, key, text);
}

static void set_or_take(json_t *map, const char *key, const char *text)
{
	if (text)
		jsn_set(map, key, *text ? jsn_string(text) : json_null());
}

/* The object, or the patch of one, that says what @marks say. */
static json_t *make_object(const char *name,
			   const struct namespace_marks *marks,
			   const struct strvec *labels)
{
	json_t *object = json_object();
	json_t *metadata = json_object();
	json_t *label_map = json_object();
	json_t *annotations = json_object();

	add_labels(label_map, labels);
	set_known(label_map, LABEL_MANAGED, marks->managed);
	set_known(label_map, LABEL_EXPIRES_AT, marks->expires_at);
	set_known(label_map, LABEL_STACK, marks->stack);
	set_known(annotations, ANNOTATION_REPOSITORY, marks->repository);
	set_known(annotations, ANNOTATION_BRANCH, marks->branch);
	set_known(annotations, ANNOTATION_GIT_URL, marks->git_url);
	set_known(annotations, ANNOTATION_RELEASE, marks->release);
	set_known(annotations, ANNOTATION_SEEN,
		  marks->branch_seen ? YES : NULL);
	set_known(annotations, ANNOTATION_MAIN, marks->main ? YES : NULL);
	set_or_take(annotations, ANNOTATION_COMMIT, marks->commit);
	set_or_take(annotations, ANNOTATION_AHEAD_OF, marks->ahead_of);
	set_or_take(annotations, ANNOTATION_OWNER, marks->owner);
	set_or_take(annotations, ANNOTATION_ROLLBACK, marks->rollback);
	set_known(metadata, "name", name);
	set_known(metadata, "resourceVersion", marks->resource_version);
	jsn_set(metadata, "labels", label_map);
	jsn_set(metadata, "annotations", annotations);
	jsn_set(object, "metadata", metadata);
	return object;
}

/* Where there is nothing to take away; else Kubernetes makes it "". */
static void drop_nothing(json_t *map)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(map, next, key, value)
	{
		if (json_is_null(value))
			json_object_del(map, key);
	}
}

bool namespace_create(struct kube *kube, const char *name,
		      const struct namespace_marks *marks,
		      const struct strvec *labels, bool *existed,
		      struct err *err)
{
	CLEANUP(jsn_release) json_t *object = make_object(name, marks, labels);
	const struct kube_ref ref = ref_to(NULL);
	json_t *annotations = jsn_find(object, "metadata.annotations");

	drop_nothing(annotations);
	set_known(annotations, ANNOTATION_CREATED, marks->created);
	jsn_set_text(object, "apiVersion", "v1");
	jsn_set_text(object, "kind", "Namespace");
	if (!kube_create(kube, &ref, object, NULL, existed, err))
		return err_wrap(err, "cannot create namespace '%s'", name);
	return true;
}

bool namespace_mark(struct kube *kube, const char *name,
		    const struct namespace_marks *marks,
		    const struct strvec *labels, char **version,
		    struct err *err)
{
	CLEANUP(jsn_release) json_t *patch = make_object(NULL, marks, labels);
	CLEANUP(jsn_release) json_t *stored = NULL;
	const struct kube_ref ref = ref_to(name);
	const char *now;

	if (!kube_patch(kube, &ref, patch, version ? &stored : NULL, err))
		return err_wrap(err, "cannot mark namespace '%s'", name);
	if (!version)
		return true;
	now = jsn_text(stored, "metadata.resourceVersion");
	*version = now ? xstrdup(now) : NULL;
	return true;
}

bool namespace_delete(struct kube *kube, const char *name, const char *uid,
		      const char *resource_version, struct err *err)
{
	const struct kube_ref ref = ref_to(name);
	bool existed;

	if (!kube_delete(kube, &ref, uid, resource_version, &existed, err))
		return err_wrap(err, "cannot delete namespace '%s'", name);
	return true;
}

/* The conditions of a namespace that say what it still waits for. */
static void read_conditions(const json_t *object, struct arena *arena,
			    struct namespace_leave *leave)
{
	const json_t *conditions = jsn_find(object, "status.conditions");
	const json_t *condition;
	CLEANUP(str_release) struct str why = {0};
	size_t i;

	json_array_foreach (conditions, i, condition) {
		const char *message = jsn_text(condition, "message");

		if (!same_text(jsn_text(condition, "status"), "True") ||
		    is_blank(message))
			continue;
		str_addf(&why, "%s%s", why.len ? "; " : "", message);
		if (same_text(jsn_text(condition, "type"),
			      "NamespaceFinalizersRemaining"))
			leave->stuck = true;
	}
	if (!why.len)
		str_add(&why, "it is still being deleted");
	leave->why = arena_strdup(arena, str_text(&why));
}

bool namespace_read_leave(struct kube *kube, const char *name, const char *uid,
			  struct arena *arena, struct namespace_leave *leave,
			  struct err *err)
{
	CLEANUP(jsn_release) json_t *object = NULL;
	const struct kube_ref ref = ref_to(name);

	if (!kube_get(kube, &ref, &object, err) ||
	    (object && !check_name(object, name, err)))
		return err_wrap(err, "cannot look up namespace '%s'", name);
	*leave = (struct namespace_leave){
		.gone = !object ||
			!same_text(jsn_text(object, "metadata.uid"), uid),
	};
	if (!leave->gone)
		read_conditions(object, arena, leave);
	return true;
}
