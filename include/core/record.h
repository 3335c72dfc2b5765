/*
 * The release record: what travels between the steps of one release.
 *
 * A folder of JSON fragments.  Each run of a step puts one in (written
 * aside, fsynced, renamed); a later step reads them all, merged in the order
 * of their names, which begin with the time.  No lock: parallel stages add
 * fragments, copying folders together merges them.  A missing folder is an
 * empty record.
 *
 * Pure part: merging, looking up, building a fragment.  Reading and writing
 * files is core's one exception, kept in record_read() and record_write().
 *
 * Schema: pipeline-examples/release-record.schema.json; version
 * RECORD_SCHEMA_VERSION; unknown keys are kept, newer versions are read for
 * what is known.  Keys used by steps:
 *   schemaVersion, applications[], repository{name,url,branch,commit},
 *   build{url}, charts[]{name,version,digest,url,repository},
 *   umbrella{name,version,outputDir,dependencies[]},
 *   environment{stack,namespace,release,revision,urls[],started,ready,expires,expiryDate,
 *   expiresAt,applications[]{name,old,new},rolledBackTo,findings[]}, cluster{uid,name}, tickets[],
 *   changelog{applications[],tickets[]} (see core/changelogtext.h),
 *   jira{url,versions[]}, marks[]{id,url,start,end},
 *   steps[]{name,version,started,seconds,outcome,error}
 *
 * Merging: maps member by member; anything else, lists too, is replaced by
 * the later one.  But
 *   - applications, charts, steps and changelog.applications are joined by
 *     "name", jira.versions and marks by "id", changelog.tickets by "key",
 *     tickets by their text: the later item takes the place of the earlier
 *     one;
 *   - an environment of another namespace replaces the earlier one whole:
 *     addresses and expiry of one must not be taken for the other's.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"

struct err;
struct str;
struct value;

#define RECORD_SCHEMA_VERSION	 1
#define RECORD_FRAGMENTS_MAX	 1000
#define RECORD_FRAGMENT_SIZE_MAX ((size_t)8 << 20)

struct record {
	struct arena arena;
	char *dir;		      /* owned; NULL = no record is kept */
	const struct value *merged;   /* a map; NULL before record_read() */
	const struct value *fragment; /* what this run adds; NULL = nothing */
};

/*
 * Read all fragments of @dir (NULL: an empty record that is not written),
 * which are its files *.json.
 * Errors: INPUT (a fragment that is no JSON object, with place; too many,
 * too big; @dir is no folder).
 */
bool record_read(struct record *record, const char *dir, struct err *err)
	MUST_CHECK;

/*
 * What earlier steps left at @path ("environment.namespace"), or NULL; a
 * null is NULL too.
 */
const struct value *record_find(const struct record *record, const char *path);
const char *record_text(const struct record *record, const char *path);

/*
 * Add to this run's fragment, in place of what it has at @path; maps on the
 * way are made; a copy is kept.
 */
void record_set(struct record *record, const char *path,
		const struct value *value);
void record_set_text(struct record *record, const char *path, const char *text);

/*
 * @over merged into @base by the rules above.  Pure.  The result shares
 * parts with both.
 */
const struct value *record_merge(const struct value *base,
				 const struct value *over, struct arena *arena);

/*
 * Write this run's fragment as <time>-<step>-<random>.json, the time being
 * @ended to the millisecond; nothing to do without a folder, which is made.
 * @started and @ended in ms since the epoch; @outcome "done" or "failed",
 * then with @error.  Secrets that the log masks are masked.  Errors: IO.
 */
bool record_write(struct record *record, const char *step, int64_t started,
		  int64_t ended, const char *outcome, const char *error,
		  struct err *err) MUST_CHECK;

void record_release(struct record *record);

#endif
