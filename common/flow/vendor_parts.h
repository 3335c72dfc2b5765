/*
 * What the files of flow/vendor share:
 *
 *	vendor.c	  what is wanted, and the order of events
 *	vendor_stale.c	  what lies in charts/ and gives way
 *	vendor_folders.c  charts that are folders
 *	vendor_nested.c	  what such a folder lacks of its own dependencies
 *	vendor_sources.c  repositories, their indexes, what to take of them
 *	vendor_archives.c archives: cached, downloaded, checked
 *	vendor_lock.c	  the lock
 *	vendor_size.c	  how large the release becomes
 *	vendor_tell.c	  what is told of it all
 */
#ifndef COMMON_FLOW_VENDOR_PARTS_H
#define COMMON_FLOW_VENDOR_PARTS_H

#include "api/chartcache.h"
#include "api/chartrepo.h"
#include "api/helmrepos.h"
#include "base/attr.h"
#include "base/map.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "core/lockfile.h"
#include "core/releasesize.h"
#include "flow/umbrella.h"
#include "flow/vendor.h"
#include "format/hash.h"
#include "format/ydoc.h"
#include "net/http.h"

/*
 * The constraint that is written where a dependency has none: Helm passes over
 * its alias and its condition otherwise.
 */
#define VENDOR_ANY_VERSION "*"

/* A repository and its index, for all dependencies that name it. */
struct vendor_source {
	const char *address;
	const struct helmrepos_entry *known; /* NULL = not to Helm */
	struct chartrepo repo;
	struct chartrepo_index index_text;
	struct chartindex index;
	bool is_missing; /* offline and never seen before, or denied */
};

/* An archive, for all dependencies that are the same chart. */
struct vendor_archive {
	struct chartrepo_fetch fetch; /* first: what is downloaded */
	struct vendor_source *source;
	const char *name;
	const char *version;
	const char *digest;   /* as the index has it, "" = not told */
	const char *recorded; /* as the release record has it, NULL = not */
	size_t uses;	      /* dependencies that are it */
	bool is_there;	      /* its bytes are, from the cache */
	char hex[SHA256_HEX_SIZE];
};

/* What the credentials at hand may not read: told at once, not one a run. */
struct vendor_denied {
	struct err first;
	struct strvec texts;
	struct strvec cures; /* each but once */
};

/*
 * All that a run of this module holds; or, of a folder that is vendored, what
 * it takes to get its own dependencies, with @chart made of it.  What is
 * asked of servers and cache is @world's, the umbrella's.
 */
struct vendoring {
	struct vendoring *world;
	struct vendoring *outer; /* NULL = it is the umbrella's */
	struct chart *chart;	 /* NULL = it is the umbrella's */
	bool is_open;		 /* repositories, cache and login are known */
	struct vendored *vendored;
	struct umbrella *umbrella;
	const struct vendor_args *args;
	const char *file; /* that has the dependencies */
	const char *lock;
	bool legacy; /* apiVersion v1 */
	struct ydoc doc;
	struct chart_dependencies wanted;
	struct chart_dependencies locked;
	struct lockfile *given; /* of --locked */
	struct helmrepos repos;
	const char *own_address; /* of --repo; NULL = none */
	struct login own_login;	 /* is for that one, and for no other */
	struct chartcache cache;
	struct http http;
	struct map sources;  /* address -> struct vendor_source */
	struct map archives; /* address, name, version -> its vendor_archive */
	struct vendor_archive **of; /* the one of each dependency, or NULL */
	struct strvec missing;	    /* what --offline could not find */
	struct vendor_denied denied;
	struct releasesize size;
};

/* Get all that is wanted and put it into charts/; no lock yet. */
bool vendor_all(struct vendoring *vendoring, struct err *err) MUST_CHECK;
void vendoring_release(struct vendoring *vendoring);

/* Parse a rendered file, which must be a mapping. */
bool vendor_parse_file(struct ydoc *doc, const struct umbrella *umbrella,
		       const char *path, struct err *err) MUST_CHECK;

/*
 * Blame @member ("" = all) of dependency number @i for @err, which is set.
 * Gives false.
 */
bool vendor_fail(struct vendoring *vendoring, size_t i, const char *member,
		 struct err *err);

/*
 * What dependency number @i must be: the locked version with --locked, else
 * its constraint.
 */
const char *vendor_constraint(const struct vendoring *vendoring, size_t i);

/* Is there anything that could not be had, so that no chart is looked for? */
bool vendor_is_incomplete(const struct vendoring *vendoring);

/*
 * Put number @i into result and lock; @item is what was found, @lock_version
 * what Helm would lock.
 */
void vendor_settle(struct vendoring *vendoring, size_t i,
		   const struct vendored_dependency *item,
		   const char *lock_version);

