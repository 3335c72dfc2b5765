#include "tmpl/zone.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "sys/file.h"
#include "tmpl/zone-rule.h"

/* Where Go looks, in this order. */
static const char *const folders[] = {
	"/usr/share/zoneinfo",
	"/usr/share/lib/zoneinfo",
	"/usr/lib/locale/TZ",
	"/etc/zoneinfo",
};

/* An offset from UTC that a zone uses or used. */
struct zone_offset {
	const char *name;
	int seconds;
	bool dst;
};

struct transition {
	int64_t when;
	unsigned char offset; /* index */
};

struct zone {
	const char *name;
	bool local;
	struct zone_offset *offsets;
	size_t offset_count; /* 0: UTC for ever */
	struct transition *transitions;
	size_t transition_count;
	bool has_rule;
	struct zone_rule rule;
};

/* The local zone where there is no other: not the same as NULL, in Go. */
static const struct zone local_utc = {.name = "UTC", .local = true};

/* --- looking up ---------------------------------------------------------- */

static void set_span(struct zone_span *span, const struct zone_offset *offset)
{
	span->name = offset->name;
	span->offset = offset->seconds;
	span->dst = offset->dst;
}

static bool uses_first_offset(const struct zone *zone)
{
	for (size_t i = 0; i < zone->transition_count; i++) {
		if (zone->transitions[i].offset == 0)
			return true;
	}
	return false;
}

/* What was in force before the first transition, as localtime.c has it. */
static const struct zone_offset *first_offset(const struct zone *zone)
{
	size_t first =
		zone->transition_count > 0 ? zone->transitions[0].offset : 0;

	if (!uses_first_offset(zone))
		return &zone->offsets[0];
	if (zone->transition_count > 0 && zone->offsets[first].dst) {
		for (size_t i = first; i-- > 0;) {
			if (!zone->offsets[i].dst)
				return &zone->offsets[i];
		}
	}
	for (size_t i = 0; i < zone->offset_count; i++) {
		if (!zone->offsets[i].dst)
			return &zone->offsets[i];
	}
	return &zone->offsets[0];
}

static void lookup_transition(const struct zone *zone, int64_t seconds,
			      struct zone_span *span)
{
	const struct transition *all = zone->transitions;
	size_t low = 0, high = zone->transition_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (seconds < all[middle].when) {
			span->end = all[middle].when;
			high = middle;
		} else {
			low = middle;
		}
	}
	set_span(span, &zone->offsets[all[low].offset]);
	span->start = all[low].when;
	if (low + 1 == zone->transition_count && zone->has_rule)
		zone_rule_lookup(&zone->rule, span->start, seconds, span);
}

void zone_lookup(const struct zone *zone, int64_t seconds,
		 struct zone_span *span)
{
	*span = (struct zone_span){
		.name = "UTC", .start = INT64_MIN, .end = INT64_MAX};
	if (!zone || zone->offset_count == 0)
		return;
	if (zone->transition_count > 0 &&
	    seconds >= zone->transitions[0].when) {
		lookup_transition(zone, seconds, span);
		return;
	}
	set_span(span, first_offset(zone));
	if (zone->transition_count > 0)
		span->end = zone->transitions[0].when;
}

bool zone_lookup_name(const struct zone *zone, const char *name,
		      int64_t seconds, int *offset)
{
	size_t count = zone ? zone->offset_count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct zone_offset *at = &zone->offsets[i];
		struct zone_span span;

		if (strcmp(at->name, name) != 0)
			continue;
		zone_lookup(
			zone,
			(int64_t)((uint64_t)seconds - (uint64_t)at->seconds),
			&span);
		if (strcmp(span.name, name) == 0) {
			*offset = span.offset;
			return true;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(zone->offsets[i].name, name) == 0) {
			*offset = zone->offsets[i].seconds;
			return true;
		}
	}
	return false;
}

bool zone_is_local(const struct zone *zone)
{
	return zone && zone->local;
}

const char *zone_name(const struct zone *zone)
{
	return zone ? zone->name : "UTC";
}

/* --- fixed zones --------------------------------------------------------- */

const struct zone *zone_new_fixed(struct arena *arena, const char *name,
				  size_t len, int offset)
{
	struct zone *zone = arena_new(arena, struct zone);

	zone->name = arena_memdupz(arena, name, len);
	zone->offsets = arena_new(arena, struct zone_offset);
	zone->offsets->name = zone->name;
	zone->offsets->seconds = offset;
	zone->offset_count = 1;
	return zone;
}

