/*
 * What the parts of flow/deploy share: one deployment under way.
 */
#ifndef FLOW_DEPLOY_PARTS_H
#define FLOW_DEPLOY_PARTS_H

#include <stdbool.h>

#include "api/releases.h"
#include "base/attr.h"
#include "flow/deploy.h"
#include "flow/envlock.h"
#include "flow/waiting.h"
#include "sys/tempdir.h"

struct arena;
struct err;
struct helm;
struct helm_upgrade;
struct kube;
struct namespace_marks;
struct str;
struct strvec;
struct value;

struct deployment {
	struct kube *kube;
	const struct helm *helm;
	const struct deploy *deploy;
	struct deploy_result *result;
	struct envlock lock;
	struct waiting waiting;
	int64_t now; /* the server's clock, when this was stamped: */
	struct expiry expiry;
	char *expires_at; /* owned; the same as a label */
	int64_t latest;	  /* revisions, when it was healed; 0 = none */
	int64_t deployed;
	const struct value *old; /* the applications that ran before */
	bool found; /* the namespace was there when we last tried to enter */
	/* Its marks as they were judged, while nothing tells of another state. */
	const struct namespace_marks *seen;
	char *version; /* owned; of the namespace as we have marked it, or NULL */
	bool helm_begun;
	bool helm_failed; /* ours, and not because another was busy */
	bool undo_begun;
	bool undo_open; /* its revision may be pending, or come to be */
	struct deadline farewell; /* set when a signal ends us */
};

/* --- deploy_claim.c: the namespace and its marks --------------------------- */

/*
 * What deploy_check_claim() has seen needs no other look, if it was there and
 * ours: what changed since, the server finds by its resource version.
 */
const struct namespace_marks *deploy_trusted(const struct deploy *deploy);

/*
 * Make sure that there is the namespace, and that it is ours.  One that is
 * being deleted is waited for until @until, and then made anew.
 * Errors: TIMEOUT (it is being deleted still), those of the claim.
 */
bool deploy_make(struct deployment *run, struct deadline until, struct err *err)
	MUST_CHECK;

/* *@leaving: it is not there, or is being deleted. */
bool deploy_is_leaving(struct deployment *run, bool *leaving, struct err *err)
	MUST_CHECK;

/* Before Helm runs: mark it with our expiry, and as what we work on. */
bool deploy_claim(struct deployment *run, struct err *err) MUST_CHECK;

/*
 * After Helm ran, whatever came of it, for what a chart or a person did to
 * the marks meanwhile.  An expiry that somebody moved further stays.
 */
bool deploy_mark_again(struct deployment *run, struct err *err) MUST_CHECK;

/* Before Helm rolls back: its revision will be @revision, so described. */
bool deploy_mark_rollback(struct deployment *run, int64_t revision,
			  const char *description, struct err *err) MUST_CHECK;

/*
 * The marks of an environment that can be renewed.
 * Errors: NOT_FOUND (no such environment), CONFLICT (a main one, another's).
 */
bool deploy_read_renewable(struct kube *kube, const struct deploy *deploy,
			   struct arena *arena, struct namespace_marks *found,
			   struct err *err) MUST_CHECK;

/* Only move the expiry of the namespace, and not nearer. */
bool deploy_move_expiry(struct kube *kube, const struct deploy *deploy,
			const char *expires_at, struct err *err) MUST_CHECK;

/*
 * The server judges the making or marking of the namespace; *@exists: it is
 * there.  Errors: those of the claim; DENIED, with the server's words.
 */
bool deploy_rehearse_claim(struct kube *kube, const struct deploy *deploy,
			   bool *exists, struct err *err) MUST_CHECK;

/* --- deploy_input.c: what Helm is given ------------------------------------- */

/* All-zero: nothing. */
struct deploy_input {
	struct tempdir dir;
	struct strvec values; /* files; the last says the expiry */
	struct strvec labels; /* of the revision */
};

/* Errors: IO. */
bool deploy_make_input(struct deploy_input *input, const struct deploy *deploy,
		       const struct helm *helm, const struct expiry *expiry,
		       struct err *err) MUST_CHECK;

/* It borrows from both. */
struct helm_upgrade deploy_upgrade(const struct deploy *deploy,
				   const struct deploy_input *input);

void deploy_input_release(struct deploy_input *input);

/* --- deploy_limit.c: how many a repository may have ------------------------ */

