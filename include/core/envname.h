/*
 * The names of an environment: namespace, release, stack, and whether it is
 * the main one.  Pure; umbrella-render and deploy-preview both ask here, so
 * that both agree.
 *
 * The namespace is {repository}-{branch} as a DNS label (RFC 1123): lower
 * case, other bytes as "-", squeezed and trimmed.  Whenever that lost
 * anything, or the name is too long, it is cut and ends in "-" and 16 hex
 * digits of SHA-256 over both originals, so that two branches never share a
 * name.  What the join alone cannot tell apart (web + api-main, web-api +
 * main) is told apart by the owner that the namespace records.
 *
 * The release is called like the namespace, and has a hash where that is too
 * long for it.  A name that charts could not use, because a Service's begins
 * with a letter, or because unquoted in YAML it is a number or a word such as
 * "no", gets "r-" before it and the hash behind.
 */
#ifndef CORE_ENVNAME_H
#define CORE_ENVNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;

#define ENVNAME_NAMESPACE_MAX 63
#define ENVNAME_RELEASE_MAX   53 /* Helm's */

/* What the user may set; the options of cli/opts.h fill it. */
struct envname_args {
	const char *repository_name;
	const char *branch;
	const char *main_branch;
	const char *namespace;
	const char *release;
	const char *stack;
};

/* What the CI server and the git checkout tell; NULL = unknown. */
struct envname_facts {
	const char *repository_name;
	const char *branch;
	const char *fork;	    /* owner of the fork of a pull request */
	const char *default_branch; /* the remote's */
	bool pull_request;
	const char *doubt;  /* why the branch has to be given, see core/ci.h */
	const char *unread; /* what would have told, and why it did not */
};

/* All strings are owned. */
struct envname {
	char *repository; /* raw */
	char *branch;	  /* raw; "owner:branch" from a fork */
	char *namespace;
	char *release;
	char *stack;
	bool named; /* the namespace was given, not made of the others */
	bool main;
	bool main_unknown; /* nobody told which branch is; it is not called so */
	char *former; /* what the release was called before; NULL: the same */
};

/*
 * Decide.  Main is the branch that is given as such, else the repository's
 * default branch, else one called main or master.  A build of a pull request
 * is never main, whatever its branch is called.  A branch that is in doubt is
 * not believed; a given one is, "owner:branch" being a fork's.
 * Errors: USAGE (repository or branch unknown, with a hint; a given name that
 * is not legal, or a namespace of the cluster's own).
 */
bool envname_decide(struct envname *name, const struct envname_args *args,
		    const struct envname_facts *facts, struct err *err)
	MUST_CHECK;

/*
 * An environment whose release, as its namespace records it (@recorded, may be
 * NULL), has the former name keeps that.
 */
void envname_keep_release(struct envname *name, const char *recorded);

void envname_release(struct envname *name);

/* The namespace of @repository and @branch, both raw; the caller frees it. */
bool envname_namespace(const char *repository, const char *branch,
		       char **namespace, struct err *err) MUST_CHECK;

/*
 * @template with {namespace}, {release}, {stack}, {repository} and {branch}
 * replaced; the caller frees it.  Errors: USAGE (an unknown name in braces).
 */
bool envname_expand(const struct envname *name, const char *template,
		    char **text, struct err *err) MUST_CHECK;

/* A DNS label of RFC 1123: [a-z0-9]([-a-z0-9]*[a-z0-9])?, at most @max. */
bool envname_is_label(const char *text, size_t max);

/* Errors: USAGE (one that no cluster can have). */
bool envname_check_namespace(const char *namespace, struct err *err) MUST_CHECK;

/* Namespaces that are never ours: default, kube-*. */
bool envname_is_system(const char *namespace);

#endif
