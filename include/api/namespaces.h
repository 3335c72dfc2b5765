/*
 * Namespaces with Slipway's marks: whose an environment is and when it
 * expires.
 *
 *	labels       slipway/managed     v1, the version of these conventions
 *	             slipway/expires-at  epoch seconds, UTC, or "never"
 *	             slipway/stack       the stack
 *	annotations  slipway/repository, slipway/branch, slipway/git-url
 *	                                 raw: who owns the name
 *	             slipway/branch-seen "true": a deployment saw the branch in
 *	                                 the repository at git-url; only such
 *	                                 a branch can be gone later
 *	             slipway/commit      of the branch, deployed last
 *	             slipway/ahead-of    the branch that did not hold it then
 *	                                 (core/ahead.h); absent: not known
 *	             slipway/main        "true": a main environment; so is in
 *	                                 doubt any other value but "false"
 *	             slipway/release     the name of its Helm release
 *	             slipway/owner       the run that works on it now, see
 *	                                 core/owner.h; its heartbeat is that
 *	                                 of the Lease "slipway" in it
 *	             slipway/rollback    of one that we let Helm begin, see
 *	                                 core/rollback.h
 *	             slipway/created     when we made it (RFC 3339); absent on
 *	                                 one that was there before, which is
 *	                                 then never deleted
 */
#ifndef API_NAMESPACES_H
#define API_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kube.h"
#include "base/attr.h"

struct arena;
struct err;
struct strvec;
struct sweep_world;

/* NULL = absent; strings are borrowed, or live in the arena given. */
struct namespace_marks {
	const char *uid;
	const char *resource_version;
	const char *managed;
	const char *expires_at;
	const char *stack;
	const char *repository;
	const char *branch;
	const char *git_url;
	const char *release;
	/* Of these "" takes away what is there when it is written. */
	const char *commit;
	const char *ahead_of;
	const char *owner;
	const char *rollback;
	const char *created;
	bool branch_seen; /* once written, it stays */
	bool main;
	bool terminating;
	int64_t terminating_since; /* seconds since the epoch; 0 = unknown */
};

/* Add all that bear slipway/managed to @world->namespaces. */
bool namespaces_find_marked(struct kube *kube, struct arena *arena,
			    struct sweep_world *world, struct err *err)
	MUST_CHECK;

/* Add the one called @name, if it is there and bears it; or note that it does
 * not, in @world->unmarked. */
bool namespace_find_marked(struct kube *kube, const char *name,
			   struct arena *arena, struct sweep_world *world,
			   struct err *err) MUST_CHECK;

/*
 * *@found tells whether there is one of that name.
 * Errors: REMOTE (what was answered is none, or another), and kube's.
 */
bool namespace_read(struct kube *kube, const char *name, struct arena *arena,
		    struct namespace_marks *marks, bool *found, struct err *err)
	MUST_CHECK;

/*
 * The same as a question that kube_list_all() may ask together with others.
 * What it was made of has to live until then.
 */
struct namespace_query {
	const char *name;
	struct arena *arena;
	struct namespace_marks *marks;
	bool *found;
};
struct kube_list namespace_query(struct namespace_query *query,
				 const char *name, struct arena *arena,
				 struct namespace_marks *marks, bool *found);

/* Make it with @marks; *@existed: there was one, nothing was changed. */
bool namespace_create(struct kube *kube, const char *name,
		      const struct namespace_marks *marks,
		      const struct strvec *labels, bool *existed,
		      struct err *err) MUST_CHECK;

/*
 * Set @marks on it (all but created), and @labels ("key=value").  With
 * resource_version in @marks only if it is unchanged since (CONFLICT).
 * *@version, unless NULL, gets the resource version that it has then, or NULL;
 * the caller frees it.
 */
bool namespace_mark(struct kube *kube, const char *name,
		    const struct namespace_marks *marks,
		    const struct strvec *labels, char **version,
		    struct err *err) MUST_CHECK;

/*
 * One that is gone is fine.
 * Errors: also CONFLICT (it is another, or it changed since).
 */
bool namespace_delete(struct kube *kube, const char *name, const char *uid,
		      const char *resource_version, struct err *err) MUST_CHECK;

/* Of what a finalizer holds. */
#define NAMESPACE_HELD_CURE \
	"somebody has to look what serves the finalizer, or to take it away"

/* How far the deletion of a namespace has come. */
struct namespace_leave {
	bool gone;
	/*
	 * Why it is still there, in the server's words ("Some content in the
	 * namespace has finalizers remaining: ..."); in the arena.
	 */
	const char *why;
	bool stuck; /* on a finalizer, which waiting alone may not cure */
};

/* One of the same name with another uid is another: @uid is gone. */
bool namespace_read_leave(struct kube *kube, const char *name, const char *uid,
			  struct arena *arena, struct namespace_leave *leave,
			  struct err *err) MUST_CHECK;

#endif
