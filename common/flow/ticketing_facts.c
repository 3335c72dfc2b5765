/* What a release is called and linked by: from arguments and record. */

#include "flow/ticketing.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/strvec.h"
#include "flow/ticketing_parts.h"
#include "format/url.h"
#include "format/value.h"
#include "net/http.h"

/* @given, else the record's text at @path; NULL if blank. */
static const char *or_recorded(const char *given, const struct value *record,
			       const char *path)
{
	const char *text = given;

	if (is_blank(text) && record)
		text = value_find_text(record, path);
	return is_blank(text) ? NULL : text;
}

/* The chart called @app (NULL: the only one), else the umbrella. */
static const struct value *released_chart(const struct value *record,
					  const char *app)
{
	const struct value *charts = value_find_list(record, "charts");
	size_t count = charts->list.count;

	for (size_t i = 0; i < count; i++) {
		const struct value *chart = charts->list.items[i];

		if (app ? same_text(value_find_text(chart, "name"), app)
			: count == 1)
			return chart;
	}
	return record ? value_find(record, "umbrella") : NULL;
}

static bool need(const char *value, const char *option, struct err *err)
{
	if (value)
		return true;
	err_set(err, ERR_USAGE, "missing '--%s'", option);
	return err_hint(err, "no release record ('--record') tells it either");
}

static void set_date(struct ticketing_facts *facts, int64_t now_s)
{
	clock_add_date(&facts->date_text, now_s);
	facts->name.date = str_text(&facts->date_text);
}

/*
 * One link per application and environment, whatever the version: the next
 * release moves it on.
 */
static void set_link(struct ticketing_facts *facts,
		     const struct ticketing_args *args, const char *space)
{
	const struct value *urls =
		value_find_list(args->record, "environment.urls");
	const char *url = args->environment_url;

	if (is_blank(url) && urls->list.count > 0 &&
	    urls->list.items[0]->kind == VALUE_STRING)
		url = urls->list.items[0]->string.bytes;
	str_addf(&facts->link_id_text, "slipway:%s:%s", facts->name.app, space);
	str_addf(&facts->link_title_text, "%s in %s", facts->name.app, space);
	facts->link = (struct jira_link){
		.global_id = str_text(&facts->link_id_text),
		.title = str_text(&facts->link_title_text),
		.url = is_blank(url) ? NULL : url,
	};
}

/* A slip in it is told before Jira is asked. */
static bool check_template(const char *template,
			   const struct version_name *parts, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};

	return version_name_format(template, parts, &name, err);
}

/* Jira takes no other, and says so when the ticket has its version. */
static bool check_link(const struct ticketing_facts *facts, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};

	return !facts->link.url ||
	       http_parse_url(&parsed, facts->link.url, err) ||
	       err_wrap(err, "cannot link the environment");
}

/* The first line is what the comment is found again by. */
static void set_comment(struct ticketing_facts *facts, const char *space)
{
	struct str *text = &facts->comment_text;

	str_addf(text, "%s in %s (slipway)\nversion %s", facts->name.app, space,
		 facts->name.semver);
	if (facts->link.url)
		str_addf(text, " on %s", facts->link.url);
	facts->comment = str_text(text);
}

/* The first line tells that the text is ours, and may be replaced. */
static void set_description(struct ticketing_facts *facts,
			    const char *changelog)
{
	struct str *text = &facts->description_text;

	str_addf(text, "%s %s (slipway)\n%s", facts->name.app,
		 facts->name.semver, changelog);
	str_trim(text);
	facts->description = str_text(text);
}

bool ticketing_describe(struct ticketing_facts *facts,
			const struct ticketing_args *args, struct err *err)
{
	const char *app = or_recorded(args->app, NULL, "");
	const struct value *chart = released_chart(args->record, app);
	const char *space =
		or_recorded(NULL, args->record, "environment.namespace");
	struct version_name name = {
		.app = or_recorded(app, chart, "name"),
		.semver = or_recorded(args->semver, chart, "version"),
		.environment = or_recorded(args->environment, args->record,
					   "environment.stack"),
	};

	if (!need(name.app, "app", err) ||
	    !need(name.environment, "environment", err) ||
	    !need(name.semver, "semver", err))
		return false;
	facts->name = name;
	set_date(facts, args->now_s);
	if (!check_template(args->template, &facts->name, err))
		return false;
	if (args->done)
		return true;
	space = space ? space : name.environment;
	set_link(facts, args, space);
	if (!is_blank(args->changelog))
		set_description(facts, args->changelog);
	if (args->comment)
		set_comment(facts, space);
	return check_link(facts, err);
}

void ticketing_facts_release(struct ticketing_facts *facts)
{
	str_release(&facts->date_text);
	str_release(&facts->link_id_text);
	str_release(&facts->link_title_text);
	str_release(&facts->comment_text);
	str_release(&facts->description_text);
	*facts = (struct ticketing_facts){0};
}

void ticketing_projects_from_record(struct strvec *projects,
				    const struct value *record)
{
	const struct value *list = value_find_list(record, "jira.versions");

	for (size_t i = 0; i < list->list.count; i++) {
		const char *project =
			value_find_text(list->list.items[i], "project");

		if (!is_blank(project))
			strvec_add_once(projects, project);
	}
}

bool ticketing_may_lack_tickets(const struct ticketing_args *args)
{
	const struct value *told =
		args->record ? value_find(args->record, "jira.versions") : NULL;

	if (args->tickets->count > 0)
		return false;
	/* An earlier step looked for tickets, and made no version. */
	if (args->range_was_read ||
	    (told && value_is_list(told) && told->list.count == 0))
		return true;
	/* Else what the record tells is no slip of the pen. */
	return !told && is_blank(args->semver) && is_blank(args->app);
}
