/*
 * The main() of every step: what `step` says is done around what it does.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/version.h"
#include "cli/help.h"
#include "cli/opts.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/step.h"
#include "core/record.h"
#include "sys/env.h"
#include "sys/signals.h"

/* What every step takes. */
struct common_args {
	const char *help; /* NULL = not asked for */
	bool version;
	const char *output;
	bool quiet;
	bool verbose;
	bool dry_run;
	const char *record;
	bool check;
	int64_t timeout_ms;
};

static const char *const help_forms[] = {"text", "man", "bash", "markdown",
					 NULL};
static const char *const output_forms[] = {"text", "json", "env", NULL};

static const struct opt common_options[] = {
	OPT_CHOICE(struct common_args, output, "output", output_forms, NULL, 0,
		   "form of the result on stdout"),
	OPT_STRING(struct common_args, record, "record", "DIR", NULL, 0,
		   "folder of the release record, read and extended"),
	OPT_DURATION(struct common_args, timeout_ms, "timeout", NULL, 0,
		     "deadline of the whole run, retries included"),
	OPT_FLAG(struct common_args, dry_run, "dry-run", NULL, 0,
		 "do all but change the world; print the plan"),
	OPT_FLAG(struct common_args, check, "check", "", 0,
		 "see whether all that is needed is there; change nothing"),
	OPT_FLAG(struct common_args, quiet, "quiet", NULL, 0,
		 "only warnings and errors on stderr"),
	OPT_FLAG(struct common_args, verbose, "verbose", NULL, 0,
		 "more on stderr"),
	OPT_FLAG(struct common_args, version, "version", "", 0,
		 "print the version"),
	OPT_CHOICE(struct common_args, help, "help", help_forms, "",
		   OPT_VALUE_OPTIONAL, "print this, or another form of it"),
	OPT_END,
};

/* All that main() holds, so that one function releases it. */
struct session {
	struct common_args common;
	struct opt_set options;
	struct env env;
	struct record record;
	struct out out;
	struct progress progress;
	struct step_run run;
};

static void session_release(struct session *session)
{
	opts_release(&session->options);
	free(session->options.own_args);
	env_release(&session->env);
	record_release(&session->record);
	strvec_release(&session->run.arguments);
	arena_release(&session->run.arena);
}

/* --- the process --------------------------------------------------------- */

/* A file of ours must not become somebody's stdout because 1 was free. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Secrets must not end up in a core file, nor in a collector of those. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* whose leak check attaches to the process */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void prepare_process(void)
{
	open_standard_descriptors();
	forbid_core_dumps();
	/* What cannot be written is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signals_catch();
	mem_set_program(step.name);
	log_init(step.name, LOG_INFO);
}

/* --- errors -------------------------------------------------------------- */

/* The line of the error and a caret below the column. */
static void print_source(const struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};
	size_t len = strlen(err->source);
	size_t before = err->column ? err->column - 1 : 0;
	size_t width = 0;

	str_add_escaped(&shown, err->source, before < len ? before : len);
	/* Bytes that continue a UTF-8 character take no column. */
	for (size_t i = 0; i < shown.len; i++)
		width += ((unsigned char)shown.buf[i] & 0xc0) != 0x80;
	log_plain("  %s", err->source);
	if (err->column)
		log_plain("  %*s^", (int)width, "");
}

static void print_error(const struct err *err)
{
	log_error("%s", err->text);
	if (err->file && err->line && err->column)
		log_plain("  at %s:%u:%u", err->file, err->line, err->column);
	else if (err->file && err->line)
		log_plain("  at %s:%u", err->file, err->line);
	else if (err->file)
		log_plain("  at %s", err->file);
	if (err->source)
		print_source(err);
	if (err->hint)
		log_plain("hint: %s", err->hint);
}

/* Whatever fails after a signal fails because of it. */
static int exit_code(const struct err *err)
{
	int number = signals_noted();

	if (err->kind != ERR_NONE && number)
		return 128 + number;
	return err_exit_code(err);
}

/* --- the run ------------------------------------------------------------- */

static void print_help(struct session *session)
{
	static void (*const forms[])(struct str *, const struct step *,
				     const struct opt_set *) = {
		help_add_text,
		help_add_man,
		help_add_bash,
		help_add_markdown,
	};
	CLEANUP(str_release) struct str text = {0};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strcmp(session->common.help, help_forms[i]) == 0)
			forms[i](&text, &step, &session->options);
	}
	out_write(&session->out, str_text(&text), text.len);
}

