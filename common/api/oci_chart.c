#include "api/oci_chart.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/gojson.h"
#include "format/hash.h"
#include "format/jsn.h"
#include "format/semver.h"
#include "format/value.h"

#define CONFIG_TYPE	"application/vnd.cncf.helm.config.v1+json"
#define PACKAGE_TYPE	"application/vnd.cncf.helm.chart.content.v1.tar+gzip"
#define PROVENANCE_TYPE "application/vnd.cncf.helm.chart.provenance.v1.prov"
#define PACKAGE_TYPE_LEGACY "application/tar+gzip"
#define ANNOTATION(name)    "org.opencontainers.image." name

/* --- tags ------------------------------------------------------------------ */

void oci_chart_add_tag(struct str *tag, const char *version)
{
	for (const char *at = version; *at; at++)
		str_add_char(tag, *at == '+' ? '_' : *at);
}

bool oci_chart_check_tag(const char *tag, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	size_t len = strlen(tag);

	if (len && len <= OCI_CHART_TAG_MAX && strspn(tag, allowed) == len &&
	    !strchr(".-", *tag))
		return true;
	return err_set(err, ERR_INPUT,
		       "'%s' cannot be the tag of a chart in a registry", tag);
}

static bool is_strict(const char *version)
{
	CLEANUP(semver_release) struct semver parsed = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return semver_parse_strict(&parsed, version, &unfit);
}

void oci_chart_list(const struct strvec *tags, const char *name,
		    struct arena *arena, struct chartindex_entries *entries)
{
	entries->items =
		arena_new_array(arena, struct chartindex_entry, tags->count);
	for (size_t i = 0; i < tags->count; i++) {
		char *version = arena_strdup(arena, tags->items[i]);
		const char *url =
			arena_printf(arena, "%s:%s", name, tags->items[i]);

		for (char *at = version; *at; at++)
			if (*at == '_')
				*at = '+';
		if (is_strict(version))
			entries->items[entries->count++] =
				chartindex_make_entry(name, version, url,
						      arena);
	}
	chartindex_sort(entries);
}

/* --- the manifest ---------------------------------------------------------- */

static void add_authors(struct str *out, const struct value *maintainers)
{
	for (size_t i = 0; i < maintainers->list.count; i++) {
		const struct value *one = maintainers->list.items[i];
		const char *name = value_find_text(one, "name");
		const char *email = value_find_text(one, "email");

		if (i)
			str_add(out, ", ");
		if (!is_blank(name))
			str_add(out, name);
		if (!is_blank(email))
			str_addf(out, " (%s)", email);
	}
}

static void set_text(struct value *annotations, struct arena *arena,
		     const char *key, const char *text)
{
	if (text && text[strspn(text, " \t\n\v\f\r")])
		value_map_set_text(annotations, arena, key, text);
}

static void set_from_lists(struct value *annotations, const struct chart *chart,
			   struct arena *arena)
{
	const struct value *sources = value_map_get(chart->metadata, "sources");
	const struct value *maintainers =
		value_map_get(chart->metadata, "maintainers");
	CLEANUP(str_release) struct str authors = {0};

	if (sources && value_is_list(sources) && sources->list.count &&
	    sources->list.items[0]->kind == VALUE_STRING)
		set_text(annotations, arena, ANNOTATION("source"),
			 sources->list.items[0]->string.bytes);
	if (maintainers && value_is_list(maintainers))
		add_authors(&authors, maintainers);
	set_text(annotations, arena, ANNOTATION("authors"), str_text(&authors));
}

/* The chart's own ones win, but for what it is called. */
static void set_own(struct value *annotations, const struct chart *chart,
		    struct arena *arena)
{
	const struct value *own = value_map_get(chart->metadata, "annotations");

	for (size_t i = 0; own && value_is_map(own) && i < own->map.count;
	     i++) {
		const char *key = own->map.pairs[i].key.bytes;

		if (strcmp(key, ANNOTATION("version")) != 0 &&
		    strcmp(key, ANNOTATION("title")) != 0)
			value_map_set(annotations, arena, key,
				      own->map.pairs[i].value);
	}
}

static const struct value *make_annotations(const struct chart *chart,
					    struct arena *arena)
{
	struct value *annotations = value_new_map(arena);
	CLEANUP(str_release) struct str created = {0};

