#include "flow/umbrella.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/helmignore.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/spool.h"
#include "sys/tempdir.h"

#define VALUES_FILE "values.yaml"

/* --- files --------------------------------------------------------------- */

static size_t position(const struct umbrella *umbrella, const char *path,
		       bool *there)
{
	size_t low = 0, high = umbrella->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(umbrella->files[middle].path, path);

		if (order == 0) {
			*there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*there = false;
	return low;
}

struct umbrella_file *umbrella_find(const struct umbrella *umbrella,
				    const char *path)
{
	bool there;
	size_t at = position(umbrella, path, &there);

	return there ? &umbrella->files[at] : NULL;
}

void umbrella_put(struct umbrella *umbrella, const char *path, struct str *text)
{
	struct umbrella_file *file;
	bool there;
	size_t at = position(umbrella, path, &there);

	if (!there) {
		umbrella->files =
			grow_array(umbrella->files, umbrella->count + 1,
				   sizeof(*umbrella->files),
				   &umbrella->capacity);
		file = &umbrella->files[at];
		memmove(file + 1, file, (umbrella->count - at) * sizeof(*file));
		*file = (struct umbrella_file){.path = xstrdup(path)};
		umbrella->count++;
	}
	file = &umbrella->files[at];
	str_release(&file->text);
	file->text = *text;
	*text = (struct str){0};
}

void umbrella_remove(struct umbrella *umbrella, const char *path)
{
	struct umbrella_file *file = umbrella_find(umbrella, path);
	size_t at;

	if (!file)
		return;
	at = (size_t)(file - umbrella->files);
	free(file->path);
	str_release(&file->text);
	umbrella->count--;
	memmove(file, file + 1, (umbrella->count - at) * sizeof(*file));
}

char *umbrella_source(const struct umbrella *umbrella, const char *path)
{
	const struct umbrella_file *file = umbrella_find(umbrella, path);
	CLEANUP(free_ptr) char *place =
		same_text(umbrella->dir, ".") ? xstrdup(path)
					      : path_join(umbrella->dir, path);

	return xasprintf("%s%s", place,
			 file && file->rendered ? UMBRELLA_RENDERED : "");
}

void umbrella_release(struct umbrella *umbrella)
{
	for (size_t i = 0; i < umbrella->count; i++) {
		free(umbrella->files[i].path);
		str_release(&umbrella->files[i].text);
	}
	free(umbrella->files);
	free(umbrella->dir);
	free(umbrella->checkout);
	*umbrella = (struct umbrella){0};
}

/* --- rendering ----------------------------------------------------------- */

static bool matches(const char *glob, const char *path)
{
	return helmignore_glob(glob,
			       strchr(glob, '/') ? path : path_base(path));
}

static bool matches_any(const struct strvec *globs, const char *path)
{
	for (size_t i = 0; globs && i < globs->count; i++)
		if (matches(globs->items[i], path))
			return true;
	return false;
}

bool umbrella_is_template(const struct umbrella_rules *rules, const char *path)
{
	static const char *const usual[] = {CHART_FILE, "requirements.yaml",
					    "values*.yaml", "*.tpl.yaml"};

	if (starts_with(path, "templates/") || starts_with(path, "charts/") ||
	    matches_any(rules->no_templates, path))
		return false;
	if (rules->templates && rules->templates->count)
		return matches_any(rules->templates, path);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (matches(usual[i], path))
			return true;
	return false;
}

bool umbrella_has_match(const struct umbrella *umbrella, const char *glob)
{
	for (size_t i = 0; i < umbrella->count; i++) {
		if (matches(glob, umbrella->files[i].path))
			return true;
	}
	return false;
}

bool umbrella_read_file(const char *path, struct str *text, struct err *err)
{
	return file_read(path, TMPL_SOURCE_MAX, text, err);
}

bool umbrella_clock(const struct env *env, int64_t *now_ms, struct err *err)
{
	const char *text = env_get(env, "SOURCE_DATE_EPOCH");
	int64_t seconds;

	if (!text) {
		*now_ms = clock_now_ms();
		return true;
	}
	if (!num_parse_range(text, 0, INT64_MAX / 1000, &seconds))
		return err_set(err, ERR_INPUT,
			       "'SOURCE_DATE_EPOCH' is no number of seconds: "
			       "'%s'",
			       text);
	*now_ms = seconds * 1000;
	return true;
}

static bool spool(void *arg, const char *bytes, size_t len, struct err *err)
{
	return spool_write(arg, bytes, len, err);
}

bool umbrella_render_text(const char *name, const struct str *text,
			  const struct tmpl_options *options,
			  const struct value *data, struct spool *out,
			  struct err *err)
{
	CLEANUP(tmpl_release) struct tmpl set = {.options = *options};
	const struct tmpl_sink sink = {.write = spool, .arg = out};

	if (!tmpl_parse(&set, name, str_text(text), text->len, err) ||
	    !tmpl_execute_to(&set, name, data, &sink, err))
		return err_wrap(err, "cannot render '%s'", name);
	return true;
}

static bool render_file(const struct umbrella *umbrella,
			struct umbrella_file *file,
			const struct tmpl_options *options,
			const struct value *data, struct err *err)
{
	CLEANUP(tmpl_release) struct tmpl set = {.options = *options};
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(free_ptr) char *name = umbrella_source(umbrella, file->path);

	if (!tmpl_parse(&set, name, str_text(&file->text), file->text.len,
			err) ||
	    !tmpl_execute(&set, name, data, &out, err))
		return err_wrap(err, "cannot render '%s'", name);
	file->rendered = strcmp(str_text(&file->text), str_text(&out)) != 0;
	str_release(&file->text);
	file->text = out;
	out = (struct str){0};
	return true;
}

bool umbrella_render(struct umbrella *umbrella,
		     const struct umbrella_rules *rules,
		     const struct value *data, struct err *err)
{
	for (size_t i = 0; i < umbrella->count; i++) {
		struct umbrella_file *file = &umbrella->files[i];

		if (umbrella_is_template(rules, file->path) &&
		    !render_file(umbrella, file, &rules->options, data, err))
			return false;
	}
	return true;
}

/* --- stamping ------------------------------------------------------------ */

static bool read_values(const struct umbrella *umbrella, struct ydoc *values,
			struct err *err)
{
	const struct umbrella_file *file = umbrella_find(umbrella, VALUES_FILE);
	CLEANUP(free_ptr) char *name = umbrella_source(umbrella, VALUES_FILE);

	if (!ydoc_parse(values, file ? str_text(&file->text) : "",
			file ? file->text.len : 0, name, 0, err))
		return err_wrap(err, "cannot use the rendered values");
	if (values->root->kind == VALUE_NIL || value_is_map(values->root))
		return true;
	err_set(err, ERR_INPUT, "'%s' is no mapping", name);
	return ydoc_blame(values, "", err);
}

/* Which of the two a refused decision is about. */
static bool blame(const struct ydoc *values, struct err *err)
{
	const char *path = strstr(err->text, "expiryDate") ? "global.expiryDate"
							   : "global.expires";

	ydoc_blame(values, path, err);
	return err_wrap(err, "cannot stamp '%s'", values->name);
}

static bool set_expires(struct ydoc *values, bool expires, struct err *err)
{
	const struct value *now = value_find(values->root, "global.expires");

	if (now && now->kind == VALUE_BOOL && now->boolean == expires)
		return true;
	return ydoc_set_raw(values, "global.expires",
			    expires ? "true" : "false", err);
}

/* Only what says otherwise is changed: a date beside it means nothing. */
static bool set_never(struct ydoc *values, struct err *err)
{
	const struct value *expires =
		value_find(values->root, "global.expires");

	return !expires || !value_truth(expires) ||
	       set_expires(values, false, err);
}

static bool set_date(struct ydoc *values, const struct expiry *expiry,
		     struct err *err)
{
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	if (!set_expires(values, true, err))
		return false;
	return same_text(value_find_text(values->root, "global.expiryDate"),
			 date) ||
	       ydoc_set_text(values, "global.expiryDate", date, err);
}

bool umbrella_stamp(struct umbrella *umbrella, struct expiry_input *input,
		    struct expiry *expiry, char **warning, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc values = {0};
	CLEANUP(free_ptr) char *passed = NULL;
	struct expiry decided;
	const char *said;

	if (!read_values(umbrella, &values, err))
		return false;
	input->global = value_map_get(values.root, "global");
	if (!expiry_decide(&decided, input, &said, err))
		return blame(&values, err);
	input->global = NULL;
	passed = expiry_warn_passed(&decided, input->now, &values);
	if (!(decided.expires ? set_date(&values, &decided, err)
			      : set_never(&values, err)))
		return err_wrap(err, "cannot stamp the expiry");
	if (values.text.len || umbrella_find(umbrella, VALUES_FILE))
		umbrella_put(umbrella, VALUES_FILE, &values.text);
	*warning = said ? xstrdup(said) : passed;
	if (!said)
		passed = NULL;
	*expiry = decided;
	return true;
}

/* --- writing ------------------------------------------------------------- */

/* Sorted paths: files of one folder are mostly neighbours. */
static bool write_files(const struct umbrella *umbrella, const char *folder,
			struct err *err)
{
	CLEANUP(free_ptr) char *last = xstrdup("");

	for (size_t i = 0; i < umbrella->count; i++) {
		const struct umbrella_file *file = &umbrella->files[i];
		CLEANUP(free_ptr) char *path = path_join(folder, file->path);
		char *parent = path_parent(path);
		bool made = strcmp(parent, last) == 0;

		free(last);
		last = parent;
		if ((!made && !dir_create_all(parent, err)) ||
		    !file_write(path, str_text(&file->text), file->text.len,
				0666, err))
			return false;
	}
	return true;
}

/* A folder with nothing in it, or with a chart of that name. */
static bool may_replace(const char *output_dir, const char *name)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(free_ptr) char *chart = path_join(output_dir, CHART_FILE);

	return dir_is_empty(output_dir) ||
	       (file_is_regular(chart) && ydoc_read(&doc, chart, 0, &ignored) &&
		same_text(value_find_text(doc.root, "name"), name));
}

