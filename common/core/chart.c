#include "core/chart.h"

#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart_parts.h"
#include "core/helmignore.h"
#include "core/lockfile.h"
#include "format/gzip.h"
#include "format/semver.h"
#include "format/tar.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"
#include "sys/walk.h"

#define NANOSECONDS  1000000000
#define BOM	     "\xef\xbb\xbf"
#define SURVEY_MIN   ((size_t)16 << 10) /* deflate makes it 16 MiB at most */
#define EXTENDED_MAX ((size_t)1 << 20)	/* in extended headers */
#define TAIL_MAX     ((size_t)1 << 20)	/* behind the end of an archive */

/* What one chart_load() may take in all. */
struct loader {
	struct arena *arena;
	size_t bytes;
	size_t files;
	size_t depth;
};

/* --- files --------------------------------------------------------------- */

static bool take_file(struct loader *loader, struct chart_files *files,
		      const struct chart_file *file, struct err *err)
{
	loader->bytes += file->len;
	if (loader->bytes > CHART_TREE_SIZE_MAX)
		return err_set(err, ERR_INPUT,
			       "its files with those of its subcharts are "
			       "larger than %zu bytes",
			       CHART_TREE_SIZE_MAX);
	if (++loader->files > CHART_FILES_MAX)
		return err_set(err, ERR_INPUT, "it has more than %d files",
			       CHART_FILES_MAX);
	files->items = arena_grow(loader->arena, files->items, files->count + 1,
				  sizeof(*file), &files->capacity);
	files->items[files->count++] = *file;
	return true;
}

/* Copy the content into the arena, without a byte order mark. */
static bool add_file(struct loader *loader, struct chart_files *files,
		     const char *name, const char *bytes, size_t len,
		     int64_t mtime, struct err *err)
{
	struct chart_file file = {.mtime = mtime};

	if (len >= 3 && !memcmp(bytes, BOM, 3)) {
		bytes += 3;
		len -= 3;
	}
	file.name = arena_strdup(loader->arena, name);
	file.bytes = arena_memdupz(loader->arena, bytes, len);
	file.len = len;
	return take_file(loader, files, &file, err);
}

static const struct chart_file *find_file(const struct chart_files *files,
					  const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!strcmp(files->items[i].name, name))
			return &files->items[i];
	}
	return NULL;
}

static bool parse_yaml(struct ydoc *doc, const struct chart *chart,
		       const struct chart_file *file, unsigned int flags,
		       struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(chart->path, file->name);

	return ydoc_parse(doc, file->bytes, file->len, path, flags, err);
}

/* --- folders ------------------------------------------------------------- */

struct folder {
	struct loader *loader;
	struct chart_files *files;
	const char *root;
	struct helmignore ignore;
	size_t bytes;
};

static void folder_release(struct folder *folder)
{
	helmignore_release(&folder->ignore);
}

static bool read_ignore(struct folder *folder, struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(folder->root, ".helmignore");
	CLEANUP(str_release) struct str text = {0};

	if (file_exists(path) &&
	    (!file_read(path, CHART_SIZE_MAX, &text, err) ||
	     !helmignore_parse(&folder->ignore, str_text(&text), text.len, path,
			       err)))
		return false;
	helmignore_add_defaults(&folder->ignore);
	return true;
}

/* To the nearest second, as Go's archive/tar does. */
static int64_t to_seconds(int64_t nanoseconds)
{
	int64_t half_up = nanoseconds + NANOSECONDS / 2;
	int64_t seconds = half_up / NANOSECONDS;

	return seconds - (half_up % NANOSECONDS < 0);
}

static bool visit(void *context, const struct walk_entry *entry, bool *descend,
		  struct err *err)
{
	struct folder *folder = context;
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *path = NULL;

	if (helmignore_has(&folder->ignore, entry->path,
			   entry->kind == WALK_DIR)) {
		*descend = false;
		return true;
	}
	if (entry->kind == WALK_DIR)
		return true;
	if (entry->kind != WALK_FILE)
		return err_set(err, ERR_INPUT, "'%s' is not a regular file",
			       entry->path);
	path = path_join(folder->root, entry->path);
	if (!file_read(path, CHART_SIZE_MAX, &text, err))
		return false;
	folder->bytes += text.len;
	if (folder->bytes > CHART_SIZE_MAX)
		return err_set(err, ERR_INPUT,
			       "its files are larger than %zu bytes",
			       CHART_SIZE_MAX);
	return add_file(folder->loader, folder->files, entry->path,
			str_text(&text), text.len, to_seconds(entry->mtime_ns),
			err);
}

