/*
 * A chart as an artifact of OCI: Helm's media types, tags and annotations.
 * Pure.  Private to api/chartrepo.
 *
 * Source: Helm 4.3.1, pkg/registry (chart.go, client.go, constants.go); the
 * same bytes for the same chart, but that Helm takes the time of the archive
 * file for "created", and we that of the chart.
 */
#ifndef COMMON_API_OCI_CHART_H
#define COMMON_API_OCI_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "api/oci.h"
#include "base/attr.h"

struct arena;
struct chart;
struct chartindex_entries;
struct err;
struct str;
struct strvec;

#define OCI_CHART_TAG_MAX 128

/* Append the tag of @version: "+" becomes "_". */
void oci_chart_add_tag(struct str *tag, const char *version);

/* Errors: INPUT (a registry takes no such tag). */
bool oci_chart_check_tag(const char *tag, struct err *err) MUST_CHECK;

/*
 * The versions that @tags stand for, each an entry with the address
 * "@name:tag", descending: strict ones only, as Helm takes them.
 */
void oci_chart_list(const struct strvec *tags, const char *name,
		    struct arena *arena, struct chartindex_entries *entries);

/*
 * Append the manifest of @chart with its @config, @package and @provenance
 * (of no length: none).  Errors: INPUT (what no JSON can hold).
 */
bool oci_chart_add_manifest(struct str *out, const struct chart *chart,
			    const struct oci_blob *config,
			    const struct oci_blob *package,
			    const struct oci_blob *provenance, struct err *err)
	MUST_CHECK;

enum oci_chart_layer {
	OCI_CHART_PACKAGE,    /* its archive */
	OCI_CHART_PROVENANCE, /* what signs that */
};

/*
 * Find that layer in the manifest of a chart: its digest goes to @digest.
 * Errors: REMOTE (no manifest, none of a chart, more than @limit bytes, no
 * archive), NOT_FOUND (no provenance).
 */
bool oci_chart_find_layer(const struct str *manifest,
			  enum oci_chart_layer wanted, size_t limit,
			  char digest[OCI_DIGEST_SIZE], struct err *err)
	MUST_CHECK;

#endif
