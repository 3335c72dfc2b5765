#include "flow/removal.h"

#include "api/kube.h"
#include "api/ownership.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/estate.h"
#include "core/manifest.h"

#define PURPOSE "let Helm remove what the release holds"

bool removal_read(const struct release_query *payload, struct arena *arena,
		  struct manifest *manifest, bool *found, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	const struct value *release;

	if (!release_decode(payload, &scratch, &release, err))
		return false;
	*found = release != NULL;
	return !release || manifest_of_release(manifest, release, arena, err) ||
	       err_wrap(err, "cannot read release '%s'", payload->name);
}

/*
 * What Helm does to each object, and then to a hook.  Helm 4 waits by watching:
 * without that right too it forgets the release and ends half-way.
 */
static const char *const verbs[] = {"get",    "list",	"watch",
				    "delete", "create", "patch"};
#define VERBS_OF_OBJECT 4

/* Objects of one kind in one place. */
struct need {
	const struct kind *kind;
	const char *place;
	size_t verbs; /* how many of them */
};

struct needs {
	struct arena arena;
	struct need *items;
	size_t count;
	size_t capacity;
};

static void needs_release(struct needs *needs)
{
	arena_release(&needs->arena);
}

/* Of a kind that the server does not know Helm itself speaks. */
static bool find_needs(struct removal *removal, const char *namespace,
		       const struct manifest *manifest, struct needs *needs,
		       struct err *err)
{
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_object *object = &manifest->objects[i];
		const struct kind *kind;

		if (object->kept)
			continue;
		if (!kinds_find(&removal->kinds, removal->kube, object->api,
				object->kind, &kind, err))
			return false;
		if (!kind)
			continue;
		needs->items =
			arena_grow(&needs->arena, needs->items,
				   needs->count + 1, sizeof(*needs->items),
				   &needs->capacity);
		needs->items[needs->count++] = (struct need){
			.kind = kind,
			.place = kind_place(kind, object->namespace, namespace),
			.verbs = object->hook ? ARRAY_SIZE(verbs)
					      : VERBS_OF_OBJECT,
		};
	}
	return true;
}

static struct kube_right right_to(const struct need *need, size_t verb)
{
	return (struct kube_right){
		.verb = verbs[verb],
		.group = need->kind->group,
		.resource = need->kind->resource,
		.purpose = PURPOSE,
	};
}

static char *key_of(const struct kube_right *right, const char *namespace)
{
	return xasprintf("%s %s/%s %s", right->verb, right->group,
			 right->resource, namespace ? namespace : "");
}

/* "yes", "no" or, where it was not asked yet, NULL. */
static const char *learnt(const struct removal *removal,
			  const struct kube_right *right, const char *namespace)
{
	CLEANUP(free_ptr) char *key = key_of(right, namespace);

	return map_get(&removal->rights, key);
}

static bool is_allowed(const struct removal *removal,
		       const struct kube_right *right, const char *namespace)
{
	return same_text(learnt(removal, right, namespace), "yes");
}

static void learn(struct removal *removal, const struct kube_access *access)
{
	static char yes[] = "yes", no[] = "no";
	CLEANUP(free_ptr) char *key = key_of(&access->right, access->namespace);

	map_put(&removal->rights, key, access->allowed ? yes : no);
}

struct questions {
	struct arena arena;
	struct map keys; /* of what is asked already */
	struct kube_access *items;
	size_t count;
	size_t capacity;
};

static void questions_release(struct questions *questions)
{
	map_release(&questions->keys);
	arena_release(&questions->arena);
}

static void add_question(struct questions *questions,
			 const struct kube_right *right, const char *namespace)
{
	CLEANUP(free_ptr) char *key = key_of(right, namespace);

	if (map_has(&questions->keys, key))
		return;
	map_put(&questions->keys, key, questions);
	questions->items =
		arena_grow(&questions->arena, questions->items,
			   questions->count + 1, sizeof(*questions->items),
			   &questions->capacity);
	questions->items[questions->count++] =
		(struct kube_access){.right = *right, .namespace = namespace};
}

/*
 * Ask at once for all that is not known yet: whether it is allowed in all
 * namespaces, or (@here) of what is not, whether it is in this one.
 */
static bool ask(struct removal *removal, const struct needs *needs, bool here,
		struct err *err)
{
	CLEANUP(questions_release) struct questions questions = {0};

	for (size_t i = 0; i < needs->count; i++) {
		const struct need *need = &needs->items[i];
		const char *place = here ? need->place : NULL;

		for (size_t verb = 0; verb < need->verbs; verb++) {
			const struct kube_right right = right_to(need, verb);

			if (here &&
			    (!place || is_allowed(removal, &right, NULL)))
				continue;
			if (!learnt(removal, &right, place))
				add_question(&questions, &right, place);
		}
	}
	if (!kube_review(removal->kube, questions.items, questions.count, err))
		return false;
	for (size_t i = 0; i < questions.count; i++)
		learn(removal, &questions.items[i]);
	return true;
}

/* Add "may not get, list jobs.batch" for the verbs that are missing. */
static void check_need(const struct removal *removal, const struct need *need,
		       struct strvec *missing)
{
	const struct kind *kind = need->kind;
	CLEANUP(str_release) struct str line = {0};

