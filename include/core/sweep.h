/*
 * Which environments have come to their end: the judgement of expire-sweep.
 * Pure; in doubt everything is kept.
 *
 * An environment is a Helm release that a deployment of ours marked,
 * together with its namespace; or a marked namespace in which no release is
 * left.  A release is judged by its highest revision, whatever its status,
 * so that one whose every deployment failed expires too.  It is ours if a
 * revision of it is marked, or if the marks of its namespace name it; all
 * other releases are nobody's business here.
 *
 * A branch that its repository has not is gone only where a deployment saw it
 * there: it may have been named by hand, or never pushed.
 *
 * A namespace that we made and that was deleted more than SWEEP_LEAVE_S ago is
 * stuck, whoever deleted it: somebody has to look.  So is what a sweep deleted
 * in a namespace that stays, while a finalizer holds it.
 *
 * What a Helm that nobody of us started may be at work on stays as well: its
 * newest revision is pending, and younger than SWEEP_HELM_S.
 *
 * What is needed beyond the lists to judge an item (the values of a release
 * that bears no expiry, whether a branch is still there, or merged, what holds
 * a namespace) stands in item->question; whoever decides answers that in the
 * world, and decides again, as one answer may lead to the next question:
 *
 *	sweep_decide(&plan, &world, &rules);
 *	while (plan.questions) {
 *		... answer each item's question in world ...
 *		sweep_plan_release(&plan);
 *		sweep_decide(&plan, &world, &rules);
 *	}
 */
#ifndef CORE_SWEEP_H
#define CORE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/expiry.h"

struct err;
struct value;

#define SWEEP_MARK_VERSION "v1"	    /* of the label slipway/managed */
#define SWEEP_LEAVE_S	   (5 * 60) /* for a deleted namespace to be gone */
/* For somebody's Helm to be done, as long as a deployment waits for it. */
#define SWEEP_HELM_S (15 * 60)

/* What the values of a revision tell. */
struct sweep_values {
	struct expiry_told told;
	const char *trouble; /* why they tell nothing reliable, or NULL */
};

/* Who left a revision pending? */
enum sweep_helm {
	SWEEP_HELM_UNASKED,
	SWEEP_HELM_OURS, /* held by its Lease if alive; or it is not pending */
	SWEEP_HELM_FOREIGN,
};

/* One revision of a release; strings are borrowed, NULL = absent. */
struct sweep_release {
	const char *namespace;
	const char *name;
	int64_t revision;
	const char *uid; /* of the Secret that holds it */
	const char *resource_version;
	const char *managed;		   /* label slipway/managed */
	const char *expires_at;		   /* label slipway/expires-at */
	const struct sweep_values *values; /* answers SWEEP_ASK_VALUES */
	const char *status;		   /* label status, of Helm's */
	int64_t created;      /* seconds since the epoch, 0 = unknown */
	enum sweep_helm helm; /* answers SWEEP_ASK_HELM */
};

enum sweep_branch {
	SWEEP_BRANCH_UNASKED,
	SWEEP_BRANCH_THERE,
	SWEEP_BRANCH_GONE,
	SWEEP_BRANCH_UNKNOWN, /* no answer that can be relied on */
};

/*
 * Are the tip of a branch and the commit that was deployed of it both in the
 * history of the branch that did not hold that commit then?
 */
enum sweep_merge {
	SWEEP_MERGE_UNASKED,
	SWEEP_MERGE_DONE,
	SWEEP_MERGE_OPEN, /* no; or not known */
};

struct sweep_namespace {
	const char *name;
	const char *uid;
	const char *resource_version;
	const char *managed;
	const char *expires_at;
	const char *release; /* annotation: the Helm release in it */
	const char *created; /* annotation: when we made it */
	bool main;	     /* annotation slipway/main */
	bool terminating;
	int64_t terminating_since; /* seconds since the epoch, 0 = unknown */
	const char *held;	/* the answer to SWEEP_ASK_HELD; "": nothing */
	const char *owner;	/* annotation: the run that works on it */
	const char *repository; /* annotations: raw, whose it is */
	const char *branch;
	const char *git_url;
	bool branch_seen;     /* annotation: a deployment saw it there */
	const char *commit;   /* annotations: of the branch, deployed last; */
	const char *ahead_of; /* which branch did not hold it then */
	enum sweep_branch branch_state; /* the answer to SWEEP_ASK_BRANCH */
	enum sweep_merge merge_state;	/* the answer to SWEEP_ASK_MERGE */
	const char *tip, *ahead_of_tip; /* hashes, where it is DONE */
};

