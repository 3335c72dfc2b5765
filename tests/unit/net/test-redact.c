#include "net/redact.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_url(void **state)
{
	static const struct {
		const char *url;
		const char *shown; /* NULL = as it is */
	} cases[] = {
		{"", NULL},
		{"https://host/a/b.tgz", NULL},
		{"https://host/a?prefix=x&max-keys=3", NULL},
		{"https://host?", NULL},
		{"/a/path@with", NULL},
		{"https://user:pass@host/a", "https://host/a"},
		{"https://user@host", "https://host"},
		{"https://a@b:c@host:8443/x?y=1", "https://host:8443/x?y=1"},
		{"https://host/a@b", NULL},
		{"https://host/?at=a@b", NULL},
		{"https://host/x#access_token=1", "https://host/x"},
		{"https://u:p@host/x?token=1#f", "https://host/x?token=***"},
		{"https://host/?X-Amz-Signature=ab&X-Amz-Expires=60",
		 "https://host/?X-Amz-Signature=***&X-Amz-Expires=60"},
		{"https://host/?x-amz-security-token=q&a=1",
		 "https://host/?x-amz-security-token=***&a=1"},
		{"https://host/?X-Amz-Credential=AKIA%2F2026",
		 "https://host/?X-Amz-Credential=***"},
		{"https://host/?sv=1&sig=abc%3D&se=2",
		 "https://host/?sv=1&sig=***&se=2"},
		{"https://host/?private_token=x",
		 "https://host/?private_token=***"},
		{"https://host/?a=1;password=x;b=2",
		 "https://host/?a=1;password=***;b=2"},
		{"https://host/?to%6ben=x", "https://host/?to%6ben=***"},
		{"https://host/?token", NULL},
		{"https://host/?token=", "https://host/?token=***"},
		{"host/?u=a://b@c", NULL},
		{"https://host/?&&a=1&", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str shown = {0};

		redact_url(&shown, cases[i].url);
		assert_string_equal(str_text(&shown), cases[i].shown
							      ? cases[i].shown
							      : cases[i].url);
	}
}

static void test_parameters(void **state)
{
	static const struct {
		const char *name;
		bool secret;
	} cases[] = {
		{"sig", true},		{"signed", false},
		{"key", true},		{"keys", false},
		{"prefix", false},	{"list-type", false},
		{"Signature", true},	{"api_key", true},
		{"OAuth", true},	{"client_secret", true},
		{"code", true},		{"jwt", true},
		{"version", false},	{"AWSAccessKeyId", true},
		{"start-after", false}, {"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    redact_is_secret_parameter(cases[i].name,
						       strlen(cases[i].name)) ==
				    cases[i].secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
