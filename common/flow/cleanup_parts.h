/*
 * What the files of flow/cleanup share:
 *
 *	cleanup.c	    the order of events, and Helm
 *	cleanup_namespace.c the namespaces, which go after their releases
 *	cleanup_hold.c	    that nobody deploys there meanwhile
 *	cleanup_look.c	    what is there now
 *	cleanup_tell.c	    the report
 *	cleanup_metrics.c   the same in numbers
 */
#ifndef COMMON_FLOW_CLEANUP_PARTS_H
#define COMMON_FLOW_CLEANUP_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/helm.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/manifest.h"
#include "flow/cleanup.h"
#include "flow/removal.h"
#include "net/http.h"

struct hold;
struct sweep;

/* One environment on its way out. */
struct task {
	struct sweep *sweep;
	const struct sweep_item *item;
	struct cleanup_outcome *outcome;
	struct hold *hold; /* of its namespace */
	struct helm_call call;
	struct err failure;	  /* of its run, or why there was none */
	struct manifest manifest; /* what Helm will delete */
	bool changed;		  /* or worked on: it must survive */
	bool gone;		  /* nothing is left for Helm to do */
	bool uninstalled;
	bool at_work;	     /* its Helm, which was not told to end */
	bool settling;	     /* what its objects owned is being collected */
	bool waited;	     /* for that, with patience from the first time */
	const char *leaving; /* uid of the namespace on its way out, or NULL */
	struct deadline patience; /* for it to be gone */
	int64_t started;	  /* monotonic, ms */
	int64_t look_at;	  /* when to look for what its Helm waits for */
	struct task *next_ended;
};

struct sweep {
	const struct cleanup *cleanup;
	struct cleanup_result *result;
	struct task *tasks;
	struct hold *holds; /* one for each namespace of theirs, or fewer */
	size_t count;
	size_t releases; /* of them have one */
	size_t next;	 /* the next task to start */
	/* Whose Helm has ended, or was not to start; to be concluded. */
	struct task *ended;
	struct task **ended_end;
	size_t waiting; /* how many they are */
	size_t done;
	int64_t pass_at; /* when all that is held is looked at again */
	int64_t look_at; /* before that no task does */
	const struct task *current; /* whom a request is made for, or NULL */
	struct removal removal;
	struct http_vigil vigil;
};

/* What became of it; @reason is copied. */
void task_settle(struct task *task, enum cleanup_state state,
		 const char *reason);

/* It failed for finalizers that hold something, as @reason says. */
void task_settle_held(struct task *task, const char *reason);

/* It failed for @err, which is copied. */
void task_fail(struct task *task, const struct err *err);

/*
 * Nobody may deploy to it from here on.  *@busy: somebody does just now; the
 * reason, for people, in the result's arena.  Errors: those of hold_enter().
 */
bool task_enter(struct task *task, const char **busy, struct err *err)
	MUST_CHECK;

/* Its release is there though Helm ended well.  Errors: CHILD, always. */
bool task_refuse_to_believe(const struct task *task, struct err *err);

/*
 * Why it was clear before any look that the namespace stays, in the result's
 * arena; NULL: it was not.
 */
const char *task_staying(const struct task *task);

/*
 * Delete its namespace if that is ours and empty of others' things, as a look
 * finds it now; settles it, or leaves it to task_look_if_gone() or, where it is
 * settling, to another call a little later.
 */
void task_delete_namespace(struct task *task);

/* One look at its namespace, which is on its way out: is it gone by now? */
void task_look_if_gone(struct task *task);

#endif
