#include "core/chartindex_line.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/block.h"
#include "base/num.h"
#include "base/str.h"

/* --- its end -------------------------------------------------------------- */

static bool is_printable(char c)
{
	return c >= ' ' && c < 0x7f;
}

static size_t printable_end(const char *text, size_t len, size_t at)
{
	while (len - at >= BLOCK_SIZE) {
		block bytes = block_load(text + at);
		/* What is beyond ASCII is below a space, too. */
		size_t taken = block_first((bytes < ' ') | (bytes == 0x7f));

		at += taken;
		if (taken < BLOCK_SIZE)
			return at;
	}
	while (at < len && is_printable(text[at]))
		at++;
	return at;
}

static size_t indent_end(const char *text, size_t len, size_t at)
{
	while (len - at >= BLOCK_SIZE) {
		size_t taken = block_first(block_load(text + at) != ' ');

		at += taken;
		if (taken < BLOCK_SIZE)
			return at;
	}
	while (at < len && text[at] == ' ')
		at++;
	return at;
}

static bool is_break(unsigned int rune)
{
	return rune == 0x85 || rune == 0x2028 || rune == 0x2029;
}

/* What YAML allows beyond ASCII, line breaks left out. */
static bool is_allowed(unsigned int rune)
{
	return rune >= 0xa0 && rune != 0xfeff && rune < 0x110000 &&
	       (rune < 0xd800 || rune > 0xdfff) && rune != 0xfffe &&
	       rune != 0xffff && !is_break(rune);
}

static bool is_text(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		unsigned int rune;
		size_t taken;

		if (is_printable(text[at])) {
			at++;
			continue;
		}
		taken = rune_next(text + at, len - at, &rune);
		if (taken < 2 || !is_allowed(rune))
			return false;
		at += taken;
	}
	return true;
}

void line_find(struct line *line, const char *text, size_t len, size_t at)
{
	size_t start = indent_end(text, len, at);
	size_t end = printable_end(text, len, start), other = end;

	if (end < len && text[end] != '\n') {
		const char *found = memchr(text + end, '\n', len - end);

		end = found ? (size_t)(found - text) : len;
	}
	line->start = at;
	line->next = end < len ? end + 1 : len;
	if (end < len && end > start && text[end - 1] == '\r')
		end--;
	line->end = end;
	line->indent = start - at;
	line->first = start < end && text[start] != '#' ? text[start] : '\0';
	line->is_text = is_text(text + other, end - other);
}

/* --- scalars ------------------------------------------------------ */

static size_t escape_digits(char c)
{
	return c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
}

static bool read_hex(const char *text, size_t len, unsigned int *rune)
{
	*rune = 0;
	for (size_t i = 0; i < len; i++) {
		int digit = num_hex_digit(text[i]);

		if (digit < 0)
			return false;
		*rune = *rune << 4 | (unsigned int)digit;
	}
	return true;
}

/* Surrogates by number are left to the parser. */
static bool skip_escape(const char *text, size_t len, size_t *at)
{
	unsigned int rune;
	size_t digits;
	char c;

	if (*at + 1 >= len)
		return false;
	c = text[*at + 1];
	digits = escape_digits(c);
	if (!digits && !strchr("abtnvfre \"/\\N_LP", c))
		return false;
	if (*at + 2 + digits > len ||
	    !read_hex(text + *at + 2, digits, &rune) || rune > 0x10ffff ||
	    (rune >= 0xd800 && rune <= 0xdfff))
		return false;
	*at += 2 + digits;
	return true;
}

enum quote_end {
	QUOTE_BAD,
	QUOTE_OPEN, /* at the end of the line */
	QUOTE_CLOSED,
};

/* Go on from *@at within quoted text, and behind the quote that ends it. */
static enum quote_end find_quote_end(char quote, const char *text, size_t len,
				     size_t *at)
{
	while (*at < len) {
		if (text[*at] != quote && text[*at] != '\\') {
			++*at;
		} else if (text[*at] == quote) {
			++*at;
			if (quote == '"' || *at == len || text[*at] != quote)
				return QUOTE_CLOSED;
			++*at;
		} else if (quote == '\'' || *at + 1 == len) {
			++*at;
		} else if (!skip_escape(text, len, at)) {
			return QUOTE_BAD;
		}
	}
	return QUOTE_OPEN;
}

