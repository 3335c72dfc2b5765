#include "format/ydoc-writer.h"

#include <string.h>

#include "base/str.h"
#include "base/unicode.h"
#include "format/ydoc-scalar.h"

#define WIDTH 80 /* lines are folded at the first blank behind */

static void put(struct ywriter *writer, char c)
{
	str_add_char(writer->out, c);
	writer->column++;
}

static void put_rune(struct ywriter *writer, uint32_t rune)
{
	str_add_rune(writer->out, rune);
	writer->column++;
}

static void put_break(struct ywriter *writer)
{
	str_add_char(writer->out, '\n');
	writer->column = 0;
}

void ywriter_indent(struct ywriter *writer)
{
	int indent = writer->indent < 0 ? 0 : writer->indent;

	if (!writer->indention || writer->column > indent ||
	    (writer->column == indent && !writer->whitespace))
		put_break(writer);
	while (writer->column < indent)
		put(writer, ' ');
	writer->whitespace = true;
	writer->indention = true;
}

void ywriter_block_indicator(struct ywriter *writer, char indicator)
{
	if (!writer->whitespace)
		put(writer, ' ');
	put(writer, indicator);
	writer->whitespace = false;
}

void ywriter_token(struct ywriter *writer, const char *token)
{
	if (!writer->whitespace)
		put(writer, ' ');
	while (*token)
		put(writer, *token++);
	writer->whitespace = false;
	writer->indention = false;
}

/* Scalars; @fold tells whether lines may be broken. */

static void write_plain(struct ywriter *writer, const char *text, size_t len,
			bool fold)
{
	bool spaces = false;

	if (!writer->whitespace)
		put(writer, ' ');
	/* Most are as simple as that: nothing to fold, a column a byte. */
	if (len < WIDTH && writer->column < WIDTH - (int)len &&
	    is_ascii(text, len)) {
		str_add_bytes(writer->out, text, len);
		writer->column += (int)len;
		len = 0;
	}
	for (size_t at = 0; at < len;) {
		uint32_t rune = yscalar_rune(text, len, &at);
		bool space = rune == ' ';

		if (space && fold && !spaces && writer->column > WIDTH &&
		    text[at] != ' ')
			ywriter_indent(writer);
		else
			put_rune(writer, rune);
		if (!space)
			writer->indention = false;
		spaces = space;
	}
	writer->whitespace = false;
	writer->indention = false;
}

static void write_single_quoted(struct ywriter *writer, const char *text,
				size_t len, bool fold)
{
	bool spaces = false, breaks = false;

	ywriter_token(writer, "'");
	for (size_t at = 0; at < len;) {
		bool first = at == 0, last, space;
		uint32_t rune = yscalar_rune(text, len, &at);

		last = at == len;
		space = rune == ' ';
		if (space && fold && !spaces && !first && !last &&
		    writer->column > WIDTH && text[at] != ' ') {
			ywriter_indent(writer);
		} else if (yscalar_is_break(rune)) {
			put_rune(writer, rune);
			writer->column = 0;
			writer->indention = true;
		} else {
			if (breaks)
				ywriter_indent(writer);
			if (rune == '\'')
				put(writer, '\'');
			put_rune(writer, rune);
		}
		breaks = yscalar_is_break(rune);
		if (!space && !breaks)
			writer->indention = false;
		spaces = space;
	}
	put(writer, '\'');
	writer->whitespace = false;
	writer->indention = false;
}

static void write_escape(struct ywriter *writer, uint32_t rune)
{
	size_t before = writer->out->len;

	yscalar_add_escape(writer->out, rune);
	writer->column += (int)(writer->out->len - before);
}