	for (size_t verb = 0; verb < need->verbs; verb++) {
		const struct kube_right right = right_to(need, verb);

		if (is_allowed(removal, &right, NULL) ||
		    (need->place && is_allowed(removal, &right, need->place)))
			continue;
		str_addf(&line, "%s %s", line.len ? "," : "may not",
			 right.verb);
	}
	if (!line.len)
		return;
	str_addf(&line, " %s%s%s", kind->resource, *kind->group ? "." : "",
		 kind->group);
	strvec_add_once(missing, str_text(&line));
}

static bool check_rights(struct removal *removal, const char *namespace,
			 const struct manifest *manifest, struct err *err)
{
	CLEANUP(strvec_release) struct strvec missing = {0};
	CLEANUP(needs_release) struct needs needs = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!find_needs(removal, namespace, manifest, &needs, err) ||
	    !ask(removal, &needs, false, err) ||
	    !ask(removal, &needs, true, err))
		return false;
	for (size_t i = 0; i < needs.count; i++)
		check_need(removal, &needs.items[i], &missing);
	if (!missing.count)
		return true;
	strvec_join(&missing, "; ", &text);
	(void)err_set(err, ERR_DENIED,
		      "the user of the kubeconfig %s, needed to " PURPOSE
		      "; nothing of it was touched",
		      str_text(&text));
	return err_hint(err, "add them to the roles of its user, as in "
			     "pipeline-examples/sweep/rbac.yaml");
}

static bool check_ownership(struct removal *removal, const char *namespace,
			    const char *release,
			    const struct manifest *manifest, struct err *err)
{
	CLEANUP(strvec_release) struct strvec others = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!ownership_find_others(removal->kube, &removal->kinds, namespace,
				   release, manifest, &others, err))
		return false;
	if (!others.count)
		return true;
	strvec_print(&others, REMOVAL_NAMED_MAX, &text);
	(void)err_set(err, ERR_CONFLICT,
		      "by Helm's marks it is not of release '%s' any more: %s; "
		      "nothing of it was touched",
		      release, str_text(&text));
	return err_hint(err, "deploy it again without that, or give it back "
			     "the annotations meta.helm.sh/release-name and "
			     "release-namespace");
}

bool removal_check(struct removal *removal, const char *namespace,
		   const char *release, const struct manifest *manifest,
		   struct err *err)
{
	return check_rights(removal, namespace, manifest, err) &&
	       check_ownership(removal, namespace, release, manifest, err);
}

/* Of @objects those of a kind that is known; up to one that cannot be. */
static size_t find_kinds(struct removal *removal, const char *namespace,
			 const struct manifest_object *objects, size_t count,
			 struct kind_object *found)
{
	CLEANUP(err_release) struct err unknown = {0};
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const struct manifest_object *object = &objects[i];
		const struct kind *kind;

		if (!kinds_find(&removal->kinds, removal->kube, object->api,
				object->kind, &kind, &unknown))
			break;
		if (!kind)
			continue;
		found[known++] = (struct kind_object){
			.object = object,
			.kind = kind,
			.namespace =
				kind_place(kind, object->namespace, namespace),
		};
	}
	return known;
}

/*
 * Append who holds which of @objects, which are in @namespace unless they say
 * another, and add those to @noted, unless NULL.
 */
static void find_held(struct removal *removal, const char *namespace,
		      const struct manifest_object *objects, size_t count,
		      struct estate *noted, struct str *held)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err unknown = {0};
	struct kind_object *asked =
		arena_new_array(&arena, struct kind_object, count);
	size_t known = find_kinds(removal, namespace, objects, count, asked);
	size_t found = 0;

	(void)!kinds_find_finalizers(removal->kube, asked, known, &arena,
				     &unknown);
	for (size_t i = 0; i < known && found < REMOVAL_HELD_MAX; i++) {
		const struct manifest_object *object = asked[i].object;

		if (!asked[i].finalizers)
			continue;
		found++;
		str_addf(held, "%s%s %s is held by %s", held->len ? "; " : "",
			 object->kind, object->name, asked[i].finalizers);
		if (noted)
			estate_add_held(noted, object, asked[i].namespace);
	}
}

void removal_find_held(struct removal *removal, const char *namespace,
		       const struct manifest *manifest, struct estate *estate,
		       struct str *held)
{
	find_held(removal, namespace, manifest->objects, manifest->count,
		  estate, held);
}

void removal_find_still_held(struct removal *removal,
			     const struct estate *estate, struct str *held)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct manifest_object *objects = NULL;
	struct manifest_object object;
	size_t count = 0, capacity = 0;

	while (estate_get_held(estate, count, &object)) {
		objects = arena_grow(&arena, objects, count + 1,
				     sizeof(*objects), &capacity);
		objects[count++] = object;
	}
	find_held(removal, NULL, objects, count, NULL, held);
}

void removal_release(struct removal *removal)
{
	kinds_release(&removal->kinds);
	map_release(&removal->rights);
	*removal = (struct removal){0};
}
