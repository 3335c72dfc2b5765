/*
 * Between the files that make up core/chart: what Chart.yaml says, and how
 * it is checked.
 */
#ifndef CORE_CHART_PARTS_H
#define CORE_CHART_PARTS_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct chart;
struct chart_dependencies;
struct err;
struct str;
struct value;
struct ydoc;

/*
 * Helm's fields of the mapping @doc as the types that they have in Go:
 * numbers become text where text is wanted, unknown and empty ones are left
 * out, text is sanitised.  Errors: INPUT with place (a list where text is
 * wanted, ...).
 */
bool chart_read_metadata(const struct ydoc *doc, struct arena *arena,
			 struct value **metadata, struct err *err) MUST_CHECK;

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
