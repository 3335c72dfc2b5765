#include "core/estate.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/manifest.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

#define NOTE                                                             \
	"{\"claims\":[{\"labels\":{\"app\":\"db\",\"tier\":\"1\"},"      \
	"\"name\":\"data-db-\"}],\"held\":[{\"apiVersion\":\"v1\","      \
	"\"kind\":\"ConfigMap\",\"name\":\"a\",\"namespace\":\"env\"}]," \
	"\"hooks\":[\"Job migrate\"],\"releases\":[\"web\",\"api\"]}"

#define DB(name) \
	"{metadata: {name: '" name "', labels: {app: db, tier: '1', x: y}}}"
#define HELM(release, namespace)               \
	"{metadata: {name: a, annotations: "   \
	"{meta.helm.sh/release-name: " release \
	", meta.helm.sh/release-namespace: " namespace "}}}"
#define HOOK(name) \
	"{metadata: {name: " name ", annotations: {helm.sh/hook: test}}}"
#define OWNER(api, kind) "{apiVersion: " api ", kind: " kind "}"
#define OWNED(owners)	 "{metadata: {name: a, ownerReferences: [" owners "]}}"

static const struct estate_case {
	const char *name, *kind, *object;
	enum estate_bond bond;
} cases[] = {
	{"bare", "Pod", "{metadata: {name: a}}", ESTATE_FOREIGN},
	{"no object", "Pod", "17", ESTATE_FOREIGN},
	{"no name", "PersistentVolumeClaim", "{metadata: {}}", ESTATE_FOREIGN},
	{"being deleted", "Pod",
	 "{metadata: {name: a, deletionTimestamp: '2026-01-01T00:00:00Z'}}",
	 ESTATE_OURS},

	{"of a release", "Service", HELM("web", "env"), ESTATE_OURS},
	{"of the other release", "Service", HELM("api", "env"), ESTATE_OURS},
	{"of others' release", "Service", HELM("db", "env"), ESTATE_FOREIGN},
	{"of a release elsewhere", "Service", HELM("web", "tools"),
	 ESTATE_FOREIGN},
	{"of a release nobody knows where", "Service",
	 "{metadata: {name: a, annotations: {meta.helm.sh/release-name: web}}}",
	 ESTATE_FOREIGN},

	{"a set's claim", "PersistentVolumeClaim", DB("data-db-0"),
	 ESTATE_OURS},
	{"a late one", "PersistentVolumeClaim", DB("data-db-4711"),
	 ESTATE_OURS},
	{"no ordinal", "PersistentVolumeClaim", DB("data-db-"), ESTATE_FOREIGN},
	{"a padded ordinal", "PersistentVolumeClaim", DB("data-db-01"),
	 ESTATE_FOREIGN},
	{"more than an ordinal", "PersistentVolumeClaim", DB("data-db-0-0"),
	 ESTATE_FOREIGN},
	{"a long ordinal", "PersistentVolumeClaim", DB("data-db-12345678901"),
	 ESTATE_FOREIGN},
	{"another set's", "PersistentVolumeClaim", DB("data-db2-0"),
	 ESTATE_FOREIGN},
	{"its name, without labels", "PersistentVolumeClaim",
	 "{metadata: {name: data-db-0}}", ESTATE_FOREIGN},
	{"its name, with one label", "PersistentVolumeClaim",
	 "{metadata: {name: data-db-0, labels: {app: db}}}", ESTATE_FOREIGN},
	{"its name, but no claim", "Service", DB("data-db-0"), ESTATE_FOREIGN},
	{"a claim by its instance", "PersistentVolumeClaim",
	 "{metadata: {name: a, labels: {app.kubernetes.io/instance: api}}}",
	 ESTATE_OURS},
	{"another instance's", "PersistentVolumeClaim",
	 "{metadata: {name: a, labels: {app.kubernetes.io/instance: db}}}",
	 ESTATE_FOREIGN},
	{"an instance's Service", "Service",
	 "{metadata: {name: a, labels: {app.kubernetes.io/instance: api}}}",
	 ESTATE_FOREIGN},

	{"a hook", "Job", HOOK("migrate"), ESTATE_OURS},
	{"a hook of others", "Job", HOOK("other"), ESTATE_FOREIGN},
	{"of another kind", "Pod", HOOK("migrate"), ESTATE_FOREIGN},
	{"its name, but no hook", "Job", "{metadata: {name: migrate}}",
	 ESTATE_FOREIGN},
	{"a hook by its instance", "Pod",
	 "{metadata: {name: a, annotations: {helm.sh/hook: test}, labels: "
	 "{app.kubernetes.io/instance: web}}}",
	 ESTATE_OURS},

	{"of a Deployment", "ReplicaSet", OWNED(OWNER("apps/v1", "Deployment")),
	 ESTATE_OURS},
	{"of an older version", "Pod",
	 OWNED(OWNER("apps/v1beta2", "StatefulSet")), ESTATE_OURS},
	{"of a Service", "Pod", OWNED(OWNER("v1", "Service")), ESTATE_OURS},
	{"of another group's", "Pod",
	 OWNED(OWNER("apps.kruise.io/v1beta1", "StatefulSet")), ESTATE_OWNED},
	{"of no group", "Pod", OWNED(OWNER("v1", "StatefulSet")), ESTATE_OWNED},
	{"of a group's Service", "Pod",
	 OWNED(OWNER("serving.knative.dev/v1", "Service")), ESTATE_OWNED},
	{"of both", "Pod",
	 OWNED(OWNER("example.com/v1", "Db") ", " OWNER("batch/v1", "Job")),
	 ESTATE_OURS},
	{"of nothing", "Pod", OWNED("17"), ESTATE_OWNED},
};

