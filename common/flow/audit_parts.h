/*
 * What the parts of flow/audit share: audit.c the order of events,
 * audit_look.c one look at the repository, audit_elsewhere.c of that the archives
 * outside of it, audit_orphans.c those without an entry, audit_marks.c what was
 * verified,
 * audit_prune.c what goes, audit_copy.c what goes elsewhere, audit_tell.c the
 * report.
 */
#ifndef FLOW_AUDIT_PARTS_H
#define FLOW_AUDIT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/str.h"
#include "flow/audit.h"

struct chartindex;
struct chartindex_entries;

/* What lies in the repository. */
struct audit_object {
	const char *name;
	const char *state;
	int64_t size;
	int64_t modified_s;
	int64_t age_s;
	bool referenced; /* by an entry */
};

/* What one look found. */
struct audit_look {
	const struct audit *audit;
	struct arena arena;
	struct map objects; /* name: struct audit_object */
	bool has_archives;
	size_t entries;
	size_t verified;
	struct audit_items orphans;
	struct audit_items dangling;
	struct audit_items mismatched;
	struct audit_items unread;  /* elsewhere */
	struct publish_edits edits; /* that would put right what can be */
};

/* What is known to be verified, over all looks of a run. */
struct audit_marks {
	const struct audit *audit;
	struct map known;
	struct str seen;    /* lines: those that this look has come upon */
	size_t fresh;	    /* of these are not written down */
	int64_t written_ms; /* when they were last; monotonic */
	size_t read;	    /* archives */
};

/* Read what the repository has of them; none is fine. */
bool audit_marks_read(struct audit_marks *marks, struct err *err) MUST_CHECK;

/* A pair of entry and object was verified, or is marked. */
void audit_marks_see(struct audit_marks *marks, const char *mark);

/* Write all of them down, now and then: it may be us who are killed. */
bool audit_marks_keep(struct audit_marks *marks, struct err *err) MUST_CHECK;

/* At the end, those that the last look has seen. */
bool audit_marks_finish(struct audit_marks *marks, struct err *err) MUST_CHECK;

void audit_marks_release(struct audit_marks *marks);

/*
 * Look at the repository.  Marks are used, unless the audit is full, and
 * added.
 */
bool audit_take_look(struct audit_look *look, struct audit_marks *marks,
		     struct err *err) MUST_CHECK;

void audit_look_release(struct audit_look *look);

/*
 * Delete what a prune that was killed has left, unless an entry leads to it
 * again.
 */
bool audit_finish_prunes(const struct audit *audit, struct err *err) MUST_CHECK;

/* Take out of the repository what is too much of it. */
bool audit_prune(const struct audit *audit, struct audit_report *report,
		 struct err *err) MUST_CHECK;

/*
 * Which object may be served under @url, an address elsewhere: an index may
 * have those of a web server in front of the repository.  NULL = none can; the
 * caller frees it.
 */
char *audit_served_object(const char *url) MUST_CHECK;

/* The address of the object @name within the repository, in @arena. */
const char *audit_url_of(const char *name, struct arena *arena);

/* May this run change anything? */
bool audit_writes(const struct audit *audit);

/* How the index is changed. */
struct publish audit_publish(const struct audit *audit);

/* What was pruned left the index, and with it what was wrong with it. */
void audit_report_gone(struct audit_report *report);

/* All of @item is copied. */
void audit_items_add(struct audit_items *items, struct arena *arena,
		     const struct audit_item *item);

#endif
