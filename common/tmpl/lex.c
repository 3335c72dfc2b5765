#include "tmpl/lex.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/unicode.h"

#define COMMENT_START "/*"
#define COMMENT_END   "*/"

/* "((- " and " -))": a minus and a blank beside the delimiter. */
#define TRIM_MARKER_LEN 2

#define RUNE_NONE UINT32_MAX /* at the end of the text */

static bool is_blank_byte(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alphanumeric(uint32_t rune)
{
	return rune == '_' || (rune != RUNE_NONE &&
			       (rune_is_letter(rune) || rune_is_digit(rune)));
}

/* Does @word stand at @offset? */
static bool stands_at(const struct lexer *lexer, size_t offset,
		      const char *word, size_t len)
{
	return offset <= lexer->len && lexer->len - offset >= len &&
	       memcmp(lexer->text + offset, word, len) == 0;
}

static struct token token_from(const struct lexer *lexer, enum token_kind kind,
			       size_t start)
{
	return (struct token){kind, start, lexer->at - start};
}

/* Set the error for byte @offset; nothing is read after it. */
static struct token fail(struct lexer *lexer, size_t offset)
{
	err_at_offset(lexer->err, lexer->name, lexer->text, lexer->len, offset);
	lexer->at = lexer->len;
	lexer->in_action = false;
	return (struct token){TOKEN_ERROR, offset, 0};
}

static struct token fail_text(struct lexer *lexer, size_t offset,
			      const char *message)
{
	err_set(lexer->err, ERR_INPUT, "%s", message);
	return fail(lexer, offset);
}

static struct token fail_rune(struct lexer *lexer, size_t offset,
			      const char *message)
{
	CLEANUP(str_release) struct str shown = {0};
	uint32_t rune;
	size_t width;

	width = rune_decode(lexer->text + offset, lexer->len - offset, &rune);
	str_add_escaped(&shown, lexer->text + offset, width);
	err_set(lexer->err, ERR_INPUT, "%s '%s' (U+%04X)", message,
		str_text(&shown), (unsigned int)rune);
	return fail(lexer, offset);
}

static uint32_t peek_rune(const struct lexer *lexer)
{
	uint32_t rune;

	if (lexer->at >= lexer->len)
		return RUNE_NONE;
	rune_decode(lexer->text + lexer->at, lexer->len - lexer->at, &rune);
	return rune;
}

static void skip_rune(struct lexer *lexer)
{
	uint32_t rune;

	lexer->at += rune_decode(lexer->text + lexer->at,
				 lexer->len - lexer->at, &rune);
}

/* Take the next byte if it is one of @set. */
static bool accept(struct lexer *lexer, const char *set)
{
	if (lexer->at >= lexer->len || lexer->text[lexer->at] == '\0' ||
	    !strchr(set, lexer->text[lexer->at]))
		return false;
	lexer->at++;
	return true;
}

static void accept_run(struct lexer *lexer, const char *set)
{
	while (accept(lexer, set))
		;
}

/* Is a right delimiter here, perhaps behind a trim marker? */
static bool at_right_delim(const struct lexer *lexer, size_t at, bool *trims)
{
	*trims = at + TRIM_MARKER_LEN <= lexer->len &&
		 is_blank_byte(lexer->text[at]) && lexer->text[at + 1] == '-' &&
		 stands_at(lexer, at + TRIM_MARKER_LEN, lexer->right,
			   lexer->right_len);

	return *trims || stands_at(lexer, at, lexer->right, lexer->right_len);
}

/* Does a trim marker stand at @at, behind a left delimiter? */
static bool at_left_trim(const struct lexer *lexer, size_t at)
{
	return at + TRIM_MARKER_LEN <= lexer->len && lexer->text[at] == '-' &&
	       is_blank_byte(lexer->text[at + 1]);
}

/* Drop the blanks behind a right delimiter with a trim marker. */
static void skip_trimmed(struct lexer *lexer)
{
	while (lexer->at < lexer->len && is_blank_byte(lexer->text[lexer->at]))
		lexer->at++;
}

/*
 * Skip the comment behind a left delimiter: it has the whole action to
 * itself.
 */
static bool skip_comment(struct lexer *lexer)
{
	size_t start = lexer->at;
	const char *end;
	bool trims;

	lexer->at += strlen(COMMENT_START);
	end = memmem(lexer->text + lexer->at, lexer->len - lexer->at,
		     COMMENT_END, strlen(COMMENT_END));
	if (!end) {
		fail_text(lexer, start, "comment is not closed");
		return false;
	}
	lexer->at = (size_t)(end - lexer->text) + strlen(COMMENT_END);
	if (!at_right_delim(lexer, lexer->at, &trims)) {
		err_set(lexer->err, ERR_INPUT,
			"comment ends before the closing '%s'", lexer->right);
		err_hint(lexer->err, "write '%s' right behind '%s'",
			 lexer->right, COMMENT_END);
		fail(lexer, lexer->at);
		return false;
	}

	lexer->at += lexer->right_len + (trims ? TRIM_MARKER_LEN : 0);
	if (trims)
		skip_trimmed(lexer);
	return true;
}

/* The left delimiter is at hand. */
static struct token lex_left_delim(struct lexer *lexer)
{
	struct token token;
	size_t start = lexer->at;

	lexer->at += lexer->left_len;
	token = token_from(lexer, TOKEN_LEFT_DELIM, start);
	lexer->in_action = true;
	lexer->action_at = start;
	lexer->open_parens = 0;
	if (at_left_trim(lexer, lexer->at))
		lexer->at += TRIM_MARKER_LEN;

	return token;
}

/* A left delimiter at @at that opens a comment? */
static bool opens_comment(const struct lexer *lexer, size_t at)
{
	at += lexer->left_len;
	if (at_left_trim(lexer, at))
		at += TRIM_MARKER_LEN;

	return stands_at(lexer, at, COMMENT_START, strlen(COMMENT_START));
}

/*
 * Text up to the next action.  Comments are nothing, so text before and
 * behind one are two tokens.
 */
static struct token lex_text(struct lexer *lexer)
{
	for (;;) {
		size_t start = lexer->at, end = lexer->len;
		const char *delim =
			memmem(lexer->text + start, lexer->len - start,
			       lexer->left, lexer->left_len);

		if (delim)
			end = lexer->at = (size_t)(delim - lexer->text);
		else
			lexer->at = lexer->len;
		if (delim && at_left_trim(lexer, end + lexer->left_len)) {
			while (end > start &&
			       is_blank_byte(lexer->text[end - 1]))
				end--;
		}
		if (end > start)
			return (struct token){TOKEN_TEXT, start, end - start};
		if (!delim)
			return token_from(lexer, TOKEN_EOF, lexer->at);
		if (!opens_comment(lexer, lexer->at))
			return lex_left_delim(lexer);

		lexer->at += lexer->left_len;
		if (at_left_trim(lexer, lexer->at))
			lexer->at += TRIM_MARKER_LEN;
		if (!skip_comment(lexer))
			return (struct token){TOKEN_ERROR, start, 0};
	}
}

static struct token lex_right_delim(struct lexer *lexer)
{
	struct token token;
	size_t start;
	bool trims;

	at_right_delim(lexer, lexer->at, &trims);
	if (trims)
		lexer->at += TRIM_MARKER_LEN;
	start = lexer->at;
	lexer->at += lexer->right_len;
	token = token_from(lexer, TOKEN_RIGHT_DELIM, start);
	lexer->in_action = false;
	if (trims)
		skip_trimmed(lexer);

	return token;
}

/* The run of blanks here, but for one that belongs to a trim marker. */
static struct token lex_space(struct lexer *lexer)
{
	size_t start = lexer->at;
	bool trims;

	skip_trimmed(lexer);
	if (at_right_delim(lexer, lexer->at - 1, &trims) && trims) {
		lexer->at--;
		if (lexer->at == start)
			return lex_right_delim(lexer);
	}
	return token_from(lexer, TOKEN_SPACE, start);
}

/* May a name end here?  Anything else glued to it is a mistake. */
static bool at_terminator(const struct lexer *lexer)
{
	if (lexer->at >= lexer->len || is_blank_byte(lexer->text[lexer->at]))
		return true;
	if (lexer->text[lexer->at] != '\0' &&
	    strchr(".,|:)(", lexer->text[lexer->at]))
		return true;

	return stands_at(lexer, lexer->at, lexer->right, lexer->right_len);
}

static enum token_kind word_kind(const char *word, size_t len)
{
	static const struct {
		const char *word;
		enum token_kind kind;
	} words[] = {
		{"block", TOKEN_BLOCK},	      {"break", TOKEN_BREAK},
		{"continue", TOKEN_CONTINUE}, {"define", TOKEN_DEFINE},
		{"else", TOKEN_ELSE},	      {"end", TOKEN_END},
		{"false", TOKEN_BOOL},	      {"if", TOKEN_IF},
		{"nil", TOKEN_NIL},	      {"range", TOKEN_RANGE},
		{"template", TOKEN_TEMPLATE}, {"true", TOKEN_BOOL},
		{"with", TOKEN_WITH},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, word, len) == 0)
			return words[i].kind;
	}
	return TOKEN_IDENTIFIER;
}

