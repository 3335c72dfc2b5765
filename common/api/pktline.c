#include "api/pktline.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"

#define LENGTH_DIGITS 4 /* the length counts them too */

bool pktline_next(struct pktlines *lines, const char **text, size_t *len,
		  bool *flush)
{
	size_t size = 0;

	if (lines->end - lines->at < LENGTH_DIGITS)
		return false;
	for (int i = 0; i < LENGTH_DIGITS; i++) {
		int digit = num_hex_digit(lines->at[i]);

		if (digit < 0)
			return false;
		size = size * 16 + (size_t)digit;
	}
	*flush = size == 0;
	if (*flush)
		size = LENGTH_DIGITS;
	if (size < LENGTH_DIGITS || size > (size_t)(lines->end - lines->at))
		return false;
	*text = lines->at + LENGTH_DIGITS;
	*len = size - LENGTH_DIGITS;
	lines->at += size;
	return true;
}

void pktline_add(struct str *out, const char *text)
{
	size_t len = strlen(text);

	if (len > PKTLINE_MAX)
		BUG("a line of %zu bytes", len);
	str_addf(out, "%04zx%s", len + LENGTH_DIGITS, text);
}

void pktline_add_flush(struct str *out)
{
	str_add(out, "0000");
}
