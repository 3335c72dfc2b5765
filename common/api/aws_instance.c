/* Credentials of the EC2 instance: its metadata service, version 2. */
#include <string.h>
#include <strings.h>

#include "api/aws.h"
#include "api/aws_providers.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/env.h"

#define TOKEN_PATH	 "/latest/api/token"
#define CREDENTIALS_PATH "/latest/meta-data/iam/security-credentials/"
#define REGION_PATH	 "/latest/meta-data/placement/region"
#define TOKEN_SECONDS	 "300" /* of the few requests that follow */

bool aws_instance_is_set(const struct aws *aws)
{
	const char *disabled = env_get(aws->env, "AWS_EC2_METADATA_DISABLED");

	return !disabled || strcasecmp(disabled, "true") != 0;
}

void aws_add_instance_base(struct str *out, const struct aws *aws)
{
	const char *endpoint =
		aws_setting(aws, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
			    "ec2_metadata_service_endpoint");
	const char *mode =
		aws_setting(aws, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
			    "ec2_metadata_service_endpoint_mode");
	bool is_ipv6 = mode && strcasecmp(mode, "ipv6") == 0;

	if (endpoint)
		str_add(out, endpoint);
	else
		str_add(out, is_ipv6 ? "http://[fd00:ec2::254]"
				     : "http://169.254.169.254");
	while (out->len > 0 && out->buf[out->len - 1] == '/')
		str_truncate(out, out->len - 1);
}

/* --- requests -------------------------------------------------------------- */

static void prepare(struct http_request *request, const struct aws *aws,
		    const char *method, const char *path)
{
	request->method = method;
	request->no_redirects = true;
	request->no_proxy = true;
	request->try_ms = AWS_INSTANCE_TRY_MS;
	request->reply_limit = AWS_REPLY_MAX;
	aws_add_instance_base(&request->url, aws);
	str_add(&request->url, path);
}

/* Once only: elsewhere than on EC2 nobody answers, and all wait for that. */
static bool open_session(struct aws *aws, struct secret *token, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.repeat = HTTP_REPEAT_NEVER};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	prepare(&request, aws, "PUT", TOKEN_PATH);
	strvec_add(&request.headers,
		   "X-aws-ec2-metadata-token-ttl-seconds: " TOKEN_SECONDS);
	if (!http_send(aws->http, &request, &reply, err))
		return false;
	if (reply.status != 200) {
		http_fail(&request, &reply, NULL, err);
		return err_hint(err, "name credentials in the environment or "
				     "in a profile, or let the instance use "
				     "its metadata service in version 2");
	}
	str_trim(&reply.body);
	secret_set(token, str_text(&reply.body), reply.body.len);
	return true;
}

/* @reply of any status. */
static bool get(struct aws *aws, const struct secret *token, const char *path,
		struct http_request *request, struct http_reply *reply,
		struct err *err)
{
	prepare(request, aws, "GET", path);
	strvec_addf(&request->secrets, "X-aws-ec2-metadata-token: %s",
		    secret_reveal(token));
	return http_send(aws->http, request, reply, err);
}

static bool find_role(struct aws *aws, const struct secret *token,
		      struct str *role, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!get(aws, token, CREDENTIALS_PATH, &request, &reply, err))
		return false;
	if (reply.status == 200) {
		const char *text = str_text(&reply.body);

		str_add_bytes(role, text, strcspn(text, "\r\n"));
		str_trim(role);
	} else if (reply.status != 404) {
		return http_fail(&request, &reply, NULL, err);
	}
	if (role->len > 0)
		return true;
	err_set(err, ERR_NOT_FOUND, "%s names no role", str_text(&request.url));
	return err_hint(err, "attach an instance profile with a role to this "
			     "machine, or name credentials in the environment "
			     "or in a profile");
}

/* A refusal comes with the status 200: {"Code": "...", "Message": "..."}. */
static bool check_code(const struct str *body, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(str_release) struct str words = {0};
	const char *code, *message;

	if (!aws_parse_answer(&json, body, err))
		return false;
	code = jsn_text(json, "Code");
	message = jsn_text(json, "Message");
	if (!code || same_text(code, "Success"))
		return true;
	str_add_escaped(&words, code, strlen(code));
	if (message) {
		str_add(&words, ": ");
		str_add_escaped(&words, message, strlen(message));
	}
	return err_set(err, ERR_REMOTE, "%s", str_text(&words));
}

static bool fetch_role(struct aws *aws, const struct secret *token,
		       const char *role, struct aws_credentials *credentials,
		       struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(str_release) struct str path = {0};
	bool taken;

	str_add(&path, CREDENTIALS_PATH);
	url_encode(&path, role, strlen(role), "");
	if (!get(aws, token, str_text(&path), &request, &reply, err))
		return false;
	if (reply.status != 200)
		return http_fail(&request, &reply, NULL, err);
	taken = check_code(&reply.body, err) &&
		aws_credentials_read(credentials, &reply.body, "Token", err);
	wipe(reply.body.buf, reply.body.len);
	return taken || err_wrap(err, "GET %s", str_text(&request.url));
}

/* It is a convenience: without an answer the default serves. */
static void learn_region(struct aws *aws, const struct secret *token)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (!get(aws, token, REGION_PATH, &request, &reply, &failure)) {
		log_debug("no region: %s", failure.text);
		return;
	}
	str_trim(&reply.body);
	if (reply.status == 200 && aws_region_valid(str_text(&reply.body)))
		aws_set_region(aws, str_text(&reply.body));
}

bool aws_fetch_instance(struct aws *aws, struct aws_credentials *credentials,
			struct err *err)
{
	CLEANUP(secret_release) struct secret token = {0};
	CLEANUP(str_release) struct str role = {0};

	if (!open_session(aws, &token, err))
		return false;
	if (!find_role(aws, &token, &role, err) ||
	    !fetch_role(aws, &token, str_text(&role), credentials, err)) {
		/* It is there, and so it is asked in earnest. */
		if (err->kind == ERR_UNREACHABLE || err->kind == ERR_TIMEOUT)
			err->kind = ERR_REMOTE;
		return false;
	}
	if (!aws->region)
		learn_region(aws, &token);
	return true;
}
