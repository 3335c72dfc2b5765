/*
 * A chart: loaded and checked as Helm does it, packaged as Helm does it.
 *
 *	struct chart *chart;
 *
 *	if (!chart_load("charts/web", &arena, &chart, err))
 *		return false;
 *	chart_set_version(chart, "1.4.0");
 *	chart_stamp(chart, commit_time);
 *	if (!chart_package(chart, &tgz, err))
 *		return false;
 *
 * A package is the same bytes for the same files, version and stamp; each
 * member equals that of `helm package` 4.3.1 under the same
 * SOURCE_DATE_EPOCH.  Subcharts stand in the order of their names in charts/
 * (Helm's order is random); with at most one of them the package, compressed
 * as Go does it, is Helm's to the byte.
 *
 * Source: Helm 4.3.1, pkg/chart/v2 (chart.go, metadata.go, dependency.go,
 * loader, util/save.go) and pkg/chart/loader/archive.
 */
#ifndef CORE_CHART_H
#define CORE_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct str;
struct value;
struct ydoc;

#define CHART_FILE "Chart.yaml"

/* Of the files of one chart; an archive's are fewer, by one byte at least. */
#define CHART_SIZE_MAX	    ((size_t)100 << 20)
#define CHART_TREE_SIZE_MAX ((size_t)512 << 20) /* with all subcharts */
#define CHART_ARCHIVE_MAX   ((size_t)100 << 20) /* bytes of a .tgz */
#define CHART_TAR_MAX	    ((size_t)164 << 20) /* expanded, headers too */
#define CHART_FILES_MAX	    20000		/* of a tree of charts */
#define CHART_DEPTH_MAX	    32			/* subcharts in subcharts */

/*
 * What all archives of a chart, with those inside of them, may unpack to in
 * bytes of tar: so many times what the outermost ones take, or the least that
 * each chart may have.  Charts shrink to a tenth or a fourth, and deflate to
 * a thousandth at best: what is beyond is made to fill the memory.  Those in a
 * folder, which is the user's own, may become what Helm takes of one,
 * CHART_TAR_MAX.
 */
#define CHART_UNPACK_RATIO 100
#define CHART_UNPACK_MIN   ((size_t)8 << 20)

struct chart_file {
	const char *name; /* below the chart's folder */
	const char *bytes;
	size_t len;
	int64_t mtime; /* seconds since the epoch */
};

struct chart_files {
	struct chart_file *items;
	size_t count;
	size_t capacity;
};

/* A symbolic link that leads out of the chart's folder. */
struct chart_link {
	const char *name;   /* below the chart's folder */
	const char *target; /* what is loaded in its place */
};

struct chart_links {
	struct chart_link *items;
	size_t count;
	size_t capacity;
};

/* What Chart.yaml says of a dependency; "" where nothing is said. */
struct chart_dependency {
	const char *name;
	const char *version; /* a constraint; in a lock one version */
	const char *repository;
	const char *condition;
	const char *alias;
	const struct value *tags;	   /* list, NULL = none */
	const struct value *import_values; /* list, NULL = none */
	bool enabled;
};

struct chart_dependencies {
	struct chart_dependency *items;
	size_t count;
};

/* All of it lives in the arena that it was loaded into. */
struct chart {
	struct arena *arena;
	const char *path;	/* as given; for errors */
	struct value *metadata; /* Helm's fields that are set, sanitised */
	const char *name;
	const char *version;
	const char *api_version; /* v1 or v2 */
	struct chart_dependencies dependencies;
	struct lockfile *lock; /* NULL = none */

	int64_t mtime;			 /* of Chart.yaml */
	const struct chart_file *values; /* values.yaml, NULL = none */
	const struct chart_file *schema; /* values.schema.json, NULL = none */
	struct chart_files templates;
	struct chart_files others;
	struct chart_links links; /* followed, as Helm does */
	struct chart_files read;  /* of a folder: as they were, but BOMs */

	struct chart **subcharts;
	size_t subchart_count;
	int64_t stamp; /* CHART_UNSTAMPED, or the time of every member */
};

#define CHART_UNSTAMPED INT64_MIN

/*
 * Load the chart in the folder or the .tgz @path.
 * Errors: INPUT: missing; no Chart.yaml; what Helm's validation refuses
 * (name, version, type, duplicate dependencies, ...); YAML, JSON with place;
 * hostile names in an archive; ceilings passed, found out before an archive
 * is held unpacked.
 */
bool chart_load(const char *path, struct arena *arena, struct chart **chart,
		struct err *err) MUST_CHECK;

/*
 * The same of a folder that others wrote, of which nothing is opened that is
 * not in @checkout (core/checkout.h), and nothing read that has the name .git,
 * at any depth.  Errors: INPUT too for a link that leads elsewhere.
 */
bool chart_load_within(const char *checkout, const char *folder,
		       struct arena *arena, struct chart **chart,
		       struct err *err) MUST_CHECK;

/* The same from the bytes of a .tgz; @name is what errors call it. */
bool chart_load_archive(const void *bytes, size_t len, const char *name,
			struct arena *arena, struct chart **chart,
			struct err *err) MUST_CHECK;

/* @chart without its files and subcharts: what Chart.yaml says, in @arena. */
struct chart *chart_copy_head(const struct chart *chart, struct arena *arena)
	MUST_CHECK;

