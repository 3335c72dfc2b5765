#include "tmpl/exec.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/ast.h"
#include "tmpl/eval.h"
#include "tmpl/func.h"
#include "tmpl/gofmt.h"
#include "tmpl/parse.h"
#include "tmpl/tmpl.h"

/* Text that costs as much to make as a node. */
#define BYTES_PER_STEP 64

/* A millisecond of work, after which a signal is heard. */
#define STEPS_PER_LOOK 50000

/* Bytes of output that are worth a write. */
#define FLUSH_AT ((size_t)64 << 10)

/* What an item tells the list that it stands in. */
enum flow {
	FLOW_ON,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_FAILED,
};

static enum flow walk_list(struct exec *exec, const struct value *dot,
			   const struct node *list);

/* --- errors -------------------------------------------------------------- */

bool exec_fail_at(struct exec *exec, const struct node *node)
{
	const struct source *source = exec->tree->source;

	return err_at_offset(exec->err, source->name, source->text, source->len,
			     node->offset);
}

const char *exec_type_name(const struct value *value)
{
	return value ? type_word(value) : "nothing";
}

/* --- ceilings ------------------------------------------------------------ */

/* Are the steps too many, or has somebody asked to stop? */
static bool look(struct exec *exec, struct err *err)
{
	const struct tmpl_options *options = &exec->set->options;

	if (exec->steps > exec->max_steps)
		return err_set(err, ERR_INPUT,
			       "more work than a render may take (%llu steps)",
			       (unsigned long long)exec->max_steps);
	if (exec->end_ms && clock_processor_ms() > exec->end_ms)
		return err_set(err, ERR_INPUT,
			       "more work than a render may take (%lld s)",
			       (long long)options->max_ms / 1000);
	exec->next_look = exec->max_steps - exec->steps < STEPS_PER_LOOK
				  ? exec->max_steps
				  : exec->steps + STEPS_PER_LOOK;
	return !options->interrupted || !options->interrupted(err);
}

static bool check_budget(struct exec *exec, struct err *err)
{
	if (exec->steps > exec->next_look && !look(exec, err))
		return false;
	if (exec->arena.total > TMPL_MEMORY_MAX)
		return err_set(err, ERR_INPUT,
			       "values take more than %zu MiB of memory",
			       TMPL_MEMORY_MAX >> 20);
	return true;
}

bool exec_check_budget(struct exec *exec, const struct node *node)
{
	if (check_budget(exec, exec->err))
		return true;
	if (exec->err->kind == ERR_INTERRUPTED)
		return false;
	err_hint(exec->err, "is there a loop or recursion without end?");
	return exec_fail_at(exec, node);
}

bool exec_take_step(struct exec *exec, const struct node *node)
{
	exec->steps++;
	return exec_check_budget(exec, node);
}

bool exec_enter(struct exec *exec, const struct node *node)
{
	if (exec->levels < TMPL_LEVELS_MAX) {
		exec->levels++;
		return true;
	}
	err_set(exec->err, ERR_INPUT,
		"parentheses, control structures and templates are nested "
		"more than %d deep",
		TMPL_LEVELS_MAX);
	return exec_fail_at(exec, node);
}

bool call_charge(struct call *call, size_t units, size_t bytes, struct err *err)
{
	struct exec *exec = call->exec;

	exec->steps += units + bytes / BYTES_PER_STEP;
	if (exec->steps > exec->next_look && !look(exec, err))
		return false;
	if (bytes > TMPL_MEMORY_MAX ||
	    exec->arena.total + bytes > TMPL_MEMORY_MAX)
		return err_set(err, ERR_INPUT,
			       "values would take more than %zu MiB of memory",
			       TMPL_MEMORY_MAX >> 20);
	return true;
}

/* --- variables ----------------------------------------------------------- */

void exec_push_variable(struct exec *exec, const char *name,
			const struct value *value)
{
	struct variable *variable;

	exec->variables =
		grow_array(exec->variables, exec->variable_count + 1,
			   sizeof(*exec->variables), &exec->variable_capacity);
	variable = &exec->variables[exec->variable_count++];
	variable->name = name;
	variable->value = value;
}

struct variable *exec_find_variable(struct exec *exec, const char *name)
{
	for (size_t i = exec->variable_count; i-- > exec->variable_base;) {
		if (exec->variables[i].name == name)
			return &exec->variables[i];
	}
	return NULL;
}

