#include "core/rollout.h"

#include "base/err.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/unit.h"

#define OF_SHOP "\"annotations\": {\"meta.helm.sh/release-name\": \"shop\"}"

/* An object of the release "shop", and how far it is; "" does not count. */
static const struct {
	const char *name, *kind, *object, *missing;
} cases[] = {
	{"not looked at", "Deployment",
	 "{\"metadata\": {\"generation\": 2, " OF_SHOP "}, \"status\": {"
	 "\"observedGeneration\": 1, \"updatedReplicas\": 1, "
	 "\"availableReplicas\": 1, \"replicas\": 1}}",
	 "Deployment '?' (1 of 1)"},
	{"rolled out", "Deployment",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 2}, "
	 "\"status\": {\"updatedReplicas\": 2, \"availableReplicas\": 2, "
	 "\"replicas\": 2}}",
	 ""},
	{"old pods still there", "Deployment",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 2}, "
	 "\"status\": {\"updatedReplicas\": 2, \"availableReplicas\": 2, "
	 "\"replicas\": 3}}",
	 "Deployment '?' (2 of 2)"},
	{"old pods are up", "Deployment",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 2}, "
	 "\"status\": {\"updatedReplicas\": 1, \"availableReplicas\": 2, "
	 "\"replicas\": 3}}",
	 "Deployment '?' (1 of 2)"},
	{"scaled to nothing", "Deployment",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 0}}", ""},
	{"another's", "Deployment", "{\"metadata\": {}}", ""},
	{"hook's", "Job",
	 "{\"metadata\": {\"annotations\": {\"helm.sh/hook\": \"x\"}}}", ""},
	{"half", "StatefulSet",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 3}, "
	 "\"status\": {\"readyReplicas\": 3, \"updatedReplicas\": 1}}",
	 "StatefulSet '?' (1 of 3)"},
	{"partition", "StatefulSet",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 3, "
	 "\"updateStrategy\": {\"rollingUpdate\": {\"partition\": 2}}}, "
	 "\"status\": {\"readyReplicas\": 3, \"updatedReplicas\": 1}}",
	 ""},
	{"by hand", "StatefulSet",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"replicas\": 3, "
	 "\"updateStrategy\": {\"type\": \"OnDelete\"}}, \"status\": {}}",
	 ""},
	{"on each node", "DaemonSet",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {"
	 "\"desiredNumberScheduled\": 3, \"updatedNumberScheduled\": 3, "
	 "\"numberAvailable\": 2}}",
	 "DaemonSet '?' (2 of 3)"},
	{"at work", "Job",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {\"active\": 1}}",
	 "Job '?' (0 of 1)"},
	{"complete", "Job",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {\"succeeded\": 1, "
	 "\"conditions\": [{\"type\": \"Complete\", \"status\": \"True\"}]}}",
	 ""},
	{"bare", "Pod", "{\"metadata\": {" OF_SHOP "}, \"status\": {}}",
	 "Pod '?' (0 of 1)"},
	{"bare and over", "Pod",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {\"phase\": "
	 "\"Succeeded\"}}",
	 ""},
	{"owned", "Pod",
	 "{\"metadata\": {" OF_SHOP ", \"ownerReferences\": [{\"controller\": "
	 "true, \"uid\": \"x\"}]}, \"status\": {}}",
	 ""},
	{"without an address", "Service",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"type\": "
	 "\"LoadBalancer\"}, \"status\": {\"loadBalancer\": {}}}",
	 "Service '?' (0 of 1)"},
	{"with an address", "Service",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"type\": "
	 "\"LoadBalancer\"}, \"status\": {\"loadBalancer\": {\"ingress\": "
	 "[{\"ip\": \"192.0.2.1\"}]}}}",
	 ""},
	{"with one that was given", "Service",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"type\": "
	 "\"LoadBalancer\", \"externalIPs\": [\"192.0.2.1\"]}}",
	 ""},
	{"inside", "Service",
	 "{\"metadata\": {" OF_SHOP "}, \"spec\": {\"type\": "
	 "\"ClusterIP\"}}",
	 ""},
	{"unbound", "PersistentVolumeClaim",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {\"phase\": "
	 "\"Pending\"}}",
	 "PersistentVolumeClaim '?' (0 of 1)"},
	{"bound", "PersistentVolumeClaim",
	 "{\"metadata\": {" OF_SHOP "}, \"status\": {\"phase\": "
	 "\"Bound\"}}",
	 ""},
	{"leaving", "Pod",
	 "{\"metadata\": {" OF_SHOP ", \"deletionTimestamp\": \"x\"}}", ""},
	{"no workload", "Service", "{\"metadata\": {" OF_SHOP "}}", ""},
};

static struct value *list_of(const char *text, const char *kind,
			     struct arena *arena)
{
	CLEANUP(err_release) struct err err = {0};
	struct value *list = value_new_list(arena);
	const struct value *object;
	struct value *copy;

	assert_true(
		jsontext_parse(&object, text, strlen(text), kind, arena, &err));
	copy = value_copy(object, arena);
	value_map_set_text(copy, arena, "kind", kind);
	value_list_add(list, arena, copy);
	return list;
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(rollout_release) struct rollout rollout = {0};
		CLEANUP(str_release) struct str missing = {0};
		const struct rollout_world world = {
			.workloads =
				list_of(cases[i].object, cases[i].kind, &arena),
			.release = "shop",
			.jobs = true,
		};

		rollout_count(&rollout, &world);
		rollout_print_missing(&rollout, &missing);
		if (!same_text(str_text(&missing), cases[i].missing))
			fail_msg("case '%s': '%s'", cases[i].name,
				 str_text(&missing));
	}
}

static void test_jobs_are_left_out(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(rollout_release) struct rollout rollout = {0};
	const struct rollout_world world = {
		.workloads =
			list_of("{\"metadata\": {" OF_SHOP "}}", "Job", &arena),
		.release = "shop",
	};

	(void)state;
	rollout_count(&rollout, &world);
	assert_int_equal(rollout.count, 0);
}

static void test_many_are_counted(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(str_release) struct str missing = {0};
	struct value *pods =
		list_of("{\"metadata\": {" OF_SHOP "}}", "Pod", &arena);
	const struct rollout_world world = {.pods = pods, .release = "shop"};

	(void)state;
	for (int i = 1; i < ROLLOUT_SHOWN_MAX + 3; i++)
		value_list_add(pods, &arena, pods->list.items[0]);
	rollout_count(&rollout, &world);
	rollout_print_missing(&rollout, &missing);
	assert_int_equal(rollout.count, ROLLOUT_SHOWN_MAX + 3);
	assert_true(ends_with(str_text(&missing), " and 3 more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_jobs_are_left_out),
		cmocka_unit_test(test_many_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
