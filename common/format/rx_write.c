/*
 * Trees as patterns of pcre2, with the meetings of ways that RE2's automaton
 * has: an automaton is in a place of the expression and of the text at most
 * once, so that a way which leads to where another one has been ends there.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/unicode.h"
#include "format/rx.h"
#include "format/rx_tree.h"

/*
 * What is as much work as a meeting: nodes gone by, and runes looped over (on
 * processors that do not rename memory, such as the first EPYC).
 */
#define NODES 8
#define RUNES 8

#define FREE 64 /* nodes at most between two tolls */

struct writer {
	struct rx_program *program;
	struct str *out;
	bool fold;   /* pcre2 folds what comes now */
	size_t free; /* nodes written since the last toll */
};

static void write_node(struct writer *writer, const struct rx_node *node);

static size_t new_meeting(struct writer *writer)
{
	return writer->program->meetings++;
}

static void write_meeting(struct writer *writer, size_t meeting)
{
	str_addf(writer->out, "(?C'%zu')", meeting);
}

/* Go no further where another way has left @meeting. */
static void write_question(struct writer *writer, size_t meeting)
{
	str_addf(writer->out, "(?C'?%zu')", meeting);
}

/*
 * A way without meetings costs as well: @work of it is told before it is gone,
 * as who turns back in the midst of it has gone some of it.
 */
static void write_toll(struct writer *writer, size_t work)
{
	if (work)
		str_addf(writer->out, "(?C'+%zu')", work);
}

/* How many nodes are in @node, up to @most. */
static size_t count_nodes(const struct rx_node *node, size_t most)
{
	size_t count = 1;

	for (const struct rx_node *item = node->first; item && count < most;
	     item = item->next)
		count += count_nodes(item, most - count);
	return count;
}

static void set_fold(struct writer *writer, bool fold)
{
	if (writer->fold != fold)
		str_add(writer->out, fold ? "(?i)" : "(?-i)");
	writer->fold = fold;
}

/* --- items --------------------------------------------------------------- */

static bool is_letter(uint32_t rune)
{
	return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
}

static void write_rune(struct writer *writer, const struct rx_node *node)
{
	uint32_t rune = node->rune;

	if (!rune_is_valid(rune)) {
		str_add(writer->out, RX_WRITE_NONE);
		return;
	}
	if (is_letter(rune) || rune >= 0x80)
		set_fold(writer, node->fold);
	if (is_letter(rune))
		str_add_char(writer->out, (char)rune);
	else
		str_addf(writer->out, "\\x{%x}", rune);
}

/* What a group opens ends with it: pcre2's case of before is back then. */
static void write_inside(struct writer *writer, const char *open,
			 const struct rx_node *node)
{
	bool fold = writer->fold;

	str_add(writer->out, open);
	write_node(writer, node);
	str_add_char(writer->out, ')');
	writer->fold = fold;
}

static void add_slot(struct rx_program *program, size_t group)
{
	program->group_of =
		grow_array(program->group_of, program->slots + 1,
			   sizeof(*program->group_of), &program->capacity);
	program->group_of[program->slots++] = group;
}

static void write_group(struct writer *writer, const struct rx_node *node)
{
	add_slot(writer->program, node->group);
	write_inside(writer, "(", node->first);
}

static void write_concat(struct writer *writer, const struct rx_node *node)
{
	for (const struct rx_node *item = node->first; item; item = item->next)
		write_node(writer, item);
}

static void write_alternate(struct writer *writer, const struct rx_node *node)
{
	bool fold = writer->fold;

	str_add(writer->out, "(?:");
	for (const struct rx_node *item = node->first; item;
	     item = item->next) {
		write_node(writer, item);
		if (item->next)
			str_add_char(writer->out, '|');
	}
	str_add_char(writer->out, ')');
	writer->fold = fold;
	write_meeting(writer, new_meeting(writer));
}

/* --- repetition ---------------------------------------------------------- */

/* As something that a repetition may stand behind. */
static void write_atom(struct writer *writer, const struct rx_node *node)
{
	if (node->op == RX_RUNE || node->op == RX_CLASS || node->op == RX_ANY ||
	    node->op == RX_ANY_BUT_LINE || node->op == RX_GROUP)
		write_node(writer, node);
	else
		write_inside(writer, "(?:", node);
}

static void write_counts(struct writer *writer, int min, int max, bool lazy)
{
	if (min == max)
		str_addf(writer->out, "{%d}", min);
	else
		str_addf(writer->out, "{%d,%d}", min, max);
	if (lazy)
		str_add_char(writer->out, '?');
}

/*
 * There is one way through @item, so its repetition may be pcre2's own: a
 * way that comes to where the repetition was left can only do what was done.
 */
