#include "flow/vendor.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/lockfile.h"
#include "core/resolve.h"
#include "flow/vendor_parts.h"
#include "format/semver.h"
#include "format/value.h"

#define REQUIREMENTS "requirements.yaml"

void vendoring_release(struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->sources.count; i++)
		vendor_source_release(vendoring->sources.entries[i].value);
	for (size_t i = 0; i < vendoring->archives.count; i++) {
		struct vendor_archive *archive =
			vendoring->archives.entries[i].value;

		str_release(&archive->fetch.bytes);
	}
	releasesize_release(&vendoring->size);
	strvec_release(&vendoring->missing);
	err_release(&vendoring->denied.first);
	strvec_release(&vendoring->denied.texts);
	strvec_release(&vendoring->denied.cures);
	chartcache_release(&vendoring->cache);
	helmrepos_release(&vendoring->repos);
	login_release(&vendoring->own_login);
	map_release(&vendoring->archives);
	map_release(&vendoring->sources);
	http_release(&vendoring->http);
	ydoc_release(&vendoring->doc);
}

void vendored_release(struct vendored *vendored)
{
	arena_release(&vendored->arena);
	*vendored = (struct vendored){0};
}

/* --- Chart.yaml ---------------------------------------------------------- */

static bool parse_file(struct ydoc *doc, const struct umbrella *umbrella,
		       const char *path, struct err *err)
{
	const struct umbrella_file *file = umbrella_find(umbrella, path);
	CLEANUP(free_ptr) char *name = umbrella_source(umbrella, path);

	return ydoc_parse(doc, str_text(&file->text), file->text.len, name, 0,
			  err) ||
	       err_wrap(err, "cannot use what was rendered");
}

static bool check_mapping(const struct ydoc *doc, struct err *err)
{
	if (value_is_map(doc->root))
		return true;
	err_set(err, ERR_INPUT, "'%s' is no mapping", doc->name);
	return ydoc_blame(doc, "", err);
}

bool vendor_parse_file(struct ydoc *doc, const struct umbrella *umbrella,
		       const char *path, struct err *err)
{
	return parse_file(doc, umbrella, path, err) && check_mapping(doc, err);
}

static bool read_text(struct vendored *vendored, const struct ydoc *doc,
		      const char *key, const char **text, struct err *err)
{
	const char *found = value_find_text(doc->root, key);

	if (!is_blank(found)) {
		*text = arena_strdup(&vendored->arena, found);
		return true;
	}
	err_set(err, ERR_INPUT, "'%s' has no '%s' that is a text", doc->name,
		key);
	if (value_map_get(doc->root, key))
		err_hint(err, "put it in quotes");
	return ydoc_blame(doc, key, err);
}

/* A name that is one part of a path, and no trick. */
static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	return *name && strspn(name, allowed) == strlen(name) &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool read_name(struct vendored *vendored, const struct ydoc *doc,
		      struct err *err)
{
	if (!read_text(vendored, doc, "name", &vendored->name, err))
		return false;
	if (is_name(vendored->name))
		return true;
	err_set(err, ERR_INPUT, "'%s' is no name for a chart", vendored->name);
	return ydoc_blame(doc, "name", err);
}

static bool read_version(struct vendored *vendored, const struct ydoc *doc,
			 struct err *err)
{
	CLEANUP(semver_release) struct semver version = {0};

	return read_text(vendored, doc, "version", &vendored->version, err) &&
	       (semver_parse(&version, vendored->version, err) ||
		ydoc_blame(doc, "version", err));
}

/* @older comes first, as in Helm, for which null says nothing. */
static const struct ydoc *file_that_says(const char *key,
					 const struct ydoc *chart,
					 const struct ydoc *older)
{
	const struct value *said =
		older ? value_map_get(older->root, key) : NULL;

	return said && said->kind != VALUE_NIL ? older : chart;
}

