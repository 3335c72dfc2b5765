/*
 * An umbrella chart on its way from a source with (( )) to a chart that any
 * Helm installs: read, rendered, stamped, written; all in memory until the
 * whole is known to be right.
 *
 *	CLEANUP(umbrella_release) struct umbrella umbrella = {0};
 *	if (!umbrella_read(&umbrella, dir, output_dir, err) ||
 *	    !umbrella_render(&umbrella, &rules, data, err) ||
 *	    !umbrella_stamp(&umbrella, &input, &expiry, &warning, err) ||
 *	    !umbrella_write(&umbrella, output_dir, err))
 */
#ifndef FLOW_UMBRELLA_H
#define FLOW_UMBRELLA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/expiry.h"
#include "tmpl/tmpl.h"

struct env;
struct err;
struct spool;
struct strvec;
struct value;

#define UMBRELLA_OUTPUT	   "rendered"	/* where renders go by default */
#define UMBRELLA_TEMPORARY ".rendering" /* what one is written into before */

#define UMBRELLA_FILE_MAX  ((size_t)5 << 20)   /* Helm's */
#define UMBRELLA_TOTAL_MAX ((size_t)100 << 20) /* Helm's */

struct umbrella_file {
	char *path; /* below the umbrella; owned */
	struct str text;
	bool rendered; /* into other lines than the source has */
};

struct umbrella {
	char *dir;	/* where it was read from */
	char *checkout; /* how far links in it may lead; NULL = not told */
	struct umbrella_file *files; /* sorted by path */
	size_t count;
	size_t capacity;
};

/*
 * The umbrella to render: @given, else umbrella/, deploy/ or . below the
 * working folder, the first that has a Chart.yaml.  The caller frees it.
 * Errors: INPUT (the one given is none), USAGE (there is none).
 */
bool umbrella_find_dir(const char *given, char **dir, struct err *err)
	MUST_CHECK;

/*
 * Read all files of @dir but .git, what .helmignore leaves out and, where
 * they lie below, @output_dir and UMBRELLA_OUTPUT.  Links are followed as Helm
 * does, to files and folders of the checkout (core/checkout.h).
 * Errors: INPUT (no Chart.yaml; too large; no file; a link that leads out,
 * nowhere, or into a folder that it is in),
 * USAGE (@output_dir is the umbrella or holds it).
 */
bool umbrella_read(struct umbrella *umbrella, const char *dir,
		   const char *output_dir, struct err *err) MUST_CHECK;

/* The file at @path, or NULL. */
struct umbrella_file *umbrella_find(const struct umbrella *umbrella,
				    const char *path);

/* Add or replace a file; @text is taken and left empty. */
void umbrella_put(struct umbrella *umbrella, const char *path,
		  struct str *text);

/* Remove the file at @path; none there is fine. */
void umbrella_remove(struct umbrella *umbrella, const char *path);

/* Which files are templates, and how they are rendered. */
struct umbrella_rules {
	/*
	 * Globs (helmignore_glob()); one without a slash is for the name in
	 * any folder.  None:
	 * Chart.yaml, requirements.yaml, values*.yaml, *.tpl.yaml.  What is
	 * below templates/ and charts/ is Helm's and never rendered.
	 */
	const struct strvec *templates;
	const struct strvec *no_templates;
	struct tmpl_options options;
};

/* Is @glob, as of a rule, the name or path of any file of it? */
bool umbrella_has_match(const struct umbrella *umbrella, const char *glob);

bool umbrella_is_template(const struct umbrella_rules *rules, const char *path);

/*
 * Read the one file @path ("-": standard input) to be rendered alone.
 * Errors: INPUT.
 */
bool umbrella_read_file(const char *path, struct str *text, struct err *err)
	MUST_CHECK;

/*
 * Render @text, called @name in errors, into @out.
 * Errors: INPUT with the place; IO.
 */
bool umbrella_render_text(const char *name, const struct str *text,
			  const struct tmpl_options *options,
			  const struct value *data, struct spool *out,
			  struct err *err) MUST_CHECK;

/*
 * The clock of templates and of Chart.lock, ms since the epoch:
 * SOURCE_DATE_EPOCH of @env, so that a render can be repeated, else now.
 * Errors: INPUT (that is no number).
 */
bool umbrella_clock(const struct env *env, int64_t *now_ms, struct err *err)
	MUST_CHECK;

/*
 * Render every template in place, with @data as its root.
 * Errors: INPUT with the place in the source file.
 */
bool umbrella_render(struct umbrella *umbrella,
		     const struct umbrella_rules *rules,
		     const struct value *data, struct err *err) MUST_CHECK;

/*
 * Decide when the environment expires by the rendered values.yaml and write
 * the decision there: global.expires, global.expiryDate.  What already says
 * so keeps its bytes.  @input->global is filled here; *@warning is that of
 * expiry_decide() or of expiry_warn_passed(), and the caller's to free.
 * Errors: INPUT with the place in values.yaml.
 */
bool umbrella_stamp(struct umbrella *umbrella, struct expiry_input *input,
		    struct expiry *expiry, char **warning, struct err *err)
	MUST_CHECK;

/*
 * May the umbrella @name be written to @output_dir: is nothing there, an empty
 * folder, or one whose Chart.yaml says @name?  Errors: USAGE.
 */
bool umbrella_check_output(const char *output_dir, const char *name,
			   struct err *err) MUST_CHECK;

/*
 * Write all files as the folder @output_dir, which is replaced as a whole or
 * stays as it is.  What killed runs left beside it is removed.  Errors: IO.
 */
bool umbrella_write(const struct umbrella *umbrella, const char *output_dir,
		    struct err *err) MUST_CHECK;

/*
 * The path of @name in the source, for messages, with UMBRELLA_RENDERED behind
 * it where its lines are no longer those of the source; the caller frees it.
 */
#define UMBRELLA_RENDERED " (rendered)"
char *umbrella_source(const struct umbrella *umbrella, const char *path)
	MUST_CHECK;

void umbrella_release(struct umbrella *umbrella);

#endif
