/*
 * A step as data, and the main() that runs it (in libcommon.a).
 *
 * steps/<name>.c defines `const struct step step` and nothing else of the
 * kind.  main() takes the environment, parses options, opens the release
 * record, calls run(), prints the error if there was one, writes the
 * record's fragment and picks the exit code.
 *
 * All steps have --help, --version, --output text|json|env, --quiet,
 * --verbose, --dry-run, --record DIR, --check, --timeout DURATION.
 */
#ifndef CLI_STEP_H
#define CLI_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "cli/opts.h"

struct env;
struct err;
struct out;
struct record;
struct value;

/* Everything that a run gets from main(). */
struct step_run {
	const struct step *step;
	const void *args;	    /* the step's struct args, filled */
	struct strvec arguments;    /* what was no option */
	const struct strvec *given; /* names of options on the command line */
	const struct env *env;
	struct record *record;	  /* never NULL; empty without --record */
	struct reporter reporter; /* warnings and progress on stderr */
	struct deadline deadline; /* of --timeout */
	bool dry_run;
	struct arena arena; /* for values that live as long as the run */
	struct out *out;    /* stdout; for step_plan() and step_result() */
};

struct step {
	const char *name;
	const char *summary;   /* one line; lower case, no full stop */
	const char *arguments; /* in the synopsis: "[CHART_DIR]"; NULL = none */
	size_t max_arguments;
	const struct opt *options;
	const struct opt_rule *rules; /* NULL = every option goes with all */
	size_t args_size;
	bool (*run)(struct step_run *run, struct err *err);
	/*
	 * --check: look whether all that run() needs is there, changing
	 * nothing; say on stdout what was found by step_result().
	 */
	bool (*check)(struct step_run *run, struct err *err);
};

extern const struct step step;

/*
 * http_config for this run: its deadline, reporter, environment and @args.
 */
struct http_config step_http_config(const struct step_run *run,
				    const struct http_args *args);

/*
 * Print the plan if this is a dry run, and tell whether it is: then the step
 * ends without an effect.  @text is for people, @plan for --output json.
 */
bool step_plan(struct step_run *run, const struct value *plan, const char *text)
	MUST_CHECK;

/*
 * Print the result on stdout: @text (lines for people), or @result as one
 * JSON object or as KEY=value lines.  Errors: IO (stdout).
 */
bool step_result(struct step_run *run, const struct value *result,
		 const char *text, struct err *err) MUST_CHECK;

/*
 * Print @text as it is, whatever the form: the one file of --file.
 * Errors: IO (stdout).
 */
bool step_print(struct step_run *run, const char *text, size_t len,
		struct err *err) MUST_CHECK;

#endif
