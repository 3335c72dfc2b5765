/*
 * The data that the (( )) templates of an umbrella see.  Pure.
 *
 *	.Env          the environment, without what looks like a secret; a
 *	              map[string]string, as gomplate's
 *	.Chart        the chart that was just published, if it was one alone:
 *	              .Name .Version .Digest .Repository .URL
 *	.Charts       all that were published, by name
 *	.Git          .Repository .Branch .Commit
 *	.Environment  .Namespace .Release .Stack .Expires .ExpiryDate
 *
 * What is not known is not there, so that a template that needs it fails by
 * naming it.  .Environment says what is known before values.yaml is: it
 * expires unless it is the main one.
 */
#ifndef CORE_RENDERDATA_H
#define CORE_RENDERDATA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct env;
struct envname;
struct expiry;
struct strvec;
struct value;

/* All borrowed; NULL = unknown. */
struct renderdata {
	const struct env *env;
	const struct strvec *exposed; /* names that are no secrets */
	const struct value *record;   /* merged release record */
	const char *repository;
	const char *branch;
	const char *commit;
	const struct envname *name;
	const struct expiry *expiry;
};

struct value *renderdata_make(const struct renderdata *data,
			      struct arena *arena);

/*
 * Does a variable of that name hold a secret, by the words that it is made
 * of: TOKEN, PASSWORD, KEY and the like?
 */
bool renderdata_is_secret(const char *name);

/*
 * NAME, if a withheld one is what .Env.NAME in @line asks for and its dot is
 * at byte @at, else NULL.  To tell a user why a key is missing.
 */
const char *renderdata_withheld(const struct renderdata *data, const char *line,
				size_t at, struct arena *arena);

/*
 * Does the template text @text ask for what only the build's origin tells:
 * .Git, .Environment or BRANCH_NAME?  Not where @context (NULL: none) is the
 * whole root or has .Env.BRANCH_NAME.
 */
bool renderdata_needs_origin(const char *text, size_t len,
			     const struct value *context);

#endif
