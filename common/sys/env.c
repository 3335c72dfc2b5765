#include "sys/env.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

/* Add @pair, "NAME=value"; what is no pair or a second of its name is not. */
static void add_pair(struct env *env, const char *pair)
{
	const char *equals = strchr(pair, '=');
	CLEANUP(free_ptr) char *name = NULL;
	char *copy;

	if (!equals || equals == pair)
		return;
	name = xmemdupz(pair, (size_t)(equals - pair));
	if (map_get(&env->values, name))
		return;
	copy = xstrdup(pair);
	strvec_add_take(&env->pairs, copy);
	map_put(&env->values, name, copy + strlen(name) + 1);
}

void env_snapshot(struct env *env)
{
	for (char **pair = environ; pair && *pair; pair++)
		add_pair(env, *pair);
}

void env_copy(struct env *env, const struct env *from)
{
	for (size_t i = 0; i < from->pairs.count; i++)
		add_pair(env, from->pairs.items[i]);
}

void env_set(struct env *env, const char *name, const char *value)
{
	CLEANUP(free_ptr) char *pair = xasprintf("%s=%s", name, value);

	env_unset(env, name);
	add_pair(env, pair);
}

void env_unset(struct env *env, const char *name)
{
	const char *value = map_get(&env->values, name);
	struct strvec *pairs = &env->pairs;

	if (!value)
		return;
	map_put(&env->values, name, NULL);
	for (size_t i = 0; i < pairs->count; i++) {
		if (pairs->items[i] + strlen(name) + 1 != value)
			continue;
		wipe(pairs->items[i], strlen(pairs->items[i]));
		free(pairs->items[i]);
		/* The terminating NULL moves too. */
		memmove(pairs->items + i, pairs->items + i + 1,
			(pairs->count - i) * sizeof(*pairs->items));
		pairs->count--;
		return;
	}
}

const char *env_get(const struct env *env, const char *name)
{
	const char *value = env_get_raw(env, name);

	return value && *value ? value : NULL;
}

const char *env_get_raw(const struct env *env, const char *name)
{
	return map_get(&env->values, name);
}

void env_release(struct env *env)
{
	map_release(&env->values);
	strvec_release(&env->pairs);
}

bool env_set_process(const char *name, const char *value)
{
	return !getenv(name) && setenv(name, value, 0) == 0;
}

void env_unset_process(const char *name)
{
	(void)unsetenv(name);
}
