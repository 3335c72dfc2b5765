/*
 * Statuses of pods and what is around them, of tests/tables/diagnosis.json,
 * and what is found: a line "cause [final] [log] [previous] text" each.
 */
#include "core/diagnosis.h"

#include <stdlib.h>

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

static void print_found(struct str *out, const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct diagnosis_finding *finding =
			&diagnosis->findings[i];

		str_addf(out, "%s %s%s%s", diagnosis_cause_name(finding->cause),
			 finding->final ? "final " : "",
			 finding->log ? "log " : "",
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
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
