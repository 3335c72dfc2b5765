/*
 * Logins of registries, as `helm registry login` and `docker login` leave
 * them.  Private to api/oci.
 *
 * Looked up in Helm's file (HELM_REGISTRY_CONFIG, else registry/config.json
 * in HELM_CONFIG_HOME, XDG_CONFIG_HOME/helm or ~/.config/helm), then in
 * Docker's (config.json in DOCKER_CONFIG or ~/.docker).  In each file a
 * helper that it names for the registry (credHelpers), then one for all
 * (credsStore), then "auths".
 *
 * Source: Helm 4.3.1, pkg/registry/client.go; oras-go 2.6.2,
 * registry/remote/credentials; docker-credential-helpers, README.
 */
#ifndef COMMON_API_DOCKERCONFIG_H
#define COMMON_API_DOCKERCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"

struct env;
struct err;
struct login;

#define DOCKERCONFIG_SIZE_MAX	((size_t)4 << 20)
#define DOCKERCONFIG_HELPER_MS	60000
#define DOCKERCONFIG_HELPER_MAX ((size_t)1 << 20) /* bytes that one prints */

/*
 * The login for @registry (host, host:port); *@found is false if nobody has
 * logged in there.  @until is when the run itself has to end.
 * Errors: INPUT (a file that is no such), CHILD, NOT_FOUND, TIMEOUT (a
 * helper).
 */
bool dockerconfig_find(const struct env *env, const char *registry,
		       struct deadline until, struct login *login, bool *found,
		       struct err *err) MUST_CHECK;

/* The same in the text of one file, without helpers; for tests. */
bool dockerconfig_parse(const char *text, size_t len, const char *name,
			const char *registry, struct login *login, bool *found,
			struct err *err) MUST_CHECK;

#endif