bool vendor_read_chart(struct vendored *vendored,
		       const struct umbrella *umbrella, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc chart = {0}, requirements = {0};
	const struct ydoc *older = NULL;

	if (!vendor_parse_file(&chart, umbrella, CHART_FILE, err))
		return false;
	if (umbrella_find(umbrella, REQUIREMENTS)) {
		if (!parse_file(&requirements, umbrella, REQUIREMENTS, err))
			return false;
		older = &requirements;
	}
	return read_name(vendored, file_that_says("name", &chart, older),
			 err) &&
	       read_version(vendored, file_that_says("version", &chart, older),
			    err) &&
	       chart_check_file(&chart, older, err);
}

/* --- what is wanted ------------------------------------------------------ */

/* Where a member of dependency number @i stands, for ydoc. */
static const char *member_path(struct vendoring *vendoring, size_t i,
			       const char *member)
{
	return arena_printf(&vendoring->vendored->arena, "dependencies.%zu%s%s",
			    i, *member ? "." : "", member);
}

bool vendor_fail(struct vendoring *vendoring, size_t i, const char *member,
		 struct err *err)
{
	ydoc_blame(&vendoring->doc, member_path(vendoring, i, member), err);
	return err_wrap(err, "cannot vendor '%s'",
			vendoring->wanted.items[i].name);
}

static const char *effective_name(const struct chart_dependency *dependency)
{
	return is_blank(dependency->alias) ? dependency->name
					   : dependency->alias;
}

/* Does the folder that is completed have it already? */
static bool is_there(const struct vendoring *vendoring, size_t i)
{
	return vendoring->chart &&
	       chart_has_subchart(vendoring->chart,
				  vendoring->wanted.items[i].name);
}

static bool check_names(struct vendoring *vendoring, struct err *err)
{
	CLEANUP(map_release) struct map seen = {0};

	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		struct chart_dependency *dependency =
			&vendoring->wanted.items[i];
		const char *name = effective_name(dependency);

		if (!is_name(dependency->name)) {
			err_set(err, ERR_INPUT, "it is no name for a chart");
			return vendor_fail(vendoring, i, "", err);
		}
		/* Of the two only an alias may hold no dot. */
		if (name != dependency->name &&
		    (!is_name(name) || strchr(name, '.'))) {
			err_set(err, ERR_INPUT,
				"its alias '%s' is no name for a chart", name);
			return vendor_fail(vendoring, i, "alias", err);
		}
		if (map_put(&seen, name, dependency)) {
			err_set(err, ERR_INPUT,
				"another dependency has that "
				"name or alias");
			return vendor_fail(vendoring, i, "", err);
		}
	}
	return true;
}

/* What is written into the file moves its lines. */
static bool fill(struct vendoring *vendoring, size_t i, const char *member,
		 const char *text, struct err *err)
{
	struct ydoc *doc = &vendoring->doc;
	char *name = doc->name;

	if (!strstr(name, UMBRELLA_RENDERED)) {
		doc->name = xasprintf("%s" UMBRELLA_RENDERED, name);
		free(name);
	}
	return ydoc_set_text(doc, member_path(vendoring, i, member), text, err);
}

/*
 * Write the version that was left out into the file: where there is none, Helm
 * passes over the alias and the condition when it installs.
 */
static bool fill_version(struct vendoring *vendoring, size_t i, struct err *err)
{
	struct chart_dependency *dependency = &vendoring->wanted.items[i];

	if (!is_blank(dependency->version))
		return true;
	dependency->version = VENDOR_ANY_VERSION;
	return fill(vendoring, i, "version", dependency->version, err);
}

/* Write the repository that was left out into the file. */
static bool fill_repository(struct vendoring *vendoring, size_t i,
			    struct err *err)
{
	struct chart_dependency *dependency = &vendoring->wanted.items[i];
	const char *repository = vendor_own_address(vendoring);

	if (!is_blank(dependency->repository) || is_there(vendoring, i) ||
	    vendor_is_inside(vendoring, dependency->name))
		return true;
	if (is_blank(repository)) {
		err_set(err, ERR_INPUT,
			"it names no repository, and charts/%s "
			"is not there",
			dependency->name);
		err_hint(err, "give '--repo', or write 'repository' there");
		return vendor_fail(vendoring, i, "", err);
	}
	if (!fill(vendoring, i, "repository", repository, err))
		return false;
	dependency->repository = repository;
	return true;
}

