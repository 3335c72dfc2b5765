#include "api/oci.h"

#include <stdlib.h>

#include "api/ecr.h"
#include "api/oci_auth.h"
#include "base/err.h"
#include "net/http.h"
#include "tests/unit/unit.h"

static void names_of_repositories(void **state)
{
	static const char *const good[] = {"web",  "org/charts/web", "a.b-c_d",
					   "a__b", "a---b",	     "0/1"};
	static const char *const bad[] = {"",	    "/web", "web/",  "a//b",
					  "Web",    "a..b", "a___b", "-a",
					  "a-",	    "a._b", "a b",   "../x",
					  "a/../b", "a?b",  "a%2fb"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_case(good[i], oci_is_repository(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_case(bad[i], !oci_is_repository(bad[i]));
}

static void addresses_of_registries(void **state)
{
	static const struct {
		const char *registry;
		const char *origin; /* NULL = refused */
	} cases[] = {
		{"ghcr.io", "https://ghcr.io"},
		{"docker.io", "https://registry-1.docker.io"},
		{"reg.example.com:5000", "https://reg.example.com:5000"},
		{"localhost:5000", "http://localhost:5000"},
		{"127.0.0.1:5000", "http://127.0.0.1:5000"},
		{"[::1]:5000", "http://[::1]:5000"},
		{"127.example.com", "https://127.example.com"},
		{"localhost.example.com", "https://localhost.example.com"},
		{"user@ghcr.io", NULL},
		{"ghcr.io?x", NULL},
		{"", NULL},
		{"a:b:c", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(oci_release) struct oci oci = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str origin = {0};
		bool opened = oci_open(&oci, NULL, NULL, cases[i].registry,
				       NULL, &err);

		assert_case(cases[i].registry, opened == !!cases[i].origin);
		if (!opened)
			continue;
		url_add_origin(&origin, &oci.base);
		assert_string_equal(str_text(&origin), cases[i].origin);
	}
}

static void challenges(void **state)
{
	static const struct {
		const char *text;
		enum oci_scheme scheme;
		const char *realm;
		const char *service;
	} cases[] = {
		{"Basic realm=\"x\"", OCI_SCHEME_BASIC, NULL, NULL},
		{" bearer realm=\"https://a/t\",service=\"s\",scope=\"r:a,b\"",
		 OCI_SCHEME_BEARER, "https://a/t", "s"},
		{"Bearer service=plain , realm = \"a\\\"b\"", OCI_SCHEME_BEARER,
		 "a\"b", "plain"},
		{"Bearer scope=\"a,realm=no\",REALM=\"yes\"", OCI_SCHEME_BEARER,
		 "yes", NULL},
		{"Bearer realm=\"never ends", OCI_SCHEME_BEARER, NULL, NULL},
		{"Bearer realm=", OCI_SCHEME_BEARER, NULL, NULL},
		{"Bearer realm=\"a\" service=\"b\"", OCI_SCHEME_BEARER, "a",
		 NULL},
		{"Bearer realm=\"1\",realm=\"2\"", OCI_SCHEME_BEARER, "1",
		 NULL},
		{"Bearer", OCI_SCHEME_BEARER, NULL, NULL},
		{"BearerX realm=\"a\"", OCI_SCHEME_UNKNOWN, NULL, NULL},
		{"Negotiate", OCI_SCHEME_UNKNOWN, NULL, NULL},
		{"", OCI_SCHEME_UNKNOWN, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(oci_challenge_release) struct oci_challenge got = {0};

		oci_challenge_parse(&got, cases[i].text);
		assert_case(cases[i].text, got.scheme == cases[i].scheme);
		assert_case(cases[i].text,
			    same_text(got.realm, cases[i].realm));
		assert_case(cases[i].text,
			    same_text(got.service, cases[i].service));
	}
}

static void servers_of_tokens(void **state)
{
	static const struct {
		const char *registry;
		const char *realm;
		bool good;
	} cases[] = {
		{"https://r.io", "https://auth.io/token", true},
		{"https://r.io", "https://r.io/token", true},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/t", true},
		{"http://localhost", "https://auth.io/token", true},
		{"https://10.1.1.1", "https://10.1.1.1:8443/t", true},
		{"https://r.io", "http://r.io/token", false},
		{"https://r.io", "ftp://r.io/token", false},
		{"https://r.io", "/token", false},
		{"https://r.io", "https://127.0.0.1/t", false},
		{"https://r.io", "https://10.0.0.1/t", false},
		{"https://r.io", "https://192.168.1.1/t", false},
		{"https://r.io", "https://172.31.0.1/t", false},
		{"https://r.io", "https://172.32.0.1/t", true},
		{"https://r.io", "https://169.254.169.254/t", false},
		{"https://r.io", "https://0.0.0.0/t", false},
		{"https://r.io", "https://[::1]/t", false},
		{"https://r.io", "https://[fe80::1]/t", false},
		{"https://r.io", "https://[fd00:ec2::254]/t", false},
		{"https://r.io", "https://[::ffff:10.0.0.1]/t", false},
		{"https://r.io", "https://[2600::1]/t", true},
		{"http://127.0.0.1", "http://169.254.169.254/t", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url base = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_true(url_parse(&base, cases[i].registry, &err));
		assert_case(cases[i].realm,
			    oci_realm_check(&base, cases[i].realm, &err) ==
				    cases[i].good);
	}
}

static void registries_of_amazon(void **state)
{
	static const struct {
		const char *host;
		const char *region; /* NULL = none of its */
		bool fips;
		const char *domain;
	} cases[] = {
		{"123456789012.dkr.ecr.eu-central-1.amazonaws.com",
		 "eu-central-1", false, "amazonaws.com"},
		{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
		 "cn-north-1", false, "amazonaws.com.cn"},
		{"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
		 "us-gov-west-1", true, "amazonaws.com"},
		{"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
		 "eusc-de-east-1", false, "amazonaws.eu"},
		{"123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", false,
		 "api.aws"},
		{"123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1",
		 true, "api.aws"},
		{"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
		 "cn-north-1", false, "api.amazonwebservices.com.cn"},
		{"123456789012.dkr-ecr.eu-west-1.amazonaws.com", NULL, false,
		 NULL},
		{"123456789012.dkr.ecr.eu-west-1.on.aws", NULL, false, NULL},
		{"12345678901.dkr.ecr.eu-central-1.amazonaws.com", NULL, false,
		 NULL},
		{"1234567890123.dkr.ecr.eu-central-1.amazonaws.com", NULL,
		 false, NULL},
		{"123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.io",
		 NULL, false, NULL},
		{"123456789012.dkr.ecr.evil.io/.amazonaws.com", NULL, false,
		 NULL},
		{"123456789012.dkr.ecr..amazonaws.com", NULL, false, NULL},
		{"public.ecr.aws", NULL, false, NULL},
		{"ghcr.io", NULL, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ecr_host host = {0};
		bool is = ecr_parse_host(cases[i].host, &host);

		assert_case(cases[i].host, is == !!cases[i].region);
		if (!is)
			continue;
		assert_string_equal(host.account, "123456789012");
		assert_string_equal(host.region, cases[i].region);
		assert_string_equal(host.domain, cases[i].domain);
		assert_case(cases[i].host, host.fips == cases[i].fips);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_repositories),
		cmocka_unit_test(addresses_of_registries),
		cmocka_unit_test(challenges),
		cmocka_unit_test(servers_of_tokens),
		cmocka_unit_test(registries_of_amazon),
	};

	return cmocka_run_group_tests_name("oci", tests, NULL, NULL);
}
