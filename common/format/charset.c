#include "format/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/unicode.h"

/* Known here, because a small image has no tables for iconv(3). */
static bool is_latin1(const char *charset)
{
	static const char *const names[] = {"iso-8859-1", "iso8859-1",
					    "iso_8859-1", "latin1", "latin-1"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(charset, names[i]) == 0)
			return true;
	return false;
}

static void add_latin1(struct str *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_add_rune(out, (unsigned char)bytes[i]);
}

/* True if all of it was converted. */
static bool convert(struct str *out, char *bytes, size_t len, iconv_t converter)
{
	char buffer[1024];
	size_t result;

	do {
		char *to = buffer;
		size_t room = sizeof(buffer);

		result = iconv(converter, &bytes, &len, &to, &room);
		str_add_bytes(out, buffer, sizeof(buffer) - room);
	} while (result == (size_t)-1 && errno == E2BIG);
	return result != (size_t)-1 && len == 0;
}

/* Only names: iconv_open(3) takes options behind slashes. */
static bool is_name(const char *charset)
{
	size_t len = strlen(charset);

	return len > 0 && len <= CHARSET_NAME_MAX &&
	       strspn(charset, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789-_.:+") == len;
}

static bool add_converted(struct str *out, const char *bytes, size_t len,
			  const char *charset)
{
	CLEANUP(str_release) struct str copy = {0};
	CLEANUP(str_release) struct str text = {0};
	iconv_t converter;
	bool done;

	if (!is_name(charset))
		return false;
	converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1)
		return false;
	str_add_bytes(&copy, bytes, len);
	done = len == 0 || convert(&text, copy.buf, len, converter);
	iconv_close(converter);
	if (done)
		str_add_bytes(out, text.buf, text.len);
	return done;
}

void charset_to_utf8(struct str *out, const char *bytes, size_t len,
		     const char *charset)
{
	if (charset && is_latin1(charset))
		add_latin1(out, bytes, len);
	else if (charset && strcasecmp(charset, "utf-8") != 0 &&
		 add_converted(out, bytes, len, charset))
		return;
	else if (utf8_is_valid(bytes, len))
		str_add_bytes(out, bytes, len);
	else
		add_latin1(out, bytes, len);
}
