#include "format/semver.h"

#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *loose;  /* NULL = refused */
		const char *strict; /* NULL = refused */
	} cases[] = {
		{"1.2.3", "1.2.3", "1.2.3"},
		{"1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5",
		 "1.2.3-rc.1+build.5"},
		{"v1.2.3", "1.2.3", NULL},
		{"V1.2.3", NULL, NULL},
		{"1", "1.0.0", NULL},
		{"1.2", "1.2.0", NULL},
		{"1.2-a", "1.2.0-a", NULL},
		{"01.2.3", "1.2.3", NULL},
		{"1.2.3-01", NULL, NULL},
		{"1.2.3-0a", "1.2.3-0a", "1.2.3-0a"},
		{"1.2.3+01", "1.2.3+01", "1.2.3+01"},
		{"1.2.3-", NULL, NULL},
		{"1.2.3+", NULL, NULL},
		{"1.2.3-a..b", NULL, NULL},
		{"1.2.3.4", NULL, NULL},
		{"1.2.x", NULL, NULL},
		{" 1.2.3", NULL, NULL},
		{"", NULL, NULL},
		{"18446744073709551615.0.0", "18446744073709551615.0.0",
		 "18446744073709551615.0.0"},
		{"18446744073709551616.0.0", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0}, strict_err = {0};
		CLEANUP(semver_release) struct semver version = {0};
		CLEANUP(str_release) struct str text = {0};

		assert_case(cases[i].text,
			    semver_parse_strict(&version, cases[i].text,
						&strict_err) ==
				    (cases[i].strict != NULL));
		assert_case(cases[i].text,
			    semver_parse(&version, cases[i].text, &err) ==
				    (cases[i].loose != NULL));
		if (!cases[i].loose) {
			assert_int_equal(err.kind, ERR_INPUT);
			continue;
		}
		semver_add_text(&text, &version);
		assert_string_equal(str_text(&text), cases[i].loose);
		assert_string_equal(version.original, cases[i].text);
	}
}

/* semver.org, 11; ascending, equal ones in one line. */
static void test_order(void **state)
{
	static const char *const ascending[] = {
		"0.9.9",	 "1.0.0-alpha",
		"1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta",	 "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0",	 "1.0.1",
		"1.9.0",	 "1.10.0",
		"2.0.0",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ascending); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
			CLEANUP(semver_release) struct semver a = {0}, b = {0};
			struct err err = {0};
			int result;

			assert_true(semver_parse(&a, ascending[i], &err));
			assert_true(semver_parse(&b, ascending[j], &err));
			result = semver_compare(&a, &b);
			assert_case(ascending[i], (result > 0) == (i > j));
			assert_case(ascending[i], (result < 0) == (i < j));
		}
	}
}

static void test_constraints(void **state)
{
	static const struct {
		const char *constraint;
		const char *satisfied; /* versions, blank between */
		const char *not;
	} cases[] = {
		{"1.2.3", "1.2.3 1.2.3+meta v1.2.3", "1.2.4 1.2.3-rc"},
		{"=1.x", "1.0.0 1.9.9", "2.0.0 0.9.0"},
		{"*", "0.0.0 9.9.9", "1.0.0-rc"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
		{"~>1", "1.0.0 1.9.0", "2.0.0"},
		{"~0.0.0", "0.0.0 5.0.0", "0.0.0-a"},
		{"^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"},
		{"^0.2.3", "0.2.3 0.2.9", "0.3.0"},
		{"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
		{">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.9"},
		{">=1.2, <2", "1.2.0", "2.0.0"},
		{">1", "2.0.0", "1.0.0 1.9.9"},
		{"<=1.2", "1.2.9 0.1.0", "1.3.0"},
		{"1.2 - 1.4", "1.2.0 1.4.9", "1.5.0"},
		{"1.2.0 - 1.4.5 || ^3", "1.4.5 3.1.0", "1.4.6 2.0.0"},
		{"!=1.2", "1.3.0", "1.2.0 1.2.9"},
		{">=1.2.0-0", "1.2.0-rc 1.3.0-rc 2.0.0", "1.1.0"},
		{">=1.2 || >=2.0.0-0", "2.0.0-rc", "1.3.0-rc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(semver_constraint_release) struct semver_constraint
			constraint = {0};
		CLEANUP(strvec_release) struct strvec yes = {0}, no = {0};
		struct err err = {0};

		assert_case(cases[i].constraint,
			    semver_constraint_parse(&constraint,
						    cases[i].constraint, &err));
		strvec_split(&yes, cases[i].satisfied, ' ');
		strvec_split(&no, cases[i].not, ' ');
		for (size_t j = 0; j < yes.count + no.count; j++) {
			bool wanted = j < yes.count;
			const char *text =
				wanted ? yes.items[j] : no.items[j - yes.count];
			CLEANUP(semver_release) struct semver version = {0};

			assert_true(semver_parse(&version, text, &err));
			assert_case(cases[i].constraint,
				    semver_satisfies(&version, &constraint) ==
					    wanted);
		}
	}
}

static void test_refused_constraints(void **state)
{
	static const char *const texts[] = {
		"",	     " ",	"1.2.3.4",  "1,",     ",1",   "1,,2",
		"==1",	     ">",	"1.x.y",    "1xx",    ">1<2", "1 || ",
		"1 - 2 - 3", ">=1 - 2", "1.2.3-01", "latest",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(err_release) struct err err = {0};
		struct semver_constraint constraint = {0};

		assert_case(texts[i], !semver_constraint_parse(&constraint,
							       texts[i], &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_null(constraint.alternatives);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_refused_constraints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
