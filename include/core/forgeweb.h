/*
 * Forges by kind: which one a host is, and where its pages are.  Pure.
 *
 *	kind = forge_kind_of_host("github.com");
 *	forge_add_commit_url(&url, kind, "https://github.com/acme/web", hash);
 */
#ifndef CORE_FORGEWEB_H
#define CORE_FORGEWEB_H

struct str;

enum forge_kind {
	FORGE_UNKNOWN,
	FORGE_GITHUB,
	FORGE_GITLAB,
	FORGE_GITEA, /* Forgejo too */
	FORGE_BITBUCKET,
	FORGE_BITBUCKET_SERVER, /* Data Center */
};

/* What --forge takes, in the order of the enumeration; NULL-terminated. */
extern const char *const forge_kind_words[];

/* The kind of that word, FORGE_UNKNOWN for another one or NULL. */
enum forge_kind forge_kind_of_word(const char *word);

/*
 * By its name: github.com, git.example.com is unknown, gitlab.example.com is
 * a GitLab.
 */
enum forge_kind forge_kind_of_host(const char *host);

/*
 * Append the page of the repository @path ("group/web") at the forge whose
 * pages begin with @base.
 */
void forge_add_repository_url(struct str *out, enum forge_kind kind,
			      const char *base, const char *path);

/*
 * Append the page of a commit, of a change ("#12", "!12"), of what is
 * between two commits; nothing for an unknown kind.  @web is the page of the
 * repository: https://host/group/web, for Bitbucket Data Center
 * https://host/projects/KEY/repos/web.
 */
void forge_add_commit_url(struct str *out, enum forge_kind kind,
			  const char *web, const char *hash);
void forge_add_change_url(struct str *out, enum forge_kind kind,
			  const char *web, const char *change);
void forge_add_compare_url(struct str *out, enum forge_kind kind,
			   const char *web, const char *old, const char *new);

#endif