/*
 * Put an archive into charts/; its bytes are taken.  Errors: CONFLICT (there
 * is another one of that name, as two repositories may have it).
 */
bool vendor_put_archive(struct vendoring *vendoring, const char *name,
			const char *version, struct str *bytes, struct err *err)
	MUST_CHECK;

/* --- vendor_stale.c -------------------------------------------------------- */

/*
 * Take out of charts/ what is of dependencies that are vendored anew, by the
 * names inside: archives, and with a warning folders.  Warns of archives that
 * are of no dependency.
 */
void vendor_remove_stale(struct vendoring *vendoring);

/* --- vendor_folders.c ------------------------------------------------------ */

/*
 * The folder of a "file://" address, seen from the umbrella; the caller frees
 * it.  NULL: it is another address.
 */
char *vendor_folder(const struct vendoring *vendoring, const char *repository);
/* "charts/NAME" of "charts/NAME/Chart.yaml", else NULL; the caller frees it. */
char *vendor_inside_of(const char *path);
/* Is it charts/NAME of the umbrella? */
bool vendor_is_inside(const struct vendoring *vendoring, const char *name);

bool vendor_settle_inside(struct vendoring *vendoring, size_t i,
			  struct err *err) MUST_CHECK;
/*
 * Warn of what the charts in other folders of charts/ lack of their own
 * dependencies: Helm installs them all the same.
 */
void vendor_tell_of_unlisted(const struct vendoring *vendoring);

bool vendor_settle_folder(struct vendoring *vendoring, size_t i,
			  const char *folder, struct err *err) MUST_CHECK;

/* --- vendor_nested.c ------------------------------------------------------- */

/*
 * Put into @chart, which is in @folder, what it lacks of its dependencies;
 * they are resolved as those of the umbrella, but seen from there.
 * Errors: INPUT (folders that depend on each other in a circle, or
 * VENDOR_NESTED_MAX deep), and those of vendor_dependencies().
 */
bool vendor_complete(struct vendoring *vendoring, struct chart *chart,
		     const char *folder, struct err *err) MUST_CHECK;

/* --- vendor_sources.c ------------------------------------------------------ */

/*
 * Take the repository of --repo, of its address what is public: it is written
 * into Chart.yaml and its lock, and Helm stores those in the cluster.  A login
 * in it is used unless the options have one.  Errors: INPUT (no URL).
 */
bool vendor_set_own(struct vendoring *world, struct err *err) MUST_CHECK;

/*
 * The address of --repo as it is written for @vendoring, which may be that of
 * a folder elsewhere.  NULL: there is none.
 */
const char *vendor_own_address(const struct vendoring *vendoring);

/* Read Helm's repositories, and put addresses in place of aliases. */
bool vendor_name_sources(struct vendoring *vendoring, struct err *err)
	MUST_CHECK;

/* Fail with all that was denied; nothing was = true. */
bool vendor_judge_denied(const struct vendoring *world, struct err *err)
	MUST_CHECK;

/* Warn of that, before another error that ends the run. */
void vendor_warn_of_denied(const struct vendoring *vendoring);

/*
 * Decide which archive number @i is.  What is missing offline, and what is
 * denied, is only noted.
 */
bool vendor_choose(struct vendoring *vendoring, size_t i, struct err *err)
	MUST_CHECK;

void vendor_source_release(struct vendor_source *source);

/* --- vendor_archives.c ----------------------------------------------------- */

struct vendor_archive *vendor_find_archive(
	struct vendoring *vendoring, struct vendor_source *source,
	const char *name, const struct chartindex_entry *entry);

/* Get the bytes of all archives. */
bool vendor_fetch(struct vendoring *vendoring, struct err *err) MUST_CHECK;
bool vendor_settle_archive(struct vendoring *vendoring, size_t i,
			   struct err *err) MUST_CHECK;

/* --- vendor_lock.c --------------------------------------------------------- */

/* Read the lock of --locked; it must be that of the wanted ones. */
bool vendor_read_lock(struct vendoring *vendoring, struct err *err) MUST_CHECK;
bool vendor_write_lock(struct vendoring *vendoring, struct err *err) MUST_CHECK;

/* --- vendor_size.c --------------------------------------------------------- */

/*
 * Look into a chart that is going to be vendored: warn of what it lacks, and
 * count what the release will hold of it, @uses times.
 */
void vendor_note_chart(struct vendoring *vendoring, const struct chart *chart,
		       size_t uses);

/* Warn of what @chart, and those inside it, lack of their dependencies. */
void vendor_tell_lacks(const struct vendoring *vendoring,
		       const struct chart *chart);

/* Warn if the release becomes too large for Helm. */
void vendor_check_size(struct vendoring *vendoring);

#endif
