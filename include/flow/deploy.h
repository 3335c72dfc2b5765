/*
 * Bring an environment up: claim its name, mark it, let Helm install, wait,
 * mark again, and say what came of it.
 *
 * The namespace is made and marked before Helm runs, so that what a killed
 * run leaves behind has an owner and an expiry; it is marked again after,
 * also when Helm failed, but for an expiry that somebody moved further
 * meanwhile.  Running twice completes or changes nothing.
 *
 * One run at a time works on an environment (flow/envlock).  What a killed
 * one left pending is marked as failed before Helm runs again.
 */
#ifndef FLOW_DEPLOY_H
#define FLOW_DEPLOY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/ahead.h"
#include "core/expiry.h"
#include "flow/bundle.h"
#include "flow/preparation.h"
#include "format/ydoc.h"

struct envname;
struct err;
struct helm;
struct http_config;
struct kube;
struct namespace_marks;
struct origin;
struct record;
struct reporter;
struct secret;
struct str;
struct value;

#define DEPLOY_TRIES_MAX 5 /* somebody changes the namespace meanwhile */
/* Before the next try to enter, at most; the cap holds from the 5th on. */
#define DEPLOY_AGAIN_MS	    1000
#define DEPLOY_AGAIN_CAP_MS 15000
#define DEPLOY_PROGRESS_MS  2000 /* between two looks at the pods */
#define DEPLOY_HURRY_MS	    5000 /* of a request that must not delay others */
#define DEPLOY_FAREWELL_MS  3000 /* of all requests after a signal */
#define DEPLOY_LAST_LOOK_MS 3000 /* why it failed, after --timeout */

#define DEPLOY_UNSET	     INT64_MIN /* as cli's OPT_UNSET: the default */
#define DEPLOY_WAIT_MS	     ((int64_t)10 * 60 * 1000)
#define DEPLOY_PATIENCE_MS   ((int64_t)60 * 1000)
#define DEPLOY_WAIT_LEAST_MS ((int64_t)1000) /* Helm 4 takes 0 for 30 s */
#define DEPLOY_LOCK_MS	     ((int64_t)15 * 60 * 1000)
#define DEPLOY_HISTORY_MAX   10

/* What the user may set; numbers may be DEPLOY_UNSET: the default. */
struct deploy_args {
	struct strvec values;	  /* files for Helm */
	struct strvec set;	  /* KEY=VALUE for Helm */
	const char *url_template; /* NULL: ask the cluster */
	const char *diagnosis;	  /* file for why it failed; NULL: none */
	int64_t expires_in;
	int64_t renew; /* only that; 0: by the default */
	int64_t wait_timeout;
	int64_t patience;
	int64_t lock_timeout;
	int64_t history_max;
	int64_t max_environments;
	bool evict_oldest;
	bool wait_for_jobs;
	struct preparation_args preparation;
};

/* What some files of values say of 'global', and which said the expiry last. */
struct deploy_globals {
	struct arena arena;
	const struct value *merged; /* NULL: nothing */
	struct ydoc last;	    /* all-zero: none */
};

/* What to deploy; borrowed, but for what says otherwise. */
struct deploy {
	struct envname *name;
	const struct namespace_marks *seen; /* of deploy_check_claim(); NULL */
	const struct origin *origin;	/* its build_url is us to other runs */
	struct ahead ahead;		/* owned; of a branch alone */
	int64_t time_to_live;		/* as the user said; DEPLOY_UNSET */
	struct expiry expiry;		/* decided at @now */
	char *chart;			/* folder, owned; NULL: --renew */
	const struct value *names;	/* stack_names() of @chart, or NULL */
	struct arena arena;		/* of that */
	bool renew_to;			/* --renew named a duration */
	const struct strvec *values;	/* files */
	const struct strvec *set;	/* KEY=VALUE */
	struct deploy_globals of_chart; /* owned; of its values.yaml */
	struct deploy_globals of_files; /* owned; of @values */
	struct preparation preparation; /* owned */
	int64_t wait_ms;
	int64_t patience_ms; /* with a cause that waiting does not cure */
	bool wait_for_jobs;
	int64_t lock_ms; /* how long to wait for another run */
	int64_t history_max;
	int64_t max_environments; /* of the repository; 0: any number */
	bool evict_oldest;
	struct strvec victims; /* owned; what makes room, of a dry run */
	char *url;   /* owned; where it is reached; NULL: ask the cluster */
	int64_t now; /* the server's clock, seconds since the epoch */
	const char *diagnosis; /* file for why it failed; NULL: none */
	const struct reporter *reporter;
};

