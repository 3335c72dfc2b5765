/* Time zones from TZif files, which are checked like anything from outside. */
#include "tmpl/zone.h"

#include <stdlib.h>

#include "base/str.h"
#include "tests/unit/unit.h"

/* Two offsets, and a change from the first to the second at @when. */
static void add_block(struct str *file, int64_t when, size_t size)
{
	static const char counts[24] = {[15] = 1, [19] = 2, [23] = 8};
	static const char offsets[12] = {0, 0, 14, 16, 0, 0,
					 0, 0, 28, 32, 1, 4};

	str_add_bytes(file, counts, sizeof(counts));
	for (size_t i = size; i-- > 0;)
		str_add_char(file, (char)(when >> 8 * i));
	str_add_char(file, 1);
	str_add_bytes(file, offsets, sizeof(offsets));
	str_add_bytes(file, "CET\0CEST", 8);
}

/* As of a zone of Central Europe that began in 1980. */
static void make_file(struct str *file)
{
	static const char header[20] = "TZif2";
	static const char rule[] = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";

	str_add_bytes(file, header, sizeof(header));
	add_block(file, 323830800, 4);
	str_add_bytes(file, header, sizeof(header));
	add_block(file, 323830800, 8);
	str_add(file, rule);
}

static void check(const struct zone *zone, int64_t seconds, const char *name,
		  int offset)
{
	struct zone_span span;

	zone_lookup(zone, seconds, &span);
	assert_string_equal(span.name, name);
	assert_int_equal(span.offset, offset);
}

static void test_lookup(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str file = {0};
	const struct zone *zone;
	int offset;

	(void)state;
	make_file(&file);
	zone = zone_parse(&arena, "Test", file.buf, file.len);
	assert_non_null(zone);
	assert_string_equal(zone_name(zone), "Test");
	check(zone, 0, "CET", 3600);
	check(zone, 1763000000, "CET", 3600);
	check(zone, 1783082096, "CEST", 7200);
	/* The last Sundays of March and October 2026, 01:00 UTC. */
	check(zone, 1774745999, "CET", 3600);
	check(zone, 1774746000, "CEST", 7200);
	check(zone, 1792889999, "CEST", 7200);
	check(zone, 1792890000, "CET", 3600);
	check(zone, INT64_MAX, "CET", 3600);
	check(zone, INT64_MIN, "CET", 3600);
	assert_true(zone_lookup_name(zone, "CEST", 1783082096, &offset));
	assert_int_equal(offset, 7200);
	assert_false(zone_lookup_name(zone, "EST", 0, &offset));
	check(NULL, 0, "UTC", 0);
}

/* No part of a file is one, but for the rule, which may be missing. */
static void test_cut_files(void **state)
{
	CLEANUP(str_release) struct str file = {0};
	size_t without_rule;

	(void)state;
	make_file(&file);
	without_rule = file.len - strlen("\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	for (size_t len = 0; len < file.len; len++) {
		CLEANUP(arena_release) struct arena arena = {0};
		/* On the heap, where a byte too far is seen. */
		CLEANUP(free_ptr) char *part = xmemdupz(file.buf, len);
		const struct zone *zone = zone_parse(&arena, "Test", part, len);

		if (len < without_rule)
			assert_null(zone);
		else
			check(zone, 1763000000, "CEST", 7200);
	}
}

/* Whatever a byte says, a lookup ends and stays within the zone. */
static void test_changed_files(void **state)
{
	static const int64_t times[] = {INT64_MIN, -1,	       0,
					323830800, 1783082096, INT64_MAX};
	CLEANUP(str_release) struct str file = {0};

	(void)state;
	make_file(&file);
	for (size_t i = 0; i < 256 * file.len; i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(free_ptr) char *bytes = xmemdupz(file.buf, file.len);
		const struct zone *zone;
		struct zone_span span;

		bytes[i / 256] = (char)(i % 256);
		zone = zone_parse(&arena, "Test", bytes, file.len);
		for (size_t j = 0; zone && j < ARRAY_SIZE(times); j++) {
			zone_lookup(zone, times[j], &span);
			assert_in_range(strlen(span.name), 0, file.len);
		}
	}
}

/* Names lead nowhere but into the folders. */
static void test_names(void **state)
{
	static const char *const refused[] = {
		"..",	 "../UTC",    "a/../UTC", "/usr/share/zoneinfo/UTC",
		"\\UTC", "Nowhere/At"};
	CLEANUP(zones_release) struct zones zones = {0};
	const struct zone *zone;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(zones_find(&zones, refused[i], strlen(refused[i]),
					&zone));
	assert_false(zones_find(&zones, "UTC\0x", 5, &zone));
	assert_true(zones_find(&zones, "UTC", 3, &zone));
	assert_null(zone);
	assert_true(zones_find(&zones, "", 0, &zone));
	assert_null(zone);
}

/* More names than are kept: the first ones are looked for again. */
static void test_many_names(void **state)
{
	CLEANUP(zones_release) struct zones zones = {0};
	const struct zone *zone;

	(void)state;
	for (int i = 0; i < 3 * ZONES_MAX; i++) {
		CLEANUP(free_ptr) char *name = xasprintf("No/%d", i);

		assert_false(zones_find(&zones, name, strlen(name), &zone));
		assert_true(zones.loaded.count <= ZONES_MAX);
	}
}

static void test_local(void **state)
{
	static const char *const utc[] = {NULL, "",	      "UTC",
					  ":",	"Nowhere/At", "/no/such/file"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(utc); i++) {
		CLEANUP(zones_release) struct zones zones = {0};
		const struct zone *local = zones_local(&zones, utc[i]);

		assert_true(zone_is_local(local));
		assert_string_equal(zone_name(local), "UTC");
		assert_ptr_equal(zones_local(&zones, utc[i]), local);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_changed_files),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
