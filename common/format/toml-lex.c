#include "format/toml-lex.h"

#include <stdarg.h>
#include <string.h>

#include "base/quote.h"
#include "base/unicode.h"

/* --- failures ------------------------------------------------------------ */

static bool PRINTF_LIKE(3, 0)
	fail_at(struct toml_lexer *lexer, unsigned int line, const char *format,
		va_list args)
{
	if (lexer->failed)
		return false;
	lexer->failed = true;
	lexer->problem_line = line;
	str_addv(&lexer->problem, format, args);
	return false;
}

bool toml_fail_on(struct toml_lexer *lexer, unsigned int line,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(lexer, line, format, args);
	va_end(args);
	return false;
}

bool toml_fail(struct toml_lexer *lexer, const char *format, ...)
{
	unsigned int line = lexer->line;
	va_list args;

	if (lexer->at_end && lexer->at > 0 &&
	    lexer->text[lexer->at - 1] == '\n')
		line--;
	va_start(args, format);
	fail_at(lexer, line, format, args);
	va_end(args);
	return false;
}

bool toml_fail_before(struct toml_lexer *lexer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(lexer, lexer->line - 1, format, args);
	va_end(args);
	return false;
}

static void add_rune(struct str *out, uint32_t rune)
{
	str_add_char(out, '\'');
	quote_add_rune(out, rune, '\'', false);
	str_add_char(out, '\'');
}

bool toml_fail_rune(struct toml_lexer *lexer, const char *before, uint32_t rune,
		    const char *behind)
{
	CLEANUP(str_release) struct str quoted = {0};

	add_rune(&quoted, rune);
	return toml_fail(lexer, "%s%s%s", before, str_text(&quoted), behind);
}

/* With what was read of the item so far. */
static bool fail_current(struct toml_lexer *lexer, const char *before)
{
	CLEANUP(str_release) struct str quoted = {0};

	quote_add(&quoted, lexer->text + lexer->start, lexer->at - lexer->start,
		  false);
	return toml_fail(lexer, "%s%s instead", before, str_text(&quoted));
}

/* Complete what was just said to be wrong; the end is a NUL, as in Go. */
bool toml_say_rune(struct toml_lexer *lexer, uint32_t rune)
{
	str_add_rune(&lexer->problem, rune);
	str_add_char(&lexer->problem, '\'');
	return false;
}

/* --- characters ---------------------------------------------------------- */

bool toml_is_blank(uint32_t rune)
{
	return rune == ' ' || rune == '\t';
}

bool toml_is_break(uint32_t rune)
{
	return rune == '\n' || rune == '\r';
}

bool toml_is_digit(uint32_t rune)
{
	return rune >= '0' && rune <= '9';
}

bool toml_is_hex(uint32_t rune)
{
	return toml_is_digit(rune) ||
	       ((rune | 0x20) >= 'a' && (rune | 0x20) <= 'f');
}

static bool is_bare(uint32_t rune)
{
	return toml_is_digit(rune) || rune == '_' || rune == '-' ||
	       ((rune | 0x20) >= 'a' && (rune | 0x20) <= 'z');
}

/* All but tab and line breaks; a CR must have its LF. */
static bool is_control(const struct toml_lexer *lexer, uint32_t rune)
{
	if (rune == '\r')
		return lexer->at + 1 == lexer->len ||
		       lexer->text[lexer->at + 1] != '\n';
	return (rune < ' ' && rune != '\t' && rune != '\n') || rune == 0x7f;
}

uint32_t toml_next(struct toml_lexer *lexer)
{
	uint32_t rune;
	size_t width;

	if (lexer->failed)
		return RUNE_ERROR;
	if (lexer->at >= lexer->len) {
		lexer->at_end = true;
		return TOML_END;
	}
	width = rune_decode(lexer->text + lexer->at, lexer->len - lexer->at,
			    &rune);
	if (rune == '\n')
		lexer->line++;
	if (rune == RUNE_ERROR && width == 1) {
		toml_fail(lexer, "invalid UTF-8 byte: 0x%02x",
			  (unsigned char)lexer->text[lexer->at]);
		return RUNE_ERROR;
	}
	if (is_control(lexer, rune)) {
		toml_fail(lexer,
			  "TOML files cannot contain control characters: "
			  "'0x%02x'",
			  (unsigned int)rune);
		return RUNE_ERROR;
	}
	lexer->at += width;
	return rune;
}

