#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define ROOM_MIN   40 /* what most texts grow to, and what malloc() has */
#define RUNE_ERROR 0xfffd

const char *str_text(const struct str *str)
{
	return str->buf ? str->buf : "";
}

/* Room for @extra bytes below the ceiling; less if the ceiling is near. */
static size_t make_room(struct str *str, size_t extra)
{
	size_t limit = str->limit ? str->limit : STR_LIMIT_DEFAULT;
	size_t want;

	if (extra > limit - str->len) {
		extra = limit - str->len;
		str->overflow = true;
	}
	want = str->len + extra + 1;
	if (want < ROOM_MIN)
		want = ROOM_MIN;
	str->buf = grow_array(str->buf, want, 1, &str->capacity);
	return extra;
}

void str_reserve(struct str *str, size_t extra)
{
	str->buf =
		grow_array(str->buf, str->len + extra + 1, 1, &str->capacity);
	str->buf[str->len] = '\0';
}

void str_add_bytes(struct str *str, const char *bytes, size_t len)
{
	len = make_room(str, len);
	if (len)
		memcpy(str->buf + str->len, bytes, len);
	str->len += len;
	str->buf[str->len] = '\0';
}

void str_take(struct str *str, struct str *from)
{
	if (str->len || str->limit || !from->buf) {
		str_add_bytes(str, str_text(from), from->len);
		str_release(from);
		return;
	}
	free(str->buf);
	*str = (struct str){
		.buf = from->buf, .len = from->len, .capacity = from->capacity};
	*from = (struct str){0};
}

void str_add(struct str *str, const char *text)
{
	str_add_bytes(str, text, strlen(text));
}

void str_add_char(struct str *str, char c)
{
	str_add_bytes(str, &c, 1);
}

void str_add_repeated(struct str *str, char c, size_t count)
{
	count = make_room(str, count);
	memset(str->buf + str->len, c, count);
	str->len += count;
	str->buf[str->len] = '\0';
}

void str_addv(struct str *str, const char *format, va_list args)
{
	char *text = xvasprintf(format, args);

	str_add(str, text);
	free(text);
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_addv(str, format, args);
	va_end(args);
}

void str_add_rune(struct str *str, unsigned int rune)
{
	char utf8[4];
	size_t len = 0;

	if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
		rune = RUNE_ERROR;

	if (rune < 0x80) {
		utf8[len++] = (char)rune;
	} else if (rune < 0x800) {
		utf8[len++] = (char)(0xc0 | rune >> 6);
		utf8[len++] = (char)(0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		utf8[len++] = (char)(0xe0 | rune >> 12);
		utf8[len++] = (char)(0x80 | (rune >> 6 & 0x3f));
		utf8[len++] = (char)(0x80 | (rune & 0x3f));
	} else {
		utf8[len++] = (char)(0xf0 | rune >> 18);
		utf8[len++] = (char)(0x80 | (rune >> 12 & 0x3f));
		utf8[len++] = (char)(0x80 | (rune >> 6 & 0x3f));
		utf8[len++] = (char)(0x80 | (rune & 0x3f));
	}
	str_add_bytes(str, utf8, len);
}

void str_splice(struct str *str, size_t at, size_t len, const char *bytes,
		size_t bytes_len)
{
	struct str result = {.limit = str->limit, .overflow = str->overflow};

	if (at > str->len || len > str->len - at)
		BUG("splice of %zu bytes at %zu in %zu", len, at, str->len);

	str_reserve(&result, str->len - len + bytes_len);
	str_add_bytes(&result, str_text(str), at);
	str_add_bytes(&result, bytes, bytes_len);
	str_add_bytes(&result, str_text(str) + at + len, str->len - at - len);
	str_release(str);
	*str = result;
}

void str_truncate(struct str *str, size_t len)
{
	if (len > str->len)
		BUG("cut of %zu bytes to %zu", str->len, len);
	str->len = len;
	if (str->buf)
		str->buf[len] = '\0';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void str_trim(struct str *str)
{
	size_t start = 0;

	while (str->len && is_space(str->buf[str->len - 1]))
		str->len--;
	while (start < str->len && is_space(str->buf[start]))
		start++;
	if (!str->buf)
		return;
	str->len -= start;
	memmove(str->buf, str->buf + start, str->len);
	str->buf[str->len] = '\0';
}

void str_clear(struct str *str)
{
	str_truncate(str, 0);
	str->overflow = false;
}

char *str_detach(struct str *str)
{
	char *text = str->buf ? str->buf : xstrdup("");

	str->buf = NULL;
	str_release(str);
	return text;
}

void str_release(struct str *str)
{
	free(str->buf);
	str->buf = NULL;
	str->len = 0;
	str->capacity = 0;
	str->overflow = false;
}

bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t suffix_len = strlen(suffix);

	return len >= suffix_len &&
	       strcmp(text + len - suffix_len, suffix) == 0;
}

const char *after_prefix(const char *text, const char *prefix)
{
	return starts_with(text, prefix) ? text + strlen(prefix) : NULL;
}

bool is_made_before(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	return a_len != b_len ? a_len < b_len : strcmp(a, b) < 0;
}

char *without_slashes(const char *text)
{
	size_t len = strlen(text);

	while (len > 1 && text[len - 1] == '/')
		len--;
	return xmemdupz(text, len);
}

bool same_text(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool is_blank(const char *text)
{
	return !text || !*text;
}

/* A word at a time, without an early end: most is. */
bool is_ascii(const char *text, size_t len)
{
	const uint64_t high_bits = 0x8080808080808080;
	uint64_t any = 0;
	size_t i = 0;

	for (uint64_t word; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		any |= word;
	}
	for (; i < len; i++)
		any |= (unsigned char)text[i];
	return !(any & high_bits);
}

/*
 * Length of the UTF-8 sequence of one scalar at @bytes, 0 if there is none
 * (RFC 3629: no surrogates, no longer forms than needed).
 */
static size_t utf8_sequence(const unsigned char *bytes, size_t len)
{
	unsigned char first = bytes[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t size;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		size = 2;
	else if (first >= 0xe0 && first <= 0xef)
		size = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		size = 4;
	else
		return 0;

	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;

	if (len < size || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	}
	return size;
}

size_t rune_next(const char *text, size_t len, unsigned int *rune)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size = utf8_sequence(at, len);

	if (size < 2) {
		*rune = size ? *at : RUNE_ERROR;
		return 1;
	}
	*rune = *at & (0x7fu >> size);
	for (size_t i = 1; i < size; i++)
		*rune = *rune << 6 | (at[i] & 0x3f);
	return size;
}

size_t rune_count(const char *text, size_t len)
{
	unsigned int rune;
	size_t count = 0;

	for (size_t at = 0; at < len; count++)
		at += rune_next(text + at, len - at, &rune);
	return count;
}

void str_add_escaped(struct str *str, const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;
	const unsigned char *end = at + len;

	while (at < end) {
		size_t size = utf8_sequence(at, (size_t)(end - at));

		if (*at == '\n')
			str_add(str, "\\n");
		else if (*at == '\t')
			str_add(str, "\\t");
		else if (*at == '\r')
			str_add(str, "\\r");
		else if (*at < 0x20 || *at == 0x7f || !size)
			str_addf(str, "\\x%02x", *at);
		else if (size == 2 && at[0] == 0xc2 && at[1] < 0xa0)
			str_addf(str, "\\u%04x", at[1]); /* C1 controls */
		else
			str_add_bytes(str, (const char *)at, size);
		at += size ? size : 1;
	}
}
