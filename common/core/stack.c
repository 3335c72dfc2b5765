#include "core/stack.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/semver.h"
#include "format/value.h"

/* A dependency, and the places in the lock that it may have. */
struct sought {
	const struct value *dependency;
	const char *name; /* of its chart; NULL: not known */
	size_t first, last;
};

static const char *text_of(const struct value *entry, const char *key)
{
	const char *text = value_find_text(entry, key);

	return text ? text : "";
}

/* Helm resolves a name that it knows the repository under. */
static bool is_of_repository(const struct value *dependency,
			     const struct value *locked)
{
	const char *repository = text_of(dependency, "repository");

	return starts_with(repository, "@") ||
	       starts_with(repository, "alias:") ||
	       same_text(repository, text_of(locked, "repository"));
}

static bool is_in_range(const char *version, const char *range)
{
	CLEANUP(err_release) struct err unclear = {0};
	CLEANUP(semver_release) struct semver found = {0};
	CLEANUP(semver_constraint_release) struct semver_constraint wanted = {
		0};

	return is_blank(range) || same_text(version, range) ||
	       (semver_parse(&found, version, &unclear) &&
		semver_constraint_parse(&wanted, range, &unclear) &&
		semver_satisfies(&found, &wanted));
}

static bool may_be(const struct sought *sought, const struct value *locked)
{
	return (!sought->name ||
		same_text(sought->name, text_of(locked, "name"))) &&
	       is_of_repository(sought->dependency, locked) &&
	       is_in_range(text_of(locked, "version"),
			   text_of(sought->dependency, "version"));
}

/*
 * As far to the front as those before allow, and as far to the back as those
 * behind do.  False: they have not all a place.
 */
static bool find_places(struct sought *sought, size_t count,
			const struct value *locked)
{
	size_t at = 0, end = locked->list.count;

	for (size_t i = 0; i < count; i++) {
		while (at < end &&
		       !may_be(&sought[i], value_list_at(locked, at)))
			at++;
		if (at == end)
			return false;
		sought[i].first = at++;
	}
	for (size_t i = count; i-- > 0;) {
		do
			end--;
		while (!may_be(&sought[i], value_list_at(locked, end)));
		sought[i].last = end;
	}
	return true;
}

static int compare_versions(const char *a, const char *b)
{
	CLEANUP(err_release) struct err unclear = {0};
	CLEANUP(semver_release) struct semver left = {0};
	CLEANUP(semver_release) struct semver right = {0};

	if (!semver_parse(&left, a, &unclear) ||
	    !semver_parse(&right, b, &unclear))
		return strcmp(a, b);
	return semver_compare(&left, &right);
}

/* NULL: several charts are possible. */
static const char *locked_version(const struct sought *sought,
				  const struct value *locked)
{
	const struct value *best = value_list_at(locked, sought->first);
	bool one_chart = true, one_version = true;

	for (size_t i = sought->first + 1; i <= sought->last; i++) {
		const struct value *other = value_list_at(locked, i);
		int order;

		if (!may_be(sought, other))
			continue;
		order = compare_versions(text_of(other, "version"),
					 text_of(best, "version"));
		one_version = one_version && !order;
		one_chart = one_chart && same_text(text_of(other, "name"),
						   text_of(best, "name"));
		if (order > 0)
			best = other;
	}
	return one_chart || one_version ? text_of(best, "version") : NULL;
}

static void add_application(struct value *applications,
			    const struct sought *sought,
			    const struct value *locked, struct arena *arena)
{
	const char *name = text_of(sought->dependency, "alias");
	const char *version = locked ? locked_version(sought, locked) : NULL;

	if (is_blank(name))
		name = text_of(sought->dependency, "name");
	if (!version)
		version = text_of(sought->dependency, "version");
	if (!is_blank(name))
		value_map_set_text(applications, arena, name, version);
}

static bool is_aliased(const struct value *dependency)
{
	return !is_blank(text_of(dependency, "alias"));
}

/* What Helm itself keeps no name of has that in @names, or none. */
static void name_all(struct sought *sought, size_t count,
		     const struct value *names)
{
	for (size_t i = 0; i < count; i++) {
		const struct value *dependency = sought[i].dependency;
		const struct value *name =
			is_aliased(dependency)
				? value_map_get(names,
						text_of(dependency, "alias"))
				: value_map_get(dependency, "name");

		sought[i].name = name && name->kind == VALUE_STRING
					 ? name->string.bytes
					 : NULL;
	}
}

/* An alias may have been of another chart when this was deployed. */
static bool search(struct sought *sought, size_t count,
		   const struct value *names, const struct value *locked)
{
	if (locked->list.count > STACK_LOCKED_MAX)
		return false;
	name_all(sought, count, names);
	if (find_places(sought, count, locked))
		return true;
	name_all(sought, count, NULL);
	return find_places(sought, count, locked);
}

static void add_dependencies(struct value *applications,
			     const struct value *dependencies,
			     const struct value *names,
			     const struct value *locked, struct arena *arena)
{
	size_t count = dependencies->list.count;
	struct sought *sought = arena_new_array(arena, struct sought, count);

	for (size_t i = 0; i < count; i++)
		sought[i].dependency = value_list_at(dependencies, i);
	if (!search(sought, count, names, locked))
		locked = NULL;
	for (size_t i = 0; i < count; i++)
		add_application(applications, &sought[i], locked, arena);
}

const struct value *stack_names(const struct value *chart, struct arena *arena)
{
	const struct value *dependencies =
		value_find_list(chart, "dependencies");
	struct value *names = value_new_map(arena);

	for (size_t i = 0; i < dependencies->list.count; i++) {
		const struct value *dependency = value_list_at(dependencies, i);
		const char *name = text_of(dependency, "name");

		if (is_aliased(dependency) && !is_blank(name))
			value_map_set_text(names, arena,
					   text_of(dependency, "alias"), name);
	}
	return names;
}

const struct value *stack_applications(const struct value *payload,
				       const struct value *names,
				       struct arena *arena)
{
	struct value *applications = value_new_map(arena);
	const char *name;

	if (!payload)
		return applications;
	add_dependencies(
		applications,
		value_find_list(payload, "chart.metadata.dependencies"), names,
		value_find_list(payload, "chart.lock.dependencies"), arena);
	if (applications->map.count)
		return applications;

	name = value_find_text(payload, "chart.metadata.name");
	if (name)
		value_map_set_text(
			applications, arena, name,
			text_of(value_find(payload, "chart.metadata"),
				"version"));
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
