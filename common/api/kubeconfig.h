/*
 * Where the cluster is and who we are, from a kubeconfig or from the pod we
 * run in.  Private to api/kube.
 *
 * What would make us somebody else than kubectl is, and is not understood
 * here (auth-provider), is refused rather than passed over.
 *
 * Source: client-go tools/clientcmd (client_config.go, validation.go) and
 * rest.InClusterConfig, which tests/oracle compares it with.  Two things
 * differ on purpose: without a context there is no server on localhost:8080,
 * and plain http is only for this machine itself.
 */
#ifndef COMMON_API_KUBECONFIG_H
#define COMMON_API_KUBECONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/execplugin.h"
#include "base/attr.h"
#include "base/secret.h"
#include "base/strvec.h"

struct env;
struct err;

/* Where a pod finds who it is. */
#define KUBECONFIG_POD "/var/run/secrets/kubernetes.io/serviceaccount"

/*
 * All strings are owned; NULL = not set.  Of the ways to say who we are, at
 * most one is set beside a certificate: token and token file, user name and
 * password, or a plugin (then there is no certificate either).
 */
struct kubeconfig {
	char *cluster; /* its name there; "" in a pod */
	char *server;
	char *ca_pem;
	bool insecure;	     /* believe whoever answers */
	char *server_name;   /* that the certificate must have; NULL = host */
	char *proxy;	     /* for this cluster alone; NULL = as usual */
	bool no_compression; /* of replies */
	char *cert_pem;
	struct secret key_pem;
	struct secret token;
	char *token_file;	     /* which may change; before @token */
	struct secret login;	     /* "user:password" */
	struct strvec impersonation; /* headers that ask to be somebody else */
	json_t *as;		     /* the same as a kubeconfig says it */
	struct execplugin plugin;
};

/*
 * @path and @context as in struct kube_args.  No plugin is run yet.
 * Errors: INPUT, with the place in the file.
 */
bool kubeconfig_load(struct kubeconfig *config, const char *path,
		     const char *context, const struct env *env,
		     struct err *err) MUST_CHECK;

/*
 * The service account of the pod that we run in, whose files are in
 * @folder.  Errors: INPUT (this is no pod; a file).
 */
bool kubeconfig_load_pod(struct kubeconfig *config, const char *folder,
			 const struct env *env, struct err *err) MUST_CHECK;

void kubeconfig_release(struct kubeconfig *config);

#endif
