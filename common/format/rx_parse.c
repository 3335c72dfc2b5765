/* Go's grammar of regular expressions. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/unicode.h"
#include "format/rx.h"
#include "format/rx_tree.h"

struct flags {
	bool fold;    /* i */
	bool lines;   /* m: ^ and $ at lines */
	bool newline; /* s: . matches \n */
	bool lazy;    /* U */
};

struct list {
	struct rx_node *first;
	struct rx_node *last;
	size_t count;
};

/* What is open: the pattern itself, and a group in it for each level. */
struct level {
	struct level *up;
	struct flags before; /* the flags in force behind it */
	size_t group;	     /* 0: not a capturing one */
	struct list branches;
	struct list items; /* of the branch at hand */
};

struct parser {
	struct rx_reader reader;
	struct flags flags;
	struct level *level;
	struct rx_tree *tree;
	size_t repeat; /* where the item before us is repeated, or SIZE_MAX */
};

/* --- the tree ------------------------------------------------------------ */

static void list_add(struct list *list, struct rx_node *node)
{
	if (list->last)
		list->last->next = node;
	else
		list->first = node;
	list->last = node;
	list->count++;
}

static struct rx_node *add_node(struct parser *parser, enum rx_op op)
{
	struct rx_node *node = arena_new(parser->reader.arena, struct rx_node);

	node->op = op;
	node->height = 1;
	node->copies = 1;
	node->plain = true;
	node->nullable = op == RX_EMPTY || op >= RX_BEGIN_LINE;
	list_add(&parser->level->items, node);
	return node;
}

/* What @node tells about itself, from its children. */
static void sum_up(struct rx_node *node)
{
	node->plain = node->op != RX_ALTERNATE;
	node->nullable = node->op != RX_ALTERNATE;
	for (struct rx_node *child = node->first; child; child = child->next) {
		if (child->height >= node->height)
			node->height = child->height + 1;
		if (child->copies > node->copies)
			node->copies = child->copies;
		node->plain = node->plain && child->plain;
		node->nullable = node->op == RX_ALTERNATE
					 ? node->nullable || child->nullable
					 : node->nullable && child->nullable;
	}
}

static bool check_height(struct parser *parser, const struct rx_node *node)
{
	return node->height <= RX_NEST_MAX ||
	       rx_fail(&parser->reader, "expression nests too deeply", 0);
}

/* The items as one node: itself if there is one. */
static bool join(struct parser *parser, enum rx_op op, const struct list *list,
		 struct rx_node **joined)
{
	struct rx_node *node = list->first;

	if (list->count != 1) {
		node = arena_new(parser->reader.arena, struct rx_node);
		node->op = list->count == 0 ? RX_EMPTY : op;
		node->height = 1;
		node->copies = 1;
		node->first = list->first;
		sum_up(node);
	}
	*joined = node;
	return check_height(parser, node);
}

static bool end_branch(struct parser *parser)
{
	struct level *level = parser->level;
	struct rx_node *branch;

	if (!join(parser, RX_CONCAT, &level->items, &branch))
		return false;
	level->items = (struct list){0};
	list_add(&level->branches, branch);
	return true;
}

static bool end_level(struct parser *parser, struct rx_node **node)
{
	return end_branch(parser) &&
	       join(parser, RX_ALTERNATE, &parser->level->branches, node);
}

static void open_level(struct parser *parser)
{
	struct level *level = arena_new(parser->reader.arena, struct level);

	level->up = parser->level;
	level->before = parser->flags;
	parser->level = level;
}

static void open_group(struct parser *parser, const char *name, size_t len)
{
	open_level(parser);
	parser->level->group = parser->tree->names.count;
	strvec_add_bytes(&parser->tree->names, name, len);
}

static bool close_level(struct parser *parser)
{
	struct level *level = parser->level;
	struct rx_node *node, *group;

	if (!level->up)
		return rx_fail(&parser->reader, "unexpected )",
			       parser->reader.at - 1);
	if (!end_level(parser, &node))
		return false;
	parser->level = level->up;
	parser->flags = level->before;
	if (level->group == 0) {
		list_add(&parser->level->items, node);
		return true;
	}
	group = add_node(parser, RX_GROUP);
	group->group = level->group;
	group->first = node;
	sum_up(group);
	return check_height(parser, group);
}

/* --- repetition ---------------------------------------------------------- */

