/*
 * Growing text with a ceiling.
 *
 * str is a low-level primitive: it knows no file, no encoding, no error.
 * All-zero is the empty string; str_text() is always NUL-terminated; bytes
 * may be anything, NUL included.
 *
 *	CLEANUP(str_release) struct str line = {0};
 *	str_addf(&line, "%s=%s", key, value);
 *
 * Appending never fails.  What would pass the ceiling is dropped and
 * @overflow is set: whoever fills a str with bytes from outside sets @limit
 * first and looks at @overflow after.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* The ceiling where @limit is 0. */
#define STR_LIMIT_DEFAULT ((size_t)1 << 30)

struct str {
	char *buf;  /* owned; NULL when nothing was ever added */
	size_t len; /* bytes in use, without the NUL */
	size_t capacity;
	size_t limit; /* ceiling for len; 0 = STR_LIMIT_DEFAULT */
	bool overflow;
};

/* The text, never NULL; borrowed until the next change. */
const char *str_text(const struct str *str);

void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const char *bytes, size_t len);
void str_add_char(struct str *str, char c);
void str_add_repeated(struct str *str, char c, size_t count);
void str_addf(struct str *str, const char *format, ...) PRINTF_LIKE(2, 3);
void str_addv(struct str *str, const char *format, va_list args)
	PRINTF_LIKE(2, 0);

/* Append the UTF-8 form of @rune; what is no Unicode scalar: U+FFFD. */
void str_add_rune(struct str *str, unsigned int rune);

/*
 * The rune that @text, of at least one byte, starts with; gives how many
 * bytes it takes.  A byte that belongs to no rune (RFC 3629) counts as
 * U+FFFD and takes one, as in Go; a real U+FFFD takes three.
 */
size_t rune_next(const char *text, size_t len, unsigned int *rune);

/* How many runes rune_next() sees in @text. */
size_t rune_count(const char *text, size_t len);

/* Replace @len bytes at @at by @bytes. */
void str_splice(struct str *str, size_t at, size_t len, const char *bytes,
		size_t bytes_len);

/* Make room for @extra more bytes and the NUL. */
void str_reserve(struct str *str, size_t extra);

/* Cut to @len bytes, which must not be more than there are. */
void str_truncate(struct str *str, size_t len);

/* Drop white space (space, tab, CR, LF, FF, VT) at both ends. */
void str_trim(struct str *str);

/* Length 0, memory and ceiling kept. */
void str_clear(struct str *str);

/*
 * Append what @from holds, which is empty after; without a copy where @str is
 * empty and has no ceiling of its own.
 */
void str_take(struct str *str, struct str *from);

/* Hand the text over to the caller (free() it) and become empty. */
char *str_detach(struct str *str) MUST_CHECK;

void str_release(struct str *str);

/* Helpers on plain text. */
/* A copy without "/" at its end, but of "/" itself; the caller frees it. */
char *without_slashes(const char *text) MUST_CHECK;
bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);
/* The text behind @prefix, or NULL if @text does not start with it. */
const char *after_prefix(const char *text, const char *prefix);
/*
 * Was what has id @a made before what has id @b, where a server counts up, or
 * gives names of one length that do?  The shorter is less.
 */
bool is_made_before(const char *a, const char *b);
/* Equal; two NULLs are equal, NULL and text are not. */
bool same_text(const char *a, const char *b);
/* NULL or "". */
bool is_blank(const char *text);
bool is_ascii(const char *text, size_t len);

/*
 * Append @bytes as one safe line for logs and terminals: control characters,
 * DEL and bytes that are not UTF-8 become \n, \t, \xNN or \u00NN.
 */
void str_add_escaped(struct str *str, const char *bytes, size_t len);

#endif
