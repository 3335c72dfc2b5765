/*
 * AWS: settings, credentials and request signatures (Signature Version 4).
 *
 *	CLEANUP(aws_release) struct aws aws = {0};
 *
 *	aws_open(&aws, env);
 *	if (!aws_credentials_get(&aws, &credentials, err))
 *		return false;
 *
 * Settings come from the environment under the names that the AWS SDKs use.
 * Credentials come from the first provider that is configured; one that is
 * configured but fails is an error, never a reason to ask the next.
 *
 * Sources: AWS SDKs and Tools Reference Guide, "Standardized credential
 * providers" and "Service-specific endpoints"; IAM User Guide, "Create a
 * signed AWS API request".
 */
#ifndef API_AWS_H
#define API_AWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/secret.h"

struct env;
struct err;
struct http_reply;
struct http_request;
struct str;

/* Where AWS wants a region and nobody named one. */
#define AWS_REGION_DEFAULT "us-east-1"
/* Credentials are fetched anew when they expire within this time. */
#define AWS_REFRESH_BEFORE_S 300
/* Clocks that differ by less are not the cause of a refusal. */
#define AWS_SKEW_S 240

struct aws_credentials {
	char *access_key; /* owned */
	struct secret secret_key;
	struct secret session_token; /* not set: long-term credentials */
	int64_t expires_s;	     /* seconds since the epoch; 0 = never */
};

void aws_credentials_release(struct aws_credentials *credentials);

/* One for all the services that a run talks to. */
struct aws {
	const struct env *env;		    /* borrowed */
	char *region;			    /* owned; NULL = nobody named one */
	struct aws_credentials credentials; /* as last fetched */
	int64_t clock_offset_s;		    /* the servers' clock minus ours */
	bool clock_learnt;
};

/* Read the settings: AWS_REGION, else AWS_DEFAULT_REGION. */
void aws_open(struct aws *aws, const struct env *env);

/* The region, never NULL. */
const char *aws_region(const struct aws *aws);

/*
 * The address that is to be used in place of the service's own, or NULL:
 * AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL.  @service in upper
 * case: "S3".
 */
const char *aws_endpoint(const struct aws *aws, const char *service);

/*
 * Credentials that are good for now, fetched when needed; borrowed until the
 * next call.  Errors: USAGE (none configured, or in part).
 */
bool aws_credentials_get(struct aws *aws,
			 const struct aws_credentials **credentials,
			 struct err *err) MUST_CHECK;

/* Seconds since the epoch by the servers' clock, as far as it is known. */
int64_t aws_now_s(const struct aws *aws);

/*
 * Take the servers' clock from the Date header of @reply, a refusal.  True
 * if that is news: the clocks differ by AWS_SKEW_S and it was not done
 * before.  The caller then sends its request again.
 */
bool aws_learn_clock(struct aws *aws, const struct http_reply *reply);

/* How a service wants the path of a URL to enter the signature. */
enum aws_path {
	AWS_PATH_NORMALISED, /* dot segments resolved, encoded once more */
	AWS_PATH_DOUBLE,     /* as written, encoded once more */
	AWS_PATH_AS_IS,	     /* as written: S3 */
};

/* All that a signature depends on beside the request. */
struct aws_signing {
	const struct aws_credentials *credentials;
	const char *region;
	const char *service; /* "s3" */
	int64_t now_s;
	enum aws_path path;
	bool send_payload_hash; /* add x-amz-content-sha256, as S3 demands */
	bool token_not_signed;	/* add the session token after signing */
};

/*
 * Sign @request: put x-amz-date, x-amz-content-sha256 (if asked for) and
 * host among its headers as far as they count, the session token and
 * Authorization among its secrets; earlier ones of these names are replaced,
 * so that it may be called for each try.  Signed are all headers and secrets
 * of the request but those that the way to the server may change
 * (user-agent, connection, expect, ...).
 * Pure.  Errors: INPUT (the URL), IO (libcrypto cannot be loaded).
 */
bool aws_sign(const struct aws_signing *signing, struct http_request *request,
	      struct err *err) MUST_CHECK;

/*
 * What is signed, for tests and for finding out why a server disagrees:
 * append the canonical form of @request, and ";"-joined header names.
 * @payload_hash is lower-case hex.
 */
bool aws_add_canonical_request(struct str *out, struct str *signed_headers,
			       const struct http_request *request,
			       enum aws_path path, const char *payload_hash,
			       struct err *err) MUST_CHECK;

void aws_release(struct aws *aws);

#endif
