/* Versions of earlier releases, which nobody needs in the lists any more. */

#include "flow/ticketing.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "flow/ticketing_parts.h"

/* The first day that is young enough to stay, YYYY-MM-DD. */
static char *first_day_kept(const struct ticketing_args *args)
{
	struct civil day;

	clock_to_civil(args->now_s - args->archive_age_ms / 1000, &day);
	return xasprintf("%04d-%02d-%02d", day.year, day.month, day.day);
}

/* Days in that form are in the order of their text. */
static bool is_old(const struct jira_version *version, const char *kept)
{
	return version->released && !version->archived &&
	       version->released_on && strcmp(version->released_on, kept) < 0;
}

static bool find_in(struct ticketing *work, struct jira *jira,
		    const struct ticketing_version *current, const char *kept,
		    struct err *err)
{
	CLEANUP(jira_versions_release) struct jira_versions found = {0};
	CLEANUP(str_release) struct str search = {0};
	const char *template = work->args->template;
	struct version_name any = work->facts.name;

	any.semver = NULL;
	version_name_search(template, &any, &search);
	if (!jira_find_versions(jira, current->project, str_text(&search),
				&found, err))
		return err_wrap(err, "cannot look up the old versions of '%s'",
				current->project);
	for (size_t i = 0; i < found.count; i++) {
		const struct jira_version *version = &found.items[i];
		struct ticketing_version *old;

		if (!is_old(version, kept) ||
		    same_text(version->id, current->id) ||
		    !version_name_matches(template, &any, version->name))
			continue;
		old = ticketing_add_version(&work->old, current->project);
		old->id = xstrdup(version->id);
		old->name = xstrdup(version->name);
	}
	return true;
}

bool ticketing_find_old(struct ticketing *work, struct jira *jira,
			struct err *err)
{
	CLEANUP(free_ptr) char *kept = NULL;

	if (work->args->archive_age_ms < 0)
		return true;
	kept = first_day_kept(work->args);
	for (size_t i = 0; i < work->versions.count; i++)
		if (!find_in(work, jira, &work->versions.items[i], kept, err))
			return false;
	return true;
}

bool ticketing_archive(struct ticketing *work, struct jira *jira,
		       struct err *err)
{
	for (size_t i = 0; i < work->old.count; i++) {
		struct ticketing_version *version = &work->old.items[i];

		if (!jira_archive_version(jira, version->id, err))
			return err_wrap(err,
					"cannot archive version '%s' of '%s'",
					version->name, version->project);
		version->archived_now = true;
	}
	return true;
}
