#include "tmpl/exec.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/ast.h"
#include "tmpl/func.h"
#include "tmpl/gofmt.h"
#include "tmpl/parse.h"
#include "tmpl/tmpl.h"

/* How many keys an error names. */
#define KEYS_SHOWN 12

/* Text that costs as much as a node. */
#define BYTES_PER_STEP 64 /* made */
#define READ_PER_STEP  1024

/* Arguments of a call that need no memory of their own. */
#define ARGS_INLINE 6

/* What an item tells the list that it stands in. */
enum flow {
	FLOW_ON,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_FAILED,
};

/* The final argument of a command that nothing is piped into. */
static const struct value no_final;

/*
 * Throughout, dot and values may be NULL: Go's invalid value, which a
 * missing key gives and which prints as <no value>.  It differs from nil,
 * the content of a key that is there: asking nil for a field is an error.
 */
static bool eval_pipeline(struct exec *exec, const struct value *dot,
			  const struct node *pipe, const struct value **result);
static bool eval_function(struct exec *exec, const struct value *dot,
			  const struct node *node, const struct node_list *args,
			  const struct value *final,
			  const struct value **result);
static enum flow walk_list(struct exec *exec, const struct value *dot,
			   const struct node *list);

/* --- errors -------------------------------------------------------------- */

/* Say where; gives false. */
static bool fail_at(struct exec *exec, const struct node *node)
{
	const struct source *source = exec->tree->source;

	return err_at_offset(exec->err, source->name, source->text, source->len,
			     node->offset);
}

static const char *type_name(const struct value *value)
{
	return value ? type_word(value) : "nothing";
}

/* What the node is called in messages: its own text. */
static void add_node_text(struct exec *exec, const struct node *node,
			  struct str *out)
{
	str_add_escaped(out, exec->tree->source->text + node->offset,
			node->len);
}

/* --- ceilings ------------------------------------------------------------ */

static bool over_budget(const struct exec *exec)
{
	return exec->steps > exec->max_steps ||
	       exec->arena.total > TMPL_MEMORY_MAX;
}

static bool fail_budget(struct exec *exec, const struct node *node)
{
	if (exec->steps > exec->max_steps)
		err_set(exec->err, ERR_INPUT,
			"more work than a render may take (%llu steps)",
			(unsigned long long)exec->max_steps);
	else
		err_set(exec->err, ERR_INPUT,
			"values take more than %zu MiB of memory",
			TMPL_MEMORY_MAX >> 20);
	err_hint(exec->err, "is there a loop or recursion without end?");
	return fail_at(exec, node);
}

static bool take_step(struct exec *exec, const struct node *node)
{
	exec->steps++;
	return !over_budget(exec) || fail_budget(exec, node);
}

static bool enter(struct exec *exec, const struct node *node)
{
	if (exec->levels < TMPL_LEVELS_MAX) {
		exec->levels++;
		return true;
	}
	err_set(exec->err, ERR_INPUT,
		"parentheses, control structures and templates are nested "
		"more than %d deep",
		TMPL_LEVELS_MAX);
	return fail_at(exec, node);
}

static bool write_out(struct exec *exec, const struct node *node,
		      const char *bytes, size_t len)
{
	str_add_bytes(exec->out, bytes, len);
	if (!exec->out->overflow)
		return true;
	err_set(exec->err, ERR_INPUT, "the output is larger than %zu MiB",
		TMPL_OUTPUT_MAX >> 20);
	return fail_at(exec, node);
}

bool call_charge(struct call *call, size_t units, size_t bytes, struct err *err)
{
	struct exec *exec = call->exec;

	exec->steps += units + bytes / BYTES_PER_STEP;
	if (exec->steps > exec->max_steps)
		return err_set(err, ERR_INPUT,
			       "more work than a render may take (%llu steps)",
			       (unsigned long long)exec->max_steps);
	if (bytes > TMPL_MEMORY_MAX ||
	    exec->arena.total + bytes > TMPL_MEMORY_MAX)
		return err_set(err, ERR_INPUT,
			       "values would take more than %zu MiB of memory",
			       TMPL_MEMORY_MAX >> 20);
	return true;
}

