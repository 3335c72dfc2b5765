/* changelog - tell what goes into a release */

#include "flow/changelog.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/fragments.h"
#include "cli/step.h"
#include "core/changelogtext.h"
#include "core/record.h"
#include "core/tickets.h"
#include "format/value.h"

struct args {
	const char *range, *app;
	const char *old, *new;
	const char *repo;
	struct login_args login;
	struct strvec git_dirs, tags;
	struct forge_args forge;
	struct strvec projects;
	struct jira_args jira;
	int64_t max_changes;
	bool markdown;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, range, "range", "OLD..NEW", "", 0,
		   "commits of this checkout, by any names that git takes"),
	OPT_STRING(struct args, app, "app", "NAME", NULL, 0,
		   "application of --range; default: the repository's name"),
	OPT_STRING(struct args, old, "old", "CHART", "", 0,
		   "folder, .tgz, or NAME@VERSION of --repo"),
	OPT_STRING(struct args, new, "new", "CHART", "", 0,
		   "the same; default: what the record tells"),
	OPT_STRING(struct args, repo, "repo", "URL", NULL, 0,
		   "repository of charts that name none"),
	OPT_LOGIN(struct args, login),
	OPT_LIST(struct args, git_dirs, "git-dir", "DIR", NULL, 0,
		 "clone with the history (may be repeated); default: here"),
	OPT_LIST(struct args, tags, "tag-template", "TEMPLATE", NULL, 0,
		 "of versions: {app}-v{version} (may be repeated)"),
	OPT_FORGE(struct args, forge),
	OPT_LIST(struct args, projects, "project", "KEY", "JIRA_PROJECTS", 0,
		 "only tickets of this project; default: all that Jira has"),
	OPT_JIRA(struct args, jira),
	OPT_INTEGER(struct args, max_changes, "max-changes", NULL, 0, 1, 100000,
		    "told one by one, others are counted; default: 1000"),
	OPT_FLAG(struct args, markdown, "markdown", "", 0,
		 "print Markdown, as for the text of a pull request"),
	OPT_HTTP(struct args, http),
	OPT_END,
};

static bool gather(struct step_run *run, struct changelog_work *work,
		   bool is_check, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http = step_http_config(run, &args->http);
	const struct changelog_args wanted = {
		.record = run->record->merged,
		.range = args->range,
		.app = args->app,
		.old = args->old,
		.new = args->new,
		.repository = args->repo,
		.login = &args->login,
		.git_dirs = &args->git_dirs,
		.tags = &args->tags,
		.forge = &args->forge,
		.projects = &args->projects,
		.jira = &args->jira,
		.jira_must_answer = is_check,
		.changes_max = args->max_changes == OPT_UNSET
				       ? CHANGELOG_CHANGES_DEFAULT
				       : (size_t)args->max_changes,
		.env = run->env,
		.http = &http,
		.reporter = &run->reporter,
	};

	if (args->range && (args->old || args->new))
		return err_set(err, ERR_USAGE,
			       "'--range' goes without '--old' and '--new'");
	return tickets_check_projects(&args->projects, err) &&
	       changelog_gather(work, &wanted, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(changelog_work_release) struct changelog_work work = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!gather(run, &work, false, err))
		return false;
	if (!value_find_list(work.told, "applications")->list.count)
		log_info("no application has changed");
	changelog_add_text(&text, work.told,
			   args->markdown ? CHANGELOG_MARKDOWN : CHANGELOG_TEXT,
			   args->markdown ? CHANGELOG_MARKDOWN_MAX : 0);
	if (step_plan(run, work.told, str_text(&text)))
		return true;
	changelog_record(work.told, run->record, &run->arena);
	return step_result(run, work.told, str_text(&text), err);
}

static bool check(struct step_run *run, struct err *err)
{
	CLEANUP(changelog_work_release) struct changelog_work work = {0};

	return gather(run, &work, true, err) &&
	       step_result(run, value_new_map(&run->arena),
			   "all that tells the changelog can be read\n", err);
}

const struct step step = {
	.name = "changelog",
	.summary = "tell what goes into a release",
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
