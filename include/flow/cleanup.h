/*
 * Delete the environments that a plan of core/sweep removes, and nothing
 * else.
 *
 * Each is held by its Lease, as a deployment would (flow/envlock), and looked
 * at again just before: an environment that was redeployed, renewed or taken
 * over since it was judged survives, as does one that a run works on.  Helm uninstalls (so
 * that hooks run), several at once; then the namespace goes if we made it
 * and nothing of others is in it.  One failure never stops the rest; two
 * sweeps at once are harmless; a killed one is completed by the next.
 */
#ifndef FLOW_CLEANUP_H
#define FLOW_CLEANUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"

struct err;
struct helm;
struct kube;
struct reporter;
struct str;
struct sweep_item;
struct sweep_plan;
struct sweep_world;
struct value;

#define CLEANUP_POLL_MS	  500 /* between two looks at vanishing namespaces */
#define CLEANUP_NAMED_MAX 5   /* things of others named; more are counted */

struct cleanup {
	struct kube *kube;
	const struct helm *helm;
	size_t jobs;
	int64_t wait_ms; /* for one environment to be gone */
	const struct reporter *reporter;
};

/*
 * Append what would keep the namespace of @plan though all of @plan was carried
 * out: what is none of its own, with commas; nothing if it would go.  @plan is
 * of one environment, and made of @world, which holds nothing else.
 * Errors: kube's.
 */
bool cleanup_foresee(struct kube *kube, const struct sweep_plan *plan,
		     const struct sweep_world *world, struct str *others,
		     struct err *err) MUST_CHECK;

enum cleanup_state {
	CLEANUP_KEPT,	 /* it was not to be removed, or not any more */
	CLEANUP_DELETED, /* it is gone */
	CLEANUP_FAILED,
};

struct cleanup_outcome {
	const struct sweep_item *item;
	enum cleanup_state state;
	const char *reason; /* in the arena; for people */
	const char *hint;   /* of a failure, or NULL */
	bool temporary;	    /* of a failure: trying again may help */
	bool foreign;	    /* it stays for what others have in it */
	bool begun;	    /* Helm was run, or something deleted */
	int64_t milliseconds;
};

struct cleanup_result {
	struct arena arena;
	struct cleanup_outcome *outcomes; /* one per item of the plan */
	size_t count;
	size_t failed;
};

/*
 * Errors: INTERRUPTED only; what fails for one environment is in its
 * outcome.
 */
bool cleanup_run(const struct cleanup *cleanup, const struct sweep_plan *plan,
		 struct cleanup_result *result, struct err *err) MUST_CHECK;

/*
 * The run's error where what was to be deleted by its name was kept at the
 * last moment, if only its namespace.  Errors: CONFLICT (for what others have
 * in it), else REMOTE, temporary.
 */
bool cleanup_check_named(const struct cleanup_result *result, struct err *err)
	MUST_CHECK;

/*
 * The run's error for what failed; the rest was done all the same.
 * Errors: REMOTE, temporary if all failures are.
 */
bool cleanup_check(const struct cleanup_result *result, struct err *err)
	MUST_CHECK;

/* The same of what a plan knows to fail already, without carrying it out. */
bool cleanup_check_plan(const struct sweep_plan *plan, struct err *err)
	MUST_CHECK;

/* A line for each environment that is gone, and for each that failed. */
void cleanup_log(const struct cleanup_result *result);

/*
 * {judged, kept, deleted, failed, expiringSoon, dryRun} as a map in @arena
 * and as lines for people; with @result NULL of a plan, where "deleted" is
 * what would be.  The map borrows texts from @plan and @result.
 */
struct value *cleanup_tell(const struct sweep_plan *plan,
			   const struct cleanup_result *result,
			   struct arena *arena, struct str *text);

/* A run in numbers; all-zero: it did not get as far as a plan. */
struct cleanup_metrics {
	bool planned;
	size_t judged, kept, deleted, failed;
	size_t soon;	 /* of the kept: they expire within --warn-before */
	size_t doubtful; /* of the kept: nobody knows when they expire */
	int64_t milliseconds; /* the whole run */
	bool success;
};

/* With @result NULL nothing of @plan was carried out. */
struct cleanup_metrics cleanup_measure(const struct sweep_plan *plan,
				       const struct cleanup_result *result);

/*
 * Could that file be written, as far as its folder tells?  Errors: IO.
 */
bool cleanup_check_metrics(const char *path, struct err *err) MUST_CHECK;

/*
 * Give the file @path the numbers as Prometheus reads them (text format
 * 0.0.4: node exporter, Pushgateway), atomically.  @now is the time of the
 * run, seconds since the epoch.  Errors: IO.
 */
bool cleanup_write_metrics(const char *path,
			   const struct cleanup_metrics *metrics, int64_t now,
			   struct err *err) MUST_CHECK;

void cleanup_result_release(struct cleanup_result *result);

#endif
