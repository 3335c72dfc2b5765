#include "tmpl/timeval.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/datefmt.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"
#include "tmpl/zone.h"

/* A *time.Location: NULL would be Go's nil. */
struct location {
	const struct zone *zone;
};

const struct zone *timeval_zone(const struct value *value)
{
	const struct location *location = value->object.data;

	return location->zone;
}

/* --- classes ------------------------------------------------------------- */

static void print_time(const struct value *value, struct str *out)
{
	datefmt_add(out, DATEFMT_PRINT, strlen(DATEFMT_PRINT),
		    timeval_moment(value));
}

static void print_go_time(const struct value *value, struct str *out)
{
	datefmt_add_go(out, timeval_moment(value));
}

/* Go's own fields; where a zone lies in memory is nobody's business. */
static size_t time_fields(const struct value *value, struct value_field *fields)
{
	const struct moment *moment = timeval_moment(value);

	fields[0].name = "wall";
	fields[0].value.kind = VALUE_UINT64;
	fields[0].value.integer = moment->nanoseconds;
	fields[1].name = "ext";
	fields[1].value.kind = VALUE_INT64;
	fields[1].value.integer = (int64_t)((uint64_t)moment->seconds +
					    (uint64_t)MOMENT_UNIX_TO_YEAR_1);
	fields[2].name = "loc";
	fields[2].value.kind = VALUE_OBJECT;
	fields[2].value.object.class = &class_location;
	return 3;
}

