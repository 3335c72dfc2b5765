#include "api/aws.h"

#include "api/aws_providers.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/http.h"
#include "sys/env.h"
#include "tests/unit/folder.h"

/* "NAME=value" of each line; the files are those of this folder. */
static void set_env(struct env *env, const char *lines)
{
	CLEANUP(strvec_release) struct strvec pairs = {0};

	env_set(env, "AWS_CONFIG_FILE", "config");
	env_set(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
	env_set(env, "AWS_EC2_METADATA_DISABLED", "true");
	env_set(env, "HOME", folder);
	strvec_split(&pairs, lines, '\n');
	for (size_t i = 0; i < pairs.count; i++) {
		char *value = strchr(pairs.items[i], '=');

		if (!value)
			continue;
		*value = '\0';
		env_set(env, pairs.items[i], value + 1);
	}
}

/* A run of its own; no provider here gets as far as to send anything. */
struct world {
	struct env env;
	struct http http;
	struct aws aws;
	struct err err;
};

static void world_release(struct world *world)
{
	aws_release(&world->aws);
	http_release(&world->http);
	env_release(&world->env);
	err_release(&world->err);
}

static bool open_world(struct world *world, const char *env, const char *config,
		       const char *credentials)
{
	put("config", config ? config : "");
	put("credentials", credentials ? credentials : "");
	set_env(&world->env, env);
	return aws_open(&world->aws, &world->http, &world->env, &world->err);
}

static bool get(struct world *world, const char *env, const char *config,
		const char *credentials)
{
	const struct aws_credentials *found;

	return open_world(world, env, config, credentials) &&
	       aws_credentials_get(&world->aws, &found, &world->err);
}

#define KEYS "aws_access_key_id = A\naws_secret_access_key = secret-of-a\n"

/* Whose keys they are, by where they come from. */
static void test_precedence(void **state)
{
	static const struct {
		const char *name;
		const char *env, *config, *credentials;
		const char *key; /* that is found */
	} cases[] = {
		{"environment",
		 "AWS_ACCESS_KEY_ID=E\nAWS_SECRET_ACCESS_KEY=secret-of-e", NULL,
		 NULL, "E"},
		{"environment before all else",
		 "AWS_ACCESS_KEY_ID=E\nAWS_SECRET_ACCESS_KEY=secret-of-e\n"
		 "AWS_WEB_IDENTITY_TOKEN_FILE=none\nAWS_PROFILE=p",
		 "[profile p]\n" KEYS, NULL, "E"},
		{"default profile", "", "[default]\n" KEYS, NULL, "A"},
		{"default of the credentials file", "", NULL,
		 "[default]\n" KEYS, "A"},
		{"credentials file before config", "",
		 "[default]\naws_access_key_id = C\n"
		 "aws_secret_access_key = secret-of-c\n",
		 "[default]\n" KEYS, "A"},
		{"one profile out of both files", "AWS_PROFILE=p",
		 "[profile p]\nregion = x\n", "[p]\n" KEYS, "A"},
		{"empty variables are not set",
		 "AWS_ACCESS_KEY_ID=\nAWS_SECRET_ACCESS_KEY=\nAWS_PROFILE=",
		 "[default]\n" KEYS, NULL, "A"},
		{"old name of the profile", "AWS_DEFAULT_PROFILE=p",
		 "[profile p]\n" KEYS "[default]\naws_access_key_id = D\n",
		 NULL, "A"},
		{"new name of the profile first",
		 "AWS_DEFAULT_PROFILE=q\nAWS_PROFILE=p",
		 "[profile p]\n" KEYS "[profile q]\naws_access_key_id = Q\n",
		 NULL, "A"},
		{"profile before container",
		 "AWS_CONTAINER_CREDENTIALS_FULL_URI=ftp://x",
		 "[default]\n" KEYS, NULL, "A"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(world_release) struct world world = {0};

		assert_case(cases[i].name,
			    get(&world, cases[i].env, cases[i].config,
				cases[i].credentials));
		assert_case(cases[i].name,
			    same_text(world.aws.credentials.access_key,
				      cases[i].key));
	}
}

#define ROLE "[default]\nrole_arn = arn:aws:iam::1:role/r\n"

/* What is configured but broken is told, and nobody else asked. */
static void test_broken(void **state)
{
	static const struct {
		const char *env, *config;
		enum err_kind kind;
		const char *text;
	} cases[] = {
		{"", NULL, ERR_USAGE,
		 "there are no AWS credentials: not in the environment, not in "
		 "profile 'default' of 'config' or 'credentials', and the "
		 "instance may not be asked"},
		{"AWS_SESSION_TOKEN=token", NULL, ERR_USAGE,
		 "there are no AWS credentials"},
		{"AWS_ACCESS_KEY_ID=E", "[default]\n" KEYS, ERR_USAGE,
		 "cannot take AWS credentials from the environment: "
		 "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not"},
		{"AWS_SECRET_ACCESS_KEY=secret", NULL, ERR_USAGE,
		 "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE=f", "[default]\n" KEYS, ERR_USAGE,
		 "from the web identity: AWS_WEB_IDENTITY_TOKEN_FILE is set "
		 "but AWS_ROLE_ARN is not"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE=none\nAWS_ROLE_ARN=arn:r",
		 "[default]\n" KEYS, ERR_INPUT,
		 "from the web identity: cannot assume role 'arn:r': cannot "
		 "open 'none'"},
		{"AWS_PROFILE=q", "[profile p]\n" KEYS, ERR_USAGE,
		 "there is no AWS profile 'q' in 'config' or 'credentials'"},
		{"", "[default]\naws_access_key_id = A\n", ERR_INPUT,
		 "from the profile: 'default': there is no "
		 "aws_secret_access_key"},
		{"", ROLE, ERR_INPUT,
		 "role_arn needs source_profile, credential_source or "
		 "web_identity_token_file"},
		{"", ROLE "source_profile = q\n", ERR_INPUT,
		 "'default': source_profile 'q' is not in 'config'"},
		{"", ROLE "source_profile = q\ncredential_source = x\n",
		 ERR_INPUT, "both source_profile and credential_source"},
		{"", ROLE "source_profile = default\n", ERR_INPUT,
		 "source_profile is the profile itself, which has no keys"},
		{"",
		 ROLE "source_profile = q\n[profile q]\nrole_arn = s\n"
		      "source_profile = default\n",
		 ERR_INPUT,
		 "'default': 'q': source_profile 'default' leads back to "
		 "itself"},
		{"", ROLE "credential_source = Elsewhere\n", ERR_INPUT,
		 "credential_source 'Elsewhere' is none of"},
		{"", ROLE "credential_source = Environment\n", ERR_INPUT,
		 "credential_source is Environment, and there is none"},
		{"", ROLE "credential_source = Ec2InstanceMetadata\n",
		 ERR_INPUT,
		 "credential_source is Ec2InstanceMetadata, and there is none"},
		{"", ROLE "mfa_serial = m\nsource_profile = q\n", ERR_INPUT,
		 "nobody is there to type it"},
		{"",
		 ROLE "source_profile = q\nduration_seconds = 1h\n"
		      "[profile q]\n" KEYS,
		 ERR_INPUT, "'1h' cannot be duration_seconds: 900 to 43200"},
		{"", "[default]\nsso_session = s\nsso_account_id = 1\n",
		 ERR_INPUT, "sso-session 's' has no sso_region"},
		{"", "[default]\nsso_account_id = 1\n", ERR_INPUT,
		 "there is no sso_region"},
		{"", "[default]\ncredential_process = \"a\n", ERR_INPUT,
		 "a quote in credential_process is not closed"},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/x", NULL,
		 ERR_USAGE, "must not travel in the clear"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(world_release) struct world world = {0};

		assert_false(get(&world, cases[i].env, cases[i].config, NULL));
		assert_case(world.err.text,
			    strstr(world.err.text, cases[i].text));
		assert_case(world.err.text, world.err.kind == cases[i].kind);
		assert_null(world.aws.credentials.access_key);
	}
}

static void test_settings(void **state)
{
	static const struct {
		const char *env, *config;
		const char *region; /* NULL = not known */
		const char *endpoint;
	} cases[] = {
		{"", NULL, NULL, NULL},
		{"AWS_REGION=a", NULL, "a", NULL},
		{"AWS_DEFAULT_REGION=b", NULL, "b", NULL},
		{"AWS_REGION=a\nAWS_DEFAULT_REGION=b", NULL, "a", NULL},
		{"AWS_REGION=\nAWS_DEFAULT_REGION=b\nAWS_ENDPOINT_URL=", NULL,
		 "b", NULL},
		{"", "[default]\nregion = p\n", "p", NULL},
		{"AWS_REGION=a", "[default]\nregion = p\n", "a", NULL},
		{"AWS_PROFILE=q",
		 "[default]\nregion = p\n[profile q]\nendpoint_url = http://q",
		 NULL, "http://q"},
		{"AWS_ENDPOINT_URL=http://e", NULL, NULL, "http://e"},
		{"AWS_ENDPOINT_URL_S3=http://s", NULL, NULL, "http://s"},
		{"AWS_ENDPOINT_URL=http://e\nAWS_ENDPOINT_URL_S3=http://s",
		 NULL, NULL, "http://s"},
		{"AWS_ENDPOINT_URL_STS=http://t", NULL, NULL, NULL},
		{"AWS_ENDPOINT_URL=http://e", "[default]\nendpoint_url = p\n",
		 NULL, "http://e"},
		{"",
		 "[default]\nservices = l\nendpoint_url = p\n"
		 "[services l]\nsts =\n  endpoint_url = t\n"
		 "s3 =\n  endpoint_url = s\n",
		 NULL, "s"},
		{"",
		 "[default]\nservices = l\nendpoint_url = p\n"
		 "[services l]\nsts =\n  endpoint_url = t\n",
		 NULL, "p"},
		{"AWS_ENDPOINT_URL=http://e\n"
		 "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUE",
		 "[default]\nendpoint_url = p\n", NULL, NULL},
		{"AWS_ENDPOINT_URL=http://e\n"
		 "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=no",
		 NULL, NULL, "http://e"},
		{"AWS_ENDPOINT_URL=http://e",
		 "[default]\nignore_configured_endpoint_urls = true\n", NULL,
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(world_release) struct world world = {0};

		assert_true(open_world(&world, cases[i].env, cases[i].config,
				       NULL));
		assert_true(same_text(world.aws.region, cases[i].region));
		assert_true(same_text(aws_endpoint(&world.aws, "S3"),
				      cases[i].endpoint));
	}
}

static void test_default_region(void **state)
{
	CLEANUP(world_release) struct world world = {0};
	const char *region;

	(void)state;
	assert_true(open_world(&world, "", "[default]\n" KEYS, NULL));
	assert_true(aws_region_get(&world.aws, &region, &world.err));
	assert_string_equal(region, AWS_REGION_DEFAULT);
	aws_set_region(&world.aws, "there");
	assert_true(aws_region_get(&world.aws, &region, &world.err));
	assert_string_equal(region, "there");
}

/* As botocore 1.44 resolves them. */
static void test_hosts(void **state)
{
	static const struct {
		const char *region, *service;
		bool fips, dualstack;
		const char *host;
	} cases[] = {
		{"eu-central-1", "s3", 0, 0, "s3.eu-central-1.amazonaws.com"},
		{"eu-central-1", "s3", 0, 1,
		 "s3.dualstack.eu-central-1.amazonaws.com"},
		{"us-east-1", "s3", 1, 0, "s3-fips.us-east-1.amazonaws.com"},
		{"us-east-1", "s3", 1, 1,
		 "s3-fips.dualstack.us-east-1.amazonaws.com"},
		{"us-gov-west-1", "s3", 1, 0,
		 "s3-fips.us-gov-west-1.amazonaws.com"},
		{"cn-north-1", "s3", 0, 1,
		 "s3.dualstack.cn-north-1.amazonaws.com.cn"},
		{"us-iso-east-1", "s3", 0, 0, "s3.us-iso-east-1.c2s.ic.gov"},
		{"us-isob-east-1", "s3", 0, 0,
		 "s3.us-isob-east-1.sc2s.sgov.gov"},
		{"eusc-de-east-1", "s3", 0, 0,
		 "s3.eusc-de-east-1.amazonaws.eu"},
		{"eu-central-1", "sts", 0, 0, "sts.eu-central-1.amazonaws.com"},
		{"eu-central-1", "sts", 0, 1, "sts.eu-central-1.api.aws"},
		{"us-east-1", "sts", 1, 0, "sts-fips.us-east-1.amazonaws.com"},
		{"us-east-1", "sts", 1, 1, "sts-fips.us-east-1.api.aws"},
		{"us-gov-west-1", "sts", 1, 0,
		 "sts.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "sts", 1, 1,
		 "sts-fips.us-gov-west-1.api.aws"},
		{"cn-north-1", "sts", 0, 1,
		 "sts.cn-north-1.api.amazonwebservices.com.cn"},
		{"us-east-1", "portal.sso", 1, 0,
		 "portal.sso-fips.us-east-1.amazonaws.com"},
		{"us-gov-west-1", "portal.sso", 1, 0,
		 "portal.sso.us-gov-west-1.amazonaws.com"},
		{"us-iso-east-1", "portal.sso", 0, 1,
		 "portal.sso.us-iso-east-1.api.aws.ic.gov"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(world_release) struct world world = {0};
		CLEANUP(str_release) struct str host = {0};

		assert_true(open_world(
			&world,
			cases[i].fips ? "AWS_USE_FIPS_ENDPOINT=true" : "",
			cases[i].dualstack
				? "[default]\nuse_dualstack_endpoint = True\n"
				: "",
			NULL));
		aws_add_host(&host, &world.aws, cases[i].service,
			     cases[i].region);
		assert_string_equal(str_text(&host), cases[i].host);
	}
}

static void test_refresh_time(void **state)
{
	static const struct {
		int64_t expires, at; /* seconds from now */
	} cases[] = {
		{3600, 3300}, {361, 61}, {360, 60}, {300, 60}, {61, 60},
		{60, 60},     {59, 59},	 {1, 1},    {0, 60},   {-100, 60},
	};
	const int64_t now_s = 1700000000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(aws_refresh_time(now_s,
						  now_s + cases[i].expires),
				 now_s + cases[i].at);
	assert_true(aws_refresh_time(now_s, 0) == INT64_MAX);
}

static void test_container_addresses(void **state)
{
	static const struct {
		const char *relative, *full;
		const char *url; /* NULL = refused */
	} cases[] = {
		{"/v2/x?id=1", NULL, "http://169.254.170.2/v2/x?id=1"},
		{"/v2/x", "http://192.0.2.1/", "http://169.254.170.2/v2/x"},
		{"v2/x", NULL, NULL},
		{"@evil.example/", NULL, NULL},
		{NULL, "https://any.example/x", "https://any.example/x"},
		{NULL, "http://localhost:80/x", "http://localhost:80/x"},
		{NULL, "http://127.0.0.1/x", "http://127.0.0.1/x"},
		{NULL, "http://127.255.0.9/x", "http://127.255.0.9/x"},
		{NULL, "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{NULL, "http://169.254.170.2/x", "http://169.254.170.2/x"},
		{NULL, "http://169.254.170.23/x", "http://169.254.170.23/x"},
		{NULL, "http://[fd00:ec2::23]/x", "http://[fd00:ec2::23]/x"},
		{NULL, "http://169.254.169.254/x", NULL},
		{NULL, "http://169.254.170.24/x", NULL},
		{NULL, "http://127.0.0.1.evil.example/x", NULL},
		{NULL, "http://127.1/x", NULL},
		{NULL, "http://127.0.0.256/x", NULL},
		{NULL, "http://localhost.evil.example/x", NULL},
		{NULL, "http://localhost@evil.example/x", NULL},
		{NULL, "http://[::ffff:192.0.2.1]/x", NULL},
		{NULL, "ftp://localhost/x", NULL},
		{NULL, "/v2/x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(env_release) struct env env = {0};
		CLEANUP(str_release) struct str url = {0};
		CLEANUP(err_release) struct err err = {0};

		if (cases[i].relative)
			env_set(&env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
				cases[i].relative);
		if (cases[i].full)
			env_set(&env, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
				cases[i].full);
		assert_int_equal(aws_add_container_url(&url, &env, &err),
				 cases[i].url != NULL);
		assert_string_equal(str_text(&url),
				    cases[i].url ? cases[i].url : "");
	}
}

static void test_instance_addresses(void **state)
{
	static const struct {
		const char *env, *config, *base;
	} cases[] = {
		{"", NULL, "http://169.254.169.254"},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6", NULL,
		 "http://[fd00:ec2::254]"},
		{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://m/", NULL,
		 "http://m"},
		{"", "[default]\nec2_metadata_service_endpoint = http://p\n",
		 "http://p"},
		{"", "[default]\nec2_metadata_service_endpoint_mode = ipv6\n",
		 "http://[fd00:ec2::254]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(world_release) struct world world = {0};
		CLEANUP(str_release) struct str base = {0};

		assert_true(open_world(&world, cases[i].env, cases[i].config,
				       NULL));
		aws_add_instance_base(&base, &world.aws);
		assert_string_equal(str_text(&base), cases[i].base);
	}
}

static void test_answers(void **state)
{
	static const struct {
		const char *json;
		const char *error; /* NULL = fine */
	} cases[] = {
		{"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"ssss\", "
		 "\"Token\": \"tttt\", \"Expiration\": "
		 "\"2026-11-22T13:04:05Z\"}",
		 NULL},
		{"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"ssss\"}",
		 NULL},
		{"{\"AccessKeyId\": \"A\"}", "no secret access key"},
		{"{\"AccessKeyId\": 7, \"SecretAccessKey\": \"ssss\"}",
		 "no access key"},
		{"{\"SecretAccessKey\": \"ssss\"}", "no access key"},
		{"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"ssss\", "
		 "\"Expiration\": \"soon\"}",
		 "'soon', when they expire, is no time"},
		{"[]", "no access key"},
		{"{\"SecretAccessKey\": \"ssss", "the answer is no JSON"},
		{"", "the answer is no JSON"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_credentials_release) struct aws_credentials
			credentials = {0};
		CLEANUP(str_release) struct str json = {0};
		CLEANUP(err_release) struct err err = {0};

		str_add(&json, cases[i].json);
		assert_case(cases[i].json,
			    aws_credentials_read(&credentials, &json, "Token",
						 &err) == !cases[i].error);
		if (cases[i].error) {
			assert_case(err.text, strstr(err.text, cases[i].error));
			assert_case(err.text, !strstr(err.text, "ssss"));
		}
	}
}

/* Only what can be fetched anew is dropped, and only if it was used. */
static void test_drop(void **state)
{
	CLEANUP(http_request_release) struct http_request old = {0};
	CLEANUP(http_request_release) struct http_request new = {0};
	CLEANUP(world_release) struct world world = {0};

	(void)state;
	strvec_add(&old.secrets, "Authorization: AWS4 Credential=AA/2026");
	strvec_add(&new.secrets, "Authorization: AWS4 Credential=A/2026");
	assert_true(get(&world, "", "[default]\n" KEYS, NULL));
	assert_false(aws_credentials_drop(&world.aws, &new));
	world.aws.credentials.expires_s = 1;
	assert_true(aws_credentials_drop(&world.aws, &old));
	assert_non_null(world.aws.credentials.access_key);
	assert_true(aws_credentials_drop(&world.aws, &new));
	assert_null(world.aws.credentials.access_key);
	assert_true(aws_credentials_drop(&world.aws, &new));
}

static void test_secrets_are_masked(void **state)
{
	CLEANUP(world_release) struct world world = {0};
	CLEANUP(free_ptr) char *shown = NULL;

	(void)state;
	assert_true(open_world(&world, "", NULL,
			       "[other]\naws_secret_access_key = never-used\n"
			       "aws_session_token = nor-this\n"));
	shown = log_masked("a never-used b nor-this c");
	assert_string_equal(shown, "a *** b *** c");
}

static void test_clock(void **state)
{
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(world_release) struct world world = {0};
	struct aws *aws = &world.aws;
	const struct civil then = {2001, 2, 3, 4, 5, 6};

	(void)state;
	assert_true(open_world(&world, "", NULL, NULL));
	assert_false(aws_learn_clock(aws, &reply));
	strvec_add(&reply.headers, "Date: Sat, 03 Feb 2001 04:05:06 GMT");
	assert_true(aws_learn_clock(aws, &reply));
	assert_in_range(aws_now_s(aws), clock_from_civil(&then),
			clock_from_civil(&then) + 5);
	assert_false(aws_learn_clock(aws, &reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_precedence),
		IN_FOLDER(test_broken),
		IN_FOLDER(test_settings),
		IN_FOLDER(test_default_region),
		IN_FOLDER(test_hosts),
		cmocka_unit_test(test_refresh_time),
		cmocka_unit_test(test_container_addresses),
		IN_FOLDER(test_instance_addresses),
		cmocka_unit_test(test_answers),
		IN_FOLDER(test_drop),
		IN_FOLDER(test_secrets_are_masked),
		IN_FOLDER(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
