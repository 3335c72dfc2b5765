#include "tmpl/goradix.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "format/value.h"

#define PADDING '='

static const char alphabet64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static bool is_line_break(char c)
{
	return c == '\n' || c == '\r';
}

/* The digit that @c stands for, or -1. */
static int digit_of(const char *alphabet, char c)
{
	const char *found = c ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* Append the whole bytes of @count digits of @width bits each. */
static void add_bytes(struct str *out, const int *digits, size_t count,
		      unsigned int width)
{
	unsigned int bits = 0, held = 0;

	for (size_t i = 0; i < count; i++) {
		bits = bits << width | (unsigned int)digits[i];
		held += width;
		if (held >= 8) {
			held -= 8;
			str_add_char(out, (char)(bits >> held & 0xff));
		}
	}
}

/* --- base 64 ------------------------------------------------------------- */

static size_t skip_line_breaks(const struct value_text *text, size_t at)
{
	while (at < text->len && is_line_break(text->bytes[at]))
		at++;
	return at;
}

static bool fail_at(size_t at, size_t *bad)
{
	*bad = at;
	return false;
}

/* The padding behind @count digits; its first character ends at @at. */
static bool check_padding64(const struct value_text *text, size_t at,
			    size_t count, size_t *bad)
{
	if (count < 2)
		return fail_at(at - 1, bad);
	if (count == 2) {
		at = skip_line_breaks(text, at);
		if (at == text->len)
			return fail_at(at, bad);
		if (text->bytes[at] != PADDING)
			return fail_at(at - 1, bad);
		at++;
	}
	at = skip_line_breaks(text, at);
	return at == text->len || fail_at(at, bad);
}

bool goradix_decode64(struct str *out, const struct value_text *text,
		      size_t *bad)
{
	int digits[4];
	size_t count = 0;

	for (size_t at = 0; at < text->len; at++) {
		char c = text->bytes[at];

		if (is_line_break(c))
			continue;
		if (c == PADDING) {
			if (!check_padding64(text, at + 1, count, bad))
				return false;
			add_bytes(out, digits, count, 6);
			return true;
		}
		digits[count] = digit_of(alphabet64, c);
		if (digits[count] < 0)
			return fail_at(at, bad);
		if (++count == 4) {
			add_bytes(out, digits, count, 6);
			count = 0;
		}
	}
	/* Go counts digits back, and not the line breaks among them. */
	return count == 0 || fail_at(text->len - count, bad);
}

/* --- base 32 ------------------------------------------------------------- */

/* Text without its line breaks: positions do not count them. */
static void add_unbroken(struct str *out, const struct value_text *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (!is_line_break(text->bytes[i]))
			str_add_char(out, text->bytes[i]);
	}
}

/*
 * The padding of the last @left bytes of a text of @len, behind @count
 * digits.  The first character of it is among them.
 */
static bool check_padding32(const char *padding, size_t left, size_t count,
			    size_t len, size_t *bad)
{
	size_t start = len - left;

	if (left + count < 8)
		return fail_at(len, bad);
	for (size_t i = 1; i < 8 - count; i++) {
		if (padding[i] != PADDING)
			return fail_at(start + i - 1, bad);
	}
	/* So many digits do not end with a byte. */
	if (count == 3 || count == 6)
		return fail_at(start, bad);
	return true;
}

bool goradix_decode32(struct str *out, const struct value_text *text,
		      size_t *bad)
{
	CLEANUP(str_release) struct str unbroken = {0};
	const char *bytes;
	int digits[8];
	size_t count = 0;

	add_unbroken(&unbroken, text);
	bytes = str_text(&unbroken);
	for (size_t at = 0; at < unbroken.len; at++) {
		size_t left = unbroken.len - at;

		if (bytes[at] == PADDING && count >= 2 && left <= 8) {
			if (!check_padding32(bytes + at, left, count,
					     unbroken.len, bad))
				return false;
			add_bytes(out, digits, count, 5);
			return true;
		}
		digits[count] = digit_of(alphabet32, bytes[at]);
		if (digits[count] < 0)
			return fail_at(at, bad);
		if (++count == 8) {
			add_bytes(out, digits, count, 5);
			count = 0;
		}
	}
	return count == 0 || fail_at(unbroken.len - count, bad);
}

void goradix_encode32(struct str *out, const struct value_text *text)
{
	unsigned int bits = 0, held = 0;
	size_t count = 0;

	for (size_t i = 0; i < text->len; i++) {
		bits = bits << 8 | (unsigned char)text->bytes[i];
		for (held += 8; held >= 5; count++) {
			held -= 5;
			str_add_char(out, alphabet32[bits >> held & 0x1f]);
		}
	}
	if (held > 0) {
		str_add_char(out, alphabet32[bits << (5 - held) & 0x1f]);
		count++;
	}
	if (count % 8)
		str_add_repeated(out, PADDING, 8 - count % 8);
}
