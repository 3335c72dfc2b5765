#include "tmpl/parse.h"

#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "tmpl/ast.h"
#include "tmpl/func.h"
#include "tmpl/lex.h"
#include "tmpl/tmpl.h"
#include "tmpl/unicode.h"

/* How much of a token an error shows. */
#define SHOWN_MAX 40

/* Variables that one place can see. */
#define VARIABLES_MAX 10000

const char root_variable[] = "$";

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

static struct node *parse_pipeline(struct parser *parser, const char *context,
				   enum token_kind end);
static struct node *parse_item(struct parser *parser);

/* --- tokens -------------------------------------------------------------- */

static struct token next(struct parser *parser)
{
	if (parser->peeked > 0)
		parser->peeked--;
	else
		parser->tokens[0] = lex_next(&parser->lexer);

	return parser->tokens[parser->peeked];
}

static void back_up(struct parser *parser)
{
	parser->peeked++;
}

/* Put the last token and, before it, @first back. */
static void back_up_two(struct parser *parser, struct token first)
{
	parser->tokens[1] = first;
	parser->peeked = 2;
}

static void back_up_three(struct parser *parser, struct token first,
			  struct token second)
{
	parser->tokens[1] = second;
	parser->tokens[2] = first;
	parser->peeked = 3;
}

static struct token peek(struct parser *parser)
{
	struct token token = next(parser);

	back_up(parser);
	return token;
}

static struct token next_solid(struct parser *parser)
{
	struct token token;

	do
		token = next(parser);
	while (token.kind == TOKEN_SPACE);

	return token;
}

static struct token peek_solid(struct parser *parser)
{
	struct token token = next_solid(parser);

	back_up(parser);
	return token;
}

/* --- errors -------------------------------------------------------------- */

/* Say where; gives NULL, which is what fails a node. */
static struct node *fail_at(struct parser *parser, size_t offset)
{
	err_at_offset(parser->err, parser->source->name, parser->source->text,
		      parser->source->len, offset);
	return NULL;
}

/* The first error stays: the lexer may have set one. */
static bool failed(const struct parser *parser)
{
	return parser->err->kind != ERR_NONE;
}

static struct node *fail(struct parser *parser, size_t offset,
			 const char *message)
{
	if (failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "%s", message);
	return fail_at(parser, offset);
}

