#include "tmpl/parser.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tmpl/tmpl.h"

/* How much of a token an error shows. */
#define SHOWN_MAX 40

/* --- tokens -------------------------------------------------------------- */

struct token parser_next(struct parser *parser)
{
	if (parser->peeked > 0)
		parser->peeked--;
	else
		parser->tokens[0] = lex_next(&parser->lexer);

	return parser->tokens[parser->peeked];
}

void parser_back_up(struct parser *parser)
{
	parser->peeked++;
}

void parser_back_up_two(struct parser *parser, struct token first)
{
	parser->tokens[1] = first;
	parser->peeked = 2;
}

void parser_back_up_three(struct parser *parser, struct token first,
			  struct token second)
{
	parser->tokens[1] = second;
	parser->tokens[2] = first;
	parser->peeked = 3;
}

struct token parser_peek(struct parser *parser)
{
	struct token token = parser_next(parser);

	parser_back_up(parser);
	return token;
}

struct token parser_next_solid(struct parser *parser)
{
	struct token token;

	do
		token = parser_next(parser);
	while (token.kind == TOKEN_SPACE);

	return token;
}

struct token parser_peek_solid(struct parser *parser)
{
	struct token token = parser_next_solid(parser);

	parser_back_up(parser);
	return token;
}

/* --- errors -------------------------------------------------------------- */

struct node *parser_fail_at(struct parser *parser, size_t offset)
{
	err_at_offset(parser->err, parser->source->name, parser->source->text,
		      parser->source->len, offset);
	return NULL;
}

bool parser_failed(const struct parser *parser)
{
	return parser->err->kind != ERR_NONE;
}

struct node *parser_fail(struct parser *parser, size_t offset,
			 const char *message)
{
	if (parser_failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "%s", message);
	return parser_fail_at(parser, offset);
}

void parser_describe(const struct parser *parser, struct token token,
		     struct str *out)
{
	size_t len = token.len < SHOWN_MAX ? token.len : SHOWN_MAX;

	if (token.kind == TOKEN_EOF) {
		str_add(out, "the end of the file");
		return;
	}
	if (token.kind == TOKEN_TEXT) {
		str_add(out, "text");
		return;
	}
	str_add_char(out, '\'');
	str_add_escaped(out, parser->source->text + token.offset, len);
	str_add(out, len < token.len ? "...'" : "'");
}

struct node *parser_unexpected(struct parser *parser, struct token token,
			       const char *context)
{
	CLEANUP(str_release) struct str shown = {0};

	if (parser_failed(parser))
		return NULL;
	parser_describe(parser, token, &shown);
	err_set(parser->err, ERR_INPUT, "unexpected %s in %s", str_text(&shown),
		context);
	return parser_fail_at(parser, token.offset);
}

bool parser_expect(struct parser *parser, enum token_kind kind,
		   const char *context, struct token *token)
{
	*token = parser_next_solid(parser);
	if (token->kind == kind)
		return true;
	parser_unexpected(parser, *token, context);
	return false;
}

bool parser_enter(struct parser *parser, size_t offset)
{
	if (parser->depth >= TMPL_NEST_MAX) {
		if (!parser_failed(parser))
			err_set(parser->err, ERR_INPUT,
				"nested more than %d deep", TMPL_NEST_MAX);
		parser_fail_at(parser, offset);
		return false;
	}
	parser->depth++;
	return true;
}

struct node *parser_leave(struct parser *parser, struct node *node)
{
	parser->depth--;
	return node;
}

/* --- nodes --------------------------------------------------------------- */

struct node *parser_new_node(struct parser *parser, enum node_kind kind,
			     struct token token)
{
	struct node *node = arena_new(parser->arena, struct node);

	node->kind = kind;
	node->offset = token.offset;
	node->len = token.len;
	return node;
}

void parser_add_node(struct parser *parser, struct node_list *list,
		     struct node *node)
{
	list->items = arena_grow(parser->arena, list->items, list->count + 1,
				 sizeof(*list->items), &list->capacity);
	list->items[list->count++] = node;
}

const char *parser_token_text(const struct parser *parser, struct token token)
{
	return parser->source->text + token.offset;
}

void parser_add_variable(struct parser *parser, const char *name)
{
	struct scope *scope = &parser->scope;

	scope->variables =
		arena_grow(parser->arena, scope->variables, scope->count + 1,
			   sizeof(*scope->variables), &scope->capacity);
	scope->variables[scope->count++] = name;
}
