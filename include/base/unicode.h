/*
 * Runes: UTF-8 as Go decodes it, and Go's classes and mappings of runes.
 *
 * Source: Go's unicode/utf8, unicode and strconv packages; the tables are
 * generated from them (unicode-*-tables.h).
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

#define RUNE_ERROR 0xfffd
#define RUNE_MAX   0x10ffff

/*
 * The first rune of @bytes and how many bytes it takes.  What is not UTF-8
 * gives RUNE_ERROR and 1; nothing (@len 0) gives RUNE_ERROR and 0.
 */
size_t rune_decode(const char *bytes, size_t len, uint32_t *rune);

/* The same for the last rune. */
size_t rune_decode_last(const char *bytes, size_t len, uint32_t *rune);

bool rune_is_valid(uint32_t rune); /* a Unicode scalar */
bool utf8_is_valid(const char *bytes, size_t len);

bool rune_is_letter(uint32_t rune);
bool rune_is_digit(uint32_t rune);  /* decimal */
bool rune_is_number(uint32_t rune); /* also fractions, Roman ones, ... */
bool rune_is_punctuation(uint32_t rune);
bool rune_is_space(uint32_t rune);
bool rune_is_printable(uint32_t rune);
bool rune_is_upper(uint32_t rune);
bool rune_is_lower(uint32_t rune);
bool rune_is_title(uint32_t rune);

uint32_t rune_upper(uint32_t rune);
uint32_t rune_lower(uint32_t rune);
uint32_t rune_title(uint32_t rune);

/*
 * Append @bytes with each rune mapped by @map, as Go's strings.Map: what is
 * not UTF-8 becomes U+FFFD, unless all is ASCII anyway.
 */
void utf8_map(struct str *out, const char *bytes, size_t len,
	      uint32_t (*map)(uint32_t rune));

#endif
