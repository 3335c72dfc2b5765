/* What Jira says of the tickets: their titles, and which projects there are. */

#include "api/jira.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/tickets.h"
#include "flow/changelog_parts.h"
#include "format/value.h"

/* --- Jira -------------------------------------------------------------- */

static bool asks_jira(const struct changelog_args *args)
{
	return !is_blank(args->jira->url) && secret_is_set(&args->jira->token);
}

static bool open_jira(const struct changelog_args *args, struct jira *jira,
		      struct err *err)
{
	const struct jira_config config = {
		.url = args->jira->url,
		.user = args->jira->user,
		.token = &args->jira->token,
		.http = *args->http,
	};

	return jira_open(jira, &config, err);
}

/* Titles are not worth a release: that Jira is away is a warning. */
static bool forgive(const struct changelog_args *args, struct err *failure,
		    const char *what, struct err *err)
{
	if (args->jira_must_answer || failure->kind == ERR_INTERRUPTED ||
	    failure->kind == ERR_USAGE || failure->kind == ERR_INPUT) {
		err_move(err, failure);
		return false;
	}
	report_warning(args->reporter, "%s: %s", what, failure->text);
	return true;
}

bool changelog_find_projects(struct changelog_gathering *gathering,
			     struct err *err)
{
	const struct changelog_args *args = gathering->args;
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(jira_release) struct jira jira = {0};

	strvec_add_all(&gathering->projects, args->projects);
	if (args->projects->count > 0 || !asks_jira(args))
		return true;
	if (!open_jira(args, &jira, &failure) ||
	    !jira_find_projects(&jira, JIRA_PROJECTS_MAX, &keys, &failure))
		return forgive(args, &failure, "tickets of any project count",
			       err);
	strvec_add_all(&gathering->projects, &keys);
	return true;
}

/* --- titles ------------------------------------------------------------ */

static bool find_titles(const struct changelog_args *args,
			const struct strvec *keys, struct jira_issues *issues,
			struct err *err)
{
	CLEANUP(strvec_release) struct strvec first = {0};
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(jira_release) struct jira jira = {0};

	if (keys->count == 0 || !asks_jira(args))
		return true;
	for (size_t i = 0; i < keys->count && i < CHANGELOG_TITLES_MAX; i++)
		strvec_add(&first, keys->items[i]);
	if (!open_jira(args, &jira, &failure) ||
	    !jira_find_issues(&jira, &first, issues, &failure))
		return forgive(args, &failure, "tickets without their titles",
			       err);
	return true;
}

/* {key, title, url} */
static struct value *tell_ticket(const struct changelog_args *args,
				 const char *key, const char *title,
				 struct arena *arena)
{
	struct value *ticket = value_new_map(arena);
	CLEANUP(str_release) struct str clean = {0};
	const char *base = args->jira->url;
	size_t len = base ? strlen(base) : 0;

	value_map_set_text(ticket, arena, "key", key);
	if (title) {
		commitmsg_add_line(&clean, title, strlen(title),
				   COMMITMSG_TITLE_MAX);
		value_map_set_text(ticket, arena, "title", str_text(&clean));
	}
	while (len > 0 && base[len - 1] == '/')
		len--;
	if (len > 0)
		value_map_set_text(ticket, arena, "url",
				   arena_printf(arena, "%.*s/browse/%s",
						(int)len, base, key));
	return ticket;
}

bool changelog_tell_tickets(struct changelog_gathering *gathering,
			    const struct strvec *keys, struct value **tickets,
			    struct err *err)
{
	CLEANUP(jira_issues_release) struct jira_issues issues = {0};

	*tickets = value_new_list(gathering->arena);
	if (!find_titles(gathering->args, keys, &issues, err))
		return false;
	for (size_t i = 0; i < keys->count; i++)
		value_list_add(*tickets, gathering->arena,
			       tell_ticket(gathering->args, keys->items[i],
					   i < issues.count
						   ? issues.items[i].summary
						   : NULL,
					   gathering->arena));
	return true;
}
