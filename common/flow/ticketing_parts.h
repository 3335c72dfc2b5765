/*
 * What the files of flow/ticketing share:
 *
 *	ticketing.c	    versions and tickets: gathered, planned, changed
 *	ticketing_facts.c   what the release is called
 *	ticketing_calls.c   the calls about tickets, many side by side
 *	ticketing_archive.c versions of long ago
 *	ticketing_tell.c    what is told of it all
 */
#ifndef COMMON_FLOW_TICKETING_PARTS_H
#define COMMON_FLOW_TICKETING_PARTS_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct jira;
struct ticketing;
struct ticketing_version;
struct ticketing_versions;

/* A new one at the end; it is moved when the next is added. */
struct ticketing_version *ticketing_add_version(
	struct ticketing_versions *versions, const char *project);

/*
 * Make the calls of each ticket's @todo, those of one ticket in turn, until
 * none is left or one fails.  @looking asks what is there, and takes out of
 * the ticket's plan what is there already; else it is changed, and noted in
 * @acted.  Errors: those of jira_run().
 */
bool ticketing_run_calls(struct ticketing *work, struct jira *jira,
			 bool looking, struct err *err) MUST_CHECK;

/*
 * Find the versions of the same application and environment, in the projects
 * of this release, that were released longer ago than is wanted.  None, where
 * nothing is to be archived.
 */
bool ticketing_find_old(struct ticketing *work, struct jira *jira,
			struct err *err) MUST_CHECK;
bool ticketing_archive(struct ticketing *work, struct jira *jira,
		       struct err *err) MUST_CHECK;

#endif
