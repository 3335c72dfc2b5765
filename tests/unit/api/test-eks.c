#include "api/eks.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

static const char *or_none(const char *text)
{
	return text ? text : "";
}

/* A command line, and what is understood of it; not at all: no cluster. */
static void test_command_lines(void **state)
{
	static const struct {
		const char *line, *cluster, *region, *role, *profile;
	} cases[] = {
		{"aws eks get-token --cluster-name c", "c", "", "", ""},
		{"/usr/local/bin/aws --region r eks get-token "
		 "--cluster-name=c --output json",
		 "c", "r", "", ""},
		{"aws eks get-token --cluster-id 1-2 --role-arn arn:x "
		 "--profile p --region=r",
		 "1-2", "r", "arn:x", "p"},
		{"aws-iam-authenticator token -i c", "c", "", "", ""},
		{"aws-iam-authenticator token -i c -r arn:x --region r", "c",
		 "r", "arn:x", ""},
		{"aws-iam-authenticator token --cluster-id=c --role=arn:x", "c",
		 "", "arn:x", ""},
		{"eks-token --cluster c --profile p", "c", "", "", "p"},
		/* Of another program, or for something else. */
		{"", "", "", "", ""},
		{"/bin/aws-wrapper eks get-token --cluster-name c", "", "", "",
		 ""},
		{"aws s3 ls", "", "", "", ""},
		{"aws eks", "", "", "", ""},
		{"aws eks get-token", "", "", "", ""},
		{"aws eks get-token get-token --cluster-name c", "", "", "",
		 ""},
		{"aws get-token eks --cluster-name c", "", "", "", ""},
		{"aws-iam-authenticator token", "", "", "", ""},
		{"aws-iam-authenticator server -i c", "", "", "", ""},
		/* With what is not understood. */
		{"aws eks get-token --cluster-name c --output yaml", "", "", "",
		 ""},
		{"aws eks get-token --cluster-name c --no-verify-ssl", "", "",
		 "", ""},
		{"aws eks get-token --cluster-name c --query x", "", "", "",
		 ""},
		{"aws eks get-token --cluster c", "", "", "", ""},
		{"aws eks get-token --cluster-names c", "", "", "", ""},
		{"aws eks get-token --cluster-name", "", "", "", ""},
		{"aws eks get-token --cluster-name=", "", "", "", ""},
		{"aws eks get-token --cluster-name c --cluster-name d", "", "",
		 "", ""},
		{"aws eks get-token --cluster-name c --cluster-id d", "", "",
		 "", ""},
		{"aws eks get-token -i c", "", "", "", ""},
		{"aws-iam-authenticator token -ic", "", "", "", ""},
		{"aws-iam-authenticator token -i=c", "", "", "", ""},
		{"aws-iam-authenticator token -i c --token-only", "", "", "",
		 ""},
		{"aws-iam-authenticator token -i c --forward-session-name", "",
		 "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(eks_login_release) struct eks_login login = {0};
		CLEANUP(strvec_release) struct strvec argv = {0};
		CLEANUP(env_release) struct env env = {0};
		bool understood;

		strvec_split(&argv, cases[i].line, ' ');
		understood = eks_login_read(&login, &argv, &env);
		assert_case(cases[i].line, understood == !!*cases[i].cluster);
		assert_case(cases[i].line, same_text(or_none(login.cluster),
						     cases[i].cluster));
		assert_case(cases[i].line,
			    same_text(or_none(login.region), cases[i].region));
		assert_case(cases[i].line,
			    same_text(or_none(login.role_arn), cases[i].role));
		assert_case(
			cases[i].line,
			same_text(or_none(env_get(&login.env, "AWS_PROFILE")),
				  cases[i].profile));
	}
}

static void test_environment(void **state)
{
	CLEANUP(eks_login_release) struct eks_login theirs = {0};
	CLEANUP(eks_login_release) struct eks_login named = {0};
	CLEANUP(eks_login_release) struct eks_login profile = {0};
	CLEANUP(strvec_release) struct strvec argv = {0};
	CLEANUP(env_release) struct env env = {0};

	(void)state;
	env_set(&env, "KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID", "c");
	env_set(&env, "DEFAULT_ROLE", "arn:default");
	env_set(&env, "AWS_ACCESS_KEY_ID", "key");
	env_set(&env, "AWS_WEB_IDENTITY_TOKEN_FILE", "file");
	strvec_split(&argv, "aws-iam-authenticator token", ' ');
	assert_true(eks_login_read(&theirs, &argv, &env));
	assert_string_equal(theirs.cluster, "c");
	assert_string_equal(theirs.role_arn, "arn:default");
	assert_string_equal(env_get(&theirs.env, "AWS_ACCESS_KEY_ID"), "key");

	strvec_truncate(&argv, 0);
	strvec_split(&argv, "aws-iam-authenticator token -i d -r arn:x", ' ');
	assert_true(eks_login_read(&named, &argv, &env));
	assert_string_equal(named.cluster, "d");
	assert_string_equal(named.role_arn, "arn:x");

	/* A profile that was asked for comes before the environment's keys. */
	strvec_truncate(&argv, 0);
	strvec_split(&argv, "aws eks get-token --cluster-name c --profile p",
		     ' ');
	assert_true(eks_login_read(&profile, &argv, &env));
	assert_null(profile.role_arn);
	assert_null(env_get(&profile.env, "AWS_ACCESS_KEY_ID"));
	assert_null(env_get(&profile.env, "AWS_WEB_IDENTITY_TOKEN_FILE"));
	assert_string_equal(env_get(&env, "AWS_ACCESS_KEY_ID"), "key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
