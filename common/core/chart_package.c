#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "core/lockfile.h"
#include "format/gojson.h"
#include "format/gzip.h"
#include "format/tar.h"
#include "format/value.h"
#include "format/ydoc.h"

/* The extra field of every package of Helm's: subfield "rr", 40 bytes. */
#define HELM_EXTRA "rr\x28\0aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo="

static int64_t time_of(const struct chart *chart, int64_t mtime)
{
	return chart->stamp == CHART_UNSTAMPED ? mtime : chart->stamp;
}

static void add_bytes(struct str *tar, const struct chart *chart,
		      const char *base, const char *name, const char *bytes,
		      size_t len, int64_t mtime)
{
	CLEANUP(str_release) struct str path = {0};

	str_add(&path, base);
	str_add_char(&path, '/');
	str_add(&path, name);
	tar_add_file(tar, str_text(&path), time_of(chart, mtime), bytes, len);
}

static void add_file(struct str *tar, const struct chart *chart,
		     const char *base, const struct chart_file *file)
{
	add_bytes(tar, chart, base, file->name, file->bytes, file->len,
		  file->mtime);
}

/* Dependencies of a v1 chart stay in requirements.yaml. */
static const struct value *written_metadata(const struct chart *chart)
{
	struct value *copy;

	if (strcmp(chart->api_version, "v1") != 0 ||
	    !value_map_get(chart->metadata, "dependencies"))
		return chart->metadata;
	copy = value_new_map(chart->arena);
	for (size_t i = 0; i < chart->metadata->map.count; i++) {
		const struct value_pair *pair = &chart->metadata->map.pairs[i];

		if (strcmp(pair->key.bytes, "dependencies"))
			value_map_set(copy, chart->arena, pair->key.bytes,
				      pair->value);
	}
	return copy;
}

/* The time in a lock, to the nearest second; @otherwise if it has none. */
static int64_t lock_time(const struct lockfile *lock, int64_t otherwise)
{
	const char *point;
	int64_t seconds;

	if (!lock->generated ||
	    !clock_parse_rfc3339(lock->generated, strlen(lock->generated),
				 &seconds))
		return otherwise;
	point = strchr(lock->generated, '.');
	return seconds + (point && point[1] >= '5' && point[1] <= '9');
}

static void add_lock(struct str *tar, const struct chart *chart,
		     const char *base)
{
	CLEANUP(str_release) struct str text = {0}, generated = {0};

	if (!chart->lock || strcmp(chart->api_version, "v2"))
		return;
	if (chart->stamp != CHART_UNSTAMPED)
		clock_add_rfc3339(&generated, chart->stamp);
	lockfile_emit(&text, chart->lock,
		      generated.len ? str_text(&generated) : NULL);
	add_bytes(tar, chart, base, "Chart.lock", str_text(&text), text.len,
		  lock_time(chart->lock, chart->mtime));
}

static bool add_schema(struct str *tar, const struct chart *chart,
		       const char *base, struct err *err)
{
	const struct chart_file *schema = chart->schema;
	CLEANUP(free_ptr) char *name = NULL;
	struct gojson_size size;

	if (!schema)
		return true;
	name = xasprintf("%s/%s", chart->path, schema->name);
	if (!gojson_check(schema->bytes, schema->len, &size, err)) {
		(void)err_at_offset(err, name, schema->bytes, schema->len,
				    size.wrong);
		return err_wrap(err, "cannot parse '%s' as JSON", name);
	}
	add_file(tar, chart, base, schema);
	return true;
}

/* The chart without its subcharts. */
static bool add_own_files(struct str *tar, const struct chart *chart,
			  const char *base, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	ydoc_emit(&text, written_metadata(chart));
	add_bytes(tar, chart, base, CHART_FILE, str_text(&text), text.len,
		  chart->mtime);
	add_lock(tar, chart, base);
	if (chart->values)
		add_file(tar, chart, base, chart->values);
	if (!add_schema(tar, chart, base, err))
		return false;
	for (size_t i = 0; i < chart->templates.count; i++)
		add_file(tar, chart, base, &chart->templates.items[i]);
	for (size_t i = 0; i < chart->others.count; i++)
		add_file(tar, chart, base, &chart->others.items[i]);
	return true;
}

