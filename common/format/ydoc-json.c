#include "format/ydoc-json.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/unicode.h"

#define NEL	    0x85
#define KEY_AHEAD   1024 /* characters in which a key must have ended */
#define ESCAPE_LONG 6	 /* \u00XX */

void yjson_clean(struct str *out, const char *text, size_t len)
{
	if (is_ascii(text, len)) {
		str_add_bytes(out, text, len);
		return;
	}
	for (size_t at = 0; at < len;) {
		uint32_t rune;

		at += rune_decode(text + at, len - at, &rune);
		str_add_rune(out, rune);
	}
}

/* In how many characters encoding/json writes @rune, of @size bytes. */
static size_t json_width(uint32_t rune, size_t size)
{
	if (rune == RUNE_ERROR && size == 1)
		return ESCAPE_LONG;
	if (rune < 0x80 && rune && strchr("\"\\\b\f\n\r\t", (int)rune))
		return 2;
	if (rune < 0x20 || rune == '<' || rune == '>' || rune == '&' ||
	    rune == 0x2028 || rune == 0x2029)
		return ESCAPE_LONG;
	return 1;
}

/* What stands unescaped in JSON must be allowed in YAML. */
static bool may_stand(uint32_t rune, size_t size)
{
	return json_width(rune, size) > 1 || (rune >= 0x20 && rune <= 0x7e) ||
	       rune == NEL || (rune >= 0xa0 && rune <= 0xfffd) ||
	       rune >= 0x10000;
}

/* "---" or "..." alone, at the start of a line. */
static bool is_document_mark(const char *text, size_t len)
{
	if (len < 3 ||
	    (memcmp(text, "---", 3) != 0 && memcmp(text, "...", 3) != 0))
		return false;
	return len > 3 && (text[3] == ' ' || starts_with(text + 3, "\xc2\x85"));
}

/*
 * Fold the line breaks at @text, the blanks before and behind them included;
 * gives how many bytes they are.  One break is a blank, more are one less.
 */
static size_t fold(struct str *out, size_t start, const char *text, size_t len)
{
	size_t at = 0, breaks = 0;

	while (at < len) {
		bool nel =
			len - at >= 2 && memcmp(text + at, "\xc2\x85", 2) == 0;

		if (!nel && text[at] != ' ')
			break;
		breaks += nel;
		at += nel ? 2 : 1;
	}
	while (out->len > start && out->buf[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
	if (breaks == 1)
		str_add_char(out, ' ');
	else
		str_add_repeated(out, '\n', breaks - 1);
	return at;
}

const char *yjson_pass(struct str *out, const char *text, size_t len)
{
	size_t start = out->len;

	for (size_t at = 0; at < len;) {
		uint32_t rune;
		size_t size = rune_decode(text + at, len - at, &rune);

		if (!may_stand(rune, size))
			return "a control character in it has no place in YAML";
		if (rune != NEL) {
			str_add_rune(out, rune);
			at += size;
			continue;
		}
		at += fold(out, start, text + at, len - at);
		if (at >= 2 && text[at - 1] == '\x85' &&
		    is_document_mark(text + at, len - at))
			return "a line of it reads as the end of a document";
	}
	return NULL;
}

const char *yjson_pass_key(struct str *out, const char *text, size_t len)
{
	size_t width = 2; /* the quotes */

	for (size_t at = 0; at < len;) {
		uint32_t rune;
		size_t size = rune_decode(text + at, len - at, &rune);

		at += size;
		width += json_width(rune, size);
		if (rune == NEL)
			return "a key of it has several lines";
	}
	if (width > KEY_AHEAD)
		return "a key of it is too long";
	return yjson_pass(out, text, len);
}