/* Go keeps one zone for each hour's offset without a name. */
static bool is_hourly(const struct zone *zone)
{
	return zone && zone->name[0] == '\0' && zone->offset_count == 1 &&
	       zone->offsets->seconds % 3600 == 0 &&
	       zone->offsets->seconds >= -12 * 3600 &&
	       zone->offsets->seconds <= 14 * 3600;
}

bool zone_is_same(const struct zone *a, const struct zone *b)
{
	return a == b || (is_hourly(a) && is_hourly(b) &&
			  a->offsets->seconds == b->offsets->seconds);
}

bool zone_is_alike(const struct zone *a, const struct zone *b)
{
	if (zone_is_same(a, b))
		return true;
	return a && b && !a->local && !b->local && a->offset_count == 1 &&
	       b->offset_count == 1 && strcmp(a->name, b->name) == 0 &&
	       a->offsets->seconds == b->offsets->seconds;
}

/* --- TZif files ---------------------------------------------------------- */

/* How many of each a file holds, in the order of its header. */
struct counts {
	size_t utc_flags, standard_flags, leaps, transitions, offsets, chars;
};

/* What is left to read; @at NULL: it ended too early. */
struct reader {
	const unsigned char *at, *end;
};

static const unsigned char *take(struct reader *reader, size_t len)
{
	const unsigned char *taken = reader->at;

	if (!taken || (size_t)(reader->end - taken) < len) {
		reader->at = NULL;
		return NULL;
	}
	reader->at += len;
	return taken;
}

static uint64_t big_endian(const unsigned char *bytes, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number << 8 | bytes[i];
	return number;
}

static bool take_counts(struct reader *reader, struct counts *counts)
{
	const unsigned char *bytes = take(reader, 24);

	if (!bytes)
		return false;
	counts->utc_flags = (size_t)big_endian(bytes, 4);
	counts->standard_flags = (size_t)big_endian(bytes + 4, 4);
	counts->leaps = (size_t)big_endian(bytes + 8, 4);
	counts->transitions = (size_t)big_endian(bytes + 12, 4);
	counts->offsets = (size_t)big_endian(bytes + 16, 4);
	counts->chars = (size_t)big_endian(bytes + 20, 4);
	return true;
}

/* Bytes of a data block whose times have @size bytes. */
static size_t block_size(const struct counts *counts, size_t size)
{
	return counts->transitions * (size + 1) + counts->offsets * 6 +
	       counts->chars + counts->leaps * (size + 4) +
	       counts->standard_flags + counts->utc_flags;
}

/* *@size: how many bytes a time has in the block that comes next. */
static bool take_header(struct reader *reader, struct counts *counts,
			size_t *size)
{
	const unsigned char *header = take(reader, 20);

	if (!header || memcmp(header, "TZif", 4) != 0 ||
	    (header[4] != 0 && header[4] != '2' && header[4] != '3') ||
	    !take_counts(reader, counts))
		return false;
	*size = 4;
	if (header[4] == 0)
		return true;
	/* The same again follows with times of 64 bits. */
	*size = 8;
	return take(reader, block_size(counts, 4) + 20) &&
	       take_counts(reader, counts);
}

/* Each has its offset, whether it is summer time, and where its name is. */
static bool set_offsets(struct zone *zone, struct arena *arena,
			const unsigned char *bytes, const unsigned char *names,
			size_t chars)
{
	for (size_t i = 0; i < zone->offset_count; i++) {
		const unsigned char *entry = bytes + 6 * i;
		struct zone_offset *offset = &zone->offsets[i];
		const char *name;

		if (entry[5] >= chars)
			return false;
		name = (const char *)names + entry[5];
		offset->seconds = (int32_t)big_endian(entry, 4);
		offset->dst = entry[4] != 0;
		offset->name = arena_memdupz(arena, name,
					     strnlen(name, chars - entry[5]));
	}
	return true;
}

static bool set_transitions(struct zone *zone, const unsigned char *times,
			    const unsigned char *indices, size_t size)
{
	for (size_t i = 0; i < zone->transition_count; i++) {
		uint64_t when = big_endian(times + size * i, size);

		if (indices[i] >= zone->offset_count)
			return false;
		zone->transitions[i].when =
			size == 4 ? (int32_t)when : (int64_t)when;
		zone->transitions[i].offset = indices[i];
	}
	return true;
}

