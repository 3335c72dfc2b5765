/*
 * One mark per release on Grafana's dashboards: put, found again, kept in a
 * folder while Grafana is away.
 *
 * A mark is told from others by the last line of its text ("release: ...").
 * A tag per release would do as well, but tags are for what few marks do not
 * share: thousands of them make Grafana slow.
 */
#ifndef FLOW_MARKING_H
#define FLOW_MARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/grafana.h"
#include "base/attr.h"
#include "base/strvec.h"

struct arena;
struct err;
struct reporter;
struct str;
struct value;

/* How far from its time the mark of a release is looked for. */
#define MARKING_WINDOW_MS ((int64_t)24 * 3600 * 1000)
/* Tries to create a mark when it is unclear whether it was created. */
#define MARKING_TRIES_MAX 4
#define MARKING_SPOOL_MAX 1000 /* marks kept in one folder */
/* Looked at in one run: those that came at once may be more than are kept. */
#define MARKING_SENT_MAX 10000

/* Bytes of the changelog in a mark's text, which people read in a bubble. */
#define MARKING_CHANGELOG_MAX 4096

/* What is known of a release; borrowed, NULL = unknown. */
struct marking_facts {
	const struct value *record; /* merged */
	const char *application;    /* the mark is of it alone; NULL: of all */
	/* Instead of what the record tells, but for a failure. */
	const char *text;
	const struct strvec *tags; /* besides the usual ones */
	const char *dashboard;
	int64_t panel;
	int64_t start_ms, end_ms; /* -1: from the record, else @now_ms */
	const char *build;	  /* address of this build */
	const char *commit;
	int64_t now_ms;
};

struct marking {
	struct grafana_mark mark;
	char *line; /* the one by which it is found again, owned */
	/* The time is only that of this run: one that was found is kept. */
	bool time_is_now;
	bool created;
	bool changed;
	bool spooled;
	bool lost;	 /* neither put nor kept */
	size_t untagged; /* applications that there was no room for */
};

/*
 * Milliseconds of @text, the value of --@option: RFC 3339, a date with a
 * time, or seconds or milliseconds since the epoch; -1 if it is blank.
 * Errors: USAGE.
 */
bool marking_parse_time(const char *text, const char *option, int64_t *ms,
			struct err *err) MUST_CHECK;

/*
 * Make the mark that @facts tell.  Pure.  It has the tags of as many
 * applications as Grafana has room for, of those that changed first.
 * Errors: USAGE (neither text nor a record to make one of), and those of
 * grafana_check_mark().
 */
bool marking_plan(struct marking *marking, const struct marking_facts *facts,
		  struct err *err) MUST_CHECK;

/* Look whether the mark is there; sets its id.  Changes nothing. */
bool marking_find(struct marking *marking, struct grafana *grafana,
		  struct err *err) MUST_CHECK;

/*
 * Create the mark, or update the one that is there if it differs.  After a
 * failure that may have been none it is looked for before the next try.
 */
bool marking_put(struct marking *marking, struct grafana *grafana,
		 struct err *err) MUST_CHECK;

/* Could marks be kept in @dir?  Errors: IO. */
bool marking_check_spool(const char *dir, struct err *err) MUST_CHECK;

/*
 * Keep the mark in a file of @dir, for the server at @url; the same mark
 * takes the same file.  Errors: IO, INPUT (MARKING_SPOOL_MAX are kept).
 */
bool marking_spool(struct marking *marking, const char *dir, const char *url,
		   struct err *err) MUST_CHECK;

/*
 * Put the marks that @dir keeps for @url and remove their files; stops at
 * the first that cannot be sent now.  What Grafana refuses for good, or
 * is no mark, is renamed to *.refused with a warning; a file that cannot be
 * read stays, with one.  Other runs may do the same.  No folder is no mark.
 * Errors: INTERRUPTED, IO (the folder); those of Grafana are warnings.
 */
bool marking_send_spooled(const char *dir, const char *url,
			  struct grafana *grafana,
			  const struct reporter *reporter, struct err *err)
	MUST_CHECK;

/*
 * Append the address at which the mark is seen: @template (NULL: the
 * dashboard itself) with {url}, {dashboard}, {panel}, {start}, {end},
 * {namespace}, {app}, {id}.  Nothing for a mark without dashboard or
 * template.  Errors: INPUT (an unknown placeholder).
 */
bool marking_url(const struct marking *marking, const char *template,
		 const char *url, const struct value *record, struct str *out,
		 struct err *err) MUST_CHECK;

/* Add the names of the applications whose version the release changed. */
void marking_find_applications(const struct value *record,
			       struct strvec *names);

/* A mark with the address at which it is seen; both borrowed. */
struct marking_told {
	const struct marking *marking;
	const char *application; /* NULL: of all */
	const char *url;	 /* "" = none */
};

/* The marks of a release: one of all applications, or one of each. */
struct marks {
	struct strvec applications; /* empty: all in one */
	struct marking *items;	    /* in the arena, as are those of @told */
	struct marking_told *told;
	size_t count;
};

/*
 * Make those that @facts tell, which is of no application; with
 * @per_application one of each that the release changed.  Pure.
 * Errors: those of marking_plan(), also where no application was changed.
 */
bool marks_plan(struct marks *marks, const struct marking_facts *facts,
		bool per_application, struct arena *arena, struct err *err)
	MUST_CHECK;

/* Warn of applications that there was no room for. */
void marks_tell_untagged(const struct marks *marks,
			 const struct reporter *reporter);

void marks_release(struct marks *marks);

/* Set the addresses of all by marking_url(). */
bool marking_see(struct marking_told *told, size_t count, const char *template,
		 const char *url, const struct value *record,
		 struct arena *arena, struct err *err) MUST_CHECK;

/*
 * {id, created, url, spooled} of one mark that is of all applications, else
 * {marks: [{application, id, created, url, spooled}]}; id and url nil where
 * there is none.
 */
struct value *marking_result(const struct marking_told *told, size_t count,
			     struct arena *arena);

/* What is done, as lines for people; planned: what would be. */
void marking_result_text(const struct marking_told *told, size_t count,
			 struct str *text);
void marking_plan_text(const struct marking_told *told, size_t count,
		       struct str *text);

/* The list of marks for the release record: {id, start, end, url}. */
struct value *marking_record(const struct marking_told *told, size_t count,
			     struct arena *arena);

void marking_release(struct marking *marking);

#endif
