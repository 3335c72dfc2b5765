#include "tmpl/parse.h"

#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"
#include "tmpl/parser.h"
#include "tmpl/tmpl.h"

static struct node *parse_item(struct parser *parser);

/* --- control structures -------------------------------------------------- */

static struct node *unclosed(struct parser *parser, struct token opener)
{
	CLEANUP(str_release) struct str shown = {0};

	if (parser_failed(parser))
		return NULL;
	parser_describe(parser, opener, &shown);
	err_set(parser->err, ERR_INPUT,
		"the file ends before the 'end' of this %s", str_text(&shown));
	return parser_fail_at(parser, opener.offset);
}

/*
 * Items up to an end or else, which goes to @last.  @opener is what they
 * belong to.
 */
static struct node *parse_list(struct parser *parser, struct token opener,
			       struct node **last)
{
	struct node *list =
		parser_new_node(parser, NODE_LIST, parser_peek_solid(parser));

	while (parser_peek_solid(parser).kind != TOKEN_EOF) {
		struct node *item = parse_item(parser);

		if (!item)
			return NULL;
		if (item->kind == NODE_END || item->kind == NODE_ELSE) {
			*last = item;
			return list;
		}
		parser_add_node(parser, &list->list, item);
	}
	return unclosed(parser, opener);
}

static struct node *parse_branch(struct parser *parser, enum node_kind kind,
				 struct token keyword);

/* What stands behind an else: a chained if or with, or items up to end. */
static struct node *parse_else(struct parser *parser, enum node_kind kind,
			       struct token opener)
{
	struct token token = parser_peek(parser);
	struct node *list, *last = NULL, *branch;

	if ((kind == NODE_IF && token.kind == TOKEN_IF) ||
	    (kind == NODE_WITH && token.kind == TOKEN_WITH)) {
		parser_next(parser);
		list = parser_new_node(parser, NODE_LIST, token);
		branch = parse_branch(parser, kind, token);
		if (!branch)
			return NULL;
		/* Its end closes all of the chain. */
		parser_add_node(parser, &list->list, branch);
		return list;
	}

	list = parse_list(parser, opener, &last);
	if (!list)
		return NULL;
	if (last->kind != NODE_END)
		return parser_fail(parser, last->offset,
				   "there is an 'else' already");
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
	struct node *node = parser_new_node(parser, kind, keyword);
	size_t variables = parser->scope.count;
	bool good;

	if (!parser_enter(parser, keyword.offset))
		return NULL;
	good = parse_branch_parts(parser, node, keyword);
	parser->scope.count = variables;
	return parser_leave(parser, good ? node : NULL);
}

static struct node *parse_jump(struct parser *parser, enum node_kind kind,
			       struct token keyword)
{
	const char *word = kind == NODE_BREAK ? "break" : "continue";
	CLEANUP(str_release) struct str message = {0};
	struct token token;

	if (!parser_expect(parser, TOKEN_RIGHT_DELIM, word, &token))
		return NULL;
	if (parser->scope.ranges > 0)
		return parser_new_node(parser, kind, keyword);
	str_addf(&message, "'%s' stands outside of any range", word);
	return parser_fail(parser, keyword.offset, str_text(&message));
}

static struct node *parse_end(struct parser *parser, struct token keyword)
{
	struct token token;

	if (!parser_expect(parser, TOKEN_RIGHT_DELIM, "end", &token))
		return NULL;
	return parser_new_node(parser, NODE_END, keyword);
}

/* An if or with behind it is left for parse_else(). */
static struct node *parse_else_keyword(struct parser *parser,
				       struct token keyword)
{
	enum token_kind kind = parser_peek_solid(parser).kind;
	struct token token;

	if (kind != TOKEN_IF && kind != TOKEN_WITH &&
	    !parser_expect(parser, TOKEN_RIGHT_DELIM, "else", &token))
		return NULL;
	return parser_new_node(parser, NODE_ELSE, keyword);
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
	parser_fail_at(parser, offset);
	return false;
}

/* The name of a template, a string, or NULL. */
static const char *parse_name(struct parser *parser, const char *context,
			      struct token *token)
{
	const struct value *value;

