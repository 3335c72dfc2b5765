#include "tmpl/eval.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/ast.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"
#include "tmpl/timeval.h"
#include "tmpl/tmpl.h"
#include "tmpl/version.h"

/* How many keys an error names. */
#define KEYS_SHOWN 12

/* Text that costs as much to read as a node. */
#define BYTES_PER_STEP 1024

/* Arguments of a call that need no memory of their own. */
#define ARGS_INLINE 6

/* The final argument of a command that nothing is piped into. */
static const struct value no_final;

static bool eval_call(struct exec *exec, const struct value *dot,
		      const struct node *node, const struct call *begun,
		      const struct node_list *args, const struct value *final,
		      const struct value **result);

static bool eval_function(struct exec *exec, const struct value *dot,
			  const struct node *node, const struct node_list *args,
			  const struct value *final,
			  const struct value **result);

/* What the node is called in messages: its own text. */
static void add_node_text(struct exec *exec, const struct node *node,
			  struct str *out)
{
	str_add_escaped(out, exec->tree->source->text + node->offset,
			node->len);
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
		exec_type_name(receiver));
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

static bool fail_given_args(struct exec *exec, const struct node *node,
			    size_t index)
{
	err_set(exec->err, ERR_INPUT,
		"'%s' is given arguments but is no function",
		node->chain.fields[index]);
	return fail_at_field(exec, node, index);
}

/* Member @index of @node, of the map @receiver. */
static bool eval_member(struct exec *exec, const struct node *node,
			size_t index, const struct value *receiver,
			bool has_args, const struct value **result)
{
	const struct value *found;

	if (has_args)
		return fail_given_args(exec, node, index);
	found = value_map_get(receiver, node->chain.fields[index]);
	if (!found)
		return missing_key(exec, node, index, receiver, result);
	*result = found;
	return true;
}

/* Field @index of @node, of @receiver; only the last one gets arguments. */
static bool eval_field(struct exec *exec, const struct value *dot,
		       const struct node *node, size_t index,
		       const struct value *receiver,
		       const struct node_list *args, const struct value *final,
		       const struct value **result)
{
	bool last = index + 1 == node->chain.count;
	const struct call call = {
		.func = receiver ? func_method(receiver,
					       node->chain.fields[index])
				 : NULL,
		.self = receiver};

	if (!last) {
		args = NULL;
		final = &no_final;
	}
	if (!receiver && exec->set->options.missing != TMPL_MISSING_ERROR) {
		*result = NULL;
		return true;
	}
	if (call.func)
		return eval_call(exec, dot, node, &call, args, final, result);
	if (!receiver || !value_is_map(receiver))
		return fail_field(exec, node, index, receiver);
	return eval_member(exec, node, index, receiver,
			   (args && args->count > 1) || final != &no_final,
			   result);
}