static bool same_instant(const struct moment *a, const struct moment *b)
{
	return a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

static bool equal_times(const struct value *a, const struct value *b)
{
	const struct moment *x = timeval_moment(a), *y = timeval_moment(b);

	return same_instant(x, y) && zone_is_same(x->zone, y->zone);
}

static bool same_times(const struct value *a, const struct value *b)
{
	const struct moment *x = timeval_moment(a), *y = timeval_moment(b);

	return same_instant(x, y) && zone_is_alike(x->zone, y->zone);
}

/* RFC 3339 has four digits for the year and less than a day of offset. */
static const struct value *time_to_json(const struct value *value,
					struct arena *arena)
{
	CLEANUP(str_release) struct str text = {0};
	struct wall wall;

	moment_to_wall(timeval_moment(value), &wall);
	if (wall.year < 0 || wall.year > 9999 || abs(wall.offset) >= 86400)
		return NULL;
	datefmt_add(&text, DATEFMT_JSON, strlen(DATEFMT_JSON),
		    timeval_moment(value));
	return value_new_bytes(arena, str_text(&text), text.len);
}

const struct value_class class_time = {
	.type = "time.Time",
	.kind = "struct",
	.to_json = time_to_json,
	.print = print_time,
	.print_go = print_go_time,
	.fields = time_fields,
	.equal = equal_times,
	.same = same_times,
};

static void print_duration(const struct value *value, struct str *out)
{
	datefmt_add_duration(out, value->integer);
}

const struct value_class class_duration = {
	.type = "time.Duration",
	.kind = "int64",
	.print = print_duration,
};

static void print_month(const struct value *value, struct str *out)
{
	datefmt_add_month(out, value->integer);
}

const struct value_class class_month = {
	.type = "time.Month",
	.kind = "int",
	.print = print_month,
};

static void print_weekday(const struct value *value, struct str *out)
{
	datefmt_add_weekday(out, value->integer);
}

const struct value_class class_weekday = {
	.type = "time.Weekday",
	.kind = "int",
	.print = print_weekday,
};

static void print_location(const struct value *value, struct str *out)
{
	str_add(out, zone_name(timeval_zone(value)));
}

static bool equal_locations(const struct value *a, const struct value *b)
{
	return zone_is_same(timeval_zone(a), timeval_zone(b));
}

static bool same_locations(const struct value *a, const struct value *b)
{
	return zone_is_alike(timeval_zone(a), timeval_zone(b));
}

/* Its fields are not for others to copy: what stays is a zone without name. */
static const struct value *copy_location(const struct value *value,
					 struct arena *arena)
{
	(void)value;
	return timeval_new_location(arena, zone_new_fixed(arena, "", 0, 0));
}

/* A struct none of whose fields is for others. */
static const struct value *location_to_json(const struct value *value,
					    struct arena *arena)
{
	(void)value;
	return value_new_map(arena);
}

const struct value_class class_location = {
	.type = "*time.Location",
	.kind = "ptr",
	.print = print_location,
	.to_json = location_to_json,
	.copy = copy_location,
	.equal = equal_locations,
	.same = same_locations,
};

/* --- values -------------------------------------------------------------- */

const struct value *timeval_new(struct arena *arena, struct moment moment)
{
	struct value *value = value_new(arena, VALUE_OBJECT);
	struct moment *copy = arena_new(arena, struct moment);

	*copy = moment;
	value->object.class = &class_time;
	value->object.data = copy;
	return value;
}

const struct value *timeval_new_location(struct arena *arena,
					 const struct zone *zone)
{
	struct value *value = value_new(arena, VALUE_OBJECT);
	struct location *location = arena_new(arena, struct location);

	location->zone = zone;
	value->object.class = &class_location;
	value->object.data = location;
	return value;
}

static const struct value *new_named(struct arena *arena, enum value_kind kind,
				     const struct value_class *class,
				     int64_t integer)
{
	struct value *value = value_new(arena, kind);

	value->integer = integer;
	value->named = class;
	return value;
}

const struct value *timeval_new_duration(struct arena *arena,
					 int64_t nanoseconds)
{
	return new_named(arena, VALUE_INT64, &class_duration, nanoseconds);
}

const struct value *timeval_new_month(struct arena *arena, int month)
{
	return new_named(arena, VALUE_INT, &class_month, month);
}

const struct value *timeval_new_weekday(struct arena *arena, int weekday)
{
	return new_named(arena, VALUE_INT, &class_weekday, weekday);
}

bool timeval_is_time(const struct value *value)
{
	return value_class(value) == &class_time;
}

const struct moment *timeval_moment(const struct value *value)
{
	return value->object.data;
}

bool call_give_time(struct call *call, struct moment moment)
{
	return call_give(call, timeval_new(call->arena, moment));
}

bool call_give_duration(struct call *call, int64_t nanoseconds)
{
	return call_give(call, timeval_new_duration(call->arena, nanoseconds));
}

struct moment call_now(struct call *call)
{
	int64_t now = call->exec->set->options.now_ms;
	int64_t rest = (now % 1000 + 1000) % 1000;

	return (struct moment){.seconds = (now - rest) / 1000,
			       .nanoseconds = (int32_t)rest * 1000000};
}

const struct zone *call_local_zone(struct call *call)
{
	return zones_local(&call->exec->zones, call->exec->set->options.tz);
}

/* --- durations ----------------------------------------------------------- */

int64_t duration_truncate(int64_t nanoseconds, int64_t step)
{
	return step <= 0 ? nanoseconds : nanoseconds - nanoseconds % step;
}

int64_t duration_round(int64_t nanoseconds, int64_t step)
{
	int64_t down, rounded;
	uint64_t rest;

	if (step <= 0)
		return nanoseconds;
	down = duration_truncate(nanoseconds, step);
	rest = nanoseconds < 0 ? (uint64_t)down - (uint64_t)nanoseconds
			       : (uint64_t)nanoseconds - (uint64_t)down;
	if (rest * 2 < (uint64_t)step)
		return down;
	if (__builtin_add_overflow(down, nanoseconds < 0 ? -step : step,
				   &rounded))
		return nanoseconds < 0 ? INT64_MIN : INT64_MAX;
	return rounded;
}

double duration_in(int64_t nanoseconds, int64_t unit)
{
	return (double)(nanoseconds / unit) +
	       (double)(nanoseconds % unit) / (double)unit;
}
