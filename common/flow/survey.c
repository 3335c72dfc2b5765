#include "flow/survey.h"

#include <stdlib.h>

#include "api/gitremote.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/estate.h"
#include "core/sweep.h"
#include "flow/envlock.h"
#include "flow/orphan.h"
#include "flow/removal.h"
#include "net/http.h"

static bool find_namespaces(const struct survey *survey, struct arena *arena,
			    struct sweep_world *world, struct err *err)
{
	const char *name = survey->rules->environment;

	return name ? namespace_find_marked(survey->kube, name, arena, world,
					    err)
		    : namespaces_find_marked(survey->kube, arena, world, err);
}

static bool look_around(const struct survey *survey, struct arena *arena,
			struct sweep_world *world, struct err *err)
{
	if (!releases_find(survey->kube, survey->rules->environment, NULL,
			   arena, world, err) ||
	    !find_namespaces(survey, arena, world, err))
		return err_wrap(err, "cannot look for environments");
	mem_trim(); /* pages of lists */
	return kube_read_time(survey->kube, &world->now, err);
}

/* What is asked while the plan is made, and how far that is. */
struct inquiry {
	const struct survey *survey;
	struct arena *arena; /* of the world */
	struct sweep_world *world;
	struct http http; /* to Git's servers */
	bool open;
	struct map remotes; /* struct remote by address */
	struct removal removal;
};

/* The answer of one Git server for one repository. */
struct remote {
	bool known;
	bool vague; /* it could not answer a question since */
	struct gitremote git;
};

static void inquiry_release(struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->remotes.count; i++) {
		struct remote *remote = inquiry->remotes.entries[i].value;

		gitremote_release(&remote->git);
		free(remote);
	}
	map_release(&inquiry->remotes);
	removal_release(&inquiry->removal);
	http_release(&inquiry->http);
}

/* The place in the world where the answers about it go. */
static struct sweep_release *judged_of(struct inquiry *inquiry,
				       const struct sweep_item *item)
{
	struct sweep_world *world = inquiry->world;

	return &world->releases[item->judged - world->releases];
}

static bool read_values(struct inquiry *inquiry, const struct sweep_item *item,
			struct err *err)
{
	return releases_read_told(inquiry->survey->kube,
				  judged_of(inquiry, item), inquiry->arena,
				  err);
}

static bool find_helm(struct kube *kube, const struct sweep_release *release,
		      struct arena *arena, enum sweep_helm *helm,
		      struct err *err)
{
	struct release_head head;
	bool orphan;

	if (!releases_read_head(kube, release->namespace, release->name, arena,
				&head, err) ||
	    !orphan_check(kube, release->namespace, release->name, &head,
			  &orphan, err))
		return false;
	/* What changed meanwhile is seen before anything is deleted. */
	*helm = orphan || head.revision != release->revision
			? SWEEP_HELM_OURS
			: SWEEP_HELM_FOREIGN;
	return true;
}

/* What cannot be found out is somebody's. */
static bool read_helm(struct inquiry *inquiry, const struct sweep_item *item,
		      struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	struct sweep_release *release = judged_of(inquiry, item);

	release->helm = SWEEP_HELM_FOREIGN;
	if (!find_helm(inquiry->survey->kube, release, inquiry->arena,
		       &release->helm, &failure) &&
	    failure.kind == ERR_INTERRUPTED) {
		err_move(err, &failure);
		return false;
	}
	return true;
}

/*
 * One server that does not answer is no reason to leave the others, but a
 * signal or the end of our time is.
 */
static bool pass_over(struct inquiry *inquiry, const char *what,
		      struct err *failure, struct err *err)
{
	const struct survey *survey = inquiry->survey;

	if (failure->kind == ERR_INTERRUPTED ||
	    deadline_passed(&survey->http->deadline)) {
		err_move(err, failure);
		return false;
	}
	report_warning(survey->reporter, "%s is not known: %s", what,
		       failure->text);
	return true;
}