/* --- variables ----------------------------------------------------------- */

static void push_variable(struct exec *exec, const char *name,
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

/* The one that was declared last, or NULL. */
static struct variable *find_variable(struct exec *exec, const char *name)
{
	for (size_t i = exec->variable_count; i-- > exec->variable_base;) {
		if (exec->variables[i].name == name)
			return &exec->variables[i];
	}
	return NULL;
}

static bool fail_variable(struct exec *exec, const struct node *node,
			  const char *name)
{
	err_set(exec->err, ERR_INPUT, "variable '%s' is not declared", name);
	err_hint(exec->err, "':=' declares, '=' sets what is declared");
	return fail_at(exec, node);
}

static bool set_variable(struct exec *exec, const struct node *node,
			 const char *name, const struct value *value)
{
	struct variable *variable = find_variable(exec, name);

	if (!variable)
		return fail_variable(exec, node, name);
	variable->value = value;
	exec->escapes++;
	return true;
}

/* --- fields -------------------------------------------------------------- */

/* ".Env" of ".Env.BRANCH": what was evaluated before field @index. */
static void add_path(const struct node *node, size_t index, struct str *out)
{
	if (node->kind == NODE_VARIABLE)
		str_add(out, node->chain.variable);
	else if (node->kind == NODE_CHAIN)
		str_add(out, "(...)");
	for (size_t i = 0; i < index; i++)
		str_addf(out, ".%s", node->chain.fields[i]);
	if (out->len == 0)
		str_add_char(out, '.');
}

/* Say where field @index of @node is: fields are glued to each other. */
static bool fail_at_field(struct exec *exec, const struct node *node,
			  size_t index)
{
	const struct source *source = exec->tree->source;
	size_t offset = node->offset + node->len;

	for (size_t i = index; i < node->chain.count; i++)
		offset -= strlen(node->chain.fields[i]) + 1;

	return err_at_offset(exec->err, source->name, source->text, source->len,
			     offset);
}

static bool fail_missing(struct exec *exec, const struct node *node,
			 size_t index, const struct value *map)
{
	const char *field = node->chain.fields[index];
	CLEANUP(str_release) struct str path = {0};
	CLEANUP(str_release) struct str keys = {0};
	struct nearest nearest = {.word = field};

	add_path(node, index, &path);
	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_text *key = &map->map.pairs[i].key;

		nearest_offer(&nearest, key->bytes);
		if (i < KEYS_SHOWN) {
			str_add(&keys, i > 0 ? ", " : "");
			str_add_escaped(&keys, key->bytes, key->len);
		}
	}
	if (map->map.count > KEYS_SHOWN)
		str_addf(&keys, " and %zu more", map->map.count - KEYS_SHOWN);

	err_set(exec->err, ERR_INPUT, "there is no key '%s' in '%s'", field,
		str_text(&path));
	if (map->map.count == 0)
		err_hint(exec->err, "'%s' is empty", str_text(&path));
	else if (nearest.best)
		err_hint(exec->err, "did you mean '%s'? the keys are: %s",
			 nearest.best, str_text(&keys));
	else
		err_hint(exec->err, "the keys are: %s", str_text(&keys));
	return fail_at_field(exec, node, index);
}

static bool fail_field(struct exec *exec, const struct node *node, size_t index,
		       const struct value *receiver)
{
	CLEANUP(str_release) struct str path = {0};

	add_path(node, index, &path);
	err_set(exec->err, ERR_INPUT,
		"cannot get field '%s' of '%s', which is %s",
		node->chain.fields[index], str_text(&path),
		type_name(receiver));
	return fail_at_field(exec, node, index);
}

static bool missing_key(struct exec *exec, const struct node *node,
			size_t index, const struct value *map,
			const struct value **result)
{
	static const struct value empty_text = {.kind = VALUE_STRING,
						.string = {"", 0}};

	switch (exec->set->options.missing) {
	case TMPL_MISSING_ERROR:
		return fail_missing(exec, node, index, map);
	case TMPL_MISSING_ZERO:
		*result = map->kind == VALUE_STRING_MAP ? &empty_text
							: &value_nil;
		return true;
	case TMPL_MISSING_DEFAULT:
		break;
	}
	*result = NULL;
	return true;
}

