/*
 * The history of repositories at a forge: GitHub, GitLab, Gitea (Forgejo),
 * Bitbucket Cloud and Data Center; read only.
 *
 *	CLEANUP(forge_release) struct forge forge = {0};
 *	CLEANUP(free_ptr) char *hash = NULL;
 *
 *	if (!forge_open(&forge, &config, err) ||
 *	    !forge_find_tag(&forge, "acme/web", "v1.4.0", &hash, err))
 *		return false;
 *	if (hash && !forge_compare(&forge, "acme/web", old, hash, take, log,
 *				   err))
 *
 * The token goes to the API of config->url and nowhere else.  A limit of
 * requests is waited for if it ends within FORGE_WAIT_MAX_MS, else the error
 * is temporary and says when.
 *
 * Errors of all that asks: DENIED, REMOTE (the server's words, or an answer
 * that is not what the document says), and those of http_send().
 *
 * Sources: GitHub REST API 2022-11-28 (commits, compare, rate limits);
 * GitLab REST API v4 (commits, tags, pagination); Gitea API v1 (Swagger);
 * Bitbucket Cloud REST API 2.0; Bitbucket Data Center REST API 1.0.
 */
#ifndef API_FORGE_H
#define API_FORGE_H

#include "api/repo.h"
#include "base/attr.h"
#include "base/secret.h"
#include "core/forgeweb.h"
#include "format/url.h"
#include "net/http.h"

struct err;
struct reporter;

#define FORGE_REPLY_MAX		((size_t)64 << 20)
#define FORGE_COMMITS_MAX	20000 /* of one comparison; clones take more */
#define FORGE_WAIT_MAX_MS	((int64_t)60 * 1000)
#define FORGE_SECONDARY_WAIT_MS ((int64_t)60 * 1000) /* of GitHub's */
#define FORGE_WAITS_MAX		3

struct forge {
	struct http http;
	enum forge_kind kind;
	struct url api;
	struct secret authorization;	 /* a header; not set = nobody */
	const struct reporter *reporter; /* borrowed */
};

/* Filled by OPT_FORGE of cli/fragments.h. */
struct forge_args {
	const char *kind; /* of forge_kind_words */
	const char *url;
	const char *user;
	struct secret token;
};

/* All borrowed. */
struct forge_config {
	enum forge_kind kind;
	const char *url;  /* of its pages: https://host, https://host/prefix */
	const char *user; /* of a Bitbucket API token; NULL = none */
	const struct secret *token; /* NULL, or not set: nobody */
	struct http_config http;
};

/* Sends nothing.  Errors: INPUT (the address), USAGE (an unknown kind). */
bool forge_open(struct forge *forge, const struct forge_config *config,
		struct err *err) MUST_CHECK;

/*
 * *@hash gets the whole hash of the commit @name, or of the one that the tag
 * @tag is at; NULL if there is none, or nobody may see it.  The caller frees
 * it.  @path is the repository's: "group/web".
 */
bool forge_find_commit(struct forge *forge, const char *path, const char *name,
		       char **hash, struct err *err) MUST_CHECK;
bool forge_find_tag(struct forge *forge, const char *path, const char *tag,
		    char **hash, struct err *err) MUST_CHECK;

/*
 * Call @each for the commits that @new has and @old has not (hashes), newest
 * first.  Errors also: INPUT (more than FORGE_COMMITS_MAX), NOT_FOUND, and
 * those of @each.
 */
bool forge_compare(struct forge *forge, const char *path, const char *old,
		   const char *new, repo_commit_fn *each, void *context,
		   struct err *err) MUST_CHECK;

void forge_release(struct forge *forge);

#endif