static void write_plain_repeat(struct writer *writer,
			       const struct rx_node *item, int min, int max,
			       bool lazy)
{
	size_t nodes = count_nodes(item, FREE);
	size_t times = (size_t)(max >= 0 ? max : min);
	size_t meeting;

	write_toll(writer, nodes > 1 ? nodes * times / NODES : times / RUNES);
	if (max >= 0) {
		write_atom(writer, item);
		write_counts(writer, min, max, lazy);
		if (min != max)
			write_meeting(writer, new_meeting(writer));
		return;
	}
	if (min > 0) {
		write_atom(writer, item);
		write_counts(writer, min, min, false);
	}
	meeting = new_meeting(writer);
	write_question(writer, meeting);
	write_atom(writer, item);
	str_add(writer->out, lazy ? "*?" : "*");
	write_meeting(writer, meeting);
}

/* One or more. */
static void write_plus(struct writer *writer, const struct rx_node *item,
		       bool lazy)
{
	bool fold = writer->fold;

	str_add(writer->out, "(?:");
	write_meeting(writer, new_meeting(writer));
	write_node(writer, item);
	write_meeting(writer, new_meeting(writer));
	str_add(writer->out, lazy ? ")+?" : ")+");
	writer->fold = fold;
}

/* Any number; of what may be nothing: none, or one or more. */
static void write_star(struct writer *writer, const struct rx_node *item,
		       bool lazy)
{
	size_t meeting = new_meeting(writer);
	bool fold = writer->fold;

	if (item->nullable) {
		str_add(writer->out, "(?:");
		write_plus(writer, item, lazy);
		str_add(writer->out, lazy ? ")??" : ")?");
		write_meeting(writer, meeting);
		return;
	}
	write_meeting(writer, meeting);
	str_add(writer->out, "(?:");
	write_node(writer, item);
	write_meeting(writer, meeting);
	str_add(writer->out, lazy ? ")*?" : ")*");
	writer->fold = fold;
}

static void write_copies(struct writer *writer, const struct rx_node *item,
			 int count)
{
	for (int i = 0; i < count && !writer->out->overflow; i++)
		write_node(writer, item);
}

/* Up to @count, each within the one before. */
static void write_optional(struct writer *writer, const struct rx_node *item,
			   int count, bool lazy)
{
	bool fold = writer->fold;

	if (count == 0)
		return;
	for (int i = 0; i < count && !writer->out->overflow; i++) {
		str_add(writer->out, "(?:");
		write_node(writer, item);
	}
	for (int i = 0; i < count; i++)
		str_add(writer->out, lazy ? ")??" : ")?");
	writer->fold = fold;
	write_meeting(writer, new_meeting(writer));
}

/*
 * RE2's automaton has a place of its own for each copy of @item.  Groups in
 * it are then several of pcre2's.
 */
static void write_repeat(struct writer *writer, const struct rx_node *node)
{
	const struct rx_node *item = node->first;
	int min = node->min, max = node->max;

	if (max == 0) {
		str_add(writer->out, "(?:)");
	} else if (min == 1 && max == 1) {
		write_node(writer, item);
	} else if (item->plain && (max > 0 || !item->nullable)) {
		write_plain_repeat(writer, item, min, max, node->lazy);
	} else if (max > 0) {
		write_copies(writer, item, min);
		write_optional(writer, item, max - min, node->lazy);
	} else if (min > 0) {
		write_copies(writer, item, min - 1);
		write_plus(writer, item, node->lazy);
	} else {
		write_star(writer, item, node->lazy);
	}
}

/* ------------------------------------------------------------------------- */

static const char *const constants[] = {
	[RX_EMPTY] = "(?:)",	   [RX_ANY] = RX_WRITE_ANY,
	[RX_ANY_BUT_LINE] = "\\N", [RX_BEGIN_LINE] = "(?m:^)",
	[RX_END_LINE] = "(?m:$)",  [RX_BEGIN_TEXT] = "\\A",
	[RX_END_TEXT] = "\\z",	   [RX_WORD_EDGE] = "\\b",
	[RX_NO_WORD_EDGE] = "\\B",
};

static void write_node(struct writer *writer, const struct rx_node *node)
{
	if (writer->out->overflow)
		return;
	if (++writer->free > FREE) {
		write_toll(writer, FREE / NODES);
		writer->free = 1;
	}
	switch (node->op) {
	case RX_RUNE:
		write_rune(writer, node);
		return;
	case RX_CLASS:
		set_fold(writer, false);
		writer->program->folded +=
			rx_write_class(writer->out, node->class);
		return;
	case RX_GROUP:
		write_group(writer, node);
		return;
	case RX_CONCAT:
		write_concat(writer, node);
		return;
	case RX_ALTERNATE:
		write_alternate(writer, node);
		return;
	case RX_REPEAT:
		write_repeat(writer, node);
		return;
	default:
		str_add(writer->out, constants[node->op]);
		return;
	}
}

void rx_write(struct rx_program *program, const struct rx_node *root)
{
	struct writer writer = {.program = program, .out = &program->pattern};

	program->pattern.limit = RX_PROGRAM_MAX;
	add_slot(program, 0);
	write_node(&writer, root);
}

void rx_program_release(struct rx_program *program)
{
	str_release(&program->pattern);
	free_ptr(&program->group_of);
	*program = (struct rx_program){0};
}
