/*
 * The types of Go's time package as values of templates.
 *
 * time.Time is an object that holds a struct moment; time.Duration,
 * time.Month and time.Weekday are integers with a name.
 */
#ifndef TMPL_TIMEVAL_H
#define TMPL_TIMEVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tmpl/moment.h"

struct arena;
struct call;
struct value;
struct value_class;
struct zone;

extern const struct value_class class_time;	/* time.Time */
extern const struct value_class class_duration; /* time.Duration */
extern const struct value_class class_month;	/* time.Month */
extern const struct value_class class_weekday;	/* time.Weekday */
extern const struct value_class class_location; /* *time.Location */

const struct value *timeval_new(struct arena *arena, struct moment moment);
const struct value *timeval_new_duration(struct arena *arena,
					 int64_t nanoseconds);

const struct value *timeval_new_month(struct arena *arena, int month);
const struct value *timeval_new_weekday(struct arena *arena, int weekday);
const struct value *timeval_new_location(struct arena *arena,
					 const struct zone *zone);

/* The zone of a *time.Location. */
const struct zone *timeval_zone(const struct value *value);

bool timeval_is_time(const struct value *value);

/* What a time.Time holds. */
const struct moment *timeval_moment(const struct value *value);

/* Results; both give true. */
bool call_give_time(struct call *call, struct moment moment);
bool call_give_duration(struct call *call, int64_t nanoseconds);

/* The run's clock, and its local zone. */
struct moment call_now(struct call *call);
const struct zone *call_local_zone(struct call *call);

/* Go's Duration.Round and Truncate; a step up to 0 changes nothing. */
int64_t duration_round(int64_t nanoseconds, int64_t step);
int64_t duration_truncate(int64_t nanoseconds, int64_t step);

/* In hours and so on: @unit in nanoseconds. */
double duration_in(int64_t nanoseconds, int64_t unit);

#define NANOS_PER_MINUTE ((int64_t)60 * NANOS_PER_SECOND)
#define NANOS_PER_HOUR	 ((int64_t)3600 * NANOS_PER_SECOND)

#endif