bool exec_fail_variable(struct exec *exec, const struct node *node,
			const char *name)
{
	err_set(exec->err, ERR_INPUT, "variable '%s' is not declared", name);
	err_hint(exec->err, "':=' declares, '=' sets what is declared");
	return exec_fail_at(exec, node);
}

bool exec_set_variable(struct exec *exec, const struct node *node,
		       const char *name, const struct value *value)
{
	struct variable *variable = exec_find_variable(exec, name);

	if (!variable)
		return exec_fail_variable(exec, node, name);
	variable->value = value;
	exec->escapes++;
	return true;
}

/* --- items --------------------------------------------------------------- */

/* What was written needs no memory, but counts. */
static bool flush(struct exec *exec)
{
	struct str *out = exec->out;

	if (!exec->sink->write(exec->sink->arg, out->buf, out->len, exec->err))
		return false;
	out->limit -= out->len;
	str_clear(out);
	return true;
}

static bool write_out(struct exec *exec, const struct node *node,
		      const char *bytes, size_t len)
{
	str_add_bytes(exec->out, bytes, len);
	if (!exec->out->overflow)
		return exec->out->len < FLUSH_AT || !exec->sink || flush(exec);
	err_set(exec->err, ERR_INPUT, "the output is larger than %zu MiB",
		TMPL_OUTPUT_MAX >> 20);
	return exec_fail_at(exec, node);
}

static bool print_value(struct exec *exec, const struct node *node,
			const struct value *value)
{
	static const char no_value[] = "<no value>";

	if (!value)
		return write_out(exec, node, no_value, strlen(no_value));
	if (value->kind == VALUE_STRING)
		return write_out(exec, node, value->string.bytes,
				 value->string.len);
	gofmt_value(exec->out, value);
	return write_out(exec, node, "", 0);
}

static bool walk_action(struct exec *exec, const struct value *dot,
			const struct node *node)
{
	const struct value *value;

	return eval_pipeline(exec, dot, node->pipe, &value) &&
	       (node->pipe->pipeline.name_count > 0 ||
		print_value(exec, node->pipe, value));
}

/* if and with differ in what dot is inside. */
static enum flow walk_condition(struct exec *exec, const struct value *dot,
				const struct node *node)
{
	size_t variables = exec->variable_count;
	const struct value *value;
	enum flow flow = FLOW_ON;

	if (!eval_pipeline(exec, dot, node->branch.pipe, &value))
		return FLOW_FAILED;
	if (value && value_truth(value))
		flow = walk_list(exec, node->kind == NODE_WITH ? value : dot,
				 node->branch.list);
	else if (node->branch.otherwise)
		flow = walk_list(exec, dot, node->branch.otherwise);
	exec->variable_count = variables;

	return flow;
}

/* What a range declared or named, for one round. */
static bool set_round(struct exec *exec, const struct node *node,
		      const struct value *index, const struct value *item)
{
	const struct node *pipe = node->branch.pipe;
	size_t count = pipe->pipeline.name_count;
	struct variable *top = exec->variables + exec->variable_count;

	if (count == 0)
		return true;
	if (pipe->pipeline.assigns)
		return (count < 2 ||
			exec_set_variable(exec, pipe, pipe->pipeline.names[0],
					  index)) &&
		       exec_set_variable(exec, pipe,
					 pipe->pipeline.names[count - 1], item);
	top[-1].value = item;
	if (count > 1)
		top[-2].value = index;
	return true;
}

/*
 * One round of a range.  What it makes is given back at its end, unless
 * something was put where it lives on.
 */
static enum flow walk_round(struct exec *exec, const struct node *node,
			    const struct value *index, const struct value *item,
			    struct arena_mark mark, uint64_t escapes)
{
	size_t variables = exec->variable_count;
	enum flow flow;

