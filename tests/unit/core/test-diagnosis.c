/*
 * Statuses of pods and what is around them, of tests/tables/diagnosis.json,
 * and what is found: a line "cause [final] [warned FIRST-LAST] [log] [previous]
 * text" each, the times in seconds since the deployment began.
 */
#include "core/diagnosis.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/rollout.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/table.h"
#include "tests/unit/unit.h"

#define TABLE	   "tests/tables/diagnosis.json"
#define BEGAN	   1795687200 /* 2026-11-26T10:00:00Z */
#define CAUSES_MIN 40

static struct rollout_world make_world(const struct value *lists)
{
	return (struct rollout_world){
		.pods = value_map_get(lists, "pods"),
		.replica_sets = value_map_get(lists, "replicaSets"),
		.workloads = value_map_get(lists, "workloads"),
		.claims = value_map_get(lists, "claims"),
		.services = value_map_get(lists, "services"),
		.events = value_map_get(lists, "events"),
		.release = "shop",
		.since = BEGAN,
	};
}

static void print_warned(struct str *out,
			 const struct diagnosis_finding *finding)
{
	int64_t last = finding->warned_at - BEGAN;

	if (finding->warned)
		str_addf(out, "warned %lld-%lld ",
			 (long long)(last - finding->warned_for),
			 (long long)last);
}

static void print_found(struct str *out, const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct diagnosis_finding *finding =
			&diagnosis->findings[i];

		str_addf(out, "%s %s", diagnosis_cause_name(finding->cause),
			 finding->final ? "final " : "");
		print_warned(out, finding);
		str_addf(out, "%s%s", finding->log ? "log " : "",
			 finding->previous ? "previous " : "");
		diagnosis_print(out, finding);
		str_add_char(out, '\n');
	}
}

static void print_expected(struct str *out, const struct value *lines)
{
	for (size_t i = 0; i < lines->list.count; i++)
		str_addf(out, "%s\n", lines->list.items[i]->string.bytes);
}

static void check_case(const struct value *row)
{
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = {0};
	CLEANUP(str_release) struct str expected = {0};
	CLEANUP(str_release) struct str found = {0};
	struct rollout_world world = make_world(value_map_get(row, "world"));

	diagnosis_make(&diagnosis, &world);
	print_found(&found, &diagnosis);
	print_expected(&expected, value_map_get(row, "found"));
	if (!same_text(str_text(&found), str_text(&expected)))
		fail_msg("case '%s':\n%s\nexpected:\n%s",
			 value_find_text(row, "name"), str_text(&found),
			 str_text(&expected));
}

static void test_causes(void **state)
{
	(void)state;
	for_each_row(TABLE, CAUSES_MIN, check_case);
}

/* --- patience -------------------------------------------------------------- */

static struct diagnosis_finding finals[] = {
	{.kind = "Pod", .name = "a", .cause = DIAGNOSIS_IMAGE, .final = true},
	{.kind = "Pod", .name = "b", .cause = DIAGNOSIS_IMAGE, .final = true},
	{.kind = "Pod", .name = "c", .cause = DIAGNOSIS_QUOTA},
	{.kind = "Pod",
	 .name = "d",
	 .owner = "1",
	 .cause = DIAGNOSIS_IMAGE,
	 .final = true},
	{.kind = "Pod",
	 .name = "e",
	 .owner = "1",
	 .cause = DIAGNOSIS_IMAGE,
	 .final = true},
};

/* At @now, findings number @first to @first + @count are there. */
static const char *look(struct diagnosis_watch *watch, int64_t now,
			size_t first, size_t count)
{
	const struct diagnosis diagnosis = {
		.findings = finals + first,
		.count = count,
	};
	const struct diagnosis_finding *lasting =
		diagnosis_lasting(watch, &diagnosis, now, 100);

	return lasting ? lasting->name : NULL;
}

