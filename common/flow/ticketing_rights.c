/* What the user may do in the projects of a release. */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "flow/ticketing.h"
#include "flow/ticketing_parts.h"

static bool lacking(const char *rights, struct err *err)
{
	err_set(err, ERR_DENIED, "the user lacks rights in %s", rights);
	return err_hint(err, "let an administrator of the project grant them "
			     "in its permission scheme");
}

/* "'SHOP': EDIT_ISSUES, LINK_ISSUES" */
static void add_missing(struct str *all, const char *project,
			const struct strvec *missing)
{
	str_addf(all, "%s'%s': ", all->len ? "; " : "", project);
	strvec_join(missing, ", ", all);
}

bool ticketing_check(struct jira *jira, const struct strvec *projects,
		     struct err *err)
{
	static const char *const rights[] = {
		"BROWSE_PROJECTS",     "EDIT_ISSUES",  "RESOLVE_ISSUES",
		"LINK_ISSUES",	       "ADD_COMMENTS", "TRANSITION_ISSUES",
		"ADMINISTER_PROJECTS", NULL,
	};
	CLEANUP(str_release) struct str all = {0};

	for (size_t i = 0; i < projects->count; i++) {
		CLEANUP(strvec_release) struct strvec missing = {0};

		if (!jira_check_rights(jira, projects->items[i], rights,
				       &missing, err))
			return false;
		if (missing.count > 0)
			add_missing(&all, projects->items[i], &missing);
	}
	if (all.len == 0)
		return true;
	return lacking(str_text(&all), err);
}

/* --- before the first change ------------------------------------------- */

/* Of the tickets of @version; SIZE_MAX: of all. */
static unsigned int planned_in(const struct ticketing *work, size_t version)
{
	unsigned int planned = 0;

	for (size_t i = 0; i < work->ticket_count; i++)
		if (version == SIZE_MAX || work->tickets[i].version == version)
			planned |= work->tickets[i].planned;
	return planned;
}

/* Fail the version of each project in which a needed right is missing. */
static void refuse(struct ticketing *work, struct jira_project_rights *projects)
{
	for (size_t i = 0; i < work->versions.count; i++) {
		CLEANUP(str_release) struct str told = {0};

		if (projects[i].missing.count == 0 || !planned_in(work, i))
			continue;
		add_missing(&told, projects[i].key, &projects[i].missing);
		lacking(str_text(&told), &work->versions.items[i].failure);
	}
}

/*
 * Only for what follows another change of the ticket: what comes first is
 * refused before anything has changed.
 */
bool ticketing_judge_rights(struct ticketing *work, struct jira *jira,
			    struct err *err)
{
	static const struct {
		enum ticketing_act act;
		const char *right;
	} later[] = {
		{TICKET_LINK, "LINK_ISSUES"},
		{TICKET_COMMENT, "ADD_COMMENTS"},
	};
	CLEANUP(arena_release) struct arena arena = {0};
	const char *rights[ARRAY_SIZE(later) + 1] = {NULL};
	unsigned int planned = planned_in(work, SIZE_MAX);
	size_t count = work->versions.count;
	struct jira_project_rights *projects =
		arena_new_array(&arena, struct jira_project_rights, count);
	size_t wanted = 0;
	bool ok;

	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (planned & later[i].act)
			rights[wanted++] = later[i].right;
	if (wanted == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		projects[i].key = work->versions.items[i].project;
		projects[i].id = work->versions.items[i].project_id;
	}
	ok = jira_check_many_rights(jira, rights, projects, count, err);
	if (ok)
		refuse(work, projects);
	for (size_t i = 0; i < count; i++)
		strvec_release(&projects[i].missing);
	return ok;
}
