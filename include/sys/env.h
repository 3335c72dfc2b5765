/*
 * The process's environment: the only place that reads or changes it.
 *
 * main() takes one snapshot, which travels as `const struct env *`; so every
 * reader is a function of its arguments, and a test brings its own.
 */
#ifndef SYS_ENV_H
#define SYS_ENV_H

#include <stdbool.h>

#include "base/map.h"
#include "base/strvec.h"

struct env {
	struct map values;   /* name -> value, which points into @pairs */
	struct strvec pairs; /* "NAME=value", each name once */
};

/* Take the process's environment; of a name given twice, the first. */
void env_snapshot(struct env *env);

/* A snapshot of @from that a child's additions can go to. */
void env_copy(struct env *env, const struct env *from);

/* Set one variable in the snapshot (tests; children's additions). */
void env_set(struct env *env, const char *name, const char *value);

/* Take one out, its bytes wiped: secrets that children need not know. */
void env_unset(struct env *env, const char *name);

/* The value, or NULL if it is unset or empty (interface: empty = unset). */
const char *env_get(const struct env *env, const char *name);

/* The value as it is: NULL only if it is unset. */
const char *env_get_raw(const struct env *env, const char *name);

void env_release(struct env *env);

/*
 * Set a variable of the process itself, for what a library looks at by
 * itself; false if there is one already.  And take it out again.
 */
bool env_set_process(const char *name, const char *value);
void env_unset_process(const char *name);

#endif
