/*
 * Helm's releases as they are stored in the cluster: one Secret a revision.
 *
 * Only metadata is read where the labels tell enough; the payload (chart,
 * values, manifest) is decoded within a bound.
 * Source: Helm 4 pkg/storage/driver (labels owner, name, version, status;
 * base64 of gzip of JSON) and pkg/release/v1.
 */
#ifndef API_RELEASES_H
#define API_RELEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kube.h"
#include "base/attr.h"
#include "base/str.h"

struct arena;
struct err;
struct sweep_release;
struct sweep_world;
struct value;

#define RELEASES_PAYLOAD_MAX ((size_t)64 << 20) /* un-gzipped */
/* Begins the name of the Secret of each revision. */
#define RELEASES_SECRET_PREFIX "sh.helm.release.v1."

/*
 * Add the revisions of all releases in @namespace (NULL: in all), or of the
 * one called @name (NULL: all), marked or not, to @world->releases.  Strings
 * live in @arena.
 */
bool releases_find(struct kube *kube, const char *namespace, const char *name,
		   struct arena *arena, struct sweep_world *world,
		   struct err *err) MUST_CHECK;

/*
 * The same as a question that kube_list_all() may ask together with others.
 * What it was made of has to live until then.
 */
struct releases_query {
	struct arena *arena;
	struct sweep_world *world;
	size_t before; /* releases that were there when it began */
	struct str selector;
};
struct kube_list releases_query(struct releases_query *query,
				const char *namespace, const char *name,
				struct arena *arena, struct sweep_world *world);
void releases_query_release(struct releases_query *query);

/* The newest revision of a release; strings live in the arena given. */
struct release_head {
	int64_t revision; /* 0: there is no release */
	const char *status;
	const char *expires_at; /* label slipway/expires-at; NULL = none */
	/*
	 * Label slipway/run: the run whose Helm made it.  Helm hands labels
	 * on from revision to revision; NULL also where another bears it too,
	 * for then somebody else's Helm made this one.
	 */
	const char *run;
	int64_t created; /* seconds since the epoch */
	/*
	 * The newest revision with that status; 0: none.  A Helm that ends
	 * just as it is done may leave none: then the newest superseded one.
	 */
	int64_t deployed;
};

/* Of the release @name in @namespace, and current.  Errors: kube's. */
bool releases_read_head(struct kube *kube, const char *namespace,
			const char *name, struct arena *arena,
			struct release_head *head, struct err *err) MUST_CHECK;

/*
 * Note that a revision which is pending has failed, as Helm itself does when
 * it is asked to end: with @why as its description.  *@changed: it was
 * pending, by its payload, which is where Helm looks.
 * Errors: REMOTE (damaged), CONFLICT (it changed meanwhile), and kube's.
 */
bool releases_fail_pending(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision, const char *why,
			   bool *changed, struct err *err) MUST_CHECK;

/*
 * The payload of one revision as a map (name, info, chart, config, manifest,
 * version), NULL if there is no such revision.
 * Errors: REMOTE (damaged, over RELEASES_PAYLOAD_MAX), and kube's.
 */
bool releases_read_payload(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision,
			   struct arena *arena, const struct value **payload,
			   struct err *err) MUST_CHECK;

/*
 * releases_read_head() and the payload of the newest revision, NULL if there
 * is none: in one round trip if that is @expected, as after a Helm that was to
 * make it.  Errors: both's.
 */
bool releases_read_expected(struct kube *kube, const char *namespace,
			    const char *name, int64_t expected,
			    struct arena *arena, struct release_head *head,
			    const struct value **payload, struct err *err)
	MUST_CHECK;

/*
 * The same in two moves: a question for kube_list_all(), and what its answer
 * says.  The answer lives in @arena.
 */
struct release_query {
	struct arena *arena;
	const char *name;	      /* borrowed */
	char *secret;		      /* owned; what it is called */
	bool found;		      /* there is such a revision */
	const char *data;	      /* what Helm keeps in it; NULL: nothing */
	const char *resource_version; /* another one with each write */
	int64_t created; /* seconds since the epoch; 0: not known */
};
struct kube_list release_query(struct release_query *query,
			       const char *namespace, const char *name,
			       int64_t revision, struct arena *arena);
bool release_decode(const struct release_query *query, struct arena *arena,
		    const struct value **payload, struct err *err) MUST_CHECK;
void release_query_release(struct release_query *query);

/* Without the payload: only whether there is such a revision, and which. */
struct kube_list release_metadata_query(struct release_query *query,
					const char *namespace, const char *name,
					int64_t revision, struct arena *arena);

/*
 * Is a list of a release's revisions current that was cached (api/kube)?  It
 * is where its newest, listed in @resource_version, is so still by @newest,
 * and @next says that it has no successor: both are asked after it, or with
 * it, and are never behind.
 *
 * Passed over: a Helm that keeps hardly a revision (--history-max) and that
 * failed several times over, in the time by which the list is behind.
 */
bool release_is_current(const struct release_query *newest,
			const struct release_query *next,
			const char *resource_version);

/*
 * Read what the values of @release tell of its end into @release->values, or
 * why they tell nothing: no right to read them, no such revision any more,
 * damaged, no date.  What is read lives in @arena.
 * Errors: UNREACHABLE, TIMEOUT, INTERRUPTED.
 */
bool releases_read_told(struct kube *kube, struct sweep_release *release,
			struct arena *arena, struct err *err) MUST_CHECK;

/*
 * Set the label slipway/expires-at of one revision.
 * Errors: also NOT_FOUND.
 */
bool releases_set_expiry(struct kube *kube, const char *namespace,
			 const char *name, int64_t revision,
			 const char *expires_at, struct err *err) MUST_CHECK;

/*
 * Delete the Secret of one revision, if it is still the one that was found.
 * One that is gone is fine.  Errors: also CONFLICT.
 */
bool releases_forget(struct kube *kube, const struct sweep_release *revision,
		     struct err *err) MUST_CHECK;

#endif
