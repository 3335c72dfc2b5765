#include "core/lease.h"

#include <string.h>

#include "base/attr.h"
#include "tests/unit/unit.h"

#define NOW 10000

static void test_judge(void **state)
{
	static const struct {
		const char *name;
		struct lease_claim claims[4];
		enum lease_state expected;
		const char *dead; /* a letter for each claim */
		int64_t now_s;
	} cases[] = {
		{"alone", {{"me", NOW, false}}, LEASE_HELD, "-", NOW},
		{"gone", {{"a", NOW, false}}, LEASE_LOST, "-", NOW},
		{"none", {{0}}, LEASE_LOST, "", NOW},
		{"an earlier one",
		 {{"z", NOW - 1, false}, {"me", NOW, false}},
		 LEASE_YIELD,
		 "--",
		 NOW},
		{"a later one",
		 {{"a", NOW, false}, {"me", NOW - 1, false}},
		 LEASE_WAIT,
		 "--",
		 NOW},
		{"one of the same second, before by key",
		 {{"a", NOW, false}, {"me", NOW, false}},
		 LEASE_YIELD,
		 "--",
		 NOW},
		{"one of the same second, behind by key",
		 {{"me", NOW, false}, {"z", NOW, false}},
		 LEASE_WAIT,
		 "--",
		 NOW},
		{"a dead one",
		 {{"a", NOW - LEASE_S - 1, false}, {"me", NOW, false}},
		 LEASE_HELD,
		 "x-",
		 NOW},
		{"one in its last second",
		 {{"a", NOW - LEASE_S, false}, {"me", NOW, false}},
		 LEASE_YIELD,
		 "--",
		 NOW},
		{"a dead and a live one",
		 {{"a", NOW - 500, false},
		  {"me", NOW - 5, false},
		  {"z", NOW, false}},
		 LEASE_WAIT,
		 "x--",
		 NOW},
		{"ours is old, but ours",
		 {{"me", NOW - 500, false}},
		 LEASE_HELD,
		 "-",
		 NOW},
		{"a store without a clock",
		 {{"a", 1, false}, {"me", NOW, false}},
		 LEASE_YIELD,
		 "--",
		 0},
		{"a claim without a time",
		 {{"a", 0, false}, {"me", NOW, false}},
		 LEASE_YIELD,
		 "--",
		 NOW},
		{"a claim from the future",
		 {{"a", NOW + 500, false}, {"me", NOW, false}},
		 LEASE_WAIT,
		 "--",
		 NOW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_claim claims[4];
		size_t count = strlen(cases[i].dead);

		memcpy(claims, cases[i].claims, sizeof(claims));
		assert_case(cases[i].name,
			    lease_judge(claims, count, "me", cases[i].now_s) ==
				    cases[i].expected);
		for (size_t j = 0; j < count; j++)
			assert_case(cases[i].name,
				    claims[j].dead ==
					    (cases[i].dead[j] == 'x'));
	}
}

/*
 * Two that want the lock, every order of their steps (create, list): never
 * do both hold it.
 */
static void test_no_two_hold_it(void **state)
{
	(void)state;
	for (unsigned int order = 0; order < 16; order++) {
		static const char *const keys[] = {"a", "b"};
		bool created[2] = {false, false}, held[2] = {false, false};
		unsigned int steps[2] = {0, 0};

		for (unsigned int turn = 0; turn < 4; turn++) {
			unsigned int who = order >> turn & 1;
			struct lease_claim claims[2];
			size_t count = 0;

			if (steps[who]++ == 0) {
				created[who] = true;
				continue;
			}
			for (unsigned int j = 0; j < 2; j++) {
				if (created[j])
					claims[count++] = (struct lease_claim){
						keys[j], NOW, false};
			}
			held[who] |= lease_judge(claims, count, keys[who],
						 NOW) == LEASE_HELD;
		}
		assert_false(held[0] && held[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_no_two_hold_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
