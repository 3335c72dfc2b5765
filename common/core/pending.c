#include "core/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "format/hash.h"
#include "format/jsontext.h"
#include "format/value.h"

#define SCHEMA 1
#define SUFFIX ".json"
/* Beyond so many before us, all of them together must be gone or stuck. */
#define RANK_COUNTED_MAX 16

/* --- writing --------------------------------------------------------------- */

void pending_print(struct str *out, const struct pending *pending)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *root = value_new_map(&arena);
	struct value *charts = value_new_list(&arena);

	for (size_t i = 0; i < pending->count; i++) {
		const struct pending_chart *chart = &pending->charts[i];
		struct value *map = value_new_map(&arena);

		value_map_set_text(map, &arena, "name", chart->name);
		value_map_set_text(map, &arena, "version", chart->version);
		value_map_set_text(map, &arena, "digest", chart->digest);
		value_map_set_text(map, &arena, "created", chart->created);
		value_list_add(charts, &arena, map);
	}
	value_map_set(root, &arena, "schema", value_new_int(&arena, SCHEMA));
	value_map_set(root, &arena, "charts", charts);
	jsontext_print(out, root, false);
	str_add_char(out, '\n');
}

bool pending_add_name(struct str *out, const char *text, size_t len,
		      struct err *err)
{
	char hex[SHA256_HEX_SIZE];

	if (!sha256_hex(text, len, hex, err))
		return false;
	str_addf(out, "%s" SUFFIX, hex);
	return true;
}

/* --- reading --------------------------------------------------------------- */

static bool refuse(const char *name, const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s' is no waiting entry: %s", name,
		       why);
}

static bool is_time(const char *text)
{
	int64_t seconds;

	return text && clock_parse_rfc3339(text, strlen(text), &seconds);
}

static bool read_chart(struct pending_chart *chart, const struct value *value)
{
	*chart = (struct pending_chart){
		.name = value_find_text(value, "name"),
		.version = value_find_text(value, "version"),
		.digest = value_find_text(value, "digest"),
		.created = value_find_text(value, "created"),
	};
	return chartindex_is_name(chart->name) &&
	       chartindex_is_name(chart->version) &&
	       sha256_is_hex(chart->digest) && is_time(chart->created);
}

static bool has_name(const char *text, size_t len, const char *name, bool *same,
		     struct err *err)
{
	CLEANUP(str_release) struct str expected = {0};

	if (!pending_add_name(&expected, text, len, err))
		return false;
	*same = same_text(str_text(&expected), name);
	return true;
}

static bool read_charts(struct pending *pending, const struct value *root,
			const char *name, struct arena *arena, struct err *err)
{
	const struct value *schema = value_map_get(root, "schema");
	const struct value *charts = value_map_get(root, "charts");
	struct pending read = {0};

	if (!schema || schema->kind != VALUE_INT || schema->integer != SCHEMA)
		return refuse(name, "its schema is not known", err);
	if (!charts || !value_is_list(charts) || !charts->list.count ||
	    charts->list.count > PENDING_CHARTS_MAX)
		return refuse(name, "it has no list of charts", err);
	read.charts = arena_new_array(arena, struct pending_chart,
				      charts->list.count);
	for (size_t i = 0; i < charts->list.count; i++) {
		if (!read_chart(&read.charts[read.count++],
				charts->list.items[i]))
			return refuse(name, "a chart in it is not described",
				      err);
	}
	*pending = read;
	return true;
}

bool pending_parse(struct pending *pending, const char *text, size_t len,
		   const char *name, struct arena *arena, struct err *err)
{
	const struct value *root;
	bool same;

	if (len > PENDING_SIZE_MAX)
		return refuse(name, "it is too large", err);
	if (!has_name(text, len, name, &same, err))
		return false;
	if (!same)
		return refuse(name, "its bytes are not those of its name", err);
	if (!jsontext_parse(&root, text, len, name, arena, err))
		return err_wrap(err, "'%s' is no waiting entry", name);
	return read_charts(pending, root, name, arena, err);
}

/* --- turns ----------------------------------------------------------------- */

size_t pending_rank(const struct pending_place *places, size_t count,
		    const char *own)
{
	const struct pending_place *mine = NULL;
	size_t rank = 0;

	for (size_t i = 0; i < count && !mine; i++)
		mine = same_text(places[i].key, own) ? &places[i] : NULL;
	if (!mine)
		return count;
	for (size_t i = 0; i < count; i++) {
		const struct pending_place *place = &places[i];

		if (place->modified_s < mine->modified_s ||
		    (place->modified_s == mine->modified_s &&
		     strcmp(place->key, own) < 0))
			rank++;
	}
	return rank;
}

int64_t pending_patience_ms(size_t rank, int64_t round_ms)
{
	int64_t counted =
		(int64_t)(rank < RANK_COUNTED_MAX ? rank : RANK_COUNTED_MAX);
	int64_t round = round_ms > PENDING_ROUND_MIN_MS ? round_ms
							: PENDING_ROUND_MIN_MS;

	/* Two rounds each: he may have lost one. */
	if (counted * 2 >= PENDING_PATIENCE_MAX_MS / round)
		return counted ? PENDING_PATIENCE_MAX_MS : 0;
	return counted * 2 * round;
}
