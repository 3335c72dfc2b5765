#include "core/sweep.h"

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define NOW    1800000000 /* 2027-01-15 08:00:00 */
#define PAST   "1700000000"
#define FUTURE "1900000000"

/* One environment with one release, and what is to become of it. */
struct sweep_case {
	const char *name;
	const char *namespace;
	const char *release_managed, *release_expires;
	const char *home_managed, *home_expires;
	bool main, terminating;
	bool remove;
	const char *reason; /* how it begins */
};

static const struct sweep_case cases[] = {
	{"expired", "web-x", "v1", "1799999999", "v1", "1799999999", 0, 0, true,
	 "expired"},
	{"this very second", "web-x", "v1", "1800000000", "v1", "1800000000", 0,
	 0, true, "expired"},
	{"not yet", "web-x", "v1", "1800000001", "v1", "1800000001", 0, 0,
	 false, "not expired yet"},
	{"namespace later", "web-x", "v1", PAST, "v1", "1800000001", 0, 0,
	 false, "not expired yet"},
	{"release later", "web-x", "v1", "1800000001", "v1", PAST, 0, 0, false,
	 "not expired yet"},
	{"never on one", "web-x", "v1", PAST, "v1", "never", 0, 0, false,
	 "it never expires"},
	{"release alone", "web-x", "v1", PAST, NULL, NULL, 0, 0, true,
	 "expired"},
	{"namespace alone", "web-x", NULL, NULL, "v1", PAST, 0, 0, true,
	 "expired"},
	{"garbled", "web-x", "v1", "soon", "v1", PAST, 0, 0, false,
	 "its label slipway/expires-at is no time: 'soon'"},
	{"garbled namespace", "web-x", "v1", PAST, "v1", "-5", 0, 0, false,
	 "its label slipway/expires-at is no time: '-5'"},
	{"no time", "web-x", "v1", NULL, "v1", NULL, 0, 0, false,
	 "neither a label slipway/expires-at nor its values say"},
	{"later version", "web-x", "v2", PAST, "v1", PAST, 0, 0, false,
	 "its marks are of version 'v2'"},
	{"later version at home", "web-x", "v1", PAST, "v2", PAST, 0, 0, false,
	 "its marks are of version 'v2'"},
	{"main", "web-main", "v1", PAST, "v1", PAST, true, 0, false,
	 "it is a main environment"},
	{"protected", "prod-web", "v1", PAST, "v1", PAST, 0, 0, false,
	 "it is protected"},
	{"default", "default", "v1", PAST, "v1", PAST, 0, 0, false,
	 "the namespace belongs to the cluster"},
	{"kube", "kube-system", "v1", PAST, "v1", PAST, 0, 0, false,
	 "the namespace belongs to the cluster"},
	{"terminating", "web-x", "v1", PAST, "v1", PAST, 0, true, false,
	 "it is being deleted already"},
};

static char production[] = "prod-*";
static char *protected[] = {production, NULL};
static const struct strvec protect = {.items = protected, .count = 1};
static const struct sweep_rules plain = {
	.protect = &protect, .max_deletes = -1, .max_percent = 100};

static const struct sweep_values said_nothing;

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sweep_case *row = &cases[i];
		struct sweep_release release = {row->namespace,
						"web",
						1,
						"uid",
						"7",
						row->release_managed,
						row->release_expires,
						&said_nothing};
		struct sweep_namespace home = {
			row->namespace,	   "uid", "8",	  row->home_managed,
			row->home_expires, "web", "then", row->main,
			row->terminating};
		const struct sweep_world world = {.releases = &release,
						  .release_count = 1,
						  .namespaces = &home,
						  .namespace_count = 1,
						  .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		sweep_decide(&plan, &world, &plain);
		assert_int_equal(plan.count, 1);
		assert_case(row->name, plan.items[0].remove == row->remove);
		assert_case(row->name,
			    strncmp(plan.items[0].reason, row->reason,
				    strlen(row->reason)) == 0);
		assert_int_equal(plan.removals, row->remove);
	}
}

