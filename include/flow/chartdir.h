/*
 * Which folder a chart is in, where the user names none; and what is odd about
 * a folder.
 */
#ifndef FLOW_CHARTDIR_H
#define FLOW_CHARTDIR_H

#include <stdbool.h>

#include "base/attr.h"

struct chart;
struct err;
struct reporter;

/*
 * The first of @places (NULL-terminated, below the current folder) that has
 * a Chart.yaml; a place "charts/" and a star is the only chart among the folders in
 * charts/.  The caller frees *@dir.
 * Errors: USAGE (none, which @cure is the hint for, or several in one place),
 * with the places named.
 */
bool chartdir_find(const char *const *places, const char *cure, char **dir,
		   struct err *err) MUST_CHECK;

/* The usual @cure. */
#define CHARTDIR_CURE "name the chart's folder"

/* Warn of the links that lead out of @chart, one line each. */
void chartdir_tell_links(const struct chart *chart,
			 const struct reporter *reporter);

#endif