/* Field @index of @node, of @receiver. */
static bool eval_field(struct exec *exec, const struct node *node, size_t index,
		       bool has_args, const struct value *receiver,
		       const struct value **result)
{
	const char *field = node->chain.fields[index];
	const struct value *found = NULL;

	if (!receiver && exec->set->options.missing != TMPL_MISSING_ERROR) {
		*result = NULL;
		return true;
	}
	if (!receiver || receiver->kind == VALUE_NIL)
		return fail_field(exec, node, index, receiver);
	if (receiver->kind == VALUE_OBJECT)
		found = receiver->object.class->get(receiver, field,
						    &exec->arena);
	else if (value_is_map(receiver))
		found = value_map_get(receiver, field);
	else
		return fail_field(exec, node, index, receiver);

	if (has_args) {
		err_set(exec->err, ERR_INPUT,
			"'%s' is given arguments but is no function", field);
		return fail_at_field(exec, node, index);
	}
	if (found) {
		*result = found;
		return true;
	}
	if (receiver->kind == VALUE_OBJECT)
		return fail_field(exec, node, index, receiver);
	return missing_key(exec, node, index, receiver, result);
}

/* All fields of @node, one after the other. */
static bool eval_fields(struct exec *exec, const struct node *node,
			const struct value *receiver,
			const struct node_list *args, const struct value *final,
			const struct value **result)
{
	bool has_args = (args && args->count > 1) || final != &no_final;

	for (size_t i = 0; i < node->chain.count; i++) {
		bool last = i + 1 == node->chain.count;

		if (!eval_field(exec, node, i, has_args && last, receiver,
				&receiver))
			return false;
	}
	*result = receiver;
	return true;
}

/* --- operands ------------------------------------------------------------ */

static bool fail_not_function(struct exec *exec, const struct node *node)
{
	CLEANUP(str_release) struct str text = {0};

	add_node_text(exec, node, &text);
	err_set(exec->err, ERR_INPUT,
		"'%s' is given arguments but is no function", str_text(&text));
	return fail_at(exec, node);
}

/* Only functions and fields may be given arguments. */
static bool check_no_args(struct exec *exec, const struct node *node,
			  const struct node_list *args,
			  const struct value *final)
{
	if ((!args || args->count <= 1) && final == &no_final)
		return true;

	return fail_not_function(exec, node);
}

static bool eval_variable(struct exec *exec, const struct node *node,
			  const struct node_list *args,
			  const struct value *final,
			  const struct value **result)
{
	const struct variable *variable =
		find_variable(exec, node->chain.variable);

	if (!variable)
		return fail_variable(exec, node, node->chain.variable);
	if (node->chain.count > 0)
		return eval_fields(exec, node, variable->value, args, final,
				   result);
	if (!check_no_args(exec, node, args, final))
		return false;
	*result = variable->value;
	return true;
}

static bool eval_chain(struct exec *exec, const struct value *dot,
		       const struct node *node, const struct node_list *args,
		       const struct value *final, const struct value **result)
{
	const struct node *base = node->chain.base;
	const struct value *receiver;

	if (base->kind == NODE_FUNCTION) {
		if (!eval_function(exec, dot, base, NULL, &no_final, &receiver))
			return false;
	} else if (!eval_pipeline(exec, dot, base, &receiver)) {
		return false;
	}
	return eval_fields(exec, node, receiver, args, final, result);
}

static bool eval_constant(struct exec *exec, const struct node *node,
			  const struct value **result)
{
	CLEANUP(str_release) struct str text = {0};

	*result = node->constant.value;
	if (*result)
		return true;
	add_node_text(exec, node, &text);
	err_set(exec->err, ERR_INPUT, "'%s' overflows int", str_text(&text));
	return fail_at(exec, node);
}

/* --- arguments ----------------------------------------------------------- */