/*
 * What the values of a release without a label tell; at -1 = nothing, 0 =
 * never.
 */
static void test_values(void **state)
{
	static const struct {
		const char *name;
		int64_t at;
		bool zoneless;
		const char *trouble;
		const char *home_expires;
		bool remove, doubtful;
		const char *reason;
	} rows[] = {
		{"expired", 10, false, NULL, NULL, true, false,
		 "expired, by its values: 1970-01-01 00:00:10"},
		{"without zone", 10, true, NULL, NULL, true, false,
		 "expired, by its values: 1970-01-01 00:00:10, which names no "
		 "zone and is taken for UTC"},
		{"namespace later", 10, false, NULL, "1800000001", false, false,
		 "not expired yet, by its values: 1970-01-01 00:00:10"},
		{"values later", NOW + 1, false, NULL, PAST, false, false,
		 "not expired yet, by its values: 2027-01-15 08:00:01"},
		{"never", 0, false, NULL, PAST, false, false,
		 "it never expires, by its values"},
		{"nothing, the namespace does", -1, false, NULL, PAST, true,
		 false, "expired"},
		{"nothing anywhere", -1, false, NULL, NULL, false, true,
		 "neither a label slipway/expires-at nor its values say when "
		 "it expires"},
		{"trouble", -1, false, "damaged", PAST, false, true, "damaged"},
		{"garbled namespace", 10, false, NULL, "soon", false, true,
		 "its label slipway/expires-at is no time: 'soon'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_release release = {
			.namespace = "web-x", .name = "web", .revision = 1};
		const struct sweep_values values = {
			{rows[i].at >= 0,
			 {rows[i].at > 0, rows[i].at},
			 rows[i].zoneless},
			rows[i].trouble};
		struct sweep_namespace home = {.name = "web-x",
					       .managed = "v1",
					       .release = "web",
					       .expires_at =
						       rows[i].home_expires};
		const struct sweep_world world = {.releases = &release,
						  .release_count = 1,
						  .namespaces = &home,
						  .namespace_count = 1,
						  .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan open = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		sweep_decide(&open, &world, &plain);
		assert_int_equal(open.questions, 1);
		assert_int_equal(open.items[0].question, SWEEP_ASK_VALUES);
		assert_false(open.items[0].remove);

		release.values = &values;
		sweep_decide(&plan, &world, &plain);
		assert_int_equal(plan.questions, 0);
		assert_case(rows[i].name,
			    plan.items[0].remove == rows[i].remove);
		assert_case(rows[i].name,
			    plan.items[0].doubtful == rows[i].doubtful);
		assert_string_equal(plan.items[0].reason, rows[i].reason);
	}
}

/* Of a branch: whose environments go though they have not expired. */
static void test_gone_branches(void **state)
{
	static const struct {
		const char *name, *branch, *git_url;
		enum sweep_branch branch_state;
		const char *expires;
		bool main, unseen, asks, remove;
	} rows[] = {
		{"gone", "x", "https://h/x", SWEEP_BRANCH_GONE, FUTURE,
		 .asks = true, .remove = true},
		{"gone, though it never expires", "x", "https://h/x",
		 SWEEP_BRANCH_GONE, "never", .asks = true, .remove = true},
		{"gone, though nobody knows when it expires", "x",
		 "https://h/x", SWEEP_BRANCH_GONE, "soon", .asks = true,
		 .remove = true},
		{"never seen: it may have been called so by hand", "x",
		 "https://h/x", SWEEP_BRANCH_GONE, FUTURE, .unseen = true,
		 .asks = true},
		{"never seen, but there", "x", "https://h/x",
		 SWEEP_BRANCH_THERE, FUTURE, .unseen = true, .asks = true},
		{"never seen, and expired", "x", "https://h/x",
		 SWEEP_BRANCH_GONE, PAST, .unseen = true, .remove = true},
		{"there", "x", "https://h/x", SWEEP_BRANCH_THERE, FUTURE,
		 .asks = true},
		{"no answer", "x", "https://h/x", SWEEP_BRANCH_UNKNOWN, FUTURE,
		 .asks = true},
		{"of a fork", "o:x", "https://h/x", SWEEP_BRANCH_GONE, FUTURE},
		{"no branch", NULL, "https://h/x", SWEEP_BRANCH_GONE, FUTURE},
		{"no address", "x", "", SWEEP_BRANCH_GONE, FUTURE},
		{"main", "x", "https://h/x", SWEEP_BRANCH_GONE, FUTURE,
		 .main = true},
		{"expired all the same", "x", "https://h/x", SWEEP_BRANCH_THERE,
		 PAST, .remove = true},
	};
	struct sweep_rules rules = plain;

	(void)state;
	rules.gone_branches = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_namespace home = {.name = "web-x",
					       .managed = "v1",
					       .expires_at = rows[i].expires,
					       .created = "then",
					       .main = rows[i].main,
					       .branch = rows[i].branch,
					       .branch_seen = !rows[i].unseen,
					       .git_url = rows[i].git_url};
		const struct sweep_world world = {
			.namespaces = &home, .namespace_count = 1, .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan asking = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan not_asked = {0};

		sweep_decide(&asking, &world, &rules);
		assert_case(rows[i].name, (asking.items[0].question ==
					   SWEEP_ASK_BRANCH) == rows[i].asks);
		home.branch_state = rows[i].branch_state;
		sweep_decide(&plan, &world, &rules);
		assert_int_equal(plan.questions, 0);
		assert_case(rows[i].name,
			    plan.items[0].remove == rows[i].remove);
		assert_case(rows[i].name,
			    !strstr(plan.items[0].reason, "has seen") ==
				    !(rows[i].unseen && !rows[i].remove &&
				      rows[i].branch_state ==
					      SWEEP_BRANCH_GONE));
		sweep_decide(&not_asked, &world, &plain);
		assert_int_equal(not_asked.questions, 0);
		assert_case(rows[i].name,
			    not_asked.items[0].remove ==
				    (strcmp(rows[i].expires, PAST) == 0));
	}
}

/* Of a branch that is there still, but in main with all that it had. */
static void test_merged_branches(void **state)
{
	static const struct {
		const char *name, *branch, *commit, *ahead_of;
		enum sweep_branch branch_state;
		enum sweep_merge merge_state;
		const char *expires;
		bool asks, remove;
	} rows[] = {
		{"merged", "x", "c", "main", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, true, true},
		{"not merged, or not known", "x", "c", "main",
		 SWEEP_BRANCH_THERE, SWEEP_MERGE_OPEN, FUTURE, true, false},
		{"never ahead", "x", "c", NULL, SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"not ahead any more", "x", "c", "", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"no commit", "x", NULL, "main", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"ahead of itself", "x", "c", "x", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"of a fork", "o:x", "c", "main", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"a branch that lives on", "x", "c", "main", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_DONE, "never", false, false},
		{"nobody knows when it expires", "x", "c", "main",
		 SWEEP_BRANCH_THERE, SWEEP_MERGE_DONE, "soon", false, false},
		{"no answer", "x", "c", "main", SWEEP_BRANCH_UNKNOWN,
		 SWEEP_MERGE_DONE, FUTURE, false, false},
		{"gone", "x", "c", "main", SWEEP_BRANCH_GONE,
		 SWEEP_MERGE_UNASKED, FUTURE, false, true},
		{"expired", "x", "c", "main", SWEEP_BRANCH_THERE,
		 SWEEP_MERGE_OPEN, PAST, false, true},
	};
	struct sweep_rules rules = plain;

	(void)state;
	rules.gone_branches = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_namespace home = {.name = "web-x",
					       .managed = "v1",
					       .expires_at = rows[i].expires,
					       .created = "then",
					       .branch = rows[i].branch,
					       .branch_seen = true,
					       .commit = rows[i].commit,
					       .ahead_of = rows[i].ahead_of,
					       .tip = "TIP",
					       .ahead_of_tip = "MAINTIP",
					       .git_url = "https://h/x",
					       .branch_state =
						       rows[i].branch_state};
		const struct sweep_world world = {
			.namespaces = &home, .namespace_count = 1, .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan asking = {0};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		sweep_decide(&asking, &world, &rules);
		assert_case(rows[i].name, (asking.items[0].question ==
					   SWEEP_ASK_MERGE) == rows[i].asks);
		assert_case(rows[i].name,
			    !(rows[i].asks && asking.items[0].remove));
		home.merge_state = rows[i].merge_state;
		sweep_decide(&plan, &world, &rules);
		assert_int_equal(plan.questions, 0);
		assert_case(rows[i].name,
			    plan.items[0].remove == rows[i].remove);
		if (i == 0)
			assert_string_equal(plan.items[0].reason,
					    "its branch 'x' at TIP is merged: "
					    "'main' at MAINTIP holds it");
	}
}

/* Releases of others are not even judged; of ours the newest counts. */
static void test_whose_release(void **state)
{
	struct sweep_release releases[] = {
		{"a", "others", 1, "u", "1", NULL, PAST},
		{"b", "once-marked", 1, "u", "1", "v1", PAST},
		{"b", "once-marked", 2, "u", "1", NULL, PAST},
		{"c", "named", 1, "u", "1", NULL, PAST},
		{"c", "tenant", 1, "u", "1", NULL, PAST},
	};
	struct sweep_namespace home = {.name = "c",
				       .managed = "v1",
				       .expires_at = PAST,
				       .release = "named"};
	const struct sweep_world world = {.releases = releases,
					  .release_count = 5,
					  .namespaces = &home,
					  .namespace_count = 1,
					  .now = NOW};
	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

	(void)state;
	sweep_decide(&plan, &world, &plain);
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.items[0].release, "once-marked");
	assert_false(plan.items[0].remove);
	assert_string_equal(plan.items[0].reason,
			    "its newest revision bears no mark of ours");
	assert_string_equal(plan.items[1].release, "named");
	assert_true(plan.items[1].remove);
}

