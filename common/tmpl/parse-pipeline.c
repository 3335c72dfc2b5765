/* Pipelines: operands, commands, and the variables that they declare. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tmpl/func.h"
#include "tmpl/literal.h"
#include "tmpl/parser.h"
#include "tmpl/tmpl.h"

const char root_variable[] = "$";

/* --- variables ----------------------------------------------------------- */

/* One pointer for each name, so that the executor compares pointers. */
static const char *intern(struct parser *parser, struct token token)
{
	const char *text = parser_token_text(parser, token);
	char *name;

	if (token.len == 1)
		return root_variable;
	name = arena_memdupz(parser->arena, text, token.len);
	if (map_has(&parser->names, name))
		return map_get(&parser->names, name);
	map_put(&parser->names, name, name);
	return name;
}

static bool is_declared(const struct parser *parser, const char *name)
{
	for (size_t i = parser->scope.count; i-- > 0;) {
		if (parser->scope.variables[i] == name)
			return true;
	}
	return false;
}

static struct node *use_variable(struct parser *parser, struct token token)
{
	struct node *node = parser_new_node(parser, NODE_VARIABLE, token);

	node->chain.variable = intern(parser, token);
	if (is_declared(parser, node->chain.variable))
		return node;
	if (parser_failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "variable '%s' is not declared",
		node->chain.variable);
	err_hint(parser->err, "a variable is known from its ':=' to the 'end' "
			      "of what it stands in");
	return parser_fail_at(parser, token.offset);
}

/* --- operands ------------------------------------------------------------ */

static struct node *fail_function(struct parser *parser, struct token token,
				  const char *name)
{
	const char *nearest = func_nearest(name);

	if (parser_failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "there is no function '%s'", name);
	if (nearest)
		err_hint(parser->err, "did you mean '%s'?", nearest);
	return parser_fail_at(parser, token.offset);
}

static struct node *parse_function(struct parser *parser, struct token token)
{
	const char *name = arena_memdupz(
		parser->arena, parser_token_text(parser, token), token.len);
	const struct func *func = func_find(name);
	struct node *node;

	if (!func)
		return fail_function(parser, token, name);
	if (func->refused) {
		if (parser_failed(parser))
			return NULL;
		err_set(parser->err, ERR_INPUT,
			"function '%s' is not available here", name);
		err_hint(parser->err, "%s", func->refused);
		return parser_fail_at(parser, token.offset);
	}
	if (func->trait == FUNC_CHANGES || func->trait == FUNC_REMOVES ||
	    func->trait == FUNC_PARSES)
		parser->set->changes = true;

	node = parser_new_node(parser, NODE_FUNCTION, token);
	node->func = func;
	return node;
}

/*
 * The type that the spelling of a number asks for where nothing else does;
 * NULL: a whole number that only fits an unsigned type.
 */
static const struct value *ideal_value(struct parser *parser,
				       const struct number *number,
				       const char *text, size_t len)
{
	bool is_hex = len > 2 && text[0] == '0' &&
		      (text[1] == 'x' || text[1] == 'X') &&
		      !memchr(text, 'p', len) && !memchr(text, 'P', len);
	bool pointed = memchr(text, '.', len) || memchr(text, 'e', len) ||
		       memchr(text, 'E', len) || memchr(text, 'p', len) ||
		       memchr(text, 'P', len);

	if (number->is_complex) {
		struct value *value =
			value_new(parser->arena, VALUE_COMPLEX128);

		value->complex.real = number->real;
		value->complex.imaginary = number->imaginary;
		return value;
	}
	if (number->is_float && !is_hex && text[0] != '\'' && pointed)
		return value_new_float(parser->arena, number->real);
	if (number->is_int)
		return value_new_int(parser->arena, number->integer);

	return NULL;
}

static struct node *parse_number(struct parser *parser, struct token token)
{
	const char *text = parser_token_text(parser, token);
	struct node *node = parser_new_node(parser, NODE_NUMBER, token);
	struct number *number = &node->constant.number;
	CLEANUP(str_release) struct str shown = {0};
	enum literal_fault fault;

	if (token.kind == TOKEN_CHARACTER)
		fault = number_parse_character(number, text, token.len);
	else if (token.kind == TOKEN_COMPLEX)
		fault = number_parse_complex(number, text, token.len);
	else
		fault = number_parse(number, text, token.len);

	if (fault == LITERAL_OK) {
		node->constant.value =
			ideal_value(parser, number, text, token.len);
		return node;
	}
	if (parser_failed(parser))
		return NULL;
	parser_describe(parser, token, &shown);
	err_set(parser->err, ERR_INPUT, "%s %s", str_text(&shown),
		fault == LITERAL_OVERFLOW	? "overflows 64 bits"
		: token.kind == TOKEN_CHARACTER ? "is not a character"
						: "is not a number");
	return parser_fail_at(parser, token.offset);
}

