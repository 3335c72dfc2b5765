/*
 * What the parts of flow/changelog share: one changelog being gathered.
 */
#ifndef COMMON_FLOW_CHANGELOG_PARTS_H
#define COMMON_FLOW_CHANGELOG_PARTS_H

#include "base/map.h"
#include "base/strvec.h"
#include "core/appchange.h"
#include "core/changelog.h"
#include "flow/changelog.h"
#include "flow/origin.h"

struct changelog_clone;

struct changelog_gathering {
	const struct changelog_args *args;
	struct arena *arena;
	struct origin origin; /* of the first clone, or of this build */
	struct strvec projects;
	struct appchanges changes;
	struct map sources; /* chart repositories, by address */
	struct changelog_clone *clones;
	size_t clone_count;
	size_t changes_left; /* that may still be told one by one */
};

/* Fill in the changes of two charts, or of the record. */
bool changelog_find_changes(struct changelog_gathering *gathering,
			    struct err *err) MUST_CHECK;

/* Fill in the change of a range. */
bool changelog_find_range(struct changelog_gathering *gathering,
			  struct err *err) MUST_CHECK;

void changelog_release_charts(struct changelog_gathering *gathering);

bool changelog_open_clones(struct changelog_gathering *gathering,
			   struct err *err) MUST_CHECK;

/*
 * Read the commits of both sides of @change and fold them; facts->source
 * stays NULL where nobody has them.
 */
bool changelog_read_commits(struct changelog_gathering *gathering,
			    const struct appchange *change,
			    struct changelog *log,
			    struct changelog_facts *facts, struct err *err)
	MUST_CHECK;

void changelog_release_clones(struct changelog_gathering *gathering);

#endif
