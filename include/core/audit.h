/*
 * Is what the index of a repository says true of its archives?
 *
 * An entry claims that under its address lies the chart of that name and
 * version, whose Chart.yaml says the same as the entry, and that the bytes
 * have its digest.  Here one entry is judged by one archive, an archive
 * without an entry gets the entry that it should have, and it is decided
 * which versions of a chart are too many.
 *
 * A digest is what readers trust, so an entry is never made to fit bytes of
 * another digest: only what the archive of the right digest says of itself
 * is put right.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/hash.h"

struct arena;
struct chartindex_entries;
struct chartindex_entry;
struct err;
struct map;
struct str;
struct value;

/* What the index says; borrowed. */
struct audit_claim {
	const char *name;
	const char *version;
	const char *digest;	   /* "" = none */
	const struct value *entry; /* the whole of it */
};

struct audit_verdict {
	const char *reason;	      /* why it is not true; NULL = it is */
	char digest[SHA256_HEX_SIZE]; /* of the archive */
	/*
	 * What the entry should be, where that is known: its metadata made
	 * anew, the rest of it as it is.  NULL = it cannot be repaired.
	 */
	const struct value *entry;
};

/*
 * Judge @claim by the archive.  The verdict lives in @arena.
 * Errors: IO (libcrypto).
 */
bool audit_judge(const struct audit_claim *claim, const struct str *archive,
		 struct arena *arena, struct audit_verdict *verdict,
		 struct err *err) MUST_CHECK;

/*
 * Nobody is at work for so long: what a run has left for itself, or notes of
 * what it is about to do, means nothing when it is older.
 */
#define AUDIT_WORK_S (24 * 3600)

/*
 * A publisher puts his archive there before he enters it, and that takes him
 * less: an archive without an entry that is younger may be his.
 */
#define AUDIT_YOUNG_S (10 * 60)

/* Is that so of one of that age?  Clocks may differ by as much. */
bool audit_is_young(int64_t age_s);

/* An archive without an entry. */
struct audit_orphan {
	const char *name; /* "" where it is not known */
	const char *version;
	const char *reason; /* why it cannot be entered; NULL = it can */
	char digest[SHA256_HEX_SIZE];
	const struct value *entry; /* that it should have; NULL = none */
};

/*
 * What to make of the archive that is called @object.  Only one that is
 * called as its chart demands can be entered, as any other may be a copy, and
 * only if chartindex_is_name() of its chart.
 * @url and @created are for its entry.  Errors: IO (libcrypto).
 */
bool audit_judge_orphan(const char *object, const char *url,
			const struct str *archive, const char *created,
			struct arena *arena, struct audit_orphan *orphan,
			struct err *err) MUST_CHECK;

/*
 * What stands for a verified pair of entry and object, where @state is what
 * the store calls the state of that object (its ETag, say): as long as
 * neither changes, it need not be read again.
 */
#define AUDIT_MARK_SIZE 33 /* with NUL */

bool audit_mark(const struct audit_claim *claim, const char *object,
		const char *state, int64_t size, char mark[AUDIT_MARK_SIZE],
		struct err *err) MUST_CHECK;

/* The marks of a text of lines, as keys of @marks; other lines are left out. */
void audit_read_marks(struct map *marks, const char *text, size_t len);

/* The versions that stand more than once among @entries, as keys. */
void audit_find_ambiguous(struct map *ambiguous,
			  const struct chartindex_entries *entries);

/*
 * @sorted gets @entries in @arena, the newest first: by version, and where
 * only the metadata of a build tells two apart (1.0.0+17), by the time of
 * "created", to the second; then what stands later, as later ones are entered
 * behind.
 */
void audit_sort_by_age(struct chartindex_entries *sorted,
		       const struct chartindex_entries *entries,
		       const struct map *ambiguous, struct arena *arena);

/*
 * What is in use and must stay, of the text of the file @path: lines
 * "name-version", with or without ".tgz", "name@version", or the digest of an
 * archive, with or without "sha256:"; # starts a comment, blank lines are
 * nothing, a BOM is skipped.  Keys of @used.  Errors: INPUT (another line,
 * with its number; nothing at all: a list that failed to be made must not
 * delete).
 */
bool audit_read_used(struct map *used, const char *text, size_t len,
		     const char *path, struct err *err) MUST_CHECK;

/*
 * Is number @i of the versions of chart @name one too many?  @entries are
 * sorted by age, of which the first @keep releases and the first @keep
 * pre-releases stay, as does what is in use.
 * What is no version, or is ambiguous, has no place in that order and stays
 * too.
 */
bool audit_is_too_many(const char *name,
		       const struct chartindex_entries *entries, size_t i,
		       int64_t keep, const struct map *used,
		       const struct map *ambiguous);

#endif
