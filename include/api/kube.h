/*
 * The Kubernetes API: objects as JSON, paged lists, safe deletion.
 *
 *	CLEANUP(kube_release) struct kube kube = {0};
 *	struct kube_ref ref = {.api = "v1", .resource = "namespaces",
 *			       .name = "web-main"};
 *
 *	if (!kube_open(&kube, &options, err) ||
 *	    !kube_get(&kube, &ref, &object, err))
 *		return false;
 *	if (!object) ... there is none
 *
 * Settings come from a kubeconfig as kubectl reads it (--kubeconfig, else
 * the files of KUBECONFIG, else ~/.kube/config), or in a pod from its
 * service account.  Paths are built by segment from a kube_ref.
 *
 * Source: Kubernetes API conventions; "Kubernetes API Concepts" (chunks,
 * PartialObjectMetadata, 410 Gone); client-go's kubeconfig and
 * ExecCredential (client.authentication.k8s.io/v1).
 */
#ifndef API_KUBE_H
#define API_KUBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/tempdir.h"

struct env;
struct err;
struct kubeconfig;
struct kubelogin;
struct strvec;

#define KUBE_PAGE	  500		     /* objects asked for at once */
#define KUBE_PAGES_MAX	  10000		     /* of one list */
#define KUBE_LIST_MAX	  1000000	     /* objects of one list */
#define KUBE_RESTARTS_MAX 5		     /* of a list that expires */
#define KUBE_AT_ONCE	  10		     /* requests of kube_list_all() */
#define KUBE_OBJECT_MAX	  ((size_t)32 << 20) /* bytes of a reply */

/* What the user may set; the options of cli/fragments.h fill it. */
struct kube_args {
	const char *kubeconfig; /* NULL: KUBECONFIG, ~/.kube/config, pod */
	const char *context;	/* NULL: the current one */
	const char *helm;	/* program; NULL: "helm" in PATH (api/helm) */
};

struct kube_options {
	struct kube_args args;
	const struct env *env;
	struct http_config http;
};

struct kube {
	struct http http;
	struct url server;
	struct kubeconfig *config; /* owned; what it says */
	struct kubelogin *login;   /* owned; who we are now */
	struct tempdir lent;	   /* folder of what kube_lend() wrote */
	char *lent_file;
	bool dry_run;	     /* writes are judged by the server, its admission
				too, but not kept */
	int64_t server_time; /* by the last good reply; seconds, 0 = unknown */
	int64_t server_time_at; /* when that came; monotonic, ms */
	/*
	 * While it is set, a request is tried once, and no longer than this,
	 * also when our own time is over.
	 */
	int64_t hurry_ms;
	struct deadline hurry_until; /* all of them; all-zero = no limit */
};

/*
 * Errors: INPUT (no kubeconfig, unknown context, damaged, something in it
 * that we refuse or do not understand), CHILD (the exec plugin).
 */
bool kube_open(struct kube *kube, const struct kube_options *options,
	       struct err *err) MUST_CHECK;

void kube_release(struct kube *kube);

/* The cluster's name in the kubeconfig, "" in a pod. */
const char *kube_cluster(const struct kube *kube);

/* Seconds since the epoch by the server's clock; 0: no reply told the time. */
int64_t kube_now(const struct kube *kube);

/*
 * What it was at the last reply: this clock is the one that counts for what
 * expires.  Errors: REMOTE (no reply told the time).
 */
bool kube_read_time(const struct kube *kube, int64_t *now, struct err *err)
	MUST_CHECK;

/*
 * A kubeconfig for a child process that works for at most @ms, with which it
 * is who we are and does not run the user's plugin again: with our token, if
 * that lasts so long, or for EKS with our own eks-token.  It is ours alone to
 * read (0600, in a temporary folder) and goes with kube_release().  NULL
 * where the kubeconfig that we were given serves as well.  Borrowed.
 */
const char *kube_lend(struct kube *kube, int64_t ms);

/* Which object, or with @name NULL which list. */
struct kube_ref {
	const char *api;       /* "v1", "apps/v1"; NULL: the list of groups */
	const char *resource;  /* "namespaces"; NULL: what there is in api */
	const char *namespace; /* NULL: all, or no namespace */
	const char *name;
	const char *subresource; /* "log"; NULL = none */
};

/*
 * Errors of all calls: DENIED (with the server's own words), UNREACHABLE,
 * TIMEOUT, REMOTE.  That something is not there is only believed of an API
 * server, not of whatever else may answer 404.
 */

/* *@object is NULL if there is none; the caller releases it (jsn_release). */
bool kube_get(struct kube *kube, const struct kube_ref *ref, json_t **object,
	      struct err *err) MUST_CHECK;

/* Only its metadata: no data of a Secret crosses the wire. */
bool kube_get_metadata(struct kube *kube, const struct kube_ref *ref,
		       json_t **object, struct err *err) MUST_CHECK;

