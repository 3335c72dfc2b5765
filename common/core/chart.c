#include "core/chart.h"

#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart_parts.h"
#include "core/lockfile.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

static const struct chart_file *find_file(const struct chart_files *files,
					  const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!strcmp(files->items[i].name, name))
			return &files->items[i];
	}
	return NULL;
}

bool chart_is_in(const char *dir)
{
	CLEANUP(free_ptr) char *path = path_join(dir, CHART_FILE);

	return file_exists(path);
}

bool chart_parse_file(struct ydoc *doc, const struct chart *chart,
		      const struct chart_file *file, unsigned int flags,
		      struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(chart->path, file->name);

	return ydoc_parse(doc, file->bytes, file->len, path, flags, err);
}

static bool load_files(struct chart_loader *loader, const char *path,
		       const struct chart_files *files, struct chart **chart,
		       struct err *err);

/* Dependencies of a chart of apiVersion v1 stand in a file of their own. */
static bool take_requirements(struct chart *chart,
			      const struct chart_files *files, struct err *err)
{
	const struct chart_file *file = find_file(files, "requirements.yaml");
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	return !file ||
	       (chart_parse_file(&doc, chart, file, YDOC_FIRST | YDOC_INFINITE,
				 err) &&
		chart_read_over(&doc, chart->arena, &chart->metadata, err));
}

static bool fail_metadata(struct err *err)
{
	(void)err_set(err, ERR_INPUT, "it has no Chart.yaml");
	return err_hint(err, "name the folder that has it");
}

static bool load_metadata(const struct chart_loader *loader,
			  struct chart *chart, const struct chart_files *files,
			  struct err *err)
{
	const struct chart_file *file = find_file(files, CHART_FILE);
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	unsigned int flags = YDOC_FIRST;

	if (!file)
		return fail_metadata(err);
	chart->mtime = file->mtime;
	/* Of the first chart Helm reads all into an interface{} before. */
	if (loader->depth)
		flags |= YDOC_INFINITE;
	return chart_parse_file(&doc, chart, file, flags, err) &&
	       chart_read_metadata(&doc, chart->arena, &chart->metadata, err) &&
	       take_requirements(chart, files, err) &&
	       chart_take_metadata(chart, &doc, loader->depth > 0, err);
}

bool chart_check_file(const struct ydoc *doc, const struct ydoc *older,
		      struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct chart chart = {.arena = &arena};

	return chart_read_metadata(doc, &arena, &chart.metadata, err) &&
	       (!older ||
		chart_read_over(older, &arena, &chart.metadata, err)) &&
	       chart_take_metadata(&chart, doc, false, err);
}

static bool load_lock(struct chart *chart, const struct chart_file *file,
		      struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	if (!chart_parse_file(&doc, chart, file, YDOC_FIRST | YDOC_INFINITE,
			      err))
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
	if (!strcmp(file->name, CHART_FILE) || is_in_subchart(file->name))
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

static bool load_packed(struct chart_loader *loader, const char *path,
			const struct chart_file *archive, struct chart **chart,
			struct err *err)
{
	struct chart_files files = {0};
	bool inside = loader->inside;

	if (!inside)
		loader->packed += archive->len;
	loader->inside = true;
	if (!chart_read_archive(loader, archive->bytes, archive->len, &files,
				err) ||
	    !load_files(loader, path, &files, chart, err))
		return false;
	loader->inside = inside;
	return true;
}

static bool refuse_file(const char *key, struct err *err)
{
	err_set(err, ERR_INPUT, "it is a file, not a chart");
	return err_hint(err,
			"take it out of charts/, or add 'charts/%s' to "
			".helmignore",
			key);
}

static bool add_subchart(struct chart_loader *loader, struct chart *chart,
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
static bool load_subcharts(struct chart_loader *loader, struct chart *chart,
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

static bool load_files(struct chart_loader *loader, const char *path,
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
	const struct chart_file archive = {.bytes = bytes, .len = len};
	struct chart_loader loader = {.arena = arena,
				      .unpack_min = CHART_UNPACK_MIN};

	return load_packed(&loader, name, &archive, chart, err) ||
	       err_wrap(err, "cannot load chart '%s'", name);
}

static const struct value *copy_list(const struct value *list,
				     struct arena *arena)
{
	return list ? value_copy(list, arena) : NULL;
}

static void copy_dependencies(struct chart_dependencies *to,
			      const struct chart_dependencies *from,
			      struct arena *arena)
{
	to->count = from->count;
	to->items = arena_new_array(arena, struct chart_dependency,
				    from->count + 1);
	for (size_t i = 0; i < from->count; i++) {
		const struct chart_dependency *one = &from->items[i];

		to->items[i] = (struct chart_dependency){
			.name = arena_strdup(arena, one->name),
			.version = arena_strdup(arena, one->version),
			.repository = arena_strdup(arena, one->repository),
			.condition = arena_strdup(arena, one->condition),
			.alias = arena_strdup(arena, one->alias),
			.tags = copy_list(one->tags, arena),
			.import_values = copy_list(one->import_values, arena),
			.enabled = one->enabled,
		};
	}
}

struct chart *chart_copy_head(const struct chart *chart, struct arena *arena)
{
	struct chart *head = arena_new(arena, struct chart);

	*head = (struct chart){
		.arena = arena,
		.path = arena_strdup(arena, chart->path),
		.metadata = value_copy(chart->metadata, arena),
		.name = arena_strdup(arena, chart->name),
		.version = arena_strdup(arena, chart->version),
		.api_version = arena_strdup(arena, chart->api_version),
		.mtime = chart->mtime,
		.stamp = chart->stamp,
	};
	copy_dependencies(&head->dependencies, &chart->dependencies, arena);
	return head;
}

bool chart_load_files(const struct chart_files *files, const char *path,
		      struct arena *arena, struct chart **chart,
		      struct err *err)
{
	struct chart_loader loader = {
		.arena = arena, .depth = 1, .unpack_min = CHART_TAR_MAX};

	return load_files(&loader, path, files, chart, err) ||
	       err_wrap(err, "cannot load chart '%s'", path);
}

bool chart_load_within(const char *checkout, const char *path,
		       struct arena *arena, struct chart **chart,
		       struct err *err)
{
	struct chart_loader loader = {.arena = arena,
				      .checkout = checkout,
				      .unpack_min = CHART_TAR_MAX};
	struct chart_files files = {0};

	if (!chart_read_folder(&loader, path, &files, err) ||
	    !load_files(&loader, path, &files, chart, err))
		return err_wrap(err, "cannot load chart '%s'", path);
	(*chart)->links = loader.links;
	(*chart)->read = files;
	return true;
}

bool chart_load(const char *path, struct arena *arena, struct chart **chart,
		struct err *err)
{
	CLEANUP(str_release) struct str bytes = {0};

	if (file_is_dir(path))
		return chart_load_within(NULL, path, arena, chart, err);
	if (!file_read_regular(path, CHART_ARCHIVE_MAX, &bytes, err))
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
