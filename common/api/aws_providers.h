/*
 * Where AWS credentials come from: one function for each kind of source.
 * Private to api/aws.
 *
 * All fill the empty @credentials, register their secrets with the log, and
 * say in their errors which file or address it was and what it said.
 */
#ifndef COMMON_API_AWS_PROVIDERS_H
#define COMMON_API_AWS_PROVIDERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct aws;
struct aws_credentials;
struct env;
struct err;
struct http_reply;
struct http_request;
struct str;

#define AWS_REPLY_MAX	      ((size_t)1 << 20)	 /* of a server or a program */
#define AWS_TOKEN_MAX	      ((size_t)64 << 10) /* a file with one */
#define AWS_TRY_MS	      10000 /* of STS and of the SSO portal */
#define AWS_LOCAL_TRY_MS      2000  /* of the container's endpoint */
#define AWS_INSTANCE_TRY_MS   1000  /* of the instance's */
#define AWS_PROCESS_MS	      60000 /* of credential_process */
#define AWS_PROFILES_MAX      8	    /* roles that lead from one to the next */
#define AWS_PROCESS_WORDS_MAX 200   /* bytes of its complaint in an error */

/* --- what they have in common (aws_credentials.c) -------------------------- */

/*
 * Set @credentials; @token and @expires (RFC 3339) may be NULL or empty.
 * Errors: REMOTE (a part is missing, or no time).
 */
bool aws_credentials_set(struct aws_credentials *credentials,
			 const char *access_key, const char *secret_key,
			 const char *token, const char *expires,
			 struct err *err) MUST_CHECK;

/*
 * The same from JSON with AccessKeyId, SecretAccessKey, Expiration and
 * @token_name.  The text is not quoted in errors.  Errors: REMOTE.
 */
bool aws_credentials_read(struct aws_credentials *credentials,
			  const struct str *json, const char *token_name,
			  struct err *err) MUST_CHECK;

/* Parse @text, which errors do not quote.  Errors: REMOTE. */
bool aws_parse_answer(json_t **json, const struct str *text, struct err *err)
	MUST_CHECK;

/* Read the environment's keys.  Errors: USAGE (only one of the two). */
bool aws_environment_is_set(const struct aws *aws);
bool aws_fetch_environment(struct aws *aws, struct aws_credentials *credentials,
			   struct err *err) MUST_CHECK;

/* --- the profile (aws_shared.c) -------------------------------------------- */

/* Does our profile say anything of credentials? */
bool aws_profile_is_set(const struct aws *aws);
bool aws_fetch_profile(struct aws *aws, struct aws_credentials *credentials,
		       struct err *err) MUST_CHECK;

/* --- STS (aws_sts.c) ------------------------------------------------------- */

/* A role to assume; NULL = STS's own default.  All borrowed. */
struct aws_role {
	const char *arn;
	const char *session_name; /* NULL = a name of ours */
	const char *external_id;
	const char *duration_s;
	const char *token_file; /* of a web identity */
	const char *region;	/* of the profile that names it, or NULL */
};

/*
 * AssumeRole, signed with @source; AssumeRoleWithWebIdentity with what is in
 * @role's token file now.
 * Errors: INPUT (the file, a duration), and those of the server.
 */
bool aws_assume_role(struct aws *aws, const struct aws_role *role,
		     const struct aws_credentials *source,
		     struct aws_credentials *credentials, struct err *err)
	MUST_CHECK;
bool aws_assume_role_with_token(struct aws *aws, const struct aws_role *role,
				struct aws_credentials *credentials,
				struct err *err) MUST_CHECK;

/* Append the address of STS in @region (NULL: the global one), with a "/". */
void aws_add_sts_url(struct str *out, const struct aws *aws,
		     const char *region);

/* The web identity of the environment.  Errors also: USAGE. */
bool aws_web_identity_is_set(const struct aws *aws);
bool aws_fetch_web_identity(struct aws *aws,
			    struct aws_credentials *credentials,
			    struct err *err) MUST_CHECK;

/* --- other sources --------------------------------------------------------- */

/*
 * Run @command, split into words but not by a shell, and read what it
 * prints.  Source: SDKs' reference, "Process credential provider".
 * Errors: INPUT (a quote that is not closed), CHILD, TIMEOUT, NOT_FOUND.
 */
bool aws_fetch_process(struct aws *aws, const char *command,
		       struct aws_credentials *credentials, struct err *err)
	MUST_CHECK;

/* A role in IAM Identity Center.  All borrowed. */
struct aws_sso {
	const char *session;   /* of [sso-session]; NULL = the old form */
	const char *start_url; /* names the token's file in the old form */
	const char *region;
	const char *account;
	const char *role;
	const char *profile; /* for the hint */
};

/*
 * With the token that "aws sso login" has left in HOME; it is never renewed
 * here.  Errors: DENIED (no token, or expired), INPUT (its file).
 */
bool aws_fetch_sso(struct aws *aws, const struct aws_sso *sso,
		   struct aws_credentials *credentials, struct err *err)
	MUST_CHECK;

/*
 * The container's endpoint.  Plain http goes to this machine and to
 * 169.254.170.2, 169.254.170.23 and fd00:ec2::23 only; never by a proxy.
 * Errors: USAGE (the address, the token).
 */
bool aws_container_is_set(const struct aws *aws);
bool aws_fetch_container(struct aws *aws, struct aws_credentials *credentials,
			 struct err *err) MUST_CHECK;

/* Append the endpoint's URL.  Pure.  Errors: USAGE. */
bool aws_add_container_url(struct str *out, const struct env *env,
			   struct err *err) MUST_CHECK;

/*
 * EC2's metadata service; also learns the region if nobody has named one.
 * Never by a proxy, never version 1.
 * Errors: UNREACHABLE or TIMEOUT (there is no such service), NOT_FOUND (the
 * instance has no role).
 */
bool aws_instance_is_set(const struct aws *aws);
bool aws_fetch_instance(struct aws *aws, struct aws_credentials *credentials,
			struct err *err) MUST_CHECK;

/* Append the base of its address, without a slash at the end. */
void aws_add_instance_base(struct str *out, const struct aws *aws);

#endif
