/* What the user may do in the projects of a release. */

#include "base/attr.h"
#include "base/err.h"
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
	for (size_t i = 0; i < missing->count; i++)
		str_addf(all, "%s%s", i ? ", " : "", missing->items[i]);
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

static unsigned int planned_in(const struct ticketing *work, size_t version)
{
	unsigned int planned = 0;

	for (size_t i = 0; i < work->ticket_count; i++)
		if (work->tickets[i].version == version)
			planned |= work->tickets[i].planned;
	return planned;
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

	for (size_t v = 0; v < work->versions.count; v++) {
		struct ticketing_version *version = &work->versions.items[v];
		const char *rights[ARRAY_SIZE(later) + 1] = {NULL};
		CLEANUP(strvec_release) struct strvec missing = {0};
		CLEANUP(str_release) struct str told = {0};
		unsigned int planned = planned_in(work, v);
		size_t count = 0;

		for (size_t i = 0; i < ARRAY_SIZE(later); i++)
			if (planned & later[i].act)
				rights[count++] = later[i].right;
		if (count > 0 && !jira_check_rights(jira, version->project,
						    rights, &missing, err))
			return false;
		if (missing.count == 0)
			continue;
		add_missing(&told, version->project, &missing);
		lacking(str_text(&told), &version->failure);
	}
	return true;
}
