/*
 * libgit2, loaded at first use; between the files that make up api/repo:
 *
 *	repo.c		opening, HEAD, remotes, names of commits, branches
 *	repo_walk.c	the commits of a range
 *	repo_compare.c	what of a folder is not as a commit has it
 */
#ifndef COMMON_API_REPO_GIT2_H
#define COMMON_API_REPO_GIT2_H

/* Not <git2.h>: its index.h has a member that base/banned.h poisons. */
#include <git2/attr.h>
#include <git2/commit.h>
#include <git2/common.h>
#include <git2/config.h>
#include <git2/errors.h>
#include <git2/global.h>
#include <git2/graph.h>
#include <git2/ignore.h>
#include <git2/object.h>
#include <git2/odb.h>
#include <git2/oid.h>
#include <git2/refs.h>
#include <git2/repository.h>
#include <git2/revparse.h>
#include <git2/revwalk.h>
#include <git2/tree.h>
#include <git2/version.h>
#include <stdbool.h>

#include "base/attr.h"

struct err;
struct repo;

/* Each function of libgit2 that is called, without its git_. */
#define REPO_GIT2(X)                    \
	X(libgit2_init)                 \
	X(libgit2_opts)                 \
	X(error_last)                   \
	X(repository_open_ext)          \
	X(repository_free)              \
	X(repository_head)              \
	X(repository_is_shallow)        \
	X(repository_commondir)         \
	X(repository_fetchhead_foreach) \
	X(graph_descendant_of)          \
	X(reference_lookup)             \
	X(reference_is_branch)          \
	X(reference_shorthand)          \
	X(reference_symbolic_target)    \
	X(reference_peel)               \
	X(reference_free)               \
	X(repository_config_snapshot)   \
	X(config_get_string)            \
	X(config_free)                  \
	X(revparse_single)              \
	X(object_peel)                  \
	X(object_id)                    \
	X(object_dup)                   \
	X(object_lookup)                \
	X(object_free)                  \
	X(commit_lookup)                \
	X(commit_message)               \
	X(commit_message_encoding)      \
	X(commit_author)                \
	X(commit_time)                  \
	X(commit_parentcount)           \
	X(commit_parent_id)             \
	X(commit_free)                  \
	X(revwalk_new)                  \
	X(revwalk_sorting)              \
	X(revwalk_push)                 \
	X(revwalk_hide)                 \
	X(revwalk_next)                 \
	X(revwalk_free)                 \
	X(repository_workdir)           \
	X(repository_hashfile)          \
	X(odb_hash)                     \
	X(tree_walk)                    \
	X(tree_entry_bypath)            \
	X(tree_entry_filemode)          \
	X(tree_entry_free)              \
	X(tree_entry_id)                \
	X(tree_entry_name)              \
	X(tree_entry_to_object)         \
	X(tree_entry_type)              \
	X(attr_get)                     \
	X(attr_value)                   \
	X(ignore_path_is_ignored)       \
	X(oid_equal)                    \
	X(oid_tostr)

#define REPO_GIT2_MEMBER(name) __typeof__(git_##name) *name;

/* Valid once a repository is open. */
struct repo_git2 {
	REPO_GIT2(REPO_GIT2_MEMBER)
};

extern struct repo_git2 git;

/* What libgit2 says of the call that has just failed. */
const char *repo_cause(void);

/*
 * Set @err for what it answered with @code: "cannot @what '@name': <cause>".
 * Gives false.
 */
bool repo_fail(int code, struct err *err, const char *what, const char *name);

void repo_release_object(git_object **object);

/* The hash as text; the caller frees it. */
char *repo_hash_text(const git_oid *oid) MUST_CHECK;

/* The commit that @name names.  Errors: NOT_FOUND (not here), INPUT. */
bool repo_resolve(const struct repo *repo, const char *name, git_oid *oid,
		  struct err *err) MUST_CHECK;

#endif
