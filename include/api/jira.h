/*
 * Jira Cloud (REST v3) and Jira Data Center (REST v2).
 *
 *	CLEANUP(jira_release) struct jira jira = {0};
 *	CLEANUP(jira_issues_release) struct jira_issues issues = {0};
 *
 *	if (!jira_open(&jira, &config, err) ||
 *	    !jira_find_issues(&jira, &keys, &issues, err))
 *		return false;
 *
 * Which of the two a server is, it is asked.  Cloud takes an e-mail address
 * and an API token (Basic), Data Center a personal access token (Bearer).
 * Everything that changes Jira here may be sent twice without harm, but for
 * comments, which are looked for first.
 *
 * Errors of all functions that ask the server: DENIED (token, rights),
 * NOT_FOUND (or no right to see it: Jira does not tell), REMOTE (its words,
 * or an answer that is not what the document says), and those of http_send().
 * Source: Jira Cloud platform REST API v3; Jira Data Center REST API v2.
 */
#ifndef API_JIRA_H
#define API_JIRA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/url.h"
#include "net/http.h"

#define JIRA_REPLY_MAX	  ((size_t)16 << 20)
#define JIRA_ISSUES_MAX	  10000 /* found by one search */
#define JIRA_PROJECTS_MAX 2000	/* whose keys are worth asking for */
#define JIRA_VERSIONS_MAX 10000 /* looked through in one project */
#define JIRA_COMMENTS_MAX 100	/* the newest ones of an issue are looked at */

struct jira {
	struct http http;
	struct url base; /* up to and with /rest/api/N */
	struct secret authorization;
	bool cloud;
};

/* Filled by OPT_JIRA of cli/fragments.h. */
struct jira_args {
	const char *url;
	const char *user;
	struct secret token;
};

/* All borrowed. */
struct jira_config {
	const char *url;
	const char *user; /* NULL or "": the token alone (Bearer) */
	const struct secret *token;
	struct http_config http;
};

/*
 * Ask the server what it is.  Errors also: INPUT (the address; a Cloud
 * server without a user).
 */
bool jira_open(struct jira *jira, const struct jira_config *config,
	       struct err *err) MUST_CHECK;

/* Is the user known?  Errors: DENIED. */
bool jira_check_user(struct jira *jira, struct err *err) MUST_CHECK;

/*
 * Add to @missing which of @rights (Jira's names: EDIT_ISSUES; NULL-ended)
 * the user lacks in @project.
 */
bool jira_check_rights(struct jira *jira, const char *project,
		       const char *const *rights, struct strvec *missing,
		       struct err *err) MUST_CHECK;

/* Of one project; @key and @id are borrowed, @missing is the caller's. */
struct jira_project_rights {
	const char *key, *id;
	struct strvec missing;
};

/* The same for @count projects: of Cloud in one request. */
bool jira_check_many_rights(struct jira *jira, const char *const *rights,
			    struct jira_project_rights *projects, size_t count,
			    struct err *err) MUST_CHECK;

void jira_release(struct jira *jira);

/* Strings are owned; so in all structs below unless said otherwise. */
struct jira_version {
	char *id;
	char *name;
	char *description; /* NULL = none */
	char *released_on; /* YYYY-MM-DD, NULL = not told */
	bool released;
	bool archived;
};

struct jira_versions {
	struct jira_version *items;
	size_t count;
	size_t capacity;
};

void jira_versions_release(struct jira_versions *versions);

/* For versions of @project whose name holds @text; both borrowed. */
struct jira_version_search {
	const char *project;
	const char *text;
	struct jira_versions found;

	size_t start; /* of the page under way */
	struct jira_version_search *again;
};

/* Carry out @count searches, @jobs at once; all, or the first failure. */
bool jira_find_versions(struct jira *jira, struct jira_version_search *searches,
			size_t count, size_t jobs, struct err *err) MUST_CHECK;

/* A version to be created; its texts are borrowed. */
struct jira_new_version {
	const char *project_id;
	const char *name;
	const char *description; /* NULL = none */

	char *id;
	/*
	 * The project has one of that name, which may have been made by the
	 * same request, sent twice.
	 */
	bool taken;
	struct err failure;

