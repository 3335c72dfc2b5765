#include "flow/cleanup_look.h"

#include "api/inhabitants.h"
#include "api/kinds.h"
#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/estate.h"
#include "core/manifest.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "flow/envlock.h"
#include "flow/removal.h"

void look_release(struct look *look)
{
	release_query_release(&look->payload);
	arena_release(&look->arena);
}

/* @judged is NULL if it bore no marks when it was judged. */
static bool is_marked_anew(const struct sweep_namespace *judged,
			   const struct namespace_marks *now)
{
	if (!judged)
		return now->managed != NULL;
	return !same_text(now->uid, judged->uid) ||
	       !same_text(now->managed, judged->managed) ||
	       !same_text(now->expires_at, judged->expires_at) ||
	       !same_text(now->created, judged->created) ||
	       !same_text(now->commit, judged->commit) ||
	       !same_text(now->ahead_of, judged->ahead_of) ||
	       now->main != judged->main;
}

static void compare(struct look *look, const struct sweep_item *item,
		    const struct sweep_world *now)
{
	/* None is left: somebody else was faster, or it was us. */
	look->released = now->release_count != 0;
	if (look->exists && is_marked_anew(item->home, &look->marks))
		look->changed =
			"its namespace was marked anew since it was judged";
	else if (look->released &&
		 !sweep_is_unchanged(item->judged, now->releases,
				     now->release_count))
		look->changed = "it was deployed anew since it was judged";
}

/*
 * Current, although the list in it is cached: where it is not all as it was
 * judged, the releases are listed anew.
 */
static bool look_at_releases(struct look *look, struct kube *kube,
			     const struct sweep_item *item,
			     const struct kube_list *home,
			     struct sweep_world *now, struct err *err)
{
	const struct sweep_release *judged = item->judged;
	CLEANUP(releases_query_release) struct releases_query releases = {0};
	CLEANUP(release_query_release) struct release_query next = {0};
	struct kube_list questions[] = {
		*home,
		releases_query(&releases, item->namespace, item->release,
			       &look->arena, now),
		release_query(&look->payload, item->namespace, item->release,
			      judged->revision, &look->arena),
		release_metadata_query(&next, item->namespace, item->release,
				       judged->revision + 1, &look->arena),
	};

	questions[1].cached = true;
	if (!kube_list_all(kube, questions, ARRAY_SIZE(questions), err))
		return false;
	if (sweep_is_unchanged(judged, now->releases, now->release_count) &&
	    release_is_current(&look->payload, &next, judged->resource_version))
		return true;
	now->release_count = 0;
	return releases_find(kube, item->namespace, item->release, &look->arena,
			     now, err);
}

bool look_again(struct look *look, struct kube *kube,
		const struct sweep_item *item, struct err *err)
{
	CLEANUP(sweep_world_release) struct sweep_world now = {0};
	struct namespace_query home;
	const struct kube_list question =
		namespace_query(&home, item->namespace, &look->arena,
				&look->marks, &look->exists);

	if (!(item->judged
		      ? look_at_releases(look, kube, item, &question, &now, err)
		      : kube_list(kube, &question, err)))
		return false;
	compare(look, item, &now);
	return true;
}

static void add_release(struct strvec *found, const char *name)
{
	CLEANUP(free_ptr) char *text = xasprintf("release %s", name);

	strvec_add_once(found, text);
}

bool look_for_others(struct look *look, struct kube *kube, struct kinds *kinds,
		     const struct estate *estate, struct inhabitants *found,
		     struct err *err)
{
	CLEANUP(sweep_world_release) struct sweep_world left = {0};

	if (!releases_find(kube, estate->namespace, NULL, &look->arena, &left,
			   err))
		return false;
	for (size_t i = 0; i < left.release_count; i++)
		add_release(&found->foreign, left.releases[i].name);
	return inhabitants_find(kube, kinds, estate, found, err);
}

/* One that is gone or damaged tells nothing. */
static bool read_revision(struct kube *kube,
			  const struct sweep_release *revision,
			  struct estate *estate, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(release_query_release) struct release_query payload = {0};
	const struct kube_list question =
		release_query(&payload, revision->namespace, revision->name,
			      revision->revision, &arena);
	CLEANUP(err_release) struct err damaged = {0};
	struct manifest manifest = {0};
	bool found;

	if (!kube_list(kube, &question, err))
		return false;
	if (removal_read(&payload, &arena, &manifest, &found, &damaged))
		estate_add_manifest(estate, &manifest);
	return true;
}

bool look_at_older(struct kube *kube, const struct sweep_item *item,
		   struct estate *estate, struct err *err)
{
	size_t count = item->revision_count;
	bool unknown = false;

	if (count > 1 && !inhabitants_have_claims(kube, estate, &unknown, err))
		return false;
	if (!unknown)
		return true;
	for (size_t i = 1; i < count && i <= LOOK_OLDER_MAX; i++) {
		if (!read_revision(kube, item->revisions[i], estate, err))
			return false;
	}
	return true;
}

/* What a sweep would note of @item before Helm uninstalls it. */
static bool read_estate(struct kube *kube, const struct sweep_item *item,
			struct estate *estate, struct err *err)
{
	estate_add_release(estate, item->release);
	return read_revision(kube, item->judged, estate, err) &&
	       look_at_older(kube, item, estate, err);
}

static bool foresee_estate(struct kube *kube, const struct sweep_plan *plan,
			   struct estate *estate, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const struct sweep_item *first = plan->items;
	const char *noted;

	if (!envlock_read_estate(kube, first->namespace, &arena, &noted, err))
		return false;
	estate_read(estate, noted);
	if (first->home)
		estate_add_release(estate, first->home->release);
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].release &&
		    !read_estate(kube, &plan->items[i], estate, err))
			return false;
	}
	return true;
}

static bool is_planned(const struct sweep_plan *plan, const char *release)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (same_text(plan->items[i].release, release))
			return true;
	}
	return false;
}

bool cleanup_foresee(struct kube *kube, const struct sweep_plan *plan,
		     const struct sweep_world *world, struct str *others,
		     struct err *err)
{
	CLEANUP(inhabitants_release) struct inhabitants found = {0};
	CLEANUP(estate_release) struct estate estate = {0};
	CLEANUP(kinds_release) struct kinds kinds = {0};

	if (!plan->count)
		return true;
	estate.namespace = plan->items->namespace;
	if (!foresee_estate(kube, plan, &estate, err))
		return false;
	for (size_t i = 0; i < world->release_count; i++) {
		if (!is_planned(plan, world->releases[i].name))
			add_release(&found.foreign, world->releases[i].name);
	}
	if (!inhabitants_find(kube, &kinds, &estate, &found, err))
		return false;
	strvec_print(&found.foreign, CLEANUP_NAMED_MAX, others);
	return true;
}