	if (!exec_take_step(exec, node) || !set_round(exec, node, index, item))
		return FLOW_FAILED;
	flow = walk_list(exec, item, node->branch.list);
	exec->variable_count = variables;
	if (exec->escapes == escapes)
		arena_rewind(&exec->arena, mark);

	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

static enum flow range_int(struct exec *exec, const struct node *node,
			   const struct value *count)
{
	enum flow flow = FLOW_ON;

	if (node->branch.pipe->pipeline.name_count > 1) {
		err_set(exec->err, ERR_INPUT,
			"range over a number has one variable, not two");
		exec_fail_at(exec, node);
		return FLOW_FAILED;
	}
	for (int64_t i = 0; i < count->integer && flow == FLOW_ON; i++) {
		struct arena_mark mark = arena_mark(&exec->arena);
		struct value *item = value_new(&exec->arena, count->kind);

		item->integer = i;
		item->named = count->named;
		flow = walk_round(exec, node, NULL, item, mark, exec->escapes);
	}
	return flow;
}

static enum flow range_list(struct exec *exec, const struct node *node,
			    const struct value *list)
{
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < list->list.count && flow == FLOW_ON; i++) {
		struct arena_mark mark = arena_mark(&exec->arena);
		const struct value *index = NULL;

		if (node->branch.pipe->pipeline.name_count > 1)
			index = value_new_int(&exec->arena, (int64_t)i);
		flow = walk_round(exec, node, index, list->list.items[i], mark,
				  exec->escapes);
	}
	return flow;
}

static enum flow range_map(struct exec *exec, const struct node *node,
			   const struct value *map)
{
	/* A copy of the pairs: the body may change the map. */
	size_t count = map->map.count;
	struct value_pair *pairs =
		arena_new_array(&exec->arena, struct value_pair, count);
	enum flow flow = FLOW_ON;

	memcpy(pairs, map->map.pairs, count * sizeof(*pairs));
	for (size_t i = 0; i < count && flow == FLOW_ON; i++) {
		struct arena_mark mark = arena_mark(&exec->arena);
		struct value *key = NULL;

		if (node->branch.pipe->pipeline.name_count > 1) {
			key = value_new(&exec->arena, VALUE_STRING);
			key->string = pairs[i].key;
		}
		flow = walk_round(exec, node, key, pairs[i].value, mark,
				  exec->escapes);
	}
	return flow;
}

/* *@rounds: was there anything to go through? */
static enum flow walk_rounds(struct exec *exec, const struct node *node,
			     const struct value *value, bool *rounds)
{
	*rounds = false;
	if (!value)
		return FLOW_ON;
	switch (value->kind) {
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		*rounds = value->integer > 0;
		return range_int(exec, node, value);
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
	case VALUE_LISTS:
	case VALUE_MAPS:
		*rounds = value->list.count > 0;
		return *rounds ? range_list(exec, node, value) : FLOW_ON;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		*rounds = value->map.count > 0;
		return *rounds ? range_map(exec, node, value) : FLOW_ON;
	default:
		err_set(exec->err, ERR_INPUT,
			"range goes over lists, maps and whole numbers, "
			"not %s",
			exec_type_name(value));
		exec_fail_at(exec, node);
		return FLOW_FAILED;
	}
}

static enum flow walk_range(struct exec *exec, const struct value *dot,
			    const struct node *node)
{
	size_t variables = exec->variable_count;
	const struct value *value;
	enum flow flow;
	bool rounds;

	if (!eval_pipeline(exec, dot, node->branch.pipe, &value))
		return FLOW_FAILED;
	flow = walk_rounds(exec, node, value, &rounds);
	if (flow == FLOW_ON && !rounds && node->branch.otherwise)
		flow = walk_list(exec, dot, node->branch.otherwise);
	exec->variable_count = variables;

	/* As in Go, a break in the else ends this range, not an outer one. */
	return flow == FLOW_BREAK ? FLOW_ON : flow;
}

static bool fail_template(struct exec *exec, const char *name)
{
	struct nearest nearest = {.word = name};

	for (const struct tmpl *set = exec->set; set; set = set->outer) {
		for (size_t i = 0; i < set->trees.count; i++)
			nearest_offer(&nearest, set->trees.entries[i].key);
	}
	err_set(exec->err, ERR_INPUT, "there is no template '%s'", name);
	if (nearest.best)
		err_hint(exec->err, "did you mean '%s'?", nearest.best);
	return false;
}

bool exec_may_nest(struct exec *exec, const char *name)
{
	if (exec->calls <= TMPL_CALLS_MAX)
		return true;
	err_set(exec->err, ERR_INPUT,
		"templates call templates more than %d deep", TMPL_CALLS_MAX);
	return err_hint(exec->err, "does '%s' call itself without an end?",
			name);
}

