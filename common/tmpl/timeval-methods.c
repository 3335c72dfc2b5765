/* What templates may call of the types of Go's time package. */
#include <stddef.h>

#include "base/str.h"
#include "format/value.h"
#include "tmpl/datefmt.h"
#include "tmpl/func.h"
#include "tmpl/moment.h"
#include "tmpl/timeval.h"

/* --- durations ----------------------------------------------------------- */

static bool run_duration_abs(struct call *call, struct err *err)
{
	int64_t number = call->self->integer;

	(void)err;
	if (number == INT64_MIN)
		return call_give_duration(call, INT64_MAX);
	return call_give_duration(call, number < 0 ? -number : number);
}

static bool run_duration_hours(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, duration_in(call->self->integer,
						 NANOS_PER_HOUR));
}

static bool run_duration_minutes(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, duration_in(call->self->integer,
						 NANOS_PER_MINUTE));
}

static bool run_duration_seconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, duration_in(call->self->integer,
						 NANOS_PER_SECOND));
}

static bool run_duration_milliseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, call->self->integer / 1000000);
}

static bool run_duration_microseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, call->self->integer / 1000);
}

static bool run_duration_nanoseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, call->self->integer);
}

static bool run_duration_round(struct call *call, struct err *err)
{
	(void)err;
	return call_give_duration(call, duration_round(call->self->integer,
						       call->args[0]->integer));
}

static bool run_duration_truncate(struct call *call, struct err *err)
{
	(void)err;
	return call_give_duration(call,
				  duration_truncate(call->self->integer,
						    call->args[0]->integer));
}

/* String() of all of them. */
static bool run_string(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	value_class(call->self)->print(call->self, &text);
	return call_give_str(call, &text, err);
}

const struct func methods_duration[] = {
	{"Abs", "", run_duration_abs},
	{"Hours", "", run_duration_hours},
	{"Microseconds", "", run_duration_microseconds},
	{"Milliseconds", "", run_duration_milliseconds},
	{"Minutes", "", run_duration_minutes},
	{"Nanoseconds", "", run_duration_nanoseconds},
	{"Round", "d", run_duration_round},
	{"Seconds", "", run_duration_seconds},
	{"String", "", run_string},
	{"Truncate", "d", run_duration_truncate},
	{NULL},
};

const struct func methods_month[] = {{"String", "", run_string}, {NULL}};
const struct func methods_weekday[] = {{"String", "", run_string}, {NULL}};
const struct func methods_location[] = {{"String", "", run_string}, {NULL}};

/* --- moments ------------------------------------------------------------- */

static const struct moment *self(const struct call *call)
{
	return timeval_moment(call->self);
}

static const struct moment *other(const struct call *call)
{
	return timeval_moment(call->args[0]);
}

static struct wall wall_of(const struct call *call)
{
	struct wall wall;

	moment_to_wall(self(call), &wall);
	return wall;
}

static bool run_add(struct call *call, struct err *err)
{
	(void)err;
	return call_give_time(call,
			      moment_add(*self(call), call->args[0]->integer));
}

static int64_t wrapping_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static bool run_add_date(struct call *call, struct err *err)
{
	struct wall wall = wall_of(call);
	const struct date_parts parts = {
		.year = wrapping_add(wall.year, call->args[0]->integer),
		.month = wrapping_add(wall.month, call->args[1]->integer),
		.day = wrapping_add(wall.day, call->args[2]->integer),
		.hour = wall.hour,
		.minute = wall.minute,
		.second = wall.second,
		.nanosecond = self(call)->nanoseconds};

	(void)err;
	return call_give_time(call, moment_from_date(&parts, self(call)->zone));
}

static bool run_after(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call,
			      moment_compare(self(call), other(call)) > 0);
}

static bool run_before(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call,
			      moment_compare(self(call), other(call)) < 0);
}

static bool run_compare(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, moment_compare(self(call), other(call)));
}

static bool run_equal(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call,
			      moment_compare(self(call), other(call)) == 0);
}

static bool run_sub(struct call *call, struct err *err)
{
	(void)err;
	return call_give_duration(call, moment_sub(self(call), other(call)));
}

static bool run_round(struct call *call, struct err *err)
{
	(void)err;
	return call_give_time(call, moment_round(*self(call),
						 call->args[0]->integer));
}