/* A failed upgrade prolongs, whatever the older revision says. */
static void test_highest_revision_counts(void **state)
{
	struct sweep_release releases[] = {
		{"web-x", "web", 2, "b", "2", "v1", FUTURE},
		{"web-x", "web", 1, "a", "1", "v1", PAST},
	};
	const struct sweep_world world = {
		.releases = releases, .release_count = 2, .now = NOW};
	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

	(void)state;
	sweep_decide(&plan, &world, &plain);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.items[0].judged->revision, 2);
	assert_false(plan.items[0].remove);
}

static void test_grace_and_warning(void **state)
{
	struct sweep_release release = {"web-x", "web", 1,	     "a",
					"1",	 "v1",	"1799999990"};
	const struct sweep_world world = {
		.releases = &release, .release_count = 1, .now = NOW};
	struct sweep_rules rules = plain;
	CLEANUP(sweep_plan_release) struct sweep_plan in_grace = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan after = {0};

	(void)state;
	rules.grace_s = 11;
	rules.warn_before_s = 1;
	sweep_decide(&in_grace, &world, &rules);
	assert_false(in_grace.items[0].remove);
	assert_true(in_grace.items[0].soon);
	rules.grace_s = 10;
	sweep_decide(&after, &world, &rules);
	assert_true(after.items[0].remove);
	assert_false(after.items[0].soon);
}