void toml_back(struct toml_lexer *lexer)
{
	uint32_t rune;

	if (lexer->failed)
		return;
	if (lexer->at_end) {
		lexer->at_end = false;
		return;
	}
	lexer->at -= rune_decode_last(lexer->text, lexer->at, &rune);
	if (rune == '\n')
		lexer->line--;
}

uint32_t toml_peek(struct toml_lexer *lexer)
{
	uint32_t rune = toml_next(lexer);

	toml_back(lexer);
	return rune;
}

bool toml_accept(struct toml_lexer *lexer, uint32_t rune)
{
	if (toml_next(lexer) == rune)
		return true;
	toml_back(lexer);
	return false;
}

void toml_ignore(struct toml_lexer *lexer)
{
	lexer->start = lexer->at;
}

void toml_skip_blanks(struct toml_lexer *lexer)
{
	while (toml_is_blank(toml_next(lexer)))
		;
	toml_back(lexer);
	toml_ignore(lexer);
}

bool toml_emit(struct toml_lexer *lexer, struct toml_item *item,
	       enum toml_type type)
{
	if (lexer->failed)
		return false;
	item->type = type;
	item->text.bytes = lexer->text + lexer->start;
	item->text.len = lexer->at - lexer->start;
	item->line = lexer->line;
	toml_ignore(lexer);
	return true;
}

bool toml_comment(struct toml_lexer *lexer)
{
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (!toml_is_break(rune) && rune != TOML_END && !lexer->failed);
	toml_back(lexer);
	toml_ignore(lexer);
	return !lexer->failed;
}

/* --- strings ------------------------------------------------------------- */

static bool take_hex(struct toml_lexer *lexer, int count, const char *problem)
{
	for (int i = 0; i < count; i++) {
		if (!toml_is_hex(toml_next(lexer)))
			return fail_current(lexer, problem);
	}
	return true;
}

static bool take_escape(struct toml_lexer *lexer)
{
	uint32_t rune = toml_next(lexer);

	if (rune == 'x')
		return take_hex(lexer, 2,
				"expected two hexadecimal digits after '\\x', "
				"but got ");
	if (rune == 'u')
		return take_hex(lexer, 4,
				"expected four hexadecimal digits after '\\u', "
				"but got ");
	if (rune == 'U')
		return take_hex(lexer, 8,
				"expected eight hexadecimal digits after "
				"'\\U', but got ");
	if (rune != TOML_END && rune < 0x80 &&
	    strchr("ebtnfr\" \t\\", (int)rune))
		return true;
	if (lexer->failed)
		return false;
	if (lexer->at_end)
		toml_fail_before(lexer, "invalid escape in string '\\");
	else
		toml_fail(lexer, "invalid escape in string '\\");
	return toml_say_rune(lexer, rune);
}

/* The closing @count quotes, which are next, are not part of the item. */
static bool emit_string(struct toml_lexer *lexer, struct toml_item *item,
			enum toml_type type, int count)
{
	for (int i = 0; i < count; i++)
		toml_back(lexer);
	if (!toml_emit(lexer, item, type))
		return false;
	for (int i = 0; i < count; i++)
		toml_next(lexer);
	toml_ignore(lexer);
	return true;
}

/* Behind its opening quote. */
static bool take_string(struct toml_lexer *lexer, struct toml_item *item,
			uint32_t quote)
{
	enum toml_type type = TOML_TEXT;

	while (!lexer->failed) {
		uint32_t rune = toml_next(lexer);

		if (rune == TOML_END)
			return toml_fail(lexer, quote == '"'
							? "unexpected EOF; "
							  "expected '\"'"
							: "unexpected EOF; "
							  "expected \"'\"");
		if (toml_is_break(rune))
			return toml_fail_before(
				lexer, "strings cannot contain newlines");
		if (rune == quote)
			return emit_string(lexer, item, type, 1);
		if (rune == '\\' && quote == '"') {
			type = TOML_ESCAPED;
			if (!take_escape(lexer))
				return false;
		}
	}
	return false;
}

/* Do the last characters of the item so far read @suffix? */
static bool has_suffix(const struct toml_lexer *lexer, const char *suffix)
{
	size_t len = strlen(suffix);

	return lexer->at - lexer->start >= len &&
	       memcmp(lexer->text + lexer->at - len, suffix, len) == 0;
}

/* Three quotes, of which the last was just read; *@end: it is the end. */
static bool take_three(struct toml_lexer *lexer, uint32_t quote, bool *end)
{
	*end = toml_peek(lexer) != quote;
	if (*end)
		return true;
	/* A string may end with two quotes of its own, but not with three. */
	if (quote == '"' && has_suffix(lexer, "\"\"\"\"\"") &&
	    !has_suffix(lexer, "\\\"\"\"\"\""))
		return toml_fail(lexer, "unexpected '\"\"\"\"\"\"'");
	if (quote == '\'' && has_suffix(lexer, "'''''"))
		return toml_fail(lexer, "unexpected \"''''''\"");
	toml_back(lexer);
	toml_back(lexer);
	return true;
}