/* What was found in the cluster. */
struct sweep_world {
	struct sweep_release *releases;
	size_t release_count;
	size_t release_capacity;
	struct sweep_namespace *namespaces;
	size_t namespace_count;
	size_t namespace_capacity;
	int64_t now;   /* the server's clock, seconds since the epoch */
	bool unmarked; /* the namespace asked for is there, without marks */
};

/* Make room in @world, whose arrays it owns, and add. */
void sweep_add_release(struct sweep_world *world,
		       const struct sweep_release *release);
void sweep_add_namespace(struct sweep_world *world,
			 const struct sweep_namespace *namespace);

void sweep_world_release(struct sweep_world *world);

struct sweep_rules {
	const char *environment; /* judge this namespace only */
	bool immediately;	 /* --now: whatever its expiry says, */
	bool keep_lasting;  /* but not if it never ends, or nobody knows when */
	bool gone_branches; /* --gone-branches: those too */
	int64_t grace_s;
	int64_t warn_before_s;
	const struct strvec *namespaces; /* globs; none = all */
	const struct strvec *protect;	 /* globs */
	int64_t max_deletes;		 /* -1 = any */
	int64_t max_percent;		 /* of those judged; 100 = any */
};

enum sweep_question {
	SWEEP_ASK_NOTHING,
	SWEEP_ASK_VALUES, /* of item->judged: what do they tell? */
	SWEEP_ASK_BRANCH, /* of item->home: is it still there? */
	SWEEP_ASK_MERGE,  /* of item->home: is it in that which it led? */
	/* Of item->home: why is it, or what was in it, not gone yet? */
	SWEEP_ASK_HELD,
	SWEEP_ASK_HELM, /* of item->judged: whose is it? */
};

/* One environment and what becomes of it. */
struct sweep_item {
	const char *namespace;
	const char *release; /* NULL: the namespace alone is left */
	const struct sweep_release *judged; /* its highest revision, or NULL */
	/* All its revisions, the highest first. */
	const struct sweep_release *const *revisions;
	size_t revision_count;
	const struct sweep_namespace *home; /* NULL: not marked */
	struct expiry expiry;
	bool remove;
	bool soon;     /* expires within warn_before_s */
	bool doubtful; /* kept because nobody knows when it ends */
	bool busy;     /* kept because somebody's Helm may be at work on it */
	bool over;     /* nothing is left to do for it */
	bool stuck;    /* it, or what was in it, was deleted, and is there */
	enum sweep_question question;
	const char *reason; /* for people, why it is kept or removed */
};

struct sweep_plan {
	struct arena arena;
	const struct sweep_release **revisions; /* owned; of all releases */
	struct sweep_item *items; /* owned; by namespace, then release */
	size_t count;
	size_t capacity;
	size_t removals;
	size_t questions;
	bool unmarked; /* what was asked for by name is not ours at all */
};

/*
 * Are @rules what somebody can have meant?  Errors: USAGE (a pattern that
 * matches nothing, immediately without an environment).
 */
bool sweep_check_rules(const struct sweep_rules *rules, struct err *err)
	MUST_CHECK;

/*
 * Judge @world, which must outlive @plan.  An environment asked for by name
 * that does not exist is an empty plan.
 */
void sweep_decide(struct sweep_plan *plan, const struct sweep_world *world,
		  const struct sweep_rules *rules);

/*
 * May @plan be carried out?  Errors: CONFLICT (the fuse: more removals than
 * the rules allow; or the environment asked for by name must be kept, or
 * is none); REMOTE, temporary (that one is busy).
 */
bool sweep_check(const struct sweep_plan *plan, const struct sweep_rules *rules,
		 struct err *err) MUST_CHECK;

/*
 * Tell whether @found, the revisions of one release as they are now, still
 * has @judged as its highest, unchanged.
 */
bool sweep_is_unchanged(const struct sweep_release *judged,
			const struct sweep_release *found, size_t count);

/*
 * Tell whether @found, a revision that is still there after Helm uninstalled
 * the release of @item, was there before: Helm forgets only those that it can
 * read.
 */
bool sweep_is_leftover(const struct sweep_item *item,
		       const struct sweep_release *found);

void sweep_plan_release(struct sweep_plan *plan);

#endif