static void print_version(struct session *session)
{
	CLEANUP(str_release) struct str text = {0};

	str_addf(&text, "%s %s\n", step.name, SLIPWAY_VERSION);
	out_write(&session->out, str_text(&text), text.len);
}

static bool check_usage(const struct session *session, struct err *err)
{
	const struct strvec *arguments = &session->run.arguments;

	if (session->common.quiet && session->common.verbose)
		return err_set(err, ERR_USAGE,
			       "'--quiet' and '--verbose' exclude each other");
	if (session->common.check && !step.check)
		return err_set(err, ERR_USAGE, "'%s' has nothing to check",
			       step.name);
	if (arguments->count > step.max_arguments)
		return err_set(err, ERR_USAGE, "unexpected argument '%s'",
			       arguments->items[step.max_arguments]);
	return true;
}

/* Progress goes on one line where that can be erased, and is wanted. */
static bool wants_live_line(const struct session *session)
{
	const char *terminal = env_get(&session->env, "TERM");

	return !session->common.quiet && !session->common.verbose &&
	       !env_get(&session->env, "NO_COLOR") && terminal &&
	       strcmp(terminal, "dumb") != 0 && isatty(STDERR_FILENO);
}

static void fill_run(struct session *session)
{
	struct step_run *run = &session->run;
	const struct common_args *common = &session->common;

	run->step = &step;
	run->args = session->options.own_args;
	run->given = &session->options.given;
	run->env = &session->env;
	run->record = &session->record;
	run->out = &session->out;
	run->dry_run = common->dry_run;
	if (common->timeout_ms != OPT_UNSET)
		run->deadline = deadline_in(common->timeout_ms);
	progress_start(&session->progress, &run->reporter,
		       wants_live_line(session));
}

/* run() with its fragment of the record, which also tells of a failure. */
static bool run_recorded(struct session *session, struct err *err)
{
	int64_t started = clock_now_ms();
	struct err unwritten = {0};
	bool done = step.run(&session->run, err);

	if (session->common.dry_run)
		return done;
	if (record_write(&session->record, step.name, started, clock_now_ms(),
			 done ? "done" : "failed", done ? NULL : err->text,
			 &unwritten))
		return done;
	if (done)
		err_move(err, &unwritten);
	else
		log_warning("%s", unwritten.text);
	err_release(&unwritten);
	return false;
}

static enum log_level level_of(const struct common_args *common)
{
	if (common->quiet)
		return LOG_WARNING;
	return common->verbose ? LOG_DEBUG : LOG_INFO;
}

static bool run_step(struct session *session, char *const *argv,
		     struct err *err)
{
	struct common_args *common = &session->common;
	struct opt_set *options = &session->options;
	struct arena *arena = &session->run.arena;
	bool done;

	if (!opts_parse(options, argv, arena, &session->run.arguments, err))
		return false;
	if (common->help) {
		print_help(session);
		return true;
	}
	if (common->version) {
		print_version(session);
		return true;
	}
	if (!opts_complete(options, &session->env, arena, err) ||
	    !opts_obey(options, step.rules, err) || !check_usage(session, err))
		return false;
	opts_hide_secrets(options, &session->env);
	log_init(step.name, level_of(common));
	session->out.form = out_form(common->output);
	if (!record_read(&session->record, common->record, err))
		return err_wrap(err, "cannot read the release record");
	fill_run(session);
	done = common->check ? step.check(&session->run, err)
			     : run_recorded(session, err);
	progress_end(&session->progress);
	return done;
}

static int run_main(int argc, char **argv)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(session_release) struct session session = {0};

	prepare_process();
	env_snapshot(&session.env);
	session.options = (struct opt_set){
		.own = step.options,
		.own_args = xcalloc(1, step.args_size ? step.args_size : 1),
		.common = common_options,
		.common_args = &session.common,
	};
	if (run_step(&session, argv + (argc > 0), &err) &&
	    out_close(&session.out, &err))
		return 0;
	print_error(&err);
	return exit_code(&err);
}

/*
 * Libraries that were loaded tidy up at the end what the system frees at
 * once, which takes a quarter of a millisecond.  What looks for leaks or
 * counts lines does its work there.
 */
int main(int argc, char **argv)
{
	int code = run_main(argc, argv);

#ifdef TIDY_EXIT
	return code;
#else
	fflush(NULL);
	_exit(code);
#endif
}
