/*
 * Pipelines to values.
 *
 * Dot and values may be NULL: Go's invalid value, which a missing key gives
 * and which prints as <no value>.  It differs from nil, the content of a key
 * that is there: asking nil for a field is an error.
 */
#ifndef TMPL_EVAL_H
#define TMPL_EVAL_H

#include <stdbool.h>

#include "base/attr.h"

struct exec;
struct node;
struct value;

/*
 * Evaluate @pipe.  Variables that it declares stay; whoever opened the scope
 * pops them.  Errors: INPUT with place.
 */
bool eval_pipeline(struct exec *exec, const struct value *dot,
		   const struct node *pipe, const struct value **result)
	MUST_CHECK;

#endif