/* The length of the quoted text that @text starts with, 0 if there is none. */
static size_t quoted_length(const char *text, size_t len)
{
	size_t at = 1;

	return find_quote_end(text[0], text, len, &at) == QUOTE_CLOSED ? at : 0;
}

/* The length of what stands before a comment. */
static size_t before_comment(const char *text, size_t len)
{
	const char *at = text + 1;

	while ((at = memchr(at, '#', (size_t)(text + len - at)))) {
		if (at[-1] != ' ') {
			at++;
			continue;
		}
		len = (size_t)(at - text);
		while (len && text[len - 1] == ' ')
			len--;
		break;
	}
	return len;
}

/* What begins something else than plain text. */
static bool is_indicator(char c)
{
	static const bool indicators[UCHAR_MAX + 1] = {
		[','] = true, ['['] = true, [']'] = true, ['{'] = true,
		['}'] = true, ['#'] = true, ['&'] = true, ['*'] = true,
		['!'] = true, ['|'] = true, ['>'] = true, ['\''] = true,
		['"'] = true, ['%'] = true, ['@'] = true, ['`'] = true,
		[' '] = true,
	};

	return indicators[(unsigned char)c];
}

/* What goes on, or begins, plain text. */
static bool is_plain_line(const char *text, size_t len)
{
	const char *at = text;

	if (text[len - 1] == ':' || text[len - 1] == ' ')
		return false;
	while ((at = memchr(at, ':', (size_t)(text + len - at)))) {
		if (at[1] == ' ')
			return false;
		at++;
	}
	return true;
}

static enum line_value plain_value(const char *text, size_t len)
{
	size_t whole = len;

	len = before_comment(text, len);
	if (strchr("-?:", text[0]) ? len == 1 || text[1] == ' '
				   : is_indicator(text[0]))
		return LINE_UNKNOWN;
	if (!is_plain_line(text, len))
		return LINE_UNKNOWN;
	return len == whole ? LINE_PLAIN : LINE_SCALAR;
}

static bool is_end(const char *text, size_t len)
{
	return !len || (text[0] == ' ' && before_comment(text, len) == 0);
}

/* Quoted text of which the first @at bytes are known. */
static enum line_value quoted_value(char quote, const char *text, size_t len,
				    size_t at)
{
	switch (find_quote_end(quote, text, len, &at)) {
	case QUOTE_BAD:
		return LINE_UNKNOWN;
	case QUOTE_OPEN:
		return quote == '"' ? LINE_DOUBLE : LINE_SINGLE;
	case QUOTE_CLOSED:
		return is_end(text + at, len - at) ? LINE_SCALAR : LINE_UNKNOWN;
	}
	return LINE_UNKNOWN;
}

bool line_continues(const struct line *line, const char *text,
		    enum line_value *value)
{
	size_t len = line->end - line->start - line->indent;
	char quote = *value == LINE_DOUBLE ? '"' : '\'';

	text += line->start + line->indent;
	if (*value == LINE_PLAIN)
		return before_comment(text, len) == len &&
		       is_plain_line(text, len);
	*value = quoted_value(quote, text, len, 0);
	return *value != LINE_UNKNOWN;
}

size_t line_scalar_end(const char *text, size_t at, size_t line_end)
{
	size_t len = line_end - at;
	size_t quoted = 0;

	if (!len)
		return line_end;
	if (text[at] == '"' || text[at] == '\'')
		quoted = quoted_length(text + at, len);
	return at + (quoted ? quoted : before_comment(text + at, len));
}

/* "|-", ">2+": text follows on the lines below. */
static bool announces_text(struct line *line, const char *text, size_t len)
{
	size_t at = 1, indent = 0;

	for (unsigned int i = 0; i < 2 && at < len; i++) {
		if (text[at] >= '1' && text[at] <= '9' && !indent)
			indent = (size_t)(text[at++] - '0');
		else if (text[at] == '-' || text[at] == '+')
			at++;
	}
	line->text_indent = indent;
	return at == len && (len < 3 || indent);
}

static enum line_value value_at(struct line *line, const char *text, size_t len)
{
	if (text[0] == '|' || text[0] == '>')
		return announces_text(line, text, len) ? LINE_TEXT
						       : LINE_UNKNOWN;
	if (text[0] == '"' || text[0] == '\'')
		return quoted_value(text[0], text, len, 1);
	if (len == 2 && (!memcmp(text, "{}", 2) || !memcmp(text, "[]", 2)))
		return LINE_SCALAR;
	return plain_value(text, len);
}