static void test_whose_it_is(void **state)
{
	CLEANUP(estate_release) struct estate estate = {.namespace = "env"};

	(void)state;
	estate_read(&estate, NOTE);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct estate_case *row = &cases[i];
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(row->name,
			    ydoc_parse(&doc, row->object, strlen(row->object),
				       row->name, 0, &err));
		assert_case(row->name, estate_judge(&estate, row->kind,
						    doc.root) == row->bond);
	}
}

static void test_a_note_says_the_same(void **state)
{
	CLEANUP(estate_release) struct estate estate = {.namespace = "env"};
	CLEANUP(str_release) struct str note = {0};
	struct manifest_object held;

	(void)state;
	estate_read(&estate, NOTE);
	estate_read(&estate, NOTE);
	estate_print(&note, &estate);
	assert_string_equal(str_text(&note), NOTE);
	assert_true(estate_get_held(&estate, 0, &held));
	assert_string_equal(held.kind, "ConfigMap");
	assert_string_equal(held.namespace, "env");
	assert_false(estate_get_held(&estate, 1, &held));
}

static void test_what_is_no_note_says_nothing(void **state)
{
	static const char *const notes[] = {
		NULL,
		"",
		"{",
		"17",
		"[]",
		"{\"releases\": 5, \"claims\": \"x\", \"held\": {}}",
		"{\"releases\": [5, \"\"], \"hooks\": [{}], \"claims\": [17, "
		"{\"name\": \"data-db-\"}, {\"name\": \"\", \"labels\": "
		"{\"a\": \"b\"}}, {\"name\": \"data-db-\", \"labels\": {}}], "
		"\"held\": [{\"kind\": \"Pod\", \"name\": \"a\"}, 17]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		CLEANUP(estate_release) struct estate estate = {0};

		estate_read(&estate, notes[i]);
		assert_false(estate_says_more(&estate, NULL));
	}
}

static void test_a_long_note_is_none_of_ours(void **state)
{
	CLEANUP(str_release) struct str note = {0};

	(void)state;
	str_add(&note, "{\"releases\": [\"web\"]}");
	for (int longer = 0; longer < 2; longer++) {
		CLEANUP(estate_release) struct estate estate = {0};

		estate_read(&estate, str_text(&note));
		assert_int_equal(estate.releases.count, !longer);
		while (note.len <= ESTATE_NOTE_MAX)
			str_add_char(&note, ' ');
	}
}

static void test_a_note_that_is_too_long(void **state)
{
	CLEANUP(estate_release) struct estate estate = {0};
	CLEANUP(str_release) struct str note = {0};

	(void)state;
	for (int i = 0; i < ESTATE_NOTE_MAX / 50; i++) {
		CLEANUP(free_ptr) char *name = xasprintf("%060d", i);

		strvec_add(&estate.releases, name);
	}
	estate_print(&note, &estate);
	assert_int_equal(note.len, 0);
}

/* Of what is in the namespace, and counts. */
static void test_what_a_manifest_tells(void **state)
{
	static const char release[] =
		"{manifest: \"{apiVersion: apps/v1, kind: StatefulSet, "
		"metadata: {name: db}, spec: {selector: {matchLabels: {app: "
		"db, tier: '1'}}, volumeClaimTemplates: [{metadata: {name: "
		"data}}, {spec: {}}]}}\\n---\\n"
		"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: "
		"far, namespace: tools}, spec: {selector: {matchLabels: {app: "
		"far}}, volumeClaimTemplates: [{metadata: {name: data}}]}}"
		"\\n---\\n"
		"{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, "
		"metadata: {name: kruise}, spec: {selector: {matchLabels: "
		"{app: a}}, volumeClaimTemplates: [{metadata: {name: data}}]}}"
		"\", hooks: [{kind: Job, name: migrate, events: [test]}, "
		"{kind: "
		"ConfigMap, name: settings}, {kind: Pod}, 17]}";
	CLEANUP(estate_release) struct estate estate = {.namespace = "env"};
	CLEANUP(str_release) struct str note = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	struct manifest manifest = {0};

	(void)state;
	assert_true(
		ydoc_parse(&doc, release, strlen(release), "release", 0, &err));
	assert_true(manifest_of_release(&manifest, doc.root, &doc.arena, &err));
	estate_add_release(&estate, "web");
	estate_add_release(&estate, "");
	estate_add_release(&estate, NULL);
	assert_false(estate_says_more(&estate, "web"));
	assert_true(estate_says_more(&estate, NULL));
	estate_add_manifest(&estate, &manifest);
	assert_true(estate_says_more(&estate, "web"));
	estate_print(&note, &estate);
	assert_string_equal(
		str_text(&note),
		"{\"claims\":[{\"labels\":{\"app\":\"db\",\"tier\":\"1\"},"
		"\"name\":\"data-db-\"}],\"hooks\":[\"Job migrate\"],"
		"\"releases\":[\"web\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_it_is),
		cmocka_unit_test(test_a_note_says_the_same),
		cmocka_unit_test(test_what_is_no_note_says_nothing),
		cmocka_unit_test(test_a_long_note_is_none_of_ours),
		cmocka_unit_test(test_a_note_that_is_too_long),
		cmocka_unit_test(test_what_a_manifest_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