static void write_double_quoted(struct ywriter *writer, const char *text,
				size_t len, bool fold)
{
	/* The port's test for a byte order mark looks at the start only. */
	bool spaces = false, all = starts_with(text, "\xef\xbb\xbf");

	ywriter_token(writer, "\"");
	for (size_t at = 0; at < len;) {
		bool first = at == 0;
		uint32_t rune = yscalar_rune(text, len, &at);
		bool space = rune == ' ' && !all;

		if (all || !yscalar_is_printable(rune) ||
		    yscalar_is_break(rune) || rune == '"' || rune == '\\') {
			write_escape(writer, rune);
		} else if (space && fold && !spaces && !first && at < len &&
			   writer->column > WIDTH) {
			ywriter_indent(writer);
			if (text[at] == ' ')
				put(writer, '\\');
		} else {
			put_rune(writer, rune);
		}
		spaces = space;
	}
	put(writer, '"');
	writer->whitespace = false;
	writer->indention = false;
}

/* The rune that @text ends with before *@end, which moves in front of it. */
static uint32_t last_rune(const char *text, size_t *end)
{
	uint32_t rune;

	*end -= rune_decode_last(text, *end, &rune);
	return rune;
}

static void write_block_hints(struct ywriter *writer, const char *text,
			      size_t len)
{
	size_t at = 0, end = len;
	uint32_t first = yscalar_rune(text, len, &at);

	if (first == ' ' || yscalar_is_break(first))
		put(writer, '0' + YWRITER_INDENT);
	if (!yscalar_is_break(last_rune(text, &end)))
		put(writer, '-');
	else if (end == 0 || yscalar_is_break(last_rune(text, &end)))
		put(writer, '+');
}

static void write_literal(struct ywriter *writer, const char *text, size_t len)
{
	bool breaks = true;

	ywriter_token(writer, "|");
	write_block_hints(writer, text, len);
	put_break(writer);
	writer->indention = true;
	writer->whitespace = true;
	for (size_t at = 0; at < len;) {
		uint32_t rune = yscalar_rune(text, len, &at);

		if (yscalar_is_break(rune)) {
			put_rune(writer, rune);
			writer->column = 0;
			writer->indention = true;
			breaks = true;
			continue;
		}
		if (breaks)
			ywriter_indent(writer);
		put_rune(writer, rune);
		writer->indention = false;
		breaks = false;
	}
}

/* 0o-7: the octals of v3 take a sign. */
static bool is_signed_octal(const char *text)
{
	size_t digits;

	if (!starts_with(text, "0o-") && !starts_with(text, "0o+"))
		return false;
	digits = strspn(text + 3, "01234567_");
	return digits > 0 && !text[3 + digits];
}

void ywriter_text(struct ywriter *writer, const char *text, size_t len,
		  bool key)
{
	bool literal, quote, fold = !key && !writer->v3;
	struct yscalar_traits traits;

	yscalar_analyze(&traits, text, len);
	literal = memchr(text, '\n', len) && !key &&
		  (writer->v3 ? traits.literal_v3 : traits.literal);
	quote = !yscalar_reads_as_text(text, len) ||
		(writer->v3 && is_signed_octal(text)) ||
		(key && traits.multiline);
	if (literal)
		write_literal(writer, text, len);
	else if (memchr(text, '\n', len) || quote)
		write_double_quoted(writer, text, len, fold);
	else if (traits.block_plain && len > 0)
		write_plain(writer, text, len, fold);
	else if (traits.single_quoted)
		write_single_quoted(writer, text, len, fold);
	else
		write_double_quoted(writer, text, len, fold);
}

void ywriter_tag(struct ywriter *writer, const char *tag)
{
	ywriter_token(writer, tag);
}

void ywriter_tagged(struct ywriter *writer, const char *text, size_t len,
		    bool key)
{
	if (!memchr(text, '\n', len))
		write_plain(writer, text, len, false);
	else if (key)
		write_double_quoted(writer, text, len, false);
	else
		write_literal(writer, text, len);
}

void ywriter_colon(struct ywriter *writer)
{
	put(writer, ':');
	writer->whitespace = false;
	writer->indention = false;
}
