/*
 * Between the files that make up core/chart:
 *
 *	chart_files.c	 the files of a folder or an archive
 *	chart.c		 what they mean
 *	chart_metadata.c what Chart.yaml says
 *	chart_check.c	 how that is checked
 *	chart_change.c	 what is changed
 *	chart_package.c	 the archive that becomes of it; chart_json.c: in Go's
 *			 form
 */
#ifndef CORE_CHART_PARTS_H
#define CORE_CHART_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "core/chart.h"

struct arena;
struct err;
struct str;
struct value;
struct ydoc;

/* What one chart_load() may take in all. */
struct chart_loader {
	struct arena *arena;
	const char *checkout; /* see chart_load_within(); NULL = no bound */
	size_t bytes;
	size_t files;
	size_t depth;
	bool inside;	   /* an archive */
	size_t packed;	   /* bytes of the outermost archives */
	size_t unpacked;   /* bytes of tar that all archives became */
	size_t unpack_min; /* that they may become at least */
	struct chart_links links;
};

/*
 * Add the files of a folder, but for what .helmignore or @loader's checkout
 * leaves out, or those of an archive.  Errors: INPUT (too many, too large, also
 * for what the archives take; a name that leads out of the chart; not an
 * archive), IO.
 */
bool chart_read_folder(struct chart_loader *loader, const char *path,
		       struct chart_files *files, struct err *err) MUST_CHECK;
bool chart_read_archive(struct chart_loader *loader, const void *bytes,
			size_t len, struct chart_files *files, struct err *err)
	MUST_CHECK;

/*
 * Append the tar stream that is in an archive, at most @limit bytes.  Behind
 * the gzip member that has its end anything may stand: Helm reads no further.
 * Errors: INPUT.
 */
bool chart_expand(struct str *tar, const void *bytes, size_t len, size_t limit,
		  struct err *err) MUST_CHECK;

/* Parse a file of @chart, which errors call by its whole path. */
bool chart_parse_file(struct ydoc *doc, const struct chart *chart,
		      const struct chart_file *file, unsigned int flags,
		      struct err *err) MUST_CHECK;

/*
 * Helm's fields of the mapping @doc as the types that they have in Go:
 * numbers become text where text is wanted, unknown and empty ones are left
 * out, text is sanitised.  Errors: INPUT with place (a list where text is
 * wanted, ...).
 */
bool chart_read_metadata(const struct ydoc *doc, struct arena *arena,
			 struct value **metadata, struct err *err) MUST_CHECK;

/*
 * Put what a requirements.yaml says of the chart itself over @metadata, which
 * was so read, as Go's decoder does: text and flags that are null are not
 * said, an empty text empties the field, annotations come to those that are
 * there.  Errors: INPUT with place.
 */
bool chart_read_over(const struct ydoc *doc, struct arena *arena,
		     struct value **metadata, struct err *err) MUST_CHECK;

/* What chart_read_metadata() reads, of a mapping that no document has. */
bool chart_read_fields(const struct value *map, struct arena *arena,
		       struct value **metadata, struct err *err) MUST_CHECK;

/* The text @name of what was so read, "" if there is none. */
const char *chart_text_of(const struct value *map, const char *name);

/* The dependencies that were so read; NULL: there are none. */
void chart_take_dependencies(struct chart_dependencies *dependencies,
			     const struct value *list, struct arena *arena);

/*
 * The checks of Helm's Metadata.Validate(), and fill the fields of @chart
 * that repeat the metadata.  The apiVersion of a subchart (@vendored) may be
 * any, as in Helm.  Errors: INPUT, with the place in @doc.
 */
bool chart_take_metadata(struct chart *chart, const struct ydoc *doc,
			 bool vendored, struct err *err) MUST_CHECK;

/*
 * The same for the fields of Chart.lock in the mapping @root, where no text is
 * sanitised; "generated" is what stands there.  Errors: INPUT.
 */
bool chart_read_lock(const struct value *root, struct arena *arena,
		     struct value **lock,
		     struct chart_dependencies *dependencies, struct err *err)
	MUST_CHECK;

/*
 * Append a scalar as Helm's YAML library gives it to a field of type string
 * (1.10 is "1.1"); false if it is none.
 */
bool chart_add_scalar(struct str *out, const struct value *value) MUST_CHECK;

#endif