const struct value *parser_unquote(struct parser *parser, struct token token)
{
	CLEANUP(str_release) struct str text = {0};

	if (string_unquote(&text, parser_token_text(parser, token), token.len))
		return value_new_bytes(parser->arena, str_text(&text),
				       text.len);
	parser_fail(parser, token.offset,
		    "the string holds an escape that Go does "
		    "not know");
	if (parser->err->hint == NULL)
		err_hint(parser->err, "a string in backquotes takes "
				      "everything as it is");
	return NULL;
}

static struct node *parse_string(struct parser *parser, struct token token)
{
	struct node *node = parser_new_node(parser, NODE_STRING, token);

	node->constant.value = parser_unquote(parser, token);
	return node->constant.value ? node : NULL;
}

static struct node *parse_field(struct parser *parser, struct token token)
{
	struct node *node = parser_new_node(parser, NODE_FIELD, token);

	node->chain.fields = arena_new_array(parser->arena, const char *, 1);
	node->chain.fields[0] =
		arena_memdupz(parser->arena,
			      parser_token_text(parser, token) + 1,
			      token.len - 1);
	node->chain.count = 1;
	return node;
}

static struct node *parse_bool(struct parser *parser, struct token token)
{
	struct node *node = parser_new_node(parser, NODE_BOOL, token);

	node->constant.value = parser_token_text(parser, token)[0] == 't'
				       ? &value_true
				       : &value_false;
	return node;
}

static struct node *parse_parens(struct parser *parser, struct token token)
{
	struct node *node;

	if (!parser_enter(parser, token.offset))
		return NULL;
	node = parse_pipeline(parser, "the parenthesised pipeline",
			      TOKEN_RIGHT_PAREN);
	if (node) {
		node->len += node->offset - token.offset;
		node->offset = token.offset;
	}
	return parser_leave(parser, node);
}

/*
 * A literal, a function, dot, a field, a variable or a pipeline in
 * parentheses.  NULL without an error: the next token is none of them.
 */
static struct node *parse_term(struct parser *parser)
{
	struct token token = parser_next_solid(parser);

	switch (token.kind) {
	case TOKEN_IDENTIFIER:
		return parse_function(parser, token);
	case TOKEN_DOT:
		return parser_new_node(parser, NODE_DOT, token);
	case TOKEN_NIL:
		return parser_new_node(parser, NODE_NIL, token);
	case TOKEN_VARIABLE:
		return use_variable(parser, token);
	case TOKEN_FIELD:
		return parse_field(parser, token);
	case TOKEN_BOOL:
		return parse_bool(parser, token);
	case TOKEN_CHARACTER:
	case TOKEN_COMPLEX:
	case TOKEN_NUMBER:
		return parse_number(parser, token);
	case TOKEN_LEFT_PAREN:
		return parse_parens(parser, token);
	case TOKEN_STRING:
	case TOKEN_RAW_STRING:
		return parse_string(parser, token);
	default:
		parser_back_up(parser);
		return NULL;
	}
}

/* The fields that are glued to @node: (x).a.b, $x.a, .a.b. */
static struct node *add_fields(struct parser *parser, struct node *node)
{
	size_t capacity = node->chain.count;

	while (parser_peek(parser).kind == TOKEN_FIELD) {
		struct token token = parser_next(parser);
		const char *name =
			arena_memdupz(parser->arena,
				      parser_token_text(parser, token) + 1,
				      token.len - 1);

		node->chain.fields =
			arena_grow(parser->arena, node->chain.fields,
				   node->chain.count + 1,
				   sizeof(*node->chain.fields), &capacity);
		node->chain.fields[node->chain.count++] = name;
		node->len = token.offset + token.len - node->offset;
	}
	return node;
}

/* A term with the fields behind it. */
static struct node *parse_operand(struct parser *parser)
{
	struct node *node = parse_term(parser), *chain;
	struct token token;

	if (!node || parser_peek(parser).kind != TOKEN_FIELD)
		return node;

	switch (node->kind) {
	case NODE_FIELD:
	case NODE_VARIABLE:
		return add_fields(parser, node);
	case NODE_BOOL:
	case NODE_STRING:
	case NODE_NUMBER:
	case NODE_NIL:
	case NODE_DOT:
		return parser_unexpected(parser, parser_peek(parser),
					 "a constant, which "
					 "has no fields");
	default:
		token = (struct token){TOKEN_FIELD, node->offset, node->len};
		chain = parser_new_node(parser, NODE_CHAIN, token);
		chain->chain.base = node;
		return add_fields(parser, chain);
	}
}

/* --- pipelines ----------------------------------------------------------- */

/*
 * Operands up to a pipe sign, which is taken, or to what closes the
 * pipeline, which is not.
 */
static struct node *parse_command(struct parser *parser)
{
	struct node *command = parser_new_node(parser, NODE_COMMAND,
					       parser_peek_solid(parser));
	struct token token;

	do {
		struct node *operand;

		parser_peek_solid(parser);
		operand = parse_operand(parser);
		if (parser_failed(parser))
			return NULL;
		if (operand)
			parser_add_node(parser, &command->list, operand);
		token = parser_next(parser);
	} while (token.kind == TOKEN_SPACE);

