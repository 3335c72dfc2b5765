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
#include "base/strvec.h"
#include "core/sweep.h"
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
};

/* The answer of one Git server for one repository. */
struct remote {
	bool known;
	struct strvec refs;
};

static void inquiry_release(struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->remotes.count; i++) {
		struct remote *remote = inquiry->remotes.entries[i].value;

		strvec_release(&remote->refs);
		free(remote);
	}
	map_release(&inquiry->remotes);
	http_release(&inquiry->http);
}

static bool read_values(struct inquiry *inquiry, const struct sweep_item *item,
			struct err *err)
{
	struct sweep_world *world = inquiry->world;
	size_t place = (size_t)(item->judged - world->releases);

	return releases_read_told(inquiry->survey->kube,
				  &world->releases[place], inquiry->arena, err);
}

/*
 * One server that does not answer is no reason to leave the others, but a
 * signal or the end of our time is.
 */
static bool ask_remote(struct inquiry *inquiry, const char *url,
		       struct remote *remote, struct err *err)
{
	const struct survey *survey = inquiry->survey;
	CLEANUP(err_release) struct err failure = {0};

	if (!inquiry->open && !http_open(&inquiry->http, survey->http, err))
		return false;
	inquiry->open = true;
	remote->known =
		gitremote_list(&inquiry->http, url, survey->git_credentials,
			       &remote->refs, &failure);
	if (remote->known)
		return true;
	if (failure.kind == ERR_INTERRUPTED ||
	    deadline_passed(&survey->http->deadline)) {
		err_move(err, &failure);
		return false;
	}
	report_warning(survey->reporter,
		       "whether branches are gone is not known: %s",
		       failure.text);
	return true;
}

static bool read_branch(struct inquiry *inquiry, const struct sweep_item *item,
			struct err *err)
{
	struct sweep_world *world = inquiry->world;
	size_t place = (size_t)(item->home - world->namespaces);
	const char *url = item->home->git_url;
	struct remote *remote = map_get(&inquiry->remotes, url);

	if (!remote) {
		remote = xnew(struct remote);
		map_put(&inquiry->remotes, url, remote);
		if (!ask_remote(inquiry, url, remote, err))
			return false;
	}
	world->namespaces[place].branch_state =
		!remote->known ? SWEEP_BRANCH_UNKNOWN
		: gitremote_has(&remote->refs, item->home->branch)
			? SWEEP_BRANCH_THERE
			: SWEEP_BRANCH_GONE;
	return true;
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
		.survey = survey, .arena = arena, .world = world};

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
