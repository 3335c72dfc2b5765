#include "core/lockfile.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

static void read_list(struct chart_dependencies *dependencies,
		      struct arena *arena, const char *yaml)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct err err = {0};

	assert_true(ydoc_parse(&doc, yaml, strlen(yaml), "list", 0, &err));
	assert_true(
		chart_read_dependencies(doc.root, arena, dependencies, &err));
}

/* The first is the constant in Helm's resolver_test.go. */
static void test_digest(void **state)
{
	static const struct {
		const char *wanted, *locked, *digest;
	} cases[] = {
		{"[{name: alpine, version: 0.1.0, "
		 "repository: 'http://localhost:8879/charts'}]",
		 "[{name: alpine, version: 0.1.0, "
		 "repository: 'http://localhost:8879/charts'}]",
		 "sha256:fb239e836325c5fa14b29d1540a13b7d"
		 "3ba13151b67fe719f820e0ef6d66aaaf"},
		{"[{name: a, version: '>=1.2.0 <2', repository: '', "
		 "condition: a.on, tags: ['x&y'], import-values: [data, "
		 "{child: c, parent: p, k: 3}], alias: b, enabled: true}]",
		 "[{name: a, version: 1.2.3, repository: ''}]",
		 "sha256:1f44ed327461e0efbd3c38f7ff12cfec"
		 "41c8ab25145f6f696649afb4112555a7"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct chart_dependencies wanted, locked;
		char digest[LOCKFILE_DIGEST_SIZE];
		struct err err = {0};

		read_list(&wanted, &arena, cases[i].wanted);
		read_list(&locked, &arena, cases[i].locked);
		assert_true(lockfile_digest(&wanted, &locked, digest, &err));
		assert_string_equal(digest, cases[i].digest);
	}
}

static void test_there_and_back(void **state)
{
	static const char *const texts[][2] = {
		{"dependencies:\n- name: a\n  repository: https://x\n"
		 "  version: 1.2.3\ndigest: sha256:00\n"
		 "generated: \"2026-11-22T23:16:09.1115+01:00\"\n",
		 NULL},
		{"generated: \"2026-11-22T23:16:09.500Z\"\n",
		 "dependencies: null\ndigest: \"\"\n"
		 "generated: \"2026-11-22T23:16:09.5Z\"\n"},
		{"dependencies: []\ndigest: x\n"
		 "generated: \"2026-11-22T23:16:09Z\"\n",
		 NULL},
		{"dependencies:\ndigest: x\n",
		 "dependencies: null\ndigest: x\n"
		 "generated: \"0001-01-01T00:00:00Z\"\n"},
		{"Digest: 12\nDependencies: [{name: \"a\\tb\", version: "
		 "1.0}]\n",
		 "dependencies:\n- name: \"a\\tb\"\n  repository: \"\"\n"
		 "  version: \"1\"\ndigest: \"12\"\n"
		 "generated: \"0001-01-01T00:00:00Z\"\n"},
		{"digest: x\n", "dependencies: null\ndigest: x\n"
				"generated: \"0001-01-01T00:00:00Z\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(str_release) struct str out = {0};
		struct lockfile *lock;
		struct err err = {0};

		assert_true(ydoc_parse(&doc, texts[i][0], strlen(texts[i][0]),
				       "lock", 0, &err));
		assert_true(lockfile_read(doc.root, &arena, &lock, &err));
		lockfile_emit(&out, lock, NULL);
		assert_string_equal(str_text(&out),
				    texts[i][1] ? texts[i][1] : texts[i][0]);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"dependencies: {}",
		"dependencies: [x]",
		"generated: yesterday",
		"generated: 12",
		"dependencies: [{name: [x]}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};
		struct lockfile *lock;

		assert_true(ydoc_parse(&doc, texts[i], strlen(texts[i]), "lock",
				       0, &err));
		assert_case(texts[i],
			    !lockfile_read(doc.root, &arena, &lock, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
