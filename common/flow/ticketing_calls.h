/*
 * The calls that tickets have to make, many tickets side by side.
 */
#ifndef COMMON_FLOW_TICKETING_CALLS_H
#define COMMON_FLOW_TICKETING_CALLS_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct jira;
struct ticketing;

/*
 * Make the calls of each ticket's @todo, those of one ticket in turn, until
 * none is left or one fails.  @looking asks what is there, and takes out of
 * the ticket's plan what is there already; else it is changed, and noted in
 * @acted.  Errors: those of jira_run().
 */
bool ticketing_run_calls(struct ticketing *work, struct jira *jira,
			 bool looking, struct err *err) MUST_CHECK;

#endif