static bool run_truncate(struct call *call, struct err *err)
{
	(void)err;
	return call_give_time(call, moment_truncate(*self(call),
						    call->args[0]->integer));
}

static bool run_format(struct call *call, struct err *err)
{
	const struct value_text *layout = &call->args[0]->string;
	CLEANUP(str_release) struct str text = CALL_TEXT;

	datefmt_add(&text, layout->bytes, layout->len, self(call));
	return call_give_str(call, &text, err);
}

static bool run_go_string(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	datefmt_add_go(&text, self(call));
	return call_give_str(call, &text, err);
}

static bool give_in_zone(struct call *call, const struct zone *zone)
{
	struct moment moment = *self(call);

	moment.zone = zone;
	return call_give_time(call, moment);
}

static bool run_in(struct call *call, struct err *err)
{
	(void)err;
	return give_in_zone(call, timeval_zone(call->args[0]));
}

static bool run_utc(struct call *call, struct err *err)
{
	(void)err;
	return give_in_zone(call, NULL);
}

static bool run_local(struct call *call, struct err *err)
{
	(void)err;
	return give_in_zone(call, call_local_zone(call));
}

static bool run_location(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call,
			 timeval_new_location(call->arena, self(call)->zone));
}

static bool run_is_dst(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, wall_of(call).dst);
}

static bool run_is_zero(struct call *call, struct err *err)
{
	struct moment zero = moment_zero();

	(void)err;
	return call_give_bool(call, moment_compare(self(call), &zero) == 0);
}

static bool run_year(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).year);
}

static bool run_year_day(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).year_day);
}

static bool run_month(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call,
			 timeval_new_month(call->arena, wall_of(call).month));
}

static bool run_weekday(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, timeval_new_weekday(call->arena,
						   wall_of(call).weekday));
}

static bool run_day(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).day);
}

static bool run_hour(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).hour);
}

static bool run_minute(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).minute);
}

static bool run_second(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, wall_of(call).second);
}

static bool run_nanosecond(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, self(call)->nanoseconds);
}

/* Units of which a second has @units; they wrap around. */
static bool give_unix(struct call *call, int64_t units)
{
	int64_t fraction = self(call)->nanoseconds / (NANOS_PER_SECOND / units);

	return call_give_int64(call, (int64_t)((uint64_t)self(call)->seconds *
						       (uint64_t)units +
					       (uint64_t)fraction));
}

static bool run_unix(struct call *call, struct err *err)
{
	(void)err;
	return give_unix(call, 1);
}

static bool run_unix_milli(struct call *call, struct err *err)
{
	(void)err;
	return give_unix(call, 1000);
}

static bool run_unix_micro(struct call *call, struct err *err)
{
	(void)err;
	return give_unix(call, 1000000);
}

static bool run_unix_nano(struct call *call, struct err *err)
{
	(void)err;
	return give_unix(call, NANOS_PER_SECOND);
}

/* All but those that give bytes or more than one result. */
const struct func methods_time[] = {
	{"Add", "d", run_add},
	{"AddDate", "iii", run_add_date},
	{"After", "t", run_after},
	{"Before", "t", run_before},
	{"Compare", "t", run_compare},
	{"Day", "", run_day},
	{"Equal", "t", run_equal},
	{"Format", "s", run_format},
	{"GoString", "", run_go_string},
	{"Hour", "", run_hour},
	{"In", "z", run_in},
	{"IsDST", "", run_is_dst},
	{"IsZero", "", run_is_zero},
	{"Local", "", run_local},
	{"Location", "", run_location},
	{"Minute", "", run_minute},
	{"Month", "", run_month},
	{"Nanosecond", "", run_nanosecond},
	{"Round", "d", run_round},
	{"Second", "", run_second},
	{"String", "", run_string},
	{"Sub", "t", run_sub},
	{"Truncate", "d", run_truncate},
	{"UTC", "", run_utc},
	{"Unix", "", run_unix},
	{"UnixMicro", "", run_unix_micro},
	{"UnixMilli", "", run_unix_milli},
	{"UnixNano", "", run_unix_nano},
	{"Weekday", "", run_weekday},
	{"Year", "", run_year},
	{"YearDay", "", run_year_day},
	{NULL},
};
