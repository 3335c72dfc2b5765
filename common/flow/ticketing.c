#include "flow/ticketing.h"

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "flow/ticketing_parts.h"

/* --- what is known ----------------------------------------------------- */

static size_t find_version(const struct ticketing *work, const char *project)
{
	for (size_t i = 0; i < work->versions.count; i++)
		if (same_text(work->versions.items[i].project, project))
			return i;
	return SIZE_MAX;
}

static struct ticketing_ticket *add_ticket(struct ticketing *work,
					   const char *key, size_t version)
{
	struct ticketing_ticket *ticket;

	work->tickets =
		grow_array(work->tickets, work->ticket_count + 1,
			   sizeof(*work->tickets), &work->ticket_capacity);
	ticket = &work->tickets[work->ticket_count++];
	*ticket = (struct ticketing_ticket){
		.key = xstrdup(key),
		.version = version,
	};
	return ticket;
}

static bool has_ticket(const struct ticketing *work, const char *key)
{
	for (size_t i = 0; i < work->ticket_count; i++)
		if (same_text(work->tickets[i].key, key))
			return true;
	return false;
}

static bool project_allowed(const struct ticketing *work, const char *project)
{
	const struct strvec *projects = work->args->projects;

	return projects->count == 0 || strvec_has(projects, project);
}

/* --- gathering for a new release --------------------------------------- */

static bool name_version(const struct ticketing *work,
			 struct ticketing_version *version, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};

	if (!version_name_format(work->args->template, &work->facts.name, &name,
				 err))
		return false;
	version->name = str_detach(&name);
	return true;
}

static void plan_opening(struct ticketing *work,
			 struct ticketing_ticket *ticket,
			 const struct jira_issue *issue)
{
	const struct ticketing_version *version =
		&work->versions.items[ticket->version];

	if (!version->id || !strvec_has(&issue->versions, version->id))
		ticket->planned |= TICKET_ADD;
	if (work->facts.link.url)
		ticket->planned |= TICKET_LINK;
	if (work->facts.comment)
		ticket->planned |= TICKET_COMMENT;
}

static void missing_ticket(struct ticketing *work, const char *key)
{
	struct ticketing_ticket *ticket;

	if (!work->args->tickets_must_exist) {
		report_warning(work->reporter,
			       "ticket '%s' is not there, or may not be seen: "
			       "left out",
			       key);
		return;
	}
	ticket = add_ticket(work, key, SIZE_MAX);
	err_set(&ticket->failure, ERR_NOT_FOUND,
		"the ticket is not there, or may not be seen");
}

static bool concerns_us(const struct ticketing *work,
			const struct jira_issue *issue)
{
	return issue->key && project_allowed(work, issue->project);
}

/* A version for each project that has an issue of the release. */
static bool gather_wanted_versions(struct ticketing *work, struct jira *jira,
				   const struct jira_issues *issues,
				   struct err *err)
{
	for (size_t i = 0; i < issues->count; i++) {
		const struct jira_issue *issue = &issues->items[i];
		struct ticketing_version *version;

		if (!concerns_us(work, issue) ||
		    find_version(work, issue->project) != SIZE_MAX)
			continue;
		version =
			ticketing_add_version(&work->versions, issue->project);
		version->project_id = xstrdup_or_null(issue->project_id);
		if (!name_version(work, version, err))
			return false;
	}
	if (!ticketing_look_up_versions(work, jira, err))
		return false;
	for (size_t i = 0; i < work->versions.count; i++)
		work->versions.items[i].created = !work->versions.items[i].id;
	return true;
}

/* A ticket for each issue that concerns us, with the version it gets. */
static bool take_issues(struct ticketing *work, struct jira *jira,
			const struct jira_issues *issues, struct err *err)
{
	if (!gather_wanted_versions(work, jira, issues, err))
		return false;
	for (size_t i = 0; i < issues->count; i++) {
		const struct jira_issue *issue = &issues->items[i];

		if (!issue->key)
			missing_ticket(work, work->args->tickets->items[i]);
		else if (concerns_us(work, issue) &&
			 !has_ticket(work, issue->key))
			plan_opening(
				work,
				add_ticket(work, issue->key,
					   find_version(work, issue->project)),
				issue);
	}
	return true;
}

/* --- gathering for --done ---------------------------------------------- */