static bool ask_remote(struct inquiry *inquiry, const char *url,
		       struct remote *remote, struct err *err)
{
	const struct survey *survey = inquiry->survey;
	CLEANUP(err_release) struct err failure = {0};

	if (!inquiry->open && !http_open(&inquiry->http, survey->http, err))
		return false;
	inquiry->open = true;
	remote->known = gitremote_read(&remote->git, &inquiry->http, url,
				       survey->git_credentials, &failure);
	return remote->known ||
	       pass_over(inquiry, "whether branches are gone", &failure, err);
}

static bool find_remote(struct inquiry *inquiry, const char *url,
			struct remote **remote, struct err *err)
{
	*remote = map_get(&inquiry->remotes, url);
	if (*remote)
		return true;
	*remote = xnew(struct remote);
	map_put(&inquiry->remotes, url, *remote);
	return ask_remote(inquiry, url, *remote, err);
}

/* The place in the world where the answers about @item go. */
static struct sweep_namespace *home_of(struct inquiry *inquiry,
				       const struct sweep_item *item)
{
	struct sweep_world *world = inquiry->world;

	return &world->namespaces[item->home - world->namespaces];
}

static bool read_branch(struct inquiry *inquiry, const struct sweep_item *item,
			struct err *err)
{
	struct sweep_namespace *home = home_of(inquiry, item);
	struct remote *remote;

	if (!find_remote(inquiry, home->git_url, &remote, err))
		return false;
	home->branch_state = !remote->known ? SWEEP_BRANCH_UNKNOWN
			     : gitremote_has(&remote->git, home->branch)
				     ? SWEEP_BRANCH_THERE
				     : SWEEP_BRANCH_GONE;
	return true;
}

/* In the world's arena, which outlives the server's answer. */
static const char *find_tip(struct inquiry *inquiry,
			    const struct remote *remote, const char *branch)
{
	const char *tip = gitremote_tip(&remote->git, branch);

	return tip ? arena_strdup(inquiry->arena, tip) : NULL;
}

/* Not the tip alone: a branch that was reset to main is in main, too. */
static bool holds_both(struct inquiry *inquiry, const struct remote *remote,
		       const struct sweep_namespace *home, bool *both,
		       struct err *err)
{
	const char *commits[] = {home->tip, home->commit};
	const struct secret *credentials = inquiry->survey->git_credentials;
	enum gitremote_held held = GITREMOTE_HELD;

	for (size_t i = 0; i < ARRAY_SIZE(commits) && held == GITREMOTE_HELD;
	     i++) {
		if (i && same_text(commits[i], commits[0]))
			continue;
		if (!gitremote_holds(&remote->git, &inquiry->http, credentials,
				     home->ahead_of_tip, commits[i], &held,
				     err))
			return false;
	}
	*both = held == GITREMOTE_HELD;
	return true;
}

/*
 * A server is asked no more after it could not answer once.  Where the branch
 * to compare with is not there any more, it may have got another name.
 */
static bool ask_merge(struct inquiry *inquiry, struct remote *remote,
		      const struct sweep_namespace *home, bool *merged,
		      struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(free_ptr) char *what =
		xasprintf("whether '%s' is merged into '%s'", home->branch,
			  home->ahead_of);

	if (!home->tip)
		return true;
	if (!home->ahead_of_tip) {
		(void)err_set(&failure, ERR_NOT_FOUND,
			      "'%s' has no such branch", home->git_url);
		return pass_over(inquiry, what, &failure, err);
	}
	if (holds_both(inquiry, remote, home, merged, &failure))
		return true;
	remote->vague = failure.kind != ERR_INPUT;
	return pass_over(inquiry, what, &failure, err);
}

static bool read_merge(struct inquiry *inquiry, const struct sweep_item *item,
		       struct err *err)
{
	struct sweep_namespace *home = home_of(inquiry, item);
	struct remote *remote;
	bool merged = false;

