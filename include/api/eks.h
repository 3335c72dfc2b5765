/*
 * Tokens for Amazon's Kubernetes (EKS), without any tool of AWS's.
 *
 *	CLEANUP(eks_login_release) struct eks_login login = {0};
 *	CLEANUP(eks_token_release) struct eks_token token = {0};
 *
 *	if (eks_login_read(&login, &argv, env) &&
 *	    !eks_make_token(&token, &login, &http, err))
 *		return false;
 *
 * A token is a presigned URL of STS's GetCallerIdentity with the cluster's
 * name in a signed header: the cluster asks STS with it who we are.  To make
 * one takes our credentials (api/aws) and a hash, and a request only where a
 * role is to be assumed or credentials are to be fetched.
 *
 * Source: awscli customizations/eks/get_token.py; aws-iam-authenticator
 * pkg/token (which says what the cluster accepts).
 */
#ifndef API_EKS_H
#define API_EKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/secret.h"
#include "sys/env.h"

struct err;
struct http_config;
struct str;
struct strvec;

/* What the URL says; the cluster only wants it below 900. */
#define EKS_URL_S 60
/* STS takes it for 15 minutes from its date on; one is left for clocks. */
#define EKS_TOKEN_S (14 * 60)

/* Which token is wanted.  Strings are owned; NULL = not said. */
struct eks_login {
	char *cluster; /* its name, or for some its id */
	char *region;  /* of STS; NULL = as AWS's tools find theirs */
	char *role_arn;
	char *profile;	/* NULL = the environment's */
	struct env env; /* where credentials come from */
};

/*
 * Does the command line @argv of a kubeconfig's plugin ask for such a token,
 * and for nothing that is not understood here?  These are "aws eks get-token"
 * with --cluster-name or --cluster-id, --region, --role-arn, --profile and
 * --output json, "aws-iam-authenticator token" with -i, -r and --region, and
 * our own eks-token with --cluster, --region, --role-arn and --profile.
 */
bool eks_login_read(struct eks_login *login, const struct strvec *argv,
		    const struct env *env) MUST_CHECK;

/*
 * Take credentials from @profile, as AWS's --profile does: those of the
 * environment do not count then.
 */
void eks_login_use_profile(struct eks_login *login, const char *profile);

/*
 * Add the arguments with which our own eks-token makes such a token; it finds
 * the rest in the environment.
 */
void eks_login_add_args(struct strvec *args, const struct eks_login *login);

void eks_login_release(struct eks_login *login);

struct eks_token {
	struct secret text;
	int64_t expires_s; /* since the epoch; at most with its credentials */
};

/*
 * @http is for STS and for where credentials come from; its env is replaced
 * by @login's.  Errors: those of aws_open() and aws_credentials_get().
 */
bool eks_make_token(struct eks_token *token, const struct eks_login *login,
		    const struct http_config *http, struct err *err) MUST_CHECK;

/*
 * Ask STS, as the cluster will, whom the token is from; append the ARN.
 * Errors: also DENIED (it is nobody's any more).
 */
bool eks_find_identity(struct str *arn, const struct eks_login *login,
		       const struct http_config *http, struct err *err)
	MUST_CHECK;

void eks_token_release(struct eks_token *token);

#endif