static bool value_fits(const struct value *value, char param)
{
	switch (param) {
	case 'a':
		return true;
	case 's':
		return value->kind == VALUE_STRING;
	case 'i':
		return value->kind == VALUE_INT;
	case 'l':
		return value->kind == VALUE_INT64;
	case 'f':
		return value->kind == VALUE_FLOAT64;
	case 'b':
		return value->kind == VALUE_BOOL;
	case 'm':
		return value->kind == VALUE_MAP;
	default:
		return false;
	}
}

static bool fail_type(struct exec *exec, const struct func *func, size_t index,
		      const char *given, const struct node *node)
{
	err_set(exec->err, ERR_INPUT, "argument %zu of '%s' must be %s, not %s",
		index + 1, func->name, func_param_type(func, index), given);
	return fail_at(exec, node);
}

/* @value as argument @index of @func. */
static bool convert_arg(struct exec *exec, const struct func *func,
			size_t index, const struct value *value,
			const struct node *node, const struct value **result)
{
	char param = func_param(func, index);

	if (!value)
		value = param == 'm' ? &func_no_map : &value_nil;
	if (!value_fits(value, param))
		return fail_type(exec, func, index, type_name(value), node);
	*result = value;
	return true;
}

/* A literal takes the type that the parameter asks for, if it can. */
static bool eval_literal_arg(struct exec *exec, const struct func *func,
			     size_t index, const struct node *node,
			     const struct value **result)
{
	const struct number *number = &node->constant.number;
	bool is_number = node->kind == NODE_NUMBER;
	char param = func_param(func, index);

	if (param == 'a')
		return eval_constant(exec, node, result);
	if (is_number && param == 'i' && number->is_int)
		*result = value_new_int(&exec->arena, number->integer);
	else if (is_number && param == 'l' && number->is_int)
		*result = value_new_int64(&exec->arena, number->integer);
	else if (is_number && param == 'f' && number->is_float)
		*result = value_new_float(&exec->arena, number->real);
	else if ((node->kind == NODE_STRING && param == 's') ||
		 (node->kind == NODE_BOOL && param == 'b'))
		*result = node->constant.value;
	else
		return fail_type(exec, func, index,
				 node->kind == NODE_STRING ? "a string"
				 : node->kind == NODE_BOOL ? "a bool"
							   : "this number",
				 node);
	return true;
}

/* Argument @index of @func, which @node stands for. */
static bool eval_arg(struct exec *exec, const struct value *dot,
		     const struct func *func, size_t index,
		     const struct node *node, const struct value **result)
{
	const struct value *value = NULL;
	char param = func_param(func, index);
	bool done;

	switch (node->kind) {
	case NODE_DOT:
		value = dot;
		done = true;
		break;
	case NODE_NIL:
		if (param != 'a' && param != 'm')
			return fail_type(exec, func, index, "nil", node);
		done = true;
		break;
	case NODE_FIELD:
		done = eval_fields(exec, node, dot, NULL, &no_final, &value);
		break;
	case NODE_VARIABLE:
		done = eval_variable(exec, node, NULL, &no_final, &value);
		break;
	case NODE_PIPE:
		done = eval_pipeline(exec, dot, node, &value);
		break;
	case NODE_FUNCTION:
		done = eval_function(exec, dot, node, NULL, &no_final, &value);
		break;
	case NODE_CHAIN:
		done = eval_chain(exec, dot, node, NULL, &no_final, &value);
		break;
	default:
		return eval_literal_arg(exec, func, index, node, result);
	}

	return done && convert_arg(exec, func, index, value, node, result);
}

/* --- calls --------------------------------------------------------------- */

static bool check_arity(struct exec *exec, const struct node *node,
			size_t count)
{
	size_t fixed = func_fixed(node->func);
	bool variadic = func_is_variadic(node->func);

	if (count == fixed || (variadic && count > fixed))
		return true;
	err_set(exec->err, ERR_INPUT, "'%s' takes %s%zu argument%s, not %zu",
		node->func->name, variadic ? "at least " : "", fixed,
		fixed == 1 ? "" : "s", count);
	return fail_at(exec, node);
}

