#include "api/gpg.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/file.h"
#include "sys/proc.h"

/* One run of gpg. */
struct call {
	struct strvec argv;
	struct str output;
	struct str errors;
	struct proc proc;
};

static void call_release(struct call *call)
{
	strvec_release(&call->argv);
	str_release(&call->output);
	str_release(&call->errors);
}

static void start_call(const struct gpg *gpg, struct call *call,
		       const char *program)
{
	call->output.limit = GPG_OUTPUT_MAX;
	call->errors.limit = GPG_OUTPUT_MAX;
	strvec_add(&call->argv, program);
	if (gpg->own_home) {
		strvec_add(&call->argv, "--homedir");
		strvec_add(&call->argv, str_text(&gpg->work.path));
	}
}

static void start_gpg(const struct gpg *gpg, struct call *call)
{
	start_call(gpg, call, gpg->program);
	strvec_add(&call->argv, "--batch");
	strvec_add(&call->argv, "--no-tty");
	strvec_add(&call->argv, "--utf8-strings");
}

/* What gpg said last is the cause of a failure. */
static bool fail(struct call *call, struct err *err)
{
	const char *cause, *newline;

	str_trim(&call->errors);
	newline = strrchr(str_text(&call->errors), '\n');
	cause = newline ? newline + 1 : str_text(&call->errors);
	if (after_prefix(cause, "gpg: "))
		cause = after_prefix(cause, "gpg: ");
	return err_set(err, ERR_CHILD, "gpg ended with exit code %d: %s",
		       call->proc.exit_code, *cause ? cause : "no word of it");
}

static bool run_call(const struct gpg *gpg, struct call *call, struct err *err)
{
	call->proc.argv = strvec_argv(&call->argv);
	call->proc.env = &gpg->env;
	call->proc.stdout_to = &call->output;
	call->proc.stderr_to = &call->errors;
	call->proc.timeout_ms =
		deadline_share_ms(&gpg->deadline, GPG_TIMEOUT_MS);
	return proc_run(&call->proc, err) &&
	       (call->proc.exit_code == 0 || fail(call, err));
}

static bool import_keyring(struct gpg *gpg, struct err *err)
{
	CLEANUP(call_release) struct call call = {0};

	gpg->own_home = true;
	start_gpg(gpg, &call);
	strvec_add(&call.argv, "--import");
	strvec_add(&call.argv, gpg->args->keyring);
	if (file_check(gpg->args->keyring, err) && run_call(gpg, &call, err))
		return true;
	if (err->kind == ERR_CHILD)
		err->kind = ERR_INPUT;
	return err_wrap(err, "cannot import keyring '%s'", gpg->args->keyring);
}

/* The folder for temporary files, if the agent's socket can have a name. */
static const char *find_parent(const struct env *env)
{
	const char *parent = dir_for_temp(env);

	return strlen(parent) <= GPG_PARENT_MAX ? parent : "/tmp";
}

bool gpg_open(struct gpg *gpg, const struct gpg_args *args,
	      const struct env *env, struct deadline deadline, struct err *err)
{
	gpg->args = args;
	gpg->deadline = deadline;
	gpg->program = proc_find(env, "gpg");
	if (!gpg->program) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no program 'gpg'");
		return err_hint(err, "install GnuPG 2.2 or later");
	}
	env_copy(&gpg->env, env);
	env_set(&gpg->env, "LC_ALL", "C.UTF-8");
	/* A killed run's has secret keys in it. */
	return tempdir_start(&gpg->work, find_parent(env), "slipway-gpg",
			     err) &&
	       (!args->keyring || import_keyring(gpg, err));
}

/* The passphrase needs standard input, so the text goes into a file. */
static bool write_text(const struct gpg *gpg, const char *text, size_t len,
		       struct str *path, struct err *err)
{
	str_addf(path, "%s/text", str_text(&gpg->work.path));
	return file_write(str_text(path), text, len, 0600, err);
}

static void add_passphrase(const struct gpg *gpg, struct call *call)
{
	const struct secret *passphrase = &gpg->args->passphrase;

	strvec_add(&call->argv, "--pinentry-mode");
	if (!secret_is_set(passphrase)) {
		strvec_add(&call->argv, "error");
		return;
	}
	strvec_add(&call->argv, "loopback");
	strvec_add(&call->argv, "--passphrase-fd");
	strvec_add(&call->argv, "0");
	call->proc.stdin_bytes = secret_reveal(passphrase);
	call->proc.stdin_len = strlen(secret_reveal(passphrase));
}

/* gpg says the same of no key at all and of none of that name. */
static bool lacks_key(const struct err *err)
{
	return strstr(err->text, "No secret key") != NULL;
}

static bool explain(const struct gpg *gpg, struct err *err)
{
	if (err->kind != ERR_CHILD)
		return false;
	if (lacks_key(err) && !gpg->args->keyring)
		return err_hint(err, "'gpg --list-secret-keys' shows which "
				     "there are; '--sign-key' names one, "
				     "'--keyring' a file of keys");
	if (!secret_is_set(&gpg->args->passphrase))
		return err_hint(err, "a key with a passphrase needs "
				     "'--passphrase-file' or "
				     "SLIPWAY_PASSPHRASE");
	return gpg->args->keyring
		       ? err_hint(err, "a keyring with secret keys is what "
				       "'gpg --export-secret-keys' writes")
		       : false;
}

bool gpg_clearsign(const struct gpg *gpg, const char *text, size_t len,
		   struct str *signed_text, struct err *err)
{
	CLEANUP(call_release) struct call call = {0};
	CLEANUP(str_release) struct str path = {0};

	if (!write_text(gpg, text, len, &path, err))
		return false;
	start_gpg(gpg, &call);
	add_passphrase(gpg, &call);
	if (gpg->args->key) {
		strvec_add(&call.argv, "--local-user");
		strvec_add(&call.argv, gpg->args->key);
	}
	strvec_add(&call.argv, "--digest-algo");
	strvec_add(&call.argv, "SHA512");
	strvec_add(&call.argv, "--output");
	strvec_add(&call.argv, "-");
	strvec_add(&call.argv, "--clearsign");
	strvec_add(&call.argv, str_text(&path));
	if (!run_call(gpg, &call, err))
		return explain(gpg, err);
	str_add_bytes(signed_text, call.output.buf, call.output.len);
	return true;
}

/* Our home's agent would stay; that it is gone already is fine. */
static void stop_agent(const struct gpg *gpg)
{
	CLEANUP(call_release) struct call call = {0};
	CLEANUP(err_release) struct err ignored = {0};

	if (!gpg->own_home)
		return;
	start_call(gpg, &call, "gpgconf");
	strvec_add(&call.argv, "--kill");
	strvec_add(&call.argv, "all");
	(void)!run_call(gpg, &call, &ignored);
}

void gpg_release(struct gpg *gpg)
{
	stop_agent(gpg);
	tempdir_release(&gpg->work);
	env_release(&gpg->env);
	free(gpg->program);
	*gpg = (struct gpg){0};
}
