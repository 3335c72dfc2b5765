#include "flow/changelog.h"

#include "base/err.h"
#include "base/str.h"
#include "core/record.h"
#include "core/tickets.h"
#include "flow/changelog_parts.h"
#include "format/value.h"

static void gathering_release(struct changelog_gathering *gathering)
{
	changelog_release_forges(gathering);
	changelog_release_clones(gathering);
	changelog_release_charts(gathering);
	origin_release(&gathering->origin);
	strvec_release(&gathering->projects);
}

/* --- applications ------------------------------------------------------ */

static bool tell_application(struct changelog_gathering *gathering,
			     const struct appchange *change,
			     struct value *applications, struct err *err)
{
	CLEANUP(changelog_release) struct changelog log = {0};
	const char *source = changelog_source_of(gathering, change);
	struct changelog_place place = {0};
	struct changelog_facts facts = {
		.name = change->name,
		.old = change->old.version,
		.new = change->new.version,
		.old_commit = change->old.commit,
		.new_commit = change->new.commit,
		.changes_max = gathering->changes_left,
	};
	struct value *told;

	if (source)
		changelog_find_place(gathering, source, &place);
	facts.web = place.web;
	facts.kind = place.kind;
	if (!changelog_read_commits(gathering, change, &log, &facts, err))
		return err_wrap(err, "cannot tell the changes of '%s'",
				change->name);
	told = changelog_tell(&log, &facts, gathering->arena);
	gathering->changes_left -= value_map_get(told, "changes")->list.count +
				   value_map_get(told, "removed")->list.count;
	value_list_add(applications, gathering->arena, told);
	return true;
}

/* --- tickets ----------------------------------------------------------- */

/* The keys of all applications, once each. */
static void collect_keys(const struct value *applications, struct strvec *keys)
{
	CLEANUP(map_release) struct map seen = {0};

	for (size_t i = 0; i < applications->list.count; i++) {
		const struct value *tickets =
			value_find_list(applications->list.items[i], "tickets");

		for (size_t t = 0; t < tickets->list.count; t++) {
			const char *key = tickets->list.items[t]->string.bytes;

			if (map_has(&seen, key) || keys->count == TICKETS_MAX)
				continue;
			map_put(&seen, key, &seen);
			strvec_add(keys, key);
		}
	}
}

/* --- the whole --------------------------------------------------------- */

static bool find_changes(struct changelog_gathering *gathering, struct err *err)
{
	const struct strvec *dirs = gathering->args->git_dirs;

	if (!origin_find(&gathering->origin, gathering->args->env,
			 dirs->count ? dirs->items[0] : ".", err) ||
	    !changelog_open_clones(gathering, err))
		return false;
	if (!gathering->args->range)
		origin_tell_untrusted(&gathering->origin, NULL, "commits in it",
				      gathering->args->reporter);
	return gathering->args->range ? changelog_find_range(gathering, err)
				      : changelog_find_changes(gathering, err);
}

bool changelog_gather(struct changelog_work *work,
		      const struct changelog_args *args, struct err *err)
{
	CLEANUP(gathering_release) struct changelog_gathering gathering = {
		.args = args,
		.arena = &work->arena,
		.changes_left = args->changes_max,
	};
	CLEANUP(strvec_release) struct strvec keys = {0};
	struct value *applications = value_new_list(&work->arena);
	struct value *told = value_new_map(&work->arena);
	struct value *tickets;

	if (!changelog_find_projects(&gathering, err) ||
	    !find_changes(&gathering, err))
		return false;
	for (size_t i = 0; i < gathering.changes.count; i++)
		if (!tell_application(&gathering, &gathering.changes.items[i],
				      applications, err))
			return false;
	collect_keys(applications, &keys);
	if (!changelog_tell_tickets(&gathering, &keys, &tickets, err))
		return false;
	value_map_set(told, &work->arena, "applications", applications);
	value_map_set(told, &work->arena, "tickets", tickets);
	work->told = told;
	return true;
}

void changelog_work_release(struct changelog_work *work)
{
	arena_release(&work->arena);
	*work = (struct changelog_work){0};
}

/* --- the record -------------------------------------------------------- */

void changelog_record(const struct value *told, struct record *record,
		      struct arena *arena)
{
	const struct value *tickets = value_find_list(told, "tickets");
	struct value *keys = value_new_list(arena);

	record_set(record, "changelog", told);
	for (size_t i = 0; i < tickets->list.count; i++)
		value_list_add(keys, arena,
			       value_map_get(tickets->list.items[i], "key"));
	if (keys->list.count > 0)
		record_set(record, "tickets", keys);
}

static const struct value *find_named(const struct value *list, const char *key,
				      const char *text)
{
	for (size_t i = 0; text && i < list->list.count; i++)
		if (same_text(value_find_text(list->list.items[i], key), text))
			return list->list.items[i];
	return NULL;
}

/* What @told says of @application, tickets included. */
static const struct value *only(const struct value *told,
				const struct value *application,
				struct arena *arena)
{
	const struct value *keys = value_find_list(application, "tickets");
	struct value *applications = value_new_list(arena);
	struct value *tickets = value_new_list(arena);
	struct value *one = value_new_map(arena);

	value_list_add(applications, arena, application);
	for (size_t i = 0; i < keys->list.count; i++) {
		const struct value *key = keys->list.items[i];
		const struct value *ticket =
			key->kind == VALUE_STRING
				? find_named(value_find_list(told, "tickets"),
					     "key", key->string.bytes)
				: NULL;

		if (ticket)
			value_list_add(tickets, arena, ticket);
	}
	value_map_set(one, arena, "applications", applications);
	value_map_set(one, arena, "tickets", tickets);
	return one;
}

static const struct value *find_application(const struct value *record,
					    const char *app)
{
	return find_named(value_find_list(record, "changelog.applications"),
			  "name", app);
}

bool changelog_tells_of(const struct value *record, const char *app)
{
	return find_application(record, app) != NULL;
}

void changelog_add_recorded(struct str *out, const struct value *record,
			    const char *app, enum changelog_form form,
			    size_t limit)
{
	const struct value *told =
		record ? value_find(record, "changelog") : NULL;
	const struct value *application = find_application(record, app);
	CLEANUP(arena_release) struct arena arena = {0};

	if (!told || !value_is_map(told))
		return;
	if (application)
		told = only(told, application, &arena);
	changelog_add_text(out, told, form, limit);
}