/* With @gzip: a chart at a time, that the archive is never there as a whole. */
static bool add_chart(struct str *tar, struct gzip *gzip,
		      const struct chart *chart, const char *parent,
		      struct err *err)
{
	CLEANUP(str_release) struct str base = {0};

	str_add(&base, parent);
	str_add(&base, chart->name);
	if (!add_own_files(tar, chart, str_text(&base), err))
		return false;
	if (gzip) {
		gzip_add(gzip, str_text(tar), tar->len);
		str_clear(tar);
	}
	str_add(&base, "/charts/");
	for (size_t i = 0; i < chart->subchart_count; i++) {
		if (!add_chart(tar, gzip, chart->subcharts[i], str_text(&base),
			       err))
			return false;
	}
	return true;
}

bool chart_add_tar(struct str *tar, const struct chart *chart, struct err *err)
{
	size_t before = tar->len;

	if (!add_chart(tar, NULL, chart, "", err)) {
		str_truncate(tar, before);
		return false;
	}
	tar_end(tar);
	return true;
}

static bool compress(struct str *tgz, const struct chart *chart,
		     struct err *err)
{
	static const struct gzip_header header = {
		.extra = HELM_EXTRA,
		.extra_len = sizeof(HELM_EXTRA) - 1,
		.comment = "Helm",
	};
	CLEANUP(gzip_release) struct gzip gzip = {0};
	CLEANUP(str_release) struct str tar = {0};

	gzip_start(&gzip, tgz, &header);
	if (!add_chart(&tar, &gzip, chart, "", err))
		return false;
	tar_end(&tar);
	gzip_add(&gzip, str_text(&tar), tar.len);
	gzip_end(&gzip);
	return true;
}

bool chart_package(struct str *tgz, const struct chart *chart, struct err *err)
{
	size_t before = tgz->len;

	if (compress(tgz, chart, err))
		return true;
	str_truncate(tgz, before);
	return false;
}

/* "---" cannot stand in a signed text, so "..." ends the first document. */
void chart_add_provenance(struct str *out, const struct chart *chart,
			  const char *digest)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *sums = value_new_map(&arena);
	struct value *files = value_new_map(&arena);

	value_map_set_text(files, &arena, chart_file_name(chart),
			   arena_printf(&arena, "sha256:%s", digest));
	value_map_set(sums, &arena, "files", files);
	ydoc_emit(out, chart->metadata);
	str_add(out, "\n...\n");
	ydoc_emit(out, sums);
}

bool chart_provenance_is_of(const char *text, size_t len, const char *digest)
{
	CLEANUP(str_release) struct str sum = {0};

	str_addf(&sum, "sha256:%s", digest);
	return memmem(text, len, sum.buf, sum.len);
}

const char *chart_file_name(const struct chart *chart)
{
	return arena_printf(chart->arena, "%s-%s.tgz", chart->name,
			    chart->version);
}

bool chart_same_package(const void *a, size_t a_len, const void *b,
			size_t b_len)
{
	CLEANUP(str_release) struct str tar_a = {0}, tar_b = {0};
	CLEANUP(err_release) struct err err = {0};

	if (a_len == b_len && !memcmp(a, b, a_len))
		return true;
	return chart_expand(&tar_a, a, a_len, CHART_TAR_MAX, &err) &&
	       chart_expand(&tar_b, b, b_len, tar_a.len, &err) &&
	       tar_a.len == tar_b.len &&
	       !memcmp(str_text(&tar_a), str_text(&tar_b), tar_a.len);
}
