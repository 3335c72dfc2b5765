#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "api/namespaces.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/envname.h"
#include "core/gitaddress.h"
#include "core/sweep.h"
#include "flow/deploy_parts.h"
#include "flow/envlock.h"
#include "flow/origin.h"
#include "flow/readiness.h"

/* The other environments of our repository that will expire. */
struct others {
	struct arena arena;
	struct sweep_world world;
	const struct sweep_namespace **items; /* the oldest first */
	size_t count;
};

static void others_release(struct others *others)
{
	free(others->items);
	sweep_world_release(&others->world);
	arena_release(&others->arena);
}

static bool is_other(const struct sweep_namespace *home,
		     const struct deploy *deploy)
{
	if (home->main || home->terminating ||
	    same_text(home->name, deploy->name->namespace) ||
	    !same_text(home->repository, deploy->name->repository))
		return false;
	return !home->git_url || !deploy->origin->git_url ||
	       gitaddress_same(home->git_url, deploy->origin->git_url);
}

/* What was there before us has no date, and is never the oldest. */
static int compare_age(const void *a, const void *b)
{
	const struct sweep_namespace *left = *(const void *const *)a;
	const struct sweep_namespace *right = *(const void *const *)b;
	int order;

	if (!left->created || !right->created)
		return !left->created - !right->created;
	order = strcmp(left->created, right->created);
	return order ? order : strcmp(left->name, right->name);
}

static bool find_others(struct kube *kube, const struct deploy *deploy,
			struct others *others, struct err *err)
{
	struct sweep_world *world = &others->world;

	if (!namespaces_find_marked(kube, &others->arena, world, err))
		return false;
	others->items =
		xcalloc(world->namespace_count + 1, sizeof(*others->items));
	for (size_t i = 0; i < world->namespace_count; i++) {
		if (is_other(&world->namespaces[i], deploy))
			others->items[others->count++] = &world->namespaces[i];
	}
	if (others->count > 1)
		qsort(others->items, others->count, sizeof(*others->items),
		      compare_age);
	return true;
}

/* How many of them have to go before there may be one more. */
static size_t surplus(const struct deploy *deploy, const struct others *others)
{
	size_t allowed = (size_t)deploy->max_environments - 1;

	return others->count > allowed ? others->count - allowed : 0;
}

static bool is_limited(const struct deploy *deploy)
{
	return deploy->max_environments > 0 && !deploy->name->main;
}

static bool refuse(const struct deploy *deploy, const struct others *others,
		   enum err_kind kind, struct err *err)
{
	return err_set(err, kind,
		       "repository '%s' has %zu environments already, of %lld "
		       "that it may have",
		       deploy->name->repository, others->count,
		       (long long)deploy->max_environments);
}

/* One that never expires is there for a reason.  NULL: none is known to end. */
static const char *oldest_that_ends(const struct others *others)
{
	struct expiry expiry;

	for (size_t i = 0; i < others->count; i++) {
		const char *label = others->items[i]->expires_at;

		if (label && expiry_parse_label(label, &expiry) &&
		    expiry.expires)
			return others->items[i]->name;
	}
	return NULL;
}

static bool refuse_one_more(const struct deploy *deploy,
			    const struct others *others, struct err *err)
{
	const char *name = oldest_that_ends(others);

	(void)refuse(deploy, others, ERR_CONFLICT, err);
	if (!name)
		return err_hint(err, "delete one that is not needed, or say "
				     "'--evict-oldest'");
	return err_hint(err,
			"delete one that is not needed, as with expire-sweep "
			"--environment %s --now, or say '--evict-oldest'",
			name);
}

/* Why those that come first cannot make room. */
struct obstacles {
	struct arena arena;
	bool told;	      /* to people, when one is found */
	const char *busy;     /* who is at work on which, the first; or NULL */
	const char *stays;    /* the first of @spared, and why; or NULL */
	struct strvec spared; /* what would not go, or did not */
};

static void obstacles_release(struct obstacles *obstacles)
{
	strvec_release(&obstacles->spared);
	arena_release(&obstacles->arena);
}

static void spare(struct obstacles *obstacles, const char *namespace,
		  const char *why, const struct deploy *deploy)
{
	const char *text = arena_printf(
		&obstacles->arena, "'%s' cannot make room: %s", namespace, why);

	if (obstacles->told)
		report_warning(deploy->reporter, "environment %s", text);
	if (!obstacles->stays)
		obstacles->stays = text;
	strvec_add(&obstacles->spared, namespace);
}

static bool refuse_to_evict(const struct deploy *deploy,
			    const struct others *others,
			    const struct obstacles *obstacles, struct err *err)
{
	(void)refuse(deploy, others,
		     obstacles->busy ? ERR_REMOTE : ERR_CONFLICT, err);
	if (obstacles->busy) {
		(void)err_temporary(err, true);
		return err_hint(err, "try again later: %s", obstacles->busy);
	}
	if (obstacles->stays)
		return err_hint(err,
				"%s; delete what is not needed by hand, or "
				"raise '--max-environments'",
				obstacles->stays);
	return err_hint(err, "none can make room, as their namespaces were "
			     "there before: delete what is not needed by "
			     "hand, or raise '--max-environments'");
}

