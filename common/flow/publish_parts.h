/*
 * What the parts of flow/publish share:
 *
 *	publish.c	   the order of events
 *	publish_modified.c what is not as it was committed
 *	publish_guard.c	   how writers are kept apart
 *	publish_judge.c	   what the index says of a version
 *	publish_archives.c putting archives there
 *	publish_index.c	   one try to enter the index
 *	publish_help.c	   entering it for each other
 *	publish_edit.c	   changing what is in it
 *	publish_sign.c	   what is signed
 */
#ifndef FLOW_PUBLISH_PARTS_H
#define FLOW_PUBLISH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/chartrepo.h"
#include "api/s3_lock.h"
#include "base/attr.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "flow/publish.h"

struct value;

struct publish_run {
	const struct publish *publish;
	struct publish_batch *batch;
	struct s3 *bucket;	      /* NULL: not in one */
	struct chartrepo_index index; /* as last read */
	struct chartindex parsed;     /* that, once it was opened */
	bool index_read;	      /* and not used up by a try yet */
	/*
	 * The archives were put, or looked at, after that: so whoever has
	 * replaced one since has still to write the index, or has changed it
	 * since it was read.
	 */
	bool archives_later;
	bool resumed; /* an archive was there, its entry was not */
	/*
	 * The annotation of the index that says of a store that it was
	 * proved, where that was done in this run; NULL = not.
	 */
	char *proof;
	struct s3_lock lock; /* instead of conditions, if it is taken */
	struct str now;	     /* RFC 3339 */
	size_t place;	 /* of our first entry in the index, as we wrote it */
	int64_t read_ms; /* that the index took to be read last */
	int64_t swap_ms; /* and to be written */
};

/* An entry of the index, made from an archive that is there. */
struct publish_entry {
	const char *name;
	const char *version;
	const char *digest;
	struct value *value;
};

struct publish_entries {
	struct publish_entry *items;
	size_t count;
	size_t capacity;
};

/* --- publish_guard.c ------------------------------------------------------- */

/*
 * See to it, before anything is written, that writers cannot overwrite each
 * other: the store's conditions are proved, or the lock is taken.
 * Errors: REMOTE (the store does not honour conditions), USAGE.
 */
bool publish_guard(struct publish_run *run, struct err *err) MUST_CHECK;

/* Does @index say of the store that it was proved to honour conditions? */
bool publish_is_proved(const struct s3 *bucket, const struct chartindex *index,
		       bool *proved, struct err *err) MUST_CHECK;

/* Before each write: is the lock, if there is one, still ours? */
bool publish_keep_lock(struct publish_run *run, struct err *err) MUST_CHECK;

/*
 * After it: the lock outlives us where a write without a condition failed so
 * that it may still take effect, and overwrite what another one writes.
 */
void publish_settle(struct publish_run *run, bool done, const struct err *err);

/* --- publish_judge.c ------------------------------------------------------- */

/* The hint of a conflict with what was published by the rules. */
bool publish_hint_conflict(const struct publish *publish, struct err *err);

/*
 * Where the index is ours to write: can it have these charts?
 * Errors: INPUT; see chartindex_is_name().
 */
bool publish_check_names(const struct publish_batch *batch,
			 const struct chartrepo *repo, struct err *err)
	MUST_CHECK;

/*
 * Before anything is written: fill in what the index says of each chart of
 * the batch.
 * Errors: CONFLICT (it has that version, and it is not to be changed).
 */
bool publish_judge(struct publish_run *run, struct err *err) MUST_CHECK;

/*
 * Afterwards, where the index was read again: does it have another archive of
 * @item by now?  Then that one is not overwritten unless ours lies there
 * still.
 * Errors: CONFLICT.
 */
bool publish_judge_again(struct publish_run *run,
			 const struct publish_item *item,
			 const struct chartindex_entry *entry, struct err *err)
	MUST_CHECK;

/* That for all of the batch, by the index as it was read last. */
bool publish_judge_all_again(struct publish_run *run, struct err *err)
	MUST_CHECK;

/* --- publish_archives.c ---------------------------------------------------- */

/*
 * Look what lies where the archives go, and judge it.  Of several charts,
 * none is written before all were found to be free; of one, the write itself
 * tells, unless it is to be foreseen.
 * Errors: CONFLICT (something else is there).
 */
bool publish_look(const struct publish *publish, struct publish_batch *batch,
		  bool foresee, struct err *err) MUST_CHECK;

/* Put the archives there, or find that the same ones are. */
bool publish_put_archives(struct publish_run *run, struct err *err) MUST_CHECK;

/* Does ours lie there still?  Errors: CONFLICT (it was replaced). */
bool publish_check_archive(const struct publish_run *run,
			   const struct publish_item *item, struct err *err)
	MUST_CHECK;