struct deploy_result {
	struct arena arena;
	struct expiry expiry;	/* as it was stamped */
	const char *cluster;	/* uid of its kube-system, NULL if unknown */
	int64_t revision;	/* that this run made or renewed; 0 = none */
	const char *status;	/* Helm's, or "failed" for ours */
	int64_t rolled_back_to; /* a revision; 0 = it was not */
	int64_t started; /* Helm, and all ready: seconds since the epoch; */
	int64_t ready;	 /* 0 where nothing was deployed */
	struct strvec urls;
	/* stack_changes(), of no revision none; NULL: there is nothing to tell */
	const struct value *applications;
	struct bundle bundle; /* gathered if it failed */
};

/* Whence it comes, as far as that needs no cluster; NULL = not given. */
struct deploy_sources {
	const struct deploy_args *args;
	const char *chart;    /* else @recorded, else the one in rendered/ */
	const char *recorded; /* what umbrella-render left in the record */
	const char *main_branch;
	const struct http_config *http; /* to Git's server: flow/ahead.h */
	const struct secret *git_credentials;
};

/*
 * Read them into @deploy, of which name, origin and reporter are set.
 * Errors: USAGE (no chart or several; one beside --renew; an unknown name in
 * the template; values of ours in --set), INPUT (no chart in it), and those
 * of preparation_read().
 */
bool deploy_read(struct deploy *deploy, const struct deploy_sources *sources,
		 struct err *err) MUST_CHECK;

/*
 * Set @deploy->expiry: by the branch, what the user says, and 'global' in
 * the chart's values.yaml and in the files of values; the last that says
 * something counts.  Errors: INPUT with the place in the file.
 */
bool deploy_decide_expiry(struct deploy *deploy, struct err *err) MUST_CHECK;

/*
 * Tell whether the environment may be deployed to, without changing anything.
 * *@seen: the marks of its namespace, in @arena; NULL: there is none.  What
 * they say of the release is for envname_keep_release().
 * Errors: as claim_check(); CONFLICT (its repository has as many environments
 * as it may have); DENIED (to make room is not ours).
 */
bool deploy_check_claim(struct kube *kube, const struct deploy *deploy,
			struct arena *arena,
			const struct namespace_marks **seen, struct err *err)
	MUST_CHECK;

/*
 * Let the server judge the making or marking of the namespace and what is put
 * there before Helm runs, with all that it has for admission, and Helm the
 * chart, and keep nothing of it; set @deploy->victims.  What Helm cannot tell
 * before is a warning.
 * Errors: as claim_check(); DENIED, with the server's words; CHILD (no Helm of
 * ours, or Helm's own words); those of preparation_rehearse() and
 * deploy_check_claim().
 */
bool deploy_rehearse(struct kube *kube, const struct helm *helm,
		     struct deploy *deploy, struct err *err) MUST_CHECK;

/*
 * Errors: those of the claim; TIMEOUT (temporary; another run, or somebody
 * else's Helm, is at work on it); CHILD (Helm's own words; @result->bundle
 * says what is not ready and why); DENIED, UNREACHABLE; INTERRUPTED (a
 * warning says what was left, and the hint what to do).
 */
bool deploy_run(struct kube *kube, const struct helm *helm,
		const struct deploy *deploy, struct deploy_result *result,
		struct err *err) MUST_CHECK;

/*
 * A renewal that names no duration moves no expiry nearer: set @deploy->expiry
 * to the latest of what it asks for and what the environment has.  Say where
 * that stays, and where a duration that was named moves it nearer.
 * Errors: NOT_FOUND (no such environment), CONFLICT (a main one, another's).
 */
bool deploy_plan_renewal(struct kube *kube, struct deploy *deploy,
			 struct err *err) MUST_CHECK;

/*
 * Carry that out: the labels of the namespace and of the release's latest
 * revision.  Values keep what was deployed.  A sweep that is at work on it is
 * waited for; a deployment is not.
 * Errors: NOT_FOUND (no such environment, or not any more), CONFLICT (a main
 * one, another's), TIMEOUT (temporary; the sweep is at work still).
 */
bool deploy_renew(struct kube *kube, const struct deploy *deploy,
		  struct deploy_result *result, struct err *err) MUST_CHECK;

/*
 * The names of an environment, and what becomes or became of it (@result
 * NULL: what is planned), as a map in @arena and as lines for people.
 */
struct value *deploy_tell_names(const struct envname *name, struct arena *arena,
				struct str *text);
struct value *deploy_tell(const struct deploy *deploy,
			  const struct deploy_result *result,
			  struct arena *arena, struct str *text);

/* Put what deploy_tell() gave, and the cluster's name, into @record. */
void deploy_record(const struct deploy_result *result, const struct value *told,
		   const char *cluster, struct record *record);

/*
 * Write the result, of a failed deployment too, as Markdown to the file
 * @path: a comment for a pull request.  Errors: IO.
 */
bool deploy_write_markdown(const struct deploy *deploy,
			   const struct deploy_result *result, const char *path,
			   struct err *err) MUST_CHECK;

void deploy_release(struct deploy *deploy);
void deploy_result_release(struct deploy_result *result);

#endif