static void test_patience(void **state)
{
	CLEANUP(diagnosis_watch_release) struct diagnosis_watch watch = {0};

	(void)state;
	assert_null(look(&watch, 1000, 0, 3));
	assert_null(look(&watch, 1099, 0, 3));
	assert_string_equal(look(&watch, 1100, 0, 3), "a");
	/* b was away, so it begins anew; c waits as long as it takes */
	assert_null(look(&watch, 1110, 2, 1));
	assert_null(look(&watch, 1111, 1, 2));
	assert_null(look(&watch, 1210, 1, 2));
	assert_string_equal(look(&watch, 1211, 1, 2), "b");
	assert_null(look(&watch, 9999, 2, 1));
	/* e came in the place of d */
	assert_null(look(&watch, 10000, 3, 1));
	assert_string_equal(look(&watch, 10100, 4, 1), "e");
}

/* --- warnings from look to look -------------------------------------------- */

struct warning_look {
	int64_t at;    /* seconds */
	int64_t first; /* when the warning came, and came last, by a */
	int64_t last;  /* clock of its own; 0: there is none */
	bool ends;     /* the wait */
};

/* With a patience of @patience seconds. */
static void check_looks(int64_t patience, const struct warning_look *looks,
			size_t count)
{
	CLEANUP(diagnosis_watch_release) struct diagnosis_watch watch = {0};

	for (size_t i = 0; i < count; i++) {
		const struct warning_look *look = &looks[i];
		struct diagnosis_finding finding = {
			.kind = "Pod",
			.name = "a",
			.cause = DIAGNOSIS_CONFIG,
			.final = true,
			.warned = true,
			.warned_at = look->last,
			.warned_for = look->last - look->first,
		};
		const struct diagnosis diagnosis = {
			.findings = &finding,
			.count = look->last ? 1 : 0,
		};
		bool ends =
			diagnosis_lasting(&watch, &diagnosis, look->at * 1000,
					  patience * 1000) != NULL;

		if (ends != look->ends)
			fail_msg("look at %lld s: %s", (long long)look->at,
				 ends ? "ends" : "does not end");
	}
}

#define CHECK_LOOKS(patience, looks) \
	check_looks(patience, looks, ARRAY_SIZE(looks))

/* The kubelet waits 0.5 s, 1 s, 2 s ... before it tries again. */
static void test_what_is_warned_of_again_lasts(void **state)
{
	static const struct warning_look looks[] = {
		{2, 1000, 1000, false},	 {4, 1000, 1003, false},
		{8, 1000, 1007, false},	 {15, 1000, 1007, false},
		{16, 1000, 1015, false}, {32, 1000, 1031, false},
		{63, 1000, 1031, false}, {64, 1000, 1063, true},
	};

	(void)state;
	CHECK_LOOKS(60, looks);
}

static void test_a_warning_that_does_not_come_again_is_over(void **state)
{
	static const struct warning_look once[] = {
		{2, 1000, 1000, false},
		{12, 1000, 1000, false},
		{600, 1000, 1000, false},
	};
	/* the secret came after 20 s, and the image takes long */
	static const struct warning_look late[] = {
		{2, 1000, 1000, false},	 {4, 1000, 1003, false},
		{8, 1000, 1007, false},	 {16, 1000, 1015, false},
		{64, 1000, 1015, false}, {600, 1000, 1015, false},
	};
	/* that it has come for long does not make it come again */
	static const struct warning_look old[] = {
		{0, 0, 0, false},
		{500, 100, 400, false},
		{600, 100, 400, false},
	};

	(void)state;
	CHECK_LOOKS(0, once);
	CHECK_LOOKS(10, once);
	CHECK_LOOKS(60, late);
	CHECK_LOOKS(60, old);
}

static void test_warnings_of_two_failures_do_not_add_up(void **state)
{
	static const struct warning_look looks[] = {
		{2, 1000, 1000, false},	  {4, 1000, 1003, false},
		{100, 1000, 1099, false}, {102, 1000, 1101, false},
		{108, 1000, 1107, false}, {111, 1000, 1110, true},
	};
	/* one that was away begins anew */
	static const struct warning_look away[] = {
		{2, 1000, 1000, false},	 {8, 1000, 1007, false},
		{10, 0, 0, false},	 {12, 1009, 1009, false},
		{14, 1009, 1013, false}, {22, 1009, 1021, true},
	};

	(void)state;
	CHECK_LOOKS(10, looks);
	CHECK_LOOKS(10, away);
}

