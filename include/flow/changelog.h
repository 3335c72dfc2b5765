/*
 * The changelog of a release: which applications it changes, the commits
 * between their versions, and what tickets say.
 *
 *	CLEANUP(changelog_work_release) struct changelog_work work = {0};
 *
 *	if (!changelog_gather(&work, &args, err))
 *		return false;
 *	use(work.told);
 *
 * Which: the commits of --range; two charts; or what deploy-preview left in
 * the record.  From where: the chart's annotations (commit, repository) of
 * the old and the new one, else tags of its versions; in a local clone of
 * that repository, or at its forge where there is none, or a shallow one.
 *
 * What is not known (a chart without annotations, a repository that nobody
 * has) is a warning, and the application is told by its versions alone.
 */
#ifndef FLOW_CHANGELOG_H
#define FLOW_CHANGELOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "core/changelogtext.h"

struct env;
struct err;
struct forge_args;
struct http_config;
struct jira_args;
struct login_args;
struct record;
struct reporter;
struct str;
struct strvec;
struct value;

#define CHANGELOG_CLONES_MAX 100
#define CHANGELOG_TITLES_MAX 1000 /* tickets that Jira is asked about */

/* All borrowed; NULL where not given. */
struct changelog_args {
	const struct value *record; /* merged */
	const char *range;	    /* OLD..NEW of the first clone */
	const char *app;	    /* its name there */
	const char *old, *new;	    /* chart folder, .tgz, or NAME@VERSION */
	const char *repository;	    /* of charts */
	const struct login_args *login; /* there */
	const struct strvec *git_dirs;	/* empty: this folder */
	const struct strvec *tags;	/* templates; empty: the usual */
	const struct strvec *projects;	/* Jira's; empty: any */
	const struct forge_args *forge;
	/* Without a token tickets get links, but no titles. */
	const struct jira_args *jira;
	bool jira_must_answer; /* or else it is only warned of */
	size_t changes_max;
	const struct env *env;
	const struct http_config *http;
	const struct reporter *reporter;
};

/* All-zero = nothing is known. */
struct changelog_work {
	struct arena arena;
	const struct value *told; /* see core/changelogtext.h */
};

/*
 * Errors: USAGE (nothing tells what to compare), INPUT (a chart, a range, a
 * damaged clone), NOT_FOUND (a named chart or commit), and those of
 * repositories and forges that could not be asked.
 */
bool changelog_gather(struct changelog_work *work,
		      const struct changelog_args *args, struct err *err)
	MUST_CHECK;

void changelog_work_release(struct changelog_work *work);

/* Tell the release record: the changelog, and its tickets' keys. */
void changelog_record(const struct value *told, struct record *record,
		      struct arena *arena);

/*
 * Append the changelog that an earlier step left in @record (merged), of at
 * most @limit bytes (0 = all): one story for Jira's version, the mark, the
 * message.  Only that of the application @app, where it has one of that
 * name; else, and for NULL, that of all.  Nothing where there is none.
 */
void changelog_add_recorded(struct str *out, const struct value *record,
			    const char *app, enum changelog_form form,
			    size_t limit);

/* Does the changelog in @record tell of the application @app by itself? */
bool changelog_tells_of(const struct value *record, const char *app);

#endif