/* --- its key ---------------------------------------------------------------- */

struct key {
	const char *text;
	size_t len;
};

/* Words that are no strings to YAML, so that two spellings may be one key. */
static bool is_word(const struct key *key)
{
	static const struct key words[] = {
		{"y", 1},   {"n", 1},	 {"no", 2},   {"on", 2},    {"yes", 3},
		{"off", 3}, {"true", 4}, {"null", 4}, {"false", 5},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].len == key->len &&
		    !strncasecmp(words[i].text, key->text, key->len))
			return true;
	}
	return false;
}

static bool is_key_char(char c)
{
	static const bool allowed[UCHAR_MAX + 1] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true,
		['0' ... '9'] = true, ['_'] = true,
		['.'] = true,	      ['/'] = true,
		['-'] = true,
	};

	return allowed[(unsigned char)c];
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * The key that @text starts with; *@behind is where its colon was passed.
 * False if there is none, or one whose spelling is not its meaning.
 */
static bool find_key(const char *text, size_t len, struct key *key,
		     size_t *behind)
{
	size_t end;

	if (text[0] == '"' || text[0] == '\'') {
		end = quoted_length(text, len);
		if (end < 3)
			return false;
		*key = (struct key){text + 1, end - 2};
		if (memchr(key->text, '\\', key->len) ||
		    memchr(key->text, '\'', key->len))
			return false;
	} else {
		end = 0;
		while (end < len && is_key_char(text[end]))
			end++;
		*key = (struct key){text, end};
		if (!end || !is_letter(text[0]))
			return false;
	}
	if (end > LINE_KEY_MAX || end == len || text[end] != ':' ||
	    (end + 1 < len && text[end + 1] != ' '))
		return false;
	*behind = end + 1;
	return key->text != text || !is_word(key);
}

/* --- what it says ----------------------------------------------------------- */

static bool is_dash(const char *text, size_t len)
{
	return len > 2 && text[0] == '-' && text[1] == ' ' && text[2] != ' ';
}

/* Behind a colon, if anything: a blank and the value. */
static enum line_value value_behind(struct line *line, const char *text,
				    size_t len)
{
	if (!len)
		return LINE_NO_VALUE;
	if (len < 2 || text[1] == ' ')
		return LINE_UNKNOWN;
	return value_at(line, text + 1, len - 1);
}

static void understand(struct line *line, const char *text)
{
	const char *at = text + line->start + line->indent;
	const char *end = text + line->end;
	struct key key;
	size_t behind;

	line->dashes = 0;
	while (is_dash(at, (size_t)(end - at))) {
		line->dashes++;
		at += 2;
	}
	line->key_len = 0;
	line->value = LINE_UNKNOWN;
	if (find_key(at, (size_t)(end - at), &key, &behind)) {
		line->key_at = (size_t)(key.text - text) - line->start;
		line->key_len = key.len;
		line->value = value_behind(line, at + behind,
					   (size_t)(end - at) - behind);
	} else if (line->dashes) {
		line->value = value_at(line, at, (size_t)(end - at));
	}
}

/* --- one after the other ------------------------------------------------------ */

/* Does the text go on with @line?  Its break is compared, too. */
static bool comes_again(const struct lines *lines, const struct line *line)
{
	size_t size = line->next - line->start;

	return size && size <= lines->len - lines->at &&
	       !memcmp(lines->text + line->start, lines->text + lines->at,
		       size);
}

static void move_line(struct line *line, size_t start)
{
	line->end = line->end - line->start + start;
	line->next = line->next - line->start + start;
	line->start = start;
}

const struct line *lines_next(struct lines *lines)
{
	struct line *line = &lines->kept[lines->place];

	if (lines->at == lines->len)
		return NULL;
	if (comes_again(lines, line)) {
		move_line(line, lines->at);
	} else {
		line_find(line, lines->text, lines->len, lines->at);
		if (line->first && line->is_text)
			understand(line, lines->text);
	}
	lines->at = line->next;
	if (lines->place < LINES_KEPT - 1)
		lines->place++;
	return line;
}

void lines_begin_entry(struct lines *lines, const struct line *line)
{
	lines->kept[0] = *line;
	lines->place = 1;
}