static void describe(const struct parser *parser, struct token token,
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

static struct node *unexpected(struct parser *parser, struct token token,
			       const char *context)
{
	CLEANUP(str_release) struct str shown = {0};

	if (failed(parser))
		return NULL;
	describe(parser, token, &shown);
	err_set(parser->err, ERR_INPUT, "unexpected %s in %s", str_text(&shown),
		context);
	return fail_at(parser, token.offset);
}

static bool expect(struct parser *parser, enum token_kind kind,
		   const char *context, struct token *token)
{
	*token = next_solid(parser);
	if (token->kind == kind)
		return true;
	unexpected(parser, *token, context);
	return false;
}

/* One level deeper; parse_leave() comes back. */
static bool enter(struct parser *parser, size_t offset)
{
	if (parser->depth >= TMPL_NEST_MAX) {
		if (!failed(parser))
			err_set(parser->err, ERR_INPUT,
				"nested more than %d deep", TMPL_NEST_MAX);
		fail_at(parser, offset);
		return false;
	}
	parser->depth++;
	return true;
}

static struct node *leave(struct parser *parser, struct node *node)
{
	parser->depth--;
	return node;
}

/* --- nodes --------------------------------------------------------------- */

static struct node *new_node(struct parser *parser, enum node_kind kind,
			     struct token token)
{
	struct node *node = arena_new(parser->arena, struct node);

	node->kind = kind;
	node->offset = token.offset;
	node->len = token.len;
	return node;
}

static void add_node(struct parser *parser, struct node_list *list,
		     struct node *node)
{
	list->items = arena_grow(parser->arena, list->items, list->count + 1,
				 sizeof(*list->items), &list->capacity);
	list->items[list->count++] = node;
}

static const char *token_text(const struct parser *parser, struct token token)
{
	return parser->source->text + token.offset;
}

/* --- variables ----------------------------------------------------------- */

/* One pointer for each name, so that the executor compares pointers. */
static const char *intern(struct parser *parser, struct token token)
{
	const char *text = token_text(parser, token);
	char *name;

	if (token.len == 1)
		return root_variable;
	name = arena_memdupz(parser->arena, text, token.len);
	if (map_has(&parser->names, name))
		return map_get(&parser->names, name);
	map_put(&parser->names, name, name);
	return name;
}

static void add_variable(struct parser *parser, const char *name)
{
	struct scope *scope = &parser->scope;

	scope->variables =
		arena_grow(parser->arena, scope->variables, scope->count + 1,
			   sizeof(*scope->variables), &scope->capacity);
	scope->variables[scope->count++] = name;
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
	struct node *node = new_node(parser, NODE_VARIABLE, token);

	node->chain.variable = intern(parser, token);
	if (is_declared(parser, node->chain.variable))
		return node;
	if (failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "variable '%s' is not declared",
		node->chain.variable);
	err_hint(parser->err, "a variable is known from its ':=' to the 'end' "
			      "of what it stands in");
	return fail_at(parser, token.offset);
}

/* --- operands ------------------------------------------------------------ */

static struct node *fail_function(struct parser *parser, struct token token,
				  const char *name)
{
	const char *nearest = func_nearest(name);

	if (failed(parser))
		return NULL;
	err_set(parser->err, ERR_INPUT, "there is no function '%s'", name);
	if (nearest)
		err_hint(parser->err, "did you mean '%s'?", nearest);
	return fail_at(parser, token.offset);
}

static struct node *parse_function(struct parser *parser, struct token token)
{
	const char *name = arena_memdupz(parser->arena,
					 token_text(parser, token), token.len);
	const struct func *func = func_find(name);
	struct node *node;

	if (!func)
		return fail_function(parser, token, name);
	if (func->refused) {
		if (failed(parser))
			return NULL;
		err_set(parser->err, ERR_INPUT,
			"function '%s' is not available here", name);
		err_hint(parser->err, "%s", func->refused);
		return fail_at(parser, token.offset);
	}
	if (func->trait == FUNC_CHANGES)
		parser->set->changes = true;

	node = new_node(parser, NODE_FUNCTION, token);
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
	const char *text = token_text(parser, token);
	struct node *node = new_node(parser, NODE_NUMBER, token);
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
	if (failed(parser))
		return NULL;
	describe(parser, token, &shown);
	err_set(parser->err, ERR_INPUT, "%s %s", str_text(&shown),
		fault == LITERAL_OVERFLOW	? "overflows 64 bits"
		: token.kind == TOKEN_CHARACTER ? "is not a character"
						: "is not a number");
	return fail_at(parser, token.offset);
}

/* The value of a string literal, or NULL. */
static const struct value *unquote(struct parser *parser, struct token token)
{
	CLEANUP(str_release) struct str text = {0};

	if (string_unquote(&text, token_text(parser, token), token.len))
		return value_new_bytes(parser->arena, str_text(&text),
				       text.len);
	fail(parser, token.offset,
	     "the string holds an escape that Go does "
	     "not know");
	if (parser->err->hint == NULL)
		err_hint(parser->err, "a string in backquotes takes "
				      "everything as it is");
	return NULL;
}

static struct node *parse_string(struct parser *parser, struct token token)
{
	struct node *node = new_node(parser, NODE_STRING, token);

	node->constant.value = unquote(parser, token);
	return node->constant.value ? node : NULL;
}

static struct node *parse_field(struct parser *parser, struct token token)
{
	struct node *node = new_node(parser, NODE_FIELD, token);

	node->chain.fields = arena_new_array(parser->arena, const char *, 1);
	node->chain.fields[0] = arena_memdupz(
		parser->arena, token_text(parser, token) + 1, token.len - 1);
	node->chain.count = 1;
	return node;
}

static struct node *parse_bool(struct parser *parser, struct token token)
{
	struct node *node = new_node(parser, NODE_BOOL, token);

	node->constant.value = token_text(parser, token)[0] == 't'
				       ? &value_true
				       : &value_false;
	return node;
}

static struct node *parse_parens(struct parser *parser, struct token token)
{
	struct node *node;

	if (!enter(parser, token.offset))
		return NULL;
	node = parse_pipeline(parser, "the parenthesised pipeline",
			      TOKEN_RIGHT_PAREN);
	if (node) {
		node->len += node->offset - token.offset;
		node->offset = token.offset;
	}
	return leave(parser, node);
}

/*
 * A literal, a function, dot, a field, a variable or a pipeline in
 * parentheses.  NULL without an error: the next token is none of them.
 */
static struct node *parse_term(struct parser *parser)
{
	struct token token = next_solid(parser);

	switch (token.kind) {
	case TOKEN_IDENTIFIER:
		return parse_function(parser, token);
	case TOKEN_DOT:
		return new_node(parser, NODE_DOT, token);
	case TOKEN_NIL:
		return new_node(parser, NODE_NIL, token);
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
		back_up(parser);
		return NULL;
	}
}

/* The fields that are glued to @node: (x).a.b, $x.a, .a.b. */
static struct node *add_fields(struct parser *parser, struct node *node)
{
	size_t capacity = node->chain.count;

	while (peek(parser).kind == TOKEN_FIELD) {
		struct token token = next(parser);
		const char *name = arena_memdupz(parser->arena,
						 token_text(parser, token) + 1,
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

	if (!node || peek(parser).kind != TOKEN_FIELD)
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
		return unexpected(parser, peek(parser),
				  "a constant, which "
				  "has no fields");
	default:
		token = (struct token){TOKEN_FIELD, node->offset, node->len};
		chain = new_node(parser, NODE_CHAIN, token);
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
	struct node *command =
		new_node(parser, NODE_COMMAND, peek_solid(parser));
	struct token token;

	do {
		struct node *operand;

		peek_solid(parser);
		operand = parse_operand(parser);
		if (failed(parser))
			return NULL;
		if (operand)
			add_node(parser, &command->list, operand);
		token = next(parser);
	} while (token.kind == TOKEN_SPACE);

	if (token.kind == TOKEN_RIGHT_DELIM || token.kind == TOKEN_RIGHT_PAREN)
		back_up(parser);
	else if (token.kind != TOKEN_PIPE)
		return unexpected(parser, token, "the operands");
	if (command->list.count == 0)
		return fail(parser, token.offset, "the command is empty");

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
	add_variable(parser, name);
}

/* Behind "$x," of a range: may another variable, or the end, come? */
static bool may_declare_more(struct parser *parser, const struct node *pipe,
			     const char *context, struct token comma)
{
	CLEANUP(str_release) struct str message = {0};
	enum token_kind kind = peek_solid(parser).kind;

	if (strcmp(context, "range") == 0 && pipe->pipeline.name_count < 2) {
		if (kind == TOKEN_VARIABLE || kind == TOKEN_RIGHT_DELIM ||
		    kind == TOKEN_RIGHT_PAREN)
			return true;
		fail(parser, comma.offset, "range can only declare variables");
		return false;
	}
	str_addf(&message, "too many variables for %s", context);
	fail(parser, comma.offset, str_text(&message));
	return false;
}

/* "$x :=", "$x =" or "$i, $x :=" at the start of a pipeline, if it is there. */
static bool parse_declarations(struct parser *parser, struct node *pipe,
			       const char *context)
{
	while (peek_solid(parser).kind == TOKEN_VARIABLE) {
		struct token variable = next_solid(parser);
		/* A blank must be given back if this is only an operand. */
		struct token after = peek(parser);
		struct token sign = peek_solid(parser);

		if (sign.kind == TOKEN_ASSIGN || sign.kind == TOKEN_DECLARE) {
			pipe->pipeline.assigns = sign.kind == TOKEN_ASSIGN;
			next_solid(parser);
			declare(parser, pipe, variable);
			return true;
		}
		if (sign.kind == TOKEN_CHAR &&
		    *token_text(parser, sign) == ',') {
			next_solid(parser);
			declare(parser, pipe, variable);
			if (!may_declare_more(parser, pipe, context, sign))
				return false;
			continue;
		}
		if (after.kind == TOKEN_SPACE)
			back_up_three(parser, variable, after);
		else
			back_up_two(parser, variable);
		return true;
	}
	return !failed(parser);
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
		fail(parser, end.offset, str_text(&message));
		return false;
	}
	for (size_t i = 1; i < commands->count; i++) {
		const struct node *first = commands->items[i]->list.items[0];

		if (first->kind != NODE_BOOL && first->kind != NODE_DOT &&
		    first->kind != NODE_NIL && first->kind != NODE_NUMBER &&
		    first->kind != NODE_STRING)
			continue;
		fail(parser, first->offset,
		     "what stands behind '|' must be a function or a field");
		return false;
	}
	return true;
}

static struct node *parse_pipeline(struct parser *parser, const char *context,
				   enum token_kind end)
{
	struct node *pipe = new_node(parser, NODE_PIPE, peek_solid(parser));
	struct token token;

	if (!parse_declarations(parser, pipe, context))
		return NULL;
	for (;;) {
		struct node *command;

		token = next_solid(parser);
		if (token.kind == end)
			break;
		if (!starts_operand(token.kind))
			return unexpected(parser, token, context);
		back_up(parser);
		command = parse_command(parser);
		if (!command)
			return NULL;
		add_node(parser, &pipe->pipeline.commands, command);
	}
	pipe->len = token.offset + token.len - pipe->offset;

	return check_commands(parser, pipe, context, token) ? pipe : NULL;
}

/* --- control structures -------------------------------------------------- */

static struct node *unclosed(struct parser *parser, struct token opener)
{
	CLEANUP(str_release) struct str shown = {0};

	if (failed(parser))
		return NULL;
	describe(parser, opener, &shown);
	err_set(parser->err, ERR_INPUT,
		"the file ends before the 'end' of this %s", str_text(&shown));
	return fail_at(parser, opener.offset);
}

/*
 * Items up to an end or else, which goes to @last.  @opener is what they
 * belong to.
 */
static struct node *parse_list(struct parser *parser, struct token opener,
			       struct node **last)
{
	struct node *list = new_node(parser, NODE_LIST, peek_solid(parser));

	while (peek_solid(parser).kind != TOKEN_EOF) {
		struct node *item = parse_item(parser);

		if (!item)
			return NULL;
		if (item->kind == NODE_END || item->kind == NODE_ELSE) {
			*last = item;
			return list;
		}
		add_node(parser, &list->list, item);
	}
	return unclosed(parser, opener);
}

static struct node *parse_branch(struct parser *parser, enum node_kind kind,
				 struct token keyword);

/* What stands behind an else: a chained if or with, or items up to end. */
static struct node *parse_else(struct parser *parser, enum node_kind kind,
			       struct token opener)
{
	struct token token = peek(parser);
	struct node *list, *last = NULL, *branch;

	if ((kind == NODE_IF && token.kind == TOKEN_IF) ||
	    (kind == NODE_WITH && token.kind == TOKEN_WITH)) {
		next(parser);
		list = new_node(parser, NODE_LIST, token);
		branch = parse_branch(parser, kind, token);
		if (!branch)
			return NULL;
		/* Its end closes all of the chain. */
		add_node(parser, &list->list, branch);
		return list;
	}

	list = parse_list(parser, opener, &last);
	if (!list)
		return NULL;
	if (last->kind != NODE_END)
		return fail(parser, last->offset, "there is an 'else' already");
	return list;
}

static bool parse_branch_parts(struct parser *parser, struct node *node,
			       struct token keyword)
{
	static const char *const contexts[] = {
		[NODE_IF] = "if", [NODE_RANGE] = "range", [NODE_WITH] = "with"};
	struct node *last = NULL;

	node->branch.pipe =
		parse_pipeline(parser, contexts[node->kind], TOKEN_RIGHT_DELIM);
	if (!node->branch.pipe)
		return false;
	parser->scope.ranges += node->kind == NODE_RANGE ? 1 : 0;
	node->branch.list = parse_list(parser, keyword, &last);
	parser->scope.ranges -= node->kind == NODE_RANGE ? 1 : 0;
	if (!node->branch.list)
		return false;
	if (last->kind == NODE_END)
		return true;

	node->branch.otherwise = parse_else(parser, node->kind, keyword);
	return node->branch.otherwise != NULL;
}

static struct node *parse_branch(struct parser *parser, enum node_kind kind,
				 struct token keyword)
{
	struct node *node = new_node(parser, kind, keyword);
	size_t variables = parser->scope.count;
	bool good;

	if (!enter(parser, keyword.offset))
		return NULL;
	good = parse_branch_parts(parser, node, keyword);
	parser->scope.count = variables;
	return leave(parser, good ? node : NULL);
}

static struct node *parse_jump(struct parser *parser, enum node_kind kind,
			       struct token keyword)
{
	const char *word = kind == NODE_BREAK ? "break" : "continue";
	CLEANUP(str_release) struct str message = {0};
	struct token token;

	if (!expect(parser, TOKEN_RIGHT_DELIM, word, &token))
		return NULL;
	if (parser->scope.ranges > 0)
		return new_node(parser, kind, keyword);
	str_addf(&message, "'%s' stands outside of any range", word);
	return fail(parser, keyword.offset, str_text(&message));
}

static struct node *parse_end(struct parser *parser, struct token keyword)
{
	struct token token;

	if (!expect(parser, TOKEN_RIGHT_DELIM, "end", &token))
		return NULL;
	return new_node(parser, NODE_END, keyword);
}

/* An if or with behind it is left for parse_else(). */
static struct node *parse_else_keyword(struct parser *parser,
				       struct token keyword)
{
	enum token_kind kind = peek_solid(parser).kind;
	struct token token;

	if (kind != TOKEN_IF && kind != TOKEN_WITH &&
	    !expect(parser, TOKEN_RIGHT_DELIM, "else", &token))
		return NULL;
	return new_node(parser, NODE_ELSE, keyword);
}

/* --- templates ----------------------------------------------------------- */

static bool is_only_space(const char *text, size_t len)
{
	uint32_t rune;

	for (size_t at = 0; at < len;) {
		at += rune_decode(text + at, len - at, &rune);
		if (!rune_is_space(rune))
			return false;
	}
	return true;
}

static bool is_empty_list(const struct node *list)
{
	for (size_t i = 0; i < list->list.count; i++) {
		const struct node *item = list->list.items[i];

		if (item->kind != NODE_TEXT ||
		    !is_only_space(item->text.bytes, item->text.len))
			return false;
	}
	return true;
}

/* Add the template @name; @offset is where it starts, for the error. */
static bool define(struct parser *parser, const char *name, struct node *root,
		   size_t offset)
{
	struct tree *tree = arena_new(parser->arena, struct tree);
	struct tree *old = map_get(&parser->defined, name);

	tree->name = name;
	tree->source = parser->source;
	tree->root = root;
	tree->is_empty = is_empty_list(root);
	if (!old || old->is_empty) {
		map_put(&parser->defined, name, tree);
		return true;
	}
	if (tree->is_empty)
		return true;

	err_set(parser->err, ERR_INPUT, "template '%s' is defined twice", name);
	fail_at(parser, offset);
	return false;
}

/* The name of a template, a string, or NULL. */
static const char *parse_name(struct parser *parser, const char *context,
			      struct token *token)
{
	const struct value *value;

	*token = next_solid(parser);
	if (token->kind != TOKEN_STRING && token->kind != TOKEN_RAW_STRING) {
		unexpected(parser, *token, context);
		return NULL;
	}
	value = unquote(parser, *token);
	if (!value)
		return NULL;
	if (strlen(value->string.bytes) != value->string.len) {
		fail(parser, token->offset,
		     "the name of a template holds a NUL");
		return NULL;
	}
	return value->string.bytes;
}

/* The body of a definition, up to its end, in a scope of its own. */
static bool parse_body(struct parser *parser, const char *name,
		       struct token keyword)
{
	struct scope outer = parser->scope;
	struct node *list, *last = NULL;

	if (!enter(parser, keyword.offset))
		return false;
	parser->scope = (struct scope){0};
	add_variable(parser, root_variable);
	list = parse_list(parser, keyword, &last);
	parser->scope = outer;
	leave(parser, NULL);
	if (!list)
		return false;
	if (last->kind == NODE_ELSE) {
		fail(parser, last->offset, "a definition has no 'else'");
		return false;
	}
	return define(parser, name, list, keyword.offset);
}

/* "define" is past. */
static bool parse_definition(struct parser *parser, struct token keyword)
{
	struct token token;
	const char *name = parse_name(parser, "define", &token);

	return name && expect(parser, TOKEN_RIGHT_DELIM, "define", &token) &&
	       parse_body(parser, name, keyword);
}

static struct node *parse_invocation(struct parser *parser,
				     struct token keyword)
{
	struct node *node = new_node(parser, NODE_TEMPLATE, keyword);
	struct token token;

	node->invoke.name = parse_name(parser, "template", &token);
	if (!node->invoke.name)
		return NULL;
	if (next_solid(parser).kind == TOKEN_RIGHT_DELIM)
		return node;
	back_up(parser);
	node->invoke.pipe =
		parse_pipeline(parser, "template", TOKEN_RIGHT_DELIM);

	return node->invoke.pipe ? node : NULL;
}

/* A template that is defined where it is used. */
static struct node *parse_block(struct parser *parser, struct token keyword)
{
	struct node *node = new_node(parser, NODE_TEMPLATE, keyword);
	struct token token;

	node->invoke.name = parse_name(parser, "block", &token);
	if (!node->invoke.name)
		return NULL;
	node->invoke.pipe = parse_pipeline(parser, "block", TOKEN_RIGHT_DELIM);
	if (!node->invoke.pipe ||
	    !parse_body(parser, node->invoke.name, keyword))
		return NULL;

	return node;
}

/* --- items --------------------------------------------------------------- */

/* The left delimiter is past. */
static struct node *parse_action(struct parser *parser)
{
	struct token token = next_solid(parser);
	struct node *node;

	switch (token.kind) {
	case TOKEN_BLOCK:
		return parse_block(parser, token);
	case TOKEN_BREAK:
		return parse_jump(parser, NODE_BREAK, token);
	case TOKEN_CONTINUE:
		return parse_jump(parser, NODE_CONTINUE, token);
	case TOKEN_ELSE:
		return parse_else_keyword(parser, token);
	case TOKEN_END:
		return parse_end(parser, token);
	case TOKEN_IF:
		return parse_branch(parser, NODE_IF, token);
	case TOKEN_RANGE:
		return parse_branch(parser, NODE_RANGE, token);
	case TOKEN_TEMPLATE:
		return parse_invocation(parser, token);
	case TOKEN_WITH:
		return parse_branch(parser, NODE_WITH, token);
	default:
		back_up(parser);
	}

	node = new_node(parser, NODE_ACTION, token);
	node->pipe = parse_pipeline(parser, "the action", TOKEN_RIGHT_DELIM);
	return node->pipe ? node : NULL;
}

static struct node *parse_item(struct parser *parser)
{
	struct token token = next_solid(parser);
	struct node *node;

	if (token.kind == TOKEN_LEFT_DELIM)
		return parse_action(parser);
	if (token.kind != TOKEN_TEXT)
		return unexpected(parser, token, "the template");
	node = new_node(parser, NODE_TEXT, token);
	node->text.bytes = token_text(parser, token);
	node->text.len = token.len;
	return node;
}

static struct node *fail_stray(struct parser *parser, const struct node *node)
{
	return fail(parser, node->offset,
		    node->kind == NODE_END
			    ? "'end' without an if, range, with, define or "
			      "block"
			    : "'else' without an if, range or with");
}

/* The whole file. */
static struct node *parse_file(struct parser *parser)
{
	struct node *list = new_node(parser, NODE_LIST, peek(parser));

	while (peek(parser).kind != TOKEN_EOF) {
		struct node *item;
		struct token delim = next(parser);

		if (delim.kind == TOKEN_LEFT_DELIM) {
			struct token keyword = next_solid(parser);

			if (keyword.kind == TOKEN_DEFINE) {
				if (!parse_definition(parser, keyword))
					return NULL;
				continue;
			}
			back_up_two(parser, delim);
		} else {
			back_up(parser);
		}
		item = parse_item(parser);
		if (!item)
			return NULL;
		if (item->kind == NODE_END || item->kind == NODE_ELSE)
			return fail_stray(parser, item);
		add_node(parser, &list->list, item);
	}
	return list;
}

static void add_to_set(struct parser *parser)
{
	struct map *trees = &parser->set->trees;

	for (size_t i = 0; i < parser->defined.count; i++) {
		struct map_entry *entry = &parser->defined.entries[i];
		const struct tree *tree = entry->value;

		if (!tree->is_empty || !map_has(trees, entry->key))
			map_put(trees, entry->key, entry->value);
	}
}

static const char *delimiter(const char *given, const char *otherwise)
{
	return given && given[0] != '\0' ? given : otherwise;
}

bool parse_source(struct tmpl *set, const struct source *source,
		  struct err *err)
{
	struct parser parser = {
		.set = set,
		.arena = &set->arena,
		.source = source,
		.lexer = {.name = source->name,
			  .text = source->text,
			  .len = source->len,
			  .left = delimiter(set->options.left, TMPL_LEFT_DELIM),
			  .right = delimiter(set->options.right,
					     TMPL_RIGHT_DELIM),
			  .err = err},
		.err = err,
	};
	struct node *root;
	bool good;

	parser.lexer.left_len = strlen(parser.lexer.left);
	parser.lexer.right_len = strlen(parser.lexer.right);
	add_variable(&parser, root_variable);
	root = parse_file(&parser);
	good = root && define(&parser, source->name, root, 0);
	if (good)
		add_to_set(&parser);
	map_release(&parser.names);
	map_release(&parser.defined);

	return good;
}
