#include "tmpl/words.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"

enum word_kind {
	WORD_NONE, /* the end, or nothing but what is no rune */
	WORD_NUMBER,
	WORD_UPPER, /* starts with a capital */
	WORD_ALPHABET,
	WORD_CONNECTOR,
	WORD_PUNCTUATION,
	WORD_OTHER,
};

struct word {
	enum word_kind kind;
	const char *bytes;
	size_t len;
};

/* What is left of a text, and the word in front of it. */
struct reader {
	const char *at;
	size_t left;
	struct word word;
};

static bool is_connector(uint32_t rune)
{
	return rune == '-' || rune == '_' || rune_is_space(rune);
}

/* A letter of a script with words, unlike (xstrings' ranges of) Han. */
static bool is_alphabet(uint32_t rune)
{
	if (!rune_is_letter(rune))
		return false;

	return !(rune >= 0x4e00 && rune <= 0x9fcc) &&
	       !(rune >= 0x3400 && rune <= 0x4d85) &&
	       !(rune >= 0x20000 && rune <= 0x2b81d);
}

static bool is_small_alphabet(uint32_t rune)
{
	return is_alphabet(rune) && !rune_is_upper(rune);
}

static bool is_other(uint32_t rune)
{
	return !is_connector(rune) && !is_alphabet(rune) &&
	       !rune_is_number(rune) && !rune_is_punctuation(rune);
}

/*
 * The next rune and how many bytes it takes along with what is before it
 * and is no rune.  If nothing else is left, *@rune stays as it was.
 */
static size_t next_rune(const char *bytes, size_t len, uint32_t *rune)
{
	size_t size = 0;
	uint32_t found;

	while (size < len) {
		size += rune_decode(bytes + size, len - size, &found);
		if (found != RUNE_ERROR) {
			*rune = found;
			break;
		}
	}
	return size;
}

/*
 * Take what belongs to the word from *@len on, of @left bytes; *@rune is the
 * last rune that was looked at.  Gives how many bytes the last one took.
 */
static size_t take_while(const char *bytes, size_t left, size_t *len,
			 uint32_t *rune, bool (*belongs)(uint32_t rune))
{
	size_t last = 0;

	while (*len < left) {
		size_t size = next_rune(bytes + *len, left - *len, rune);

		if (!belongs(*rune))
			break;
		*len += size;
		last = size;
	}
	return last;
}

/* Behind a capital: more of them, "HTTP" of "HTTPStatus", or small letters. */
static void take_capitals(const char *bytes, size_t left, size_t *len,
			  uint32_t *rune)
{
	size_t last = take_while(bytes, left, len, rune, rune_is_upper);

	if (last == 0)
		take_while(bytes, left, len, rune, is_small_alphabet);
	else if (*len < left && is_alphabet(*rune))
		*len -= last;
}

static enum word_kind kind_of(uint32_t rune)
{
	if (is_connector(rune))
		return WORD_CONNECTOR;
	if (rune_is_punctuation(rune))
		return WORD_PUNCTUATION;
	if (rune_is_upper(rune))
		return WORD_UPPER;
	if (is_alphabet(rune))
		return WORD_ALPHABET;
	return rune_is_number(rune) ? WORD_NUMBER : WORD_OTHER;
}

static size_t word_length(enum word_kind kind, const char *bytes, size_t left,
			  size_t len, uint32_t rune)
{
	switch (kind) {
	case WORD_CONNECTOR:
		take_while(bytes, left, &len, &rune, is_connector);
		break;
	case WORD_PUNCTUATION:
		take_while(bytes, left, &len, &rune, rune_is_punctuation);
		break;
	case WORD_UPPER:
		take_capitals(bytes, left, &len, &rune);
		break;
	case WORD_ALPHABET:
		take_while(bytes, left, &len, &rune, is_small_alphabet);
		break;
	case WORD_NUMBER:
		take_while(bytes, left, &len, &rune, rune_is_number);
		break;
	case WORD_OTHER:
		take_while(bytes, left, &len, &rune, is_other);
		break;
	case WORD_NONE:
		break;
	}
	return len;
}

