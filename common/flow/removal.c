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

/*
 * Append who holds @object, which is in @namespace unless it says another.
 * False: that is not known.  *@place is then where it is.
 */
static bool find_finalizers(struct removal *removal, const char *namespace,
			    const struct manifest_object *object,
			    const char **place, struct str *held)
{
	CLEANUP(err_release) struct err unknown = {0};
	CLEANUP(str_release) struct str finalizers = {0};
	const struct kind *kind;

	if (!kinds_find(&removal->kinds, removal->kube, object->api,
			object->kind, &kind, &unknown))
		return false;
	if (!kind)
		return true;
	*place = kind_place(kind, object->namespace, namespace);
	if (!kinds_find_finalizers(removal->kube, object->api, kind, *place,
				   object->name, &finalizers, &unknown))
		return false;
	if (finalizers.len)
		str_addf(held, "%s%s %s is held by %s", held->len ? "; " : "",
			 object->kind, object->name, str_text(&finalizers));
	return true;
}

void removal_find_held(struct removal *removal, const char *namespace,
		       const struct manifest *manifest, struct estate *estate,
		       struct str *held)
{
	size_t found = 0;

	for (size_t i = 0; i < manifest->count && found < REMOVAL_HELD_MAX;
	     i++) {
		const struct manifest_object *object = &manifest->objects[i];
		const char *place;
		size_t before = held->len;

		if (!find_finalizers(removal, namespace, object, &place, held))
			return;
		if (held->len == before)
			continue;
		found++;
		estate_add_held(estate, object, place);
	}
}

void removal_find_still_held(struct removal *removal,
			     const struct estate *estate, struct str *held)
{
	struct manifest_object object;
	const char *place;

	for (size_t i = 0;
	     i < REMOVAL_HELD_MAX && estate_get_held(estate, i, &object); i++) {
		if (!find_finalizers(removal, object.namespace, &object, &place,
				     held))
			return;
	}
}

void removal_release(struct removal *removal)
{
	kinds_release(&removal->kinds);
	map_release(&removal->rights);
	*removal = (struct removal){0};
}