/* The template to run next, or NULL: none of that name, or too deep. */
static const struct tree *next_template(struct exec *exec, const char *name)
{
	const struct tree *tree = parse_find(exec->set, name);

	if (!tree)
		fail_template(exec, name);
	return tree && exec_may_nest(exec, name) ? tree : NULL;
}

/* The template sees its own variables only: $ is what it is given. */
static enum flow run_template(struct exec *exec, const struct tree *tree,
			      const struct value *dot)
{
	const struct tree *outer = exec->tree;
	size_t base = exec->variable_base, count = exec->variable_count;
	enum flow flow;

	exec->tree = tree;
	exec->variable_base = count;
	exec->calls++;
	exec_push_variable(exec, root_variable, dot);
	flow = walk_list(exec, dot, tree->root);
	exec->calls--;
	exec->variable_base = base;
	exec->variable_count = count;
	exec->tree = outer;

	return flow;
}

static enum flow walk_template(struct exec *exec, const struct value *dot,
			       const struct node *node)
{
	const struct tree *tree = next_template(exec, node->invoke.name);
	const struct value *value = NULL;

	if (!tree) {
		exec_fail_at(exec, node);
		return FLOW_FAILED;
	}
	if (node->invoke.pipe &&
	    !eval_pipeline(exec, dot, node->invoke.pipe, &value))
		return FLOW_FAILED;

	return run_template(exec, tree, value);
}

static enum flow walk_nested(struct exec *exec, const struct value *dot,
			     const struct node *node)
{
	enum flow flow;

	if (!exec_take_step(exec, node) || !exec_enter(exec, node))
		return FLOW_FAILED;
	if (node->kind == NODE_RANGE)
		flow = walk_range(exec, dot, node);
	else if (node->kind == NODE_TEMPLATE)
		flow = walk_template(exec, dot, node);
	else
		flow = walk_condition(exec, dot, node);
	exec->levels--;

	return flow;
}

static enum flow walk_item(struct exec *exec, const struct value *dot,
			   const struct node *node)
{
	switch (node->kind) {
	case NODE_TEXT:
		return write_out(exec, node, node->text.bytes, node->text.len)
			       ? FLOW_ON
			       : FLOW_FAILED;
	case NODE_ACTION:
		return walk_action(exec, dot, node) ? FLOW_ON : FLOW_FAILED;
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	default:
		return walk_nested(exec, dot, node);
	}
}

static enum flow walk_list(struct exec *exec, const struct value *dot,
			   const struct node *list)
{
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < list->list.count && flow == FLOW_ON; i++)
		flow = walk_item(exec, dot, list->list.items[i]);

	return flow;
}

/* --- whole templates ----------------------------------------------------- */

bool exec_tree(struct exec *exec, const struct tmpl *set,
	       const struct tree *tree, const struct value *dot,
	       struct str *out)
{
	const struct tmpl_sink *sink = exec->sink;
	const struct tmpl *outer_set = exec->set;
	struct str *outer = exec->out;
	bool good;

	/* All texts that are being made share the ceiling of the output. */
	out->limit = outer->limit - outer->len;
	exec->set = set;
	exec->out = out;
	exec->sink = NULL;
	good = run_template(exec, tree, dot->kind == VALUE_NIL ? NULL : dot) ==
	       FLOW_ON;
	exec->sink = sink;
	exec->out = outer;
	exec->set = outer_set;

	return good;
}

bool exec_nested(struct exec *exec, const char *name, const struct value *dot,
		 struct str *out)
{
	const struct tree *tree = next_template(exec, name);

	return tree && exec_tree(exec, exec->set, tree, dot, out);
}

bool exec_root(struct exec *exec, const struct tree *tree,
	       const struct value *root)
{
	size_t before = exec->out->len, limit = exec->out->limit;
	bool overflow = exec->out->overflow, good;

	exec->out->limit = before + TMPL_OUTPUT_MAX;
	exec->out->overflow = false;
	/* The caller's data is not ours to change. */
	if (exec->set->changes)
		root = value_copy(root, &exec->arena);
	good = run_template(exec, tree,
			    root->kind == VALUE_NIL ? NULL : root) == FLOW_ON;
	if (!good)
		str_truncate(exec->out, before);
	exec->out->limit = limit;
	exec->out->overflow = overflow;

	return good;
}