static void test_fuse(void **state)
{
	static const struct {
		const char *name;
		int64_t max_deletes, max_percent;
		bool holds;
	} limits[] = {
		{"no limit", -1, 100, true}, {"as many", 2, 100, true},
		{"one less", 1, 100, false}, {"none", 0, 100, false},
		{"half", -1, 50, true},	     {"under half", -1, 49, false},
	};
	struct sweep_release releases[] = {
		{"a", "a", 1, "a", "1", "v1", PAST},
		{"b", "b", 1, "b", "1", "v1", PAST},
		{"c", "c", 1, "c", "1", "v1", "never"},
		{"d", "d", 1, "d", "1", "v1", "never"},
	};
	const struct sweep_world world = {
		.releases = releases, .release_count = 4, .now = NOW};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct sweep_rules rules = plain;
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
		CLEANUP(err_release) struct err err = {0};

		rules.max_deletes = limits[i].max_deletes;
		rules.max_percent = limits[i].max_percent;
		sweep_decide(&plan, &world, &rules);
		assert_case(limits[i].name, sweep_check(&plan, &rules, &err) ==
						    limits[i].holds);
		if (!limits[i].holds)
			assert_int_equal(err.kind, ERR_CONFLICT);
	}
}

static void test_by_name(void **state)
{
	struct sweep_release releases[] = {
		{"web-a", "web", 1, "a", "1", "v1", "never"},
		{"web-b", "web", 1, "b", "1", "v1", PAST},
	};
	struct sweep_namespace home = {.name = "web-a", .managed = "v1"};
	const struct sweep_world world = {.releases = releases,
					  .release_count = 2,
					  .namespaces = &home,
					  .namespace_count = 1,
					  .now = NOW};
	struct sweep_rules rules = plain;
	CLEANUP(sweep_plan_release) struct sweep_plan one = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan none = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan refused = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	rules.immediately = true;
	rules.environment = "web-a";
	sweep_decide(&one, &world, &rules);
	assert_true(sweep_check(&one, &rules, &err));
	assert_int_equal(one.count, 1);
	assert_true(one.items[0].remove);

	rules.environment = "web-c";
	sweep_decide(&none, &world, &rules);
	assert_true(sweep_check(&none, &rules, &err));
	assert_int_equal(none.count, 0);

	home.main = true;
	rules.environment = "web-a";
	sweep_decide(&refused, &world, &rules);
	assert_false(sweep_check(&refused, &rules, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

/* What is left of an environment whose release is gone. */
static void test_namespace_alone(void **state)
{
	struct sweep_namespace home = {
		.name = "web-a", .managed = "v1", .expires_at = PAST};
	const struct sweep_world world = {
		.namespaces = &home, .namespace_count = 1, .now = NOW};
	struct sweep_rules rules = plain;
	CLEANUP(sweep_plan_release) struct sweep_plan theirs = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan ours = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	rules.environment = "web-a";
	rules.immediately = true;
	sweep_decide(&theirs, &world, &rules);
	assert_false(theirs.items[0].remove);
	assert_true(sweep_check(&theirs, &rules, &err));

	home.created = "2026-11-22T00:00:00Z";
	sweep_decide(&ours, &world, &rules);
	assert_true(ours.items[0].remove);
}

/* A namespace on its way out: for how long, and what holds it. */
static void test_leaving(void **state)
{
	static const struct {
		const char *name;
		int64_t since;
		const char *created, *held;
		bool asks, stuck;
		const char *reason;
	} rows[] = {
		{"just now", NOW, "then", NULL, false, false, "already"},
		{"in time", NOW - SWEEP_LEAVE_S, "then", NULL, false, false,
		 "already"},
		{"nobody knows when", 0, "then", NULL, false, false, "already"},
		{"in the future", NOW + 9999, "then", NULL, false, false,
		 "already"},
		{"not of our making", 1, NULL, NULL, false, false, "already"},
		{"not asked yet", NOW - 361, "then", NULL, true, false,
		 "already"},
		{"gone meanwhile", NOW - 361, "then", "", false, false,
		 "already"},
		{"held", NOW - 361, "then", "a finalizer", false, true,
		 "it was deleted 6 minutes ago, and is still there: a "
		 "finalizer"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_namespace home = {
			.name = "web-x",
			.managed = "v1",
			.expires_at = PAST,
			.created = rows[i].created,
			.terminating = true,
			.terminating_since = rows[i].since,
			.held = rows[i].held,
		};
		const struct sweep_world world = {
			.namespaces = &home, .namespace_count = 1, .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		sweep_decide(&plan, &world, &plain);
		assert_case(rows[i].name, !plan.items[0].remove);
		assert_case(rows[i].name, plan.questions == rows[i].asks);
		assert_case(rows[i].name, plan.items[0].stuck == rows[i].stuck);
		assert_case(rows[i].name,
			    strstr(plan.items[0].reason, rows[i].reason));
	}
}

/* What a sweep deleted in a namespace that stays, while it is held. */
static void test_what_is_left_in_a_namespace_that_stays(void **state)
{
	static const struct {
		const char *name, *held;
		bool asks, stuck;
		const char *reason;
	} rows[] = {
		{"not asked yet", NULL, true, false, "which was there before"},
		{"nothing", "", false, false, "which was there before us"},
		{"held", "a finalizer", false, true,
		 "which was there before us; a finalizer"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sweep_namespace home = {.name = "web-x",
					       .managed = "v1",
					       .expires_at = PAST,
					       .held = rows[i].held};
		const struct sweep_world world = {
			.namespaces = &home, .namespace_count = 1, .now = NOW};
		CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

		sweep_decide(&plan, &world, &plain);
		assert_case(rows[i].name, !plan.items[0].remove);
		assert_case(rows[i].name, plan.questions == rows[i].asks);
		assert_case(rows[i].name, plan.items[0].stuck == rows[i].stuck);
		assert_case(rows[i].name,
			    ends_with(plan.items[0].reason, rows[i].reason) ||
				    rows[i].asks);
	}
}

static void test_unchanged(void **state)
{
	const struct sweep_release judged = {"n", "r", 2, "u2", "20", 0, 0};
	const struct sweep_release same[] = {{"n", "r", 1, "u1", PAST, 0, 0},
					     {"n", "r", 2, "u2", "20", 0, 0}};
	const struct sweep_release newer[] = {{"n", "r", 2, "u2", "20", 0, 0},
					      {"n", "r", 3, "u3", "30", 0, 0}};
	const struct sweep_release touched = {"n", "r", 2, "u2", "21", 0, 0};
	const struct sweep_release reborn = {"n", "r", 2, "u9", "20", 0, 0};

	(void)state;
	assert_true(sweep_is_unchanged(&judged, same, 2));
	assert_false(sweep_is_unchanged(&judged, newer, 2));
	assert_false(sweep_is_unchanged(&judged, &touched, 1));
	assert_false(sweep_is_unchanged(&judged, &reborn, 1));
	assert_false(sweep_is_unchanged(&judged, NULL, 0));
}

/* Revisions that Helm could not read, and so left. */
static void test_leftovers(void **state)
{
	struct sweep_release releases[] = {
		{"n", "r", 9, "u9", "90", "v1", PAST},
		{"n", "r", 10, "u10", "100", "v1", PAST},
		{"n", "s", 9, "u9s", "91", "v1", PAST},
	};
	const struct sweep_release before = {"n", "r", 9, "u9", "91", 0, 0};
	const struct sweep_release reborn = {"n", "r", 9, "u9b", "95", 0, 0};
	const struct sweep_release newer = {"n", "r", 11, "u11", "99", 0, 0};
	const struct sweep_world world = {
		.releases = releases, .release_count = 3, .now = NOW};
	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};

	(void)state;
	sweep_decide(&plan, &world, &plain);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.items[0].revision_count, 2);
	assert_ptr_equal(plan.items[0].judged, plan.items[0].revisions[0]);
	assert_true(sweep_is_leftover(&plan.items[0], &before));
	assert_false(sweep_is_leftover(&plan.items[0], &reborn));
	assert_false(sweep_is_leftover(&plan.items[0], &newer));
	assert_false(sweep_is_leftover(&plan.items[1], &before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_gone_branches),
		cmocka_unit_test(test_merged_branches),
		cmocka_unit_test(test_whose_release),
		cmocka_unit_test(test_highest_revision_counts),
		cmocka_unit_test(test_grace_and_warning),
		cmocka_unit_test(test_fuse),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_namespace_alone),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_what_is_left_in_a_namespace_that_stays),
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
