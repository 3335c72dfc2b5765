#include <stdlib.h>
#include <string.h>

#include "api/aws.h"
#include "api/aws_profile.h"
#include "api/aws_providers.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "net/http.h"
#include "sys/env.h"

#define PROFILE "the profile"

/* --- the value ------------------------------------------------------------- */

void aws_credentials_release(struct aws_credentials *credentials)
{
	free(credentials->access_key);
	secret_release(&credentials->secret_key);
	secret_release(&credentials->session_token);
	*credentials = (struct aws_credentials){0};
}

bool aws_credentials_set(struct aws_credentials *credentials,
			 const char *access_key, const char *secret_key,
			 const char *token, const char *expires,
			 struct err *err)
{
	int64_t expires_s = 0;

	if (is_blank(access_key) || is_blank(secret_key))
		return err_set(err, ERR_REMOTE, "there is no %s in the answer",
			       is_blank(access_key) ? "access key"
						    : "secret access key");
	if (!is_blank(expires) &&
	    !clock_parse_rfc3339(expires, strlen(expires), &expires_s))
		return err_set(err, ERR_REMOTE,
			       "'%s', when they expire, is no time", expires);
	credentials->access_key = xstrdup(access_key);
	secret_set(&credentials->secret_key, secret_key, strlen(secret_key));
	if (!is_blank(token))
		secret_set(&credentials->session_token, token, strlen(token));
	credentials->expires_s = expires_s;
	return true;
}

/* What the parser says of the text may quote a secret. */
bool aws_parse_answer(json_t **json, const struct str *text, struct err *err)
{
	CLEANUP(err_release) struct err unfit = {0};

	return jsn_parse(json, str_text(text), text->len, "answer", &unfit) ||
	       err_set(err, ERR_REMOTE, "the answer is no JSON");
}

bool aws_credentials_read(struct aws_credentials *credentials,
			  const struct str *json, const char *token_name,
			  struct err *err)
{
	CLEANUP(jsn_release) json_t *answer = NULL;

	return aws_parse_answer(&answer, json, err) &&
	       aws_credentials_set(credentials, jsn_text(answer, "AccessKeyId"),
				   jsn_text(answer, "SecretAccessKey"),
				   jsn_text(answer, token_name),
				   jsn_text(answer, "Expiration"), err);
}

bool aws_is_passing(const char *code)
{
	static const char *const codes[] = {
		"BandwidthLimitExceeded",    "EC2ThrottledException",
		"IDPCommunicationError",     "PriorRequestNotComplete",
		"RequestLimitExceeded",	     "RequestThrottled",
		"RequestThrottledException", "RequestTimeout",
		"RequestTimeoutException",   "SlowDown",
		"ThrottledException",	     "Throttling",
		"ThrottlingException",	     "TooManyRequestsException",
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (same_text(code, codes[i]))
			return true;
	return false;
}

/* The name of an error may have that of its service before it: "ns#Name". */
static bool names_passing(const json_t *json)
{
	const char *type = jsn_text(json, "__type");
	const char *name = type ? strchr(type, '#') : NULL;

	return aws_is_passing(name ? name + 1 : type);
}

bool aws_json_is_passing(const struct http_reply *reply)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};

	return reply->status >= 400 &&
	       aws_parse_answer(&json, &reply->body, &unfit) &&
	       names_passing(json);
}

bool aws_fail_json(const struct http_request *request,
		   const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *words = NULL;

	if (aws_parse_answer(&json, &reply->body, &unfit))
		words = jsn_text(json, "message");
	if (!words && json)
		words = jsn_text(json, "__type");
	http_fail(request, reply, words, err);
	if (json && names_passing(json))
		err_temporary(err, true);
	return false;
}

/* --- the environment ------------------------------------------------------- */

bool aws_environment_is_set(const struct aws *aws)
{
	return env_get(aws->env, "AWS_ACCESS_KEY_ID") ||
	       env_get(aws->env, "AWS_SECRET_ACCESS_KEY");
}

bool aws_fetch_environment(struct aws *aws, struct aws_credentials *credentials,
			   struct err *err)
{
	const char *access_key = env_get(aws->env, "AWS_ACCESS_KEY_ID");
	const char *secret_key = env_get(aws->env, "AWS_SECRET_ACCESS_KEY");

	if (!access_key || !secret_key)
		return err_set(err, ERR_USAGE, "%s is set but %s is not",
			       access_key ? "AWS_ACCESS_KEY_ID"
					  : "AWS_SECRET_ACCESS_KEY",
			       access_key ? "AWS_SECRET_ACCESS_KEY"
					  : "AWS_ACCESS_KEY_ID");
	return aws_credentials_set(credentials, access_key, secret_key,
				   env_get(aws->env, "AWS_SESSION_TOKEN"), NULL,
				   err);
}

/* --- the chain ------------------------------------------------------------- */

