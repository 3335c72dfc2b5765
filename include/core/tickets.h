/*
 * Ticket keys in text, and the names of the versions that tickets are
 * fixed in.  Pure.
 *
 *	CLEANUP(strvec_release) struct strvec keys = {0};
 *	tickets_find(&keys, message, strlen(message), &projects);
 *
 *	struct version_name parts = {.app = "web", .environment = "shop",
 *				     .date = "2026-11-22", .semver = "1.4.0"};
 *	version_name_format(NULL, &parts, &name, err);
 */
#ifndef CORE_TICKETS_H
#define CORE_TICKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct str;
struct strvec;

#define TICKET_KEY_MAX 64
#define TICKETS_MAX    10000 /* of one release */

/* "Project key format" and issue numbers as Jira has them by default. */
#define TICKET_PATTERN "[A-Z][A-Z0-9_]+-[1-9][0-9]*"

/*
 * Add each ticket key in the @len bytes of @text to @keys, once, in the
 * order of appearance.  A key stands at word borders; "A-B-1" holds none,
 * nor does "TLS-1.2".  With @projects, exactly keys of these projects count.
 * Without (NULL or empty), what looks like a key and is known to be none
 * does not count: UTF-8, SHA256-1, ISO-8859, CVE-2024, NOV-22, Q3-2026,
 * CET-1, JAVA-17, PR-12 ...
 */
void tickets_find(struct strvec *keys, const char *text, size_t len,
		  const struct strvec *projects);

/* Is the whole of @key a ticket's key? */
bool ticket_key_valid(const char *key);

/* Are all of --ticket keys?  Errors: USAGE. */
bool tickets_check_keys(const struct strvec *keys, struct err *err) MUST_CHECK;

/* A project whose key no ticket can have hides all.  Errors: USAGE. */
bool tickets_check_projects(const struct strvec *projects, struct err *err)
	MUST_CHECK;

/* "SHOP" of "SHOP-12"; the caller frees it. */
char *ticket_project(const char *key) MUST_CHECK;

/* What a version's name is made of; borrowed. */
struct version_name {
	const char *app;
	const char *environment;
	const char *date; /* YYYY-MM-DD */
	const char *semver;
};

#define VERSION_NAME_TEMPLATE "{app}-{environment}-{date}-{semver}"
#define VERSION_NAME_MAX      255 /* Jira's limit, in characters */

/*
 * Append the name that @template (NULL: VERSION_NAME_TEMPLATE) makes of
 * @parts.  Errors: INPUT (an unknown or unclosed placeholder, a part that is
 * not set, a name over VERSION_NAME_MAX, blank, or with a blank at an end).
 */
bool version_name_format(const char *template, const struct version_name *parts,
			 struct str *name, struct err *err) MUST_CHECK;

/*
 * Is @name what @template makes of @parts with some date in place of
 * @parts->date (which may be NULL), and if @parts->semver is NULL, with some
 * version in place of that?
 */
bool version_name_matches(const char *template,
			  const struct version_name *parts, const char *name);

/*
 * Append text that all names of @template and @parts hold whatever the date,
 * to search a server for: what stands around the semver, else the longest.
 * May be empty.
 */
void version_name_search(const char *template, const struct version_name *parts,
			 struct str *text);

#endif