static bool read_folder(struct loader *loader, const char *path,
			struct chart_files *files, struct err *err)
{
	CLEANUP(folder_release) struct folder folder = {
		.loader = loader, .files = files, .root = path};
	const struct walk walk = {.root = path,
				  .follow_links = true,
				  .visit = visit,
				  .context = &folder};

	return read_ignore(&folder, err) && walk_tree(&walk, err);
}

/* --- archives ------------------------------------------------------------ */

static bool is_drive(const char *name)
{
	return ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z') &&
	       name[1] == ':' && name[2] == '/';
}

/* Is ".." all of @path, or its last part? */
static bool ends_outside(const struct str *path)
{
	return ends_with(str_text(path), "/..") ||
	       !strcmp(str_text(path), "..");
}

static void add_part(struct str *path, const char *part, size_t len)
{
	const char *slash;

	if (!len || (len == 1 && *part == '.'))
		return;
	if (len == 2 && starts_with(part, "..") && path->len &&
	    !ends_outside(path)) {
		slash = strrchr(str_text(path), '/');
		str_truncate(path, slash ? (size_t)(slash - path->buf) : 0);
		return;
	}
	if (path->len)
		str_add_char(path, '/');
	str_add_bytes(path, part, len);
}

/* Go's path.Clean() of what does not begin with a slash. */
static void clean_path(struct str *out, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		add_part(out, path, len);
		path += len + (path[len] == '/');
	}
}

static bool is_outside(const char *name, struct err *err)
{
	(void)err_set(err, ERR_INPUT,
		      "member '%s' is outside of the chart's folder", name);
	return false;
}

/*
 * The name below the archive's one folder: "web/a/./b" gives "a/b".  Windows
 * writes "\" between the parts.
 */
static bool clean_name(struct str *out, const char *name, struct err *err)
{
	char separator = strchr(name, '\\') ? '\\' : '/';
	const char *end = strchrnul(name, separator);
	CLEANUP(str_release) struct str rest = {0};

	if (starts_with(name, "Chart.yaml") &&
	    end == name + strlen("Chart.yaml"))
		return err_set(err, ERR_INPUT,
			       "Chart.yaml is not in a folder of the archive");
	str_add(&rest, *end ? end + 1 : "");
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.buf[i] == separator)
			rest.buf[i] = '/';
	}
	if (*str_text(&rest) == '/')
		return is_outside(name, err);
	clean_path(out, str_text(&rest));
	/* Helm refuses "..x" as well. */
	if (!out->len || starts_with(str_text(out), ".."))
		return is_outside(name, err);
	if (is_drive(str_text(out)))
		return err_set(err, ERR_INPUT, "member '%s' has a bad name",
			       name);
	return true;
}

/* Links and devices come as the empty files that they are in the archive. */
static bool add_member(struct loader *loader, struct chart_files *files,
		       const struct tar_member *member, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};

	return member->kind == TAR_DIR ||
	       (clean_name(&name, member->name, err) &&
		add_file(loader, files, str_text(&name), member->bytes,
			 member->len, member->mtime, err));
}

static bool too_large(struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "it expands to more than a chart may hold");
}

/* Is it more than we are ready to hold?  Found out without holding it. */
static bool survey(void *context, const char *part, size_t len, struct err *err)
{
	struct tar_survey *seen = context;

	if (!tar_survey_push(seen, part, len, err))
		return false;
	if (seen->members > CHART_FILES_MAX)
		return err_set(err, ERR_INPUT, "it has more than %d files",
			       CHART_FILES_MAX);
	if (seen->bytes >= CHART_SIZE_MAX + EXTENDED_MAX ||
	    seen->behind > TAIL_MAX)
		return too_large(err);
	return true;
}

static bool read_archive(struct loader *loader, const void *bytes, size_t len,
			 struct chart_files *files, struct err *err)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	CLEANUP(str_release) struct str tar = {0};
	struct tar_survey seen = {0};
	size_t total = 0;

	if (len > SURVEY_MIN &&
	    !gzip_each(bytes, len, CHART_TAR_MAX, survey, &seen, err))
		return false;
	if (!gzip_expand(&tar, bytes, len, CHART_TAR_MAX, err))
		return false;
	reader.bytes = str_text(&tar);
	reader.len = tar.len;
	for (;;) {
		struct tar_member member;
		bool found;

		if (!tar_next(&reader, &member, &found, err))
			return false;
		if (!found)
			break;
		total += member.len;
		if (total >= CHART_SIZE_MAX)
			return too_large(err);
		if (!add_member(loader, files, &member, err))
			return false;
	}
	return files->count || err_set(err, ERR_INPUT, "no files in it");
}