/* The API was slow: what came meanwhile counts, but nothing of before. */
static void test_warnings_between_looks(void **state)
{
	static const struct warning_look looks[] = {
		{0, 0, 0, false},
		{20, 1000, 1015, false},
		{32, 1000, 1031, false},
		{64, 1000, 1063, true},
	};
	static const struct warning_look before[] = {
		{1000, 100, 1100, false},
		{1002, 100, 1102, false},
		{1010, 100, 1110, true},
	};

	(void)state;
	CHECK_LOOKS(59, looks);
	CHECK_LOOKS(10, before);
}

/* Two of one cause: whoever warns again tells of it, not that both are there. */
static void test_two_that_share_their_cause(void **state)
{
	CLEANUP(diagnosis_watch_release) struct diagnosis_watch watch = {0};
	struct diagnosis_finding two[] = {finals[0], finals[0]};
	const struct diagnosis diagnosis = {.findings = two, .count = 2};

	(void)state;
	two[0].warned = two[1].warned = true;
	two[0].warned_at = 1000;
	two[1].warned_at = 1005;
	assert_null(diagnosis_lasting(&watch, &diagnosis, 0, 10000));
	assert_null(diagnosis_lasting(&watch, &diagnosis, 10000, 10000));
	two[1].warned_at = 1015;
	assert_non_null(diagnosis_lasting(&watch, &diagnosis, 11000, 10000));
}

/* --- what is missing ------------------------------------------------------- */

static void check_missing(const char *message, const char *expected)
{
	const struct diagnosis_finding finding = {
		.cause = DIAGNOSIS_CONFIG,
		.warned = true,
		.message = message,
	};
	CLEANUP(str_release) struct str found = {0};
	const char *resource, *rest = NULL;
	char *name;

	while ((name = diagnosis_missing(&finding, &rest, &resource))) {
		str_addf(&found, "%s%s/%s", found.len ? " " : "", resource,
			 name);
		free(name);
	}
	assert_string_equal(str_text(&found), expected);
}

static void test_missing(void **state)
{
	(void)state;
	check_missing("volume \"x\" : secret \"tls\" not found", "secrets/tls");
	check_missing("volume \"x\" : configmap \"a.b\" not found",
		      "configmaps/a.b");
	check_missing("[secret \"a\" not found, configmap \"b\" not found]",
		      "secrets/a configmaps/b");
	check_missing("[configmap \"b\" not found, secret \"\" not found, "
		      "secret \"c\" is late, secret \"secret \"d\" not found]",
		      "configmaps/b secrets/d");
	check_missing("references non-existent secret key: k", "");
	check_missing("secret \"\" not found", "");
	check_missing("secret \"tls\" is late", "");
	check_missing("secret \"tls", "");
	check_missing("secret \"tls\"", "");
	check_missing("", "");
}

static void test_what_was_looked_for(void **state)
{
	struct diagnosis_finding finding = finals[0];

	(void)state;
	finding.warned = true;
	diagnosis_correct(&finding, false);
	assert_true(finding.final && !finding.warned);
	finding.warned = true;
	diagnosis_correct(&finding, true);
	assert_false(finding.final);
	assert_int_equal(finding.cause, DIAGNOSIS_STARTING);
}

static void test_ceiling(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = {0};
	struct value *pods = value_new_list(&arena);
	struct rollout_world world = {.pods = pods, .release = "shop"};

	(void)state;
	for (size_t i = 0; i < DIAGNOSIS_MAX + 7; i++)
		value_list_add(pods, &arena, value_new_map(&arena));
	diagnosis_make(&diagnosis, &world);
	assert_int_equal(diagnosis.count, DIAGNOSIS_MAX);
	assert_int_equal(diagnosis.left_out, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_what_is_warned_of_again_lasts),
		cmocka_unit_test(
			test_a_warning_that_does_not_come_again_is_over),
		cmocka_unit_test(test_warnings_of_two_failures_do_not_add_up),
		cmocka_unit_test(test_warnings_between_looks),
		cmocka_unit_test(test_two_that_share_their_cause),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_what_was_looked_for),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