	if (!find_remote(inquiry, home->git_url, &remote, err))
		return false;
	home->tip = find_tip(inquiry, remote, home->branch);
	home->ahead_of_tip = find_tip(inquiry, remote, home->ahead_of);
	if (!remote->vague && !ask_merge(inquiry, remote, home, &merged, err))
		return false;
	home->merge_state = merged ? SWEEP_MERGE_DONE : SWEEP_MERGE_OPEN;
	return true;
}

/* In a namespace that stays; what cannot be found out is not held. */
static bool read_left(struct inquiry *inquiry, struct sweep_namespace *home,
		      struct err *err)
{
	CLEANUP(estate_release) struct estate estate = {.namespace =
								home->name};
	CLEANUP(str_release) struct str held = {0};
	const char *noted;

	if (!envlock_read_estate(inquiry->survey->kube, home->name,
				 inquiry->arena, &noted, err))
		return false;
	estate_read(&estate, noted);
	removal_find_still_held(&inquiry->removal, &estate, &held);
	home->held = arena_strdup(inquiry->arena, str_text(&held));
	return true;
}

/* What cannot be found out is told, too: somebody has to look anyway. */
static bool read_stuck(struct inquiry *inquiry, struct sweep_namespace *home,
		       struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	struct namespace_leave leave = {0};

	if (namespace_read_leave(inquiry->survey->kube, home->name, home->uid,
				 inquiry->arena, &leave, &failure)) {
		home->held = leave.gone ? "" : leave.why;
		return true;
	}
	if (failure.kind == ERR_INTERRUPTED) {
		err_move(err, &failure);
		return false;
	}
	home->held = arena_strdup(inquiry->arena, failure.text);
	return true;
}

static bool read_held(struct inquiry *inquiry, const struct sweep_item *item,
		      struct err *err)
{
	struct sweep_namespace *home = home_of(inquiry, item);

	return home->terminating ? read_stuck(inquiry, home, err)
				 : read_left(inquiry, home, err);
}

static bool answer(struct inquiry *inquiry, const struct sweep_item *item,
		   struct err *err)
{
	switch (item->question) {
	case SWEEP_ASK_NOTHING:
		return true;
	case SWEEP_ASK_VALUES:
		return read_values(inquiry, item, err);
	case SWEEP_ASK_BRANCH:
		return read_branch(inquiry, item, err);
	case SWEEP_ASK_MERGE:
		return read_merge(inquiry, item, err);
	case SWEEP_ASK_HELD:
		return read_held(inquiry, item, err);
	case SWEEP_ASK_HELM:
		return read_helm(inquiry, item, err);
	}
	return true;
}

/* Whatever @plan leaves open is answered in the world it was made of. */
static bool answer_all(struct inquiry *inquiry, const struct sweep_plan *plan,
		       struct err *err)
{
	size_t answered = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct sweep_item *item = &plan->items[i];

		if (item->question == SWEEP_ASK_NOTHING)
			continue;
		if (!answer(inquiry, item, err))
			return err_wrap(err, "cannot judge environment '%s'",
					item->namespace);
		report_progress(inquiry->survey->reporter,
				"environments looked into", ++answered,
				plan->questions);
	}
	return true;
}

bool survey_run(const struct survey *survey, struct arena *arena,
		struct sweep_world *world, struct sweep_plan *plan,
		struct err *err)
{
	CLEANUP(inquiry_release) struct inquiry inquiry = {
		.survey = survey,
		.arena = arena,
		.world = world,
		.removal = {.kube = survey->kube},
	};

	if (!look_around(survey, arena, world, err))
		return false;
	sweep_decide(plan, world, survey->rules);
	while (plan->questions) {
		if (!answer_all(&inquiry, plan, err))
			return false;
		sweep_plan_release(plan);
		sweep_decide(plan, world, survey->rules);
	}
	return true;
}
