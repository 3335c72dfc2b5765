#include "api/inhabitants.h"

#include "api/kinds.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/estate.h"
#include "format/jsn.h"
#include "format/value.h"

/* Of one kind. */
struct inhabitant_list {
	const struct estate *estate;
	const char *kind;
	struct arena arena;
	struct strvec foreign;
	struct value *owned; /* in the arena */
};

static void add_name(struct strvec *names, const char *kind,
		     const struct value *object)
{
	const char *name = value_find_text(object, "metadata.name");

	strvec_addf(names, "%s %s", kind, name ? name : "?");
}

static bool note_inhabitant(void *context, const json_t *item, struct err *err)
{
	struct inhabitant_list *list = context;
	struct value *object = jsn_to_value(item, &list->arena);

	(void)err;
	switch (estate_judge(list->estate, list->kind, object)) {
	case ESTATE_OURS:
		return true;
	case ESTATE_OWNED:
		value_list_add(list->owned, &list->arena, object);
		return true;
	case ESTATE_FOREIGN:
		add_name(&list->foreign, list->kind, object);
		return true;
	}
	return true;
}

static void forget_inhabitants(void *context)
{
	struct inhabitant_list *list = context;

	strvec_truncate(&list->foreign, 0);
	list->owned = value_new_list(&list->arena);
}

/* Which owners are leaving, as far as they were asked for. */
struct owners {
	struct kube *kube;
	struct kinds *kinds;
	const char *namespace;
	struct map known; /* by uid */
};

static bool are_owners_leaving(struct owners *owners, const json_t *references,
			       unsigned int depth, bool *leaving,
			       struct err *err);

/* *@object is NULL if it is gone; @unknown: that cannot be told. */
static bool read_owner(struct owners *owners, const json_t *reference,
		       json_t **object, bool *unknown, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	struct kube_ref ref = {.api = jsn_text(reference, "apiVersion"),
			       .name = jsn_text(reference, "name")};
	const char *name = jsn_text(reference, "kind");
	const struct kind *kind = NULL;

	*unknown = true;
	if (is_blank(ref.api) || is_blank(ref.name) || is_blank(name))
		return true;
	if (!kinds_find(owners->kinds, owners->kube, ref.api, name, &kind, err))
		return false;
	if (!kind)
		return true;
	ref.resource = kind->resource;
	ref.namespace = kind->namespaced ? owners->namespace : NULL;
	*unknown = false;
	if (kube_get_metadata(owners->kube, &ref, object, &failure))
		return true;
	*unknown = failure.kind == ERR_DENIED;
	if (!*unknown)
		err_move(err, &failure);
	return *unknown;
}

static bool ask_owner(struct owners *owners, const json_t *reference,
		      unsigned int depth, bool *leaving, struct err *err)
{
	CLEANUP(jsn_release) json_t *object = NULL;
	const char *uid = jsn_text(reference, "uid");
	bool unknown;

	if (!read_owner(owners, reference, &object, &unknown, err))
		return false;
	*leaving = !unknown &&
		   (!object || jsn_text(object, "metadata.deletionTimestamp") ||
		    !same_text(jsn_text(object, "metadata.uid"), uid));
	return unknown || *leaving ||
	       are_owners_leaving(owners,
				  jsn_find(object, "metadata.ownerReferences"),
				  depth + 1, leaving, err);
}

static bool is_owner_leaving(struct owners *owners, const json_t *reference,
			     unsigned int depth, bool *leaving, struct err *err)
{
	static char yes[] = "yes", no[] = "no";
	const char *uid = jsn_text(reference, "uid");
	const char *known = uid ? map_get(&owners->known, uid) : no;

	*leaving = same_text(known, yes);
	if (known)
		return true;
	if (!ask_owner(owners, reference, depth, leaving, err))
		return false;
	map_put(&owners->known, uid, *leaving ? yes : no);
	return true;
}

/* The collector deletes what has no owner left. */
static bool are_owners_leaving(struct owners *owners, const json_t *references,
			       unsigned int depth, bool *leaving,
			       struct err *err)
{
	const json_t *reference;
	size_t i;

	*leaving =
		depth < INHABITANTS_OWNERS_MAX && json_array_size(references);
	json_array_foreach (references, i, reference) {
		if (!*leaving)
			return true;
		if (!is_owner_leaving(owners, reference, depth, leaving, err))
			return false;
	}
	return true;
}

static bool sort_owned(struct owners *owners,
		       const struct inhabitant_list *list,
		       struct inhabitants *found, struct err *err)
{
	for (size_t i = 0; i < list->owned->list.count; i++) {
		const struct value *object = list->owned->list.items[i];
		CLEANUP(jsn_release) json_t *references = jsn_from_value(
			value_find(object, "metadata.ownerReferences"));
		bool leaving;

		if (!are_owners_leaving(owners, references, 0, &leaving, err))
			return false;
		add_name(leaving ? &found->leaving : &found->foreign,
			 list->kind, object);
	}
	return true;
}

static bool sort_all(struct owners *owners, const struct inhabitant_list *lists,
		     struct inhabitants *found, struct err *err)
{
	for (size_t i = 0; i < ESTATE_KINDS; i++) {
		strvec_add_all(&found->foreign, &lists[i].foreign);
		if (!sort_owned(owners, &lists[i], found, err))
			return false;
	}
	return true;
}

/* @list lives until it is answered. */
static struct kube_list ask(struct inhabitant_list *list,
			    const struct estate *estate,
			    const struct estate_kind *kind)
{
	list->estate = estate;
	list->kind = kind->kind;
	list->owned = value_new_list(&list->arena);
	return (struct kube_list){
		.ref = {.api = kind->api,
			.resource = kind->resource,
			.namespace = estate->namespace},
		.metadata = true,
		.item = note_inhabitant,
		.restart = forget_inhabitants,
		.context = list,
	};
}

static void inhabitant_list_release(struct inhabitant_list *list)
{
	strvec_release(&list->foreign);
	arena_release(&list->arena);
}

bool inhabitants_find(struct kube *kube, struct kinds *kinds,
		      const struct estate *estate, struct inhabitants *found,
		      struct err *err)
{
	struct owners owners = {
		.kube = kube, .kinds = kinds, .namespace = estate->namespace};
	struct inhabitant_list kept[ESTATE_KINDS] = {0};
	struct kube_list lists[ESTATE_KINDS];
	bool done;

	for (size_t i = 0; i < ESTATE_KINDS; i++)
		lists[i] = ask(&kept[i], estate, &estate_kinds[i]);
	done = kube_list_all(kube, lists, ESTATE_KINDS, err) &&
	       sort_all(&owners, kept, found, err);
	for (size_t i = 0; i < ESTATE_KINDS; i++)
		inhabitant_list_release(&kept[i]);
	map_release(&owners.known);
	return done || err_wrap(err, "cannot tell what is in namespace '%s'",
				estate->namespace);
}

bool inhabitants_have_claims(struct kube *kube, const struct estate *estate,
			     bool *have, struct err *err)
{
	CLEANUP(inhabitant_list_release) struct inhabitant_list claims = {0};
	const struct kube_list list =
		ask(&claims, estate, &estate_kinds[ESTATE_CLAIMS]);

	if (!kube_list(kube, &list, err))
		return false;
	*have = claims.foreign.count != 0;
	return true;
}

void inhabitants_release(struct inhabitants *found)
{
	strvec_release(&found->foreign);
	strvec_release(&found->leaving);
}
