/*
 * Who we are to a cluster, request by request: a token from a file that
 * rotates, the credential of a plugin until it expires, and another one when
 * the server refuses it.  Private to api/kube.
 *
 * Source: client-go transport/token_source.go (a file that cannot be read
 * any more leaves the last token), plugin/pkg/client/auth/exec.
 */
#ifndef COMMON_API_KUBELOGIN_H
#define COMMON_API_KUBELOGIN_H

#include <stdbool.h>

#include "api/eks.h"
#include "api/execplugin.h"
#include "base/attr.h"
#include "base/secret.h"
#include "net/http.h"

struct err;
struct kubeconfig;

/* A plugin is asked anew so long before its credential expires. */
#define KUBELOGIN_EARLY_S 10

struct kubelogin {
	const struct kubeconfig *config; /* borrowed */
	struct http_config general;	 /* for servers that are not its own */
	struct eks_login
		eks;	     /* what the plugin would do; cluster NULL: other */
	struct secret token; /* as last read from its file */
	struct execplugin_answer answer; /* of the plugin */
	unsigned int renewals; /* times that kubelogin_renew() had another */
};

/*
 * Ask the plugin of @config, if it has one; @config and what @general names
 * are borrowed.  What the AWS CLI or aws-iam-authenticator would be asked
 * for EKS is done here, without them; they are run where that fails.
 * Errors: those of execplugin_run(), eks_make_token().
 */
bool kubelogin_open(struct kubelogin *login, const struct kubeconfig *config,
		    const struct http_config *general, struct err *err)
	MUST_CHECK;

/*
 * Put what says who we are among the secrets of @request, and the plugin's
 * certificate, if it has another one, into @http.
 * Errors: INPUT (the token's file), those of execplugin_run().
 */
bool kubelogin_authorize(struct kubelogin *login, struct http *http,
			 struct http_request *request, struct err *err)
	MUST_CHECK;

/*
 * The server does not know who we are (401).  True if there is something else
 * to say now, so that asking it again is worth while.
 */
bool kubelogin_renew(struct kubelogin *login, struct http *http);

/*
 * Is the plugin's token good for another @ms?  It is asked for a new one if
 * that would be.
 */
bool kubelogin_lasts(struct kubelogin *login, struct http *http, int64_t ms);

void kubelogin_release(struct kubelogin *login);

#endif
