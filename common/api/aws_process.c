/* Credentials from a program: credential_process. */
#include <string.h>

#include "api/aws.h"
#include "api/aws_profile.h"
#include "api/aws_providers.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"
#include "net/http.h"
#include "sys/proc.h"

/* The last line of what it complained, as far as it is worth quoting. */
static void add_complaint(struct str *out, const struct str *complaint)
{
	CLEANUP(str_release) struct str text = {0};
	const char *line;

	str_add_bytes(&text, str_text(complaint), complaint->len);
	str_trim(&text);
	line = memrchr(str_text(&text), '\n', text.len);
	line = line ? line + 1 : str_text(&text);
	if (*line) {
		size_t len = strlen(line);

		str_add(out, ": ");
		str_add_escaped(out, line,
				len < AWS_PROCESS_WORDS_MAX
					? len
					: AWS_PROCESS_WORDS_MAX);
	}
}

/* A program says which version of this interface it speaks. */
static bool check_version(const struct str *out, struct err *err)
{
	CLEANUP(jsn_release) json_t *answer = NULL;

	if (!aws_parse_answer(&answer, out, err))
		return false;
	if (jsn_int(answer, "Version", 0) != 1)
		return err_set(err, ERR_REMOTE,
			       "the answer is not of \"Version\": 1");
	return true;
}

static bool run(const struct aws *aws, const struct strvec *words,
		struct str *out, struct err *err)
{
	CLEANUP(str_release) struct str said = {.limit = AWS_REPLY_MAX};
	CLEANUP(str_release) struct str complaint = {0};
	const struct deadline deadline = http_deadline(aws->http);
	struct proc proc = {
		.argv = strvec_argv(words),
		.env = aws->env,
		.stdout_to = out,
		.stderr_to = &said,
		.timeout_ms = deadline_share_ms(&deadline, AWS_PROCESS_MS),
	};

	if (!proc_run(&proc, err))
		return false;
	if (proc.exit_code == 0)
		return true;
	add_complaint(&complaint, &said);
	if (proc.signal)
		return err_set(err, ERR_CHILD, "signal %d ended it%s",
			       proc.signal, str_text(&complaint));
	return err_set(err, ERR_CHILD, "exit code %d%s", proc.exit_code,
		       str_text(&complaint));
}

/* Only the program is named in errors: its arguments may be secret. */
bool aws_fetch_process(struct aws *aws, const char *command,
		       struct aws_credentials *credentials, struct err *err)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	CLEANUP(str_release) struct str out = {.limit = AWS_REPLY_MAX};
	bool done;

	if (!aws_split_words(&words, command) || words.count == 0)
		return err_set(err, ERR_INPUT,
			       "a quote in credential_process is not closed");
	done = run(aws, &words, &out, err) && check_version(&out, err) &&
	       aws_credentials_read(credentials, &out, "SessionToken", err);
	wipe(out.buf, out.len);
	return done || err_wrap(err, "credential_process '%s'", words.items[0]);
}