/* Replace the last item by its repetition; what does it starts at @start. */
static bool repeat(struct parser *parser, int min, int max, size_t start)
{
	struct rx_reader *reader = &parser->reader;
	struct list *items = &parser->level->items;
	bool lazy = parser->flags.lazy;
	struct rx_node *item = items->last, *node;
	int copies = max < 0 ? min : max;

	if (rx_peek(reader, 0) == '?') {
		lazy = !lazy;
		reader->at++;
	}
	if (parser->repeat != SIZE_MAX)
		return rx_fail(reader, "invalid nested repetition operator",
			       parser->repeat);
	if (!item)
		return rx_fail(reader,
			       "missing argument to repetition operator",
			       start);
	node = arena_new(reader->arena, struct rx_node);
	*node = *item;
	*item = (struct rx_node){.op = RX_REPEAT,
				 .first = node,
				 .min = min,
				 .max = max,
				 .lazy = lazy,
				 .height = node->height + 1,
				 .copies = node->copies,
				 .nullable = node->nullable || min == 0,
				 .plain = max == 0 ||
					  (min == max && node->plain)};
	if (max == 0)
		item->copies = 1;
	else if (copies > 1)
		item->copies *= copies;
	if (item->copies > RX_REPEAT_MAX)
		return rx_fail(reader, "invalid repeat count", start);
	parser->repeat = start;
	return check_height(parser, item);
}

static bool take_operator(struct parser *parser)
{
	size_t start = parser->reader.at++;

	switch (parser->reader.text[start]) {
	case '*':
		return repeat(parser, 0, -1, start);
	case '+':
		return repeat(parser, 1, -1, start);
	default:
		return repeat(parser, 0, 1, start);
	}
}

/* A number without leading zeros; one that is too large is above the limit. */
static bool take_count(struct rx_reader *reader, int *count)
{
	size_t start = reader->at;

	*count = 0;
	while (rx_peek(reader, 0) >= '0' && rx_peek(reader, 0) <= '9') {
		if (*count <= RX_REPEAT_MAX)
			*count = *count * 10 + (rx_peek(reader, 0) - '0');
		reader->at++;
	}
	return reader->at > start &&
	       (reader->text[start] != '0' || reader->at == start + 1);
}

/* {n}, {n,} or {n,m}; false if it is something else. */
static bool take_counts(struct rx_reader *reader, int *min, int *max)
{
	reader->at++;
	if (!take_count(reader, min))
		return false;
	*max = *min;
	if (rx_peek(reader, 0) == ',') {
		reader->at++;
		*max = -1;
		if (rx_peek(reader, 0) != '}' && !take_count(reader, max))
			return false;
	}
	return rx_peek(reader, 0) == '}' && ++reader->at;
}

/* --- items --------------------------------------------------------------- */

static bool has_next(const struct rx_reader *reader, const char *text)
{
	size_t len = strlen(text);

	return rx_left(reader) >= len &&
	       memcmp(reader->text + reader->at, text, len) == 0;
}

static void add_rune(struct parser *parser, uint32_t rune)
{
	struct rx_node *node = add_node(parser, RX_RUNE);

	node->rune = rune;
	node->fold = parser->flags.fold;
}

static bool take_brace(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;
	size_t start = reader->at;
	int min, max;

	if (!take_counts(reader, &min, &max)) {
		reader->at = start + 1;
		parser->repeat = SIZE_MAX;
		add_rune(parser, '{');
		return true;
	}
	if (min > RX_REPEAT_MAX || max > RX_REPEAT_MAX ||
	    (max >= 0 && min > max))
		return rx_fail(reader, "invalid repeat count", start);

	return repeat(parser, min, max, start);
}

/* (?P<name> or (?<name>; @skip bytes stand before the name. */
static bool take_name(struct parser *parser, size_t skip)
{
	struct rx_reader *reader = &parser->reader;
	size_t start = reader->at, name = start + skip;

	reader->at = name;
	while (rx_is_word(rx_peek(reader, 0)))
		reader->at++;
	if (reader->at == name || rx_peek(reader, 0) != '>')
		return rx_fail(reader, "invalid named capture", start);
	open_group(parser, reader->text + name, reader->at - name);
	reader->at++;
	return true;
}

static bool set_flag(struct flags *flags, uint32_t letter, bool on)
{
	switch (letter) {
	case 'i':
		flags->fold = on;
		return true;
	case 'm':
		flags->lines = on;
		return true;
	case 's':
		flags->newline = on;
		return true;
	case 'U':
		flags->lazy = on;
		return true;
	default:
		return false;
	}
}

