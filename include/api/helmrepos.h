/*
 * The repositories that `helm repo add` knows: their names and how to log in.
 *
 *	CLEANUP(helmrepos_release) struct helmrepos repos = {0};
 *	const struct helmrepos_entry *entry;
 *
 *	if (!helmrepos_read(&repos, env, err) ||
 *	    !helmrepos_find(&repos, "@stable", &entry, err))
 *		return false;
 *
 * Source: Helm 4.3.1, pkg/repo/v1 (repo.go, chartrepo.go),
 * pkg/downloader/manager.go (resolveRepoNames), internal/urlutil.
 */
#ifndef API_HELMREPOS_H
#define API_HELMREPOS_H

#include <stdbool.h>
#include <stddef.h>

#include "api/login.h"
#include "base/attr.h"

struct env;
struct err;

#define HELMREPOS_SIZE_MAX ((size_t)4 << 20)
#define HELMREPOS_MAX	   10000

/* "" where nothing is said. */
struct helmrepos_entry {
	char *name;
	char *url;
	char *ca_file; /* paths as written */
	char *cert_file;
	char *key_file;
	struct login login;
	/* The login is for every server that the index leads to. */
	bool pass_credentials_all;
	bool insecure_skip_tls_verify;
};

struct helmrepos {
	char *path; /* of the file; NULL = none was looked for */
	struct helmrepos_entry *items;
	size_t count;
};

/*
 * Read HELM_REPOSITORY_CONFIG, else repositories.yaml in HELM_CONFIG_HOME,
 * XDG_CONFIG_HOME/helm or ~/.config/helm.  No file is no repositories.
 * Errors: INPUT (no YAML, no list; never with a line of it, which may hold a
 * password).
 */
bool helmrepos_read(struct helmrepos *repos, const struct env *env,
		    struct err *err) MUST_CHECK;

/* The same of a text, which errors call @name. */
bool helmrepos_parse(struct helmrepos *repos, const char *text, size_t len,
		     const char *name, struct err *err) MUST_CHECK;

/* The name in "@name" or "alias:name", borrowed; NULL: it is an address. */
const char *helmrepos_alias(const char *repository);

/*
 * What is known of @repository, as a dependency names it: "@name",
 * "alias:name", or an address, which is compared without slashes at its end.
 * *@entry is NULL for an address that is not known.
 * Errors: INPUT (an alias that is not known; TLS that is not to be verified,
 * which we never do).
 */
bool helmrepos_find(const struct helmrepos *repos, const char *repository,
		    const struct helmrepos_entry **entry, struct err *err)
	MUST_CHECK;

void helmrepos_release(struct helmrepos *repos);

#endif