/* Charts of apiVersion v1 have a lock of another name. */
static bool is_legacy(const struct ydoc *chart)
{
	const char *version = value_find_text(chart->root, "apiVersion");

	return is_blank(version) || strcmp(version, "v1") == 0;
}

/* Which file has the dependencies: requirements.yaml wins, as in Helm. */
static bool find_file(struct vendoring *vendoring, struct err *err)
{
	struct umbrella *umbrella = vendoring->umbrella;
	CLEANUP(ydoc_release) struct ydoc older = {0};

	vendoring->file = CHART_FILE;
	if (!vendor_parse_file(&vendoring->doc, umbrella, CHART_FILE, err))
		return false;
	vendoring->legacy = is_legacy(&vendoring->doc);
	vendoring->lock =
		vendoring->legacy ? "requirements.lock" : "Chart.lock";
	if (!umbrella_find(umbrella, REQUIREMENTS))
		return true;
	if (!parse_file(&older, umbrella, REQUIREMENTS, err))
		return false;
	/* It may hold comments alone, or what was rendered to nothing. */
	if (older.root->kind == VALUE_NIL)
		return true;
	if (!check_mapping(&older, err))
		return false;
	if (!value_map_get(older.root, "dependencies"))
		return true;
	vendoring->file = REQUIREMENTS;
	ydoc_release(&vendoring->doc);
	vendoring->doc = older;
	older = (struct ydoc){0};
	return true;
}

static bool read_wanted(struct vendoring *vendoring, struct err *err)
{
	struct arena *arena = &vendoring->vendored->arena;
	const struct value *list;

	if (!find_file(vendoring, err))
		return false;
	list = value_map_get(vendoring->doc.root, "dependencies");
	if (!list)
		return true;
	/* The document changes below, and its values with it. */
	list = value_copy(list, arena);
	if (!chart_read_dependencies(list, arena, &vendoring->wanted, err))
		return ydoc_blame(&vendoring->doc, "dependencies", err);
	if (vendoring->wanted.count > VENDOR_DEPENDENCIES_MAX) {
		err_set(err, ERR_INPUT, "'%s' has more than %d dependencies",
			vendoring->doc.name, VENDOR_DEPENDENCIES_MAX);
		return ydoc_blame(&vendoring->doc, "dependencies", err);
	}
	if (!check_names(vendoring, err))
		return false;
	for (size_t i = 0; i < vendoring->wanted.count; i++)
		if (!fill_version(vendoring, i, err) ||
		    !fill_repository(vendoring, i, err))
			return false;
	return vendor_name_sources(vendoring, err);
}

/* --- what was found ------------------------------------------------------ */

const char *vendor_constraint(const struct vendoring *vendoring, size_t i)
{
	return vendoring->given
		       ? vendoring->given->dependencies.items[i].version
		       : vendoring->wanted.items[i].version;
}

/* Of what is there in one version only. */
static struct resolve_explanation *explain_given(struct vendoring *vendoring,
						 size_t i)
{
	struct resolve_explanation *made = arena_new(
		&vendoring->vendored->arena, struct resolve_explanation);
	const char *constraint = vendor_constraint(vendoring, i);

	made->constraint = *constraint ? constraint : "*";
	made->why = "the one that the folder has";
	return made;
}

void vendor_settle(struct vendoring *vendoring, size_t i,
		   const struct vendored_dependency *item,
		   const char *lock_version)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct vendored_dependency *settled = &vendoring->vendored->items[i];
	const struct resolve_explanation *explanation = settled->explanation;

	*settled = *item;
	settled->alias = is_blank(wanted->alias) ? NULL : wanted->alias;
	settled->explanation = explanation;
	if (vendoring->args->explain && !explanation)
		settled->explanation = explain_given(vendoring, i);
	vendoring->locked.items[i] = (struct chart_dependency){
		.name = wanted->name,
		.version = lock_version,
		.repository = wanted->repository,
		.condition = "",
		.alias = "",
	};
}

static const char *archive_path(struct vendoring *vendoring, const char *name,
				const char *version)
{
	return arena_printf(&vendoring->vendored->arena, "charts/%s-%s.tgz",
			    name, version);
}