/* and, or: the arguments behind the one that decides are not evaluated. */
static bool eval_short_circuit(struct exec *exec, const struct value *dot,
			       const struct node *node,
			       const struct node_list *args,
			       const struct value *final,
			       const struct value **result)
{
	bool stop_at = node->func->trait == FUNC_OR;

	for (size_t i = 1; args && i < args->count; i++) {
		if (!eval_arg(exec, dot, node->func, i - 1, args->items[i],
			      result))
			return false;
		if (value_truth(*result) == stop_at)
			return true;
	}
	return final == &no_final ||
	       convert_arg(exec, node->func, 0, final, node, result);
}

static bool run_call(struct exec *exec, const struct node *node,
		     struct call *call)
{
	if (node->func->trait == FUNC_CHANGES)
		exec->escapes++;
	for (size_t i = 0; i < call->count; i++) {
		if (call->args[i]->kind == VALUE_STRING)
			exec->steps +=
				call->args[i]->string.len / READ_PER_STEP;
	}
	if (node->func->run(call, exec->err))
		return !over_budget(exec) || fail_budget(exec, node);
	err_wrap(exec->err, "cannot call '%s'", node->func->name);
	return fail_at(exec, node);
}

/* @args has the function itself first; NULL: no arguments. */
static bool eval_function(struct exec *exec, const struct value *dot,
			  const struct node *node, const struct node_list *args,
			  const struct value *final,
			  const struct value **result)
{
	size_t given = args ? args->count - 1 : 0;
	const struct value *few[ARGS_INLINE];
	struct call call = {.func = node->func,
			    .args = few,
			    .count = given + (final != &no_final ? 1 : 0),
			    .arena = &exec->arena,
			    .exec = exec};

	if (!take_step(exec, node) || !check_arity(exec, node, call.count))
		return false;
	if (node->func->trait == FUNC_AND || node->func->trait == FUNC_OR)
		return eval_short_circuit(exec, dot, node, args, final, result);

	if (call.count > ARGS_INLINE)
		call.args = arena_new_array(&exec->arena, const struct value *,
					    call.count);
	for (size_t i = 0; i < given; i++) {
		if (!eval_arg(exec, dot, node->func, i, args->items[i + 1],
			      &call.args[i]))
			return false;
	}
	if (final != &no_final && !convert_arg(exec, node->func, given, final,
					       node, &call.args[given]))
		return false;
	if (!run_call(exec, node, &call))
		return false;

	*result = call.result;
	return true;
}

/* --- pipelines ----------------------------------------------------------- */

static bool eval_command(struct exec *exec, const struct value *dot,
			 const struct node *command, const struct value *final,
			 const struct value **result)
{
	const struct node_list *args = &command->list;
	const struct node *first = args->items[0];

	switch (first->kind) {
	case NODE_FIELD:
		return eval_fields(exec, first, dot, args, final, result);
	case NODE_CHAIN:
		return eval_chain(exec, dot, first, args, final, result);
	case NODE_FUNCTION:
		return eval_function(exec, dot, first, args, final, result);
	case NODE_VARIABLE:
		return eval_variable(exec, first, args, final, result);
	default:
		break;
	}

	if (!check_no_args(exec, first, args, final))
		return false;
	switch (first->kind) {
	case NODE_PIPE:
		return eval_pipeline(exec, dot, first, result);
	case NODE_DOT:
		*result = dot;
		return true;
	case NODE_NIL:
		err_set(exec->err, ERR_INPUT, "nil alone is no command");
		return fail_at(exec, first);
	default:
		return eval_constant(exec, first, result);
	}
}

static bool set_names(struct exec *exec, const struct node *pipe,
		      const struct value *value)
{
	for (size_t i = 0; i < pipe->pipeline.name_count; i++) {
		const char *name = pipe->pipeline.names[i];

		if (!pipe->pipeline.assigns)
			push_variable(exec, name, value);
		else if (!set_variable(exec, pipe, name, value))
			return false;
	}
	return true;
}

