#include "core/stack.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tests/unit/unit.h"

/* A dependency as it stands in a release's payload; NULL = absent. */
static struct value *make_dependency(struct arena *arena, const char *name,
				     const char *alias, const char *version)
{
	struct value *dependency = value_new_map(arena);

	value_map_set_text(dependency, arena, "name", name);
	value_map_set_text(dependency, arena, "version", version);
	if (alias)
		value_map_set_text(dependency, arena, "alias", alias);
	return dependency;
}

static struct value *make_payload(struct arena *arena,
				  const struct value *dependencies,
				  const struct value *locked)
{
	struct value *payload = value_new_map(arena);
	struct value *chart = value_new_map(arena);
	struct value *metadata = value_new_map(arena);
	struct value *lock = value_new_map(arena);

	value_map_set_text(metadata, arena, "name", "umbrella");
	value_map_set_text(metadata, arena, "version", "0.1.0");
	value_map_set(metadata, arena, "dependencies", dependencies);
	value_map_set(lock, arena, "dependencies", locked);
	value_map_set(chart, arena, "metadata", metadata);
	value_map_set(chart, arena, "lock", lock);
	value_map_set(payload, arena, "chart", chart);
	return payload;
}

static void assert_printed(const struct value *value, const char *expected)
{
	CLEANUP(str_release) struct str text = {0};

	value_print(&text, value);
	assert_string_equal(str_text(&text), expected);
}

static void test_aliases_and_lock(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *dependencies = value_new_list(&arena);
	struct value *locked = value_new_list(&arena);

	(void)state;
	value_list_add(dependencies, &arena,
		       make_dependency(&arena, "web", "women", "^1.0.0"));
	value_list_add(dependencies, &arena,
		       make_dependency(&arena, "web", "men", "^1.0.0"));
	value_list_add(dependencies, &arena,
		       make_dependency(&arena, "db", NULL, "2.0.0"));
	value_list_add(locked, &arena,
		       make_dependency(&arena, "web", NULL, "1.4.0"));
	value_list_add(locked, &arena,
		       make_dependency(&arena, "web", NULL, "1.5.0"));
	assert_printed(
		stack_applications(make_payload(&arena, dependencies, locked),
				   &arena),
		"map[db:2.0.0 men:1.5.0 women:1.4.0]");
}

static void test_chart_alone(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};

	(void)state;
	assert_printed(
		stack_applications(make_payload(&arena, &value_nil, &value_nil),
				   &arena),
		"map[umbrella:0.1.0]");
	assert_printed(stack_applications(NULL, &arena), "map[]");
}

static void test_changes(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *old = value_new_map(&arena);
	struct value *new = value_new_map(&arena);

	(void)state;
	value_map_set_text(old, &arena, "gone", "1");
	value_map_set_text(old, &arena, "same", "1");
	value_map_set_text(old, &arena, "up", "1");
	value_map_set_text(new, &arena, "added", "1");
	value_map_set_text(new, &arena, "same", "1");
	value_map_set_text(new, &arena, "up", "2");
	assert_printed(stack_changes(old, new, &arena),
		       "[map[name:added new:1 old:<nil>] "
		       "map[name:gone new:<nil> old:1] "
		       "map[name:same new:1 old:1] "
		       "map[name:up new:2 old:1]]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aliases_and_lock),
		cmocka_unit_test(test_chart_alone),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
