/*
 * Templates with the meaning of Go's text/template, in (( )) by default.
 *
 * A set holds templates by name: each parsed file is one, each define and
 * block another.  Any of them can be executed, any number of times, with
 * data of struct value; the output is text.
 *
 *	CLEANUP(tmpl_release) struct tmpl set = {0};
 *	CLEANUP(str_release) struct str out = {0};
 *
 *	if (!tmpl_parse(&set, "values.yaml", text, len, err) ||
 *	    !tmpl_execute(&set, "values.yaml", data, &out, err))
 *		return false;
 *
 * Set @options before the first tmpl_parse(); all-zero options are the
 * defaults.  Nothing here reads the environment, the time, or a file but
 * the system's time zones.
 *
 * Functions: Go's own but call, those of Helm 4.3.1 (over Sprig v3.3.0), and
 * a few of ours; tmpl_function() lists them.  What would leak (env,
 * getHostByName) or make secrets (keys, certificates, passwords) is refused
 * when the template is parsed.
 *
 * Errors are of kind INPUT, with file, line, column and the source line.
 * They mean what Go's mean and tell more: the nearest known function, the
 * keys that there are, a cure where one is known.
 *
 * Source: Go 1.26's text/template, fmt and strconv.
 */
#ifndef TMPL_TMPL_H
#define TMPL_TMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"

struct err;
struct str;
struct value;

#define TMPL_LEFT_DELIM	 "(("
#define TMPL_RIGHT_DELIM "))"

#define TMPL_SOURCE_MAX ((size_t)32 << 20)  /* bytes of a file */
#define TMPL_OUTPUT_MAX ((size_t)32 << 20)  /* bytes of output */
#define TMPL_MEMORY_MAX ((size_t)128 << 20) /* bytes of values at once */
#define TMPL_NEST_MAX	1000 /* parentheses, or if/range/with, in a text */
#define TMPL_CALLS_MAX	1001 /* template, include, tpl; Helm's number */
#define TMPL_LEVELS_MAX 5000 /* all of these at once while executing */

/*
 * Work: one step per node, per call, per item that a function makes, and
 * per 64 bytes of text.  So many take 10 s on a slow machine.
 */
#define TMPL_STEPS_MAX ((uint64_t)50 * 1000 * 1000)

/* What a key that is not in a map gives; gomplate's words. */
enum tmpl_missing {
	TMPL_MISSING_ERROR,
	TMPL_MISSING_DEFAULT, /* "<no value>" */
	TMPL_MISSING_ZERO,    /* the zero of the map's type of values */
};

/* All strings are borrowed for the life of the set. */
struct tmpl_options {
	const char *left;  /* NULL or "" = TMPL_LEFT_DELIM */
	const char *right; /* NULL or "" = TMPL_RIGHT_DELIM */
	enum tmpl_missing missing;
	int64_t now_ms;	    /* the run's clock, ms since 1970: what now gives */
	const char *tz;	    /* the variable TZ; NULL: local time is UTC */
	uint64_t max_steps; /* 0 = TMPL_STEPS_MAX */
	int64_t max_ms;	    /* of processor time, whatever it does; 0 = any */
	/* Asked every few milliseconds, unless NULL: true, with an error, ends
	 * the execution. */
	bool (*interrupted)(struct err *err);
};

struct tmpl {
	struct tmpl_options options;
	struct map trees; /* name -> struct tree, in @arena */
	struct arena arena;
	bool changes; /* a function is called that changes its arguments */
	const struct tmpl *outer; /* private: the set that a tpl stands in */
};

/*
 * Parse @text of @len bytes (copied) as the template @name and add it, and
 * all that it defines, to @set.  A name that was there is replaced, unless
 * the new one is empty.
 */
bool tmpl_parse(struct tmpl *set, const char *name, const char *text,
		size_t len, struct err *err) MUST_CHECK;

/* Is there a template @name? */
bool tmpl_has(const struct tmpl *set, const char *name);

/*
 * Execute template @name with @root as dot and $, and append its output to
 * @out.  On failure @out is as it was.
 * Errors: NOT_FOUND (no such template), INPUT, those of @interrupted.
 */
bool tmpl_execute(const struct tmpl *set, const char *name,
		  const struct value *root, struct str *out, struct err *err)
	MUST_CHECK;

/* Who takes output in pieces, as it is made; false, with an error, ends it. */
struct tmpl_sink {
	bool (*write)(void *arg, const char *bytes, size_t len,
		      struct err *err);
	void *arg;
};

/*
 * tmpl_execute() for output that need not stand in memory as a whole.  On
 * failure a part of it may have been written.  Errors: also the sink's.
 */
bool tmpl_execute_to(const struct tmpl *set, const char *name,
		     const struct value *root, const struct tmpl_sink *sink,
		     struct err *err) MUST_CHECK;

/* What the manual says of a function; all strings are constants. */
struct tmpl_function {
	const char *name;
	const char *family;  /* "dates" */
	const char *differs; /* in what it is not as Helm's; NULL: in nothing */
	const char *refused; /* why there is none here, on purpose, or NULL */
};

/* The function of number @index, family by family; false: no more. */
bool tmpl_function(size_t index, struct tmpl_function *function);

void tmpl_release(struct tmpl *set);

#endif