/* Letters, digits and underscores from here on; false: glued to something. */
static bool skip_word(struct lexer *lexer)
{
	while (is_alphanumeric(peek_rune(lexer)))
		skip_rune(lexer);

	return at_terminator(lexer);
}

static struct token lex_identifier(struct lexer *lexer)
{
	size_t start = lexer->at;
	struct token token;

	if (!skip_word(lexer))
		return fail_rune(lexer, lexer->at, "unexpected character");
	token = token_from(lexer, TOKEN_IDENTIFIER, start);
	token.kind = word_kind(lexer->text + start, token.len);
	return token;
}

/* .name and $name; the first character alone is dot, or the root. */
static struct token lex_field_or_variable(struct lexer *lexer,
					  enum token_kind kind)
{
	size_t start = lexer->at++;

	if (at_terminator(lexer))
		return token_from(lexer, kind == TOKEN_FIELD ? TOKEN_DOT : kind,
				  start);
	if (!skip_word(lexer))
		return fail_rune(lexer, lexer->at, "unexpected character");
	return token_from(lexer, kind, start);
}

/* What stands between @quote and @quote; the opening one is at hand. */
static struct token lex_quoted(struct lexer *lexer, enum token_kind kind,
			       char quote, const char *unterminated)
{
	size_t start = lexer->at++;

	for (; lexer->at < lexer->len && lexer->text[lexer->at] != '\n';
	     lexer->at++) {
		if (lexer->text[lexer->at] == quote) {
			lexer->at++;
			return token_from(lexer, kind, start);
		}
		if (lexer->text[lexer->at] == '\\' &&
		    lexer->at + 1 < lexer->len &&
		    lexer->text[lexer->at + 1] != '\n')
			lexer->at++;
	}
	return fail_text(lexer, start, unterminated);
}

