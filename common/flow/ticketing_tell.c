/* What ticketing says of its plan and of its work. */

#include "flow/ticketing.h"

#include "base/strvec.h"
#include "core/record.h"
#include "flow/ticketing_parts.h"
#include "format/value.h"

/* --- what is told ------------------------------------------------------ */

static struct value *version_value(const struct ticketing_version *version,
				   struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set_text(map, arena, "project", version->project);
	value_map_set(map, arena, "id",
		      version->id ? value_new_text(arena, version->id)
				  : &value_nil);
	value_map_set_text(map, arena, "name", version->name);
	value_map_set(map, arena, "created",
		      value_new_bool(arena, version->created));
	return map;
}

static struct value *left_value(const struct ticketing_ticket *ticket,
				struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set_text(map, arena, "key", ticket->key);
	value_map_set_text(map, arena, "reason", ticket->failure.text);
	return map;
}

/* Those that are archived, or in a plan, will be. */
static struct value *archived_value(const struct ticketing *work, bool planned,
				    struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < work->old.count; i++) {
		const struct ticketing_version *version = &work->old.items[i];
		struct value *one;

		if (!planned && !version->archived_now)
			continue;
		one = value_new_map(arena);
		value_map_set_text(one, arena, "project", version->project);
		value_map_set_text(one, arena, "id", version->id);
		value_map_set_text(one, arena, "name", version->name);
		value_list_add(list, arena, one);
	}
	return list;
}

/* {versions, tickets, left, archived}; each ticket says which of its acts
 * are in @planned (a plan) or in what was done. */
static struct value *describe(const struct ticketing *work, bool planned,
			      struct arena *arena)
{
	struct value *versions = value_new_list(arena);
	struct value *tickets = value_new_list(arena);
	struct value *left = value_new_list(arena);
	struct value *map = value_new_map(arena);

	for (size_t i = 0; i < work->versions.count; i++)
		value_list_add(versions, arena,
			       version_value(&work->versions.items[i], arena));
	for (size_t i = 0; i < work->ticket_count; i++) {
		const struct ticketing_ticket *ticket = &work->tickets[i];
		unsigned int acts = planned ? ticket->planned : ticket->acted;
		struct value *one = value_new_map(arena);

		if (ticket->failure.kind != ERR_NONE)
			value_list_add(left, arena, left_value(ticket, arena));
		value_map_set_text(one, arena, "key", ticket->key);
		value_map_set(one, arena, "added",
			      value_new_bool(arena, acts & TICKET_ADD));
		value_map_set(one, arena, "linked",
			      value_new_bool(arena, acts & TICKET_LINK));
		value_map_set(one, arena, "commented",
			      value_new_bool(arena, acts & TICKET_COMMENT));
		value_map_set(one, arena, "done",
			      value_new_bool(arena, acts & TICKET_FINISH));
		value_list_add(tickets, arena, one);
	}
	value_map_set(map, arena, "versions", versions);
	value_map_set(map, arena, "tickets", tickets);
	value_map_set(map, arena, "left", left);
	value_map_set(map, arena, "archived",
		      archived_value(work, planned, arena));
	return map;
}

struct value *ticketing_plan(const struct ticketing *work, struct arena *arena)
{
	return describe(work, true, arena);
}

struct value *ticketing_result(const struct ticketing *work,
			       struct arena *arena)
{
	return describe(work, false, arena);
}

static void add_emptiness(struct str *out, const struct ticketing *work)
{
	if (work->versions.count == 0 && work->ticket_count == 0)
		str_add(out, "nothing to do: the release has no tickets\n");
}

static void add_acts(struct str *out, const struct ticketing *work,
		     const struct ticketing_ticket *ticket, unsigned int acts)
{
	str_addf(out, "%s:", ticket->key);
	if (ticket->failure.kind != ERR_NONE)
		str_addf(out, " left: %s;", ticket->failure.text);
	if (acts & TICKET_ADD)
		str_addf(out, " fix version %s;",
			 work->versions.items[ticket->version].name);
	if (acts & TICKET_LINK)
		str_addf(out, " link to %s;", work->facts.link.url);
	if (acts & TICKET_COMMENT)
		str_add(out, " comment;");
	if (acts & TICKET_MERGE)
		str_add(out, " one comment left of several;");
	if (acts & TICKET_FINISH)
		str_add(out, " done;");
	if (acts == 0 && ticket->failure.kind == ERR_NONE)
		str_add(out, " nothing to do;");
	str_truncate(out, out->len - 1);
	str_add_char(out, '\n');
}

