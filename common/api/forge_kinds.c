/* A table of forges. */

#include "api/forge_kinds.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/url.h"

/* What they give at most, but for Gitea, whose default is 50. */
#define PAGE	   "100"
#define PAGE_GITEA "50"

/* --- parts of addresses ------------------------------------------------ */

/* Segment by segment: names of tags may have slashes. */
static void add_segments(struct url *url, const char *path)
{
	CLEANUP(strvec_release) struct strvec parts = {0};

	strvec_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++)
		if (*parts.items[i])
			url_add_segment(url, parts.items[i]);
}

/* --- GitHub and Gitea -------------------------------------------------- */

static void add_repos(struct url *url, const char *path)
{
	url_add_segment(url, "repos");
	add_segments(url, path);
}

static void github_commit(struct url *url, const char *name)
{
	url_add_segment(url, "commits");
	url_add_segment(url, name);
	/* Of all that it changed only as much as must be. */
	url_add_query(url, "per_page", "1");
}

static void github_tag(struct url *url, const char *tag)
{
	add_segments(url, "commits/tags");
	add_segments(url, tag);
	url_add_query(url, "per_page", "1");
}

static void github_list(struct url *url, const char *old, const char *new,
			const struct forge_page *page)
{
	CLEANUP(free_ptr) char *span = xasprintf("%s...%s", old, new);

	url_add_segment(url, "compare");
	url_add_segment(url, span);
	url_add_query(url, "per_page", PAGE);
	url_add_query_int(url, "page", page->number);
}

static void leave_out(struct url *url)
{
	url_add_query(url, "stat", "false");
	url_add_query(url, "verification", "false");
	url_add_query(url, "files", "false");
}

static void gitea_commit(struct url *url, const char *name)
{
	add_segments(url, "git/commits");
	url_add_segment(url, name);
	leave_out(url);
}

static void gitea_tag(struct url *url, const char *tag)
{
	url_add_segment(url, "tags");
	add_segments(url, tag);
}

static void gitea_list(struct url *url, const char *old, const char *new,
		       const struct forge_page *page)
{
	url_add_segment(url, "commits");
	url_add_query(url, "sha", new);
	url_add_query(url, "not", old);
	leave_out(url);
	url_add_query(url, "limit", PAGE_GITEA);
	url_add_query_int(url, "page", page->number);
}

/* --- GitLab ------------------------------------------------------------ */

/* All of the path is one segment. */
static void gitlab_repository(struct url *url, const char *path)
{
	url_add_segment(url, "projects");
	url_add_segment(url, path);
	url_add_segment(url, "repository");
}

static void gitlab_commit(struct url *url, const char *name)
{
	url_add_segment(url, "commits");
	url_add_segment(url, name);
	url_add_query(url, "stats", "false");
}

static void gitlab_tag(struct url *url, const char *tag)
{
	url_add_segment(url, "tags");
	url_add_segment(url, tag);
}

static void gitlab_list(struct url *url, const char *old, const char *new,
			const struct forge_page *page)
{
	CLEANUP(free_ptr) char *span = xasprintf("%s..%s", old, new);

	url_add_segment(url, "commits");
	url_add_query(url, "ref_name", span);
	url_add_query(url, "order", "topo");
	url_add_query(url, "per_page", PAGE);
	url_add_query_int(url, "page", page->number);
}

/* --- Bitbucket --------------------------------------------------------- */

static void bitbucket_repository(struct url *url, const char *path)
{
	url_add_segment(url, "repositories");
	add_segments(url, path);
}

static void bitbucket_commit(struct url *url, const char *name)
{
	url_add_segment(url, "commit");
	url_add_segment(url, name);
}

static void bitbucket_tag(struct url *url, const char *tag)
{
	add_segments(url, "refs/tags");
	add_segments(url, tag);
}

static void bitbucket_list(struct url *url, const char *old, const char *new,
			   const struct forge_page *page)
{
	url_add_segment(url, "commits");
	url_add_query(url, "include", new);
	url_add_query(url, "exclude", old);
	url_add_query(url, "pagelen", PAGE);
	url_add_query_int(url, "page", page->number);
}

