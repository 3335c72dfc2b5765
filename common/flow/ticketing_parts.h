/*
 * What the files of flow/ticketing share:
 *
 *	ticketing.c	    tickets: gathered, planned, changed
 *	ticketing_versions.c their versions
 *	ticketing_facts.c   what the release is called
 *	ticketing_keys.c    which tickets it has
 *	ticketing_calls.c   the calls about tickets, many side by side
 *	ticketing_archive.c versions of long ago
 *	ticketing_rights.c  what the user may do
 *	ticketing_tell.c    what is told of it all
 */
#ifndef COMMON_FLOW_TICKETING_PARTS_H
#define COMMON_FLOW_TICKETING_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct err;
struct jira;
struct jira_version_search;
struct strvec;
struct ticketing;
struct ticketing_args;
struct ticketing_version;
struct ticketing_versions;
struct value;

/* A new one at the end; it is moved when the next is added. */
struct ticketing_version *ticketing_add_version(
	struct ticketing_versions *versions, const char *project);

void ticketing_versions_release(struct ticketing_versions *versions);

/* Look for the versions of all projects; what is not there has no id. */
bool ticketing_look_up_versions(struct ticketing *work, struct jira *jira,
				struct err *err) MUST_CHECK;

/*
 * Create what is not there.  A failure stays with the version; errors: what
 * stops all.
 */
bool ticketing_create_versions(struct ticketing *work, struct jira *jira,
			       struct err *err) MUST_CHECK;

/* Give those that were there the changelog of today; so for errors. */
bool ticketing_describe_versions(struct ticketing *work, struct jira *jira,
				 struct err *err) MUST_CHECK;

/*
 * What cannot be released or archived is noted as its failure, and the others
 * are.
 */
void ticketing_mark_released(struct ticketing *work, struct jira *jira);

/*
 * Of the versions' failures, those of old ones last, the first that waiting
 * does not cure, else the first; NULL: there is none.  It stays theirs.
 */
const struct err *ticketing_worst_version(const struct ticketing *work);

/*
 * A search in the project of each of @versions, for names that hold @text.
 */
struct jira_version_search *ticketing_searches(
	const struct ticketing_version *versions, size_t count,
	const char *text, struct arena *arena);

/* Add the projects of the versions that the record tells of. */
void ticketing_projects_from_record(struct strvec *projects,
				    const struct value *record);

/*
 * May a release that has no version in Jira be one without tickets?  Yes, if
 * commits or record name none and nobody has typed which release it is.
 */
bool ticketing_may_lack_tickets(const struct ticketing_args *args);

/*
 * Make the calls of each ticket's @todo, those of one ticket in turn, until
 * none is left or one fails.  @looking asks what is there, and takes out of
 * the ticket's plan what is there already; else it is changed, and noted in
 * @acted.  Errors: those of jira_run().
 */
bool ticketing_run_calls(struct ticketing *work, struct jira *jira,
			 bool looking, struct err *err) MUST_CHECK;

/*
 * Fail the versions of the projects in which the user lacks a right that the
 * planned changes need: a ticket is rather left alone than half changed.
 */
bool ticketing_judge_rights(struct ticketing *work, struct jira *jira,
			    struct err *err) MUST_CHECK;

/*
 * Find the versions of the same application and environment, in the projects
 * of this release, that were released longer ago than is wanted.  None, where
 * nothing is to be archived.
 */
bool ticketing_find_old(struct ticketing *work, struct jira *jira,
			struct err *err) MUST_CHECK;
void ticketing_archive(struct ticketing *work, struct jira *jira);

#endif
