/* Versions of earlier releases, which nobody needs in the lists any more. */

#include "flow/ticketing.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "flow/ticketing_parts.h"

/* @kept is the first day that is young enough to stay, YYYY-MM-DD. */
static bool is_old(const struct jira_version *version, const char *kept)
{
	return version->released && !version->archived &&
	       version->released_on && strcmp(version->released_on, kept) < 0;
}

static void add_old(struct ticketing *work, const struct version_name *any,
		    const struct ticketing_version *current, const char *kept,
		    const struct jira_versions *found)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct jira_version *version = &found->items[i];
		struct ticketing_version *old;

		if (!is_old(version, kept) ||
		    same_text(version->id, current->id) ||
		    !version_name_matches(work->args->template, any,
					  version->name))
			continue;
		old = ticketing_add_version(&work->old, current->project);
		old->id = xstrdup(version->id);
		old->name = xstrdup(version->name);
	}
}

bool ticketing_find_old(struct ticketing *work, struct jira *jira,
			struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct version_name any = work->facts.name;
	struct jira_version_search *searches;
	CLEANUP(str_release) struct str kept = {0};
	bool ok;

	if (work->args->archive_age_ms < 0)
		return true;
	any.semver = NULL;
	clock_add_date(&kept,
		       work->args->now_s - work->args->archive_age_ms / 1000);
	version_name_search(work->args->template, &any, &text);
	searches =
		ticketing_searches(work->versions.items, work->versions.count,
				   str_text(&text), &arena);
	ok = jira_find_versions(jira, searches, work->versions.count,
				work->args->jobs, err);
	for (size_t i = 0; i < work->versions.count; i++) {
		if (ok)
			add_old(work, &any, &work->versions.items[i],
				str_text(&kept), &searches[i].found);
		jira_versions_release(&searches[i].found);
	}
	return ok;
}

void ticketing_archive(struct ticketing *work, struct jira *jira)
{
	for (size_t i = 0; i < work->old.count; i++) {
		struct ticketing_version *version = &work->old.items[i];

		version->archived_now = jira_archive_version(jira, version->id,
							     &version->failure);
		if (!version->archived_now)
			(void)err_wrap(&version->failure,
				       "cannot archive version '%s' of '%s'",
				       version->name, version->project);
	}
}
