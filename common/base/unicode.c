#include "base/unicode.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"

struct rune_range {
	uint32_t first, last;
};

/* Every @step-th rune from @first to @last moves by @delta. */
struct rune_shift {
	uint32_t first, last;
	uint32_t step;
	int32_t delta;
};

#include "base/unicode-case-tables.h"
#include "base/unicode-class-tables.h"

/* How many bytes a sequence has that starts with @byte; 0: none does. */
static size_t sequence_length(unsigned char byte)
{
	if (byte < 0x80)
		return 1;
	if (byte >= 0xc2 && byte <= 0xdf)
		return 2;
	if (byte >= 0xe0 && byte <= 0xef)
		return 3;
	if (byte >= 0xf0 && byte <= 0xf4)
		return 4;

	return 0;
}

size_t rune_decode(const char *bytes, size_t len, uint32_t *rune)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)bytes;
	size_t length;
	uint32_t value;

	*rune = RUNE_ERROR;
	if (len == 0)
		return 0;
	length = sequence_length(p[0]);
	if (length == 0 || length > len)
		return 1;
	if (length == 1) {
		*rune = p[0];
		return 1;
	}

	value = p[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < smallest[length] || !rune_is_valid(value))
		return 1;

	*rune = value;
	return length;
}

size_t rune_decode_last(const char *bytes, size_t len, uint32_t *rune)
{
	size_t back = 1;

	while (back < 4 && back < len &&
	       ((unsigned char)bytes[len - back] & 0xc0) == 0x80)
		back++;
	if (back <= len && rune_decode(bytes + len - back, back, rune) == back)
		return back;

	*rune = RUNE_ERROR;
	return len == 0 ? 0 : 1;
}

bool rune_is_valid(uint32_t rune)
{
	return rune < 0xd800 || (rune > 0xdfff && rune <= RUNE_MAX);
}

bool utf8_is_valid(const char *bytes, size_t len)
{
	uint32_t rune;
	size_t width;

	for (size_t at = 0; at < len; at += width) {
		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == RUNE_ERROR && width == 1)
			return false;
	}
	return true;
}

static bool in_ranges(const struct rune_range *ranges, size_t count,
		      uint32_t rune)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rune > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && rune >= ranges[low].first;
}

static uint32_t shifted(const struct rune_shift *shifts, size_t count,
			uint32_t rune)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rune > shifts[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	/* Ranges with a step of 2 interleave: the next one may have it. */
	for (; low < count && shifts[low].first <= rune; low++) {
		if ((rune - shifts[low].first) % shifts[low].step == 0)
			return (uint32_t)((int32_t)rune + shifts[low].delta);
	}
	return rune;
}

static bool is_ascii_letter(uint32_t rune)
{
	return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
}

bool rune_is_letter(uint32_t rune)
{
	if (rune < 0x80)
		return is_ascii_letter(rune);

	return in_ranges(letters, ARRAY_SIZE(letters), rune);
}

bool rune_is_digit(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= '0' && rune <= '9';

	return in_ranges(digits, ARRAY_SIZE(digits), rune);
}

bool rune_is_number(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= '0' && rune <= '9';

	return in_ranges(numbers, ARRAY_SIZE(numbers), rune);
}

/* ASCII's symbols $ + < = > ^ ` | ~ are none. */
bool rune_is_punctuation(uint32_t rune)
{
	if (rune < 0x80)
		return rune && strchr("!\"#%&'()*,-./:;?@[\\]_{}", (int)rune);

	return in_ranges(punctuation, ARRAY_SIZE(punctuation), rune);
}

bool rune_is_upper(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'A' && rune <= 'Z';

	return in_ranges(upper_case, ARRAY_SIZE(upper_case), rune);
}

bool rune_is_lower(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'a' && rune <= 'z';

	return in_ranges(lower_case, ARRAY_SIZE(lower_case), rune);
}

bool rune_is_title(uint32_t rune)
{
	return in_ranges(title_case, ARRAY_SIZE(title_case), rune);
}

/* Unicode's White_Space, which is short enough to be spelled out. */
bool rune_is_space(uint32_t rune)
{
	if (rune < 0x100)
		return (rune >= '\t' && rune <= '\r') || rune == ' ' ||
		       rune == 0x85 || rune == 0xa0;

	return rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) ||
	       rune == 0x2028 || rune == 0x2029 || rune == 0x202f ||
	       rune == 0x205f || rune == 0x3000;
}

bool rune_is_printable(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= ' ' && rune <= '~';

	return in_ranges(printables, ARRAY_SIZE(printables), rune);
}

uint32_t rune_upper(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'a' && rune <= 'z' ? rune - 32 : rune;

	return shifted(uppers, ARRAY_SIZE(uppers), rune);
}

uint32_t rune_lower(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;

	return shifted(lowers, ARRAY_SIZE(lowers), rune);
}

uint32_t rune_title(uint32_t rune)
{
	if (rune < 0x80)
		return rune_upper(rune);

	return shifted(titles, ARRAY_SIZE(titles), rune);
}

void utf8_map(struct str *out, const char *bytes, size_t len,
	      uint32_t (*map)(uint32_t rune))
{
	uint32_t rune;

	str_reserve(out, len);
	for (size_t at = 0; at < len;) {
		at += rune_decode(bytes + at, len - at, &rune);
		str_add_rune(out, map(rune));
	}
}
