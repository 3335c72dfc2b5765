#include "flow/cleanup_look.h"

#include "api/kube.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/sweep.h"
#include "flow/cleanup.h"

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

static void name_some(const struct strvec *found, struct str *others)
{
	for (size_t i = 0; i < found->count && i < CLEANUP_NAMED_MAX; i++)
		str_addf(others, "%s%s", i ? ", " : "", found->items[i]);
	if (found->count > CLEANUP_NAMED_MAX)
		str_addf(others, " and %zu more",
			 found->count - CLEANUP_NAMED_MAX);
}

bool look_for_others(struct look *look, struct kube *kube,
		     const struct sweep_item *item, struct str *others,
		     struct err *err)
{
	CLEANUP(strvec_release) struct strvec found = {0};
	CLEANUP(strvec_release) struct strvec ours = {0};
	CLEANUP(sweep_world_release) struct sweep_world left = {0};
	const char *release =
		item->release ? item->release : look->marks.release;

	if (!releases_find(kube, item->namespace, NULL, &look->arena, &left,
			   err))
		return false;
	for (size_t i = 0; i < left.release_count; i++)
		add_release(&found, left.releases[i].name);
	if (release)
		strvec_add(&ours, release);
	if (!namespace_find_foreign(kube, item->namespace, &ours, &found, err))
		return false;
	name_some(&found, others);
	return true;
}

bool cleanup_foresee(struct kube *kube, const struct sweep_plan *plan,
		     const struct sweep_world *world, struct str *others,
		     struct err *err)
{
	CLEANUP(strvec_release) struct strvec found = {0};
	CLEANUP(strvec_release) struct strvec ours = {0};
	const struct sweep_item *first = plan->items;

	if (!plan->count)
		return true;
	if (first->home && first->home->release)
		strvec_add(&ours, first->home->release);
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].release)
			strvec_add(&ours, plan->items[i].release);
	}
	for (size_t i = 0; i < world->release_count; i++) {
		if (!strvec_has(&ours, world->releases[i].name))
			add_release(&found, world->releases[i].name);
	}
	if (!namespace_find_foreign(kube, first->namespace, &ours, &found, err))
		return false;
	name_some(&found, others);
	return true;
}
