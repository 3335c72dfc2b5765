/* Objects of tests/tables/addresses.json, and the addresses they give. */
#include "core/addresses.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/table.h"
#include "tests/unit/unit.h"

#define TABLE	  "tests/tables/addresses.json"
#define CASES_MIN 42

static void check_case(const struct value *row)
{
	const struct value *lists = value_map_get(row, "world");
	const struct value *expected = value_map_get(row, "urls");
	const char *name = value_find_text(row, "name");
	CLEANUP(strvec_release) struct strvec urls = {0};
	const struct addresses_world world = {
		.namespace = "shop-fix",
		.ingresses = value_map_get(lists, "ingresses"),
		.services = value_map_get(lists, "services"),
		.http_routes = value_map_get(lists, "httpRoutes"),
		.gateways = value_map_get(lists, "gateways"),
		.virtual_services = value_map_get(lists, "virtualServices"),
		.istio_gateways = value_map_get(lists, "istioGateways"),
	};

	addresses_add(&world, &urls);
	for (size_t i = 0; i < urls.count && i < expected->list.count; i++) {
		const char *wanted = expected->list.items[i]->string.bytes;

		if (!same_text(urls.items[i], wanted))
			fail_msg("case '%s': '%s' instead of '%s'", name,
				 urls.items[i], wanted);
	}
	assert_case(name, urls.count == expected->list.count);
}

static void test_kinds(void **state)
{
	(void)state;
	for_each_row(TABLE, CASES_MIN, check_case);
}

static void test_gateways_of_a_route(void **state)
{
	static const char text[] =
		"{\"spec\": {\"parentRefs\": [{\"name\": \"a\"}, {\"name\": "
		"\"b\", \"namespace\": \"infra\"}, {\"name\": \"c\", "
		"\"kind\": \"Service\"}, {\"name\": \"a\"}, {}], "
		"\"gateways\": [\"mesh\", \"a\", \"infra/b\", 7]}}";
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct value *route;

	(void)state;
	assert_true(jsontext_parse(&route, text, strlen(text), "route", &arena,
				   &err));
	addresses_add_gateways(route, "shop", &keys);
	assert_int_equal(keys.count, 2);
	addresses_add_istio_gateways(route, "shop", &keys);
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0], "shop/a");
	assert_string_equal(keys.items[1], "infra/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_gateways_of_a_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
