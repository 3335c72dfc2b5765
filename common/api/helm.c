#include "api/helm.h"

#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/file.h"

static bool run(struct helm_call *call, struct err *err)
{
	return proc_run(&call->proc, err) ||
	       err_wrap(err, "cannot run helm");
}

static void start_call(const struct helm *helm, struct helm_call *call,
		       const char *verb)
{
	strvec_add(&call->argv, helm->program);
	strvec_add(&call->argv, verb);
	call->output.limit = HELM_OUTPUT_MAX;
	call->errors.limit = HELM_OUTPUT_MAX;
}

static void finish_call(const struct helm *helm, struct helm_call *call,
			int64_t timeout_ms)
{
	call->proc = (struct proc){
		.argv = strvec_argv(&call->argv),
		.env = &helm->env,
		.stdout_to = &call->output,
		.stderr_to = &call->errors,
		.timeout_ms = timeout_ms,
	};
}

static void add_cluster(const struct helm *helm, struct helm_call *call)
{
	if (helm->kubeconfig)
		strvec_addf(&call->argv, "--kubeconfig=%s", helm->kubeconfig);
	if (helm->context)
		strvec_addf(&call->argv, "--kube-context=%s", helm->context);
}

/* "v4.3.1+g1234" and "v3.22" both say the major version. */
static bool read_version(struct helm *helm, struct err *err)
{
	CLEANUP(helm_call_release) struct helm_call call = {0};
	const char *text;

	start_call(helm, &call, "version");
	strvec_add(&call.argv, "--short");
	finish_call(helm, &call, HELM_VERSION_MS);
	if (!run(&call, err))
		return false;
	str_trim(&call.output);
	text = str_text(&call.output);
	if (starts_with(text, "v4."))
		helm->major = 4;
	else if (starts_with(text, "v3."))
		helm->major = 3;
	else
		return err_set(err, ERR_CHILD,
			       "'%s' is neither Helm 3 nor Helm 4: its "
			       "version is '%s'", helm->program, text);
	return true;
}

/* Without HOME Helm has nowhere to put its caches. */
static bool give_home(struct helm *helm, struct err *err)
{
	CLEANUP(str_release) struct str path = {0};
	const char *tmp = env_get(&helm->env, "TMPDIR");

	if (env_get(&helm->env, "HOME"))
		return true;
	if (!dir_create_temp(tmp ? tmp : "/tmp", "slipway-helm", &path, err))
		return err_wrap(err, "cannot make a home for helm");
	helm->home = str_detach(&path);
	env_set(&helm->env, "HOME", helm->home);
	return true;
}

bool helm_open(struct helm *helm, const struct kube_args *args,
	       const struct env *env, struct err *err)
{
	const char *name = args->helm ? args->helm : "helm";

	helm->program = proc_find(env, name);
	if (!helm->program) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no program '%s'",
			      name);
		return err_hint(err, "install Helm 4 (or 3), or give "
				     "'--helm PATH'");
	}
	helm->kubeconfig = xstrdup_or_null(args->kubeconfig);
	helm->context = xstrdup_or_null(args->context);
	env_copy(&helm->env, env);
	return give_home(helm, err) && read_version(helm, err);
}

void helm_release(struct helm *helm)
{
	CLEANUP(err_release) struct err ignored = {0};

	/* A temporary folder that stays does no harm. */
	if (helm->home && !tree_remove(helm->home, &ignored))
		err_release(&ignored);
	free(helm->program);
	free(helm->kubeconfig);
	free(helm->context);
	free(helm->home);
	env_release(&helm->env);
	*helm = (struct helm){0};
}

static void add_timeout(struct helm_call *call, int64_t wait_ms)
{
	strvec_addf(&call->argv, "--timeout=%llds",
		    (long long)((wait_ms + 999) / 1000));
}

