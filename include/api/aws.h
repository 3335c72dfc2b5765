/*
 * AWS: settings, credentials and request signatures (Signature Version 4).
 *
 *	CLEANUP(aws_release) struct aws aws = {0};
 *
 *	if (!aws_open(&aws, &http, env, err))
 *		return false;
 *	if (!aws_credentials_get(&aws, &credentials, err))
 *		return false;
 *
 * Settings come from the environment and from the profile that it names
 * (AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default") in ~/.aws/config
 * and ~/.aws/credentials, all under the names that the AWS SDKs use; the
 * environment comes first.
 *
 * Credentials come from the first of these that is configured:
 *
 *  1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 *     AWS_SESSION_TOKEN;
 *  2. a web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, which EKS
 *     sets for a pod whose service account has a role;
 *  3. the profile: a role to assume with the credentials of another profile,
 *     of the environment, of the container or of the instance, or with a web
 *     identity; keys; the cached token of "aws sso login"; a program
 *     (credential_process);
 *  4. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (ECS) or
 *     AWS_CONTAINER_CREDENTIALS_FULL_URI (EKS Pod Identity);
 *  5. the instance: EC2's metadata service, version 2 only.
 *
 * One that is configured but fails is an error, never a reason to ask the
 * next: else a typing error would make a build act as somebody else.
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

struct aws_profiles;
struct env;
struct err;
struct http;
struct http_reply;
struct http_request;
struct str;

/* Bytes of a region's name: those of a label of a host's name. */
#define AWS_REGION_MAX 63

/* Where AWS wants a region and nobody named one. */
#define AWS_REGION_DEFAULT "us-east-1"
/* Credentials are fetched anew when they expire within this time, */
#define AWS_REFRESH_BEFORE_S 300
/* but not sooner after the last attempt than this. */
#define AWS_REFRESH_PAUSE_S 60
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
	struct http *http;		    /* borrowed */
	struct aws_profiles *profiles;	    /* owned; what the files say */
	const char *profile;		    /* name of ours, borrowed */
	char *region;			    /* owned; NULL = not known (yet) */
	struct aws_credentials credentials; /* as last fetched */
	const char *source;		    /* that gave them, static */
	int64_t refresh_s;		    /* when to fetch them anew */
	int64_t clock_offset_s;		    /* the servers' clock minus ours */
	bool clock_learnt;
};

/*
 * Read the settings; nothing is sent.  @http and @env are borrowed for the
 * life of @aws.  Errors: INPUT (a file that cannot be read or is not of the
 * form), USAGE (AWS_PROFILE names a profile that is not there; the region is
 * none).
 */
bool aws_open(struct aws *aws, struct http *http, const struct env *env,
	      struct err *err) MUST_CHECK;

/*
 * The region: AWS_REGION, else AWS_DEFAULT_REGION, else the profile's, else
 * that of the instance if the credentials are the instance's, else
 * AWS_REGION_DEFAULT.  Borrowed.  Errors: those of aws_credentials_get(), as
 * the last two take credentials.
 */
bool aws_region_get(struct aws *aws, const char **region, struct err *err)
	MUST_CHECK;

/*
 * May @region be a part of a host's name, as AWS's tools demand?  Letters,
 * digits and hyphens, at most AWS_REGION_MAX.
 */
bool aws_region_valid(const char *region);

/* From now on it is @region, which is valid: what a server or a user told. */
void aws_set_region(struct aws *aws, const char *region);

/* The same, of a user's: refuses (USAGE) what is not valid. */
bool aws_choose_region(struct aws *aws, const char *region, struct err *err)
	MUST_CHECK;

/*
 * The address that is to be used in place of the service's own, or NULL:
 * AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, endpoint_url of the service
 * in the section that the profile names with "services", endpoint_url of the
 * profile; none of them where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the
 * profile's ignore_configured_endpoint_urls is true.  @service in upper
 * case: "S3".  Borrowed.
 */
const char *aws_endpoint(const struct aws *aws, const char *service);

/* A setting of the profile ("s3.addressing_style"), or NULL; borrowed. */
const char *aws_profile_setting(const struct aws *aws, const char *key);

/* The same, but first from the environment: @variable. */
const char *aws_setting(const struct aws *aws, const char *variable,
			const char *key);

/*
 * Append the name of AWS's own host for @service ("s3", "sts", "portal.sso")
 * in @region, with FIPS cryptography or IPv6 beside IPv4 where
 * AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT, else the profile's
 * use_fips_endpoint or use_dualstack_endpoint, is true.
 */
void aws_add_host(struct str *out, const struct aws *aws, const char *service,
		  const char *region);

/*
 * Credentials that are good for now, fetched when needed and again before
 * they expire; borrowed until the next call.  Where fetching them again
 * fails, those that have not expired go on to serve.
 *
 * Errors, which name the provider, the file or address, and what it said:
 * USAGE (none configured, or in part), INPUT (a file), DENIED and REMOTE (a
 * server), CHILD (credential_process) and those of http_send() and
 * proc_run().
 */
bool aws_credentials_get(struct aws *aws,
			 const struct aws_credentials **credentials,
			 struct err *err) MUST_CHECK;

/* Append where the credentials at hand come from: "the environment". */
void aws_add_source(struct str *out, const struct aws *aws);

/*
 * A server says that the credentials with which @request was signed have
 * expired: forget them, so that the next call fetches others.  False if they
 * are not of the kind that can be fetched anew.
 */
bool aws_credentials_drop(struct aws *aws, const struct http_request *request);

/*
 * Does what @code means pass by itself, though AWS says it by a 4xx: too many
 * requests, one that came too slowly, an issuer of identities out of reach?
 * Source: AWS SDKs and Tools Reference Guide, "Retry behavior"; STS API
 * Reference, AssumeRoleWithWebIdentity.
 */
bool aws_is_passing(const char *code);

/* The same of a reply in JSON, for struct http_request. */
bool aws_json_is_passing(const struct http_reply *reply);

/*
 * http_fail() with the "message" of a reply in JSON, or the name of the error
 * where it has none; temporary also where aws_is_passing().  Gives false.
 */
bool aws_fail_json(const struct http_request *request,
		   const struct http_reply *reply, struct err *err);

/*
 * When credentials that were fetched at @now_s and expire at @expires_s (0 =
 * never) are to be fetched anew.
 */
int64_t aws_refresh_time(int64_t now_s, int64_t expires_s);

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
 * Sign @request, which has no body, in its URL: whoever has that may send the
 * request, with all of its headers, for @expires_s seconds from
 * @signing->now_s on.  The URL is then a secret.
 * Pure.  Errors: those of aws_sign().
 */
bool aws_presign(const struct aws_signing *signing,
		 struct http_request *request, int64_t expires_s,
		 struct err *err) MUST_CHECK;

/*
 * Is @part in the Authorization that aws_sign() gave @request?  Such as
 * "Credential=AKID/" or "/eu-west-1/s3/".
 */
bool aws_signature_has(const struct http_request *request, const char *part);

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
