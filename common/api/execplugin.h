/*
 * The program that a kubeconfig names to say who its user is: run with
 * KUBERNETES_EXEC_INFO, it prints an ExecCredential.  Private to api/kube.
 *
 * Source: client-go plugin/pkg/client/auth/exec,
 * client.authentication.k8s.io/v1 and v1beta1.
 */
#ifndef COMMON_API_EXECPLUGIN_H
#define COMMON_API_EXECPLUGIN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/secret.h"
#include "base/strvec.h"
#include "sys/env.h"

struct err;
struct value;

#define EXECPLUGIN_MS	      60000 /* its time */
#define EXECPLUGIN_OUTPUT_MAX ((size_t)1 << 20)

struct execplugin {
	struct strvec argv; /* empty: there is no plugin */
	struct env env;
};

/*
 * Take it from the 'exec' of a kubeconfig's user.  @folder is the
 * kubeconfig's, from which a command with a slash is counted.
 * Errors: INPUT (no command, or one that insists on a terminal).
 */
bool execplugin_read(struct execplugin *plugin, const struct value *exec,
		     const char *folder, const struct env *env, struct err *err)
	MUST_CHECK;

/* What it said: a token, or a certificate (PEM, owned) and its key. */
struct execplugin_answer {
	struct secret token;
	char *cert_pem;
	struct secret key_pem;
};

/* Errors: CHILD (it failed, or printed no credential), TIMEOUT, NOT_FOUND. */
bool execplugin_run(const struct execplugin *plugin,
		    struct execplugin_answer *answer, struct err *err)
	MUST_CHECK;

void execplugin_answer_release(struct execplugin_answer *answer);
void execplugin_release(struct execplugin *plugin);

#endif
