/*
 * The program that a kubeconfig names to say who its user is: run with
 * KUBERNETES_EXEC_INFO, it prints an ExecCredential, as JSON or YAML.  Private
 * to api/kube.
 *
 * It is never told that somebody sits at a terminal, as nobody does where
 * steps run.
 *
 * Source: client-go plugin/pkg/client/auth/exec, rest/exec.go,
 * client.authentication.k8s.io/v1 and v1beta1.
 */
#ifndef COMMON_API_EXECPLUGIN_H
#define COMMON_API_EXECPLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/strvec.h"
#include "sys/env.h"

struct err;
struct kubeconfig;
struct kubeconfig_entry;

#define EXECPLUGIN_MS	      60000 /* its time, if the run has as much */
#define EXECPLUGIN_OUTPUT_MAX ((size_t)1 << 20)
#define EXECPLUGIN_NODES_MAX  1000 /* in YAML; a credential has a dozen */

struct execplugin {
	struct strvec argv;	 /* empty: there is no plugin */
	struct strvec variables; /* "NAME=value", the kubeconfig's own */
	struct env env;		 /* all that the child sees */
	char *api_version;
	char *install_hint; /* NULL = none */
	bool wants_cluster; /* to be told about it */
};

/*
 * Take it from the 'exec' of a kubeconfig's user.
 * Errors: INPUT (no command, a version or a mode that nobody knows, a variable
 * that is no text), with the place.
 */
bool execplugin_read(struct execplugin *plugin,
		     const struct kubeconfig_entry *exec, const struct env *env,
		     struct err *err) MUST_CHECK;

/*
 * Make it ready to be run: what it is told about us and, if it asked to, about
 * the cluster of @config, whose entry is @cluster.
 * Errors: INPUT (it insists on a terminal).
 */
bool execplugin_prepare(struct execplugin *plugin,
			const struct kubeconfig_entry *exec,
			const struct kubeconfig *config,
			const struct kubeconfig_entry *cluster, struct err *err)
	MUST_CHECK;

/* What it said: a token, a certificate (PEM, owned) and its key, or both. */
struct execplugin_answer {
	struct secret token;
	char *cert_pem;
	struct secret key_pem;
	int64_t expires_s; /* since the epoch; 0 = it did not say */
};

/*
 * Errors: CHILD (it failed, or printed no credential), TIMEOUT, NOT_FOUND
 * (there is no such program; the hint is the kubeconfig's installHint).
 * @until is when the run itself has to end.
 */
bool execplugin_run(const struct execplugin *plugin, struct deadline until,
		    struct execplugin_answer *answer, struct err *err)
	MUST_CHECK;

void execplugin_answer_release(struct execplugin_answer *answer);
void execplugin_release(struct execplugin *plugin);

#endif
