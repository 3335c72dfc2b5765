#include "format/toml.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/unicode.h"
#include "format/toml-lex.h"
#include "format/toml-scalar.h"
#include "format/toml-tree.h"

/*
 * The reader follows the library step by step: what it reads first decides
 * which of two mistakes it tells, and what is at hand then is in its words.
 */
struct parser {
	struct toml_lexer lexer;
	struct toml_tree tree;
	struct toml_scalars scalars;
	struct arena *arena;
	struct toml_path *context; /* the table at hand */
	struct value_text key;	   /* what is being set in it */
	unsigned int line;	   /* of the last key or table's name */
	unsigned int depth;
	struct err *err; /* what is not the text's fault */
};

static bool parse_value(struct parser *parser, bool in_array,
			struct toml_node **node);

static void parser_release(struct parser *parser)
{
	str_release(&parser->lexer.problem);
	toml_tree_release(&parser->tree);
}

/* --- failures ------------------------------------------------------------ */

static bool fail_deep(struct parser *parser)
{
	return err_set(parser->err, ERR_INPUT, "the TOML is more than %d deep",
		       TOML_DEPTH_MAX);
}

/* Where the library panics. */
static bool fail_lost(struct parser *parser)
{
	return err_set(parser->err, ERR_INPUT,
		       "the TOML is such that the library loses its way");
}

/* What the tree found wrong. */
static bool fail_tree(struct parser *parser)
{
	if (parser->tree.lost)
		return fail_lost(parser);
	if (parser->tree.lookups > TOML_LOOKUPS_MAX)
		return err_set(parser->err, ERR_INPUT,
			       "the TOML has too many keys in too deep tables");
	return toml_fail_on(&parser->lexer, parser->line, "%s",
			    str_text(&parser->tree.problem));
}

static bool parse_text(struct parser *parser, const struct toml_item *item,
		       struct value_text *text)
{
	if (toml_scalar_text(&parser->scalars, item, text))
		return true;
	return parser->scalars.lost && fail_lost(parser);
}

static bool parse_scalar(struct parser *parser, const struct toml_item *item,
			 struct toml_node **node)
{
	const struct value *value = toml_scalar_value(&parser->scalars, item);

	if (!value)
		return parser->scalars.lost && fail_lost(parser);
	*node = toml_node_scalar(&parser->tree, value);
	return true;
}

/* --- keys ---------------------------------------------------------------- */

static bool parse_name(struct parser *parser, struct value_text *name,
		       unsigned int *line)
{
	struct toml_lexer *lexer = &parser->lexer;
	uint32_t rune = toml_peek(lexer);
	struct toml_item item;

	if (rune == '"' || rune == '\'' ? !toml_quoted_key(lexer, &item)
					: !toml_bare_key(lexer, &item))
		return false;
	if (*line == 0)
		*line = item.line;
	return parse_text(parser, &item, name);
}

static bool parse_key_part(struct parser *parser, bool first,
			   struct value_text *name, unsigned int *line)
{
	struct toml_lexer *lexer = &parser->lexer;
	uint32_t rune;

	toml_skip_blanks(lexer);
	rune = toml_peek(lexer);
	if (rune == '=' || rune == TOML_END)
		return toml_fail(lexer, first ? "unexpected '=': key name "
						"appears blank"
					      : "unexpected '='");
	if (rune == '.')
		return toml_fail(lexer, first ? "unexpected '.': keys cannot "
						"start with a '.'"
					      : "unexpected '.'");
	return parse_name(parser, name, line);
}

/* Behind a part of a key; *@more: a dot is there. */
static bool parse_key_end(struct parser *parser, bool *more)
{
	struct toml_lexer *lexer = &parser->lexer;
	uint32_t rune;

	toml_skip_blanks(lexer);
	rune = toml_next(lexer);
	*more = rune == '.';
	toml_ignore(lexer);
	if (rune == '.' || rune == '=')
		return true;
	if (rune == TOML_END)
		return toml_fail(lexer,
				 "unexpected EOF; expected key separator '='");
	if (rune == '\n')
		return toml_fail_before(
			lexer, "expected '.' or '=', but got '\\n' instead");
	return toml_fail_rune(lexer, "expected '.' or '=', but got ", rune,
			      " instead");
}

/* A key with its dots, up to and with '='. */
struct key {
	struct value_text parts[TOML_DEPTH_MAX];
	size_t count;
};

static bool parse_key(struct parser *parser, struct key *key)
{
	unsigned int line = 0;
	bool more = true;

	for (key->count = 0; more; key->count++) {
		if (key->count == TOML_DEPTH_MAX)
			return fail_deep(parser);
		if (!parse_key_part(parser, key->count == 0,
				    &key->parts[key->count], &line))
			return false;
		if (key->count == 0)
			parser->line = line;
		if (!parse_key_end(parser, &more))
			return false;
	}
	return true;
}

