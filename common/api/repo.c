#include "api/repo.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/repo_git2.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/gitaddress.h"
#include "sys/file.h"
#include "sys/lazy.h"

#define SYMBOL(name) {"git_" #name, (void **)&git.name},

struct repo_git2 git;

static const struct lazy_symbol symbols[] = {REPO_GIT2(SYMBOL){0}};

/* The library whose headers this was compiled with, and no other. */
#define SONAME "libgit2.so." LIBGIT2_SOVERSION

static struct lazy library = {
	.sonames = SONAME, .symbols = symbols, .sooner = "libcrypto.so.3"};
LAZY_NOTE(SONAME);

/*
 * Where libgit2 is built with mbedTLS, it reads all authorities of the system
 * when it starts, for servers that nobody asks through it.  The link exports
 * this, so that it is found before mbedTLS's: nobody is read, nobody trusted.
 */
struct mbedtls_x509_crt;
int mbedtls_x509_crt_parse_file(struct mbedtls_x509_crt *chain,
				const char *path);

__attribute__((visibility("default"))) int mbedtls_x509_crt_parse_file(
	struct mbedtls_x509_crt *chain, const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}

static bool load(struct err *err)
{
	/* What partial clones and worktrees with own settings announce. */
	static const char *extensions[] = {"partialclone", "worktreeconfig"};
	static bool started;

	if (started)
		return true;
	if (!lazy_load(&library, err))
		return false;
	if (git.libgit2_init() < 0)
		return err_set(err, ERR_IO, "cannot start '%s'", SONAME);
	git.libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			 ARRAY_SIZE(extensions));
	/* As git itself, which takes a pack's word: half of a walk's time. */
	git.libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	started = true;
	return true;
}

/* The only place that asks libgit2 why: right after the call that failed. */
const char *repo_cause(void)
{
	const git_error *error = git.error_last();

	return error && error->message ? error->message : "unknown error";
}

bool repo_fail(int code, struct err *err, const char *what, const char *name)
{
	return err_set(err, code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_INPUT,
		       "cannot %s '%s': %s", what, name, repo_cause());
}

static void release_reference(git_reference **reference)
{
	if (*reference)
		git.reference_free(*reference);
}

void repo_release_object(git_object **object)
{
	if (*object)
		git.object_free(*object);
}

static void release_config(git_config **config)
{
	if (*config)
		git.config_free(*config);
}

/* Long enough for SHA-256 too; libgit2 renames its own constants. */
char *repo_hash_text(const git_oid *oid)
{
	char text[64 + 1];

	return xstrdup(git.oid_tostr(text, sizeof(text), oid));
}

static bool has_entry(const char *dir, const char *name)
{
	CLEANUP(free_ptr) char *path = path_join(dir, name);

	return file_exists(path);
}

/*
 * Where there can be a repository, bare or not, in @dir or above; NULL:
 * nowhere.  Loading libgit2 to be told so takes longer than the rest of many a
 * run.
 */
static char *likely_place(const char *dir)
{
	char *path = realpath(dir, NULL);
	char *slash;

	if (!path)
		return xstrdup(dir); /* libgit2 says what is wrong */
	while (!has_entry(path, ".git") && !has_entry(path, "HEAD")) {
		slash = strrchr(path, '/');
		if (!slash[1]) {
			free(path);
			return NULL;
		}
		slash[slash == path] = '\0';
	}
	return path;
}

/*
 * libgit2 1.5 does not find what others own, where a configuration is there
 * that does not say whom to trust.
 */
static bool is_of_another(const char *place)
{
	CLEANUP(free_ptr) char *inner = path_join(place, ".git");
	struct stat status;

	if (stat(inner, &status) < 0 &&
	    (!has_entry(place, "objects") || stat(place, &status) < 0))
		return false;
	return status.st_uid != geteuid();
}

static bool fail_of_another(const char *dir, const char *place, struct err *err)
{
	err_set(err, ERR_INPUT,
		"cannot open the git repository in '%s': it belongs to another "
		"user",
		dir);
	return err_hint(err,
			"trust it: git config --global --add safe.directory "
			"'%s'",
			place);
}

