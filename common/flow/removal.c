#include "flow/removal.h"

#include "api/kube.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
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

/* Asks once, and remembers; @namespace NULL: in all. */
static bool may(struct removal *removal, const struct kube_right *right,
		const char *namespace, bool *allowed, struct err *err)
{
	CLEANUP(free_ptr) char *key =
		xasprintf("%s %s/%s %s", right->verb, right->group,
			  right->resource, namespace ? namespace : "");
	CLEANUP(strvec_release) struct strvec missing = {0};
	const char *known = map_get(&removal->rights, key);
	static char yes[] = "yes", no[] = "no";

	if (!known) {
		if (!kube_find_missing_rights(removal->kube, namespace, right,
					      1, &missing, err))
			return false;
		known = missing.count ? no : yes;
		map_put(&removal->rights, key, missing.count ? no : yes);
	}
	*allowed = known == yes;
	return true;
}

/* Add "may not get, list jobs.batch" for those of @verbs that are missing. */
static bool check_verbs(struct removal *removal, const char *const *verbs,
			const struct kind *kind, const char *namespace,
			struct strvec *missing, struct err *err)
{
	struct kube_right right = {.group = kind->group,
				   .resource = kind->resource,
				   .purpose = PURPOSE};
	CLEANUP(str_release) struct str line = {0};

	for (; *verbs; verbs++) {
		bool allowed;

		right.verb = *verbs;
		if (!may(removal, &right, NULL, &allowed, err) ||
		    (!allowed && namespace &&
		     !may(removal, &right, namespace, &allowed, err)))
			return false;
		if (!allowed)
			str_addf(&line, "%s %s", line.len ? "," : "may not",
				 *verbs);
	}
	if (!line.len)
		return true;
	str_addf(&line, " %s%s%s", kind->resource, *kind->group ? "." : "",
		 kind->group);
	strvec_add_once(missing, str_text(&line));
	return true;
}

/* The namespace that @object is in, NULL for none. */
static const char *place_of(const struct manifest_object *object,
			    const struct kind *kind, const char *namespace)
{
	if (!kind->namespaced)
		return NULL;
	return object->namespace ? object->namespace : namespace;
}

/*
 * Helm 4 waits by watching: without that right too it forgets the release
 * and ends half-way.  Of a kind that the server does not know Helm itself
 * speaks.
 */
static bool check_object(struct removal *removal, const char *namespace,
			 const struct manifest_object *object,
			 struct strvec *missing, struct err *err)
{
	static const char *const remove[] = {"get", "list", "watch", "delete",
					     NULL};
	static const char *const make[] = {"create", "patch", NULL};
	const struct kind *kind;
	const char *place;

	if (!kinds_find(&removal->kinds, removal->kube, object->api,
			object->kind, &kind, err))
		return false;
	if (!kind)
		return true;
	place = place_of(object, kind, namespace);
	return check_verbs(removal, remove, kind, place, missing, err) &&
	       (!object->hook ||
		check_verbs(removal, make, kind, place, missing, err));
}

bool removal_check(struct removal *removal, const char *namespace,
		   const struct manifest *manifest, struct err *err)
{
	CLEANUP(strvec_release) struct strvec missing = {0};
	CLEANUP(str_release) struct str text = {0};

	for (size_t i = 0; i < manifest->count; i++) {
		if (!manifest->objects[i].kept &&
		    !check_object(removal, namespace, &manifest->objects[i],
				  &missing, err))
			return false;
	}
	if (!missing.count)
		return true;
	for (size_t i = 0; i < missing.count; i++)
		str_addf(&text, "%s%s", i ? "; " : "", missing.items[i]);
	(void)err_set(err, ERR_DENIED,
		      "the user of the kubeconfig %s, needed to " PURPOSE
		      "; nothing of it was touched",
		      str_text(&text));
	return err_hint(err, "add them to the roles of its user, as in "
			     "pipeline-examples/sweep/rbac.yaml");
}

static bool find_finalizers(struct removal *removal, const char *namespace,
			    const struct manifest_object *object,
			    struct str *finalizers, struct err *err)
{
	const struct kind *kind;

	if (!kinds_find(&removal->kinds, removal->kube, object->api,
			object->kind, &kind, err))
		return false;
	return !kind || kinds_find_finalizers(removal->kube, object->api, kind,
					      place_of(object, kind, namespace),
					      object->name, finalizers, err);
}

void removal_find_held(struct removal *removal, const char *namespace,
		       const struct manifest *manifest, struct str *held)
{
	size_t found = 0;

	for (size_t i = 0; i < manifest->count && found < REMOVAL_HELD_MAX;
	     i++) {
		const struct manifest_object *object = &manifest->objects[i];
		CLEANUP(str_release) struct str finalizers = {0};
		CLEANUP(err_release) struct err unknown = {0};

		if (!find_finalizers(removal, namespace, object, &finalizers,
				     &unknown))
			return;
		if (!finalizers.len)
			continue;
		str_addf(held, "%s%s %s is held by %s", found++ ? "; " : "",
			 object->kind, object->name, str_text(&finalizers));
	}
}

void removal_release(struct removal *removal)
{
	kinds_release(&removal->kinds);
	map_release(&removal->rights);
	*removal = (struct removal){0};
}