	clock_add_rfc3339(&created, chart->stamp == CHART_UNSTAMPED
					    ? chart->mtime
					    : chart->stamp);
	set_text(annotations, arena, ANNOTATION("created"), str_text(&created));
	set_text(annotations, arena, ANNOTATION("title"), chart->name);
	set_text(annotations, arena, ANNOTATION("version"), chart->version);
	set_text(annotations, arena, ANNOTATION("description"),
		 value_find_text(chart->metadata, "description"));
	set_text(annotations, arena, ANNOTATION("url"),
		 value_find_text(chart->metadata, "home"));
	set_from_lists(annotations, chart, arena);
	set_own(annotations, chart, arena);
	return annotations;
}

static void add_descriptor(struct str *out, const char *type,
			   const struct oci_blob *blob)
{
	str_addf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
		 type, blob->digest, blob->len);
}

/* In the order of their digests, as Helm sorts them. */
static void add_layers(struct str *out, const struct oci_blob *package,
		       const struct oci_blob *provenance)
{
	bool is_first = strcmp(provenance->digest, package->digest) < 0;

	if (!provenance->len) {
		add_descriptor(out, PACKAGE_TYPE, package);
		return;
	}
	add_descriptor(out, is_first ? PROVENANCE_TYPE : PACKAGE_TYPE,
		       is_first ? provenance : package);
	str_add_char(out, ',');
	add_descriptor(out, is_first ? PACKAGE_TYPE : PROVENANCE_TYPE,
		       is_first ? package : provenance);
}

bool oci_chart_add_manifest(struct str *out, const struct chart *chart,
			    const struct oci_blob *config,
			    const struct oci_blob *package,
			    const struct oci_blob *provenance, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};

	str_add(out, "{\"schemaVersion\":2,\"config\":");
	add_descriptor(out, CONFIG_TYPE, config);
	str_add(out, ",\"layers\":[");
	add_layers(out, package, provenance);
	str_add(out, "],\"annotations\":");
	if (!gojson_write(out, make_annotations(chart, &arena), GOJSON_HTML,
			  err))
		return false;
	str_add_char(out, '}');
	return true;
}

static bool is_of(enum oci_chart_layer wanted, const char *type)
{
	if (wanted == OCI_CHART_PROVENANCE)
		return same_text(type, PROVENANCE_TYPE);
	return same_text(type, PACKAGE_TYPE) ||
	       same_text(type, PACKAGE_TYPE_LEGACY);
}

static const json_t *find_layer(const json_t *manifest,
				enum oci_chart_layer wanted)
{
	const json_t *layers = json_object_get(manifest, "layers");

	for (size_t i = 0; i < json_array_size(layers); i++) {
		const json_t *layer = json_array_get(layers, i);

		if (is_of(wanted, jsn_text(layer, "mediaType")))
			return layer;
	}
	return NULL;
}

static bool fail_missing(enum oci_chart_layer wanted, struct err *err)
{
	if (wanted == OCI_CHART_PROVENANCE)
		return err_set(err, ERR_NOT_FOUND,
			       "its manifest names nothing that signs it");
	return err_set(err, ERR_REMOTE,
		       "its manifest names no archive of a chart");
}

bool oci_chart_find_layer(const struct str *manifest,
			  enum oci_chart_layer wanted, size_t limit,
			  char digest[OCI_DIGEST_SIZE], struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const json_t *layer;
	const char *type, *found;

	if (!jsn_parse(&json, str_text(manifest), manifest->len, "manifest",
		       &unfit))
		return err_set(err, ERR_REMOTE, "its manifest is no JSON");
	type = jsn_text(json, "config.mediaType");
	if (!same_text(type, CONFIG_TYPE))
		return err_set(err, ERR_REMOTE,
			       "it is no chart: its configuration is of type "
			       "'%s'",
			       type ? type : "");
	layer = find_layer(json, wanted);
	found = layer ? jsn_text(layer, "digest") : NULL;
	if (!found || !oci_is_digest(found))
		return fail_missing(wanted, err);
	if (jsn_int(layer, "size", 0) > (int64_t)limit)
		return err_set(err, ERR_REMOTE,
			       "the %s is larger than %zu bytes",
			       wanted == OCI_CHART_PROVENANCE ? "provenance"
							      : "archive",
			       limit);
	memcpy(digest, found, OCI_DIGEST_SIZE);
	return true;
}
