/*
 * Publish charts in a repository so that nobody loses anything: each archive
 * is created, never overwritten unless that was asked for; then all entries
 * enter the index in one compare-and-swap.
 *
 * In a bucket that is three requests, if nobody else publishes: read the
 * index, create the archive, swap the index.  The index comes first, so that
 * a version which it has with another digest is refused before anything is
 * written.  A publisher who loses the swap
 * leaves a waiting entry (core/pending.h), and whoever has waited longest
 * enters all that wait at once: so the work of many publishers grows with
 * their number, not with its square.  What waits enters the index only after
 * its archive was read and found to have the digest that was claimed, and the
 * entry is made from the archive.  They only add: an entry that is there is
 * changed by the publisher of that version alone.  For file:// a lock file
 * keeps writers apart.
 *
 * Where several replace one version at once, the index ends as what it says
 * of the last archive.  For that, an entry is only overwritten by whoever has
 * seen his archive there after he read that state of the index; and who
 * overwrote an archive always writes the index, so that one who read it
 * before that loses the swap, looks again, and finds his archive gone.  At
 * the end each looks once more whether the archive is his own, and if not,
 * enters the one that is there, since its publisher may have been killed.
 *
 * A store is not trusted to honour conditions: before the first write to a
 * repository they are proved (api/s3_conditions.h), which an annotation of
 * the index remembers, and what was written is read again.
 *
 * Data before index: a run that is killed leaves at most an archive without
 * an entry, which the next run adopts, and a waiting entry, which a later
 * publisher enters; never an entry without its archive.  A write whose answer
 * was lost is looked up, never guessed.
 */
#ifndef FLOW_PUBLISH_H
#define FLOW_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "format/hash.h"

struct arena;
struct chart;
struct chartrepo;
struct err;
struct gpg;
struct origin;
struct reporter;
struct strvec;
struct value;

#define PUBLISH_TRIES_MAX    200 /* of the index, against other publishers */
#define PUBLISH_WAIT_BASE_MS 50
#define PUBLISH_WAIT_CAP_MS  3000

/* What to do where that version is in the repository already. */
enum publish_if_exists {
	PUBLISH_SAME,	 /* the same content is fine, other is a conflict */
	PUBLISH_FAIL,	 /* a conflict */
	PUBLISH_REPLACE, /* overwrite it */
	PUBLISH_KEEP,	 /* leave it, whatever its content */
	PUBLISH_EXACT,	 /* the same bytes are fine, others are a conflict */
};

/* How writers are kept apart in a bucket. */
enum publish_lock {
	PUBLISH_LOCK_AUTO,   /* by conditions, which are proved once */
	PUBLISH_LOCK_CAS,    /* the same, proved by this run in any case */
	PUBLISH_LOCK_OBJECT, /* by a lock object, see api/s3_lock.h */
};

/* What --if-exists, --lock and --index-format may say, NULL-terminated. */
extern const char *const publish_if_exists_words[];
extern const char *const publish_lock_words[];
extern const char *const publish_format_words[];

/* Which of them it was; NULL: the first. */
enum publish_if_exists publish_if_exists_of(const char *word);
enum publish_lock publish_lock_of(const char *word);
enum chartindex_format publish_format_of(const char *word);

/* Of the index, followed by what stands for the store's address. */
#define PUBLISH_PROOF "slipway/conditional-writes-"

/* What the index says of a version, as it was read before any write. */
enum publish_listed {
	PUBLISH_UNLISTED,
	PUBLISH_LISTED,	      /* with the digest of our package */
	PUBLISH_LISTED_OTHER, /* with another one, or none */
	PUBLISH_LISTED_KEPT,  /* the same, and that is to stay */
};

/* What lies where its archive goes. */
enum publish_place {
	PUBLISH_PLACE_UNKNOWN, /* nothing, or nobody has looked */
	PUBLISH_PLACE_OTHER,   /* what is to be overwritten */
	PUBLISH_PLACE_OURS,    /* what the index should have */
};

/* One chart and what became of it. */
struct publish_item {
	const struct chart *chart;
	struct str package;	      /* the .tgz */
	char digest[SHA256_HEX_SIZE]; /* of what lies in the repository */
	struct str address;	      /* s3://bucket/prefix/web-1.0.0.tgz */
	bool existed;		      /* nothing had to be written for it */
	bool replaced;		      /* it overwrote another archive */
	bool kept;		      /* other content was there, and stays */
	bool modified;		      /* its files are not the commit's */
	enum publish_listed listed;   /* private, as is this: */
	enum publish_place place;
	struct str provenance;		     /* the .prov; empty = not signed */
	char signed_digest[SHA256_HEX_SIZE]; /* which it speaks of */
};