/* A source of credentials.  They are asked in this order. */
static const struct provider {
	const char *name;
	/* Do the settings ask for it? */
	bool (*is_set)(const struct aws *aws);
	bool (*fetch)(struct aws *aws, struct aws_credentials *credentials,
		      struct err *err);
} providers[] = {
	{"the environment", aws_environment_is_set, aws_fetch_environment},
	{"the web identity", aws_web_identity_is_set, aws_fetch_web_identity},
	{PROFILE, aws_profile_is_set, aws_fetch_profile},
	{"the container", aws_container_is_set, aws_fetch_container},
	{"the instance", aws_instance_is_set, aws_fetch_instance},
};

/* Nobody names any, and there is no instance around us: @why. */
static bool fail_without(const struct aws *aws, const char *why,
			 struct err *err)
{
	CLEANUP(free_ptr) char *files = aws_profiles_describe(aws->profiles);

	err_set(err, ERR_USAGE,
		"there are no AWS credentials: not in the environment, not in "
		"profile '%s' of %s, and %s",
		aws->profile, files, why);
	return err_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
			     "or AWS_PROFILE, or give the pod or the machine "
			     "a role");
}

/*
 * The instance is asked unbidden, so that there is none is no fault of it.
 * But one that has answered before is there, and that no time is left says
 * nothing of it.
 */
static bool is_no_instance(const struct aws *aws,
			   const struct provider *provider,
			   const struct err *err)
{
	const struct deadline deadline = http_deadline(aws->http);

	return provider->fetch == aws_fetch_instance &&
	       (err->kind == ERR_UNREACHABLE || err->kind == ERR_TIMEOUT) &&
	       aws->source != provider->name && !deadline_passed(&deadline);
}

static bool fetch_credentials(struct aws *aws,
			      struct aws_credentials *credentials,
			      struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		if (!providers[i].is_set(aws))
			continue;
		if (providers[i].fetch(aws, credentials, &failure)) {
			aws->source = providers[i].name;
			return true;
		}
		if (is_no_instance(aws, &providers[i], &failure))
			return fail_without(aws, failure.text, err);
		err_move(err, &failure);
		return err_wrap(err, "cannot take AWS credentials from %s",
				providers[i].name);
	}
	return fail_without(aws, "the instance may not be asked", err);
}

void aws_add_source(struct str *out, const struct aws *aws)
{
	str_add(out, aws->source ? aws->source : "nowhere");
	if (same_text(aws->source, PROFILE))
		str_addf(out, " '%s'", aws->profile);
}

/* --- in time --------------------------------------------------------------- */

int64_t aws_refresh_time(int64_t now_s, int64_t expires_s)
{
	int64_t at = expires_s - AWS_REFRESH_BEFORE_S;

	if (expires_s == 0)
		return INT64_MAX;
	if (at < now_s + AWS_REFRESH_PAUSE_S)
		at = now_s + AWS_REFRESH_PAUSE_S;
	return expires_s > now_s && at > expires_s ? expires_s : at;
}

static bool refresh(struct aws *aws, struct err *err)
{
	CLEANUP(aws_credentials_release) struct aws_credentials fresh = {0};

	if (!fetch_credentials(aws, &fresh, err))
		return false;
	aws_credentials_release(&aws->credentials);
	aws->credentials = fresh;
	fresh = (struct aws_credentials){0};
	aws->refresh_s =
		aws_refresh_time(aws_now_s(aws), aws->credentials.expires_s);
	return true;
}

/* A failure to renew what still serves is no failure yet. */
static bool refresh_early(struct aws *aws, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	if (refresh(aws, &failure))
		return true;
	if (failure.kind == ERR_INTERRUPTED) {
		err_move(err, &failure);
		return false;
	}
	log_debug("%s; those at hand go on to serve", failure.text);
	aws->refresh_s =
		aws_refresh_time(aws_now_s(aws), aws->credentials.expires_s);
	return true;
}

bool aws_credentials_get(struct aws *aws,
			 const struct aws_credentials **credentials,
			 struct err *err)
{
	const struct aws_credentials *have = &aws->credentials;
	int64_t now_s = aws_now_s(aws);

	if (!have->access_key) {
		if (!refresh(aws, err))
			return false;
	} else if (now_s >= aws->refresh_s) {
		bool expired = now_s >= have->expires_s;

		if (!(expired ? refresh(aws, err) : refresh_early(aws, err)))
			return false;
	}
	*credentials = &aws->credentials;
	return true;
}

bool aws_credentials_drop(struct aws *aws, const struct http_request *request)
{
	const struct aws_credentials *have = &aws->credentials;
	CLEANUP(free_ptr) char *part = NULL;

	if (!have->access_key)
		return true;
	if (have->expires_s == 0)
		return false;
	part = xasprintf("Credential=%s/", have->access_key);
	if (aws_signature_has(request, part))
		aws_credentials_release(&aws->credentials);
	return true;
}
