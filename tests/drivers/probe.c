/* probe - a step without a purpose, to test what all steps share */

#include "base/err.h"
#include "base/str.h"
#include "cli/step.h"
#include "core/record.h"
#include "format/value.h"
#include "sys/env.h"
#include "sys/proc.h"
#include "sys/signals.h"

struct args {
	const char *act;
	const char *text;
	const char *version;
	int64_t jobs;
	struct strvec tags;
	struct secret token;
	struct http_args http;
};

static const char *const acts[] = {"result", "fail",  "place", "conflict",
				   "wait",   "child", "print", NULL};

static const struct opt options[] = {
	OPT_CHOICE(struct args, act, "act", acts, "PROBE_ACT", 0, "what to do"),
	OPT_STRING(struct args, text, "text", "TEXT", NULL, 0,
		   "what is shown, failed with or put into the record"),
	OPT_STRING(struct args, version, "version", "V", "", OPT_VALUE_OPTIONAL,
		   "of the thing, not of the step"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, 64,
		    "how many at once"),
	OPT_LIST(struct args, tags, "tag", "TAG", NULL, 0,
		 "label (may be repeated)"),
	OPT_SECRET(struct args, token, "token", "PROBE_TOKEN", 0,
		   "something to keep quiet about"),
	OPT_HTTP(struct args, http),
	OPT_END,
};

static bool fail_at_place(struct err *err)
{
	static const char text[] = "first: 1\nsecond:\t\xc3\xa9 (( .x ))\n";

	err_set(err, ERR_INPUT, "no entry for key 'x'");
	err_at_offset(err, "values.yaml", text, sizeof(text) - 1, 24);
	err_hint(err, "set 'x'");
	return err_wrap(err, "cannot render 'web'");
}

/* Until a signal comes, telling how far we are. */
static bool wait(struct step_run *run, struct err *err)
{
	for (size_t i = 0;; i++) {
		if (signals_interrupted(err))
			return false;
		if (deadline_passed(&run->deadline))
			return err_set(err, ERR_TIMEOUT, "nothing came");
		report_progress(&run->reporter, "turns", i, 0);
		if (i == 0)
			log_info("waiting");
		signals_sleep_ms(20);
	}
}

/* What a child sees of the environment. */
static bool run_child(struct step_run *run, struct err *err)
{
	char program[] = "env";
	char *const argv[] = {program, NULL};
	struct proc proc = {.argv = argv, .env = run->env};

	return proc_run(&proc, err);
}

static bool show(struct step_run *run, const struct args *args, struct err *err)
{
	struct value *result = value_new_map(&run->arena);
	const char *text = args->text ? args->text : "";

	if (!args->text)
		text = record_text(run->record, "probe.text");
	text = text ? text : "nothing";
	value_map_set_text(result, &run->arena, "someText", text);
	value_map_set(result, &run->arena, "hasToken",
		      value_new_bool(&run->arena, secret_is_set(&args->token)));
	if (step_plan(run, result, text))
		return true;
	log_info("showing '%s'", text);
	log_debug("token '%s'", secret_reveal(&args->token));
	record_set_text(run->record, "probe.text", text);
	return step_result(run, result, text, err);
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;

	if (same_text(args->act, "fail"))
		return err_set(err, ERR_REMOTE, "%s",
			       args->text ? args->text : "nothing works");
	if (same_text(args->act, "conflict"))
		return err_set(err, ERR_CONFLICT, "the world has moved");
	if (same_text(args->act, "place"))
		return fail_at_place(err);
	if (same_text(args->act, "wait"))
		return wait(run, err);
	if (same_text(args->act, "child"))
		return run_child(run, err);
	if (same_text(args->act, "print"))
		return step_print(run, "as it is", 8, err);
	return show(run, args, err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;

	if (!secret_is_set(&args->token))
		return err_set(err, ERR_DENIED, "no token to probe with");
	return true;
}

const struct step step = {
	.name = "probe",
	.summary = "test what all steps share",
	.arguments = "[WORD]",
	.max_arguments = 1,
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
