#include "core/expiry.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tests/unit/unit.h"

#define NOW	  ((int64_t)1795352645) /* 2026-11-22 13:04:05 */
#define TWO_HOURS 7200
#define NEVER	  -1
#define REFUSED	  -2

/* The values of one row: expires "t", "f", "" (absent); date NULL = absent. */
struct expiry_case {
	const char *name;
	bool main;
	int64_t explicit_ms;
	const char *expires;
	const char *date;
	int64_t at; /* or NEVER, REFUSED */
	bool warns;
};

static const struct value *make_global(struct arena *arena,
				       const struct expiry_case *row)
{
	struct value *global = value_new_map(arena);

	if (*row->expires == 't' || *row->expires == 'f')
		value_map_set(global, arena, "expires",
			      *row->expires == 't' ? &value_true
						   : &value_false);
	else if (*row->expires)
		value_map_set_text(global, arena, "expires", row->expires);
	if (row->date)
		value_map_set_text(global, arena, "expiryDate", row->date);
	return global;
}

static void test_decisions(void **state)
{
	static const struct expiry_case cases[] = {
		{"default", false, EXPIRY_UNSET, "t", "", NOW + TWO_HOURS, 0},
		{"nothing said", false, EXPIRY_UNSET, "", NULL, NOW + TWO_HOURS,
		 0},
		{"branch kept", false, EXPIRY_UNSET, "f", "", NEVER, 0},
		{"main", true, EXPIRY_UNSET, "f", "", NEVER, 0},
		{"main that asks", true, EXPIRY_UNSET, "t", "", NEVER, true},
		{"main beats option", true, 60000, "f", "", NEVER, true},
		{"option beats values", false, 60000, "f", "", NOW + 60, 0},
		{"option beats date", false, 60000, "t", "2027-01-01 00:00:00",
		 NOW + 60, 0},
		{"date", false, EXPIRY_UNSET, "t", "2026-11-22 14:04:05",
		 NOW + 3600, 0},
		{"date alone", false, EXPIRY_UNSET, "", "2026-11-22 14:04:05",
		 NOW + 3600, 0},
		{"day", false, EXPIRY_UNSET, "t", "2026-11-23", 1795392000, 0},
		{"zone", false, EXPIRY_UNSET, "t", "2026-11-22T15:04:05+01:00",
		 NOW + 3600, 0},
		{"duration", false, EXPIRY_UNSET, "t", "8h", NOW + 28800, 0},
		{"past", false, EXPIRY_UNSET, "t", "2020-01-01", 1577836800, 0},
		{"garbled", false, EXPIRY_UNSET, "t", "tomorrow", REFUSED, 0},
		{"garbled, kept", false, EXPIRY_UNSET, "f", "x", REFUSED, 0},
		{"no bool", false, EXPIRY_UNSET, "yes", "", REFUSED, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct expiry_case *row = &cases[i];
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		const struct expiry_input input = {
			.main = row->main,
			.explicit_ms = row->explicit_ms,
			.global = make_global(&arena, row),
			.now = NOW,
		};
		struct expiry expiry = {0};
		const char *warning = NULL;
		bool ok = expiry_decide(&expiry, &input, &warning, &err);

		assert_case(row->name, ok == (row->at != REFUSED));
		if (!ok) {
			assert_int_equal(err.kind, ERR_INPUT);
			continue;
		}
		assert_case(row->name, expiry.expires == (row->at != NEVER));
		if (expiry.expires)
			assert_int_equal(expiry.at, row->at);
		assert_case(row->name, (warning != NULL) == row->warns);
	}
}

static void test_labels(void **state)
{
	static const struct {
		const char *label;
		bool ok, expires;
		int64_t at;
	} cases[] = {
		{"1795352645", true, true, 1795352645},
		{"1577836800", true, true, EXPIRY_AT_MIN},
		{"999999999999", true, true, 999999999999},
		{"1577836799", false, false, 0},
		{"0", false, false, 0},
		{"000001", false, false, 0},
		{"01795352645", false, false, 0},
		{"2026", false, false, 0},
		{"20261231", false, false, 0},
		{"1795352645000", false, false, 0},
		{"never", true, false, 0},
		{"", false, false, 0},
		{"Never", false, false, 0},
		{"-1", false, false, 0},
		{"1795352645s", false, false, 0},
		{"17953526451795352645", false, false, 0},
		{"1e9", false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *written = NULL;
		struct expiry expiry = {0};

		assert_case(cases[i].label,
			    expiry_parse_label(cases[i].label, &expiry) ==
				    cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_int_equal(expiry.expires, cases[i].expires);
		assert_int_equal(expiry.at, cases[i].at);
		written = expiry_label(&expiry);
		assert_string_equal(written, cases[i].label);
	}
}

/* As Go's zero time; what is written can be read again. */
static void test_label_of_a_time_long_ago(void **state)
{
	static const int64_t times[] = {-62135596800, 0, EXPIRY_AT_MIN - 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		const struct expiry expiry = {.expires = true, .at = times[i]};
		CLEANUP(free_ptr) char *label = expiry_label(&expiry);
		struct expiry read;

		assert_true(expiry_parse_label(label, &read));
		assert_int_equal(read.at, EXPIRY_AT_MIN);
	}
}

/* A release as Helm keeps it, and what its values say of its end. */
static void test_releases(void **state)
{
	static const struct {
		const char *name, *release;
		int64_t at; /* or NEVER, REFUSED; 0 = nothing is said */
		bool zoneless;
		int64_t created;
	} cases[] = {
		{"nothing", "{}", 0, false},
		{"no globals", "{chart: {values: {a: 1}}, config: null}", 0,
		 false},
		{"the chart's",
		 "{chart: {values: {global: {expires: true, expiryDate: "
		 "'2026-11-22 13:04:05'}}}}",
		 NOW, true},
		{"the config's over them",
		 "{chart: {values: {global: {expires: true, expiryDate: "
		 "'2030-01-01'}}}, config: {global: {expiryDate: "
		 "'2026-11-22T14:04:05+01:00'}}}",
		 NOW, false},
		{"a null takes the date away",
		 "{chart: {values: {global: {expiryDate: '2026-01-01'}}}, "
		 "config: {global: {expiryDate: null}}}",
		 0, false},
		{"a null takes all away",
		 "{chart: {values: {global: {expiryDate: '2026-01-01'}}}, "
		 "config: {global: null}}",
		 0, false},
		{"the config alone",
		 "{config: {global: {expiryDate: '2026-11-22 13:04:05'}}}", NOW,
		 true},
		{"never",
		 "{config: {global: {expires: false, expiryDate: "
		 "'2020-01-01'}}}",
		 NEVER, false},
		{"without a date", "{config: {global: {expires: true}}}", 0,
		 false},
		{"with an empty date",
		 "{config: {global: {expires: true, expiryDate: ''}}}", 0,
		 false},
		{"a duration, by the clock where Helm ran",
		 "{info: {last_deployed: '2016-11-22T14:04:05.1234+01:00'}, "
		 "config: {global: {expiryDate: 8h}}}",
		 NOW + (int64_t)8 * 3600, false, NOW},
		{"a duration since nobody knows",
		 "{info: {last_deployed: '2026-11-22T14:04:05Z'}, "
		 "config: {global: {expiryDate: 8h}}}",
		 REFUSED, false},
		{"a duration of nothing",
		 "{config: {global: {expiryDate: 0h}}}", REFUSED, false, NOW},
		{"nothing as a word", "{config: {global: {expiryDate: '0'}}}",
		 REFUSED, false, NOW},
		{"Go's zero time",
		 "{config: {global: {expiryDate: '0001-01-01T00:00:00Z'}}}",
		 REFUSED, false, NOW},
		{"the epoch", "{config: {global: {expiryDate: 1970-01-01}}}",
		 REFUSED, false, NOW},
		{"a day as a number",
		 "{config: {global: {expiryDate: "
		 "20261231}}}",
		 REFUSED, false, NOW},
		{"a day in digits",
		 "{config: {global: {expiryDate: "
		 "'20261231'}}}",
		 REFUSED, false, NOW},
		{"epoch seconds",
		 "{config: {global: {expiryDate: "
		 "'1795352645'}}}",
		 REFUSED, false, NOW},
		{"no date", "{config: {global: {expiryDate: soon}}}", REFUSED,
		 false},
		{"a number", "{config: {global: {expiryDate: 17}}}", REFUSED,
		 false},
		{"a list", "{config: {global: {expiryDate: [a]}}}", REFUSED,
		 false},
		{"no day", "{config: {global: {expiryDate: '2026-02-30'}}}",
		 REFUSED, false},
		{"expires is a word", "{config: {global: {expires: 'yes!'}}}",
		 REFUSED, false},
		{"globals are a word", "{config: {global: x}}", 0, false},
		{"not even a map", "[1]", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].release;
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};
		struct expiry_told told = {0};
		int64_t at = REFUSED;

		assert_true(ydoc_parse(&doc, text, strlen(text), "release", 0,
				       &err));
		if (expiry_read_release(&told, doc.root, cases[i].created,
					&doc.arena, &err))
			at = told.expiry.expires ? told.expiry.at
			     : told.told	 ? NEVER
						 : 0;
		assert_case(cases[i].name, at == cases[i].at);
		assert_case(cases[i].name, told.zoneless == cases[i].zoneless);
	}
}

static void test_later(void **state)
{
	const struct expiry never = {0};
	const struct expiry soon = {true, 10}, late = {true, 20};

	(void)state;
	assert_int_equal(expiry_later(soon, late).at, 20);
	assert_int_equal(expiry_later(late, soon).at, 20);
	assert_false(expiry_later(never, soon).expires);
	assert_false(expiry_later(soon, never).expires);
}

static void test_date(void **state)
{
	const struct expiry never = {0}, some = {true, NOW};
	CLEANUP(free_ptr) char *none = expiry_date(&never);
	CLEANUP(free_ptr) char *date = expiry_date(&some);

	(void)state;
	assert_string_equal(none, "");
	assert_string_equal(date, "2026-11-22 13:04:05");
}

/* What was decided at NOW, an hour later; @global is global.expiryDate. */
static void test_renew(void **state)
{
	static const struct {
		const char *name;
		bool main;
		int64_t explicit_ms;
		const char *date;
		int64_t moved;
	} rows[] = {
		{"a time to live", false, 60000, NULL, 3600},
		{"none at all", false, 0, NULL, 3600},
		{"a duration among the values", false, EXPIRY_UNSET, "8h",
		 3600},
		{"the default", false, EXPIRY_UNSET, NULL, 3600},
		{"a date", false, EXPIRY_UNSET, "2026-11-25 08:00:00", 0},
		{"a main branch", true, 60000, "8h", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct value *global = value_new_map(&arena);
		const struct expiry_input input = {
			.main = rows[i].main,
			.explicit_ms = rows[i].explicit_ms,
			.global = global,
			.now = NOW,
		};
		struct expiry decided, renewed;
		const char *warning;

		if (rows[i].date)
			value_map_set_text(global, &arena, "expiryDate",
					   rows[i].date);
		assert_true(expiry_decide(&decided, &input, &warning, &err));
		renewed = expiry_renew(decided, NOW, NOW + 3600);
		assert_case(rows[i].name, renewed.expires == decided.expires);
		assert_case(rows[i].name,
			    renewed.at == decided.at + rows[i].moved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_label_of_a_time_long_ago),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