/* All fields of @node, one after the other. */
static bool eval_fields(struct exec *exec, const struct value *dot,
			const struct node *node, const struct value *receiver,
			const struct node_list *args, const struct value *final,
			const struct value **result)
{
	for (size_t i = 0; i < node->chain.count; i++) {
		if (!eval_field(exec, dot, node, i, receiver, args, final,
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
	return exec_fail_at(exec, node);
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

static bool eval_variable(struct exec *exec, const struct value *dot,
			  const struct node *node, const struct node_list *args,
			  const struct value *final,
			  const struct value **result)
{
	const struct variable *variable =
		exec_find_variable(exec, node->chain.variable);

	if (!variable)
		return exec_fail_variable(exec, node, node->chain.variable);
	if (node->chain.count > 0)
		return eval_fields(exec, dot, node, variable->value, args,
				   final, result);
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
	return eval_fields(exec, dot, node, receiver, args, final, result);
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
	return exec_fail_at(exec, node);
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
		return value->kind == VALUE_INT && !value->named;
	case 'l':
		return value->kind == VALUE_INT64 && !value->named;
	case 'f':
		return value->kind == VALUE_FLOAT64;
	case 'b':
		return value->kind == VALUE_BOOL;
	case 'm':
		return value->kind == VALUE_MAP;
	case 't':
		return value_class(value) == &class_time;
	case 'd':
		return value_class(value) == &class_duration;
	case 'v':
		return value_class(value) == &class_version ||
		       value->kind == VALUE_NIL;
	case 'z':
		return value_class(value) == &class_location;
	default:
		return false;
	}
}

static bool fail_type(struct exec *exec, const struct func *func, size_t index,
		      const char *given, const struct node *node)
{
	err_set(exec->err, ERR_INPUT, "argument %zu of '%s' must be %s, not %s",
		index + 1, func->name, func_param_type(func, index), given);
	return exec_fail_at(exec, node);
}

/* @value as argument @index of @func. */
static bool convert_arg(struct exec *exec, const struct func *func,
			size_t index, const struct value *value,
			const struct node *node, const struct value **result)
{
	char param = func_param(func, index);

	if (!value)
		value = param == 'm' ? &value_nil_map : &value_nil;
	if (!value_fits(value, param))
		return fail_type(exec, func, index, exec_type_name(value),
				 node);
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
	else if (is_number && param == 'd' && number->is_int)
		*result = timeval_new_duration(&exec->arena, number->integer);
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
		if (param != 'a' && param != 'm' && param != 'v')
			return fail_type(exec, func, index, "nil", node);
		done = true;
		break;
	case NODE_FIELD:
		done = eval_fields(exec, dot, node, dot, NULL, &no_final,
				   &value);
		break;
	case NODE_VARIABLE:
		done = eval_variable(exec, dot, node, NULL, &no_final, &value);
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
			const struct func *func, size_t count)
{
	size_t fixed = func_fixed(func);
	bool variadic = func_is_variadic(func);

	if (count == fixed || (variadic && count > fixed))
		return true;
	err_set(exec->err, ERR_INPUT, "'%s' takes %s%zu argument%s, not %zu",
		func->name, variadic ? "at least " : "", fixed,
		fixed == 1 ? "" : "s", count);
	return exec_fail_at(exec, node);
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

/*
 * Of what failed within a template that was called, the error has the place
 * already; of the calls that led there, which may be a thousand, the first
 * is told.
 */
static bool fail_call(struct exec *exec, const struct node *node,
		      const char *name)
{
	CLEANUP(err_release) struct err place = {0};
	const struct source *source = exec->tree->source;

	if (exec->err->kind == ERR_INTERRUPTED)
		return false;
	if (!exec->err->file) {
		err_wrap(exec->err, "cannot call '%s'", name);
		return exec_fail_at(exec, node);
	}
	if (exec->calls > 1)
		return false;
	err_at_offset(&place, source->name, source->text, source->len,
		      node->offset);
	return err_wrap(exec->err, "cannot call '%s' at %s:%u:%u", name,
			place.file, place.line, place.column);
}

static bool run_call(struct exec *exec, const struct node *node,
		     struct call *call)
{
	if (call->func->trait == FUNC_CHANGES)
		exec->escapes++;
	for (size_t i = 0; i < call->count; i++) {
		if (call->args[i]->kind == VALUE_STRING)
			exec->steps +=
				call->args[i]->string.len / BYTES_PER_STEP;
	}
	if (call->func->run(call, exec->err))
		return exec_check_budget(exec, node);
	return fail_call(exec, node, call->func->name);
}

/*
 * Call what @begun names, its function and perhaps the value whose method it
 * is.  @args has the function itself first; NULL: no arguments.
 */
static bool eval_call(struct exec *exec, const struct value *dot,
		      const struct node *node, const struct call *begun,
		      const struct node_list *args, const struct value *final,
		      const struct value **result)
{
	size_t given = args ? args->count - 1 : 0;
	const struct value *few[ARGS_INLINE];
	struct call call = *begun;

	call.args = few;
	call.count = given + (final != &no_final ? 1 : 0);
	call.arena = &exec->arena;
	call.exec = exec;
	if (!exec_take_step(exec, node) ||
	    !check_arity(exec, node, call.func, call.count))
		return false;
	if (call.func->trait == FUNC_AND || call.func->trait == FUNC_OR)
		return eval_short_circuit(exec, dot, node, args, final, result);

	if (call.count > ARGS_INLINE)
		call.args = arena_new_array(&exec->arena, const struct value *,
					    call.count);
	for (size_t i = 0; i < given; i++) {
		if (!eval_arg(exec, dot, call.func, i, args->items[i + 1],
			      &call.args[i]))
			return false;
	}
	if (final != &no_final && !convert_arg(exec, call.func, given, final,
					       node, &call.args[given]))
		return false;
	if (!run_call(exec, node, &call))
		return false;

	*result = call.result;
	return true;
}

static bool eval_function(struct exec *exec, const struct value *dot,
			  const struct node *node, const struct node_list *args,
			  const struct value *final,
			  const struct value **result)
{
	const struct call call = {.func = node->func};

	return eval_call(exec, dot, node, &call, args, final, result);
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
		return eval_fields(exec, dot, first, dot, args, final, result);
	case NODE_CHAIN:
		return eval_chain(exec, dot, first, args, final, result);
	case NODE_FUNCTION:
		return eval_function(exec, dot, first, args, final, result);
	case NODE_VARIABLE:
		return eval_variable(exec, dot, first, args, final, result);
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
		return exec_fail_at(exec, first);
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
			exec_push_variable(exec, name, value);
		else if (!exec_set_variable(exec, pipe, name, value))
			return false;
	}
	return true;
}

bool eval_pipeline(struct exec *exec, const struct value *dot,
		   const struct node *pipe, const struct value **result)
{
	const struct node_list *commands = &pipe->pipeline.commands;
	const struct value *value = &no_final;
	bool good = true;

	if (!exec_take_step(exec, pipe) || !exec_enter(exec, pipe))
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
