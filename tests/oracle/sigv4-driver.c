/*
 * Signs requests, for tests/oracle/test_sigv4.py: a JSON array in, one line
 * with the Authorization header out for each, or with the signed URL where it
 * says when that expires.
 */
#include <string.h>

#include "api/aws.h"
#include "base/mem.h"
#include "tests/drivers/driver.h"

static void sign_headers(const struct aws_signing *signing,
			 struct http_request *request)
{
	CLEANUP(err_release) struct err err = {0};

	if (!aws_sign(signing, request, &err)) {
		driver_print(driver_error(&err));
		return;
	}
	for (size_t i = 0; i < request->secrets.count; i++)
		if (starts_with(request->secrets.items[i], "Authorization: "))
			driver_print(json_pack("{s:s}", "authorization",
					       request->secrets.items[i] + 15));
}

static void sign_url(const struct aws_signing *signing,
		     struct http_request *request, int64_t expires_s)
{
	CLEANUP(err_release) struct err err = {0};

	if (aws_presign(signing, request, expires_s, &err))
		driver_print(
			json_pack("{s:s}", "url", str_text(&request->url)));
	else
		driver_print(driver_error(&err));
}

static void sign(const json_t *json)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(aws_credentials_release) struct aws_credentials credentials = {
		0};
	const json_t *expires = json_object_get(json, "expires");
	const char *secret_key = driver_text(json, "secretKey");
	const char *token = driver_text(json, "token");
	bool is_s3 = json_is_true(json_object_get(json, "s3"));
	struct aws_signing signing = {
		.credentials = &credentials,
		.region = driver_text(json, "region"),
		.service = driver_text(json, "service"),
		.now_s = json_integer_value(json_object_get(json, "now")),
		.path = is_s3 ? AWS_PATH_AS_IS : AWS_PATH_NORMALISED,
		.send_payload_hash = is_s3,
	};
	json_t *line;
	size_t i;

	credentials.access_key = xstrdup(driver_text(json, "accessKey"));
	secret_set(&credentials.secret_key, secret_key, strlen(secret_key));
	if (token)
		secret_set(&credentials.session_token, token, strlen(token));
	request.method = driver_text(json, "method");
	request.body = driver_text(json, "body");
	request.body_len = strlen(request.body);
	str_add(&request.url, driver_text(json, "url"));
	json_array_foreach (json_object_get(json, "headers"), i, line)
		strvec_add(&request.headers, json_string_value(line));
	if (expires)
		sign_url(&signing, &request, json_integer_value(expires));
	else
		sign_headers(&signing, &request);
}

int main(void)
{
	json_t *cases = driver_read(), *json;
	size_t i;

	json_array_foreach (cases, i, json)
		sign(json);
	json_decref(cases);
	return 0;
}