bool repo_find(struct repo *repo, const char *dir, struct err *err)
{
	CLEANUP(free_ptr) char *place = likely_place(dir);
	git_repository *handle = NULL;
	int code;

	if (!place)
		return true;
	if (!load(err))
		return false;
	code = git.repository_open_ext(&handle, dir,
				       GIT_REPOSITORY_OPEN_CROSS_FS, NULL);
	if (code == GIT_EOWNER ||
	    (code == GIT_ENOTFOUND && is_of_another(place))) {
		repo->untrusted = place;
		place = NULL;
		return true;
	}
	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_fail(code, err, "open the git repository in", dir);
	repo->handle = handle;
	return true;
}

bool repo_open(struct repo *repo, const char *dir, struct err *err)
{
	if (!repo_find(repo, dir, err))
		return false;
	if (repo_is_open(repo))
		return true;
	if (repo->untrusted)
		return fail_of_another(dir, repo->untrusted, err);
	return err_set(err, ERR_NOT_FOUND,
		       "cannot find a git repository in or above '%s'", dir);
}

bool repo_is_open(const struct repo *repo)
{
	return repo->handle != NULL;
}

bool repo_read_head(const struct repo *repo, struct repo_head *head,
		    struct err *err)
{
	CLEANUP(release_reference) git_reference *reference = NULL;
	CLEANUP(repo_release_object) git_object *object = NULL;
	int code = git.repository_head(&reference, repo->handle);

	if (code == GIT_EUNBORNBRANCH)
		return err_set(err, ERR_NOT_FOUND,
			       "cannot read HEAD: there is no commit yet");
	if (code < 0)
		return repo_fail(code, err, "read", "HEAD");
	code = git.reference_peel(&object, reference, GIT_OBJECT_COMMIT);
	if (code < 0)
		return repo_fail(code, err, "read the commit of", "HEAD");

	if (git.reference_is_branch(reference))
		head->branch = xstrdup(git.reference_shorthand(reference));
	head->commit = repo_hash_text(git.object_id(object));
	head->time = git.commit_time((git_commit *)object);
	return true;
}

void repo_head_release(struct repo_head *head)
{
	free(head->branch);
	free(head->commit);
	*head = (struct repo_head){0};
}

/* Not by git_remote_lookup(): it leaks memory (libgit2 1.5 with pcre2). */
bool repo_remote_url(const struct repo *repo, const char *name, char **url,
		     struct err *err)
{
	CLEANUP(release_config) git_config *config = NULL;
	CLEANUP(free_ptr) char *key = xasprintf("remote.%s.url", name);
	const char *found = NULL;
	int code = git.repository_config_snapshot(&config, repo->handle);

	if (code == 0)
		code = git.config_get_string(&found, config, key);
	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_fail(code, err, "read the setting", key);
	*url = xstrdup_or_null(found);
	return true;
}

bool repo_default_branch(const struct repo *repo, const char *name,
			 char **branch, struct err *err)
{
	CLEANUP(release_reference) git_reference *reference = NULL;
	CLEANUP(free_ptr) char *prefix = xasprintf("refs/remotes/%s/", name);
	CLEANUP(free_ptr) char *path = xasprintf("%sHEAD", prefix);
	int code = git.reference_lookup(&reference, repo->handle, path);
	const char *target;

	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_fail(code, err, "read", path);
	target = code < 0 ? NULL : git.reference_symbolic_target(reference);
	*branch = xstrdup_or_null(target ? after_prefix(target, prefix) : NULL);
	return true;
}

/* *@found: it is in this clone. */
static bool look_up(const struct repo *repo, const char *name, bool *found,
		    git_oid *oid, struct err *err)
{
	CLEANUP(repo_release_object) git_object *object = NULL;
	CLEANUP(repo_release_object) git_object *commit = NULL;
	int code = git.revparse_single(&object, repo->handle, name);

	if (code == 0)
		code = git.object_peel(&commit, object, GIT_OBJECT_COMMIT);
	*found = code != GIT_ENOTFOUND;
	if (!*found)
		return true;
	if (code < 0)
		return repo_fail(code, err, "find the commit", name);
	*oid = *git.object_id(commit);
	return true;
}

bool repo_find_commit(const struct repo *repo, const char *name, char **hash,
		      struct err *err)
{
	bool found;
	git_oid oid;

	if (!look_up(repo, name, &found, &oid, err))
		return false;
	*hash = found ? repo_hash_text(&oid) : NULL;
	return true;
}

