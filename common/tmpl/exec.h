/*
 * The state of one execution, for the executor and for functions that need
 * more than their arguments.
 */
#ifndef TMPL_EXEC_H
#define TMPL_EXEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct err;
struct str;
struct tmpl;
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
	struct arena arena;
	struct variable *variables; /* a stack */
	size_t variable_count;
	size_t variable_capacity;
	size_t variable_base; /* where those of this template start */
	uint64_t steps;
	uint64_t max_steps;
	unsigned int levels; /* nesting of all kinds */
	unsigned int calls;  /* nesting of templates */
	/*
	 * How often a value was put where it outlives the round of a loop
	 * that made it.
	 */
	uint64_t escapes;
	struct err *err;
};

#endif
