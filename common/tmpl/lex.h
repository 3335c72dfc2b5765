/*
 * Tokens of a template, as Go's text/template/parse cuts them.
 *
 * Text outside of actions is one token; inside, blanks are tokens too,
 * because `.a .b` and `.a.b` differ.  At each place inside an action the
 * right delimiter is looked for first: `(f (g x)))` ends at the first `))`.
 */
#ifndef TMPL_LEX_H
#define TMPL_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum token_kind {
	TOKEN_ERROR, /* the lexer's err says what */
	TOKEN_BOOL,
	TOKEN_CHAR, /* a printable character without a meaning of its own */
	TOKEN_CHARACTER, /* 'x' */
	TOKEN_COMPLEX,
	TOKEN_ASSIGN,  /* = */
	TOKEN_DECLARE, /* := */
	TOKEN_EOF,
	TOKEN_FIELD, /* .name */
	TOKEN_IDENTIFIER,
	TOKEN_LEFT_DELIM,
	TOKEN_LEFT_PAREN,
	TOKEN_NUMBER,
	TOKEN_PIPE,
	TOKEN_RAW_STRING,
	TOKEN_RIGHT_DELIM,
	TOKEN_RIGHT_PAREN,
	TOKEN_SPACE,
	TOKEN_STRING,
	TOKEN_TEXT,
	TOKEN_VARIABLE, /* $ or $name */
	TOKEN_DOT,
	/* Keywords. */
	TOKEN_BLOCK,
	TOKEN_BREAK,
	TOKEN_CONTINUE,
	TOKEN_DEFINE,
	TOKEN_ELSE,
	TOKEN_END,
	TOKEN_IF,
	TOKEN_NIL,
	TOKEN_RANGE,
	TOKEN_TEMPLATE,
	TOKEN_WITH,
};

/* A piece of the source; @offset is where it starts, also for errors. */
struct token {
	enum token_kind kind;
	size_t offset;
	size_t len;
};

struct lexer {
	const char *name; /* of the file, for errors */
	const char *text;
	size_t len;
	const char *left, *right; /* delimiters */
	size_t left_len, right_len;
	size_t at;
	size_t action_at; /* where the action at hand started */
	unsigned int open_parens;
	bool in_action;
	struct err *err; /* set once, at the first TOKEN_ERROR */
};

/* The next token; after the end TOKEN_EOF again and again. */
struct token lex_next(struct lexer *lexer);

#endif
