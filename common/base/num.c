#include "base/num.h"

#include <string.h>

#include "base/str.h"

static bool parse_digits(const char **text, uint64_t *value)
{
	const char *at = *text;
	uint64_t sum = 0;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *at - '0', &sum))
			return false;
	}
	*text = at;
	*value = sum;
	return true;
}

bool num_parse_uint64(const char *text, uint64_t *value)
{
	uint64_t parsed;

	if (!parse_digits(&text, &parsed) || *text)
		return false;
	*value = parsed;
	return true;
}

bool num_parse_int64(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t parsed;

	if (!num_parse_uint64(text + negative, &parsed))
		return false;
	if (parsed > (uint64_t)INT64_MAX + negative)
		return false;
	*value = negative ? (int64_t)(0 - parsed) : (int64_t)parsed;
	return true;
}

bool num_parse_range(const char *text, int64_t min, int64_t max, int64_t *value)
{
	int64_t parsed;

	if (!num_parse_int64(text, &parsed) || parsed < min || parsed > max)
		return false;
	*value = parsed;
	return true;
}

int num_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}

static const struct {
	const char *name;
	int64_t milliseconds;
} units[] = {
	{"w", (int64_t)7 * 24 * 3600 * 1000},
	{"d", (int64_t)24 * 3600 * 1000},
	{"h", 3600 * 1000},
	{"m", 60 * 1000},
	{"s", 1000},
	{"ms", 1},
};

/* The unit at @text among those from @first on, or ARRAY_SIZE(units). */
static size_t find_unit(const char *text, size_t len, size_t first)
{
	for (size_t i = first; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len &&
		    strncmp(text, units[i].name, len) == 0)
			return i;
	}
	return ARRAY_SIZE(units);
}

bool num_parse_duration(const char *text, int64_t *milliseconds)
{
	int64_t total = 0;
	size_t next = 0;

	if (strcmp(text, "0") == 0) {
		*milliseconds = 0;
		return true;
	}
	do {
		uint64_t number;
		int64_t part;
		size_t len, unit;

		if (!parse_digits(&text, &number))
			return false;
		len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		unit = find_unit(text, len, next);
		if (unit == ARRAY_SIZE(units) ||
		    __builtin_mul_overflow(number, units[unit].milliseconds,
					   &part) ||
		    __builtin_add_overflow(total, part, &total) ||
		    total > NUM_DURATION_MAX_MS)
			return false;
		next = unit + 1;
		text += len;
	} while (*text);

	*milliseconds = total;
	return true;
}

void num_format_duration(struct str *out, int64_t milliseconds)
{
	/* Weeks are read but not written: 14d says more than 2w. */
	if (!milliseconds)
		str_add(out, "0s");
	for (size_t i = 1; i < ARRAY_SIZE(units); i++) {
		int64_t count = milliseconds / units[i].milliseconds;

		if (count)
			str_addf(out, "%lld%s", (long long)count,
				 units[i].name);
		milliseconds %= units[i].milliseconds;
	}
}

bool num_parse_size(const char *text, uint64_t *bytes)
{
	static const char *const suffixes[] = {"", "KiB", "MiB", "GiB"};
	uint64_t number;

	if (!parse_digits(&text, &number))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (strcmp(text, suffixes[i]) != 0)
			continue;
		return !__builtin_mul_overflow(number, (uint64_t)1 << (10 * i),
					       bytes);
	}
	return false;
}