	if (token.kind == TOKEN_RIGHT_DELIM || token.kind == TOKEN_RIGHT_PAREN)
		parser_back_up(parser);
	else if (token.kind != TOKEN_PIPE)
		return parser_unexpected(parser, token, "the operands");
	if (command->list.count == 0)
		return parser_fail(parser, token.offset,
				   "the command is empty");

	return command;
}

static void declare(struct parser *parser, struct node *pipe,
		    struct token token)
{
	const char *name = intern(parser, token);
	const char **names = arena_new_array(parser->arena, const char *,
					     pipe->pipeline.name_count + 1);

	for (size_t i = 0; i < pipe->pipeline.name_count; i++)
		names[i] = pipe->pipeline.names[i];
	names[pipe->pipeline.name_count++] = name;
	pipe->pipeline.names = names;
	parser_add_variable(parser, name);
}

/* Behind "$x," of a range: may another variable, or the end, come? */
static bool may_declare_more(struct parser *parser, const struct node *pipe,
			     const char *context, struct token comma)
{
	CLEANUP(str_release) struct str message = {0};
	enum token_kind kind = parser_peek_solid(parser).kind;

	if (strcmp(context, "range") == 0 && pipe->pipeline.name_count < 2) {
		if (kind == TOKEN_VARIABLE || kind == TOKEN_RIGHT_DELIM ||
		    kind == TOKEN_RIGHT_PAREN)
			return true;
		parser_fail(parser, comma.offset,
			    "range can only declare variables");
		return false;
	}
	str_addf(&message, "too many variables for %s", context);
	parser_fail(parser, comma.offset, str_text(&message));
	return false;
}

/* "$x :=", "$x =" or "$i, $x :=" at the start of a pipeline, if it is there. */
static bool parse_declarations(struct parser *parser, struct node *pipe,
			       const char *context)
{
	while (parser_peek_solid(parser).kind == TOKEN_VARIABLE) {
		struct token variable = parser_next_solid(parser);
		/* A blank must be given back if this is only an operand. */
		struct token after = parser_peek(parser);
		struct token sign = parser_peek_solid(parser);

		if (sign.kind == TOKEN_ASSIGN || sign.kind == TOKEN_DECLARE) {
			pipe->pipeline.assigns = sign.kind == TOKEN_ASSIGN;
			parser_next_solid(parser);
			declare(parser, pipe, variable);
			return true;
		}
		if (sign.kind == TOKEN_CHAR &&
		    *parser_token_text(parser, sign) == ',') {
			parser_next_solid(parser);
			declare(parser, pipe, variable);
			if (!may_declare_more(parser, pipe, context, sign))
				return false;
			continue;
		}
		if (after.kind == TOKEN_SPACE)
			parser_back_up_three(parser, variable, after);
		else
			parser_back_up_two(parser, variable);
		return true;
	}
	return !parser_failed(parser);
}

static bool starts_operand(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_BOOL:
	case TOKEN_CHARACTER:
	case TOKEN_COMPLEX:
	case TOKEN_DOT:
	case TOKEN_FIELD:
	case TOKEN_IDENTIFIER:
	case TOKEN_NUMBER:
	case TOKEN_NIL:
	case TOKEN_RAW_STRING:
	case TOKEN_STRING:
	case TOKEN_VARIABLE:
	case TOKEN_LEFT_PAREN:
		return true;
	default:
		return false;
	}
}

/* Only the first command may start with something that takes no argument. */
static bool check_commands(struct parser *parser, const struct node *pipe,
			   const char *context, struct token end)
{
	const struct node_list *commands = &pipe->pipeline.commands;
	CLEANUP(str_release) struct str message = {0};

	if (commands->count == 0) {
		str_addf(&message, "%s lacks a value", context);
		parser_fail(parser, end.offset, str_text(&message));
		return false;
	}
	for (size_t i = 1; i < commands->count; i++) {
		const struct node *first = commands->items[i]->list.items[0];

		if (first->kind != NODE_BOOL && first->kind != NODE_DOT &&
		    first->kind != NODE_NIL && first->kind != NODE_NUMBER &&
		    first->kind != NODE_STRING)
			continue;
		parser_fail(
			parser, first->offset,
			"what stands behind '|' must be a function or a field");
		return false;
	}
	return true;
}

struct node *parse_pipeline(struct parser *parser, const char *context,
			    enum token_kind end)
{
	struct node *pipe =
		parser_new_node(parser, NODE_PIPE, parser_peek_solid(parser));
	struct token token;

	if (!parse_declarations(parser, pipe, context))
		return NULL;
	for (;;) {
		struct node *command;

		token = parser_next_solid(parser);
		if (token.kind == end)
			break;
		if (!starts_operand(token.kind))
			return parser_unexpected(parser, token, context);
		parser_back_up(parser);
		command = parse_command(parser);
		if (!command)
			return NULL;
		parser_add_node(parser, &pipe->pipeline.commands, command);
	}
	pipe->len = token.offset + token.len - pipe->offset;

	return check_commands(parser, pipe, context, token) ? pipe : NULL;
}