/* --- what the files mean ------------------------------------------------- */

static bool load_files(struct loader *loader, const char *path,
		       const struct chart_files *files, struct chart **chart,
		       struct err *err);

/*
 * Dependencies of a chart of apiVersion v1 stand in a file of their own; what
 * else it says of the chart counts too.
 */
static bool take_requirements(struct chart *chart,
			      const struct chart_files *files, struct err *err)
{
	const struct chart_file *file = find_file(files, "requirements.yaml");
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct value *read;

	if (!file)
		return true;
	if (!parse_yaml(&doc, chart, file, YDOC_FIRST, err) ||
	    !chart_read_metadata(&doc, chart->arena, &read, err))
		return false;
	for (size_t i = 0; i < read->map.count; i++)
		value_map_set(chart->metadata, chart->arena,
			      read->map.pairs[i].key.bytes,
			      read->map.pairs[i].value);
	return true;
}

static bool load_metadata(const struct loader *loader, struct chart *chart,
			  const struct chart_files *files, struct err *err)
{
	const struct chart_file *file = find_file(files, "Chart.yaml");
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	if (!file)
		return err_set(err, ERR_INPUT, "it has no Chart.yaml");
	chart->mtime = file->mtime;
	return parse_yaml(&doc, chart, file, YDOC_FIRST, err) &&
	       chart_read_metadata(&doc, chart->arena, &chart->metadata, err) &&
	       take_requirements(chart, files, err) &&
	       chart_take_metadata(chart, &doc, loader->depth > 0, err);
}

static bool load_lock(struct chart *chart, const struct chart_file *file,
		      struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	if (!parse_yaml(&doc, chart, file, YDOC_FIRST, err))
		return false;
	if (lockfile_read(doc.root, chart->arena, &chart->lock, err))
		return true;
	ydoc_blame(&doc, "", err);
	return err_wrap(err, "bad '%s'", doc.name);
}

/* Helm merges several documents; each must be a mapping or nothing. */
static bool check_values(const struct chart *chart,
			 const struct chart_file *file, struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(chart->path, file->name);
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_stream stream = {
		.text = file->bytes, .len = file->len, .name = path};

	while (ydoc_next(&stream, &doc, 0, err)) {
		if (doc.root->kind == VALUE_NIL || value_is_map(doc.root))
			continue;
		err_set(err, ERR_INPUT, "'%s' must be a mapping", path);
		return ydoc_blame(&doc, "", err);
	}
	return stream.ended;
}

static void add_to(struct chart_files *files, const struct chart_file *file,
		   struct arena *arena)
{
	files->items = arena_grow(arena, files->items, files->count + 1,
				  sizeof(*file), &files->capacity);
	files->items[files->count++] = *file;
}

/* Files of charts/ that are no subchart: false. */
static bool is_in_subchart(const char *name)
{
	return starts_with(name, "charts/") && !ends_with(name, ".prov");
}

/* Files of v1 charts; Helm leaves them out of others. */
static bool is_requirements(const char *name)
{
	return !strcmp(name, "requirements.yaml") ||
	       !strcmp(name, "requirements.lock");
}

static bool sort_file(struct chart *chart, const struct chart_file *file,
		      struct err *err)
{
	if (!strcmp(file->name, "Chart.yaml") || is_in_subchart(file->name))
		return true;
	if (!strcmp(file->name, "Chart.lock"))
		return load_lock(chart, file, err);
	if (!strcmp(file->name, "values.yaml")) {
		chart->values = file;
		return check_values(chart, file, err);
	}
	if (!strcmp(file->name, "values.schema.json")) {
		chart->schema = file;
		return true;
	}
	if (!strcmp(file->name, "requirements.lock") &&
	    !load_lock(chart, file, err))
		return false;
	if (is_requirements(file->name) && strcmp(chart->api_version, "v1"))
		return true;
	add_to(starts_with(file->name, "templates/") ? &chart->templates
						     : &chart->others,
	       file, chart->arena);
	return true;
}

