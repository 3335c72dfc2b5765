/*
 * What went into a release of one application: commits become changes.
 * Pure.
 *
 *	CLEANUP(changelog_release) struct changelog log = {0};
 *
 *	changelog_add(&log, CHANGELOG_ADDED, &commit, &projects);  for each
 *	changelog_fold(&log);
 *	for (size_t i = 0; i < log.added.change_count; i++)
 *		use(&log.added.changes[i]);
 *
 * Two sides: what the new version has and the old one had not (ADDED), and
 * what the old one had and the new one has not (REMOVED), as after a
 * downgrade, or from one release branch to another.
 *
 * Folding: a merge that names a pull request becomes one change with all the
 * commits that it brought; other merges vanish, and what they brought stays.
 * A commit that another one takes back vanishes together with that, in any
 * depth: what a reverted revert took back is there again.  A commit that
 * the other side has a copy of (cherry-pick -x) is on neither.
 */
#ifndef CORE_CHANGELOG_H
#define CORE_CHANGELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/mem.h"
#include "core/commitmsg.h"

struct strvec;

/* A commit as a clone or a forge tells it; borrowed. */
struct changelog_source {
	const char *hash; /* lower-case hex */
	const char *message;
	size_t message_len;
	const char *author;
	int64_t time_s;
	const char *const *parents; /* hashes */
	size_t parent_count;
};

enum changelog_side {
	CHANGELOG_ADDED,
	CHANGELOG_REMOVED,
};

/* All in the arena; so in the structs below. */
struct changelog_commit {
	const char *hash;
	const char *author;
	int64_t time_s;
	struct commitmsg message;
	const char *const *parents;
	size_t parent_count;
	const char *const *tickets;
	size_t ticket_count;
	/* What folding found out; indexes of the same side, or SIZE_MAX. */
	size_t owner; /* the merge that brought it */
	bool on_chain;
	bool gone; /* taken back, or on the other side too */
};

struct changelog_change {
	const struct changelog_commit *commit; /* that tells it: the last */
	size_t commit_count;		       /* live ones, merges not */
	struct commitmsg_list tickets;
	struct commitmsg_list authors;
};

struct changelog_half {
	struct changelog_commit *commits;
	size_t commit_count, commit_capacity;
	struct changelog_change *changes; /* newest first */
	size_t change_count;
	struct map by_hash; /* from hash to its commit */
};

/* All-zero = no commits. */
struct changelog {
	struct arena arena;
	struct changelog_half added, removed;
	/* Of the changes on the side ADDED, in order of appearance. */
	struct commitmsg_list tickets;
	struct commitmsg_list authors;
};

/*
 * Add a copy of @source.  Commits come newest first: a commit before its
 * parents.  A hash that the side has already is left out.  @projects as for
 * tickets_find().
 */
void changelog_add(struct changelog *log, enum changelog_side side,
		   const struct changelog_source *source,
		   const struct strvec *projects);

/* Make the changes of both sides, once. */
void changelog_fold(struct changelog *log);

void changelog_release(struct changelog *log);

#endif
