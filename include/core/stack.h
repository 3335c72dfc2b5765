/*
 * A stack: the applications that an umbrella chart brings, and what a
 * release changed.  Pure.
 *
 * An application is a dependency of the umbrella, by its alias or name, with
 * the exact version of the lock; a chart without dependencies is its own
 * only application.
 */
#ifndef CORE_STACK_H
#define CORE_STACK_H

struct arena;
struct value;

/*
 * The applications of a release's payload (api/releases) as a map from name
 * to version; empty for NULL.
 */
const struct value *stack_applications(const struct value *payload,
				       struct arena *arena);

/*
 * A list of {name, old, new} for each application of either map, in order of
 * names; old is nil for a new one, new is nil for one that is gone.
 */
const struct value *stack_changes(const struct value *old,
				  const struct value *new, struct arena *arena);

#endif