	struct str body; /* of the request under way */
};

void jira_new_version_release(struct jira_new_version *wanted);

/* Create @count versions, @jobs at once; what fails is told with each. */
bool jira_create_versions(struct jira *jira, struct jira_new_version *wanted,
			  size_t count, size_t jobs, struct err *err)
	MUST_CHECK;

/* Jira keeps 16,384 characters of a version's description. */
bool jira_describe_version(struct jira *jira, const char *id,
			   const char *description, struct err *err) MUST_CHECK;

/* Mark as released on @date (YYYY-MM-DD). */
bool jira_release_version(struct jira *jira, const char *id, const char *date,
			  struct err *err) MUST_CHECK;

/* Put away: it is no longer offered to anybody. */
bool jira_archive_version(struct jira *jira, const char *id, struct err *err)
	MUST_CHECK;

struct jira_issue {
	char *key; /* as it is now: issues move between projects */
	char *project;
	char *project_id;
	char *summary;		/* its title; NULL = it has none */
	bool done;		/* its status is of the category Done */
	struct strvec versions; /* ids of its fix versions */
};

struct jira_issues {
	struct jira_issue *items;
	size_t count;
	size_t capacity;
};

/*
 * Add the issue of each of @keys, with @keys[i] at @found[i]; what is not
 * there (or may not be seen) has a NULL key.
 */
bool jira_find_issues(struct jira *jira, const struct strvec *keys,
		      struct jira_issues *found, struct err *err) MUST_CHECK;

/* Add all issues that are fixed in the version @id. */
bool jira_version_issues(struct jira *jira, const char *id,
			 struct jira_issues *found, struct err *err) MUST_CHECK;

void jira_issues_release(struct jira_issues *issues);

/*
 * Add to the empty @keys those of all projects that the user may see.
 * Errors: INPUT (they are more than @most).
 */
bool jira_find_projects(struct jira *jira, size_t most, struct strvec *keys,
			struct err *err) MUST_CHECK;

/* Borrowed. */
struct jira_link {
	const char *global_id; /* what makes it one and the same link */
	const char *url;
	const char *title;
};

/*
 * One call about one issue.  Calls about different issues may run side by
 * side, those about one run in turn: Jira limits the writes per issue.
 */
enum jira_call_kind {
	JIRA_ADD_VERSION,     /* @version, beside those that it has */
	JIRA_FIND_LINK,	      /* @link; result: @found, the same as @link */
	JIRA_PUT_LINK,	      /* create or update @link; result: @found */
	JIRA_FIND_TRANSITION, /* @transition, NULL = to the category Done;
				 where it demands or shows a resolution,
				 @resolution, NULL = Done, Fixed or Resolved,
				 if allowed; result: @id, @fields */
	JIRA_TRANSITION,      /* @id with @fields */
	JIRA_FIND_COMMENT,    /* whose first line is that of @comment; result:
				 @id of the first, if there is one, @found: it
				 has the same text, @twins: ids of others */
	JIRA_PUT_COMMENT,     /* @comment, in place of @id if set */
	JIRA_DELETE_TWIN,     /* the comment that is the last of @twins */
};

/* All-zero but for the kind; jira_call_release() forgets results too. */
struct jira_call {
	enum jira_call_kind kind;
	const char *issue;   /* borrowed, as the next five */
	const char *version; /* id */
	const struct jira_link *link;
	const char *transition;
	const char *resolution;
	const char *comment; /* lines of plain text */

	char *id;     /* owned */
	char *fields; /* JSON, owned */
	struct strvec twins;
	bool found;

	struct str body; /* of the request under way */
};

void jira_call_release(struct jira_call *call);

struct jira_batch {
	size_t jobs;
	/* Point @call to the next one; false = none for now. */
	bool (*next)(void *context, struct jira_call **call);
	/* @failure->kind is ERR_NONE if it was done; false ends the batch. */
	bool (*done)(void *context, struct jira_call *call, struct err *failure,
		     struct err *err);
	void *context;
};

/* Run calls until next() has none and all are done. */
bool jira_run(struct jira *jira, struct jira_batch *batch, struct err *err)
	MUST_CHECK;

#endif