/* Behind its three opening quotes. */
static bool take_multiline(struct toml_lexer *lexer, struct toml_item *item,
			   uint32_t quote)
{
	bool raw = quote == '\'', end;

	while (!lexer->failed) {
		uint32_t rune = toml_next(lexer);

		if (rune == TOML_END)
			return toml_fail(lexer,
					 raw ? "unexpected EOF; expected "
					       "\"'''\""
					     : "unexpected EOF; expected "
					       "'\"\"\"'");
		if (rune == '\\' && !raw) {
			if (toml_is_break(toml_next(lexer)))
				continue;
			toml_back(lexer);
			if (!take_escape(lexer))
				return false;
		}
		if (rune != quote || !toml_accept(lexer, quote))
			continue;
		if (!toml_accept(lexer, quote)) {
			toml_back(lexer);
			continue;
		}
		if (!take_three(lexer, quote, &end))
			return false;
		if (end)
			return emit_string(
				lexer, item,
				raw ? TOML_RAW_MULTILINE : TOML_MULTILINE, 3);
	}
	return false;
}

/* A string of a value, behind its first quote. */
static bool take_any_string(struct toml_lexer *lexer, struct toml_item *item,
			    uint32_t quote)
{
	if (toml_accept(lexer, quote)) {
		if (toml_accept(lexer, quote)) {
			toml_ignore(lexer);
			return take_multiline(lexer, item, quote);
		}
		toml_back(lexer);
	}
	toml_ignore(lexer);
	return take_string(lexer, item, quote);
}

bool toml_bare_key(struct toml_lexer *lexer, struct toml_item *item)
{
	while (is_bare(toml_next(lexer)))
		;
	toml_back(lexer);
	return toml_emit(lexer, item, TOML_TEXT);
}

bool toml_quoted_key(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t quote = toml_next(lexer);

	toml_ignore(lexer);
	return take_string(lexer, item, quote);
}

/* --- values -------------------------------------------------------------- */

static bool take_bool(struct toml_lexer *lexer, struct toml_item *item)
{
	CLEANUP(str_release) struct str word = {0}, quoted = {0};
	uint32_t rune;

	for (rune = toml_next(lexer); rune_is_letter(rune);
	     rune = toml_next(lexer))
		str_add_rune(&word, rune);
	toml_back(lexer);
	if (strcmp(str_text(&word), "true") == 0 ||
	    strcmp(str_text(&word), "false") == 0)
		return toml_emit(lexer, item, TOML_BOOL);
	quote_add(&quoted, str_text(&word), word.len, false);
	return toml_fail(lexer, "expected value but found %s instead",
			 str_text(&quoted));
}

/* Behind an i or n: inf, nan, and what the library takes for them. */
static bool is_float_word(struct toml_lexer *lexer)
{
	return (toml_accept(lexer, 'n') && toml_accept(lexer, 'f')) ||
	       (toml_accept(lexer, 'a') && toml_accept(lexer, 'n'));
}

bool toml_value(struct toml_lexer *lexer, struct toml_item *item)
{
	uint32_t rune;

	toml_skip_blanks(lexer);
	rune = toml_next(lexer);
	if (toml_is_digit(rune) || rune == '-' || rune == '+')
		return toml_number(lexer, item, rune);
	if (rune == '[' || rune == '{') {
		toml_ignore(lexer);
		return toml_emit(lexer, item,
				 rune == '[' ? TOML_ARRAY : TOML_INLINE_TABLE);
	}
	if (rune == '"' || rune == '\'')
		return take_any_string(lexer, item, rune);
	if (rune == '.')
		return toml_fail(lexer,
				 "floats must start with a digit, not '.'");
	if ((rune == 'i' || rune == 'n') && is_float_word(lexer))
		return toml_emit(lexer, item, TOML_FLOAT);
	if (rune_is_letter(rune)) {
		toml_back(lexer);
		return take_bool(lexer, item);
	}
	if (rune == TOML_END)
		return toml_fail(lexer, "unexpected EOF; expected value");
	if (rune == '\n')
		return toml_fail_before(
			lexer, "expected value but found '\\n' instead");
	return toml_fail_rune(lexer, "expected value but found ", rune,
			      " instead");
}
