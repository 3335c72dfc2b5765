/*
 * What is known before an umbrella is rendered: repository, branch, names,
 * expiry, context; and from it the data of the templates.
 *
 *	CLEANUP(renderfacts_release) struct renderfacts facts = {0};
 *
 *	if (!renderfacts_read(&facts, &args, err) ||
 *	    !renderfacts_name(&facts, err) ||
 *	    !renderfacts_data(&facts, arena, &data, err))
 *		return false;
 */
#ifndef FLOW_RENDERFACTS_H
#define FLOW_RENDERFACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/envname.h"
#include "core/expiry.h"
#include "core/renderdata.h"
#include "flow/origin.h"
#include "format/ydoc.h"
#include "sys/spool.h"
#include "tmpl/tmpl.h"

/* Processor time for a template; the steps of tmpl.h end most before. */
#define RENDER_WORK_MS 10000

struct arena;
struct env;
struct err;
struct record;
struct reporter;
struct strvec;
struct value;

/* What the user says; all borrowed, NULL = nothing. */
struct renderfacts_args {
	const struct envname_args *name;
	const char *left_delim;
	const char *right_delim;
	const char *missing_key; /* error, default, zero */
	const char *context;	 /* file */
	bool any_root; /* a context that is no mapping is the whole data */
	const struct strvec *exposed; /* variables that are no secrets */
	int64_t expires_in;	      /* ms, or EXPIRY_UNSET */
	const struct env *env;
	const struct value *record; /* merged release record */
	const struct reporter *reporter;
};

struct renderfacts {
	const struct renderfacts_args *args;
	struct origin origin;
	struct envname name;
	struct expiry_input input; /* for umbrella_stamp() */
	struct expiry expiry;	   /* before the values are known */
	struct ydoc context;
	struct renderdata data;
	struct tmpl_options options;
};

/*
 * Options, clock and context; @args is borrowed for the life of @facts.
 * Errors: INPUT (context, SOURCE_DATE_EPOCH).
 */
bool renderfacts_read(struct renderfacts *facts,
		      const struct renderfacts_args *args, struct err *err)
	MUST_CHECK;

/*
 * Repository, branch, and the names that follow from them.  What was found
 * out before a failure is in the data all the same.
 * Errors: USAGE (one of them is not known).
 */
bool renderfacts_name(struct renderfacts *facts, struct err *err) MUST_CHECK;

/* The root of the templates' data, context merged in.  Errors: INPUT. */
bool renderfacts_data(const struct renderfacts *facts, struct arena *arena,
		      const struct value **data, struct err *err) MUST_CHECK;

/*
 * Render the file @path ("-": standard input) alone into @out.  A repository or branch that cannot be told fails only a template
 * that asks for it.  Errors: INPUT with the place.
 */
bool renderfacts_file(struct renderfacts *facts, const char *path,
		      struct arena *arena, struct spool *out, struct err *err)
	MUST_CHECK;

/* Add the build and the environment, which ends by @expiry, to @record. */
void renderfacts_record(const struct renderfacts *facts,
			const struct expiry *expiry, struct record *record);

/*
 * Add to @err, from rendering, that the variable which is missing was
 * withheld, if that is why.  Gives false, as all of err's.
 */
bool renderfacts_explain(const struct renderfacts *facts, struct arena *arena,
			 struct err *err);

void renderfacts_release(struct renderfacts *facts);

#endif
