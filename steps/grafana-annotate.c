/* grafana-annotate - mark a release on Grafana dashboards */

#include "api/grafana.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/step.h"
#include "core/ci.h"
#include "core/record.h"
#include "flow/marking.h"
#include "format/value.h"

/* Above this a bare number cannot be seconds (year 5138). */
#define SECONDS_MAX 100000000000

struct args {
	const char *url;
	struct secret token;
	const char *dashboard;
	int64_t panel;
	struct strvec tags;
	const char *text, *start, *end;
	const char *spool, *dashboard_url_template;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, url, "url", "URL", "GRAFANA_URL", OPT_REQUIRED,
		   "base address of the Grafana server"),
	OPT_SECRET(struct args, token, "token", "GRAFANA_TOKEN", OPT_REQUIRED,
		   "token of a service account that may annotate"),
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
	OPT_STRING(struct args, spool, "spool", "DIR", NULL, 0,
		   "keep the mark here while Grafana is away"),
	OPT_STRING(struct args, dashboard_url_template,
		   "dashboard-url-template", "TEMPLATE", NULL, 0,
		   "address in the result: {url} {dashboard} {start} {end}"),
	OPT_HTTP(struct args, http),
	OPT_END};

/* *@ms is -1 where @text is not given. */
static bool parse_time(const char *text, const char *option, int64_t *ms,
		       struct err *err)
{
	int64_t number;

	*ms = -1;
	if (is_blank(text))
		return true;
	if (num_parse_range(text, 0, INT64_MAX / 1000, &number)) {
		*ms = number < SECONDS_MAX ? number * 1000 : number;
		return true;
	}
	if (!clock_parse_rfc3339(text, strlen(text), &number) &&
	    !clock_parse_date_time(text, strlen(text), &number)) {
		err_set(err, ERR_USAGE, "cannot use '--%s %s' as a time",
			option, text);
		return err_hint(err, "write it as 2026-11-22T13:04:05Z");
	}
	*ms = number * 1000;
	return true;
}

static bool see(const struct marking *marking, const struct step_run *run,
		struct str *url, struct err *err)
{
	const struct args *args = run->args;

	return marking_url(marking, args->dashboard_url_template, args->url,
			   run->record->merged, url, err);
}

static bool plan(struct marking *marking, const struct step_run *run,
		 struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(str_release) struct str url = {0};
	CLEANUP(ci_release) struct ci ci = {0};
	struct marking_facts facts;

	ci_detect(&ci, run->env);
	facts = (struct marking_facts){
		.record = run->record->merged,
		.text = args->text,
		.tags = &args->tags,
		.dashboard = args->dashboard,
		.panel = args->panel == OPT_UNSET ? 0 : args->panel,
		.build = ci.build_url,
		.commit = ci.commit,
		.now_ms = clock_now_ms(),
	};
	if (facts.panel && !facts.dashboard)
		return err_set(err, ERR_USAGE,
			       "'--panel' is of no use without '--dashboard'");
	return parse_time(args->start, "start", &facts.start_ms, err) &&
	       parse_time(args->end, "end", &facts.end_ms, err) &&
	       marking_plan(marking, &facts, err) &&
	       see(marking, run, &url, err);
}

static bool open_grafana(struct grafana *grafana, const struct step_run *run,
			 struct err *err)
{
	const struct args *args = run->args;
	const struct grafana_config config = {
		.url = args->url,
		.token = &args->token,
		.http = step_http_config(run, &args->http),
	};

	return grafana_open(grafana, &config, err);
}

static const char *outcome(const struct marking *marking)
{
	if (marking->spooled)
		return "kept";
	if (marking->created)
		return "created";
	return marking->changed ? "updated" : "unchanged";
}

static bool tell(struct step_run *run, const struct marking *marking,
		 struct err *err)
{
	CLEANUP(str_release) struct str url = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *result;

	if (!see(marking, run, &url, err))
		return false;
	result = marking_result(marking, str_text(&url), &run->arena);
	if (marking->mark.id) {
		record_set(run->record, "marks",
			   marking_record(marking, str_text(&url),
					  &run->arena));
		str_addf(&text, "mark %lld %s", (long long)marking->mark.id,
			 outcome(marking));
	} else {
		str_addf(&text, "mark %s", outcome(marking));
	}
	if (marking->changed || marking->spooled)
		log_info("%s", str_text(&text));
	if (url.len > 0)
		str_addf(&text, " %s", str_text(&url));
	str_add_char(&text, '\n');
	return step_result(run, result, str_text(&text), err);
}

/* A release does not fail because a dashboard was away. */
static bool keep(struct marking *marking, const struct step_run *run,
		 struct err *failure, struct err *err)
{
	const struct args *args = run->args;

	if (is_blank(args->spool) || failure->kind == ERR_INTERRUPTED ||
	    err_exit_code(failure) != 75) {
		err_move(err, failure);
		return false;
	}
	log_warning("%s; the mark is kept in '%s'", failure->text, args->spool);
	marking->spooled = true;
	return run->dry_run ||
	       marking_spool(marking, args->spool, args->url, err);
}

static bool put(struct marking *marking, struct grafana *grafana,
		const struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	CLEANUP(err_release) struct err failure = {0};

	if (marking->spooled)
		return true;
	if (!marking_put(marking, grafana, &failure))
		return keep(marking, run, &failure, err);
	return is_blank(args->spool) ||
	       marking_send_spooled(args->spool, args->url, grafana,
				    &run->reporter, err);
}

static const char *intent(const struct marking *marking)
{
	if (marking->spooled)
		return "keep";
	if (marking->created)
		return "create";
	return marking->changed ? "update" : "leave";
}

static bool run(struct step_run *run, struct err *err)
{
	CLEANUP(grafana_release) struct grafana grafana = {0};
	CLEANUP(marking_release) struct marking marking = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (!plan(&marking, run, err) || !open_grafana(&grafana, run, err))
		return false;
	if (!marking_find(&marking, &grafana, &failure) &&
	    !keep(&marking, run, &failure, err))
		return false;
	str_addf(&text, "%s mark:\n%s\n", intent(&marking), marking.mark.text);
	if (step_plan(run, marking_result(&marking, NULL, &run->arena),
		      str_text(&text)))
		return true;
	return put(&marking, &grafana, run, err) && tell(run, &marking, err);
}

static bool check(struct step_run *run, struct err *err)
{
	CLEANUP(grafana_release) struct grafana grafana = {0};

	return open_grafana(&grafana, run, err) &&
	       grafana_check_token(&grafana, err) &&
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