static struct token lex_raw_string(struct lexer *lexer)
{
	size_t start = lexer->at;
	const char *end =
		memchr(lexer->text + start + 1, '`', lexer->len - start - 1);

	if (!end)
		return fail_text(lexer, start, "raw string is not closed");
	lexer->at = (size_t)(end - lexer->text) + 1;
	return token_from(lexer, TOKEN_RAW_STRING, start);
}

/*
 * Something like a number; the parser looks whether it is one.  False if a
 * letter is glued to it.
 */
static bool scan_number(struct lexer *lexer)
{
	static const char decimal[] = "0123456789_";
	static const char hex[] = "0123456789abcdefABCDEF_";
	const char *digits = decimal;

	accept(lexer, "+-");
	if (accept(lexer, "0")) {
		if (accept(lexer, "xX"))
			digits = hex;
		else if (accept(lexer, "oO"))
			digits = "01234567_";
		else if (accept(lexer, "bB"))
			digits = "01_";
	}
	accept_run(lexer, digits);
	if (accept(lexer, "."))
		accept_run(lexer, digits);
	if ((digits == decimal && accept(lexer, "eE")) ||
	    (digits == hex && accept(lexer, "pP"))) {
		accept(lexer, "+-");
		accept_run(lexer, decimal);
	}
	accept(lexer, "i");

	return !is_alphanumeric(peek_rune(lexer));
}

static struct token lex_number(struct lexer *lexer)
{
	size_t start = lexer->at;
	enum token_kind kind = TOKEN_NUMBER;
	bool good = scan_number(lexer);