bool vendor_put_archive(struct vendoring *vendoring, const char *name,
			const char *version, struct str *bytes, struct err *err)
{
	const char *path = archive_path(vendoring, name, version);
	const struct umbrella_file *old =
		umbrella_find(vendoring->umbrella, path);

	if (old && !chart_same_package(old->text.buf, old->text.len, bytes->buf,
				       bytes->len))
		return err_set(err, ERR_CONFLICT,
			       "two repositories have different charts '%s' of "
			       "version %s",
			       name, version);
	umbrella_put(vendoring->umbrella, path, bytes);
	return true;
}

bool vendor_is_incomplete(const struct vendoring *vendoring)
{
	return vendoring->world->missing.count ||
	       vendoring->world->denied.texts.count;
}

/* --- the whole ----------------------------------------------------------- */

static void prepare(struct vendoring *vendoring)
{
	struct vendored *vendored = vendoring->vendored;
	size_t count = vendoring->wanted.count;

	vendored->count = count;
	vendored->items = arena_new_array(&vendored->arena,
					  struct vendored_dependency, count);
	vendoring->locked.count = count;
	vendoring->locked.items = arena_new_array(
		&vendored->arena, struct chart_dependency, count);
	vendoring->of = arena_alloc_array(&vendored->arena, count,
					  sizeof(struct vendor_archive *));
}

/* What is a folder is settled here, what is in an index is chosen. */
static bool resolve(struct vendoring *vendoring, struct err *err)
{
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const char *repository = vendoring->wanted.items[i].repository;
		CLEANUP(free_ptr) char *folder =
			vendor_folder(vendoring, repository);
		bool done;

		if (is_there(vendoring, i))
			done = true;
		else if (is_blank(repository))
			done = vendor_settle_inside(vendoring, i, err);
		else if (folder && chart_is_in(folder))
			done = vendor_settle_folder(vendoring, i, folder, err);
		else
			done = vendor_choose(vendoring, i, err);
		if (!done) {
			vendor_warn_of_denied(vendoring);
			return false;
		}
	}
	return true;
}

static bool settle_archives(struct vendoring *vendoring, struct err *err)
{
	if (vendor_is_incomplete(vendoring))
		return true;
	for (size_t i = 0; i < vendoring->wanted.count; i++)
		if (vendoring->of[i] &&
		    !vendor_settle_archive(vendoring, i, err))
			return false;
	return true;
}

/* Of no dependencies: a lock can only be one of others, and Helm writes none. */
static bool settle_nothing(struct vendoring *vendoring, struct err *err)
{
	struct umbrella *umbrella = vendoring->umbrella;

	vendor_remove_stale(vendoring);
	if (!umbrella_find(umbrella, vendoring->lock))
		return true;
	if (vendoring->args->locked)
		return vendor_read_lock(vendoring, err);
	umbrella_remove(umbrella, vendoring->lock);
	return true;
}

bool vendor_all(struct vendoring *vendoring, struct err *err)
{
	if (!read_wanted(vendoring, err))
		return false;
	if (!vendoring->wanted.count)
		return settle_nothing(vendoring, err);
	if (vendoring->args->locked && !vendor_read_lock(vendoring, err))
		return false;
	prepare(vendoring);
	vendor_remove_stale(vendoring);
	return resolve(vendoring, err) && vendor_fetch(vendoring, err) &&
	       settle_archives(vendoring, err);
}

bool vendor_dependencies(struct vendored *vendored, struct umbrella *umbrella,
			 const struct vendor_args *args, struct err *err)
{
	CLEANUP(vendoring_release) struct vendoring vendoring = {
		.world = &vendoring,
		.vendored = vendored,
		.umbrella = umbrella,
		.args = args,
	};
	CLEANUP(str_release) struct str text = {0};

	if (!vendor_set_own(&vendoring, err) || !vendor_all(&vendoring, err))
		return false;
	vendor_tell_of_unlisted(&vendoring);
	vendor_check_size(&vendoring);
	if (!vendoring.wanted.count)
		return true;
	chartcache_tidy(&vendoring.cache, clock_now_ms());
	str_add_bytes(&text, vendoring.doc.text.buf, vendoring.doc.text.len);
	umbrella_put(umbrella, vendoring.file, &text);
	return vendor_write_lock(&vendoring, err);
}
