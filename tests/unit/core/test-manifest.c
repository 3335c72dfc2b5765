#include "core/manifest.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

static void test_objects(void **state)
{
	static const struct {
		const char *name, *text;
		const char *objects; /* "api kind [ns/]name[ kept]\n" each */
	} cases[] = {
		{"empty", "", ""},
		{"one",
		 "---\n# Source: web/a.yaml\napiVersion: v1\nkind: Service\n"
		 "metadata:\n  name: web\n",
		 "v1 Service web\n"},
		{"several, one in another namespace",
		 "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n"
		 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b, "
		 "namespace: other}\n",
		 "v1 Service a\napps/v1 Deployment other/b\n"},
		{"kept",
		 "apiVersion: v1\nkind: Secret\nmetadata: {name: a, "
		 "annotations: {helm.sh/resource-policy: keep}}\n",
		 "v1 Secret a kept\n"},
		{"another policy",
		 "apiVersion: v1\nkind: Secret\nmetadata: {name: a, "
		 "annotations: {helm.sh/resource-policy: 5}}\n",
		 "v1 Secret a\n"},
		{"a list",
		 "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: "
		 "Secret, metadata: {name: a}}\n- {apiVersion: v1, kind: "
		 "SecretList, items: [{apiVersion: v1, kind: Secret, metadata: "
		 "{name: b}}]}\n",
		 "v1 Secret a\nv1 Secret b\n"},
		{"comments alone", "---\n# nothing\n---\n", ""},
		{"no object", "---\n17\n---\n[a]\n---\nkind: Secret\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str text = {0};
		struct manifest manifest = {0};

		assert_true(manifest_read(&manifest, cases[i].text,
					  strlen(cases[i].text), &arena, &err));
		for (size_t j = 0; j < manifest.count; j++) {
			const struct manifest_object *object =
				&manifest.objects[j];

			str_addf(&text, "%s %s %s%s%s%s\n", object->api,
				 object->kind,
				 object->namespace ? object->namespace : "",
				 object->namespace ? "/" : "", object->name,
				 object->kept ? " kept" : "");
		}
		assert_string_equal(str_text(&text), cases[i].objects);
	}
}

static void test_hooks(void **state)
{
	static const char text[] =
		"{manifest: '{apiVersion: v1, kind: Secret, metadata: {name: "
		"a}}', hooks: [{events: [post-install], manifest: "
		"'{apiVersion: "
		"v1, kind: Pod, metadata: {name: b}}'}, {events: [test, "
		"pre-delete], manifest: '{apiVersion: batch/v1, kind: Job, "
		"metadata: {name: c}}'}, {events: post-delete}, 17]}";
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	struct manifest manifest = {0};

	(void)state;
	assert_true(ydoc_parse(&doc, text, strlen(text), "release", 0, &err));
	assert_true(manifest_of_release(&manifest, doc.root, &doc.arena, &err));
	assert_int_equal(manifest.count, 2);
	assert_string_equal(manifest.objects[0].kind, "Secret");
	assert_false(manifest.objects[0].hook);
	assert_string_equal(manifest.objects[1].kind, "Job");
	assert_true(manifest.objects[1].hook);
}

static void test_no_yaml(void **state)
{
	static const char text[] = "apiVersion: v1\ndata: {password: \"x\n";
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct manifest manifest = {0};

	(void)state;
	assert_false(
		manifest_read(&manifest, text, strlen(text), &arena, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_null(err.source);
	assert_null(strstr(err.text, "password"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_no_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
