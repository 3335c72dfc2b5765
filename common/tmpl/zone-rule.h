/*
 * Rules behind the last transition of a zone: "CET-1CEST,M3.5.0,M10.5.0/3".
 *
 * Source: Go's time/zoneinfo.go (tzset); POSIX, "TZ".
 */
#ifndef TMPL_ZONE_RULE_H
#define TMPL_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct zone_span;

/* A day of the year and a second of it. */
struct zone_switch {
	enum {
		SWITCH_JULIAN,
		SWITCH_DAY,
		SWITCH_WEEKDAY
	} kind;
	int day, week, month;
	int second;
};

struct zone_rule {
	const char *standard, *summer; /* abbreviations, in an arena */
	int standard_offset, summer_offset;
	bool has_summer;
	struct zone_switch start, end; /* of summer */
};

/* Parse @text of @len bytes, names into @arena; false: it is no rule. */
bool zone_rule_parse(struct zone_rule *rule, struct arena *arena,
		     const char *text, size_t len) MUST_CHECK;

/* What is in force at @seconds; @since: when the rule began. */
void zone_rule_lookup(const struct zone_rule *rule, int64_t since,
		      int64_t seconds, struct zone_span *span);

#endif