/* The tables that the dots of a key imply become the context. */
static bool open_parents(struct parser *parser, const struct key *key)
{
	parser->key = key->parts[key->count - 1];
	for (size_t i = 0; i + 1 < key->count; i++) {
		struct toml_path *path = toml_path_child(
			&parser->tree, parser->context, key->parts[i]);

		if (path->depth > TOML_DEPTH_MAX)
			return fail_deep(parser);
		if (!toml_tree_imply(&parser->tree, path, &parser->context))
			return fail_tree(parser);
	}
	return true;
}

/* The value of parser->key, into the tree. */
static bool parse_member(struct parser *parser, struct toml_node **node)
{
	if (!parse_value(parser, false, node))
		return false;
	if (!toml_tree_set(&parser->tree, parser->context, parser->key, *node))
		return fail_tree(parser);
	toml_tree_note(&parser->tree, parser->context, parser->key,
		       (*node)->kind == TOML_SCALAR &&
			       (*node)->value->kind == VALUE_LIST);
	return true;
}

/* --- arrays and inline tables -------------------------------------------- */

static void add_shown(struct str *out, uint32_t rune)
{
	if (rune == TOML_END) {
		str_add(out, "end of file");
		return;
	}
	str_add_char(out, '\'');
	str_add_rune(out, rune);
	str_add_char(out, '\'');
}

static bool fail_separator(struct parser *parser, const char *before,
			   uint32_t rune, const char *behind)
{
	CLEANUP(str_release) struct str shown = {0};

	add_shown(&shown, rune);
	return toml_fail(&parser->lexer, "%s%s%s", before, str_text(&shown),
			 behind);
}

/* The next character that is no blank, no line break and no comment. */
static bool next_in_brackets(struct parser *parser, uint32_t *rune)
{
	struct toml_lexer *lexer = &parser->lexer;

	for (;;) {
		*rune = toml_next(lexer);
		if (lexer->failed)
			return false;
		if (*rune == '#') {
			if (!toml_comment(lexer))
				return false;
		} else if (!toml_is_blank(*rune) && !toml_is_break(*rune)) {
			return true;
		}
	}
}

static bool parse_items(struct parser *parser, struct value *list)
{
	struct toml_lexer *lexer = &parser->lexer;

	for (;;) {
		struct toml_node *node;
		uint32_t rune;

		if (!next_in_brackets(parser, &rune))
			return false;
		if (rune == ']')
			return true;
		if (rune == ',')
			return toml_fail(lexer, "unexpected comma");
		toml_back(lexer);
		if (!parse_value(parser, true, &node))
			return false;
		value_list_add(list, parser->arena,
			       toml_node_value(&parser->tree, node));
		if (!next_in_brackets(parser, &rune))
			return false;
		if (rune == ']')
			return true;
		if (rune != ',')
			return fail_separator(parser,
					      "expected a comma (',') or array "
					      "terminator (']'), but got ",
					      rune, "");
	}
}

static bool parse_array(struct parser *parser, struct toml_node **node)
{
	struct value *list = value_new_list(parser->arena);

	toml_tree_note(&parser->tree, parser->context, parser->key, true);
	if (!parse_items(parser, list))
		return false;
	toml_ignore(&parser->lexer);
	*node = toml_node_scalar(&parser->tree, list);
	return true;
}

/*
 * What an inline table holds is put into the tree, to find what is said
 * twice, and into a table of its own, which is the value.
 */
static bool add_to_inline(struct parser *parser, struct toml_path *path,
			  struct toml_node *table, const struct key *key,
			  struct toml_node *node)
{
	struct toml_tree *tree = &parser->tree;

	for (size_t i = 0; i + 1 < key->count; i++) {
		struct toml_node *next;

		path = toml_path_child(tree, path, key->parts[i]);
		next = toml_node_get(tree, table, path);
		if (!next) {
			next = toml_node_new(tree, TOML_TABLE);
			toml_node_set(tree, table, path, next);
		}
		if (next->kind != TOML_TABLE) {
			CLEANUP(str_release) struct str text = {0};
			CLEANUP(str_release) struct str quoted = {0};

			toml_path_add(&text, parser->context);
			quote_add(&quoted, str_text(&text), text.len, false);
			return toml_fail_on(&parser->lexer, parser->line,
					    "%s is not a table",
					    str_text(&quoted));
		}
		table = next;
	}
	path = toml_path_child(tree, path, key->parts[key->count - 1]);
	toml_node_set(tree, table, path, node);
	return true;
}

