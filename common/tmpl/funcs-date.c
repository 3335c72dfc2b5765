/*
 * Sprig's functions over dates, in UTC.  The clock is the run's: a render
 * with the same SOURCE_DATE_EPOCH gives the same bytes.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/datefmt.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"

#define NANOS_PER_SECOND 1000000000

#define SECONDS_MIN (-62167219200LL) /* 0000-01-01 */
#define SECONDS_MAX 253402300799LL   /* 9999-12-31T23:59:59 */

static const struct moment *moment_of(const struct value *value)
{
	return value->object.data;
}

static void print_time(const struct value *value, struct str *out)
{
	datefmt_add(out, DATEFMT_PRINT, strlen(DATEFMT_PRINT),
		    moment_of(value));
}

/* The methods of time.Time that take no argument and give a number. */
static const struct value *get_time(const struct value *value, const char *name,
				    struct arena *arena)
{
	const struct moment *moment = moment_of(value);
	struct civil civil;

	clock_to_civil(moment->seconds, &civil);
	if (strcmp(name, "Unix") == 0)
		return value_new_int64(arena, moment->seconds);
	if (strcmp(name, "Year") == 0)
		return value_new_int(arena, civil.year);
	if (strcmp(name, "Day") == 0)
		return value_new_int(arena, civil.day);
	if (strcmp(name, "Hour") == 0)
		return value_new_int(arena, civil.hour);
	if (strcmp(name, "Minute") == 0)
		return value_new_int(arena, civil.minute);
	if (strcmp(name, "Second") == 0)
		return value_new_int(arena, civil.second);

	return NULL;
}

static const struct value *time_to_json(const struct value *value,
					struct arena *arena)
{
	CLEANUP(str_release) struct str text = {0};

	datefmt_add(&text, DATEFMT_JSON, strlen(DATEFMT_JSON),
		    moment_of(value));
	return value_new_bytes(arena, str_text(&text), text.len);
}

const struct value_class func_time = {
	.type = "time.Time",
	.kind = "struct",
	.get = get_time,
	.print = print_time,
	.to_json = time_to_json,
};

static bool give_time(struct call *call, struct moment moment)
{
	struct value *value = value_new(call->arena, VALUE_OBJECT);
	struct moment *copy = arena_new(call->arena, struct moment);

	*copy = moment;
	value->object.class = &func_time;
	value->object.data = copy;
	return call_give(call, value);
}

static struct moment run_clock(const struct call *call)
{
	int64_t now = call->exec->set->options.now_ms;
	int64_t rest = (now % 1000 + 1000) % 1000;

	return (struct moment){.seconds = (now - rest) / 1000,
			       .nanoseconds = (int32_t)rest * 1000000};
}

static bool run_now(struct call *call, struct err *err)
{
	(void)err;
	return give_time(call, run_clock(call));
}

/* The years 0 to 9999, which is what the layouts are made for. */
static bool check_range(const struct moment *moment, struct err *err)
{
	return (moment->seconds >= SECONDS_MIN &&
		moment->seconds <= SECONDS_MAX) ||
	       err_set(err, ERR_INPUT, "the time is beyond the year 9999");
}

/* A time, or seconds since the epoch; anything else is now, as in Sprig. */
static bool moment_arg(const struct call *call, size_t index,
		       struct moment *moment, struct err *err)
{
	const struct value *value = call->args[index];

	if (value->kind == VALUE_OBJECT && value->object.class == &func_time)
		*moment = *moment_of(value);
	else if (value->kind == VALUE_INT || value->kind == VALUE_INT64)
		*moment = (struct moment){.seconds = value->integer};
	else
		*moment = run_clock(call);
	return check_range(moment, err);
}

static bool give_date(struct call *call, const char *layout, size_t len,
		      const struct moment *moment, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	datefmt_add(&text, layout, len, moment);
	return call_give_str(call, &text, err);
}

static bool run_date(struct call *call, struct err *err)
{
	const struct value_text *layout = &call->args[0]->string;
	struct moment moment;

	return moment_arg(call, 1, &moment, err) &&
	       give_date(call, layout->bytes, layout->len, &moment, err);
}

static bool run_html_date(struct call *call, struct err *err)
{
	static const char layout[] = "2006-01-02";
	struct moment moment;

	return moment_arg(call, 0, &moment, err) &&
	       give_date(call, layout, strlen(layout), &moment, err);
}

static bool run_unix_epoch(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	str_addf(&text, "%lld", (long long)moment_of(call->args[0])->seconds);
	return call_give_str(call, &text, err);
}

/* What is no duration changes nothing; mustDateModify refuses it. */
static bool modify(struct call *call, bool must, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	struct moment moment = *moment_of(call->args[1]);
	int64_t by, nanoseconds;

	if (!datefmt_parse_duration(text->bytes, text->len, &by)) {
		if (must)
			return err_set(err, ERR_INPUT,
				       "the text is no duration");
		return call_give(call, call->args[1]);
	}
	nanoseconds = moment.nanoseconds + by % NANOS_PER_SECOND;
	moment.seconds += by / NANOS_PER_SECOND;
	if (nanoseconds < 0) {
		nanoseconds += NANOS_PER_SECOND;
		moment.seconds--;
	} else if (nanoseconds >= NANOS_PER_SECOND) {
		nanoseconds -= NANOS_PER_SECOND;
		moment.seconds++;
	}
	moment.nanoseconds = (int32_t)nanoseconds;
	return check_range(&moment, err) && give_time(call, moment);
}

static bool run_date_modify(struct call *call, struct err *err)
{
	return modify(call, false, err);
}

static bool run_must_date_modify(struct call *call, struct err *err)
{
	return modify(call, true, err);
}

const struct func funcs_date[] = {
	{"date", "sa", run_date},
	{"dateModify", "st", run_date_modify},
	{"date_modify", "st", run_date_modify},
	{"htmlDate", "a", run_html_date},
	{"mustDateModify", "st", run_must_date_modify},
	{"must_date_modify", "st", run_must_date_modify},
	{"now", "", run_now},
	{"unixEpoch", "t", run_unix_epoch},
	{NULL},
};
