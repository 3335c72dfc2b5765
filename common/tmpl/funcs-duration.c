/* Sprig's and Helm's functions over durations. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/datefmt.h"
#include "tmpl/func.h"
#include "tmpl/timeval.h"

#define NANOS_PER_DAY (24 * (uint64_t)NANOS_PER_HOUR)

/* --- Sprig's ------------------------------------------------------------- */

static bool give_duration_text(struct call *call, int64_t nanoseconds,
			       struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	datefmt_add_duration(&text, nanoseconds);
	return call_give_str(call, &text, err);
}

static bool is_int64(const struct value *value)
{
	return value->kind == VALUE_INT64 && !value->named;
}

/* Of seconds: an int64 or a text of digits; an int is 0. */
static bool run_duration(struct call *call, struct err *err)
{
	const struct value *value = call->args[0];
	int64_t seconds = 0;

	if (value->kind == VALUE_STRING)
		seconds = cast_digits(&value->string);
	else if (is_int64(value))
		seconds = value->integer;
	return give_duration_text(
		call, (int64_t)((uint64_t)seconds * (uint64_t)NANOS_PER_SECOND),
		err);
}

/* To the largest unit that is passed: 2y, 3mo. */
static bool run_duration_round(struct call *call, struct err *err)
{
	static const struct {
		uint64_t nanoseconds;
		const char *name;
	} units[] = {
		{365 * NANOS_PER_DAY, "y"}, {30 * NANOS_PER_DAY, "mo"},
		{NANOS_PER_DAY, "d"},	    {NANOS_PER_HOUR, "h"},
		{NANOS_PER_MINUTE, "m"},    {NANOS_PER_SECOND, "s"},
	};
	const struct value *value = call->args[0];
	CLEANUP(str_release) struct str text = {0};
	struct moment now = call_now(call);
	int64_t duration = 0;
	uint64_t length;

	if (value->kind == VALUE_STRING &&
	    !datefmt_parse_duration(value->string.bytes, value->string.len,
				    &duration))
		duration = 0;
	else if (is_int64(value))
		duration = value->integer;
	else if (timeval_is_time(value))
		duration = moment_sub(&now, timeval_moment(value));
	length = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (length <= units[i].nanoseconds)
			continue;
		str_addf(&text, "%" PRIu64 "%s", length / units[i].nanoseconds,
			 units[i].name);
		return call_give_str(call, &text, err);
	}
	return call_give_text(call, "0s", 2);
}

/* --- Helm's -------------------------------------------------------------- */

/* False: not a number of seconds that fits. */
static bool from_seconds(double seconds, int64_t *duration)
{
	const double most = 0x1p63 / NANOS_PER_SECOND;
	double nanos = seconds * NANOS_PER_SECOND;

	if (isnan(seconds) || seconds > most || seconds < -most ||
	    nanos > 0x1p63 || nanos < -0x1p63)
		return false;
	/* What Go on amd64 makes of 2 to the 63rd. */
	*duration = nanos >= 0x1p63 ? INT64_MIN : (int64_t)nanos;
	return true;
}

static bool from_whole_seconds(const struct value *value, int64_t *duration)
{
	return (value->kind != VALUE_UINT64 || value->integer >= 0) &&
	       !__builtin_mul_overflow(value->integer,
				       (int64_t)NANOS_PER_SECOND, duration);
}

/* White space around a text does not count. */
static struct value_text trimmed(const struct value_text *text)
{
	struct value_text rest = *text;
	size_t end = 0;

	for (size_t at = 0, width; at < text->len; at += width) {
		uint32_t rune;

		width = rune_decode(text->bytes + at, text->len - at, &rune);
		if (rune_is_space(rune))
			continue;
		if (end == 0)
			rest.bytes = text->bytes + at;
		end = at + width;
	}
	rest.len = end == 0 ? 0 : (size_t)(text->bytes + end - rest.bytes);
	return rest;
}

/* "1h30m", or a number of seconds. */
static bool from_text(const struct value_text *text, int64_t *duration)
{
	struct value_text rest = trimmed(text);
	double seconds;

	return datefmt_parse_duration(rest.bytes, rest.len, duration) ||
	       (cast_parse_float(rest.bytes, rest.len, &seconds) &&
		from_seconds(seconds, duration));
}

/* What Helm takes for a duration; a number is one of seconds. */
static bool as_duration(const struct value *value, int64_t *duration)
{
	if (value_class(value) == &class_duration) {
		*duration = value->integer;
		return true;
	}
	if (value->kind == VALUE_STRING)
		return from_text(&value->string, duration);
	if (value->kind == VALUE_FLOAT64)
		return from_seconds(value->number, duration);
	return value_is_whole(value) && from_whole_seconds(value, duration);
}

/* What is none is 0. */
static int64_t duration_arg(const struct call *call)
{
	int64_t duration = 0;

	return as_duration(call->args[0], &duration) ? duration : 0;
}

static bool run_must_to_duration(struct call *call, struct err *err)
{
	int64_t duration;

	if (!as_duration(call->args[0], &duration))
		return err_set(err, ERR_INPUT, "%s is no duration",
			       call->args[0]->kind == VALUE_STRING
				       ? "the text"
				       : type_word(call->args[0]));
	return call_give_duration(call, duration);
}

static bool run_seconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, duration_in(duration_arg(call),
						 NANOS_PER_SECOND));
}

static bool run_minutes(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, duration_in(duration_arg(call),
						 NANOS_PER_MINUTE));
}

static double hours(const struct call *call)
{
	return duration_in(duration_arg(call), NANOS_PER_HOUR);
}

static bool run_hours(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, hours(call));
}

static bool run_days(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, hours(call) / 24);
}

static bool run_weeks(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, hours(call) / 24 / 7);
}

static bool run_milliseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, duration_arg(call) / 1000000);
}

static bool run_microseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, duration_arg(call) / 1000);
}

static bool run_nanoseconds(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, duration_arg(call));
}

/* To a multiple of argument 1; where that is no duration, as it is. */
static bool give_multiple(struct call *call,
			  int64_t (*to)(int64_t nanoseconds, int64_t step))
{
	int64_t duration, step;

	if (!as_duration(call->args[0], &duration))
		return call_give_duration(call, 0);
	if (!as_duration(call->args[1], &step))
		return call_give_duration(call, duration);
	return call_give_duration(call, to(duration, step));
}

static bool run_round_to(struct call *call, struct err *err)
{
	(void)err;
	return give_multiple(call, duration_round);
}

static bool run_truncate_to(struct call *call, struct err *err)
{
	(void)err;
	return give_multiple(call, duration_truncate);
}

const struct func funcs_duration[] = {
	{"duration", "a", run_duration},
	{"durationDays", "a", run_days},
	{"durationHours", "a", run_hours},
	{"durationMicroseconds", "a", run_microseconds},
	{"durationMilliseconds", "a", run_milliseconds},
	{"durationMinutes", "a", run_minutes},
	{"durationNanoseconds", "a", run_nanoseconds},
	{"durationRound", "a", run_duration_round,
	 .differs = "how long ago a time was is told by the run's clock"},
	{"durationRoundTo", "aa", run_round_to},
	{"durationSeconds", "a", run_seconds},
	{"durationTruncateTo", "aa", run_truncate_to},
	{"durationWeeks", "a", run_weeks},
	{"mustToDuration", "a", run_must_to_duration},
	{NULL},
};
