/*
 * Keep Jira in step with a release: gather, plan, act.
 *
 *	CLEANUP(ticketing_release) struct ticketing work = {0};
 *
 *	if (!ticketing_describe(&work.facts, &args, err) ||
 *	    !ticketing_gather(&work, &jira, &args, reporter, err))
 *		return false;
 *	if (step_plan(run, ticketing_plan(&work, arena), text))
 *		return true;
 *	if (!ticketing_act(&work, &jira, err))
 *		return false;
 *
 * A release is one version per project, {app}-{environment}-{date}-{semver}
 * by default, that its tickets are fixed in.  It is found again whatever its
 * date, so the same release on another day makes no second one.
 *
 * Each act may be repeated: what was done before is seen and left alone.  A
 * ticket's changes are made one after the other and stop at the first that
 * fails; the other tickets go on, and what is left is told with its reason.
 */
#ifndef FLOW_TICKETING_H
#define FLOW_TICKETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/jira.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/tickets.h"

struct arena;
struct record;
struct reporter;
struct strvec;
struct value;

/* Bytes of a changelog that a version's description has room for. */
#define TICKETING_CHANGELOG_MAX ((size_t)16000)

/* Projects that are searched for a version where none is named. */
#define TICKETING_PROJECTS_MAX 100

/* All borrowed; as long as the struct ticketing that is filled with it. */
struct ticketing_args {
	/* Merged; stands in for what is NULL here.  NULL = no record. */
	const struct value *record;
	const char *app, *environment, *semver;
	const char *template; /* NULL: VERSION_NAME_TEMPLATE */
	const char *environment_url;
	const char *changelog; /* for the versions' descriptions, or NULL */
	/* A ticket that is not there is left over, or else only warned of. */
	bool tickets_must_exist;
	const struct strvec *tickets;
	bool range_was_read;	       /* for @tickets; they may be none */
	const struct strvec *projects; /* empty = all */
	const char *transition; /* by name; NULL = to the category Done */
	const char *resolution; /* NULL: Done, Fixed or Resolved */
	bool comment;
	bool done; /* close the tickets instead of opening the version */
	int64_t archive_age_ms; /* of --done; less than 0: archive nothing */
	size_t jobs;
	int64_t now_s; /* of the version's date */
};

/*
 * What the release is called and linked by; made of the arguments.  Texts
 * are owned by the members that end in _text.
 */
struct ticketing_facts {
	struct version_name name;
	struct jira_link link;	 /* url NULL = none */
	const char *comment;	 /* NULL = none */
	const char *description; /* of versions; NULL = none */
	struct str date_text, link_id_text, link_title_text, comment_text,
		description_text;
};

/*
 * Pure.  The application and its version are those of the chart just
 * published (the one of that name, or the only one), else of the umbrella;
 * the environment is the stack that it goes to.
 * Errors: USAGE (neither argument nor record tells).
 */
bool ticketing_describe(struct ticketing_facts *facts,
			const struct ticketing_args *args, struct err *err)
	MUST_CHECK;

void ticketing_facts_release(struct ticketing_facts *facts);

/* Where the tickets come from; borrowed. */
struct ticketing_source {
	const struct strvec *named;
	const char *range;   /* OLD..NEW; NULL = none */
	const char *git_dir; /* where it is; NULL = the working folder */
	const struct strvec *projects; /* those of the range that count */
	const struct value *record;
};

/*
 * Add the keys of the named ones and of the range's commits; without either,
 * of the record.  Errors: USAGE (what is no key), those of repo_open() and
 * repo_walk().
 */
bool ticketing_find_keys(struct strvec *keys,
			 const struct ticketing_source *source, struct err *err)
	MUST_CHECK;

/* Strings are owned. */
struct ticketing_version {
	char *project;
	char *project_id;
	char *name;
	char *id;      /* NULL = to be created */
	bool created;  /* by us, or will be */
	bool released; /* is or was */
	bool released_now;
	bool archived_now;
	bool describe;	/* it bears no text, or an older one of ours */
	bool described; /* now */
	struct err failure;
};

struct ticketing_versions {
	struct ticketing_version *items;
	size_t count, capacity;
};

enum ticketing_act {
	TICKET_ADD = 1 << 0, /* add the version */
	TICKET_LINK = 1 << 1,
	TICKET_COMMENT = 1 << 2,
	TICKET_FINISH = 1 << 3, /* transition */
	TICKET_LOOK = 1 << 4,	/* whether another run has commented as well */
	TICKET_MERGE = 1 << 5,	/* leave one comment of several */
};

struct ticketing_ticket {
	char *key;
	size_t version;	      /* index; SIZE_MAX = none */
	unsigned int planned; /* of enum ticketing_act */
	unsigned int todo;
	unsigned int acted;
	struct jira_call call; /* what it found of comments is kept */
	struct ticketing_ticket *next_ready; /* while calls are made */
	struct err failure;
};

struct ticketing {
	const struct ticketing_args *args;
	struct ticketing_facts facts;
	const struct reporter *reporter;
	struct ticketing_versions versions; /* one for each project */
	struct ticketing_versions old; /* of earlier releases, to archive */
	struct ticketing_ticket *tickets;
	size_t ticket_count, ticket_capacity;
};

/*
 * Look up tickets, versions, links, comments and transitions, and plan;
 * @work->facts are set.  Errors: those of the API; with @args->done,
 * NOT_FOUND where no project has the version, unless the release may well
 * have no tickets, and INPUT where nobody tells in which of more than
 * TICKETING_PROJECTS_MAX projects it is.
 */
bool ticketing_gather(struct ticketing *work, struct jira *jira,
		      const struct ticketing_args *args,
		      const struct reporter *reporter, struct err *err)
	MUST_CHECK;

/*
 * Carry the plan out.  Errors: what stops all of it (INTERRUPTED, TIMEOUT);
 * what failed for one ticket is with the ticket.
 */
bool ticketing_act(struct ticketing *work, struct jira *jira, struct err *err)
	MUST_CHECK;

/* The plan as data, and as lines for people. */
struct value *ticketing_plan(const struct ticketing *work, struct arena *arena);
void ticketing_plan_text(const struct ticketing *work, struct str *out);

/* {versions, tickets, left, archived}, and as lines for people. */
struct value *ticketing_result(const struct ticketing *work,
			       struct arena *arena);
void ticketing_result_text(const struct ticketing *work, struct str *out);

/* Tell the release record; @url is Jira's address. */
void ticketing_record(const struct ticketing *work, const char *url,
		      struct record *record, struct arena *arena);

/* Add one line for each effect on Jira. */
void ticketing_effects(const struct ticketing *work, struct strvec *lines);

/*
 * True if nothing is left to do.  Errors: as the first of the failures says;
 * temporary only if all of them are.
 */
bool ticketing_complete(const struct ticketing *work, struct err *err)
	MUST_CHECK;

void ticketing_release(struct ticketing *work);

/*
 * Has the user all rights that this needs in @projects?  Errors: DENIED
 * (names all that are missing), and those of the API.
 */
bool ticketing_check(struct jira *jira, const struct strvec *projects,
		     struct err *err) MUST_CHECK;

#endif