/*
 * A subchart from its files, which must outlive @arena; @path is what errors
 * call its folder.
 */
bool chart_load_files(const struct chart_files *files, const char *path,
		      struct arena *arena, struct chart **chart,
		      struct err *err) MUST_CHECK;

/* Is there a Chart.yaml in the folder @dir? */
bool chart_is_in(const char *dir);

/*
 * Would Helm take what the Chart.yaml @doc says, and then the requirements.yaml
 * @older (NULL = none), of the chart that it is to install?  Errors: INPUT,
 * with the place.
 */
bool chart_check_file(const struct ydoc *doc, const struct ydoc *older,
		      struct err *err) MUST_CHECK;

/*
 * Dependencies as in Chart.yaml or a lock: a list of mappings (nil: none).
 * Errors: INPUT.
 */
bool chart_read_dependencies(const struct value *list, struct arena *arena,
			     struct chart_dependencies *dependencies,
			     struct err *err) MUST_CHECK;

/*
 * Does Helm take @entry, a mapping, for an entry of an index?  One without a
 * name, with an unfit name, version, type or alias of a dependency, or with
 * what is no text where text must be, it passes over.
 * Errors: INPUT (why not).  Source: pkg/repo/v1/index.go, loadIndex().
 */
bool chart_check_entry(const struct value *entry, struct err *err) MUST_CHECK;

/* Errors: INPUT (no version as Masterminds' NewVersion sees it). */
bool chart_set_version(struct chart *chart, const char *version,
		       struct err *err) MUST_CHECK;
void chart_set_app_version(struct chart *chart, const char *version);
void chart_set_annotation(struct chart *chart, const char *key,
			  const char *text);
/* The annotation, NULL if there is none. */
const char *chart_annotation(const struct chart *chart, const char *key);

/* What the text of a value is taken for. */
enum chart_text {
	CHART_TYPED, /* true, false, null, whole numbers, or text */
	CHART_TEXT,  /* text */
};

/*
 * Set the value at @path of values.yaml to @text, its other bytes kept; see
 * ydoc_set_text().  @path is one of Helm's: "image.tag",
 * "containers[0].name".  CHART_TYPED knows a value's type by the rules of
 * Helm's --set (pkg/strvals: "1.10" and "007" are text), but where text
 * stands, what is not null stays text, and so does a number beyond 2^53.
 * Errors: INPUT (no values.yaml; an index where no list is; see there), USAGE
 * (several values or a list in @text; a @path with an empty key, or with a
 * backslash, by which Helm writes a dot within a key).
 */
bool chart_set_value(struct chart *chart, const char *path, const char *text,
		     enum chart_text as, struct err *err) MUST_CHECK;

/*
 * Give @version, which must outlive the chart, to each dependency that has
 * none.  Errors: INPUT (requirements.yaml of a v1 chart cannot be edited).
 */
bool chart_fill_versions(struct chart *chart, const char *version,
			 struct err *err) MUST_CHECK;

/* Every member of the package gets this time (SOURCE_DATE_EPOCH). */
void chart_stamp(struct chart *chart, int64_t seconds);

/*
 * Are all dependencies of Chart.yaml in charts/?  Errors: INPUT (names the
 * missing ones).
 */
bool chart_check_dependencies(const struct chart *chart, struct err *err)
	MUST_CHECK;
/* Is a chart of that name in charts/? */
bool chart_has_subchart(const struct chart *chart, const char *name);
/*
 * Put @subchart, which lives in the same arena, behind those in charts/.
 */
void chart_add_subchart(struct chart *chart, struct chart *subchart);
/* Append their names: "'redis', 'mysql'". */
void chart_add_missing(struct str *names, const struct chart *chart);

/* Append the chart as a tar stream.  Errors: INPUT (values.schema.json). */
bool chart_add_tar(struct str *tar, const struct chart *chart, struct err *err)
	MUST_CHECK;

/* Append the chart as Helm's .tgz. */
bool chart_package(struct str *tgz, const struct chart *chart, struct err *err)
	MUST_CHECK;

/*
 * Append what is signed for a package: what `helm package --sign` signs, with
 * the SHA-256 @digest of the .tgz.  It becomes a .prov by gpg_clearsign().
 */
void chart_add_provenance(struct str *out, const struct chart *chart,
			  const char *digest);

/* Does the .prov @text speak of an archive of that @digest? */
bool chart_provenance_is_of(const char *text, size_t len, const char *digest);

/*
 * Append what Go's json.Marshal() makes of Helm's struct Metadata: the config
 * of an OCI artifact; and of a list of its struct Dependency.
 * Errors: INPUT (what no JSON can hold).
 */
bool chart_add_json(struct str *out, const struct chart *chart, struct err *err)
	MUST_CHECK;
bool chart_add_dependencies_json(struct str *out,
				 const struct chart_dependencies *dependencies,
				 struct err *err) MUST_CHECK;

/* "<name>-<version>.tgz", in the chart's arena. */
const char *chart_file_name(const struct chart *chart);

/*
 * Do two packages hold the same chart?  Others compress it otherwise, so the
 * tar streams are compared, of @b no more than @a has.  A package that cannot
 * be expanded equals none.
 */
bool chart_same_package(const void *a, size_t a_len, const void *b,
			size_t b_len);

#endif