/* The first part of a path below charts/: which subchart it belongs to. */
static char *subchart_key(struct arena *arena, const char *name)
{
	const char *rest = name + strlen("charts/");

	return arena_memdupz(arena, rest, strcspn(rest, "/"));
}

/* An archive may hold charts/x and charts/x/Chart.yaml both. */
static bool has_file_itself(const struct chart_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!*files->items[i].name)
			return true;
	}
	return false;
}

static bool load_packed(struct loader *loader, const char *path,
			const struct chart_file *archive, struct chart **chart,
			struct err *err)
{
	struct chart_files files = {0};

	return read_archive(loader, archive->bytes, archive->len, &files,
			    err) &&
	       load_files(loader, path, &files, chart, err);
}

static bool refuse_file(const char *key, struct err *err)
{
	err_set(err, ERR_INPUT, "it is a file, not a chart");
	return err_hint(err,
			"take it out of charts/, or add 'charts/%s' to "
			".helmignore",
			key);
}

static bool add_subchart(struct loader *loader, struct chart *chart,
			 const char *key, const struct chart_files *files,
			 struct err *err)
{
	const char *path =
		arena_printf(loader->arena, "%s/charts/%s", chart->path, key);
	size_t index = chart->subchart_count;
	struct chart *subchart;
	bool is_file = has_file_itself(files);
	bool ok;

	if (ends_with(key, ".tgz"))
		ok = is_file && files->count == 1
			     ? load_packed(loader, path, &files->items[0],
					   &subchart, err)
			     : err_set(err, ERR_INPUT, "it is a folder");
	else
		ok = is_file ? refuse_file(key, err)
			     : load_files(loader, path, files, &subchart, err);
	if (!ok)
		return err_wrap(err, "subchart '%s'", key);
	chart->subcharts[index] = subchart;
	chart->subchart_count++;
	return true;
}

/*
 * Put the files of each subchart together.  Folders come sorted, archives in
 * any order; the result is in the order of names, that the package may be
 * the same each time.
 */
static bool load_subcharts(struct loader *loader, struct chart *chart,
			   const struct chart_files *files, struct err *err)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(map_release) struct map groups = {0};

	for (size_t i = 0; i < files->count; i++) {
		struct chart_file file = files->items[i];
		struct chart_files *group;
		char *key;

		if (!is_in_subchart(file.name))
			continue;
		key = subchart_key(loader->arena, file.name);
		if (!*key || *key == '_' || *key == '.')
			continue;
		file.name += strlen("charts/") + strlen(key);
		file.name += *file.name == '/';
		group = map_get(&groups, key);
		if (!group) {
			group = arena_new(loader->arena, struct chart_files);
			map_put(&groups, key, group);
			strvec_add(&keys, key);
		}
		add_to(group, &file, loader->arena);
	}
	strvec_sort(&keys);
	chart->subcharts =
		arena_new_array(loader->arena, struct chart *, keys.count);
	for (size_t i = 0; i < keys.count; i++) {
		if (!add_subchart(loader, chart, keys.items[i],
				  map_get(&groups, keys.items[i]), err))
			return false;
	}
	return true;
}

static bool load_files(struct loader *loader, const char *path,
		       const struct chart_files *files, struct chart **chart,
		       struct err *err)
{
	struct chart *loaded = arena_new(loader->arena, struct chart);

	if (loader->depth == CHART_DEPTH_MAX)
		return err_set(err, ERR_INPUT,
			       "subcharts are nested more than %d deep",
			       CHART_DEPTH_MAX);
	loaded->arena = loader->arena;
	loaded->path = arena_strdup(loader->arena, path);
	loaded->stamp = CHART_UNSTAMPED;
	if (!load_metadata(loader, loaded, files, err))
		return false;
	for (size_t i = 0; i < files->count; i++) {
		if (!sort_file(loaded, &files->items[i], err))
			return false;
	}
	loader->depth++;
	if (!load_subcharts(loader, loaded, files, err))
		return false;
	loader->depth--;
	*chart = loaded;
	return true;
}

/* --- loading ------------------------------------------------------------- */

bool chart_load_archive(const void *bytes, size_t len, const char *name,
			struct arena *arena, struct chart **chart,
			struct err *err)
{
	struct loader loader = {.arena = arena};
	struct chart_files files = {0};

	if (read_archive(&loader, bytes, len, &files, err) &&
	    load_files(&loader, name, &files, chart, err))
		return true;
	return err_wrap(err, "cannot load chart '%s'", name);
}