/* Could it go?  If not, that is in @obstacles. */
static bool may_go(struct kube *kube, const struct deploy *deploy,
		   const char *namespace, struct obstacles *obstacles,
		   bool *may, struct err *err)
{
	struct arena *arena = &obstacles->arena;
	const char *why;
	bool busy;

	if (!envlock_look(kube, namespace, arena, &why, NULL, err))
		return false;
	busy = why != NULL;
	if (busy)
		why = arena_printf(arena, "another run is at work on '%s': %s",
				   namespace, why);
	else if (!deploy_foresee_eviction(kube, deploy, namespace, arena, &why,
					  &busy, err))
		return false;
	*may = !why;
	if (busy && !obstacles->busy)
		obstacles->busy = why;
	else if (!busy && why)
		spare(obstacles, namespace, why, deploy);
	return true;
}

/*
 * The oldest that have to go, if all that have to can: not those which a run
 * is at work on, which never expire, whose namespaces were there before us, or
 * would stay for what of others is in them.
 */
static bool choose_victims(struct kube *kube, const struct deploy *deploy,
			   const struct others *others,
			   struct obstacles *obstacles, struct strvec *victims,
			   struct err *err)
{
	size_t wanted = surplus(deploy, others);

	obstacles->busy = NULL;
	for (size_t i = 0; i < others->count && victims->count < wanted; i++) {
		const struct sweep_namespace *home = others->items[i];
		bool may;

		if (!home->created ||
		    strvec_has(&obstacles->spared, home->name))
			continue;
		if (!may_go(kube, deploy, home->name, obstacles, &may, err))
			return false;
		if (may)
			strvec_add(victims, home->name);
	}
	return victims->count == wanted ||
	       refuse_to_evict(deploy, others, obstacles, err);
}

static bool find_victims(struct kube *kube, const struct deploy *deploy,
			 struct obstacles *obstacles, struct strvec *victims,
			 struct err *err)
{
	CLEANUP(others_release) struct others others = {0};

	if (!is_limited(deploy))
		return true;
	if (!find_others(kube, deploy, &others, err))
		return false;
	if (!surplus(deploy, &others))
		return true;
	if (!deploy->evict_oldest)
		return refuse_one_more(deploy, &others, err);
	return readiness_check_limit(kube, err) &&
	       choose_victims(kube, deploy, &others, obstacles, victims, err);
}

bool deploy_find_victims(struct kube *kube, const struct deploy *deploy,
			 struct strvec *victims, struct err *err)
{
	CLEANUP(obstacles_release) struct obstacles obstacles = {0};

	return find_victims(kube, deploy, &obstacles, victims, err);
}

bool deploy_check_limit(struct kube *kube, const struct deploy *deploy,
			struct err *err)
{
	CLEANUP(strvec_release) struct strvec victims = {0};

	return deploy_find_victims(kube, deploy, &victims, err);
}

/*
 * What is refused for good before anything of it was touched keeps nobody from
 * the next one.
 */
static bool try_to_evict(struct deployment *run, const char *namespace,
			 struct obstacles *obstacles, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	bool begun;

	report_warning(run->deploy->reporter,
		       "deleting environment '%s', the oldest of repository "
		       "'%s' that can go, to make room",
		       namespace, run->deploy->name->repository);
	if (deploy_evict(run, namespace, &begun, &failure)) {
		strvec_add(&obstacles->spared, namespace); /* once is enough */
		return true;
	}
	if (!begun && !failure.temporary && failure.kind != ERR_INTERRUPTED) {
		spare(obstacles, namespace, failure.text, run->deploy);
		return true;
	}
	err_move(err, &failure);
	return err_wrap(err, "cannot make room by deleting '%s'", namespace);
}

bool deploy_make_room(struct deployment *run, struct err *err)
{
	CLEANUP(obstacles_release) struct obstacles obstacles = {.told = true};

	for (;;) {
		CLEANUP(strvec_release) struct strvec victims = {0};

		if (!find_victims(run->kube, run->deploy, &obstacles, &victims,
				  err))
			return false;
		if (!victims.count)
			return true;
		if (!try_to_evict(run, victims.items[0], &obstacles, err))
			return false;
	}
}

/*
 * Unless another run of the same branch has begun to deploy to it.  One that
 * begins after the look marks it, and the deletion is of the state before, or
 * finds it on its way out.
 */
static bool take_back(struct deployment *run, struct err *err)
{
	const char *namespace = run->deploy->name->namespace;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct namespace_marks ours;
	const char *by;
	bool exists;

	if (!namespace_read(run->kube, namespace, &arena, &ours, &exists, err))
		return false;
	if (!exists)
		return true;
	if (!envlock_look(run->kube, namespace, &arena, &by, NULL, err))
		return false;
	if (by ||
	    namespace_delete(run->kube, namespace, ours.uid,
			     ours.resource_version, &failure) ||
	    failure.kind == ERR_CONFLICT)
		return true;
	err_move(err, &failure);
	return false;
}

/*
 * Who looks and then makes one may have others do so meanwhile: each of them
 * sees the others' then, and takes his own back.
 */
bool deploy_keep_limit(struct deployment *run, struct err *err)
{
	const struct deploy *deploy = run->deploy;
	CLEANUP(others_release) struct others others = {0};

	if (!is_limited(deploy))
		return true;
	if (!find_others(run->kube, deploy, &others, err))
		return false;
	if (!surplus(deploy, &others))
		return true;
	if (!take_back(run, err))
		return false;
	(void)err_set(err, ERR_REMOTE,
		      "repository '%s' got its last environments by other runs "
		      "at this moment",
		      deploy->name->repository);
	return err_temporary(err, true);
}
