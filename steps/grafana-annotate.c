/* grafana-annotate - mark a release on Grafana dashboards */

#include "api/grafana.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/step.h"
#include "core/ci.h"
#include "core/record.h"
#include "flow/marking.h"
#include "format/value.h"

struct args {
	const char *url, *namespace;
	struct secret token;
	const char *dashboard;
	int64_t panel;
	struct strvec tags;
	const char *text, *start, *end;
	bool per_application;
	const char *spool, *dashboard_url_template;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, url, "url", "URL", "GRAFANA_URL", OPT_REQUIRED,
		   "base address of the Grafana server"),
	OPT_SECRET(struct args, token, "token", "GRAFANA_TOKEN", OPT_REQUIRED,
		   "token of a service account that may annotate"),
	OPT_STRING(struct args, namespace, "api-namespace", "NAME",
		   "GRAFANA_NAMESPACE", 0,
		   "use the newer API: default, org-N, stacks-N"),
	OPT_STRING(struct args, dashboard, "dashboard", "UID",
		   "GRAFANA_DASHBOARD", 0,
		   "mark this dashboard; default: all that ask for the tags"),
	OPT_INTEGER(struct args, panel, "panel", "GRAFANA_PANEL", 0, 1,
		    INT32_MAX, "mark this panel of the dashboard"),
	OPT_LIST(struct args, tags, "tag", "TAG", NULL, 0,
		 "one more tag, key:value or a word (may be repeated)"),
	OPT_STRING(struct args, text, "text", "TEXT", NULL, 0,
		   "what happened; default: what the record tells"),
	OPT_STRING(struct args, start, "start", "TIME", NULL, 0,
		   "when it began, RFC 3339 or epoch; default: the record's"),
	OPT_STRING(struct args, end, "end", "TIME", NULL, 0,
		   "when it was ready, the same; default: the record's"),
	OPT_FLAG(struct args, per_application, "per-application", NULL, 0,
		 "a mark for each changed application, not one for all"),
	OPT_STRING(struct args, spool, "spool", "DIR", NULL, 0,
		   "keep the mark here while Grafana is away"),
	OPT_STRING(struct args, dashboard_url_template,
		   "dashboard-url-template", "TEMPLATE", NULL, 0,
		   "address in the result: {url} {dashboard} {start} {end}"),
	OPT_HTTP(struct args, http),
	OPT_END};

static bool plan(struct marks *marks, struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(ci_release) struct ci ci = {0};
	struct marking_facts facts;

	ci_detect(&ci, run->env);
	facts = (struct marking_facts){
		.record = run->record->merged,
		.text = args->text,
		.tags = &args->tags,
		.dashboard = args->dashboard,
		.panel = opt_or(args->panel, 0),
		.build = ci.build_url,
		.commit = ci.commit,
		.now_ms = clock_now_ms(),
	};
	if (facts.panel && !facts.dashboard)
		return err_set(err, ERR_USAGE,
			       "'--panel' is of no use without '--dashboard'");
	return marking_parse_time(args->start, "start", &facts.start_ms, err) &&
	       marking_parse_time(args->end, "end", &facts.end_ms, err) &&
	       marks_plan(marks, &facts, args->per_application, &run->arena,
			  err);
}

static bool open_grafana(struct grafana *grafana, const struct step_run *run,
			 struct err *err)
{
	const struct args *args = run->args;
	const struct grafana_config config = {
		.url = args->url,
		.namespace = args->namespace,
		.token = &args->token,
		.http = step_http_config(run, &args->http),
	};

	return grafana_open(grafana, &config, err);
}

/* A release does not fail because a dashboard was away, nor the spool too. */
static bool keep(struct marking *marking, const struct step_run *run,
		 struct err *failure, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(err_release) struct err unkept = {0};

	if (is_blank(args->spool) || failure->kind == ERR_INTERRUPTED ||
	    err_exit_code(failure) != 75) {
		err_move(err, failure);
		return false;
	}
	marking->spooled = run->dry_run
				   ? marking_check_spool(args->spool, &unkept)
				   : marking_spool(marking, args->spool,
						   args->url, &unkept);
	if (unkept.kind == ERR_INTERRUPTED) {
		err_move(err, &unkept);
		return false;
	}
	marking->lost = !marking->spooled;
	if (marking->lost)
		log_warning("%s; the mark is lost: %s", failure->text,
			    unkept.text);
	else
		log_warning("%s; the mark %s in '%s'", failure->text,
			    run->dry_run ? "would be kept" : "is kept",
			    args->spool);
	return true;
}

static bool find(struct marking *marking, struct grafana *grafana,
		 const struct step_run *run, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	return marking_find(marking, grafana, &failure) ||
	       keep(marking, run, &failure, err);
}

static bool put(struct marking *marking, struct grafana *grafana,
		const struct step_run *run, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	return marking->spooled || marking->lost ||
	       marking_put(marking, grafana, &failure) ||
	       keep(marking, run, &failure, err);
}

/* The addresses, which have the marks' ids in them. */
static bool see(struct marks *marks, struct step_run *run, struct err *err)
{
	const struct args *args = run->args;

	return marking_see(marks->told, marks->count,
			   args->dashboard_url_template, args->url,
			   run->record->merged, &run->arena, err);
}

static bool tell(struct step_run *run, struct marks *marks, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!see(marks, run, err))
		return false;
	record_set(run->record, "marks",
		   marking_record(marks->told, marks->count, &run->arena));
	marking_result_text(marks->told, marks->count, &text);
	return step_result(
		run, marking_result(marks->told, marks->count, &run->arena),
		str_text(&text), err);
}

/* What earlier runs kept; it stays if Grafana is away now as well. */
static bool send_kept(const struct marks *marks, const struct step_run *run,
		      struct grafana *grafana, struct err *err)
{
	const struct args *args = run->args;

	for (size_t i = 0; i < marks->count; i++)
		if (marks->items[i].spooled || marks->items[i].lost)
			return true;
	return is_blank(args->spool) ||
	       marking_send_spooled(args->spool, args->url, grafana,
				    &run->reporter, err);
}

static bool run(struct step_run *run, struct err *err)
{
	CLEANUP(grafana_release) struct grafana grafana = {0};
	CLEANUP(marks_release) struct marks marks = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!plan(&marks, run, err))
		return false;
	marks_tell_untagged(&marks, &run->reporter);
	if (!marks.count)
		log_info(
			"no application has changed: there is nothing to mark");
	if (!see(&marks, run, err) || !open_grafana(&grafana, run, err))
		return false;
	for (size_t i = 0; i < marks.count; i++)
		if (!find(&marks.items[i], &grafana, run, err))
			return false;
	marking_plan_text(marks.told, marks.count, &text);
	if (step_plan(run, marking_result(marks.told, marks.count, &run->arena),
		      str_text(&text)))
		return true;
	for (size_t i = 0; i < marks.count; i++)
		if (!put(&marks.items[i], &grafana, run, err))
			return false;
	return send_kept(&marks, run, &grafana, err) && tell(run, &marks, err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(grafana_release) struct grafana grafana = {0};

	return open_grafana(&grafana, run, err) &&
	       grafana_check_token(&grafana, err) &&
	       (is_blank(args->spool) ||
		marking_check_spool(args->spool, err)) &&
	       step_result(run, value_new_map(&run->arena),
			   "Grafana answers and knows the token\n", err);
}

const struct step step = {
	.name = "grafana-annotate",
	.summary = "mark a release on Grafana dashboards",
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
