/*
 * What --check asks a chart repository: is it there, does its index parse,
 * does the store honour conditional writes, and may we do what is needed?
 * Nothing is changed.
 */
#ifndef FLOW_REPOCHECK_H
#define FLOW_REPOCHECK_H

#include <stdbool.h>

#include "base/attr.h"
#include "flow/publish.h"

struct arena;
struct chartrepo;
struct err;
struct reporter;
struct str;
struct value;

enum repocheck_use {
	REPOCHECK_READ, /* an audit that writes nothing */
	REPOCHECK_PUBLISH,
	REPOCHECK_REPAIR,
	REPOCHECK_PRUNE,
};

struct repocheck {
	struct chartrepo *repo;
	enum repocheck_use use;
	enum publish_lock lock;
	const struct reporter *reporter;
};

/*
 * *@found gets {repository, index, bucket, prefix, region,
 * conditionalWrites, missingRights} in @arena, and @text a line for people.
 * The store is not proved to honour conditions here, as that needs writes:
 * conditionalWrites is true where its index says that it was, and the first
 * run that writes proves it otherwise.
 *
 * A right without which the work is done all the same, only slower, is
 * warned of and stands in missingRights.
 * Errors: DENIED (each right that is missing is named), INPUT (the index does
 * not parse); those of the repository.
 */
bool repocheck_run(const struct repocheck *check, struct arena *arena,
		   struct value **found, struct str *text, struct err *err)
	MUST_CHECK;

/*
 * The same for who is going to publish @batch.  A server that keeps its index
 * by itself is asked for the charts: then it is {repository, published}.
 */
bool repocheck_charts(const struct repocheck *check,
		      const struct publish_batch *batch, struct arena *arena,
		      struct value **found, struct str *text, struct err *err)
	MUST_CHECK;

#endif