bool umbrella_check_output(const char *output_dir, const char *name,
			   struct err *err)
{
	if (!file_exists(output_dir))
		return true;
	if (!file_is_dir(output_dir))
		return err_set(err, ERR_USAGE,
			       "cannot write to '%s': it is no folder",
			       output_dir);
	if (may_replace(output_dir, name))
		return true;
	err_set(err, ERR_USAGE,
		"cannot write to '%s': it is neither empty nor an earlier "
		"rendering of '%s', and would be replaced as a whole",
		output_dir, name);
	return err_hint(err, "name another folder, or remove that one");
}

bool umbrella_write(const struct umbrella *umbrella, const char *output_dir,
		    struct err *err)
{
	CLEANUP(tempdir_release) struct tempdir folder = {0};
	/* Where a link leads, so that it stays. */
	CLEANUP(free_ptr) char *output = realpath(output_dir, NULL);
	CLEANUP(free_ptr) char *parent = NULL;
	CLEANUP(free_ptr) char *chart = NULL;

	if (!output)
		output = without_slashes(output_dir);
	parent = path_parent(output);
	if (signals_interrupted(err))
		return false;
	tempdir_sweep(parent, UMBRELLA_TEMPORARY);
	if (!dir_create_all(parent, err) ||
	    !tempdir_create(&folder, parent, UMBRELLA_TEMPORARY, err))
		return err_wrap(err, "cannot write '%s'", output_dir);
	/* A folder in it, because the temporary one is its owner's alone. */
	chart = path_join(str_text(&folder.path), "chart");
	if (!write_files(umbrella, chart, err) ||
	    !tree_replace(chart, output, err))
		return err_wrap(err, "cannot write '%s'", output_dir);
	return true;
}
