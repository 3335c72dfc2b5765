/* jira-fixversion - keep Jira's tickets and versions in step with a release */

#include "api/jira.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "cli/step.h"
#include "core/record.h"
#include "core/tickets.h"
#include "flow/changelog.h"
#include "flow/ticketing.h"
#include "format/value.h"

#define JOBS_DEFAULT 10
#define JOBS_MAX     32

struct args {
	const char *url, *user;
	struct secret token;
	const char *app, *environment, *semver, *version_name;
	struct strvec tickets, projects;
	const char *range, *git_dir;
	const char *environment_url, *transition, *resolution;
	bool comment, done;
	int64_t archive_age, jobs;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, url, "url", "URL", "JIRA_URL", OPT_REQUIRED,
		   "base address of the Jira server"),
	OPT_STRING(struct args, user, "user", "EMAIL", "JIRA_USER", 0,
		   "user of the API token (Cloud); Data Center: none"),
	OPT_SECRET(struct args, token, "token", "JIRA_TOKEN", OPT_REQUIRED,
		   "token of the user, or personal access token"),
	OPT_STRING(struct args, app, "app", "NAME", NULL, 0,
		   "application; default: the record's chart"),
	OPT_STRING(struct args, environment, "environment", "NAME",
		   "SLIPWAY_ENVIRONMENT SLIPWAY_STACK", 0,
		   "stack that it goes to; default: the record's"),
	OPT_STRING(struct args, semver, "semver", "VERSION", NULL, 0,
		   "version of the release; default: the record's"),
	OPT_STRING(struct args, version_name, "version-name", "TEMPLATE", NULL,
		   0, "default: {app}-{environment}-{date}-{semver}"),
	OPT_LIST(struct args, tickets, "ticket", "KEY", "", 0,
		 "a ticket of the release (may be repeated)"),
	OPT_STRING(struct args, range, "range", "OLD..NEW", "", 0,
		   "commits whose messages name tickets"),
	OPT_STRING(struct args, git_dir, "git-dir", "DIR", "", 0,
		   "checkout of --range; default: this folder"),
	OPT_LIST(struct args, projects, "project", "KEY", "JIRA_PROJECTS", 0,
		 "only tickets of this project (may be repeated)"),
	OPT_STRING(struct args, environment_url, "environment-url", "URL", NULL,
		   0, "linked to the tickets; default: the record's"),
	OPT_FLAG(struct args, comment, "comment", NULL, 0,
		 "also keep one comment per ticket"),
	OPT_FLAG(struct args, done, "done", "", 0,
		 "close the tickets and release the version"),
	OPT_STRING(struct args, transition, "transition", "NAME", NULL, 0,
		   "of --done; default: to a status of category Done"),
	OPT_STRING(struct args, resolution, "resolution", "NAME", NULL, 0,
		   "of --done; default, where one is demanded: Done"),
	OPT_DURATION(struct args, archive_age, "archive-older-than", NULL, 0,
		     "with --done: also archive what was released before"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, JOBS_MAX,
		    "tickets at once; default: 10"),
	OPT_HTTP(struct args, http),
	OPT_END};

static bool find_tickets(struct strvec *keys, const struct step_run *run,
			 struct err *err)
{
	const struct args *args = run->args;
	const struct ticketing_source source = {
		.named = &args->tickets,
		.range = args->range,
		.git_dir = args->git_dir,
		.projects = &args->projects,
		.record = run->record->merged,
	};

	return ticketing_find_keys(keys, &source, err);
}

static bool open_jira(struct jira *jira, const struct step_run *run,
		      struct err *err)
{
	const struct args *args = run->args;
	const struct jira_config config = {
		.url = args->url,
		.user = args->user,
		.token = &args->token,
		.http = step_http_config(run, &args->http),
	};

	return jira_open(jira, &config, err);
}

