#include "api/aws_profile.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "sys/env.h"
#include "tests/unit/folder.h"

static bool parse(struct aws_profiles *profiles, enum aws_file file,
		  const char *text, struct err *err)
{
	return aws_profiles_parse(profiles, file, "f", text, strlen(text), err);
}

static void test_forms(void **state)
{
	static const struct {
		const char *text;
		enum aws_section section;
		const char *name, *key;
		const char *value; /* NULL = not there */
	} cases[] = {
		{"[default]\na = b\n", 1, "default", "a", "b"},
		{"[default]\na=b", 1, "default", "a", "b"},
		{"\xef\xbb\xbf[default]\na=b", 1, "default", "a", "b"},
		{"[default]\r\na = b \r\n", 1, "default", "a", "b"},
		{"[default]\nA_B = b\n", 1, "default", "a_b", "b"},
		{"[default]\na = b = c\n", 1, "default", "a", "b = c"},
		{"[default]\na: b\n", 1, "default", "a", "b"},
		{"[default]\nrole_arn = arn:aws:x\n", 1, "default", "role_arn",
		 "arn:aws:x"},
		{"[default]\na =\n", 1, "default", "a", NULL},
		{"[default]\n# c\n ; c\na = b\n", 1, "default", "a", "b"},
		{"[default]\na = b # c\n", 1, "default", "a", "b"},
		{"[default]\na = b ; c\n", 1, "default", "a", "b"},
		{"[default]\na = # c\n", 1, "default", "a", NULL},
		{"[default]\na = b#c;d\n", 1, "default", "a", "b#c;d"},
		{"[default] # c\na = b\n", 1, "default", "a", "b"},
		{"[ default ]\na = b\n", 1, "default", "a", "b"},
		{"[default]\n  a = b\n  c = d\n", 1, "default", "c", "d"},
		{"[default]\n\n\na = b\n\nc = d\n", 1, "default", "c", "d"},
		{"[default]\na = b\n  c\n", 1, "default", "a", "b\nc"},
		{"[default]\na = b\na = c\n", 1, "default", "a", "c"},
		{"[profile p]\na = b\n", 1, "p", "a", "b"},
		{"[profile  p]\na = b\n", 1, "p", "a", "b"},
		{"[profile \"p q\"]\na = b\n", 1, "p q", "a", "b"},
		{"[profile 'p q']\na = b\n", 1, "p q", "a", "b"},
		{"[profile p q]\na = b\n", 1, "p", "a", NULL},
		{"[profile]\na = b\n", 1, "profile", "a", NULL},
		{"[p]\na = b\n", 1, "p", "a", NULL},
		{"[plugins]\nx =\n  y\n[default]\na = b\n", 1, "default", "a",
		 "b"},
		{"[default]\na = b\n[profile p]\na = c\n", 1, "default", "a",
		 "b"},
		{"[profile default]\na = b\n[default]\na = c\n", 1, "default",
		 "a", "b"},
		{"[default]\na = b\n[profile p]\n[default]\nc = d\n", 1,
		 "default", "a", "b"},
		{"[sso-session s]\na = b\n", 2, "s", "a", "b"},
		{"[sso-session s]\na = b\n", 1, "s", "a", NULL},
		{"[services s]\ns3 =\n  Endpoint_URL = http://x # c\n", 3, "s",
		 "s3.endpoint_url", "http://x"},
		{"[default]\ns3 =\n  a = b\n\n  c = d\nx = y\n", 1, "default",
		 "s3.c", "d"},
		{"[default]\ns3 =\n\ta = b\nx = y\n", 1, "default", "x", "y"},
		{"[default]\ns3 =\n  a = b\n", 1, "default", "a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(cases[i].text, parse(&found, AWS_FILE_CONFIG,
						 cases[i].text, &err));
		assert_case(cases[i].text,
			    same_text(aws_profiles_get(&found, cases[i].section,
						       cases[i].name,
						       cases[i].key),
				      cases[i].value));
	}
}

static void test_not_of_the_form(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *error;
	} cases[] = {
		{"a = b\n", 1, "before the first section"},
		{"# c\n\n[default\n", 3, "no ']'"},
		{"[default] x\n", 1, "text behind"},
		{"[default]\nsecret\n", 2, "no 'name = value'"},
		{"[default]\n= secret\n", 2, "no name before"},
		{"[default]\ns3 =\n  secret\n", 3, "no 'name = value'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(cases[i].text, !parse(&found, AWS_FILE_CONFIG,
						  cases[i].text, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_case(err.text, strstr(err.text, cases[i].error));
		assert_case(err.text, !strstr(err.text, "secret"));
		assert_string_equal(err.file, "f");
		assert_int_equal(err.line, cases[i].line);
		assert_null(err.source);
	}
}

static void test_a_nul_byte(void **state)
{
	static const char text[] = "[default]\na = b\0c\n";
	CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(aws_profiles_parse(&found, AWS_FILE_CONFIG, "f", text,
					sizeof(text) - 1, &err));
	assert_non_null(strstr(err.text, "NUL"));
}

