/*
 * Compare the index of a repository with what lies in it, and put right what
 * can be put right.
 *
 * A look reads the index, lists the objects, and reads each archive that an
 * entry leads to; then those that no entry leads to.  In that order: data is
 * written before the index, so an entry whose archive is not there by then is
 * dangling, while an archive without an entry may be that of a publisher at
 * work: the index is read again for it, and one that has none even then is told,
 * but no failure as long as it is young (core/audit.h).  A repair enters it all
 * the same, as its publisher is about to.
 *
 * A repair changes entries by flow/publish, each only if it still is what was
 * judged, and looks again, until nothing is left that it could do: so what
 * publishers, prunes and other audits do meanwhile is seen, and no order of
 * events leaves an entry without its archive.
 *
 * A prune notes which archives it is about to delete, below AUDIT_PRUNES;
 * takes their entries out of the index; deletes those that no entry leads to
 * even then; and looks once more whether somebody has entered one meanwhile.
 * So a reader of the index finds each archive that it names, and what a
 * killed prune has left is deleted by the next run, not entered again.  A note
 * goes when no entry leads to any of its archives, so that one of a prune at
 * work stays, and in any case after AUDIT_WORK_S.
 *
 * An entry may lead to a web server, in front of the repository or anywhere.  An
 * archive that cannot be read there is one finding among others, while what
 * cannot be read in the repository ends the run.  A prune takes the object of the
 * address's base name for its archive, if its digest says so; an audit of a
 * folder, which leads to no network, does the same.
 *
 * A run that repairs leaves marks (core/audit.h) of the pairs of entry and
 * object that it has verified, below AUDIT_MARKS in the repository, while it
 * works: a later run, or one after a kill, reads only what these do not know.
 * And it removes what killed publishers have left, AUDIT_WORK_S old: objects on
 * which conditions were tried, and entries that wait for nobody any more.
 */
#ifndef FLOW_AUDIT_H
#define FLOW_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "flow/publish.h"

struct chartrepo;
struct err;
struct http;
struct map;
struct reporter;
struct strvec;
struct str;
struct value;

#define AUDIT_MARKS	     ".slipway/audit/verified"
#define AUDIT_MARKS_SIZE_MAX ((size_t)64 << 20)
#define AUDIT_PRUNES	     ".slipway/audit/prune/"
#define AUDIT_PRUNE_SIZE_MAX ((size_t)64 << 20)
#define AUDIT_MARKS_EVERY_MS 2000
#define AUDIT_READ_AT_ONCE   256 /* archives */
#define AUDIT_LOOKS_MAX	     5	 /* of one repair */

struct audit {
	struct chartrepo *repo;
	struct http *http; /* of the repository; NULL for file:// */
	size_t jobs;	   /* archives read at once */
	bool full;	   /* read what the marks know, too */
	bool repair;
	int64_t keep;		/* prune: newest versions of a chart; 0 = all */
	const struct map *used; /* and what core/audit.h reads of a list */
	bool dry_run;
	enum publish_lock lock;
	int64_t now; /* seconds since the epoch */
	struct deadline deadline;
	const struct reporter *reporter;
};

/* One thing found, or done; "" is what is not known.  In the arena. */
struct audit_item {
	const char *name;
	const char *version;
	const char *digest;
	const char *address; /* s3://bucket/prefix/web-1.0.0.tgz */
	const char *reason;
	bool mendable;	/* a repair puts it right */
	bool young;	/* it may be of a publisher at work */
	bool temporary; /* it may be another time */
};

struct audit_items {
	struct audit_item *items;
	size_t count;
	size_t capacity;
};

struct audit_report {
	struct arena arena;
	size_t entries; /* of the index */
	size_t verified;
	size_t read; /* archives that were read for it */
	/* What was found at first. */
	struct audit_items orphans;
	struct audit_items dangling;
	struct audit_items mismatched;
	struct audit_items unread;   /* archives outside of the repository */
	struct audit_items repaired; /* in a dry run: what would be */
	struct audit_items pruned;   /* the same */
	struct audit_items copied;
	/* What is wrong at the end; in a dry run: would be. */
	struct audit_items left; /* entries, the mismatched ones first */
	struct audit_items left_orphans;
	struct audit_items left_unread;
	bool dry_run;
};

/*
 * Errors: USAGE (a repository that cannot be listed), INPUT (the index does
 * not parse; it is left as it is), those of publish_edit_index() and of the
 * repository.  That something is wrong is none: see audit_outcome().
 */
bool audit_run(const struct audit *audit, struct audit_report *report,
	       struct err *err) MUST_CHECK;

/*
 * What --check tells of such a run: see repocheck_run(), whose rights are
 * those that this run needs.
 * Errors: USAGE (a repository that cannot be listed), those of
 * repocheck_run().
 */
bool audit_check(const struct audit *audit, struct arena *arena,
		 struct value **found, struct str *text, struct err *err)
	MUST_CHECK;

/* Read the list @path of what is in use.  Errors: INPUT, IO. */
bool audit_load_used(struct map *used, const char *path, struct err *err)
	MUST_CHECK;

#define AUDIT_COPY_AT_ONCE  8 /* archives in memory, and in one index write */
#define AUDIT_COPY_KEPT_MAX ((size_t)32 << 20) /* these, if more than one */

/* Copying versions by name, as for a stage behind, or a site without a net. */
struct audit_copy {
	struct chartrepo *from;
	struct chartrepo *to;
	struct http *http; /* of @from; NULL: it needs none */
	/* NAME: the newest release; NAME@VERSION: that, or a constraint's. */
	const struct strvec *names;
	size_t jobs;
	bool dry_run;
	enum publish_lock lock;
	int64_t now;
	struct deadline deadline;
	const struct reporter *reporter;
};

/*
 * Each archive is compared with its digest, and goes to the other repository
 * as it is, with its .prov, as publish_charts() does it.
 * Errors: USAGE (a name that is none; a source without an index), NOT_FOUND
 * (no such version), REMOTE (the archive is not what the index says),
 * CONFLICT (that version has other bytes there).
 */
bool audit_copy(const struct audit_copy *copy, struct audit_report *report,
		struct err *err) MUST_CHECK;

/*
 * What --check tells of such a copy: the versions are in the index of the
 * source, and the other repository may be written; of a server that keeps its
 * index itself, whether it has them.  *@found gets what repocheck_run() tells
 * of the source, and as copyTo what is told of the other one.
 * Errors: as audit_copy(), and those of repocheck_run().
 */
bool audit_check_copy(const struct audit_copy *copy, struct arena *arena,
		      struct value **found, struct str *text, struct err *err)
	MUST_CHECK;

/* The report as a map in @arena and as lines for people. */
struct value *audit_tell(const struct audit_report *report, struct arena *arena,
			 struct str *text);

/*
 * The run's error for what is wrong and was not put right; else for what could
 * not be read, which is temporary if all of that is.
 */
bool audit_outcome(const struct audit_report *report, struct err *err)
	MUST_CHECK;

void audit_report_release(struct audit_report *report);

#endif
