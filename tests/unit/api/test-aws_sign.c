#include "api/aws.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/hash.h"
#include "net/http.h"
#include "tests/unit/unit.h"

#define SUITE "tests/tables/aws-sigv4.json"

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static bool is_true(const json_t *json, const char *key)
{
	return json_is_true(json_object_get(json, key));
}

/* The lines of @head, some of which are folded into several. */
static void add_headers(struct http_request *request, const char *head)
{
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(str_release) struct str line = {0};

	strvec_split(&lines, head, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		str_add(&line, lines.items[i]);
		if (i + 1 < lines.count && lines.items[i + 1][0] == ' ')
			continue;
		if (line.len && !starts_with(str_text(&line), "Host:"))
			strvec_add(&request->headers, str_text(&line));
		str_clear(&line);
	}
}

/* "GET /path HTTP/1.1", headers, and after an empty line the body. */
static void read_request(struct http_request *request, const char *text)
{
	const char *line_end = strchr(text, '\n');
	const char *body = strstr(text, "\n\n");
	const char *head_end = body ? body : text + strlen(text);
	size_t method = strcspn(text, " ");
	size_t target =
		(size_t)(line_end - text) - method - 1 - strlen(" HTTP/1.1");
	CLEANUP(free_ptr) char *head =
		xmemdupz(line_end + 1, (size_t)(head_end - line_end - 1));

	request->method = starts_with(text, "GET ") ? "GET" : "POST";
	str_add(&request->url, "https://example.amazonaws.com");
	str_add_bytes(&request->url, text + method + 1, target);
	add_headers(request, head);
	if (body) {
		request->body = body + 2;
		request->body_len = strlen(body + 2);
	}
}

static void read_credentials(struct aws_credentials *credentials,
			     const json_t *json)
{
	const char *token = text_of(json, "token");
	const char *secret = text_of(json, "secretKey");

	credentials->access_key = xstrdup(text_of(json, "accessKey"));
	secret_set(&credentials->secret_key, secret, strlen(secret));
	if (token)
		secret_set(&credentials->session_token, token, strlen(token));
}

static void check_canonical(const json_t *json,
			    const struct http_request *request,
			    enum aws_path path)
{
	CLEANUP(str_release) struct str canonical = {0};
	CLEANUP(str_release) struct str names = {0};
	CLEANUP(err_release) struct err err = {0};
	struct http_request as_signed = *request;
	char hash[SHA256_HEX_SIZE];

	if (is_true(json, "omitSessionToken"))
		as_signed.secrets = (struct strvec){0};
	assert_true(sha256_hex(request->body ? request->body : "",
			       request->body_len, hash, &err));
	assert_true(aws_add_canonical_request(&canonical, &names, &as_signed,
					      path, hash, &err));
	assert_string_equal(str_text(&canonical),
			    text_of(json, "canonicalRequest"));
}

/* Sign twice, as for a second try: nothing of the first may be left. */
static void check_case(const json_t *json)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(aws_credentials_release) struct aws_credentials credentials = {
		0};
	CLEANUP(err_release) struct err err = {0};
	const char *time = text_of(json, "timestamp");
	struct aws_signing signing = {
		.credentials = &credentials,
		.region = text_of(json, "region"),
		.service = text_of(json, "service"),
		.path = is_true(json, "normalize") ? AWS_PATH_NORMALISED
						   : AWS_PATH_DOUBLE,
		.send_payload_hash = is_true(json, "signBody"),
		.token_not_signed = is_true(json, "omitSessionToken"),
	};
	const char *name = text_of(json, "name"), *authorization = NULL;

	read_credentials(&credentials, json);
	read_request(&request, text_of(json, "request"));
	assert_true(clock_parse_rfc3339(time, strlen(time), &signing.now_s));
	for (int i = 0; i < 2; i++)
		assert_true(aws_sign(&signing, &request, &err));
	check_canonical(json, &request, signing.path);
	for (size_t i = 0; i < request.secrets.count; i++)
		if (starts_with(request.secrets.items[i], "Authorization: "))
			authorization = request.secrets.items[i];
	assert_case(name,
		    authorization && ends_with(authorization,
					       text_of(json, "signature")));
	assert_case(name,
		    request.secrets.count ==
			    1u + secret_is_set(&credentials.session_token));
}

