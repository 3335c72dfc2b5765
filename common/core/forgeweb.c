#include "core/forgeweb.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/url.h"

const char *const forge_kind_words[] = {
	"auto",	     "github",		 "gitlab", "gitea",
	"bitbucket", "bitbucket-server", NULL,
};

enum forge_kind forge_kind_of_word(const char *word)
{
	for (unsigned int i = FORGE_GITHUB; forge_kind_words[i]; i++)
		if (same_text(word, forge_kind_words[i]))
			return (enum forge_kind)i;
	return FORGE_UNKNOWN;
}

enum forge_kind forge_kind_of_host(const char *host)
{
	static const struct {
		const char *label;
		enum forge_kind kind;
	} known[] = {
		{"github", FORGE_GITHUB},
		{"gitlab", FORGE_GITLAB},
		{"gitea", FORGE_GITEA},
		{"forgejo", FORGE_GITEA},
		{"codeberg", FORGE_GITEA},
		{"bitbucket", FORGE_BITBUCKET_SERVER},
	};
	size_t len = strcspn(host, ".");

	if (strcmp(host, "bitbucket.org") == 0)
		return FORGE_BITBUCKET;
	if (ends_with(host, ".ghe.com"))
		return FORGE_GITHUB;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (len == strlen(known[i].label) &&
		    strncmp(host, known[i].label, len) == 0)
			return known[i].kind;
	return FORGE_UNKNOWN;
}

static void add_encoded(struct str *out, const char *text)
{
	url_encode(out, text, strlen(text), "");
}

void forge_add_repository_url(struct str *out, enum forge_kind kind,
			      const char *base, const char *path)
{
	const char *below = after_prefix(path, "scm/");
	const char *name;
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	str_add_bytes(out, base, len);
	if (kind != FORGE_BITBUCKET_SERVER) {
		str_addf(out, "/%s", path);
		return;
	}
	path = below ? below : path;
	name = strrchr(path, '/');
	if (name)
		str_addf(out, "/projects/%.*s/repos/%s", (int)(name - path),
			 path, name + 1);
}

void forge_add_commit_url(struct str *out, enum forge_kind kind,
			  const char *web, const char *hash)
{
	static const char *const pages[] = {
		[FORGE_GITHUB] = "commit",
		[FORGE_GITLAB] = "-/commit",
		[FORGE_GITEA] = "commit",
		[FORGE_BITBUCKET] = "commits",
		[FORGE_BITBUCKET_SERVER] = "commits",
	};

	if (kind == FORGE_UNKNOWN)
		return;
	str_addf(out, "%s/%s/", web, pages[kind]);
	add_encoded(out, hash);
}

void forge_add_change_url(struct str *out, enum forge_kind kind,
			  const char *web, const char *change)
{
	static const char *const pages[] = {
		[FORGE_GITHUB] = "pull",
		[FORGE_GITLAB] = "-/merge_requests",
		[FORGE_GITEA] = "pulls",
		[FORGE_BITBUCKET] = "pull-requests",
		[FORGE_BITBUCKET_SERVER] = "pull-requests",
	};

	if (kind == FORGE_UNKNOWN || !*change)
		return;
	str_addf(out, "%s/%s/", web, pages[kind]);
	add_encoded(out, change + 1);
}

void forge_add_compare_url(struct str *out, enum forge_kind kind,
			   const char *web, const char *old, const char *new)
{
	switch (kind) {
	case FORGE_UNKNOWN:
		return;
	case FORGE_GITHUB:
	case FORGE_GITEA:
	case FORGE_GITLAB:
		str_addf(out, "%s/%scompare/", web,
			 kind == FORGE_GITLAB ? "-/" : "");
		add_encoded(out, old);
		str_add(out, "...");
		add_encoded(out, new);
		return;
	case FORGE_BITBUCKET:
		str_addf(out, "%s/branches/compare/", web);
		add_encoded(out, new);
		str_add(out, "%0D");
		add_encoded(out, old);
		return;
	case FORGE_BITBUCKET_SERVER:
		str_addf(out, "%s/compare/commits?sourceBranch=", web);
		add_encoded(out, new);
		str_add(out, "&targetBranch=");
		add_encoded(out, old);
		return;
	}
}