static struct ticketing_args make_args(const struct step_run *run,
				       const struct strvec *tickets,
				       const char *changelog)
{
	const struct args *args = run->args;

	return (struct ticketing_args){
		.record = run->record->merged,
		.app = args->app,
		.environment = args->environment,
		.semver = args->semver,
		.template = args->version_name,
		.environment_url = args->environment_url,
		.changelog = changelog,
		.tickets_must_exist = args->tickets.count > 0,
		.tickets = tickets,
		.range_was_read = args->range,
		.projects = &args->projects,
		.transition = args->transition,
		.resolution = args->resolution,
		.comment = args->comment,
		.done = args->done,
		.archive_age_ms = opt_or(args->archive_age, -1),
		.jobs = (size_t)opt_or(args->jobs, JOBS_DEFAULT),
		.now_s = clock_now_ms() / 1000,
	};
}

/* Log, record and print what was done, and fail if something is left. */
static bool tell(struct step_run *run, const struct ticketing *work,
		 struct err *err)
{
	const struct args *args = run->args;
	struct value *result = ticketing_result(work, &run->arena);
	CLEANUP(strvec_release) struct strvec effects = {0};
	CLEANUP(str_release) struct str text = {0};

	ticketing_effects(work, &effects);
	for (size_t i = 0; i < effects.count; i++)
		log_info("%s", effects.items[i]);
	ticketing_record(work, args->url, run->record, &run->arena);
	ticketing_result_text(work, &text);
	return step_result(run, result, str_text(&text), err) &&
	       ticketing_complete(work, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *given = run->args;
	CLEANUP(ticketing_release) struct ticketing work = {0};
	CLEANUP(strvec_release) struct strvec tickets = {0};
	CLEANUP(str_release) struct str changelog = {0};
	CLEANUP(str_release) struct str plan = {0};
	CLEANUP(jira_release) struct jira jira = {0};
	struct ticketing_args args;

	if (!tickets_check_projects(&given->projects, err) ||
	    !find_tickets(&tickets, run, err))
		return false;
	changelog_add_recorded(&changelog, run->record->merged, given->app,
			       CHANGELOG_TEXT, TICKETING_CHANGELOG_MAX);
	args = make_args(run, &tickets, str_text(&changelog));
	if (!ticketing_describe(&work.facts, &args, err) ||
	    !open_jira(&jira, run, err) ||
	    !ticketing_gather(&work, &jira, &args, &run->reporter, err))
		return false;
	ticketing_plan_text(&work, &plan);
	if (step_plan(run, ticketing_plan(&work, &run->arena), str_text(&plan)))
		return true;
	return ticketing_act(&work, &jira, err) && tell(run, &work, err);
}

/* The projects in which rights are needed: named ones, else the tickets'. */
static bool find_projects(struct strvec *projects, const struct step_run *run,
			  struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(strvec_release) struct strvec tickets = {0};

	strvec_add_all(projects, &args->projects);
	if (projects->count > 0)
		return tickets_check_projects(projects, err);
	if (!find_tickets(&tickets, run, err))
		return false;
	for (size_t i = 0; i < tickets.count; i++) {
		CLEANUP(free_ptr) char *project =
			ticket_project(tickets.items[i]);

		strvec_add_once(projects, project);
	}
	return true;
}

static bool check(struct step_run *run, struct err *err)
{
	CLEANUP(strvec_release) struct strvec projects = {0};
	CLEANUP(jira_release) struct jira jira = {0};

	return find_projects(&projects, run, err) &&
	       open_jira(&jira, run, err) && jira_check_user(&jira, err) &&
	       ticketing_check(&jira, &projects, err) &&
	       step_result(run, value_new_map(&run->arena),
			   "Jira answers and knows the user\n", err);
}

static const struct opt_rule rules[] = {
	{"transition", .with = "done"},
	{"resolution", .with = "done"},
	{"archive-older-than", .with = "done"},
	{0},
};

const struct step step = {
	.name = "jira-fixversion",
	.summary = "keep Jira's tickets and versions in step with a release",
	.options = options,
	.rules = rules,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
