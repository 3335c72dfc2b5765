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
struct repo_commit;
struct value;

struct changelog_gathering {
	const struct changelog_args *args;
	struct arena *arena;
	struct origin origin; /* of the first clone, or of this build */
	struct strvec projects;
	struct appchanges changes;
	struct map sources; /* chart repositories, by address */
	struct changelog_clone *clones;
	size_t clone_count;
	struct map forges;   /* by the address of their pages */
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

/* Where commits go that a clone or a forge gives. */
struct changelog_taking {
	struct changelog *log;
	enum changelog_side side;
	const struct strvec *projects;
	const char *old; /* is it seen to be an ancestor? */
	bool saw_old;
};

bool changelog_take(void *context, const struct repo_commit *commit,
		    struct err *err) MUST_CHECK;

/* What @version of the application may be tagged as, the most exact first. */
void changelog_add_tags(const struct changelog_gathering *gathering,
			const struct appchange *change, const char *version,
			struct strvec *names);

/* Where the code of an application is; texts in the arena. */
struct changelog_place {
	enum forge_kind kind;
	const char *base; /* address of the forge's pages */
	const char *path; /* "group/web" there */
	const char *web;  /* page of the repository */
	bool is_own;	  /* the forge that the token is for */
	bool is_asked;	  /* that one, or one that everybody may ask */
};

/* @source is "host/group/web". */
void changelog_find_place(const struct changelog_gathering *gathering,
			  const char *source, struct changelog_place *place);

/* The source of @change, by its charts or by that of this checkout. */
const char *changelog_source_of(const struct changelog_gathering *gathering,
				const struct appchange *change);

/*
 * changelog_read_commits() from the forge of the application; @old_hash and
 * @new_hash where they are known already, else NULL.
 */
bool changelog_ask_forge(struct changelog_gathering *gathering,
			 const struct appchange *change, const char *old_hash,
			 const char *new_hash, struct changelog *log,
			 struct changelog_facts *facts, struct err *err)
	MUST_CHECK;

/* The projects whose tickets count: named, else asked from Jira. */
bool changelog_find_projects(struct changelog_gathering *gathering,
			     struct err *err) MUST_CHECK;

/* A list of {key, title, url}; @keys without a title where Jira has none. */
bool changelog_tell_tickets(struct changelog_gathering *gathering,
			    const struct strvec *keys, struct value **tickets,
			    struct err *err) MUST_CHECK;

void changelog_release_forges(struct changelog_gathering *gathering);

#endif