/* (?flags) and (?flags:, where a minus has flags behind it. */
static bool take_flags(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;
	struct flags flags = parser->flags;
	size_t start = reader->at;
	bool on = true, any = true;
	uint32_t letter;

	reader->at += 2;
	while (rx_left(reader) > 0) {
		if (!rx_take_rune(reader, &letter))
			return false;
		if (set_flag(&flags, letter, on)) {
			any = true;
			continue;
		}
		if (letter == '-' && on) {
			on = any = false;
			continue;
		}
		if ((letter != ':' && letter != ')') || !any)
			break;
		if (letter == ':')
			open_level(parser);
		parser->flags = flags;
		return true;
	}
	return rx_fail(reader, "invalid or unsupported Perl syntax", start);
}

static bool take_paren(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;

	if (has_next(reader, "(?P<"))
		return take_name(parser, 4);
	if (has_next(reader, "(?<"))
		return take_name(parser, 3);
	if (has_next(reader, "(?"))
		return take_flags(parser);
	reader->at++;
	open_group(parser, "", 0);
	return true;
}

/* \Q...\E, or to the end. */
static bool take_quoted(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;
	uint32_t rune;

	reader->at += 2;
	while (rx_left(reader) > 0 && !has_next(reader, "\\E")) {
		if (!rx_take_rune(reader, &rune))
			return false;
		add_rune(parser, rune);
	}
	reader->at += rx_left(reader) > 0 ? 2 : 0;
	return true;
}

static void add_assertion(struct parser *parser, enum rx_op op, size_t width)
{
	add_node(parser, op);
	parser->reader.at += width;
}

static bool take_backslash(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;
	struct rx_class *class;
	uint32_t rune;
	bool taken;

	switch (rx_peek(reader, 1)) {
	case 'A':
		add_assertion(parser, RX_BEGIN_TEXT, 2);
		return true;
	case 'b':
		add_assertion(parser, RX_WORD_EDGE, 2);
		return true;
	case 'B':
		add_assertion(parser, RX_NO_WORD_EDGE, 2);
		return true;
	case 'z':
		add_assertion(parser, RX_END_TEXT, 2);
		return true;
	case 'Q':
		return take_quoted(parser);
	default:
		break;
	}
	class = rx_class_new(reader);
	if (!rx_take_set(reader, class, &taken))
		return false;
	if (taken) {
		add_node(parser, RX_CLASS)->class = class;
		return true;
	}
	if (!rx_take_escape(reader, &rune))
		return false;
	add_rune(parser, rune);
	return true;
}

static bool take_brackets(struct parser *parser)
{
	struct rx_class *class = rx_class_new(&parser->reader);

	if (!rx_take_class(&parser->reader, class))
		return false;
	add_node(parser, RX_CLASS)->class = class;
	return true;
}

static bool take_item(struct parser *parser)
{
	struct rx_reader *reader = &parser->reader;
	const struct flags *flags = &parser->flags;
	uint32_t rune;

	switch (rx_peek(reader, 0)) {
	case '(':
		return take_paren(parser);
	case ')':
		reader->at++;
		return close_level(parser);
	case '|':
		reader->at++;
		return end_branch(parser);
	case '^':
		add_assertion(parser,
			      flags->lines ? RX_BEGIN_LINE : RX_BEGIN_TEXT, 1);
		return true;
	case '$':
		add_assertion(parser, flags->lines ? RX_END_LINE : RX_END_TEXT,
			      1);
		return true;
	case '.':
		reader->at++;
		add_node(parser, flags->newline ? RX_ANY : RX_ANY_BUT_LINE);
		return true;
	case '[':
		return take_brackets(parser);
	case '\\':
		return take_backslash(parser);
	default:
		if (!rx_take_rune(reader, &rune))
			return false;
		add_rune(parser, rune);
		return true;
	}
}

/* An item, or what repeats the one before. */
static bool take_next(struct parser *parser)
{
	char c = rx_peek(&parser->reader, 0);

	if (c == '*' || c == '+' || c == '?')
		return take_operator(parser);
	if (c == '{')
		return take_brace(parser);
	parser->reader.fold = parser->flags.fold;
	parser->repeat = SIZE_MAX;
	return take_item(parser);
}

bool rx_parse(struct rx_tree *tree, const char *pattern, size_t len,
	      struct arena *arena, struct err *err)
{
	struct parser parser = {
		.reader = {.text = pattern,
			   .len = len,
			   .arena = arena,
			   .err = err},
		.tree = tree,
		.repeat = SIZE_MAX,
	};

	strvec_add(&tree->names, "");
	open_level(&parser);
	while (rx_left(&parser.reader) > 0) {
		if (!take_next(&parser))
			return false;
	}
	if (parser.level->up)
		return rx_fail(&parser.reader, "missing closing )", 0);
	return end_level(&parser, &tree->root);
}

void rx_tree_release(struct rx_tree *tree)
{
	strvec_release(&tree->names);
}
