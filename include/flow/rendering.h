/*
 * A render as a whole: an umbrella read, rendered, stamped with its expiry,
 * its dependencies vendored; nothing is written before all of it is right.
 *
 *	CLEANUP(rendering_release) struct rendering rendering = {0};
 *
 *	if (!rendering_prepare(&rendering, &args, arena, err) ||
 *	    !umbrella_write(&rendering.umbrella, rendering.output_dir, err))
 *		return false;
 */
#ifndef FLOW_RENDERING_H
#define FLOW_RENDERING_H

#include "base/attr.h"
#include "base/str.h"
#include "core/expiry.h"
#include "flow/renderfacts.h"
#include "flow/umbrella.h"
#include "flow/vendor.h"

struct arena;
struct err;
struct strvec;
struct value;

/* What the user says; all borrowed, NULL = nothing. */
struct rendering_args {
	const char *umbrella;	/* folder; see umbrella_find_dir() */
	const char *output_dir; /* NULL: rendered/<chart> */
	const struct strvec *templates;
	const struct strvec *no_templates;
	struct renderfacts_args facts;
	/* Without now_ms and previous, which are known later. */
	struct vendor_args vendor;
};

struct rendering {
	struct rendering_args args;
	struct renderfacts facts;
	struct umbrella umbrella;
	struct vendored vendored;
	struct expiry expiry;
	const char *output_dir;
	struct value *chart;  /* for the record */
	struct value *result; /* the same with the expiry */
	struct str text;      /* the same for people */
};

/*
 * Everything but the writing; what it tells is in @arena.
 * Errors: those of flow/umbrella, flow/renderfacts and flow/vendor.
 */
bool rendering_prepare(struct rendering *rendering,
		       const struct rendering_args *args, struct arena *arena,
		       struct err *err) MUST_CHECK;

void rendering_release(struct rendering *rendering);

#endif