void helm_prepare_upgrade(const struct helm *helm, struct helm_call *call,
			  const struct helm_upgrade *upgrade)
{
	start_call(helm, call, "upgrade");
	strvec_add(&call->argv, "--install");
	strvec_addf(&call->argv, "--namespace=%s", upgrade->namespace);
	strvec_add(&call->argv,
		   helm->major >= 4 ? "--wait=watcher" : "--wait");
	add_timeout(call, upgrade->wait_ms);
	strvec_addf(&call->argv, "--history-max=%lld",
		    (long long)upgrade->history_max);
	for (size_t i = 0; i < upgrade->labels->count; i++)
		strvec_addf(&call->argv, "--labels=%s",
			    upgrade->labels->items[i]);
	for (size_t i = 0; i < upgrade->values->count; i++)
		strvec_addf(&call->argv, "--values=%s",
			    upgrade->values->items[i]);
	for (size_t i = 0; i < upgrade->set->count; i++)
		strvec_addf(&call->argv, "--set=%s", upgrade->set->items[i]);
	add_cluster(helm, call);
	strvec_add(&call->argv, "--");
	strvec_add(&call->argv, upgrade->release);
	strvec_add(&call->argv, upgrade->chart);
	finish_call(helm, call, upgrade->wait_ms + HELM_OVERTIME_MS);
}

void helm_prepare_uninstall(const struct helm *helm, struct helm_call *call,
			    const char *namespace, const char *release,
			    int64_t wait_ms)
{
	start_call(helm, call, "uninstall");
	strvec_addf(&call->argv, "--namespace=%s", namespace);
	strvec_add(&call->argv, "--wait");
	add_timeout(call, wait_ms);
	add_cluster(helm, call);
	strvec_add(&call->argv, "--");
	strvec_add(&call->argv, release);
	finish_call(helm, call, wait_ms + HELM_OVERTIME_MS);
}

/* Helm's last line that begins with "Error: ", or all it said. */
static char *words_of(const struct helm_call *call)
{
	CLEANUP(str_release) struct str words = {0};
	const char *text = str_text(&call->errors);
	const char *error = NULL;

	for (const char *at = text; (at = strstr(at, "Error: ")); at++) {
		if (at == text || at[-1] == '\n')
			error = at + strlen("Error: ");
	}
	str_add(&words, error ? error : text);
	str_trim(&words);
	for (size_t i = 0; i < words.len; i++) {
		if (words.buf[i] == '\n')
			words.buf[i] = ' ';
	}
	return str_detach(&words);
}

static bool is_out_of_reach(const char *words)
{
	static const char *const signs[] = {
		"Kubernetes cluster unreachable", "connection refused",
		"i/o timeout", "no such host", "TLS handshake timeout",
		"etcdserver: ", "the server is currently unable",
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (strstr(words, signs[i]))
			return true;
	}
	return false;
}

static bool check_exit(const struct helm_call *call, const char *verb,
		       struct err *err)
{
	CLEANUP(free_ptr) char *words = words_of(call);

	if (call->proc.exit_code == 0)
		return true;
	(void)err_set(err, ERR_CHILD, "helm %s failed: %s", verb,
		      *words ? words : "it said nothing");
	(void)err_temporary(err, is_out_of_reach(words));
	if (strstr(words, "another operation"))
		return err_hint(err, "a killed run left the release pending; "
				     "'helm rollback' or, for a first "
				     "install, 'helm uninstall' frees it");
	return false;
}

bool helm_check_upgrade(const struct helm_call *call, struct err *err)
{
	return check_exit(call, "upgrade", err);
}

bool helm_check_uninstall(const struct helm_call *call, struct err *err)
{
	const char *output = str_text(&call->output);
	const char *errors = str_text(&call->errors);

	if (call->proc.exit_code != 0 &&
	    strstr(errors, "release: not found"))
		return true;
	if (!check_exit(call, "uninstall", err))
		return false;
	if (!strstr(output, "not deleted") &&
	    !strstr(errors, "skipping delete"))
		return true;
	return err_set(err, ERR_CHILD,
		       "helm uninstall left resources behind: %s",
		       strstr(errors, "skipping delete") ? errors : output);
}

void helm_call_release(struct helm_call *call)
{
	strvec_release(&call->argv);
	str_release(&call->output);
	str_release(&call->errors);
	*call = (struct helm_call){0};
}
