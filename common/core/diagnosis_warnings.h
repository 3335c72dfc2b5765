/*
 * What the cluster's warnings (events) say about an object, and which of them
 * are contradicted by what stands in the objects now.
 *
 * A warning is never taken back: it stays for an hour, though what it warns
 * of may be over after a second.
 */
#ifndef CORE_DIAGNOSIS_WARNINGS_H
#define CORE_DIAGNOSIS_WARNINGS_H

#include <stdint.h>

struct rollout_world;
struct value;

/* When @event came for the first and the last time, epoch seconds, 0: unsaid. */
int64_t warning_first_time(const struct value *event);
int64_t warning_last_time(const struct value *event);

/* The last about @object with @reason, or NULL. */
const struct value *warning_last(const struct rollout_world *world,
				 const struct value *object,
				 const char *reason);

/*
 * The last that tells why the containers of @pod cannot be made; NULL also
 * where all that comes before them is done by now.
 */
const struct value *warning_unmade(const struct rollout_world *world,
				   const struct value *pod);

/*
 * The last that @maker, a controller, could not create a pod; NULL also where
 * it has created one since.
 */
const struct value *warning_uncreated(const struct rollout_world *world,
				      const struct value *maker);

#endif