bool repo_resolve(const struct repo *repo, const char *name, git_oid *oid,
		  struct err *err)
{
	bool found;

	if (!look_up(repo, name, &found, oid, err))
		return false;
	if (found)
		return true;
	err_set(err, ERR_NOT_FOUND, "cannot find the commit '%s'", name);
	return err_hint(err, "fetch it first, with its history and tags");
}

bool repo_is_shallow(const struct repo *repo)
{
	return git.repository_is_shallow(repo->handle);
}

/* --- main and the branch -------------------------------------------------- */

/* A branch that is looked for in FETCH_HEAD. */
struct fetched {
	const char *ref;
	const char *url;
	const git_oid *oid;
	bool found;
};

static int note_fetched(const char *ref, const char *url, const git_oid *oid,
			unsigned int is_merge, void *context)
{
	struct fetched *fetched = context;

	(void)is_merge;
	fetched->found |= same_text(ref, fetched->ref) && url &&
			  git.oid_equal(oid, fetched->oid) &&
			  gitaddress_same(url, fetched->url);
	return 0;
}

/*
 * Did the last fetch bring it?  With several work trees each has a FETCH_HEAD
 * of its own, and none tells which was the last.
 */
static bool was_fetched(const struct repo *repo, struct fetched *fetched,
			struct err *err)
{
	int code;

	if (has_entry(git.repository_commondir(repo->handle), "worktrees"))
		return true;
	code = git.repository_fetchhead_foreach(repo->handle, note_fetched,
						fetched);
	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_fail(code, err, "read", "FETCH_HEAD");
	return true;
}

bool repo_remote_has(const struct repo *repo, const char *name,
		     const char *branch, bool *has, struct err *err)
{
	CLEANUP(free_ptr) char *here =
		xasprintf("refs/remotes/%s/%s", name, branch);
	CLEANUP(release_reference) git_reference *reference = NULL;
	int code = git.reference_lookup(&reference, repo->handle, here);

	if (code < 0 && code != GIT_ENOTFOUND && code != GIT_EINVALIDSPEC)
		return repo_fail(code, err, "read", here);
	*has = code == 0;
	return true;
}

bool repo_fetched_tip(const struct repo *repo, const char *name,
		      const char *branch, char **hash, struct err *err)
{
	CLEANUP(free_ptr) char *here =
		xasprintf("refs/remotes/%s/%s", name, branch);
	CLEANUP(free_ptr) char *there = xasprintf("refs/heads/%s", branch);
	CLEANUP(free_ptr) char *url = NULL;
	CLEANUP(release_reference) git_reference *reference = NULL;
	CLEANUP(repo_release_object) git_object *commit = NULL;
	struct fetched fetched = {.ref = there};
	int code = git.reference_lookup(&reference, repo->handle, here);

	if (code == 0)
		code = git.reference_peel(&commit, reference,
					  GIT_OBJECT_COMMIT);
	if (code < 0 && code != GIT_ENOTFOUND)
		return repo_fail(code, err, "read", here);
	if (code == 0) {
		fetched.oid = git.object_id(commit);
		if (!repo_remote_url(repo, name, &url, err))
			return false;
		fetched.url = url;
		if (url && !was_fetched(repo, &fetched, err))
			return false;
	}
	*hash = fetched.found ? repo_hash_text(fetched.oid) : NULL;
	return true;
}

bool repo_holds(const struct repo *repo, const char *tip, const char *commit,
		bool *held, struct err *err)
{
	git_oid from, to;
	int code;

	if (repo_is_shallow(repo))
		return err_set(err, ERR_INPUT,
			       "the clone is shallow: it does not tell what "
			       "'%s' holds",
			       tip);
	if (!repo_resolve(repo, tip, &from, err) ||
	    !repo_resolve(repo, commit, &to, err))
		return false;
	code = git.graph_descendant_of(repo->handle, &from, &to);
	if (code < 0)
		return repo_fail(code, err, "read the history of", tip);
	*held = code > 0 || git.oid_equal(&from, &to);
	return true;
}

void repo_release(struct repo *repo)
{
	if (repo->handle)
		git.repository_free(repo->handle);
	free(repo->untrusted);
	*repo = (struct repo){0};
}
