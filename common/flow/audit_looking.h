/*
 * A look at a repository, while it is taken: what audit_look.c, which reads
 * the entries and their archives, audit_elsewhere.c, and audit_orphans.c share.
 */
#ifndef FLOW_AUDIT_LOOKING_H
#define FLOW_AUDIT_LOOKING_H

#include <stdbool.h>
#include <stddef.h>

#include "api/chartrepo.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/audit.h"
#include "core/chartindex.h"

struct audit_found_orphan;
struct audit_items;
struct audit_look;
struct audit_marks;
struct audit_object;
struct audit_server;
struct value;

struct readings {
	struct reading **items;
	size_t count;
	size_t capacity;
};

/* A look at work. */
struct looking {
	struct audit_look *look;
	struct audit_marks *marks;
	struct chartrepo_index index;
	struct chartindex parsed;
	struct arena window;	/* entries whose archives are read together */
	struct readings within; /* the repository */
	struct readings elsewhere;  /* on the servers */
	struct readings signatures; /* of archives that are what they should */
	struct map servers;	    /* origin: struct audit_server */
	struct audit_found_orphan *orphans;
	size_t orphan_count;
	size_t orphan_capacity;
	struct err failure; /* the first archive that could not be read */
};

/* An archive to be read, and the entry that leads to it. */
struct reading {
	struct chartrepo_fetch fetch; /* first: what is downloaded */
	struct looking *looking;
	struct audit_claim claim;
	struct audit_object *object; /* NULL = not listed */
	/* The entry's address, where the object may be what is served there. */
	const char *served_at;
	struct audit_server *server; /* NULL = it lies in the repository */
};

/* Read the index, again if it was. */
bool audit_read_index(struct looking *looking, struct err *err) MUST_CHECK;

/* Add one of @claim to @items of the look; @url NULL: it has none. */
void audit_add_finding(struct looking *looking, struct audit_items *items,
		       const struct audit_claim *claim, const char *url,
		       const char *reason);

/*
 * Change the entry of @claim to @entry, NULL = remove it; all is copied.  That
 * puts right what was added to @items last.
 */
void audit_add_edit(struct looking *looking, struct audit_items *items,
		    const struct audit_claim *claim, const char *digest,
		    const struct value *entry, const char *reason);

/* @wanted is copied; it is read by the next audit_flush(). */
void audit_add_reading(struct looking *looking, const struct reading *wanted);

void audit_readings_add(struct readings *readings, struct reading *reading);
void audit_readings_release(struct readings *readings);

/* Read those, and forget them.  Errors: those of the repository. */
bool audit_read(struct looking *looking, struct readings *readings,
		struct err *err) MUST_CHECK;

/* That of all that was added. */
bool audit_flush(struct looking *looking, struct err *err) MUST_CHECK;

/* An entry's archive was read, or could not be: what is found of it. */
void audit_take_archive(struct chartrepo_fetch *fetch);

/* An archive was read: its share of the progress. */
void audit_count_read(struct looking *looking);

/* Forget its bytes; @failure is moved: the first of a look ends it. */
void audit_finish_reading(struct chartrepo_fetch *fetch, struct err *failure);

/* --- audit_elsewhere.c ----------------------------------------------------- */

/* Who has what lies under @url, outside of the repository. */
struct audit_server *audit_find_server(struct looking *looking,
				       const char *url);

/*
 * Read all of looking->elsewhere.  A server that gives no answer is not asked
 * for the others: that it does not would take each of them minutes to learn.
 */
bool audit_read_elsewhere(struct looking *looking, struct err *err) MUST_CHECK;

/* Is it on the web, of a folder, which leads to no network? */
bool audit_is_out_of_reach(const struct looking *looking, const char *url);

/*
 * Of an entry whose archive is out of reach, @reading gets the object that may
 * be served there; it is read in its place, and is the archive if it has the
 * entry's digest.
 */
void audit_find_served(struct reading *reading);

/* Add as a finding that there is no such object. */
void audit_note_out_of_reach(struct reading *reading);

/*
 * Add as a finding that the archive elsewhere could not be read.  False: not
 * its server's doing but ours, as the run has no more time.
 */
bool audit_note_unread(struct reading *reading);

/* --- audit_orphans.c ------------------------------------------------------- */

/* Read the archives without an entry, and add what is found of them. */
bool audit_look_at_orphans(struct looking *looking, struct err *err) MUST_CHECK;

#endif
