#include "base/err.h"
#include "core/sweep.h"
#include "tests/unit/unit.h"

#define NOW    1800000000 /* 2027-01-15 08:00:00 */
#define PAST   "1700000000"
#define FUTURE "1900000000"

static const struct sweep_rules plain = {.max_deletes = -1, .max_percent = 100};

/* What somebody's Helm may be at work on, by its newest revision. */
static void test_pending(void **state)
{
	static const struct {
		const char *name, *status;
		int64_t age;
		enum sweep_helm helm;
		bool asks, busy;
	} rows[] = {
		{"somebody's", "pending-upgrade", 3, SWEEP_HELM_FOREIGN, true,
		 true},
		{"a first install", "pending-install", 3, SWEEP_HELM_FOREIGN,
		 true, true},
		{"a killed run's", "pending-upgrade", 3, SWEEP_HELM_OURS, true,
		 false},
		{"by another server's clock", "pending-rollback", -2,
		 SWEEP_HELM_FOREIGN, true, true},
		{"just young", "pending-upgrade", SWEEP_HELM_S - 1,
		 SWEEP_HELM_FOREIGN, true, true},
		{"old", "pending-upgrade", SWEEP_HELM_S, SWEEP_HELM_FOREIGN,
		 false, false},
		{"failed", "failed", 3, SWEEP_HELM_FOREIGN, false, false},
		{"no status", NULL, 3, SWEEP_HELM_FOREIGN, false, false},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool named = i % 2;
		struct sweep_release releases[] = {
			{"web-x", "web", 2, "b", "2", "v1", PAST,
			 .status = rows[i / 2].status,
			 .created = NOW - rows[i / 2].age},
			{"web-x", "web", 1, "a", "1", "v1", PAST,
			 .status = "pending-install", .created = NOW},
		};
		const struct sweep_world world = {
			.releases = releases, .release_count = 2, .now = NOW};
		struct sweep_rules rules = plain;
		CLEANUP(sweep_plan_release) struct sweep_plan asking = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
		CLEANUP(err_release) struct err err = {0};

		rules.immediately = named;
		rules.environment = named ? "web-x" : NULL;
		sweep_decide(&asking, &world, &rules);
		assert_case(rows[i / 2].name,
			    (asking.items[0].question == SWEEP_ASK_HELM) ==
				    rows[i / 2].asks);
		assert_case(rows[i / 2].name,
			    !(rows[i / 2].asks && asking.removals));
		releases[0].helm = rows[i / 2].helm;
		sweep_decide(&plan, &world, &rules);
		assert_int_equal(plan.questions, 0);
		assert_case(rows[i / 2].name,
			    plan.items[0].busy == rows[i / 2].busy);
		assert_case(rows[i / 2].name,
			    plan.items[0].remove != rows[i / 2].busy);
		assert_case(rows[i / 2].name,
			    sweep_check(&plan, &rules, &err) ==
				    !(named && rows[i / 2].busy));
		assert_int_equal(err.temporary, named && rows[i / 2].busy);
		if (i == 0)
			assert_string_equal(
				plan.items[0].reason,
				"somebody's Helm may be at work on it: "
				"revision 2 of its release, made 3 s ago by "
				"none of our runs, is pending-upgrade");
	}
}

/* To make room only what would go one day by itself. */
static void test_lasting(void **state)
{
	static const struct {
		const char *name, *release, *home;
		bool remove;
		const char *reason;
	} rows[] = {
		{"later", FUTURE, FUTURE, true, "asked for by name"},
		{"over", PAST, PAST, true, "asked for by name"},
		{"never", "never", "never", false, "it never expires"},
		{"by its release", "never", FUTURE, false, "it never expires"},
		{"by its namespace", PAST, "never", false, "it never expires"},
		{"by its values", NULL, FUTURE, false,
		 "it never expires, by its values"},
		{"nobody knows", FUTURE, "soon", false,
		 "its label slipway/expires-at is no time: 'soon'"},
	};
	static const struct sweep_values never = {.told.told = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_release release = {
			"web-x", "web", 1, "a", "1", "v1", rows[i].release};
		struct sweep_namespace home = {.name = "web-x",
					       .managed = "v1",
					       .created = "then",
					       .expires_at = rows[i].home};
		const struct sweep_world world = {.releases = &release,
						  .release_count = 1,
						  .namespaces = &home,
						  .namespace_count = 1,
						  .now = NOW};
		struct sweep_rules rules = plain;
		CLEANUP(sweep_plan_release) struct sweep_plan asking = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		rules.environment = "web-x";
		rules.immediately = rules.keep_lasting = true;
		sweep_decide(&asking, &world, &rules);
		assert_case(rows[i].name, asking.questions == !rows[i].release);
		release.values = &never;
		sweep_decide(&plan, &world, &rules);
		assert_case(rows[i].name,
			    plan.items[0].remove == rows[i].remove);
		assert_string_equal(plan.items[0].reason, rows[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_lasting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
