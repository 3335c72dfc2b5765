/* Functions over TOML, as the library that Helm uses writes and reads it. */
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/toml.h"
#include "format/value.h"
#include "tmpl/datefmt.h"
#include "tmpl/func.h"
#include "tmpl/serial.h"
#include "tmpl/timeval.h"
#include "tmpl/zone.h"

/* What is read takes less than this for each byte of the text. */
#define BYTES_PER_BYTE 64

/* The layouts of dates, and the zones of those that have none. */
static const struct {
	const char *layout;
	const char *zone; /* NULL: the local one */
} layouts[] = {
	{"2006-01-02T15:04:05.999999999Z07:00", NULL},
	{"2006-01-02T15:04:05.999999999", "datetime-local"},
	{"2006-01-02", "date-local"},
	{"15:04:05.999999999", "time-local"},
	{"2006-01-02T15:04Z07:00", NULL},
	{"2006-01-02T15:04", "datetime-local"},
	{"15:04", "time-local"},
};

/* Go reads 1:02 where the layout says 15:04: separators would be elsewhere. */
static bool has_all_zeros(const char *text, size_t len, const char *layout)
{
	for (size_t i = 0; layout[i] && layout[i] != '.' && layout[i] != 'Z';
	     i++) {
		if ((layout[i] < '0' || layout[i] > '9') &&
		    (i >= len || text[i] != layout[i]))
			return false;
	}
	return true;
}

static const struct value *read_date(const char *text, size_t len,
				     struct arena *arena, void *context)
{
	struct call *call = context;
	const struct zone *local = call_local_zone(call);
	struct moment now = call_now(call), moment;
	struct wall wall;

	now.zone = local;
	moment_to_wall(&now, &wall);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const char *layout = layouts[i].layout, *name = layouts[i].zone;
		const struct zone *zone = local;

		if (name)
			zone = zone_new_fixed(arena, name, strlen(name),
					      wall.offset);
		if (!datefmt_parse(layout, strlen(layout), text, len, zone,
				   arena, &moment))
			continue;
		return has_all_zeros(text, len, layout)
			       ? timeval_new(arena, moment)
			       : NULL;
	}
	return NULL;
}

/* A date that was read without a zone is written so. */
static bool write_date(struct str *out, const struct value *value)
{
	static const char rfc3339[] = "2006-01-02T15:04:05.999999999Z07:00";
	const char *layout = rfc3339;
	struct moment moment;

	if (!timeval_is_time(value))
		return false;
	moment = *timeval_moment(value);
	for (size_t i = 1; i <= 3; i++) {
		if (strcmp(zone_name(moment.zone), layouts[i].zone) == 0)
			layout = layouts[i].layout;
	}
	if (layout != rfc3339)
		moment.zone = NULL;
	datefmt_add(out, layout, strlen(layout), &moment);
	return true;
}

/* What has no TOML is an error, or its message the result. */
static bool write_toml(struct call *call, bool must, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	CLEANUP(err_release) struct err problem = {0};
	const struct toml_dates dates = {.write = write_date};

	if (!call_charge_value(call, call->args[0], 4, err))
		return false;
	if (toml_write(&text, call->args[0], &dates, &problem))
		return call_give_str(call, &text, err);
	/* With nil the library panics. */
	if (must || call->args[0]->kind == VALUE_NIL) {
		err_move(err, &problem);
		return false;
	}
	str_clear(&text);
	str_add(&text, problem.text);
	return call_give_str(call, &text, err);
}

static bool run_to_toml(struct call *call, struct err *err)
{
	return write_toml(call, false, err);
}

static bool run_must_to_toml(struct call *call, struct err *err)
{
	return write_toml(call, true, err);
}

static bool run_from_toml(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	const struct toml_dates dates = {.read = read_date, .context = call};
	CLEANUP(toml_release) struct toml toml = {.dates = &dates};

	return call_charge(call, text->len, text->len * BYTES_PER_BYTE, err) &&
	       toml_parse(&toml, text->bytes, text->len, call->arena, err) &&
	       serial_give_map(call, toml.root, &toml.problem);
}

const struct func funcs_toml[] = {
	{"fromToml", "s", run_from_toml,
	 .differs = "a text of more than 1 MiB, or deeper than 500, is an "
		    "error"},
	{"mustToToml", "a", run_must_to_toml},
	{"toToml", "a", run_to_toml},
	{NULL},
};
