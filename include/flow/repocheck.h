/*
 * What --check asks a chart repository: is it there, does its index parse,
 * does the store honour conditional writes, and may we do what is needed?
 * Nothing is changed.
 */
#ifndef FLOW_REPOCHECK_H
#define FLOW_REPOCHECK_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct chartrepo;
struct err;
struct str;
struct value;

enum repocheck_use {
	REPOCHECK_READ,	   /* an audit that writes nothing */
	REPOCHECK_PUBLISH, /* and repairs and prunes */
};

/*
 * *@found gets {repository, index, bucket, prefix, region,
 * conditionalWrites} in @arena, and @text a line for people.  The store is
 * not proved to honour conditions here, as that needs writes:
 * conditionalWrites is true where its index says that it was, and the first
 * run that writes proves it otherwise.
 * Errors: DENIED (each right that is missing is named), INPUT (the index does
 * not parse); those of the repository.
 */
bool repocheck(struct chartrepo *repo, enum repocheck_use use,
	       struct arena *arena, struct value **found, struct str *text,
	       struct err *err) MUST_CHECK;

#endif
