/*
 * Text in other encodings as UTF-8.
 *
 *	charset_to_utf8(&text, bytes, len, "ISO-8859-1");
 */
#ifndef FORMAT_CHARSET_H
#define FORMAT_CHARSET_H

#include <stddef.h>

struct str;

#define CHARSET_NAME_MAX 40 /* longer names are those of no encoding */

/*
 * Append @bytes, which are in @charset (NULL: UTF-8), as UTF-8.  There is
 * always something to append: what is not in that encoding, or in one that
 * this system does not know, is taken for UTF-8, and what is not even that
 * for ISO 8859-1, which any bytes are.
 */
void charset_to_utf8(struct str *out, const char *bytes, size_t len,
		     const char *charset);

#endif
