/* Credentials from the endpoint that a container is given (ECS, EKS). */
#include <stdlib.h>
#include <string.h>

#include "api/aws.h"
#include "api/aws_providers.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/env.h"
#include "sys/file.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI     "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN_FILE   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define TOKEN	     "AWS_CONTAINER_AUTHORIZATION_TOKEN"

/* Where relative addresses count from: ECS's agent. */
#define ECS_BASE "http://169.254.170.2"

bool aws_container_is_set(const struct aws *aws)
{
	return env_get(aws->env, RELATIVE_URI) || env_get(aws->env, FULL_URI);
}

/* --- the address ----------------------------------------------------------- */

/* 127.0.0.0/8, in the one form of four numbers. */
static bool is_loopback4(const char *host)
{
	CLEANUP(strvec_release) struct strvec parts = {0};
	int64_t byte;

	strvec_split(&parts, host, '.');
	if (parts.count != 4 || !same_text(parts.items[0], "127"))
		return false;
	for (size_t i = 0; i < parts.count; i++)
		if (!num_parse_range(parts.items[i], 0, 255, &byte))
			return false;
	return true;
}

/*
 * Hosts to which keys may travel in the clear.  Names other than localhost
 * are not looked up: who answers for them may change between two questions.
 */
static bool is_trusted_host(const char *host)
{
	static const char *const hosts[] = {
		"localhost",	  "::1",	  "169.254.170.2",
		"169.254.170.23", "fd00:ec2::23",
	};

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (same_text(host, hosts[i]))
			return true;
	return is_loopback4(host);
}

bool aws_add_container_url(struct str *out, const struct env *env,
			   struct err *err)
{
	const char *relative = env_get(env, RELATIVE_URI);
	const char *full = env_get(env, FULL_URI);
	CLEANUP(url_release) struct url url = {0};

	if (relative && *relative != '/')
		return err_set(err, ERR_USAGE,
			       RELATIVE_URI " '%s' does not start with a slash",
			       relative);
	if (relative) {
		str_addf(out, ECS_BASE "%s", relative);
		return true;
	}
	if (!url_parse(&url, full, err))
		return err_wrap(err, "cannot use " FULL_URI);
	if (same_text(url.scheme, "https") ||
	    (same_text(url.scheme, "http") && is_trusted_host(url.host))) {
		str_add(out, full);
		return true;
	}
	err_set(err, ERR_USAGE,
		FULL_URI " names '%s://%s', to which keys must not travel in "
			 "the clear",
		url.scheme, url.host);
	return err_hint(err, "it must be https, or http to localhost, "
			     "127.0.0.0/8, [::1], 169.254.170.2, "
			     "169.254.170.23 or [fd00:ec2::23]");
}

/* --- the call -------------------------------------------------------------- */

/* The file is read each time, because its token is renewed under way. */
static bool add_token(struct http_request *request, const struct env *env,
		      struct err *err)
{
	const char *path = env_get(env, TOKEN_FILE);
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(secret_release) struct secret token = {0};

	if (path && !file_read(path, AWS_TOKEN_MAX, &text, err))
		return err_wrap(err, "cannot use " TOKEN_FILE);
	if (!path && env_get(env, TOKEN))
		str_add(&text, env_get(env, TOKEN));
	str_trim(&text);
	if (path && text.len == 0)
		return err_set(err, ERR_INPUT, "there is no token in '%s'",
			       path);
	if (text.len == 0)
		return true;
	secret_set(&token, text.buf, text.len);
	strvec_addf(&request->secrets, "Authorization: %s",
		    secret_reveal(&token));
	wipe(text.buf, text.len);
	return true;
}

bool aws_fetch_container(struct aws *aws, struct aws_credentials *credentials,
			 struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET",
		.no_redirects = true,
		.no_proxy = true,
		.try_ms = AWS_LOCAL_TRY_MS,
		.reply_limit = AWS_REPLY_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	bool taken;

	if (!aws_add_container_url(&request.url, aws->env, err) ||
	    !add_token(&request, aws->env, err))
		return false;
	strvec_add(&request.headers, "Accept: application/json");
	if (!http_send(aws->http, &request, &reply, err))
		return false;
	if (reply.status != 200) {
		aws_fail_json(&request, &reply, err);
		return err_hint(err, "the task or the pod needs a role of its "
				     "own, and the agent of its node must be "
				     "at work");
	}
	taken = aws_credentials_read(credentials, &reply.body, "Token", err);
	wipe(reply.body.buf, reply.body.len);
	return taken || err_wrap(err, "GET %s", str_text(&request.url));
}