/*
 * Of those that replaced others: does ours lie there still, now that the
 * index says so?  Where another publisher has replaced it meanwhile, the
 * index gets the entry of that one, in case that he was killed.
 * Errors: CONFLICT (it was replaced).
 */
bool publish_check_replaced(const struct publish_run *run, struct err *err)
	MUST_CHECK;

/* --- publish_index.c ------------------------------------------------------- */

bool publish_read_index(struct publish_run *run, struct err *err) MUST_CHECK;

/* Open @text, the index of @repo, for who is going to change it. */
bool publish_parse_index(struct chartindex *index, const struct chartrepo *repo,
			 const struct chartrepo_index *text, struct err *err)
	MUST_CHECK;

/* The index, read and opened if need be; good until it is read again. */
bool publish_open_index(struct publish_run *run, struct chartindex **index,
			struct err *err) MUST_CHECK;

/*
 * chartindex_new_entry() of a chart whose archive lies there under the name
 * that it demands.
 */
struct value *publish_new_entry(const struct publish *publish,
				const struct chart *chart, const char *digest,
				const char *created, struct arena *arena);

enum publish_swap {
	PUBLISH_DONE,
	PUBLISH_LOST, /* the index is another one by now */
	PUBLISH_FAILED,
};

/*
 * Add to the index what it lacks of the batch and of @guests (NULL = none),
 * and write it if it has not changed since.  A write whose answer was lost is
 * looked up.
 */
enum publish_swap publish_try_swap(struct publish_run *run,
				   const struct publish_entries *guests,
				   struct err *err) MUST_CHECK;

/*
 * Make @change, of which what all have alike is filled in here, and write the
 * index if it has not changed since it was read.  *@unclear: that was not told
 * for sure, as an answer was lost.
 */
enum publish_swap publish_write_index(struct publish_run *run,
				      struct chartindex *index,
				      struct chartindex_change *change,
				      bool *unclear, struct err *err)
	MUST_CHECK;

/*
 * Call @each for every chart of the batch with what the index has of that
 * version, NULL = nothing.  It gives false, with err set, to end that.
 */
bool publish_each_entry(struct publish_run *run,
			bool (*each)(struct publish_run *run,
				     struct publish_item *item,
				     const struct chartindex_entry *entry,
				     struct err *err),
			struct err *err) MUST_CHECK;

/* Of the batch, only what the index has exactly so is there already. */
bool publish_note_entered(struct publish_run *run, struct err *err) MUST_CHECK;

/* Read the index: does it have all of the batch? */
bool publish_is_entered(struct publish_run *run, bool *entered, struct err *err)
	MUST_CHECK;

/*
 * The same, at the price of a small part of the index if all is well: where
 * our entries stood in our own try, or near to it, their digests stand.
 */
bool publish_glimpse(struct publish_run *run, bool *entered, struct err *err)
	MUST_CHECK;

/* --- publish_help.c -------------------------------------------------------- */

/*
 * The race for the index is lost: leave a waiting entry, enter all that wait
 * when it is our turn, or see that another one has entered ours.
 * *@denied: a right is missing for that, not for the index.
 */
bool publish_help(struct publish_run *run, bool *denied, struct err *err)
	MUST_CHECK;

/*
 * Enter what others left who were killed, as we have come upon traces of
 * such a run.  That it fails is no failure of ours.
 */
void publish_tidy(struct publish_run *run);

/* --- publish_sign.c -------------------------------------------------------- */

/*
 * Before the archive is replaced: remove a .prov that is not of the new one,
 * so that at no moment one lies beside an archive that it does not sign.
 * Errors: DENIED, unless ours is going to overwrite it.
 */
bool publish_drop_provenance(const struct publish *publish,
			     const struct publish_item *item, struct err *err)
	MUST_CHECK;

/*
 * Put a .prov beside the archive that is there; signed anew if that archive
 * is not ours but the same chart.  One that is there with it stays, unless
 * it is of another archive.
 */
bool publish_put_provenance(const struct publish *publish,
			    struct publish_item *item, struct err *err)
	MUST_CHECK;

/* --- publish.c ------------------------------------------------------------- */

/* Has the run ended, by signal or deadline?  Then @err is set. */
bool publish_out_of_time(const struct publish_run *run, struct err *err)
	MUST_CHECK;
bool publish_give_up(const struct publish_run *run, struct err *err);

/* @try, until it is not lost, with pauses between. */
bool publish_keep_trying(struct publish_run *run,
			 enum publish_swap (*try)(struct publish_run *run,
						  void *context,
						  struct err *err),
			 void *context, struct err *err) MUST_CHECK;

void publish_run_release(struct publish_run *run);

/* --- publish_modified.c ---------------------------------------------------- */

/*
 * Note which charts are not as the commit of @origin has them, and warn of it
 * once.  Where that cannot be told, it is a debug line.
 */
void publish_look_modified(struct publish_batch *batch,
			   const struct origin *origin,
			   const struct reporter *reporter);

#endif
