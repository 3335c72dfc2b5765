#include "base/base64.h"

#include <string.h>

#include "base/str.h"

static const char standard_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *alphabet_of(enum base64_form form)
{
	return form == BASE64_STANDARD ? standard_alphabet : url_alphabet;
}

void base64_encode(struct str *out, const void *bytes, size_t len,
		   enum base64_form form)
{
	const char *alphabet = alphabet_of(form);
	const unsigned char *at = bytes;

	str_reserve(out, (len + 2) / 3 * 4);
	while (len) {
		size_t part = len < 3 ? len : 3;
		unsigned int bits = (unsigned int)at[0] << 16;
		char quad[4] = {'=', '=', '=', '='};

		if (part > 1)
			bits |= (unsigned int)at[1] << 8;
		if (part > 2)
			bits |= at[2];
		for (size_t i = 0; i <= part; i++)
			quad[i] = alphabet[bits >> (18 - 6 * i) & 0x3f];
		str_add_bytes(out, quad, form == BASE64_URL_RAW ? part + 1 : 4);
		at += part;
		len -= part;
	}
}

static int digit_of(const char *alphabet, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : -1;
}

/* The text without its padding; false if that is not as it must be. */
static bool strip_padding(const char *text, size_t *len, enum base64_form form)
{
	size_t stripped = *len;

	if (form == BASE64_URL_RAW)
		return *len % 4 != 1;
	if (*len % 4)
		return false;
	while (stripped && *len - stripped < 2 && text[stripped - 1] == '=')
		stripped--;
	*len = stripped;
	return true;
}

bool base64_decode(struct str *out, const char *text, size_t len,
		   enum base64_form form)
{
	const char *alphabet = alphabet_of(form);
	size_t before = out->len;
	unsigned int bits = 0;
	int count = 0;

	if (!strip_padding(text, &len, form))
		return false;
	str_reserve(out, len / 4 * 3 + 2);
	for (size_t i = 0; i < len; i++) {
		int digit = digit_of(alphabet, text[i]);

		if (digit < 0) {
			str_truncate(out, before);
			return false;
		}
		bits = bits << 6 | (unsigned int)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			str_add_char(out, (char)(bits >> count & 0xff));
			bits &= (1u << count) - 1;
		}
	}
	if (bits) {
		str_truncate(out, before);
		return false;
	}
	return true;
}
