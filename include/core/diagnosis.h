/*
 * Why a release does not get ready: each pod, controller, claim and service
 * that is not well, the cause in the cluster's own words, and what cures it.
 * Pure.
 *
 * A table of signs (reason and words of the kubelet, scheduler, controllers
 * and admission) decides; what no row knows is told all the same, without a
 * cure.
 * Source: k8s.io/kubernetes pkg/kubelet/{images,container,events},
 * pkg/scheduler, pkg/controller/volume/persistentvolume, and the messages of
 * a 1.35 control plane.
 */
#ifndef CORE_DIAGNOSIS_H
#define CORE_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"

struct rollout_world;
struct str;
struct value;

#define DIAGNOSIS_MAX 50 /* findings; more are only counted */

/*
 * A container that was started again so often does not come up by itself;
 * fewer may be waiting for a database that starts beside it.
 */
#define DIAGNOSIS_RESTARTS 5

enum diagnosis_cause {
	DIAGNOSIS_UNKNOWN, /* not ready, and nothing says why */
	DIAGNOSIS_STARTING,
	DIAGNOSIS_IMAGE,
	DIAGNOSIS_CRASH,
	DIAGNOSIS_MEMORY,
	DIAGNOSIS_PROBE,
	DIAGNOSIS_SCHEDULING,
	DIAGNOSIS_QUOTA,
	DIAGNOSIS_ADMISSION,
	DIAGNOSIS_CONFIG, /* a secret, config map, account, or key of one */
	DIAGNOSIS_VOLUME,
	DIAGNOSIS_ADDRESS, /* no load balancer gives a service one */
	DIAGNOSIS_INIT,	   /* an init container that fails or does not end */
	DIAGNOSIS_EVICTED,
	DIAGNOSIS_JOB,
	DIAGNOSIS_DEADLINE, /* the controller gave up */
};

/* Strings live in the diagnosis' arena or in the world. */
struct diagnosis_finding {
	enum diagnosis_cause cause;
	const char *kind;
	const char *name;
	const char *owner; /* uid of the controller that made it, or NULL */
	size_t more;	   /* others of that owner of which the same is true */
	const char *container; /* NULL: none in particular */
	bool init;	       /* it is an init container */
	const char *reason;    /* the cluster's word */
	const char *message;   /* its sentence, "" if there is none */
	const char *cure;      /* what to do, "" if nobody knows */
	bool final;  /* waiting does not cure it, and Helm waits for it */
	bool warned; /* told by a warning, which stays though it be over */
	int64_t warned_at;  /* when that came last (epoch seconds), and for */
	int64_t warned_for; /* how many it had come again and again */
	bool log;	    /* the container's log may say more, */
	bool previous;	    /* that of the run before */
};

struct diagnosis {
	struct arena arena;
	struct diagnosis_finding *findings;
	size_t count;
	size_t capacity;
	size_t left_out; /* beyond DIAGNOSIS_MAX */
};

/* @world must outlive @diagnosis. */
void diagnosis_make(struct diagnosis *diagnosis,
		    const struct rollout_world *world);

void diagnosis_release(struct diagnosis *diagnosis);

/* "image", "crash-loop", ...: the cause's name in results. */
const char *diagnosis_cause_name(enum diagnosis_cause cause);

/*
 * The next thing that @finding says is missing, by a warning that may be over:
 * its name, which the caller frees, and *@resource ("secrets" or "configmaps").
 * NULL where it names no more.  *@rest is NULL before the first.
 */
char *diagnosis_missing(const struct diagnosis_finding *finding,
			const char **rest, const char **resource) MUST_CHECK;

/*
 * They were asked for: if not all are @there, @finding is true now.  Else only
 * the next try to mount them is waited for.
 */
void diagnosis_correct(struct diagnosis_finding *finding, bool there);

/*
 * Append "pod 'web-1' and 2 more: container 'main': reason: message; cure:
 * ...".
 */
void diagnosis_print(struct str *out, const struct diagnosis_finding *finding);

/*
 * When an event was seen last (RFC 3339), "" if it does not say: newer
 * Kubernetes counts in series what older repeated with a last time.
 */
const char *diagnosis_event_time(const struct value *event);

/*
 * Which final causes last: a cause ends a wait only when it is seen in each
 * look for so long, of the same object or of one with the same owner, as what
 * is missing may yet come.
 *
 * A warning tells of the moment at which it came, no more: a cause that only
 * warnings tell counts from the first to the last time that one was seen to
 * come again.  Who tries again waits at most as long as he has tried by then
 * (DIAGNOSIS_LATE_MS more, for what is slow); a warning that stays away for
 * longer and then comes is the first of a new series.
 * Source of the intervals, which double: k8s.io/kubernetes 1.35,
 * pkg/util/goroutinemap/exponentialbackoff (volumes, 0.5 s to 2 min 2 s),
 * k8s.io/client-go util/workqueue (StatefulSets, DaemonSets, 5 ms to 1000 s),
 * pkg/controller/job (Jobs, 1 s to 1 min).
 */
#define DIAGNOSIS_LATE_MS 15000

struct diagnosis_sight;

/* All-zero to begin. */
struct diagnosis_watch {
	struct diagnosis_sight *sights; /* of each final cause */
	size_t count;
	int64_t began; /* with its first look, milliseconds */
};

/*
 * Take in a look at @now (milliseconds).  The finding that has lasted
 * @patience_ms, or NULL.
 */
const struct diagnosis_finding *diagnosis_lasting(
	struct diagnosis_watch *watch, const struct diagnosis *diagnosis,
	int64_t now, int64_t patience_ms);

void diagnosis_watch_release(struct diagnosis_watch *watch);

#endif