static void server_repository(struct url *url, const char *path)
{
	CLEANUP(free_ptr) char *project = NULL;
	const char *below = after_prefix(path, "scm/");
	const char *slash;

	path = below ? below : path;
	slash = strrchr(path, '/');
	url_add_segment(url, "projects");
	if (slash) {
		project = xmemdupz(path, (size_t)(slash - path));
		url_add_segment(url, project);
		path = slash + 1;
	}
	url_add_segment(url, "repos");
	url_add_segment(url, path);
}

static void server_commit(struct url *url, const char *name)
{
	url_add_segment(url, "commits");
	url_add_segment(url, name);
}

static void server_list(struct url *url, const char *old, const char *new,
			const struct forge_page *page)
{
	url_add_segment(url, "commits");
	url_add_query(url, "since", old);
	url_add_query(url, "until", new);
	url_add_query(url, "limit", PAGE);
	url_add_query_int(url, "start", page->start);
}

/* --- the table --------------------------------------------------------- */

static const struct forge_api apis[] = {
	[FORGE_GITHUB] = {.root = "/api/v3",
			  .accept = "application/vnd.github+json",
			  .add_repository = add_repos,
			  .add_commit = github_commit,
			  .add_tag = github_tag,
			  .add_list = github_list,
			  .commit_hash = "sha",
			  .tag_hash = "sha",
			  .list = "commits",
			  .oldest_first = true,
			  .hash = "sha",
			  .message = "commit.message",
			  .author = "commit.author.name",
			  .date = "commit.committer.date",
			  .parents = "parents",
			  .parent_hash = "sha"},
	[FORGE_GITLAB] = {.root = "/api/v4",
			  .accept = "application/json",
			  .add_repository = gitlab_repository,
			  .add_commit = gitlab_commit,
			  .add_tag = gitlab_tag,
			  .add_list = gitlab_list,
			  .commit_hash = "id",
			  .tag_hash = "commit.id",
			  .hash = "id",
			  .message = "message",
			  .author = "author_name",
			  .date = "committed_date",
			  .parents = "parent_ids"},
	[FORGE_GITEA] = {.root = "/api/v1",
			 .accept = "application/json",
			 .add_repository = add_repos,
			 .add_commit = gitea_commit,
			 .add_tag = gitea_tag,
			 .add_list = gitea_list,
			 .commit_hash = "sha",
			 .tag_hash = "commit.sha",
			 .hash = "sha",
			 .message = "commit.message",
			 .author = "commit.author.name",
			 .date = "commit.committer.date",
			 .parents = "parents",
			 .parent_hash = "sha"},
	[FORGE_BITBUCKET] = {.root = "/2.0",
			     .accept = "application/json",
			     .add_repository = bitbucket_repository,
			     .add_commit = bitbucket_commit,
			     .add_tag = bitbucket_tag,
			     .add_list = bitbucket_list,
			     .commit_hash = "hash",
			     .tag_hash = "target.hash",
			     .list = "values",
			     .hash = "hash",
			     .message = "message",
			     .author = "author.user.display_name",
			     .other_author = "author.raw",
			     .date = "date",
			     .parents = "parents",
			     .parent_hash = "hash"},
	[FORGE_BITBUCKET_SERVER] = {.root = "/rest/api/1.0",
				    .accept = "application/json",
				    .add_repository = server_repository,
				    .add_commit = server_commit,
				    .add_tag = gitlab_tag,
				    .add_list = server_list,
				    .commit_hash = "id",
				    .tag_hash = "latestCommit",
				    .list = "values",
				    .hash = "id",
				    .message = "message",
				    .author = "author.displayName",
				    .other_author = "author.name",
				    .date = "committerTimestamp",
				    .parents = "parents",
				    .parent_hash = "id"},
};

const struct forge_api *forge_api_of(enum forge_kind kind)
{
	return kind == FORGE_UNKNOWN ? NULL : &apis[kind];
}