void ticketing_plan_text(const struct ticketing *work, struct str *out)
{
	add_emptiness(out, work);
	for (size_t i = 0; i < work->versions.count; i++) {
		const struct ticketing_version *version =
			&work->versions.items[i];

		if (version->failure.kind != ERR_NONE)
			continue;
		if (!version->id)
			str_addf(out, "create version %s in %s\n",
				 version->name, version->project);
		else if (work->args->done && !version->released)
			str_addf(out, "release version %s in %s\n",
				 version->name, version->project);
		else if (version->describe)
			str_addf(out, "describe version %s in %s\n",
				 version->name, version->project);
	}
	for (size_t i = 0; i < work->ticket_count; i++)
		add_acts(out, work, &work->tickets[i],
			 work->tickets[i].planned);
	for (size_t i = 0; i < work->old.count; i++)
		str_addf(out, "archive version %s in %s\n",
			 work->old.items[i].name, work->old.items[i].project);
}

void ticketing_result_text(const struct ticketing *work, struct str *out)
{
	add_emptiness(out, work);
	for (size_t i = 0; i < work->versions.count; i++) {
		const struct ticketing_version *version =
			&work->versions.items[i];
		const char *state = version->created	    ? " (created)"
				    : version->released_now ? " (released)"
							    : "";

		if (version->id)
			str_addf(out, "%s: version %s%s\n", version->project,
				 version->name, state);
	}
	for (size_t i = 0; i < work->ticket_count; i++)
		add_acts(out, work, &work->tickets[i], work->tickets[i].acted);
	for (size_t i = 0; i < work->old.count; i++)
		if (work->old.items[i].archived_now)
			str_addf(out, "%s: version %s (archived)\n",
				 work->old.items[i].project,
				 work->old.items[i].name);
}

static bool complete_versions(const struct ticketing *work, struct err *err)
{
	const struct err *worst = ticketing_worst_version(work);

	return !worst || err_copy(err, worst);
}

bool ticketing_complete(const struct ticketing *work, struct err *err)
{
	const struct ticketing_ticket *first = NULL;
	bool temporary = true;
	size_t left = 0;

	for (size_t i = 0; i < work->ticket_count; i++) {
		const struct ticketing_ticket *ticket = &work->tickets[i];

		if (ticket->failure.kind == ERR_NONE)
			continue;
		first = first ? first : ticket;
		temporary = temporary && err_exit_code(&ticket->failure) == 75;
		left++;
	}
	if (!first)
		return complete_versions(work, err);
	err_copy(err, &first->failure);
	err_wrap(err, "cannot complete %zu of %zu tickets: '%s'", left,
		 work->ticket_count, first->key);
	return err_temporary(err, temporary);
}

void ticketing_record(const struct ticketing *work, const char *url,
		      struct record *record, struct arena *arena)
{
	struct value *versions = value_new_list(arena);
	struct value *keys = value_new_list(arena);

	for (size_t i = 0; i < work->versions.count; i++)
		if (work->versions.items[i].id)
			value_list_add(versions, arena,
				       version_value(&work->versions.items[i],
						     arena));
	for (size_t i = 0; i < work->ticket_count; i++)
		value_list_add(keys, arena,
			       value_new_text(arena, work->tickets[i].key));
	record_set_text(record, "jira.url", url);
	record_set(record, "jira.versions", versions);
	record_set(record, "tickets", keys);
}

static void add_ticket_effects(const struct ticketing *work,
			       const struct ticketing_ticket *ticket,
			       struct strvec *lines)
{
	if (ticket->acted & TICKET_ADD)
		strvec_addf(lines, "added version '%s' to '%s'",
			    work->versions.items[ticket->version].name,
			    ticket->key);
	if (ticket->acted & TICKET_LINK)
		strvec_addf(lines, "linked '%s' to '%s'", ticket->key,
			    work->facts.link.url);
	if (ticket->acted & TICKET_COMMENT)
		strvec_addf(lines, "commented on '%s'", ticket->key);
	if (ticket->acted & TICKET_MERGE)
		strvec_addf(lines, "left one comment of several on '%s'",
			    ticket->key);
	if (ticket->acted & TICKET_FINISH)
		strvec_addf(lines, "moved '%s' to done", ticket->key);
}

/* "created version 'web-1' in 'SHOP'", if that @happened. */
static void add_version_effect(const char *what, bool happened,
			       const struct ticketing_version *version,
			       struct strvec *lines)
{
	if (happened)
		strvec_addf(lines, "%s version '%s' in '%s'", what,
			    version->name, version->project);
}

void ticketing_effects(const struct ticketing *work, struct strvec *lines)
{
	const struct ticketing_version *versions = work->versions.items;

	for (size_t i = 0; i < work->versions.count; i++) {
		add_version_effect("created", versions[i].created, &versions[i],
				   lines);
		add_version_effect("described", versions[i].described,
				   &versions[i], lines);
	}
	for (size_t i = 0; i < work->ticket_count; i++)
		add_ticket_effects(work, &work->tickets[i], lines);
	for (size_t i = 0; i < work->versions.count; i++)
		add_version_effect("released", versions[i].released_now,
				   &versions[i], lines);
	for (size_t i = 0; i < work->old.count; i++)
		add_version_effect("archived", work->old.items[i].archived_now,
				   &work->old.items[i], lines);
}
