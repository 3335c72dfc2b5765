/*
 * Helm as a child process: install, upgrade, uninstall.
 *
 * Helm is the engine that users' clusters already trust for these; all else
 * that Slipway asks a cluster it asks by itself.  Only flags are used that
 * Helm 4 and Helm 3 both know with the same meaning (a bare --wait, which is
 * =watcher in Helm 4), so that nobody has to ask `helm version` first, which
 * takes as long as all else that a deployment needs beside Helm.
 * --atomic/--rollback-on-failure is never used: it would put the labels of
 * the old revision back, the expiry among them.
 * Source: helm-www docs/helm, run with 4.3.1 and 3.22.0.
 */
#ifndef API_HELM_H
#define API_HELM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "sys/proc.h"
#include "sys/tempdir.h"

struct err;
struct kube;
struct kube_args;

#define HELM_VERSION_MS 30000
#define HELM_OUTPUT_MAX ((size_t)4 << 20)
/* How much longer than its own --timeout a child may take. */
#define HELM_OVERTIME_MS 60000

/* All strings are owned. */
struct helm {
	char *program;
	char *kubeconfig; /* NULL: as Helm finds it, which is as we do */
	char *context;
	struct kube *kube;   /* borrowed; whose login it gets, or NULL */
	int64_t lend_ms;     /* how long that has to last */
	struct tempdir home; /* temporary folder, where there is no HOME */
	struct env env;
	struct deadline deadline; /* of the whole run */
};

/*
 * @env is what the child will see, but for Helm's own variables that would
 * lead it to another cluster, user or storage than ours (HELM_KUBE*,
 * HELM_NAMESPACE, HELM_DRIVER).
 * Errors: NOT_FOUND (no helm, with a hint).
 */
bool helm_open(struct helm *helm, const struct kube_args *args,
	       const struct env *env, struct deadline deadline, struct err *err)
	MUST_CHECK;

/*
 * Let Helm be to the cluster who @kube is, by kube_lend(); no call of it will
 * take longer than @wait_ms and HELM_OVERTIME_MS.  @kube is borrowed.
 */
void helm_use_login(struct helm *helm, struct kube *kube, int64_t wait_ms);

void helm_release(struct helm *helm);

/*
 * The first version of Helm 3 that knows the flags which a step uses; those
 * of Helm 4 all do.  A run does not ask: a Helm that is too old says so, and
 * the hint which one it takes.
 */
#define HELM_3_UPGRADES	  13 /* upgrade --labels, --dry-run=server */
#define HELM_3_UNINSTALLS 7  /* uninstall --wait */
#define HELM_4_DESCRIBES  3  /* rollback --description, which few need */

/*
 * Which Helm it is: 4, or 3 from 3.@least on.
 * Errors: CHILD (neither, or too old), with a hint.
 */
bool helm_check_version(const struct helm *helm, int least, int *major,
			struct err *err) MUST_CHECK;

/*
 * Does its `rollback` take a --description, as from Helm 4.3 on?  It is asked
 * for its version; if it does not tell, it does not.
 */
bool helm_describes_rollbacks(const struct helm *helm);

/* One run of Helm, prepared and then run by proc_run() or a batch. */
struct helm_call {
	struct strvec argv;
	struct str output; /* stdout */
	struct str errors; /* stderr */
	struct proc proc;
};

struct helm_upgrade {
	const char *release;
	const char *namespace;
	const char *chart;
	const struct strvec *values; /* files */
	const struct strvec *set;    /* KEY=VALUE */
	const struct strvec *labels; /* key=value */
	int64_t wait_ms;
	int64_t history_max;
	bool wait_for_jobs;
	bool dry_run; /* only let it render and look, with the server's help */
};

/* Prepare `helm upgrade --install`, waiting until all is ready. */
void helm_prepare_upgrade(const struct helm *helm, struct helm_call *call,
			  const struct helm_upgrade *upgrade);

struct helm_rollback {
	const char *release;
	const char *namespace;
	int64_t revision;
	const char *description; /* NULL: Helm's own */
	int64_t wait_ms;
	int64_t history_max;
};

/* Prepare `helm rollback`, waiting until all is ready. */
void helm_prepare_rollback(const struct helm *helm, struct helm_call *call,
			   const struct helm_rollback *rollback);

/* Prepare `helm uninstall`, waiting until what it deletes is gone. */
void helm_prepare_uninstall(const struct helm *helm, struct helm_call *call,
			    const char *namespace, const char *release,
			    int64_t wait_ms);

/*
 * Judge a call that was run.  Errors: CHILD with Helm's own words; TIMEOUT;
 * temporary where Helm could not reach the cluster.
 */
bool helm_check_upgrade(const struct helm_call *call, struct err *err)
	MUST_CHECK;

/* The same of a rollback. */
bool helm_check_rollback(const struct helm_call *call, struct err *err)
	MUST_CHECK;

/*
 * Did Helm find that another is at work on the release?  That is a revision
 * which is pending, or which came to be while it looked.
 */
bool helm_was_busy(const struct helm_call *call);

/* Did it fail for a kind that the cluster does not know (yet)? */
bool helm_lacks_kind(const struct helm_call *call);

/*
 * Does Helm say so in its last line?  It does not without a look, as it is
 * never told --ignore-not-found; what calls itself Helm may say nothing.
 */
bool helm_says_uninstalled(const struct helm_call *call, const char *release);

/*
 * Also an error: a resource that Helm 4 says it left behind, though it exits
 * with 0, because it is not the release's or may not be read.  A release
 * that is not there (any more) is fine.
 */
bool helm_check_uninstall(const struct helm_call *call, struct err *err)
	MUST_CHECK;

void helm_call_release(struct helm_call *call);

#endif