	*token = parser_next_solid(parser);
	if (token->kind != TOKEN_STRING && token->kind != TOKEN_RAW_STRING) {
		parser_unexpected(parser, *token, context);
		return NULL;
	}
	value = parser_unquote(parser, *token);
	if (!value)
		return NULL;
	if (strlen(value->string.bytes) != value->string.len) {
		parser_fail(parser, token->offset,
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

	if (!parser_enter(parser, keyword.offset))
		return false;
	parser->scope = (struct scope){0};
	parser_add_variable(parser, root_variable);
	list = parse_list(parser, keyword, &last);
	parser->scope = outer;
	parser_leave(parser, NULL);
	if (!list)
		return false;
	if (last->kind == NODE_ELSE) {
		parser_fail(parser, last->offset, "a definition has no 'else'");
		return false;
	}
	return define(parser, name, list, keyword.offset);
}

/* "define" is past. */
static bool parse_definition(struct parser *parser, struct token keyword)
{
	struct token token;
	const char *name = parse_name(parser, "define", &token);

	return name &&
	       parser_expect(parser, TOKEN_RIGHT_DELIM, "define", &token) &&
	       parse_body(parser, name, keyword);
}

static struct node *parse_invocation(struct parser *parser,
				     struct token keyword)
{
	struct node *node = parser_new_node(parser, NODE_TEMPLATE, keyword);
	struct token token;

	node->invoke.name = parse_name(parser, "template", &token);
	if (!node->invoke.name)
		return NULL;
	if (parser_next_solid(parser).kind == TOKEN_RIGHT_DELIM)
		return node;
	parser_back_up(parser);
	node->invoke.pipe =
		parse_pipeline(parser, "template", TOKEN_RIGHT_DELIM);

	return node->invoke.pipe ? node : NULL;
}

/* A template that is defined where it is used. */
static struct node *parse_block(struct parser *parser, struct token keyword)
{
	struct node *node = parser_new_node(parser, NODE_TEMPLATE, keyword);
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
	struct token token = parser_next_solid(parser);
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
		parser_back_up(parser);
	}

	node = parser_new_node(parser, NODE_ACTION, token);
	node->pipe = parse_pipeline(parser, "the action", TOKEN_RIGHT_DELIM);
	return node->pipe ? node : NULL;
}

static struct node *parse_item(struct parser *parser)
{
	struct token token = parser_next_solid(parser);
	struct node *node;

	if (token.kind == TOKEN_LEFT_DELIM)
		return parse_action(parser);
	if (token.kind != TOKEN_TEXT)
		return parser_unexpected(parser, token, "the template");
	node = parser_new_node(parser, NODE_TEXT, token);
	node->text.bytes = parser_token_text(parser, token);
	node->text.len = token.len;
	return node;
}

static struct node *fail_stray(struct parser *parser, const struct node *node)
{
	return parser_fail(
		parser, node->offset,
		node->kind == NODE_END
			? "'end' without an if, range, with, define or "
			  "block"
			: "'else' without an if, range or with");
}

/* The whole file. */
static struct node *parse_file(struct parser *parser)
{
	struct node *list =
		parser_new_node(parser, NODE_LIST, parser_peek(parser));

	while (parser_peek(parser).kind != TOKEN_EOF) {
		struct node *item;
		struct token delim = parser_next(parser);

		if (delim.kind == TOKEN_LEFT_DELIM) {
			struct token keyword = parser_next_solid(parser);

			if (keyword.kind == TOKEN_DEFINE) {
				if (!parse_definition(parser, keyword))
					return NULL;
				continue;
			}
			parser_back_up_two(parser, delim);
		} else {
			parser_back_up(parser);
		}
		item = parse_item(parser);
		if (!item)
			return NULL;
		if (item->kind == NODE_END || item->kind == NODE_ELSE)
			return fail_stray(parser, item);
		parser_add_node(parser, &list->list, item);
	}
	return list;
}

const struct tree *parse_find(const struct tmpl *set, const char *name)
{
	const struct tree *tree = NULL;

	for (; set && !tree; set = set->outer)
		tree = map_get(&set->trees, name);
	return tree;
}

static void add_to_set(struct parser *parser)
{
	for (size_t i = 0; i < parser->defined.count; i++) {
		struct map_entry *entry = &parser->defined.entries[i];
		const struct tree *tree = entry->value;

		if (!tree->is_empty || !parse_find(parser->set, entry->key))
			map_put(&parser->set->trees, entry->key, entry->value);
	}
}

static const char *delimiter(const char *given, const char *otherwise)
{
	return given && given[0] != '\0' ? given : otherwise;
}

static const struct source *new_source(struct arena *arena, const char *title,
				       const char *text, size_t len)
{
	struct source *source = arena_new(arena, struct source);

	source->name = arena_strdup(arena, title);
	source->text = arena_memdupz(arena, text, len);
	source->len = len;
	return source;
}

bool parse_text(struct tmpl *set, struct arena *arena, const char *name,
		const char *title, const char *text, size_t len,
		const struct tree **root, struct err *err)
{
	const struct source *source = new_source(arena, title, text, len);
	struct parser parser = {
		.set = set,
		.arena = arena,
		.source = source,
		.lexer = {.name = source->name,
			  .text = source->text,
			  .len = len,
			  .left = delimiter(set->options.left, TMPL_LEFT_DELIM),
			  .right = delimiter(set->options.right,
					     TMPL_RIGHT_DELIM),
			  .err = err},
		.err = err,
	};
	struct node *list;
	bool good;

	parser.lexer.left_len = strlen(parser.lexer.left);
	parser.lexer.right_len = strlen(parser.lexer.right);
	parser_add_variable(&parser, root_variable);
	list = parse_file(&parser);
	good = list && define(&parser, arena_strdup(arena, name), list, 0);
	if (good) {
		if (root)
			*root = map_get(&parser.defined, name);
		add_to_set(&parser);
	}
	map_release(&parser.names);
	map_release(&parser.defined);

	return good;
}
