#include "format/slug.h"

#include <string.h>

#include "base/str.h"
#include "format/hash.h"

static void trim_dashes(struct str *slug, size_t from)
{
	while (slug->len > from && slug->buf[slug->len - 1] == '-')
		str_truncate(slug, slug->len - 1);
}

void slug_add(struct str *out, const char *text)
{
	size_t from = out->len;

	for (; *text; text++) {
		char c = *text;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			str_add_char(out, c);
		else if (out->len > from && out->buf[out->len - 1] != '-')
			str_add_char(out, '-');
	}
	trim_dashes(out, from);
}

/* Cut @slug so that "-" and the hash of @original fit into @max bytes. */
static bool add_hash(struct str *slug, const char *original, size_t max,
		     struct err *err)
{
	size_t kept = max - SLUG_HASH_DIGITS - 1;
	char hex[SHA256_HEX_SIZE];

	if (!sha256_hex(original, strlen(original), hex, err))
		return false;
	if (slug->len > kept)
		str_truncate(slug, kept);
	trim_dashes(slug, 0);
	if (slug->len)
		str_add_char(slug, '-');
	str_add_bytes(slug, hex, SLUG_HASH_DIGITS);
	return true;
}

bool slug_hashed_label(struct str *out, const char *text, const char *original,
		       size_t max, struct err *err)
{
	CLEANUP(str_release) struct str slug = {0};

	slug_add(&slug, text);
	if (!add_hash(&slug, original, max, err))
		return false;
	str_add_bytes(out, slug.buf, slug.len);
	return true;
}

bool slug_label(struct str *out, const char *text, const char *original,
		size_t max, struct err *err)
{
	CLEANUP(str_release) struct str slug = {0};

	slug_add(&slug, text);
	if (slug.len == 0 || slug.len > max ||
	    !same_text(str_text(&slug), text))
		return slug_hashed_label(out, text, original, max, err);
	str_add_bytes(out, slug.buf, slug.len);
	return true;
}
