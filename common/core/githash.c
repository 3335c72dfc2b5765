#include "core/githash.h"

#include <string.h>

#include "base/num.h"

#define SHA1_DIGITS 40

bool githash_is_whole(const char *text, size_t len)
{
	if (len != SHA1_DIGITS && len != GITHASH_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (num_hex_digit(text[i]) < 0 ||
		    (text[i] >= 'A' && text[i] <= 'F'))
			return false;
	}
	return true;
}

bool githash_is_part(const char *text)
{
	size_t len = 0;

	while (num_hex_digit(text[len]) >= 0)
		len++;
	return !text[len] && len >= GITHASH_MIN && len <= GITHASH_MAX;
}
