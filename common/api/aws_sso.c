/* Credentials of a role in IAM Identity Center, by the token of a log-in. */
#include <string.h>

#include "api/aws.h"
#include "api/aws_profile.h"
#include "api/aws_providers.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/hash.h"
#include "format/jsn.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/env.h"
#include "sys/file.h"

static bool refuse(const struct aws_sso *sso, const char *why, const char *path,
		   struct err *err)
{
	err_set(err, ERR_DENIED, "%s '%s'", why, path);
	return err_hint(err,
			"log in with 'aws sso login --profile %s'; for builds "
			"that nobody watches take a role or keys instead",
			sso->profile);
}

/* The token's file is named after the session, in the old form the portal. */
static bool find_token_file(const struct aws *aws, const struct aws_sso *sso,
			    char **path, struct err *err)
{
	const char *name = sso->session ? sso->session : sso->start_url;
	const char *home = env_get(aws->env, "HOME");
	char hash[SHA1_HEX_SIZE];

	if (!home)
		return err_set(err, ERR_USAGE,
			       "HOME, in which tokens lie, is not set");
	if (!sha1_hex(name, strlen(name), hash, err))
		return false;
	*path = xasprintf("%s/.aws/sso/cache/%s.json", home, hash);
	return true;
}

/* "2020-06-17T10:02:08Z", in old files with "UTC" at the end. */
static bool parse_expiry(const char *text, int64_t *expires_s)
{
	CLEANUP(str_release) struct str time = {0};

	if (!text)
		return false;
	str_add(&time, text);
	if (ends_with(text, "UTC")) {
		str_truncate(&time, time.len - strlen("UTC"));
		str_add_char(&time, 'Z');
	}
	return clock_parse_rfc3339(str_text(&time), time.len, expires_s);
}

static bool take_token(const struct aws *aws, const struct aws_sso *sso,
		       const char *path, const struct str *text,
		       struct secret *token, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *access;
	int64_t expires_s;

	/* What the parser says of it may quote the token. */
	if (!jsn_parse(&json, str_text(text), text->len, path, &unfit))
		return err_set(err, ERR_INPUT, "'%s' is no JSON", path);
	access = jsn_text(json, "accessToken");
	if (is_blank(access) ||
	    !parse_expiry(jsn_text(json, "expiresAt"), &expires_s))
		return err_set(err, ERR_INPUT,
			       "'%s' has no accessToken with its expiresAt",
			       path);
	if (expires_s <= aws_now_s(aws))
		return refuse(sso, "the log-in has expired: see", path, err);
	secret_set(token, access, strlen(access));
	return true;
}

static bool load_token(const struct aws *aws, const struct aws_sso *sso,
		       struct secret *token, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(str_release) struct str text = {0};
	bool found, taken;

	if (!find_token_file(aws, sso, &path, err) ||
	    !file_find(path, AWS_TOKEN_MAX, &text, &found, err))
		return false;
	if (!found)
		return refuse(sso, "nobody is logged in: there is no", path,
			      err);
	taken = take_token(aws, sso, path, &text, token, err);
	wipe(text.buf, text.len);
	return taken;
}

static void add_url(struct str *out, const struct aws *aws,
		    const struct aws_sso *sso)
{
	const char *endpoint = aws_endpoint(aws, "SSO");

	str_add(out, endpoint ? endpoint : "https://");
	if (!endpoint)
		aws_add_host(out, aws, "portal.sso", sso->region);
	while (out->len > 0 && out->buf[out->len - 1] == '/')
		str_truncate(out, out->len - 1);
	str_add(out, "/federation/credentials?role_name=");
	url_encode(out, sso->role, strlen(sso->role), "");
	str_add(out, "&account_id=");
	url_encode(out, sso->account, strlen(sso->account), "");
}

/* The moment of expiry is a number here, of milliseconds. */
static bool take_credentials(struct aws_credentials *credentials,
			     const struct str *body, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	int64_t expires_ms;

	if (!aws_parse_answer(&json, body, err))
		return false;
	expires_ms = jsn_int(json, "roleCredentials.expiration", 0);
	if (expires_ms <= 0)
		return err_set(err, ERR_REMOTE,
			       "the answer does not say when they expire");
	if (!aws_credentials_set(
		    credentials, jsn_text(json, "roleCredentials.accessKeyId"),
		    jsn_text(json, "roleCredentials.secretAccessKey"),
		    jsn_text(json, "roleCredentials.sessionToken"), NULL, err))
		return false;
	credentials->expires_s = expires_ms / 1000;
	return true;
}

static bool fail(const struct aws_sso *sso, const struct http_request *request,
		 const struct http_reply *reply, struct err *err)
{
	aws_fail_json(request, reply, err);
	if (reply->status == 401)
		return err_hint(err,
				"log in again with 'aws sso login "
				"--profile %s'",
				sso->profile);
	return err_hint(err,
			"role '%s' of account '%s' must be assigned to "
			"whoever has logged in",
			sso->role, sso->account);
}

bool aws_fetch_sso(struct aws *aws, const struct aws_sso *sso,
		   struct aws_credentials *credentials, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET",
		.no_redirects = true,
		.try_ms = AWS_TRY_MS,
		.reply_limit = AWS_REPLY_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(secret_release) struct secret token = {0};
	bool taken;

	if (!load_token(aws, sso, &token, err))
		return false;
	add_url(&request.url, aws, sso);
	strvec_addf(&request.secrets, "x-amz-sso_bearer_token: %s",
		    secret_reveal(&token));
	if (!http_send(aws->http, &request, &reply, err))
		return false;
	if (reply.status != 200)
		return fail(sso, &request, &reply, err);
	taken = take_credentials(credentials, &reply.body, err);
	wipe(reply.body.buf, reply.body.len);
	return taken || err_wrap(err, "%s", str_text(&request.url));
}
