/*
 * Sprig's functions over dates.  The clock is the run's: a render with the
 * same SOURCE_DATE_EPOCH and TZ gives the same bytes.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/datefmt.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"
#include "tmpl/timeval.h"

/* What looking for the file of a zone costs, in steps. */
#define ZONE_STEPS 200

static const char html_layout[] = "2006-01-02";

static bool run_now(struct call *call, struct err *err)
{
	(void)err;
	return call_give_time(call, call_now(call));
}

/* A time, or seconds since the epoch; anything else is now. */
static struct moment moment_arg(struct call *call, size_t index)
{
	const struct value *value = call->args[index];

	if (timeval_is_time(value))
		return *timeval_moment(value);
	if ((value->kind == VALUE_INT || value->kind == VALUE_INT64) &&
	    !value->named)
		return (struct moment){.seconds = value->integer,
				       .zone = call_local_zone(call)};
	return call_now(call);
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
	struct moment moment = moment_arg(call, 1);

	moment.zone = call_local_zone(call);
	return give_date(call, layout->bytes, layout->len, &moment, err);
}

static bool run_html_date(struct call *call, struct err *err)
{
	struct moment moment = moment_arg(call, 0);

	moment.zone = call_local_zone(call);
	return give_date(call, html_layout, strlen(html_layout), &moment, err);
}

/* "Local", or a name of the tz database; any other is UTC. */
static bool zone_arg(struct call *call, size_t index, struct moment *moment,
		     struct err *err)
{
	const struct value_text *name = &call->args[index]->string;

	if (!call_charge(call, ZONE_STEPS, 0, err))
		return false;
	if (name->len == 5 && memcmp(name->bytes, "Local", 5) == 0)
		moment->zone = call_local_zone(call);
	else if (!zones_find(&call->exec->zones, name->bytes, name->len,
			     &moment->zone))
		moment->zone = NULL;
	return true;
}

static bool run_date_in_zone(struct call *call, struct err *err)
{
	const struct value_text *layout = &call->args[0]->string;
	struct moment moment = moment_arg(call, 1);

	return zone_arg(call, 2, &moment, err) &&
	       give_date(call, layout->bytes, layout->len, &moment, err);
}

static bool run_html_date_in_zone(struct call *call, struct err *err)
{
	struct moment moment = moment_arg(call, 0);

	return zone_arg(call, 1, &moment, err) &&
	       give_date(call, html_layout, strlen(html_layout), &moment, err);
}

static bool run_unix_epoch(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	str_addf(&text, "%lld",
		 (long long)timeval_moment(call->args[0])->seconds);
	return call_give_str(call, &text, err);
}

/* What is no duration changes nothing; mustDateModify refuses it. */
static bool modify(struct call *call, bool must, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	int64_t by = 0;

	if (!datefmt_parse_duration(text->bytes, text->len, &by) && must)
		return err_set(err, ERR_INPUT, "the text is no duration");
	return call_give_time(call,
			      moment_add(*timeval_moment(call->args[1]), by));
}

static bool run_date_modify(struct call *call, struct err *err)
{
	return modify(call, false, err);
}

static bool run_must_date_modify(struct call *call, struct err *err)
{
	return modify(call, true, err);
}

static bool parse(struct call *call, struct moment *moment)
{
	const struct value_text *layout = &call->args[0]->string;
	const struct value_text *text = &call->args[1]->string;

	return datefmt_parse(layout->bytes, layout->len, text->bytes, text->len,
			     call_local_zone(call), call->arena, moment);
}

static bool run_to_date(struct call *call, struct err *err)
{
	struct moment moment = moment_zero();

	(void)err;
	if (!parse(call, &moment))
		moment = moment_zero();
	return call_give_time(call, moment);
}

static bool run_must_to_date(struct call *call, struct err *err)
{
	struct moment moment;

	if (!parse(call, &moment))
		return err_set(err, ERR_INPUT,
			       "'%s' is no date of the layout '%s'",
			       call->args[1]->string.bytes,
			       call->args[0]->string.bytes);
	return call_give_time(call, moment);
}

/* To the second. */
static bool run_ago(struct call *call, struct err *err)
{
	struct moment then = moment_arg(call, 0), now = call_now(call);
	CLEANUP(str_release) struct str text = {0};

	datefmt_add_duration(&text, duration_round(moment_sub(&now, &then),
						   NANOS_PER_SECOND));
	return call_give_str(call, &text, err);
}

#define RUNS_CLOCK "what is no time stands for now, which is the run's clock"

const struct func funcs_date[] = {
	{"ago", "a", run_ago, .differs = RUNS_CLOCK},
	{"date", "sa", run_date, .differs = RUNS_CLOCK},
	{"dateInZone", "sas", run_date_in_zone, .differs = RUNS_CLOCK},
	{"dateModify", "st", run_date_modify},
	{"date_in_zone", "sas", run_date_in_zone, .differs = RUNS_CLOCK},
	{"date_modify", "st", run_date_modify},
	{"htmlDate", "a", run_html_date, .differs = RUNS_CLOCK},
	{"htmlDateInZone", "as", run_html_date_in_zone, .differs = RUNS_CLOCK},
	{"mustDateModify", "st", run_must_date_modify},
	{"mustToDate", "ss", run_must_to_date},
	{"must_date_modify", "st", run_must_date_modify},
	{"now", "", run_now,
	 .differs = "the run\'s clock: SOURCE_DATE_EPOCH where that is set"},
	{"toDate", "ss", run_to_date},
	{"unixEpoch", "t", run_unix_epoch},
	{NULL},
};
