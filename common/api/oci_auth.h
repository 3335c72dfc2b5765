/*
 * Authentication at an OCI registry.  Private to api/oci.
 *
 * Nothing is sent with the first request.  A registry that answers 401 says
 * what it wants: "Basic", or "Bearer" with the address of a token server,
 * which is asked for a token for the scope at hand.  From then on all
 * requests carry what is known, so that each scope costs one more request.
 * Amazon's registries want "Basic" and are not asked first.
 *
 * Logins: the caller's, else those of files (api/dockerconfig.h), else at
 * Amazon ECR what AWS credentials give (api/ecr.h), else none: many
 * registries give tokens to anybody for what is public.
 *
 * Source: distribution.github.io, "Token Authentication Specification",
 * "OAuth 2.0 Token Authentication"; RFC 9110, 11.
 */
#ifndef COMMON_API_OCI_AUTH_H
#define COMMON_API_OCI_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/login.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "format/url.h"

struct env;
struct http;
struct http_reply;
struct http_request;

#define OCI_TOKEN_REPLY_MAX  ((size_t)1 << 20)
#define OCI_TOKEN_LIFE_S     60 /* where a token server tells none */
#define OCI_TOKEN_LIFE_MAX_S 86400

enum oci_scheme {
	OCI_SCHEME_UNKNOWN, /* nothing was asked for yet */
	OCI_SCHEME_BASIC,
	OCI_SCHEME_BEARER,
};

/* What a WWW-Authenticate header asks for. */
struct oci_challenge {
	enum oci_scheme scheme;
	char *realm; /* owned, as the rest; NULL = not told */
	char *service;
};

/* Understand one header's value; what is not known stays UNKNOWN. */
void oci_challenge_parse(struct oci_challenge *challenge, const char *text);
void oci_challenge_release(struct oci_challenge *challenge);

/*
 * May a registry at @base send us to @realm?  Not from https to http, nor to
 * an address within a machine or a private network unless it is there
 * itself: what answers us need not be a registry.  Errors: REMOTE.
 */
bool oci_realm_check(const struct url *base, const char *realm, struct err *err)
	MUST_CHECK;

struct oci_auth {
	struct http *http;	/* borrowed */
	const struct env *env;	/* borrowed */
	const char *registry;	/* borrowed */
	const struct url *base; /* borrowed */
	struct oci_challenge asked;
	struct login login;
	bool login_known;
	struct map tokens; /* scope -> struct oci_token * */
	unsigned int token_count;
	struct arena arena;
};

/* One request: lives as long as it; the context of the two hooks below. */
struct oci_call {
	struct oci_auth *auth;
	const char *scope; /* "repository:charts/web:pull" */
	/* What it was sent with last; others may know more meanwhile. */
	enum oci_scheme scheme;
	unsigned int token; /* its number, 0 = none */
	bool fresh;	    /* the token was got for it */
};

void oci_auth_open(struct oci_auth *auth, const struct login *login);

/* Hooks of struct http_request; the context is a struct oci_call. */
bool oci_auth_before_try(void *context, struct http_request *request,
			 struct err *err) MUST_CHECK;
bool oci_auth_again(void *context, struct http_request *request,
		    const struct http_reply *reply);

/*
 * Is the next request likely to tell how to log in, or to fail to?  There is a
 * login that the registry has not yet asked for, or it has asked for one that
 * is not yet found.  What goes out together with it fares no better.
 */
bool oci_auth_is_due(const struct oci_auth *auth);

/* Say in @err how to log in, if nobody has; gives false. */
bool oci_auth_hint(const struct oci_auth *auth, struct err *err);

void oci_auth_release(struct oci_auth *auth);

#endif