/* Take the next word off. */
static void next_word(struct reader *reader)
{
	uint32_t rune = RUNE_ERROR;
	size_t len = next_rune(reader->at, reader->left, &rune);
	struct word *word = &reader->word;

	word->kind = rune == RUNE_ERROR ? WORD_NONE : kind_of(rune);
	word->bytes = reader->at;
	word->len =
		word_length(word->kind, reader->at, reader->left, len, rune);
	reader->at += word->len;
	reader->left -= word->len;
}

/* Only what starts with a capital is written in lower case. */
static void add_lower(struct str *out, const struct word *word, char connector)
{
	uint32_t rune;

	if (word->kind != WORD_UPPER && word->kind != WORD_CONNECTOR) {
		str_add_bytes(out, word->bytes, word->len);
		return;
	}
	for (size_t at = 0; at < word->len;) {
		at += rune_decode(word->bytes + at, word->len - at, &rune);
		if (is_connector(rune))
			str_add_char(out, connector);
		else
			str_add_rune(out, rune_is_upper(rune) ? rune_lower(rune)
							      : rune);
	}
}

/* Is there to be a connector between a word of @kind and other ones? */
static bool wants_connector(enum word_kind kind)
{
	return kind != WORD_CONNECTOR && kind != WORD_PUNCTUATION;
}

/* A number and the small letters and numbers behind it are one word. */
static void add_number_tail(struct str *out, struct reader *reader,
			    char connector)
{
	while (reader->word.kind == WORD_ALPHABET ||
	       reader->word.kind == WORD_NUMBER) {
		add_lower(out, &reader->word, connector);
		next_word(reader);
	}
	if (reader->word.kind != WORD_NONE &&
	    wants_connector(reader->word.kind))
		str_add_char(out, connector);
}

/*
 * Between letters and what follows them.  A number belongs to the letters
 * before it ("bld4_floor") unless small ones follow it ("http_2xx").
 */
static void add_boundary(struct str *out, struct reader *reader, char connector)
{
	struct word number = reader->word;

	if (number.kind != WORD_NUMBER) {
		if (wants_connector(number.kind))
			str_add_char(out, connector);
		return;
	}
	if (reader->left == 0)
		return;
	next_word(reader);
	if (reader->word.kind != WORD_ALPHABET) {
		add_lower(out, &number, connector);
		if (wants_connector(reader->word.kind))
			str_add_char(out, connector);
		return;
	}
	str_add_char(out, connector);
	add_lower(out, &number, connector);
	add_number_tail(out, reader, connector);
}

void words_add_joined(struct str *out, const struct value_text *text,
		      char connector)
{
	struct reader reader = {.at = text->bytes, .left = text->len};

	next_word(&reader);
	while (reader.left > 0) {
		struct word word = reader.word;

		add_lower(out, &word, connector);
		next_word(&reader);
		if (word.kind == WORD_NUMBER)
			add_number_tail(out, &reader, connector);
		else if (wants_connector(word.kind))
			add_boundary(out, &reader, connector);
	}
	add_lower(out, &reader.word, connector);
}

/*
 * The first rune behind the connectors in front, which stay.  Of connectors
 * alone the last is there twice, as in xstrings.
 */
static size_t add_leading(struct str *out, const struct value_text *text,
			  uint32_t *rune)
{
	size_t at = 0;

	*rune = RUNE_ERROR;
	while (at < text->len) {
		at += rune_decode(text->bytes + at, text->len - at, rune);
		if (!is_connector(*rune))
			break;
		str_add_rune(out, *rune);
	}
	return at;
}

void words_add_pascal(struct str *out, const struct value_text *text)
{
	uint32_t rune, before;
	size_t at = add_leading(out, text, &rune);
	bool capitals = rune_is_upper(rune);

	if (text->len == 0)
		return;
	if (!is_connector(rune))
		rune = rune_upper(rune);
	while (at < text->len) {
		before = rune;
		at += rune_decode(text->bytes + at, text->len - at, &rune);
		if (is_connector(before) && is_connector(rune)) {
			str_add_rune(out, before);
			continue;
		}
		if (is_connector(before)) {
			capitals = rune_is_upper(rune);
			rune = rune_upper(rune);
			continue;
		}
		if (capitals && rune_is_upper(rune))
			rune = rune_lower(rune);
		else
			capitals = false;
		str_add_rune(out, before);
	}
	str_add_rune(out, rune);
}