/* The rule stands between two line breaks at the end. */
static void set_rule(struct zone *zone, struct arena *arena,
		     const struct reader *rest)
{
	const char *text = (const char *)rest->at;
	size_t len = (size_t)(rest->end - rest->at);

	zone->has_rule = len > 2 && text[0] == '\n' && text[len - 1] == '\n' &&
			 zone_rule_parse(&zone->rule, arena, text + 1, len - 2);
}

struct zone *zone_parse(struct arena *arena, const char *name,
			const char *bytes, size_t len)
{
	struct reader reader = {(const unsigned char *)bytes,
				(const unsigned char *)bytes + len};
	struct zone *zone = arena_new(arena, struct zone);
	const unsigned char *times, *indices, *offsets, *names;
	struct counts counts;
	size_t size;

	if (len > ZONE_FILE_MAX || !take_header(&reader, &counts, &size))
		return NULL;
	times = take(&reader, counts.transitions * size);
	indices = take(&reader, counts.transitions);
	offsets = take(&reader, counts.offsets * 6);
	names = take(&reader, counts.chars);
	take(&reader, counts.leaps * (size + 4));
	take(&reader, counts.standard_flags);
	take(&reader, counts.utc_flags);
	if (!reader.at || counts.offsets == 0)
		return NULL;

	zone->name = arena_strdup(arena, name);
	zone->offset_count = counts.offsets;
	zone->offsets =
		arena_new_array(arena, struct zone_offset, counts.offsets);
	/* Without any, the first offset has always been in force. */
	zone->transition_count = counts.transitions;
	zone->transitions = arena_new_array(arena, struct transition,
					    counts.transitions + 1);
	if (!set_offsets(zone, arena, offsets, names, counts.chars) ||
	    !set_transitions(zone, times, indices, size))
		return NULL;
	if (zone->transition_count == 0) {
		zone->transitions[0].when = INT64_MIN;
		zone->transition_count = 1;
	}
	set_rule(zone, arena, &reader);
	return zone;
}

/* --- the database -------------------------------------------------------- */

/* The zone in @folder/@name; NULL: there is none that can be read. */
static struct zone *load(struct arena *arena, const char *folder,
			 const char *name)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str bytes = {0};
	CLEANUP(str_release) struct str path = {0};
	bool found;

	str_addf(&path, "%s/%s", folder, name);
	if (!file_find(str_text(&path), ZONE_FILE_MAX, &bytes, &found, &err) ||
	    !found)
		return NULL;
	return zone_parse(arena, name, str_text(&bytes), bytes.len);
}

static struct zone *load_from_folders(struct arena *arena, const char *name)
{
	struct zone *zone = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && !zone; i++)
		zone = load(arena, folders[i], name);
	return zone;
}

/* Found or not, each name is looked for once. */
static const struct zone *find_loaded(struct zones *zones, const char *name)
{
	struct zone *zone = map_get(&zones->loaded, name);

	if (zone || map_has(&zones->loaded, name))
		return zone;
	if (zones->loaded.count == ZONES_MAX) {
		map_release(&zones->loaded);
		arena_release(&zones->arena);
	}
	zone = load_from_folders(&zones->arena, name);
	map_put(&zones->loaded, name, zone);
	return zone;
}

bool zones_find(struct zones *zones, const char *name, size_t len,
		const struct zone **zone)
{
	*zone = NULL;
	if (strlen(name) != len)
		return false;
	if (len == 0 || strcmp(name, "UTC") == 0)
		return true;
	/* Nothing leads out of the folders. */
	if (strstr(name, "..") || name[0] == '/' || name[0] == '\\')
		return false;
	*zone = find_loaded(zones, name);
	return *zone != NULL;
}

const struct zone *zones_local(struct zones *zones, const char *tz)
{
	const char *name = tz ? tz : "";
	struct zone *zone = NULL;

	if (zones->local)
		return zones->local;
	if (*name == ':')
		name++;
	if (*name == '/')
		zone = load(&zones->local_arena, "", name);
	else if (*name && strcmp(name, "UTC") != 0)
		zone = load_from_folders(&zones->local_arena, name);
	if (zone)
		zone->local = true;
	zones->local = zone ? zone : &local_utc;
	return zones->local;
}

void zones_release(struct zones *zones)
{
	map_release(&zones->loaded);
	arena_release(&zones->arena);
	arena_release(&zones->local_arena);
	*zones = (struct zones){0};
}
