#include "core/stack.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"

/*
 * The lock names what was resolved, in the order of the dependencies; the
 * dependency itself may only name a range.
 */
static const char *version_of(const struct value *dependency,
			      const struct value *locked)
{
	const char *version =
		locked ? value_find_text(locked, "version") : NULL;

	if (version && same_text(value_find_text(locked, "name"),
				 value_find_text(dependency, "name")))
		return version;
	version = value_find_text(dependency, "version");
	return version ? version : "";
}

const struct value *stack_applications(const struct value *payload,
				       struct arena *arena)
{
	struct value *applications = value_new_map(arena);
	const struct value *dependencies, *locked, *dependency;
	const char *name, *version;

	if (!payload)
		return applications;
	dependencies = value_find(payload, "chart.metadata.dependencies");
	locked = value_find(payload, "chart.lock.dependencies");
	for (size_t i = 0; (dependency = value_list_at(dependencies, i)); i++) {
		name = value_find_text(dependency, "alias");
		if (is_blank(name))
			name = value_find_text(dependency, "name");
		if (!is_blank(name))
			value_map_set_text(
				applications, arena, name,
				version_of(dependency,
					   value_list_at(locked, i)));
	}
	if (applications->map.count)
		return applications;

	name = value_find_text(payload, "chart.metadata.name");
	version = value_find_text(payload, "chart.metadata.version");
	if (name)
		value_map_set_text(applications, arena, name,
				   version ? version : "");
	return applications;
}

static void add_change(struct value *changes, const char *name,
		       const struct value *old, const struct value *new,
		       struct arena *arena)
{
	struct value *change = value_new_map(arena);

	value_map_set_text(change, arena, "name", name);
	value_map_set(change, arena, "old", old ? old : &value_nil);
	value_map_set(change, arena, "new", new ? new : &value_nil);
	value_list_add(changes, arena, change);
}

const struct value *stack_changes(const struct value *old,
				  const struct value *new, struct arena *arena)
{
	struct value *changes = value_new_list(arena);
	const struct value *all = value_merge(old, new, arena);

	for (size_t i = 0; i < all->map.count; i++) {
		const char *name = all->map.pairs[i].key.bytes;

		add_change(changes, name, value_map_get(old, name),
			   value_map_get(new, name), arena);
	}
	return changes;
}
