#include "base/quote.h"

#include "base/str.h"
#include "base/unicode.h"

static void add_escape(struct str *out, uint32_t rune)
{
	static const char named[] = "\aa\bb\ff\nn\rr\tt\vv";

	for (size_t i = 0; named[i] != '\0'; i += 2) {
		if (rune == (unsigned char)named[i]) {
			str_addf(out, "\\%c", named[i + 1]);
			return;
		}
	}
	if (rune < ' ' || rune == 0x7f)
		str_addf(out, "\\x%02x", (unsigned int)rune);
	else if (rune < 0x10000)
		str_addf(out, "\\u%04x", (unsigned int)rune);
	else
		str_addf(out, "\\U%08x", (unsigned int)rune);
}

void quote_add_rune(struct str *out, uint32_t rune, char quote, bool ascii)
{
	if (rune == (unsigned char)quote || rune == '\\') {
		str_add_char(out, '\\');
		str_add_char(out, (char)rune);
	} else if (rune_is_printable(rune) && (rune < 0x80 || !ascii)) {
		str_add_rune(out, rune);
	} else {
		add_escape(out, rune);
	}
}

void quote_add(struct str *out, const char *bytes, size_t len, bool ascii)
{
	str_add_char(out, '"');
	for (size_t at = 0, width; at < len; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == RUNE_ERROR && width == 1)
			str_addf(out, "\\x%02x", (unsigned char)bytes[at]);
		else
			quote_add_rune(out, rune, '"', ascii);
	}
	str_add_char(out, '"');
}