static bool load_folder(const char *path, struct arena *arena,
			struct chart **chart, struct err *err)
{
	struct loader loader = {.arena = arena};
	struct chart_files files = {0};

	if (read_folder(&loader, path, &files, err) &&
	    load_files(&loader, path, &files, chart, err))
		return true;
	return err_wrap(err, "cannot load chart '%s'", path);
}

bool chart_load(const char *path, struct arena *arena, struct chart **chart,
		struct err *err)
{
	CLEANUP(str_release) struct str bytes = {0};

	if (file_is_dir(path))
		return load_folder(path, arena, chart, err);
	if (!file_read(path, CHART_ARCHIVE_MAX, &bytes, err))
		return err_wrap(err, "cannot load chart '%s'", path);
	if (!starts_with(str_text(&bytes), "\x1f\x8b")) {
		(void)err_set(err, ERR_INPUT,
			      "cannot load chart '%s': it is neither a folder "
			      "nor an archive (.tgz)",
			      path);
		return err_hint(err, "name the folder that has the Chart.yaml");
	}
	return chart_load_archive(str_text(&bytes), bytes.len, path, arena,
				  chart, err);
}

/* --- changing ------------------------------------------------------------ */

bool chart_set_version(struct chart *chart, const char *version,
		       struct err *err)
{
	CLEANUP(semver_release) struct semver parsed = {0};

	if (!semver_parse(&parsed, version, err))
		return false;
	chart->version = arena_strdup(chart->arena, version);
	value_map_set_text(chart->metadata, chart->arena, "version", version);
	return true;
}

void chart_set_app_version(struct chart *chart, const char *version)
{
	value_map_set_text(chart->metadata, chart->arena, "appVersion",
			   version);
}

void chart_set_annotation(struct chart *chart, const char *key,
			  const char *text)
{
	const struct value *old = value_map_get(chart->metadata, "annotations");
	struct value *annotations = old ? value_copy(old, chart->arena)
					: value_new_map(chart->arena);

	value_map_set_text(annotations, chart->arena, key, text);
	value_map_set(chart->metadata, chart->arena, "annotations",
		      annotations);
}

const char *chart_annotation(const struct chart *chart, const char *key)
{
	const struct value *annotations =
		value_map_get(chart->metadata, "annotations");
	const struct value *text =
		annotations ? value_map_get(annotations, key) : NULL;

	return text && text->kind == VALUE_STRING ? text->string.bytes : NULL;
}

bool chart_set_value(struct chart *chart, const char *path, const char *text,
		     struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct chart_file *changed;

	if (!chart->values)
		return err_set(err, ERR_INPUT,
			       "cannot set '%s': chart '%s' has no values.yaml",
			       path, chart->path);
	if (!parse_yaml(&doc, chart, chart->values, 0, err) ||
	    !ydoc_set_text(&doc, path, text, err))
		return err_wrap(err, "cannot set '%s'", path);
	changed = arena_new(chart->arena, struct chart_file);
	*changed = *chart->values;
	changed->bytes =
		arena_memdupz(chart->arena, str_text(&doc.text), doc.text.len);
	changed->len = doc.text.len;
	chart->values = changed;
	return true;
}

void chart_stamp(struct chart *chart, int64_t seconds)
{
	chart->stamp = seconds;
	for (size_t i = 0; i < chart->subchart_count; i++)
		chart_stamp(chart->subcharts[i], seconds);
}

static bool has_subchart(const struct chart *chart, const char *name)
{
	for (size_t i = 0; i < chart->subchart_count; i++) {
		if (!strcmp(chart->subcharts[i]->name, name))
			return true;
	}
	return false;
}

void chart_add_missing(struct str *names, const struct chart *chart)
{
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		const char *name = chart->dependencies.items[i].name;

		if (!has_subchart(chart, name))
			str_addf(names, "%s'%s'", names->len ? ", " : "", name);
	}
}

bool chart_check_dependencies(const struct chart *chart, struct err *err)
{
	CLEANUP(str_release) struct str missing = {0};

	chart_add_missing(&missing, chart);
	if (!missing.len)
		return true;
	err_set(err, ERR_INPUT,
		"Chart.yaml of '%s' names dependencies that are not in "
		"charts/: %s",
		chart->path, str_text(&missing));
	return err_hint(err, "fetch them with 'helm dependency update %s'",
			chart->path);
}
