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

/* What Helm would build from, and what --locked tells of the rest. */
static void test_fits(void **state)
{
	static const char wanted[] =
		"[{name: a, version: ^1, repository: 'http://h'}, "
		"{name: b, version: '*', repository: ''}]";
	static const struct {
		const char *locked;
		const char *difference; /* NULL = it fits */
		const char *digest;	/* NULL = the right one */
		bool legacy;
	} cases[] = {
		{"[{name: a, version: 1.2.3, repository: 'http://h'}, "
		 "{name: b, version: '*', repository: ''}]",
		 NULL},
		{"[{name: a, version: 1.2.3, repository: 'http://h'}, "
		 "{name: b, version: '*', repository: ''}]",
		 NULL,
		 "sha256:5f4360ffe56128529a626c6d5b0e7f08"
		 "73498cb7056fdfc7256e815bd925b838",
		 true},
		{"[{name: a, version: 1.2.3, repository: 'http://h'}, "
		 "{name: b, version: '*', repository: ''}]",
		 "the lock was made of other conditions, tags, aliases, "
		 "constraints or values to import, as its digest shows",
		 "sha256:00"},
		{"[{name: a, version: 2.0.0, repository: 'http://h'}, "
		 "{name: b, version: '1', repository: ''}]",
		 "'a' is wanted as '^1', and locked as '2.0.0'; "
		 "'b' is wanted as '*', and locked as '1'"},
		{"[{name: a, version: 1.0.0, repository: 'http://i'}]",
		 "'a' is wanted of repository 'http://h', and locked of "
		 "'http://i'; 'b' is not locked"},
		{"[{name: b, version: '*', repository: ''}, "
		 "{name: b, version: '*', repository: ''}, "
		 "{name: c, version: '1', repository: ''}]",
		 "number 1 is wanted to be 'a', and locked as 'b'; "
		 "'c' is locked, and not wanted"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str difference = {0};
		struct chart_dependencies list;
		struct lockfile lock = {0};
		char digest[LOCKFILE_DIGEST_SIZE];
		struct err err = {0};
		bool fits = false;

		read_list(&list, &arena, wanted);
		read_list(&lock.dependencies, &arena, cases[i].locked);
		assert_true(lockfile_digest(&list, &lock.dependencies, digest,
					    &err));
		lock.digest = cases[i].digest ? cases[i].digest : digest;
		assert_true(lockfile_fits(&lock, &list, cases[i].legacy, &fits,
					  &difference, &err));
		assert_string_equal(str_text(&difference),
				    cases[i].difference ? cases[i].difference
							: "");
		assert_int_equal(fits, !cases[i].difference);
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
		/* Go takes neither the blank nor small letters. */
		"generated: \"2026-11-22 23:16:09Z\"",
		"generated: \"2026-11-22t23:16:09Z\"",
		"generated: \"2026-11-22T23:16:09z\"",
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
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
