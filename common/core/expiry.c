#include "core/expiry.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"

#define NEVER "never"

static bool parse_duration(const char *text, int64_t *milliseconds)
{
	return num_parse_duration(text, milliseconds) &&
	       *milliseconds >= EXPIRY_LEAST_MS;
}

static bool is_duration(const char *text)
{
	int64_t milliseconds;

	return parse_duration(text, &milliseconds);
}

bool expiry_parse(const char *text, int64_t now, int64_t *at)
{
	size_t len = strlen(text);
	int64_t milliseconds;

	if (clock_parse_rfc3339(text, len, at) ||
	    clock_parse_date_time(text, len, at))
		return true;
	if (!parse_duration(text, &milliseconds))
		return false;
	*at = now + milliseconds / 1000;
	return true;
}

static const struct value *member(const struct value *map, const char *name)
{
	const struct value *value = map ? value_map_get(map, name) : NULL;

	return value && value->kind != VALUE_NIL ? value : NULL;
}

/* What global.expires says: 1, 0, or -1 for nothing. */
static bool read_expires(const struct value *global, int *says, struct err *err)
{
	const struct value *expires = member(global, "expires");

	if (!expires)
		*says = -1;
	else if (expires->kind == VALUE_BOOL)
		*says = expires->boolean;
	else
		return err_set(err, ERR_INPUT,
			       "'global.expires' must be true or false");
	return true;
}

static bool read_date(const struct value *global, int64_t now, bool *found,
		      int64_t *at, struct err *err)
{
	const struct value *date = member(global, "expiryDate");

	*found = false;
	if (!date || (date->kind == VALUE_STRING && !date->string.len))
		return true;
	*found = date->kind == VALUE_STRING &&
		 expiry_parse(date->string.bytes, now, at);
	if (*found)
		return true;
	(void)err_set(err, ERR_INPUT, "'global.expiryDate' is no date");
	return err_hint(err, "write \"YYYY-MM-DD hh:mm:ss\" (UTC), an RFC "
			     "3339 time, a duration such as 8h or 3d, or "
			     "nothing for the default");
}

bool expiry_decide(struct expiry *expiry, const struct expiry_input *input,
		   const char **warning, struct err *err)
{
	struct expiry decided = {.expires = true, .from_then = true};
	int64_t date = 0;
	bool has_date = false;
	int says = -1;

	*warning = NULL;
	if (!read_expires(input->global, &says, err) ||
	    !read_date(input->global, input->now, &has_date, &date, err))
		return false;

	if (input->main) {
		decided.expires = false;
		if (says == 1)
			*warning = "'global.expires' is true, but the main "
				   "branch's environment never expires";
		else if (input->explicit_ms != EXPIRY_UNSET)
			*warning = "a time to live says nothing to the main "
				   "branch's environment, which never expires";
	} else if (input->explicit_ms != EXPIRY_UNSET) {
		decided.at = input->now + input->explicit_ms / 1000;
	} else if (says == 0) {
		decided.expires = false;
	} else if (has_date) {
		decided.at = date;
		decided.from_then = is_duration(
			value_find_text(input->global, "expiryDate"));
	} else {
		decided.at = input->now + EXPIRY_DEFAULT_MS / 1000;
	}
	*expiry = decided;
	return true;
}

struct expiry expiry_renew(struct expiry decided, int64_t then, int64_t now)
{
	if (decided.expires && decided.from_then)
		decided.at += now - then;
	return decided;
}

char *expiry_warn_passed(const struct expiry *expiry, int64_t now,
			 const struct ydoc *values)
{
	CLEANUP(err_release) struct err place = {0};
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	if (!expiry->expires || expiry->at > now)
		return NULL;
	(void)err_set(&place, ERR_INPUT, "it has passed");
	(void)ydoc_blame(values, "global.expiryDate", &place);
	return xasprintf("'global.expiryDate' in %s:%u is %s UTC, which has "
			 "passed: expire-sweep will delete the environment",
			 place.file, place.line, date);
}

/* What Helm's templates saw: config over the chart's own values. */
static const struct value *globals_of(const struct value *release,
				      struct arena *arena)
{
	const struct value *defaults = value_find(release, "chart.values");
	const struct value *config = member(release, "config");
	const struct value *merged = defaults;

	if (defaults && config)
		merged = value_merge(defaults, config, arena);
	else if (config)
		merged = config;
	return member(merged, "global");
}

static bool is_zoneless(const char *text)
{
	int64_t at;

	return clock_parse_date_time(text, strlen(text), &at);
}

bool expiry_read_release(struct expiry_told *told, const struct value *release,
			 int64_t created, struct arena *arena, struct err *err)
{
	const struct value *globals = globals_of(release, arena);
	const char *text = value_find_text(globals, "expiryDate");
	struct expiry_told read = {0};
	int says = -1;

	if (!read_expires(globals, &says, err))
		return false;
	if (says == 0) {
		read.told = true;
		*told = read;
		return true;
	}
	if (!is_blank(text) && is_duration(text) && !created)
		return err_set(err, ERR_INPUT,
			       "'global.expiryDate' is '%s', but nothing says "
			       "when the release was deployed",
			       text);
	if (!read_date(globals, created, &read.told, &read.expiry.at, err))
		return false;
	if (read.told && read.expiry.at < EXPIRY_AT_MIN)
		return err_set(err, ERR_INPUT,
			       "'global.expiryDate' is '%s', when no "
			       "environment has ended",
			       text);
	read.expiry.expires = read.told;
	read.zoneless = read.told && is_zoneless(text);
	*told = read;
	return true;
}

char *expiry_date(const struct expiry *expiry)
{
	struct str date = {0};

	if (expiry->expires)
		clock_add_date_time(&date, expiry->at);
	return str_detach(&date);
}

void expiry_tell(const struct expiry *expiry, struct value *map,
		 struct arena *arena)
{
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	value_map_set(map, arena, "expires",
		      value_new_bool(arena, expiry->expires));
	value_map_set(map, arena, "expiryDate",
		      expiry->expires ? value_new_text(arena, date)
				      : &value_nil);
	value_map_set(map, arena, "expiresAt",
		      expiry->expires ? value_new_int(arena, expiry->at)
				      : &value_nil);
}

char *expiry_label(const struct expiry *expiry)
{
	int64_t at = expiry->at > EXPIRY_AT_MIN ? expiry->at : EXPIRY_AT_MIN;

	return expiry->expires ? xasprintf("%lld", (long long)at)
			       : xstrdup(NEVER);
}

bool expiry_parse_label(const char *label, struct expiry *expiry)
{
	int64_t at;

	if (strcmp(label, NEVER) == 0) {
		*expiry = (struct expiry){0};
		return true;
	}
	if (strlen(label) > EXPIRY_LABEL_MAX || *label == '0' ||
	    !num_parse_range(label, EXPIRY_AT_MIN, INT64_MAX, &at))
		return false;
	*expiry = (struct expiry){.expires = true, .at = at};
	return true;
}

bool expiry_same(struct expiry a, struct expiry b)
{
	return a.expires == b.expires && (!a.expires || a.at == b.at);
}

struct expiry expiry_later(struct expiry a, struct expiry b)
{
	if (!a.expires || !b.expires)
		return (struct expiry){0};
	return a.at > b.at ? a : b;
}