/* The charts of one run, which enter the index together; owned. */
struct publish_batch {
	struct publish_item *items;
	size_t count;
};

struct publish {
	struct chartrepo *repo;
	enum publish_if_exists if_exists;
	enum publish_lock lock;
	enum chartindex_format format;
	const struct strvec *metadata; /* of the objects: "name: value" */
	const struct gpg *gpg;	       /* signs the packages; NULL = nobody */
	int64_t now;		       /* seconds since the epoch */
	struct deadline deadline;
	const struct reporter *reporter;
};

/* What a chart gets before it is packaged; NULL = nothing. */
struct publish_changes {
	const char *version;
	const char *app_version;
	const struct strvec *annotations; /* KEY=VALUE */
	const struct strvec *set;	  /* PATH=VALUE in values.yaml */
	const struct strvec *set_string;  /* PATH=TEXT */
	const char *source_date_epoch;	  /* seconds, as text */
	bool epoch_given; /* by option: for what is packaged already, too */
	const struct origin *origin; /* annotated; its commit's time counts */
	const struct reporter *reporter;
};

/*
 * Append to @paths the @named ones; none: the chart in chart/, the only one
 * in charts/, or the current folder.  Errors: USAGE (there is none).
 */
bool publish_choose(struct strvec *paths, const struct strvec *named,
		    struct err *err) MUST_CHECK;

/*
 * Load the charts @paths (folders or .tgz) into @arena, change them, check
 * them, package them and fill in the digests.  The annotations slipway/commit and
 * slipway/repository say where it comes from; nothing that differs between
 * two builds of one commit enters the package.  What was a .tgz keeps its own,
 * and its times unless changes->epoch_given.  Warns of links out of a chart,
 * and where a folder is not as the commit has it; see repo_compare().
 * Errors: INPUT (not a chart; see chart_load()), USAGE (a change that is not
 * of its form; two charts of the same name and version).
 */
bool publish_prepare(struct publish_batch *batch, const struct strvec *paths,
		     const struct publish_changes *changes, struct arena *arena,
		     struct err *err) MUST_CHECK;

/*
 * Sign what is packaged, before anything is written.
 * Errors: those of gpg_clearsign().
 */
bool publish_sign(struct publish_batch *batch, const struct gpg *gpg,
		  struct err *err) MUST_CHECK;

/*
 * Publish what is packaged: each archive, then its provenance, if there is
 * one, then the index.
 * Errors: INPUT (an index cannot have a chart of that name); CONFLICT (that
 * version is there with other content, or was replaced by another publisher
 * before we were done); TIMEOUT (the index could not be had in
 * PUBLISH_TRIES_MAX tries or before the deadline); REMOTE (the store does not
 * honour conditional writes, with a hint); those of the repository.
 */
bool publish_charts(const struct publish *publish, struct publish_batch *batch,
		    struct err *err) MUST_CHECK;

/*
 * Fill in what publish_charts() would, from what is there now; nothing is
 * written.  Errors: as publish_charts(), as far as reading tells.
 */
bool publish_foresee(const struct publish *publish, struct publish_batch *batch,
		     struct err *err) MUST_CHECK;

/* An entry of the index to be changed, if it still is what was found. */
struct publish_edit {
	const char *name;
	const char *version;
	const char *found;  /* its digest; NULL = there was no such entry */
	const char *digest; /* that it gets */
	const struct value *entry; /* that it becomes; NULL = it goes */
	const char *reason;	   /* for who reports of it */
	bool done;		   /* out: the index has it as it should be */
};

struct publish_edits {
	struct publish_edit *items;
	size_t count;
	size_t capacity;
};

/*
 * Carry out @edits in one compare-and-swap, guarded as publish_charts() is.
 * No version of a chart has more than one.  Where an entry is not what was
 * found any more, it stays, and done is false.
 * Errors: INPUT (the index does not parse); those of publish_charts() but
 * CONFLICT.
 */
bool publish_edit_index(const struct publish *publish,
			struct publish_edits *edits, struct err *err)
	MUST_CHECK;

/*
 * Write the packages, and what signs them, into the folder @dir, which is made
 * if need be; @dry_run: only fill in where they would be.
 */
bool publish_save(struct publish_batch *batch, const char *dir, bool dry_run,
		  struct err *err) MUST_CHECK;

/*
 * {charts} in @arena, as result and release record have it, each with
 * @repository unless that is NULL; and @text gets a line for each.
 */
struct value *publish_tell(const struct publish_batch *batch,
			   const char *repository, struct arena *arena,
			   struct str *text);

void publish_batch_release(struct publish_batch *batch);

#endif