/* Variables that it declares stay; whoever opened the scope pops them. */
static bool eval_pipeline(struct exec *exec, const struct value *dot,
			  const struct node *pipe, const struct value **result)
{
	const struct node_list *commands = &pipe->pipeline.commands;
	const struct value *value = &no_final;
	bool good = true;

	if (!take_step(exec, pipe) || !enter(exec, pipe))
		return false;
	for (size_t i = 0; good && i < commands->count; i++) {
		good = eval_command(exec, dot, commands->items[i], value,
				    &value);
		/* What is inside of an interface counts: of nil, nothing. */
		if (good && value && value->kind == VALUE_NIL)
			value = NULL;
	}
	exec->levels--;
	if (!good || !set_names(exec, pipe, value))
		return false;

	*result = value;
	return true;
}

/* --- items --------------------------------------------------------------- */

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
			set_variable(exec, pipe, pipe->pipeline.names[0],
				     index)) &&
		       set_variable(exec, pipe, pipe->pipeline.names[count - 1],
				    item);
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

	if (!take_step(exec, node) || !set_round(exec, node, index, item))
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
		fail_at(exec, node);
		return FLOW_FAILED;
	}
	for (int64_t i = 0; i < count->integer && flow == FLOW_ON; i++) {
		struct arena_mark mark = arena_mark(&exec->arena);
		struct value *item = value_new(&exec->arena, count->kind);

		item->integer = i;
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
		*rounds = value->integer > 0;
		return range_int(exec, node, value);
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
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
			type_name(value));
		fail_at(exec, node);
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

static bool fail_template(struct exec *exec, const struct node *node)
{
	const struct map *trees = &exec->set->trees;
	struct nearest nearest = {.word = node->invoke.name};

	for (size_t i = 0; i < trees->count; i++)
		nearest_offer(&nearest, trees->entries[i].key);
	err_set(exec->err, ERR_INPUT, "there is no template '%s'",
		node->invoke.name);
	if (nearest.best)
		err_hint(exec->err, "did you mean '%s'?", nearest.best);
	return fail_at(exec, node);
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
	push_variable(exec, root_variable, dot);
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
	const struct tree *tree = map_get(&exec->set->trees, node->invoke.name);
	const struct value *value = NULL;

	if (!tree) {
		fail_template(exec, node);
		return FLOW_FAILED;
	}
	if (exec->calls >= TMPL_CALLS_MAX) {
		err_set(exec->err, ERR_INPUT,
			"templates call templates more than %d deep",
			TMPL_CALLS_MAX);
		err_hint(exec->err, "does '%s' call itself without an end?",
			 node->invoke.name);
		fail_at(exec, node);
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

	if (!take_step(exec, node) || !enter(exec, node))
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

/* --- the interface ------------------------------------------------------- */

bool tmpl_parse(struct tmpl *set, const char *name, const char *text,
		size_t len, struct err *err)
{
	struct source *source;

	if (len > TMPL_SOURCE_MAX)
		return err_set(err, ERR_INPUT,
			       "template '%s' is larger than %zu MiB", name,
			       TMPL_SOURCE_MAX >> 20);
	source = arena_new(&set->arena, struct source);
	source->name = arena_strdup(&set->arena, name);
	source->text = arena_memdupz(&set->arena, text, len);
	source->len = len;
	return parse_source(set, source, err);
}

bool tmpl_has(const struct tmpl *set, const char *name)
{
	return map_has(&set->trees, name);
}

static bool execute(struct exec *exec, const struct tree *tree,
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

bool tmpl_execute(const struct tmpl *set, const char *name,
		  const struct value *root, struct str *out, struct err *err)
{
	const struct tree *tree = map_get(&set->trees, name);
	struct exec exec = {.set = set,
			    .tree = tree,
			    .out = out,
			    .max_steps = set->options.max_steps
						 ? set->options.max_steps
						 : TMPL_STEPS_MAX,
			    .err = err};
	bool good;

	if (!tree)
		return err_set(err, ERR_NOT_FOUND, "there is no template '%s'",
			       name);
	good = execute(&exec, tree, root);
	arena_release(&exec.arena);
	free(exec.variables);
	return good;
}

void tmpl_release(struct tmpl *set)
{
	map_release(&set->trees);
	arena_release(&set->arena);
	*set = (struct tmpl){0};
}