/*
 * May there be one more, or could it be made room for?  Changes nothing.
 * Errors: CONFLICT (there are as many as it may have); those of
 * deploy_find_victims(); DENIED (we may not delete what would have to go).
 */
bool deploy_check_limit(struct kube *kube, const struct deploy *deploy,
			struct err *err) MUST_CHECK;

/*
 * Which environments --evict-oldest would delete to make room: their
 * namespaces, the oldest first, appended to @victims.  Nobody is at work on
 * them, and nothing of others in them.  Errors: CONFLICT; REMOTE and temporary
 * (a run that is at work on one is in the way); DENIED (we may not).
 */
bool deploy_find_victims(struct kube *kube, const struct deploy *deploy,
			 struct strvec *victims, struct err *err) MUST_CHECK;

/*
 * The same, and they are deleted, one after the other.  One that cannot go is
 * told, and the next oldest tried, unless a part of it is gone by then.
 */
bool deploy_make_room(struct deployment *run, struct err *err) MUST_CHECK;

/*
 * The namespace was just made: are there too many now?  Then it is deleted.
 * Errors: REMOTE and temporary (others were made at the same time).
 */
bool deploy_keep_limit(struct deployment *run, struct err *err) MUST_CHECK;

/* --- deploy_evict.c: one of them goes ---------------------------------------- */

/*
 * Could the environment @namespace go as a whole?  One that never expires may
 * not.  *@why: what stands in the way, in @arena, or NULL; *@busy: it is
 * somebody's Helm, which will come to its end.  Errors: kube's.
 */
bool deploy_foresee_eviction(struct kube *kube, const struct deploy *deploy,
			     const char *namespace, struct arena *arena,
			     const char **why, bool *busy, struct err *err)
	MUST_CHECK;

/*
 * Delete it.  *@begun, also on failure: something of it is gone.
 * Errors: REMOTE, CONFLICT, and kube's.
 */
bool deploy_evict(struct deployment *run, const char *namespace, bool *begun,
		  struct err *err) MUST_CHECK;

/* --- deploy_heal.c: what others left ---------------------------------------- */

/*
 * See that no revision of the release is pending, and note which there are.  One that a run of ours
 * left is marked as failed: as we hold the environment's Lease, that run is
 * gone.  For anybody else's Helm we wait until @until.
 * Errors: TIMEOUT (temporary; somebody else's Helm is at work, or was).
 */
bool deploy_heal(struct deployment *run, struct deadline until, struct err *err)
	MUST_CHECK;

/*
 * Our own Helm was to make @revision and has ended: if it is pending still,
 * it counts as failed.  Labels cannot tell that of a rollback.
 */
void deploy_settle(struct deployment *run, int64_t revision);
/* The same of what was read just now. */
void deploy_settle_head(struct deployment *run,
			const struct release_head *head);

/* --- deploy_abort.c: after a signal ------------------------------------------ */

/* See flow/farewell.h; all of one run share DEPLOY_FAREWELL_MS. */
int deploy_begin_farewell(struct deployment *run);
void deploy_end_farewell(struct deployment *run, int cause);

/*
 * A signal has ended the deployment, which has failed by @err: see that no
 * revision of ours stays pending, warn of the state that the release is in,
 * and hint what to do.  Nothing is rolled back: there is no time for that,
 * and one that is cut off itself leaves more to mend.
 */
void deploy_tell_abort(struct deployment *run, struct err *err);

/* `helm VERB RELEASE [REVISION] ...` for people to type; @revision 0: none. */
void deploy_add_command(const struct deployment *run, const char *verb,
			int64_t revision, struct str *text);

/* --- deploy.c ----------------------------------------------------------------- */

/* Let the time to live begin now, by the server's clock. */
void deploy_stamp(struct deployment *run);

/* Note in the result where the environment is reached, or warn. */
void deploy_find_urls(struct kube *kube, const struct deploy *deploy,
		      struct deploy_result *result);

/*
 * The tick of a Helm that works for the struct deployment @run: keeps the
 * environment ours, looks how far it is.
 * Errors: those of envlock_keep() and waiting_look().
 */
bool deploy_watch(void *run, struct err *err) MUST_CHECK;

/* --- deploy_undo.c: after Helm failed --------------------------------------- */

/*
 * Roll a main environment back to the revision that was deployed last, if
 * our Helm made a new one; notes which one in the result, or warns why not,
 * with the command that does it.  Other environments stay as they are, to be
 * looked at.
 */
void deploy_undo(struct deployment *run);

#endif
