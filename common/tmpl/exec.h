/*
 * The state of one execution: variables, ceilings, errors.
 *
 * exec.c walks the items of a template, eval.c evaluates what stands in
 * them.
 */
#ifndef TMPL_EXEC_H
#define TMPL_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "tmpl/zone.h"

struct err;
struct node;
struct str;
struct tmpl;
struct tmpl_sink;
struct tree;
struct value;

/* A variable of the template at hand; NULL is Go's invalid value. */
struct variable {
	const char *name; /* interned by the parser */
	const struct value *value;
};

struct exec {
	const struct tmpl *set;
	const struct tree *tree; /* the template at hand */
	struct str *out;
	const struct tmpl_sink *sink; /* of the outermost @out; may be NULL */
	struct arena arena;
	struct variable *variables; /* a stack */
	size_t variable_count;
	size_t variable_capacity;
	size_t variable_base; /* where those of this template start */
	uint64_t steps;
	uint64_t max_steps;
	int64_t end_ms;	     /* by clock_processor_ms(); 0 = none */
	uint64_t next_look;  /* so many before they are looked at again */
	unsigned int levels; /* nesting of all kinds */
	unsigned int calls;  /* nesting of templates */
	/*
	 * How often a value was put where it outlives the round of a loop
	 * that made it.
	 */
	uint64_t escapes;
	struct zones zones;
	struct err *err;
};

/* Put the place of @node into the error, which is set; gives false. */
bool exec_fail_at(struct exec *exec, const struct node *node);

/* The Go type of @value, for errors. */
const char *exec_type_name(const struct value *value);

/* Account for a step, for a level of nesting (leave: levels--). */
bool exec_take_step(struct exec *exec, const struct node *node) MUST_CHECK;
bool exec_enter(struct exec *exec, const struct node *node) MUST_CHECK;

/* Is there budget left?  Errors: INPUT. */
bool exec_check_budget(struct exec *exec, const struct node *node) MUST_CHECK;

/* May one more template be called?  @name: of what.  Errors: INPUT. */
bool exec_may_nest(struct exec *exec, const char *name) MUST_CHECK;

/*
 * Execute @tree with @root and append its output, of at most TMPL_OUTPUT_MAX
 * bytes, to @exec's; after a failure that is as it was.  Errors: INPUT.
 */
bool exec_root(struct exec *exec, const struct tree *tree,
	       const struct value *root) MUST_CHECK;

/*
 * For functions: execute the template @name with @dot and append its output
 * to @out.  Errors: INPUT; without a place where there is no such template.
 */
bool exec_nested(struct exec *exec, const char *name, const struct value *dot,
		 struct str *out) MUST_CHECK;

/* The same with @tree, which sees the templates of @set. */
bool exec_tree(struct exec *exec, const struct tmpl *set,
	       const struct tree *tree, const struct value *dot,
	       struct str *out) MUST_CHECK;

/* Variables; the one that was declared last, or NULL. */
struct variable *exec_find_variable(struct exec *exec, const char *name);
bool exec_fail_variable(struct exec *exec, const struct node *node,
			const char *name);
void exec_push_variable(struct exec *exec, const char *name,
			const struct value *value);
bool exec_set_variable(struct exec *exec, const struct node *node,
		       const char *name, const struct value *value) MUST_CHECK;

#endif