/* Whose log is wanted, and how much of its end. */
struct kube_log {
	const char *namespace;
	const char *pod;
	const char *container;
	unsigned int lines;
	size_t bytes;
	bool previous; /* of the run before the last restart */
};

/* Errors: also NOT_FOUND. */
bool kube_read_log(struct kube *kube, const struct kube_log *log,
		   struct str *text, struct err *err) MUST_CHECK;

struct kube_list {
	struct kube_ref ref;
	const char *label_selector; /* NULL = all */
	const char *field_selector;
	bool metadata; /* PartialObjectMetadata only */
	/*
	 * In one page, as the server remembers it ("resourceVersion=0"): behind
	 * by milliseconds, or by more where the server has lost its own watch.
	 * For one that is current the server waits up to 100 ms for etcd to
	 * tell how far the watch is, as long as anything is written (1.31 and
	 * later, ConsistentListFromCache).  An object by name is always current.
	 */
	bool cached;
	bool once; /* do not try again: nobody waits for it */
	/* Called for each object, borrowed for the call. */
	bool (*item)(void *context, const json_t *item, struct err *err);
	/* The continue token expired: forget all, the list starts again. */
	void (*restart)(void *context);
	void *context;
};

/* Errors: also NOT_FOUND (no such resource).  After one, forget the list. */
bool kube_list(struct kube *kube, const struct kube_list *list, struct err *err)
	MUST_CHECK;

/*
 * The same of @count lists at once, in the time of the longest; their items
 * come in any order.  One whose ref has a name is of that object alone: item
 * is called for it, if there is one.  The first error ends them all.
 */
bool kube_list_all(struct kube *kube, const struct kube_list *lists,
		   size_t count, struct err *err) MUST_CHECK;

/*
 * Create @object below @ref (whose name is NULL).  *@existed tells that one
 * of that name was there already, which is no error.  Else *@stored, unless
 * NULL, gets the object as it is now; the caller releases it.  That others
 * changed a quota at the same time is tried again, here and by kube_apply().
 */
bool kube_create(struct kube *kube, const struct kube_ref *ref,
		 const json_t *object, json_t **stored, bool *existed,
		 struct err *err) MUST_CHECK;

/*
 * Merge @patch into the object (RFC 7386: null removes).  With
 * metadata.resourceVersion in it only if unchanged since.  @stored as above.
 * Errors: also CONFLICT, NOT_FOUND.
 */
bool kube_patch(struct kube *kube, const struct kube_ref *ref,
		const json_t *patch, json_t **stored, struct err *err)
	MUST_CHECK;

/*
 * The same by operations (RFC 6902), of which those called "test" say when.
 * Not *@applied: they do not apply to what is there, and nothing was changed.
 * Errors: also NOT_FOUND.
 */
bool kube_patch_if(struct kube *kube, const struct kube_ref *ref,
		   const json_t *operations, json_t **stored, bool *applied,
		   struct err *err) MUST_CHECK;

/*
 * Make the object at @ref be as @object says (server-side apply), taking the
 * fields that it names over from other managers.
 */
bool kube_apply(struct kube *kube, const struct kube_ref *ref,
		const char *manager, const json_t *object, struct err *err)
	MUST_CHECK;

/*
 * Delete in the background, only if it is still @uid in @resource_version.
 * *@existed tells whether there was one.
 * Errors: also CONFLICT (it changed since).
 */
bool kube_delete(struct kube *kube, const struct kube_ref *ref, const char *uid,
		 const char *resource_version, bool *existed, struct err *err)
	MUST_CHECK;

/* A right that somebody needs, and what for. */
struct kube_right {
	const char *verb;
	const char *group; /* "" is the core's */
	const char *resource;
	const char *subresource; /* NULL = none */
	const char *purpose;
};

/* Whether we have a right in one place. */
struct kube_access {
	struct kube_right right;
	const char *namespace; /* NULL: in all, or what has none */
	bool allowed;	       /* the answer */
};

/* Ask for all @accesses at once.  Errors: kube's. */
bool kube_review(struct kube *kube, struct kube_access *accesses, size_t count,
		 struct err *err) MUST_CHECK;

/*
 * The same, and add to @missing a line for each that is not allowed: "may not
 * list jobs.batch in namespace 'web', needed to ...".
 */
bool kube_find_missing(struct kube *kube, struct kube_access *accesses,
		       size_t count, struct strvec *missing, struct err *err)
	MUST_CHECK;

/*
 * The same for each of @rights in @namespace (NULL: in all).
 */
bool kube_find_missing_rights(struct kube *kube, const char *namespace,
			      const struct kube_right *rights, size_t count,
			      struct strvec *missing, struct err *err)
	MUST_CHECK;

#endif