	if (good && lexer->at < lexer->len &&
	    (lexer->text[lexer->at] == '+' || lexer->text[lexer->at] == '-')) {
		kind = TOKEN_COMPLEX;
		good = scan_number(lexer) && lexer->text[lexer->at - 1] == 'i';
	}
	if (!good) {
		CLEANUP(str_release) struct str shown = {0};

		if (is_alphanumeric(peek_rune(lexer)))
			skip_rune(lexer);
		str_add_escaped(&shown, lexer->text + start, lexer->at - start);
		err_set(lexer->err, ERR_INPUT, "'%s' is not a number",
			str_text(&shown));
		return fail(lexer, start);
	}
	return token_from(lexer, kind, start);
}

static struct token one_char(struct lexer *lexer, enum token_kind kind)
{
	lexer->at++;
	return token_from(lexer, kind, lexer->at - 1);
}

static struct token lex_paren(struct lexer *lexer, char paren)
{
	if (paren == '(') {
		lexer->open_parens++;
		return one_char(lexer, TOKEN_LEFT_PAREN);
	}
	if (lexer->open_parens == 0)
		return fail_text(lexer, lexer->at,
				 "unexpected right parenthesis");
	lexer->open_parens--;
	return one_char(lexer, TOKEN_RIGHT_PAREN);
}

/*
 * The right delimiter stands inside of parentheses.  With a delimiter that
 * is made of them, most often the two parentheses meant to close something.
 */
static struct token fail_open_paren(struct lexer *lexer)
{
	err_set(lexer->err, ERR_INPUT,
		"'%s' ends the action while a left parenthesis is open",
		lexer->right);
	if (lexer->right[0] == ')')
		err_hint(lexer->err, "write a space between closing "
				     "parentheses: ') ))'");
	return fail(lexer, lexer->at);
}

static struct token lex_declare(struct lexer *lexer)
{
	size_t start = lexer->at++;

	if (!accept(lexer, "="))
		return fail_text(lexer, start, "expected ':='");
	return token_from(lexer, TOKEN_DECLARE, start);
}

static bool starts_number(const struct lexer *lexer, char c)
{
	char next =
		lexer->at + 1 < lexer->len ? lexer->text[lexer->at + 1] : '\0';

	if (c == '.')
		return lexer->at + 1 >= lexer->len ||
		       (next >= '0' && next <= '9');

	return c == '+' || c == '-' || (c >= '0' && c <= '9');
}

static struct token lex_in_action(struct lexer *lexer)
{
	char c;
	bool trims;

	if (at_right_delim(lexer, lexer->at, &trims))
		return lexer->open_parens > 0 ? fail_open_paren(lexer)
					      : lex_right_delim(lexer);
	if (lexer->at >= lexer->len)
		return fail_text(lexer, lexer->action_at,
				 "action is not closed");
	c = lexer->text[lexer->at];
	if (is_blank_byte(c))
		return lex_space(lexer);
	if (starts_number(lexer, c))
		return lex_number(lexer);

	switch (c) {
	case '=':
		return one_char(lexer, TOKEN_ASSIGN);
	case ':':
		return lex_declare(lexer);
	case '|':
		return one_char(lexer, TOKEN_PIPE);
	case '"':
		return lex_quoted(lexer, TOKEN_STRING, '"',
				  "string is not closed");
	case '\'':
		return lex_quoted(lexer, TOKEN_CHARACTER, '\'',
				  "character constant is not closed");
	case '`':
		return lex_raw_string(lexer);
	case '$':
		return lex_field_or_variable(lexer, TOKEN_VARIABLE);
	case '.':
		return lex_field_or_variable(lexer, TOKEN_FIELD);
	case '(':
	case ')':
		return lex_paren(lexer, c);
	default:
		break;
	}
	if (is_alphanumeric(peek_rune(lexer)))
		return lex_identifier(lexer);
	if (c > ' ' && c <= '~')
		return one_char(lexer, TOKEN_CHAR);
	return fail_rune(lexer, lexer->at, "unexpected character");
}

struct token lex_next(struct lexer *lexer)
{
	return lexer->in_action ? lex_in_action(lexer) : lex_text(lexer);
}
