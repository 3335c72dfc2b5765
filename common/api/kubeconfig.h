/*
 * Where the cluster is and who we are, from a kubeconfig or from the pod we
 * run in.  Private to api/kube.
 *
 * What would make us somebody else or go another way than kubectl does, and
 * is not understood here (impersonation, proxies, passwords), is refused
 * rather than passed over.
 *
 * Source: client-go tools/clientcmd (the first file that has a name wins;
 * relative paths are relative to their file) and rest.InClusterConfig.
 */
#ifndef COMMON_API_KUBECONFIG_H
#define COMMON_API_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "api/execplugin.h"
#include "base/attr.h"
#include "base/secret.h"

struct env;
struct err;

#define KUBECONFIG_SIZE_MAX  ((size_t)4 << 20) /* a file that it names */
#define KUBECONFIG_FILES_MAX 32

/* All strings are owned; NULL = not set. */
struct kubeconfig {
	char *cluster; /* its name there; "" in a pod */
	char *server;
	char *ca_pem;
	char *cert_pem;
	struct secret key_pem;
	struct secret token;
	char *token_file;
	struct execplugin plugin; /* already run once */
};

/*
 * @path and @context as in struct kube_args.  Runs the user's exec plugin if
 * that is how he proves who he is.
 * Errors: INPUT, with the place in the file; those of execplugin_run().
 */
bool kubeconfig_load(struct kubeconfig *config, const char *path,
		     const char *context, const struct env *env,
		     struct err *err) MUST_CHECK;

void kubeconfig_release(struct kubeconfig *config);

#endif
