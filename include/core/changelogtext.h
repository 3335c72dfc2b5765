/*
 * A changelog as data, and that data as text: one story for the pull
 * request, Jira's version, the message and the mark.  Pure.
 *
 *	told = changelog_tell(applications, ...);	result and record
 *	changelog_add_text(&out, told, CHANGELOG_TEXT, 16 << 10);
 *
 * The data, as pipeline-examples/release-record.schema.json has it:
 *   {applications: [{name, old, new, downgrade, repository, oldCommit,
 *     newCommit, compareUrl, source, commits, from, to, more,
 *     changes: [{title, change, hash, url, date, authors, tickets, commits,
 *       breaking}],
 *     removed: [the same], tickets: [key], authors: [name]}],
 *    tickets: [{key, title, url}]}
 */
#ifndef CORE_CHANGELOGTEXT_H
#define CORE_CHANGELOGTEXT_H

#include <stddef.h>

#include "core/forgeweb.h"

struct arena;
struct changelog;
struct str;
struct value;

/*
 * What is told one by one, so that a release record stays readable whatever
 * is in messages: RECORD_FRAGMENT_SIZE_MAX.
 */
#define CHANGELOG_CHANGES_DEFAULT 1000 /* of all applications */
#define CHANGELOG_NAMES_TOLD	  20   /* authors, tickets of one change */
#define CHANGELOG_AUTHORS_TOLD	  1000 /* of one application */
/* What GitHub keeps of the text of a pull request, in characters. */
#define CHANGELOG_MARKDOWN_MAX ((size_t)65536)

/* What is known of an application besides its commits; borrowed. */
struct changelog_facts {
	const char *name;
	const char *old, *new; /* versions; NULL = it was, will be not there */
	const char *old_commit, *new_commit; /* NULL = unknown */
	const char *web;      /* page of its repository, NULL = unknown */
	enum forge_kind kind; /* of that page */
	const char *source;   /* where commits came from: "clone", "forge" */
	size_t changes_max;   /* more are counted only */
};

/* One application as data; @log NULL: nothing is known of its commits. */
struct value *changelog_tell(const struct changelog *log,
			     const struct changelog_facts *facts,
			     struct arena *arena);

enum changelog_form {
	CHANGELOG_TEXT,
	CHANGELOG_MARKDOWN,
};

/*
 * Append @told, of at most @limit bytes (0 = as long as it is): whole lines,
 * and how many changes are left out.  Whatever is in @told cannot become
 * more than text.
 */
void changelog_add_text(struct str *out, const struct value *told,
			enum changelog_form form, size_t limit);

#endif