static bool parse_inline_member(struct parser *parser, struct toml_node *table)
{
	CLEANUP(free_ptr) struct key *key = xnew(struct key);
	struct toml_path *context = parser->context;
	struct toml_node *node;

	if (!parse_key(parser, key) || !open_parents(parser, key) ||
	    !parse_member(parser, &node) ||
	    !add_to_inline(parser, context, table, key, node))
		return false;
	parser->context = context;
	return true;
}

/* Behind a member: a comma, which the end may follow. */
static bool parse_inline_end(struct parser *parser, bool *end)
{
	struct toml_lexer *lexer = &parser->lexer;
	uint32_t rune;

	do {
		if (!next_in_brackets(parser, &rune))
			return false;
		if (rune == '}') {
			*end = true;
			return true;
		}
		if (rune != ',')
			return fail_separator(
				parser,
				"expected a comma or an inline table "
				"terminator '}', but got ",
				rune, " instead");
		toml_skip_blanks(lexer);
	} while (toml_peek(lexer) == '}');
	*end = false;
	return true;
}

static bool parse_inline_members(struct parser *parser, struct toml_node *table)
{
	struct toml_lexer *lexer = &parser->lexer;

	for (bool end = false; !end;) {
		uint32_t rune;

		if (!next_in_brackets(parser, &rune))
			return false;
		if (rune == '}')
			break;
		if (rune == ',')
			return toml_fail(lexer, "unexpected comma");
		toml_back(lexer);
		if (!parse_inline_member(parser, table) ||
		    !parse_inline_end(parser, &end))
			return false;
	}
	toml_ignore(lexer);
	return true;
}

static bool parse_inline_table(struct parser *parser, bool in_array,
			       struct toml_node **node)
{
	struct toml_path *context = parser->context;
	struct value_text key = parser->key;
	struct toml_path *path = toml_path_child(&parser->tree, context, key);

	if (path->depth > TOML_DEPTH_MAX)
		return fail_deep(parser);
	*node = toml_node_new(&parser->tree, TOML_TABLE);
	parser->context = path;
	parser->key = (struct value_text){"", 0};
	path->implicit = true;
	if (!toml_tree_open(&parser->tree, path, in_array, &parser->context))
		return fail_tree(parser);
	if (!parse_inline_members(parser, *node))
		return false;
	parser->context = context;
	parser->key = key;
	return true;
}

static bool parse_value(struct parser *parser, bool in_array,
			struct toml_node **node)
{
	struct toml_item item;
	bool done;

	if (!toml_value(&parser->lexer, &item))
		return false;
	if (item.type != TOML_ARRAY && item.type != TOML_INLINE_TABLE)
		return parse_scalar(parser, &item, node);
	if (parser->depth == TOML_DEPTH_MAX)
		return fail_deep(parser);
	parser->depth++;
	done = item.type == TOML_ARRAY
		       ? parse_array(parser, node)
		       : parse_inline_table(parser, in_array, node);
	parser->depth--;
	return done;
}

/* --- the text ------------------------------------------------------------ */

/* A table's name up to its last ']'. */
static bool parse_table_name(struct parser *parser, struct toml_path **path)
{
	struct toml_lexer *lexer = &parser->lexer;
	unsigned int line = 0;

	*path = parser->tree.root_path;
	for (;;) {
		struct value_text name;
		uint32_t rune;

		toml_skip_blanks(lexer);
		rune = toml_peek(lexer);
		if (rune == ']' || rune == TOML_END)
			return toml_fail(lexer,
					 "unexpected end of table name (table "
					 "names cannot be empty)");
		if (rune == '.')
			return toml_fail(lexer,
					 "unexpected table separator (table "
					 "names cannot be empty)");
		if (!parse_name(parser, &name, &line))
			return false;
		if (!(*path)->parent)
			parser->line = line;
		*path = toml_path_child(&parser->tree, *path, name);
		if ((*path)->depth > TOML_DEPTH_MAX)
			return fail_deep(parser);
		toml_skip_blanks(lexer);
		rune = toml_next(lexer);
		toml_ignore(lexer);
		if (rune == ']')
			return true;
		if (rune != '.')
			return toml_fail_rune(lexer,
					      "expected '.' or ']' to end "
					      "table name, but got ",
					      rune, " instead");
	}
}

