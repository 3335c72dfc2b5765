#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "tmpl/datefmt.h"

/* Go keeps the nanoseconds without a sign up to this. */
#define MAGNITUDE_MAX (UINT64_C(1) << 63)

static const struct {
	const char *name;
	uint64_t nanoseconds;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* micro sign */
	{"\xce\xbcs", 1000}, /* Greek mu */
	{"ms", 1000000},
	{"s", NANOS_PER_SECOND},
	{"m", UINT64_C(60) * NANOS_PER_SECOND},
	{"h", UINT64_C(3600) * NANOS_PER_SECOND},
};

/* What is left of the text. */
struct rest {
	const char *at, *end;
};

static bool next_is_digit(const struct rest *rest)
{
	return rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9';
}

/* Digits before the point; false: too large. */
static bool take_whole(struct rest *rest, uint64_t *whole)
{
	*whole = 0;
	for (; next_is_digit(rest); rest->at++) {
		if (*whole > MAGNITUDE_MAX / 10)
			return false;
		*whole = *whole * 10 + (uint64_t)(*rest->at - '0');
		if (*whole > MAGNITUDE_MAX)
			return false;
	}
	return true;
}

/* Digits behind the point; those that are too many do not count. */
static void take_fraction(struct rest *rest, uint64_t *fraction, double *scale)
{
	bool full = false;

	for (; next_is_digit(rest); rest->at++) {
		uint64_t next = *fraction * 10 + (uint64_t)(*rest->at - '0');

		full = full || *fraction > (MAGNITUDE_MAX - 1) / 10 ||
		       next > MAGNITUDE_MAX;
		if (full)
			continue;
		*fraction = next;
		*scale *= 10;
	}
}

/* Nanoseconds of the unit; 0: none. */
static uint64_t take_unit(struct rest *rest)
{
	const char *name = rest->at;
	size_t len;

	while (rest->at < rest->end && *rest->at != '.' && !next_is_digit(rest))
		rest->at++;
	len = (size_t)(rest->at - name);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].name) == len &&
		    memcmp(units[i].name, name, len) == 0)
			return units[i].nanoseconds;
	}
	return 0;
}

/* One "1.5h", added to @total. */
static bool take_part(struct rest *rest, uint64_t *total)
{
	const char *start = rest->at;
	uint64_t whole, fraction = 0, unit;
	double scale = 1;
	bool digits;

	if (!take_whole(rest, &whole))
		return false;
	digits = rest->at > start;
	if (rest->at < rest->end && *rest->at == '.') {
		start = ++rest->at;
		take_fraction(rest, &fraction, &scale);
		digits = digits || rest->at > start;
	}
	unit = digits ? take_unit(rest) : 0;
	if (unit == 0 || whole > MAGNITUDE_MAX / unit)
		return false;
	whole *= unit;
	if (fraction > 0)
		whole += (uint64_t)((double)fraction * ((double)unit / scale));
	*total += whole;
	return whole <= MAGNITUDE_MAX && *total <= MAGNITUDE_MAX;
}

bool datefmt_parse_duration(const char *text, size_t len, int64_t *nanoseconds)
{
	struct rest rest = {text, text + len};
	bool negative = len > 0 && text[0] == '-';
	uint64_t total = 0;

	if (negative || (len > 0 && text[0] == '+'))
		rest.at++;
	if (rest.end - rest.at == 1 && *rest.at == '0') {
		*nanoseconds = 0;
		return true;
	}
	if (rest.at == rest.end)
		return false;
	while (rest.at < rest.end) {
		if (!take_part(&rest, &total))
			return false;
	}
	if (!negative && total == MAGNITUDE_MAX)
		return false;
	*nanoseconds = (int64_t)(negative ? 0 - total : total);
	return true;
}

/* @number of @unit's, with as many digits behind the point as it takes. */
static void add_scaled(struct str *out, uint64_t number, uint64_t unit,
		       int digits)
{
	char fraction[16];

	str_addf(out, "%" PRIu64, number / unit);
	if (number % unit == 0)
		return;
	snprintf(fraction, sizeof(fraction), "%0*" PRIu64, digits,
		 number % unit);
	while (fraction[digits - 1] == '0')
		fraction[--digits] = '\0';
	str_addf(out, ".%s", fraction);
}

void datefmt_add_duration(struct str *out, int64_t nanoseconds)
{
	const uint64_t second = NANOS_PER_SECOND;
	uint64_t number = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds
					  : (uint64_t)nanoseconds;
	uint64_t minutes = number / second / 60;

	if (nanoseconds < 0)
		str_add_char(out, '-');
	if (number == 0) {
		str_add(out, "0s");
	} else if (number < 1000) {
		str_addf(out, "%" PRIu64 "ns", number);
	} else if (number < 1000000) {
		add_scaled(out, number, 1000, 3);
		str_add(out, "\xc2\xb5s");
	} else if (number < second) {
		add_scaled(out, number, 1000000, 6);
		str_add(out, "ms");
	} else {
		if (minutes >= 60)
			str_addf(out, "%" PRIu64 "h", minutes / 60);
		if (minutes > 0)
			str_addf(out, "%" PRIu64 "m", minutes % 60);
		add_scaled(out, number % (60 * second), second, 9);
		str_add_char(out, 's');
	}
}
