#include "flow/survey.h"

#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/log.h"
#include "core/sweep.h"

static bool look_around(const struct survey *survey, struct arena *arena,
			struct sweep_world *world, struct err *err)
{
	struct kube *kube = survey->kube;

	if (!releases_find(kube, survey->rules->environment, NULL, arena, world,
			   err) ||
	    !namespaces_find_marked(kube, arena, world, err))
		return err_wrap(err, "cannot look for environments");
	return kube_read_time(kube, &world->now, err);
}

static bool read_values(const struct survey *survey, struct arena *arena,
			struct sweep_world *world,
			const struct sweep_item *item, struct err *err)
{
	size_t place = (size_t)(item->judged - world->releases);

	return releases_read_told(survey->kube, &world->releases[place], arena,
				  err);
}

/* Whatever a plan leaves open is answered in the world it was made of. */
static bool answer(const struct survey *survey, struct arena *arena,
		   struct sweep_world *world, const struct sweep_plan *plan,
		   struct err *err)
{
	size_t answered = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct sweep_item *item = &plan->items[i];

		if (item->question == SWEEP_ASK_NOTHING)
			continue;
		if (!read_values(survey, arena, world, item, err))
			return err_wrap(err, "cannot judge environment '%s'",
					item->namespace);
		report_progress(survey->reporter, "environments looked into",
				++answered, plan->questions);
	}
	return true;
}

bool survey_run(const struct survey *survey, struct arena *arena,
		struct sweep_world *world, struct sweep_plan *plan,
		struct err *err)
{
	if (!look_around(survey, arena, world, err))
		return false;
	sweep_decide(plan, world, survey->rules);
	while (plan->questions) {
		if (!answer(survey, arena, world, plan, err))
			return false;
		sweep_plan_release(plan);
		sweep_decide(plan, world, survey->rules);
	}
	return true;
}