/* [name] or [[name]], behind the first bracket. */
static bool parse_table(struct parser *parser)
{
	struct toml_lexer *lexer = &parser->lexer;
	bool array = toml_peek(lexer) == '[';
	struct toml_path *path;
	uint32_t rune;

	if (array)
		toml_next(lexer);
	if (!parse_table_name(parser, &path))
		return false;
	if (array) {
		rune = toml_next(lexer);
		if (rune != ']')
			return toml_fail_rune(lexer,
					      "expected end of table array "
					      "name delimiter ']', but got ",
					      rune, " instead");
	}
	if (!toml_tree_open(&parser->tree, path, array, &parser->context))
		return fail_tree(parser);
	toml_tree_note(&parser->tree, parser->context,
		       (struct value_text){"", 0}, false);
	return true;
}

static bool parse_pair(struct parser *parser)
{
	CLEANUP(free_ptr) struct key *key = xnew(struct key);
	struct toml_path *context = parser->context;
	struct toml_node *node;

	if (!parse_key(parser, key) || !open_parents(parser, key) ||
	    !parse_member(parser, &node))
		return false;
	parser->context = context;
	parser->key = (struct value_text){"", 0};
	return true;
}

/* Behind a table's name or a value nothing may follow on its line. */
static bool parse_line_end(struct parser *parser)
{
	struct toml_lexer *lexer = &parser->lexer;
	uint32_t rune;

	do
		rune = toml_next(lexer);
	while (toml_is_blank(rune));
	if (rune == '#')
		return toml_comment(lexer);
	if (toml_is_break(rune) || rune == TOML_END)
		return !lexer->failed;
	return toml_fail_rune(lexer,
			      "expected a top-level item to end with a "
			      "newline, comment, or EOF, but got ",
			      rune, " instead");
}

static bool parse_all(struct parser *parser)
{
	struct toml_lexer *lexer = &parser->lexer;

	while (!lexer->at_end) {
		uint32_t rune = toml_next(lexer);

		if (lexer->failed)
			return false;
		if (toml_is_blank(rune) || toml_is_break(rune) ||
		    rune == TOML_END)
			continue;
		if (rune == '#') {
			if (!toml_comment(lexer))
				return false;
			continue;
		}
		if (rune == '[') {
			if (!parse_table(parser) || !parse_line_end(parser))
				return false;
			continue;
		}
		toml_back(lexer);
		if (!parse_pair(parser) || !parse_line_end(parser))
			return false;
	}
	return true;
}

/* toml: line 3 (last key "a.b"): ... */
static void tell(struct parser *parser, struct str *problem)
{
	CLEANUP(str_release) struct str last = {0};

	toml_path_add(&last, parser->context);
	if (last.len > 0 && parser->key.len > 0)
		str_add_char(&last, '.');
	str_add_bytes(&last, parser->key.bytes, parser->key.len);
	str_addf(problem, "toml: line %d", (int)parser->lexer.problem_line);
	if (last.len > 0) {
		str_add(problem, " (last key ");
		quote_add(problem, str_text(&last), last.len, false);
		str_add_char(problem, ')');
	}
	str_add(problem, ": ");
	str_add_bytes(problem, str_text(&parser->lexer.problem),
		      parser->lexer.problem.len);
}

/* UTF-8's and UTF-16's. */
static size_t byte_order_mark(const char *text)
{
	if (starts_with(text, "\xff\xfe") || starts_with(text, "\xfe\xff"))
		return 2;
	return starts_with(text, "\xef\xbb\xbf") ? 3 : 0;
}

bool toml_parse(struct toml *toml, const char *text, size_t len,
		struct arena *arena, struct err *err)
{
	CLEANUP(parser_release) struct parser parser = {
		.lexer.line = 1,
		.scalars = {&parser.lexer, arena, toml->dates},
		.arena = arena,
		.key = {"", 0},
		.err = err,
	};
	size_t mark = byte_order_mark(text);

	if (len > TOML_SIZE_MAX)
		return err_set(err, ERR_INPUT, "the TOML is over %zu MiB",
			       TOML_SIZE_MAX >> 20);
	parser.lexer.text = text + mark;
	parser.lexer.len = len - mark;
	if (memchr(text + mark, '\0', len - mark < 6 ? len - mark : 6)) {
		str_add(&toml->problem,
			"toml: line 1: files cannot contain NULL bytes; "
			"probably using UTF-16; TOML files must be UTF-8");
		return true;
	}
	toml_tree_init(&parser.tree, arena);
	parser.context = parser.tree.root_path;
	if (parse_all(&parser)) {
		toml->root = toml_node_value(&parser.tree, parser.tree.root);
		return true;
	}
	if (!parser.lexer.failed)
		return false;
	tell(&parser, &toml->problem);
	return true;
}

void toml_release(struct toml *toml)
{
	str_release(&toml->problem);
	toml->root = NULL;
}