/* Memory is as large as the file, not as its square. */
static void test_a_value_of_many_lines(void **state)
{
	const size_t lines = 5000;
	CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *value;

	(void)state;
	str_add(&text, "[default]\na = b\n");
	for (size_t i = 0; i < lines; i++)
		str_add(&text, "  cd\n");
	assert_true(parse(&found, AWS_FILE_CONFIG, str_text(&text), &err));
	value = aws_profiles_get(&found, AWS_SECTION_PROFILE, "default", "a");
	assert_int_equal(strlen(value), 1 + lines * 3);
	assert_true(found.arena.total < text.len);
}

static void test_both_files(void **state)
{
	CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(parse(&found, AWS_FILE_CREDENTIALS,
			  "[default]\na = keys\n[profile p]\nb = raw\n[p]\n",
			  &err));
	assert_true(parse(&found, AWS_FILE_CONFIG,
			  "[default]\na = config\nc = config\n", &err));
	assert_string_equal(aws_profiles_get(&found, AWS_SECTION_PROFILE,
					     "default", "a"),
			    "keys");
	assert_string_equal(aws_profiles_get(&found, AWS_SECTION_PROFILE,
					     "default", "c"),
			    "config");
	assert_string_equal(aws_profiles_get(&found, AWS_SECTION_PROFILE,
					     "profile p", "b"),
			    "raw");
	assert_true(aws_profiles_has(&found, AWS_SECTION_PROFILE, "p"));
	assert_false(aws_profiles_has(&found, AWS_SECTION_PROFILE, "q"));
	assert_false(aws_profiles_has(&found, AWS_SECTION_SERVICES, "p"));
}

static void test_where_files_are(void **state)
{
	static const struct {
		const char *home, *config, *credentials;
		const char *value; /* of "a" */
		const char *told;
	} cases[] = {
		{NULL, NULL, NULL, NULL, "any file (HOME is not set)"},
		{".", NULL, NULL, "home",
		 "'./.aws/config' or "
		 "'./.aws/credentials'"},
		{".", "named", NULL, "named",
		 "'named' or "
		 "'./.aws/credentials'"},
		{NULL, "named", NULL, "named", "'named'"},
		{NULL, "~/named", NULL, NULL, "any file (HOME is not set)"},
		{".", "~/named", "none", "named", "'./named' or 'none'"},
		{".", "none", "none", NULL, "'none' or 'none'"},
	};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(dir_create_all(".aws", &err));
	put(".aws/config", "[default]\na = home\n");
	put("named", "[default]\na = named\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
		CLEANUP(env_release) struct env env = {0};
		CLEANUP(free_ptr) char *told = NULL;

		if (cases[i].home)
			env_set(&env, "HOME", cases[i].home);
		if (cases[i].config)
			env_set(&env, "AWS_CONFIG_FILE", cases[i].config);
		if (cases[i].credentials)
			env_set(&env, "AWS_SHARED_CREDENTIALS_FILE",
				cases[i].credentials);
		assert_true(aws_profiles_load(&found, &env, &err));
		assert_true(
			same_text(aws_profiles_get(&found, AWS_SECTION_PROFILE,
						   "default", "a"),
				  cases[i].value));
		told = aws_profiles_describe(&found);
		assert_string_equal(told, cases[i].told);
	}
}

static void test_files_that_cannot_be_read(void **state)
{
	CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	env_set(&env, "AWS_CONFIG_FILE", "/");
	assert_false(aws_profiles_load(&found, &env, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "cannot read AWS settings"));
}

static void test_words(void **state)
{
	static const struct {
		const char *text;
		const char *words; /* joined by "|"; NULL = refused */
	} cases[] = {
		{"", ""},
		{"a", "a|"},
		{"  a  b\tc\n", "a|b|c|"},
		{"a 'b  c' d", "a|b  c|d|"},
		{"a \"b  c\" d", "a|b  c|d|"},
		{"a'b'\"c\"d", "abcd|"},
		{"'' \"\"", "||"},
		{"a\\ b", "a b|"},
		{"'a\\b'", "a\\b|"},
		{"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|"},
		{"a;b $(c) `d` *", "a;b|$(c)|`d`|*|"},
		{"a # b", "a|#|b|"},
		{"'a", NULL},
		{"\"a", NULL},
		{"\"a\\\"", NULL},
		{"a\\", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strvec_release) struct strvec words = {0};
		CLEANUP(str_release) struct str joined = {0};

		assert_case(cases[i].text,
			    aws_split_words(&words, cases[i].text) ==
				    (cases[i].words != NULL));
		for (size_t w = 0; w < words.count; w++)
			str_addf(&joined, "%s|", words.items[w]);
		if (cases[i].words)
			assert_string_equal(str_text(&joined), cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_not_of_the_form),
		cmocka_unit_test(test_a_nul_byte),
		cmocka_unit_test(test_a_value_of_many_lines),
		cmocka_unit_test(test_both_files),
		IN_FOLDER(test_where_files_are),
		IN_FOLDER(test_files_that_cannot_be_read),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