/* All of them, if they are few: each is asked for its versions. */
static bool gather_all_projects(struct jira *jira, struct strvec *projects,
				struct err *err)
{
	if (jira_find_projects(jira, TICKETING_PROJECTS_MAX, projects, err))
		return true;
	if (err->kind != ERR_INPUT)
		return false;
	err_wrap(err, "cannot look for the version");
	return err_hint(err, "name those of the release with --project, or "
			     "JIRA_PROJECTS");
}

/* The projects that may hold the version: as told, else all of them. */
static bool gather_projects(const struct ticketing *work, struct jira *jira,
			    const struct jira_issues *issues,
			    struct strvec *projects, struct err *err)
{
	const struct ticketing_args *args = work->args;

	strvec_add_all(projects, args->projects);
	if (projects->count > 0)
		return true;
	for (size_t i = 0; i < issues->count; i++)
		if (issues->items[i].key)
			strvec_add_once(projects, issues->items[i].project);
	if (issues->count > 0)
		return true;
	ticketing_projects_from_record(projects, args->record);
	return projects->count > 0 || gather_all_projects(jira, projects, err);
}

/* Forget the projects that have no version of the release. */
static void drop_unknown(struct ticketing_versions *versions)
{
	size_t kept = 0;

	for (size_t i = 0; i < versions->count; i++) {
		if (versions->items[i].id)
			versions->items[kept++] = versions->items[i];
		else
			free(versions->items[i].project);
	}
	versions->count = kept;
}

/*
 * A release without tickets has no version.  One that should have tickets has
 * lost it, or is called otherwise: that must not pass for done.
 */
static bool no_version(const struct ticketing *work, struct err *err)
{
	const struct version_name *name = &work->facts.name;

	if (ticketing_may_lack_tickets(work->args)) {
		report_warning(work->reporter,
			       "there is no version of '%s' %s for '%s': a "
			       "release without tickets has none",
			       name->app, name->semver, name->environment);
		return true;
	}
	err_set(err, ERR_NOT_FOUND,
		"cannot find a version of '%s' %s for '%s' in any project",
		name->app, name->semver, name->environment);
	return err_hint(err, "the run without '--done' creates it: with the "
			     "same --app, --environment, --semver and "
			     "--version-name");
}

static bool gather_versions(struct ticketing *work, struct jira *jira,
			    const struct strvec *projects, struct err *err)
{
	for (size_t i = 0; i < projects->count; i++)
		(void)ticketing_add_version(&work->versions,
					    projects->items[i]);
	if (!ticketing_look_up_versions(work, jira, err))
		return false;
	drop_unknown(&work->versions);
	return work->versions.count > 0 || no_version(work, err);
}

static void plan_closing(struct ticketing *work, const char *key,
			 const struct jira_issue *issue)
{
	struct ticketing_ticket *ticket;

	if (has_ticket(work, key))
		return;
	ticket = add_ticket(work, key, find_version(work, issue->project));
	if (!issue->done)
		ticket->planned |= TICKET_FINISH;
}

static bool gather_version_issues(struct ticketing *work, struct jira *jira,
				  struct err *err)
{
	for (size_t v = 0; v < work->versions.count; v++) {
		CLEANUP(jira_issues_release) struct jira_issues issues = {0};

		if (!jira_version_issues(jira, work->versions.items[v].id,
					 &issues, err))
			return false;
		for (size_t i = 0; i < issues.count; i++)
			plan_closing(work, issues.items[i].key,
				     &issues.items[i]);
	}
	return true;
}

static bool gather_done(struct ticketing *work, struct jira *jira,
			const struct jira_issues *issues, struct err *err)
{
	CLEANUP(strvec_release) struct strvec projects = {0};

	if (!gather_projects(work, jira, issues, &projects, err) ||
	    !gather_versions(work, jira, &projects, err) ||
	    !ticketing_find_old(work, jira, err))
		return false;
	if (issues->count == 0)
		return gather_version_issues(work, jira, err);
	for (size_t i = 0; i < issues->count; i++) {
		if (!issues->items[i].key)
			missing_ticket(work, work->args->tickets->items[i]);
		else if (project_allowed(work, issues->items[i].project))
			plan_closing(work, issues->items[i].key,
				     &issues->items[i]);
	}
	return true;
}

/* What cannot be tried because its version failed. */
static void fail_with_version(struct ticketing *work,
			      struct ticketing_ticket *ticket)
{
	const struct err *cause;

