/* Numbers and dates of TOML: where each ends. */

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/toml-lex.h"

static bool is_octal(uint32_t rune)
{
	return rune >= '0' && rune <= '7';
}

static bool is_binary(uint32_t rune)
{
	return rune == '0' || rune == '1';
}

/* The item as it stands, with one more character. */
static bool fail_number(struct toml_lexer *lexer, const char *before,
			uint32_t rune)
{
	if (lexer->failed)
		return false;
	toml_fail(lexer, "%s: '%.*s", before, (int)(lexer->at - lexer->start),
		  lexer->text + lexer->start);
	return toml_say_rune(lexer, rune);
}

/* As many as @is says, and underscores. */
static void skip_number(struct toml_lexer *lexer, bool (*is)(uint32_t rune))
{
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (is(rune) || rune == '_');
	toml_back(lexer);
}

/* Any mix of what floats are made of: what it is shows later. */
static bool take_float(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (toml_is_digit(rune) || (rune != TOML_END && rune < 0x80 &&
				       strchr("_.-+eE", (int)rune)));
	toml_back(lexer);
	return toml_emit(lexer, item, TOML_FLOAT);
}

static bool is_float_mark(uint32_t rune)
{
	return rune == '.' || rune == 'e' || rune == 'E';
}

static bool take_decimal(struct toml_lexer *lexer, struct toml_item *item)
{
	skip_number(lexer, toml_is_digit);
	if (is_float_mark(toml_next(lexer)))
		return take_float(lexer, item);
	toml_back(lexer);
	return toml_emit(lexer, item, TOML_INTEGER);
}

/* Any mix of what dates are made of, without the blanks behind. */
static bool take_date(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (toml_is_digit(rune) || (rune != TOML_END && rune < 0x80 &&
				       strchr("-:Tt .Zz+", (int)rune)));
	toml_back(lexer);
	if (!toml_emit(lexer, item, TOML_DATE))
		return false;
	while (item->text.bytes[item->text.len - 1] == ' ')
		item->text.len--;
	return true;
}

/* Behind its first digit, which was no 0 or is followed by another one. */
static bool take_number_or_date(struct toml_lexer *lexer,
				struct toml_item *item)
{
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (toml_is_digit(rune));
	if (rune == '-' || rune == ':')
		return take_date(lexer, item);
	if (rune == '_')
		return take_decimal(lexer, item);
	if (is_float_mark(rune))
		return take_float(lexer, item);
	toml_back(lexer);
	return toml_emit(lexer, item, TOML_INTEGER);
}

static bool take_based(struct toml_lexer *lexer, struct toml_item *item,
		       bool (*is)(uint32_t rune), const char *problem)
{
	uint32_t rune = toml_peek(lexer);

	if (!is(rune))
		return fail_number(lexer, problem, rune);
	skip_number(lexer, is);
	return toml_emit(lexer, item, TOML_INTEGER);
}

/* Behind a 0. */
static bool take_zero(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t rune = toml_next(lexer);

	if (toml_is_digit(rune))
		return take_number_or_date(lexer, item);
	if (rune == '_')
		return take_decimal(lexer, item);
	if (is_float_mark(rune))
		return take_float(lexer, item);
	if (rune == 'b')
		return take_based(lexer, item, is_binary,
				  "not a binary number");
	if (rune == 'o')
		return take_based(lexer, item, is_octal, "not an octal number");
	if (rune == 'x')
		return take_based(lexer, item, toml_is_hex,
				  "not a hexadecimal number");
	toml_back(lexer);
	return toml_emit(lexer, item, TOML_INTEGER);
}

static bool take_word(struct toml_lexer *lexer, struct toml_item *item,
		      const char *rest)
{
	for (; *rest; rest++) {
		if (!toml_accept(lexer, (unsigned char)*rest))
			return toml_fail(lexer, "invalid float: '%.*s'",
					 (int)(lexer->at - lexer->start),
					 lexer->text + lexer->start);
	}
	return toml_emit(lexer, item, TOML_FLOAT);
}

/* Behind a sign. */
static bool take_signed(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t rune = toml_next(lexer);

	if (rune == 'i')
		return take_word(lexer, item, "nf");
	if (rune == 'n')
		return take_word(lexer, item, "an");
	if (rune == '.')
		return toml_fail(lexer,
				 "floats must start with a digit, not '.'");
	if (rune == '0') {
		uint32_t base = toml_peek(lexer);

		if (base == 'b' || base == 'o' || base == 'x')
			return fail_number(lexer,
					   "cannot use sign with non-decimal "
					   "numbers",
					   base);
	}
	if (!toml_is_digit(rune))
		return toml_fail_rune(lexer, "expected a digit but got ", rune,
				      "");
	return take_decimal(lexer, item);
}

bool toml_number(struct toml_lexer *lexer, struct toml_item *item,
		 uint32_t first)
{
	if (!toml_is_digit(first))
		return take_signed(lexer, item);
	return first == '0' ? take_zero(lexer, item)
			    : take_number_or_date(lexer, item);
}