static void test_suite(void **state)
{
	json_error_t error;
	json_t *suite = json_load_file(SUITE, 0, &error), *json;
	size_t i;

	(void)state;
	assert_non_null(suite);
	assert_int_equal(json_array_size(json_object_get(suite, "cases")), 38);
	json_array_foreach (json_object_get(suite, "cases"), i, json)
		check_case(json);
	json_decref(suite);
}

/* How the canonical request begins: method, path, query. */
static void test_paths_and_queries(void **state)
{
	static const struct {
		const char *url;
		enum aws_path path;
		const char *canonical;
	} cases[] = {
		{"http://h", AWS_PATH_AS_IS, "GET\n/\n\nhost:h\n"},
		{"http://h:80/", AWS_PATH_AS_IS, "GET\n/\n\nhost:h\n"},
		{"http://h:443/", AWS_PATH_AS_IS, "GET\n/\n\nhost:h:443\n"},
		{"https://h:443", AWS_PATH_AS_IS, "GET\n/\n\nhost:h\n"},
		{"https://u:p@h:80/", AWS_PATH_AS_IS, "GET\n/\n\nhost:h:80\n"},
		{"http://[::1]:9000/", AWS_PATH_AS_IS,
		 "GET\n/\n\nhost:[::1]:9000\n"},
		{"http://h/a//b/../c%2Bd", AWS_PATH_AS_IS,
		 "GET\n/a//b/../c%2Bd\n\n"},
		{"http://h/a//b/../c%2Bd", AWS_PATH_DOUBLE,
		 "GET\n/a//b/../c%252Bd\n\n"},
		{"http://h/a//b/../c%2Bd", AWS_PATH_NORMALISED,
		 "GET\n/a/c%252Bd\n\n"},
		{"http://h/..", AWS_PATH_NORMALISED, "GET\n/\n\n"},
		{"http://h/a/..", AWS_PATH_NORMALISED, "GET\n/\n\n"},
		{"http://h/a/.", AWS_PATH_NORMALISED, "GET\n/a\n\n"},
		{"http://h/?b=2&a=1", AWS_PATH_AS_IS, "GET\n/\na=1&b=2\n"},
		{"http://h/?a-b=1&a=2&a=1", AWS_PATH_AS_IS,
		 "GET\n/\na=1&a=2&a-b=1\n"},
		{"http://h/?uploads", AWS_PATH_AS_IS, "GET\n/\nuploads=\n"},
		{"http://h/?&&a=b=c", AWS_PATH_AS_IS, "GET\n/\na=b%3Dc\n"},
		{"http://h/?a=%7e+/%2f", AWS_PATH_AS_IS,
		 "GET\n/\na=~%2B%2F%2F\n"},
		{"http://h/?a=50%", AWS_PATH_AS_IS, "GET\n/\na=50%25\n"},
		{"http://h/x?a#b?c", AWS_PATH_AS_IS, "GET\n/x\na=\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(http_request_release) struct http_request request = {
			.method = "GET"};
		CLEANUP(str_release) struct str out = {0};
		CLEANUP(str_release) struct str names = {0};
		CLEANUP(err_release) struct err err = {0};

		str_add(&request.url, cases[i].url);
		assert_true(aws_add_canonical_request(
			&out, &names, &request, cases[i].path, "hash", &err));
		str_truncate(&out, strlen(cases[i].canonical));
		assert_string_equal(str_text(&out), cases[i].canonical);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_paths_and_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
