#include "core/record.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

static const struct value *parse(const char *text, struct arena *arena)
{
	const struct value *value = NULL;
	struct err err = {0};

	assert_true(jsontext_parse(&value, text, strlen(text), "test", arena,
				   &err));
	return value;
}

static void test_merge(void **state)
{
	static const struct {
		const char *name;
		const char *base;
		const char *over;
		const char *merged;
	} cases[] = {
		{"members", "{\"a\":1,\"b\":1}", "{\"b\":2,\"c\":3}",
		 "{\"a\":1,\"b\":2,\"c\":3}"},
		{"members within", "{\"build\":{\"url\":\"x\",\"id\":1}}",
		 "{\"build\":{\"id\":2}}",
		 "{\"build\":{\"id\":2,\"url\":\"x\"}}"},
		{"unknown lists are replaced", "{\"l\":[1,2]}", "{\"l\":[3]}",
		 "{\"l\":[3]}"},
		{"unlike kinds", "{\"a\":{\"b\":1}}", "{\"a\":[]}",
		 "{\"a\":[]}"},
		{"charts by name",
		 "{\"charts\":[{\"name\":\"a\",\"url\":\"u\"},"
		 "{\"name\":\"b\"}]}",
		 "{\"charts\":[{\"name\":\"c\"},{\"name\":\"a\","
		 "\"version\":\"2\"}]}",
		 "{\"charts\":[{\"name\":\"a\",\"version\":\"2\"},"
		 "{\"name\":\"b\"},{\"name\":\"c\"}]}"},
		{"items without a name are kept", "{\"charts\":[{},1]}",
		 "{\"charts\":[{}]}", "{\"charts\":[{},1,{}]}"},
		{"marks by number", "{\"marks\":[{\"id\":1,\"url\":\"u\"}]}",
		 "{\"marks\":[{\"id\":2},{\"id\":1}]}",
		 "{\"marks\":[{\"id\":1},{\"id\":2}]}"},
		{"versions of two projects have one name",
		 "{\"jira\":{\"versions\":[{\"id\":\"1\",\"name\":\"v\"}]}}",
		 "{\"jira\":{\"versions\":[{\"id\":\"2\",\"name\":\"v\"}]}}",
		 "{\"jira\":{\"versions\":[{\"id\":\"1\",\"name\":\"v\"},"
		 "{\"id\":\"2\",\"name\":\"v\"}]}}"},
		{"tickets", "{\"tickets\":[\"A-1\",\"A-2\"]}",
		 "{\"tickets\":[\"A-2\",\"B-1\"]}",
		 "{\"tickets\":[\"A-1\",\"A-2\",\"B-1\"]}"},
		{"dependencies may share a name",
		 "{\"umbrella\":{\"dependencies\":[{\"name\":\"a\"}]}}",
		 "{\"umbrella\":{\"dependencies\":[{\"name\":\"b\"},"
		 "{\"name\":\"b\"}]}}",
		 "{\"umbrella\":{\"dependencies\":[{\"name\":\"b\"},"
		 "{\"name\":\"b\"}]}}"},
		{"the same environment",
		 "{\"environment\":{\"namespace\":\"n\",\"urls\":[\"u\"]}}",
		 "{\"environment\":{\"namespace\":\"n\",\"revision\":2}}",
		 "{\"environment\":{\"namespace\":\"n\",\"revision\":2,"
		 "\"urls\":[\"u\"]}}"},
		{"more of the environment",
		 "{\"environment\":{\"namespace\":\"n\",\"urls\":[\"u\"]}}",
		 "{\"environment\":{\"expires\":false}}",
		 "{\"environment\":{\"expires\":false,\"namespace\":\"n\","
		 "\"urls\":[\"u\"]}}"},
		{"another environment",
		 "{\"environment\":{\"namespace\":\"n\",\"urls\":[\"u\"]}}",
		 "{\"environment\":{\"namespace\":\"m\"}}",
		 "{\"environment\":{\"namespace\":\"m\"}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		const struct value *base = parse(cases[i].base, &arena);
		const struct value *over = parse(cases[i].over, &arena);

		jsontext_print(&text, record_merge(base, over, &arena), false);
		assert_case(cases[i].name,
			    same_text(str_text(&text), cases[i].merged));
	}
}

struct folder {
	struct str path;
};

static void folder_release(struct folder *folder)
{
	dir_release_temp(&folder->path);
}

static void folder_init(struct folder *folder)
{
	struct err err = {0};

	assert_true(
		dir_create_temp("/tmp", "test-record", &folder->path, &err));
}

static void put(const struct folder *folder, const char *name, const char *text)
{
	CLEANUP(free_ptr) char *path = path_join(str_text(&folder->path), name);
	struct err err = {0};

	assert_true(file_write(path, text, strlen(text), 0644, &err));
}

static void test_read_in_order(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(record_release) struct record record = {0};
	struct err err = {0};

	(void)state;
	folder_init(&folder);
	put(&folder, "20261122T120001.000Z-b-1.json",
	    "{\"environment\":{\"release\":\"late\"},\"nothing\":null}");
	put(&folder, "20261122T120000.999Z-a-1.json",
	    "{\"schemaVersion\":99,\"environment\":{\"release\":\"early\","
	    "\"namespace\":\"n\"},\"fromTheFuture\":[1]}");
	put(&folder, "notes.txt", "not ours");
	put(&folder, ".slipway-0.tmp", "{");

	assert_true(record_read(&record, str_text(&folder.path), &err));
	assert_string_equal(record_text(&record, "environment.release"),
			    "late");
	assert_string_equal(record_text(&record, "environment.namespace"), "n");
	assert_non_null(record_find(&record, "fromTheFuture"));
	assert_null(record_find(&record, "nothing"));
	assert_null(record_text(&record, "environment.absent"));
}

static void test_read_refusals(void **state)
{
	static const struct {
		const char *content;
		const char *wanted;
	} cases[] = {
		{"{\"a\":", "bad.json"},
		{"[]", "bad.json' is not a JSON object"},
		{"", "bad.json"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(folder_release) struct folder folder = {0};
		CLEANUP(record_release) struct record record = {0};
		CLEANUP(err_release) struct err err = {0};

		folder_init(&folder);
		put(&folder, "bad.json", cases[i].content);
		assert_false(
			record_read(&record, str_text(&folder.path), &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_case(cases[i].wanted, strstr(err.text, cases[i].wanted));
	}
}

static void test_no_record(void **state)
{
	CLEANUP(record_release) struct record record = {0};
	CLEANUP(record_release) struct record missing = {0};
	struct err err = {0};

	(void)state;
	assert_true(record_read(&record, NULL, &err));
	assert_null(record_find(&record, "environment"));
	record_set_text(&record, "environment.namespace", "n");
	assert_true(record_write(&record, "step", 0, 0, "done", NULL, &err));

	assert_true(record_read(&missing, "/no/such/folder", &err));
	assert_null(record_find(&missing, "environment"));
}

static void test_write_and_read(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(record_release) struct record first = {0};
	CLEANUP(record_release) struct record second = {0};
	CLEANUP(free_ptr) char *dir = NULL;
	CLEANUP(str_release) struct str text = {0};
	struct err err = {0};

	(void)state;
	folder_init(&folder);
	dir = path_join(str_text(&folder.path), "made/on/the/way");
	log_mask("hush-hush", 9);

	assert_true(record_read(&first, dir, &err));
	record_set_text(&first, "environment.namespace", "n");
	record_set_text(&first, "environment.release", "wrong");
	record_set_text(&first, "environment.release", "r");
	record_set_text(&first, "build.url", "https://h/?t=hush-hush");
	assert_true(record_write(&first, "deploy-preview", 1795349045000,
				 1795349047500, "failed", "it broke", &err));

	assert_true(record_read(&second, dir, &err));
	assert_string_equal(record_text(&second, "environment.release"), "r");
	assert_string_equal(record_text(&second, "build.url"),
			    "https://h/?t=***");
	jsontext_print(&text, record_find(&second, "steps"), false);
	assert_string_equal(str_text(&text),
			    "[{\"error\":\"it broke\","
			    "\"name\":\"deploy-preview\","
			    "\"outcome\":\"failed\",\"seconds\":2.5,"
			    "\"started\":\"2026-11-22T12:04:05Z\","
			    "\"version\":\"0.1.0\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_read_in_order),
		cmocka_unit_test(test_read_refusals),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_write_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