	if (ticket->version == SIZE_MAX || !ticket->planned ||
	    ticket->failure.kind != ERR_NONE)
		return;
	cause = &work->versions.items[ticket->version].failure;
	if (cause->kind != ERR_NONE)
		err_copy(&ticket->failure, cause);
}

/* --- looking at links, comments and transitions ------------------------ */

/*
 * A ticket that did not have the version yet cannot have this link, so only
 * the others are asked: a first run stays at two requests per ticket.
 */
static bool look(struct ticketing *work, struct jira *jira, struct err *err)
{
	for (size_t i = 0; i < work->ticket_count; i++) {
		struct ticketing_ticket *ticket = &work->tickets[i];

		ticket->todo = ticket->planned & ~(unsigned int)TICKET_ADD;
		if (ticket->planned & TICKET_ADD)
			ticket->todo &= ~(unsigned int)TICKET_LINK;
	}
	return ticketing_run_calls(work, jira, true, err);
}

bool ticketing_gather(struct ticketing *work, struct jira *jira,
		      const struct ticketing_args *args,
		      const struct reporter *reporter, struct err *err)
{
	CLEANUP(jira_issues_release) struct jira_issues issues = {0};

	work->args = args;
	work->reporter = reporter;
	if (!jira_find_issues(jira, args->tickets, &issues, err))
		return false;
	if (args->done ? !gather_done(work, jira, &issues, err)
		       : !take_issues(work, jira, &issues, err))
		return false;
	if (!look(work, jira, err) || !ticketing_judge_rights(work, jira, err))
		return false;
	for (size_t i = 0; i < work->ticket_count; i++)
		fail_with_version(work, &work->tickets[i]);
	return true;
}

/* --- acting ------------------------------------------------------------ */

/*
 * A transition is refused where it has happened already: by somebody else,
 * or by ourselves in a request whose answer was lost.  What counts is where
 * the ticket is now.
 */
static bool look_again(struct ticketing *work, struct jira *jira,
		       struct err *err)
{
	CLEANUP(jira_issues_release) struct jira_issues issues = {0};
	CLEANUP(strvec_release) struct strvec keys = {0};

	for (size_t i = 0; i < work->ticket_count; i++)
		if (work->tickets[i].failure.status == 400 &&
		    (work->tickets[i].todo & TICKET_FINISH))
			strvec_add(&keys, work->tickets[i].key);
	if (!jira_find_issues(jira, &keys, &issues, err))
		return false;
	for (size_t i = 0, at = 0; i < work->ticket_count; i++) {
		struct ticketing_ticket *ticket = &work->tickets[i];

		if (at >= keys.count || !same_text(ticket->key, keys.items[at]))
			continue;
		if (!issues.items[at++].done)
			continue;
		err_release(&ticket->failure);
		ticket->todo &= ~(unsigned int)TICKET_FINISH;
		ticket->acted |= TICKET_FINISH;
	}
	return true;
}

static bool anything_left(const struct ticketing *work)
{
	for (size_t i = 0; i < work->ticket_count; i++)
		if (work->tickets[i].failure.kind != ERR_NONE)
			return true;
	return ticketing_worst_version(work) != NULL;
}

bool ticketing_act(struct ticketing *work, struct jira *jira, struct err *err)
{
	if (!work->args->done &&
	    (!ticketing_create_versions(work, jira, err) ||
	     !ticketing_describe_versions(work, jira, err)))
		return false;
	for (size_t i = 0; i < work->ticket_count; i++) {
		fail_with_version(work, &work->tickets[i]);
		work->tickets[i].todo = work->tickets[i].planned;
	}
	if (!ticketing_run_calls(work, jira, false, err))
		return false;
	if (!work->args->done)
		return true;
	if (!look_again(work, jira, err))
		return false;
	/* Last, because others act on it; and only when all of it is true. */
	if (!anything_left(work))
		ticketing_mark_released(work, jira);
	if (!anything_left(work))
		ticketing_archive(work, jira);
	return true;
}

void ticketing_release(struct ticketing *work)
{
	ticketing_versions_release(&work->versions);
	ticketing_versions_release(&work->old);
	for (size_t i = 0; i < work->ticket_count; i++) {
		free(work->tickets[i].key);
		jira_call_release(&work->tickets[i].call);
		err_release(&work->tickets[i].failure);
	}
	free(work->tickets);
	ticketing_facts_release(&work->facts);
	*work = (struct ticketing){0};
}
