/*
 * The parser's state: tokens with their lookahead, errors, nodes.
 *
 * parse-pipeline.c parses what stands in an action, parse.c the items and
 * control structures around.
 */
#ifndef TMPL_PARSER_H
#define TMPL_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "tmpl/ast.h"
#include "tmpl/lex.h"

struct arena;
struct err;
struct str;
struct tmpl;

/* What belongs to the template at hand; define and block start a new one. */
struct scope {
	const char **variables; /* in the arena */
	size_t count;
	size_t capacity;
	unsigned int ranges; /* open ones: may break and continue stand here */
};

struct parser {
	struct tmpl *set;
	struct arena *arena;
	const struct source *source;
	struct lexer lexer;
	struct token tokens[3]; /* the lookahead; the last one read is first */
	unsigned int peeked;
	struct scope scope;
	struct map names;   /* of variables, interned */
	struct map defined; /* name -> struct tree */
	unsigned int depth;
	struct err *err;
};

/*
 * Tokens: the next one, with and without taking it, of all kinds or (solid)
 * behind blanks.  Up to three can be put back: the last one that was taken,
 * and those that are given, which came before it.
 */
struct token parser_next(struct parser *parser);
struct token parser_peek(struct parser *parser);
struct token parser_next_solid(struct parser *parser);
struct token parser_peek_solid(struct parser *parser);
void parser_back_up(struct parser *parser);
void parser_back_up_two(struct parser *parser, struct token first);
void parser_back_up_three(struct parser *parser, struct token first,
			  struct token second);

/* The bytes of @token; they do not end with it. */
const char *parser_token_text(const struct parser *parser, struct token token);

/* Take a token of @kind, or fail with what stands in @context. */
bool parser_expect(struct parser *parser, enum token_kind kind,
		   const char *context, struct token *token);

/*
 * Errors.  All give NULL, which is what fails a node, and keep the first one:
 * the lexer may have set it before its token is looked at.
 */
bool parser_failed(const struct parser *parser);
struct node *parser_fail(struct parser *parser, size_t offset,
			 const char *message);
struct node *parser_unexpected(struct parser *parser, struct token token,
			       const char *context);

/* Put the place into the error, which is set. */
struct node *parser_fail_at(struct parser *parser, size_t offset);

/* Append what a token is called in an error. */
void parser_describe(const struct parser *parser, struct token token,
		     struct str *out);

/*
 * One level of nesting deeper, unless that is too deep, and back up; gives
 * @node.
 */
bool parser_enter(struct parser *parser, size_t offset);
struct node *parser_leave(struct parser *parser, struct node *node);

struct node *parser_new_node(struct parser *parser, enum node_kind kind,
			     struct token token);
void parser_add_node(struct parser *parser, struct node_list *list,
		     struct node *node);

/* @name, interned, is known from here on. */
void parser_add_variable(struct parser *parser, const char *name);

/* The value of a string literal, or NULL. */
const struct value *parser_unquote(struct parser *parser, struct token token);

/*
 * A pipeline up to its @end, which is taken; NULL: failed.  @context names
 * it in errors: "range", and what is only for people.
 */
struct node *parse_pipeline(struct parser *parser, const char *context,
			    enum token_kind end);

#endif
