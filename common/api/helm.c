#include "api/helm.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "sys/file.h"

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
		.timeout_ms = deadline_share_ms(&helm->deadline, timeout_ms),
		.guarded = true, /* it may be a script around Helm */
	};
}

static void add_cluster(const struct helm *helm, struct helm_call *call)
{
	const char *lent =
		helm->kube ? kube_lend(helm->kube, helm->lend_ms) : NULL;

	if (lent) {
		strvec_addf(&call->argv, "--kubeconfig=%s", lent);
		return;
	}
	if (helm->kubeconfig)
		strvec_addf(&call->argv, "--kubeconfig=%s", helm->kubeconfig);
	if (helm->context)
		strvec_addf(&call->argv, "--kube-context=%s", helm->context);
}

struct version {
	int64_t major, minor;
	char *text; /* owned */
};

static void version_release(struct version *version)
{
	free(version->text);
}

/* Of "v3.22" and "v3.22.0+g1234". */
static bool parse_version(struct version *version, const char *text)
{
	static const char digits[] = "0123456789";
	CLEANUP(free_ptr) char *minor = NULL;

	version->text = xstrdup(text);
	if (!starts_with(text, "v3.") && !starts_with(text, "v4."))
		return false;
	version->major = text[1] - '0';
	minor = xmemdupz(text + 3, strspn(text + 3, digits));
	return num_parse_range(minor, 0, INT_MAX, &version->minor);
}

static bool ask_version(const struct helm *helm, struct version *version,
			struct err *err)
{
	CLEANUP(helm_call_release) struct helm_call call = {0};

	start_call(helm, &call, "version");
	strvec_add(&call.argv, "--short");
	finish_call(helm, &call, HELM_VERSION_MS);
	if (!proc_run(&call.proc, err))
		return err_wrap(err, "cannot run helm");
	str_trim(&call.output);
	return parse_version(version, str_text(&call.output)) ||
	       err_set(err, ERR_CHILD,
		       "'%s' is neither Helm 3 nor Helm 4: its version is '%s'",
		       helm->program, version->text);
}

bool helm_check_version(const struct helm *helm, int least, int *major,
			struct err *err)
{
	CLEANUP(version_release) struct version version = {0};

	if (!ask_version(helm, &version, err))
		return false;
	if (version.major == 3 && version.minor < least) {
		(void)err_set(err, ERR_CHILD,
			      "'%s' is too old: its version is '%s'",
			      helm->program, version.text);
		return err_hint(err, "it takes Helm 4, or 3 from 3.%d on",
				least);
	}
	*major = (int)version.major;
	return true;
}

bool helm_describes_rollbacks(const struct helm *helm)
{
	CLEANUP(version_release) struct version version = {0};
	CLEANUP(err_release) struct err unknown = {0};

	return ask_version(helm, &version, &unknown) && version.major == 4 &&
	       version.minor >= HELM_4_DESCRIBES;
}

static void make_env(struct helm *helm, const struct env *env)
{
	static const char *const misleading[] = {
		"HELM_DRIVER",
		"HELM_DRIVER_SQL_CONNECTION_STRING",
		"HELM_KUBEAPISERVER",
		"HELM_KUBEASGROUPS",
		"HELM_KUBEASUSER",
		"HELM_KUBECAFILE",
		"HELM_KUBECONTEXT",
		"HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
		"HELM_KUBETLS_SERVER_NAME",
		"HELM_KUBETOKEN",
		"HELM_NAMESPACE",
	};

	env_copy(&helm->env, env);
	for (size_t i = 0; i < ARRAY_SIZE(misleading); i++)
		env_unset(&helm->env, misleading[i]);
}

/* Without HOME Helm has nowhere to put its caches. */
static bool give_home(struct helm *helm, struct err *err)
{
	if (env_get(&helm->env, "HOME"))
		return true;
	if (!tempdir_start(&helm->home, dir_for_temp(&helm->env),
			   "slipway-helm", err))
		return err_wrap(err, "cannot make a home for helm");
	env_set(&helm->env, "HOME", str_text(&helm->home.path));
	return true;
}

bool helm_open(struct helm *helm, const struct kube_args *args,
	       const struct env *env, struct deadline deadline, struct err *err)
{
	CLEANUP(helm_release) struct helm opened = {.deadline = deadline};
	const char *name = args->helm ? args->helm : "helm";

	opened.program = proc_find(env, name);
	if (!opened.program) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no program '%s'",
			      name);
		return err_hint(err, "install Helm 4 (or 3), or give "
				     "'--helm PATH'");
	}
	opened.kubeconfig = xstrdup_or_null(args->kubeconfig);
	opened.context = xstrdup_or_null(args->context);
	make_env(&opened, env);
	if (!give_home(&opened, err))
		return false;
	*helm = opened;
	opened = (struct helm){0};
	return true;
}

void helm_use_login(struct helm *helm, struct kube *kube, int64_t wait_ms)
{
	helm->kube = kube;
	helm->lend_ms = wait_ms + HELM_OVERTIME_MS;
}

void helm_release(struct helm *helm)
{
	tempdir_release(&helm->home);
	free(helm->program);
	free(helm->kubeconfig);
	free(helm->context);
	env_release(&helm->env);
	*helm = (struct helm){0};
}

static void add_timeout(struct helm_call *call, int64_t wait_ms)
{
	strvec_addf(&call->argv, "--timeout=%llds",
		    (long long)((wait_ms + 999) / 1000));
}

/* To Helm this is a line of CSV, so a comma in a path would end it. */
static void add_values(struct helm_call *call, const char *path)
{
	CLEANUP(str_release) struct str field = {0};

	if (!strpbrk(path, ",\"")) {
		strvec_addf(&call->argv, "--values=%s", path);
		return;
	}
	for (; *path; path++)
		str_addf(&field, "%s%c", *path == '"' ? "\"" : "", *path);
	strvec_addf(&call->argv, "--values=\"%s\"", str_text(&field));
}

void helm_prepare_upgrade(const struct helm *helm, struct helm_call *call,
			  const struct helm_upgrade *upgrade)
{
	start_call(helm, call, "upgrade");
	strvec_add(&call->argv, "--install");
	strvec_addf(&call->argv, "--namespace=%s", upgrade->namespace);
	strvec_add(&call->argv, "--wait");
	if (upgrade->dry_run)
		strvec_add(&call->argv, "--dry-run=server");
	if (upgrade->wait_for_jobs)
		strvec_add(&call->argv, "--wait-for-jobs");
	add_timeout(call, upgrade->wait_ms);
	strvec_addf(&call->argv, "--history-max=%lld",
		    (long long)upgrade->history_max);
	for (size_t i = 0; i < upgrade->labels->count; i++)
		strvec_addf(&call->argv, "--labels=%s",
			    upgrade->labels->items[i]);
	for (size_t i = 0; i < upgrade->values->count; i++)
		add_values(call, upgrade->values->items[i]);
	for (size_t i = 0; i < upgrade->set->count; i++)
		strvec_addf(&call->argv, "--set=%s", upgrade->set->items[i]);
	add_cluster(helm, call);
	strvec_add(&call->argv, "--");
	strvec_add(&call->argv, upgrade->release);
	strvec_add(&call->argv, upgrade->chart);
	finish_call(helm, call, upgrade->wait_ms + HELM_OVERTIME_MS);
}

void helm_prepare_rollback(const struct helm *helm, struct helm_call *call,
			   const struct helm_rollback *rollback)
{
	start_call(helm, call, "rollback");
	strvec_addf(&call->argv, "--namespace=%s", rollback->namespace);
	strvec_add(&call->argv, "--wait");
	add_timeout(call, rollback->wait_ms);
	strvec_addf(&call->argv, "--history-max=%lld",
		    (long long)rollback->history_max);
	if (rollback->description)
		strvec_addf(&call->argv, "--description=%s",
			    rollback->description);
	add_cluster(helm, call);
	strvec_add(&call->argv, "--");
	strvec_add(&call->argv, rollback->release);
	strvec_addf(&call->argv, "%lld", (long long)rollback->revision);
	finish_call(helm, call, rollback->wait_ms + HELM_OVERTIME_MS);
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

/*
 * Did the answer to a request break off, as in `Get "https://...": EOF`?  A
 * template or an archive that breaks off is an EOF to Helm as well.
 */
static bool is_cut_off(const char *words)
{
	static const char *const causes[] = {
		": EOF",
		": unexpected EOF",
		": proxyconnect tcp: EOF",
	};

	if (strstr(words, "error when reading response body"))
		return true;
	while ((words = strstr(words, " \"http"))) {
		words += strlen(" \"http");
		words += strcspn(words, "\"");
		if (*words)
			words++;
		for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
			if (starts_with(words, causes[i]))
				return true;
		}
	}
	return false;
}

static bool is_out_of_reach(const char *words)
{
	static const char *const signs[] = {
		"ubernetes cluster unreachable", /* Helm 4 has no capital */
		"connection refused",
		"connection reset by peer",
		"i/o timeout",
		"no such host",
		"no route to host",
		"TLS handshake timeout",
		"etcdserver: ",
		"the server is currently unable to handle the request",
		"the server has received too many requests",
	};

	if (strstr(words, "request is too large"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (strstr(words, signs[i]))
			return true;
	}
	return is_cut_off(words);
}

#define TOO_LARGE                                                             \
	"Helm keeps the chart with all its files and what it renders in one " \
	"Secret of at most 1 MiB: leave out what is large, by .helmignore; "  \
	"umbrella-render warns of it and names the largest"

#define TOO_OLD(least)                                                \
	"this Helm is too old: it takes Helm 4, or 3 from 3." DIGITS( \
		least) " on"
#define DIGITS(number)	  DIGITS_OF(number)
#define DIGITS_OF(number) #number

/* The first of these that Helm says tells what to do. */
static bool add_hint(const char *words, struct err *err)
{
	static const struct {
		const char *sign;
		const char *hint;
	} cures[] = {
		{"unknown flag: --labels", TOO_OLD(HELM_3_UPGRADES)},
		{"unknown flag: --wait", TOO_OLD(HELM_3_UNINSTALLS)},
		{"another operation",
		 "if no other run is at work on it, a killed one left the "
		 "release pending: 'helm rollback' or, for a first install, "
		 "'helm uninstall' frees it"},
		{"may not be more than 1048576", TOO_LARGE},
		{"must have at most 1048576", TOO_LARGE},
		{"request is too large", TOO_LARGE},
		{"which is incompatible with Kubernetes",
		 "deploy to a cluster of a version that the chart's "
		 "'kubeVersion' allows, or widen that in its Chart.yaml"},
		{"cannot be imported into the current release",
		 "another release or person made that object: remove it, name "
		 "ours otherwise, or deploy to another namespace"},
		{"denied the request",
		 "a webhook refuses an object of the chart: let the chart do "
		 "what it asks for"},
		{"denied request",
		 "a policy of the cluster refuses an object of the chart: let "
		 "the chart do what it asks for"},
		{"failed calling webhook",
		 "a webhook of the cluster does not answer: see its service"},
		{"Apply failed with",
		 "somebody else set these fields: give them up there, or leave "
		 "them out of the chart"},
		{"field is immutable",
		 "that object has to be deleted before it can be so"},
		{"connection refused",
		 "see whether the cluster is up, and its address right in the "
		 "kubeconfig"},
		{"exceeded quota",
		 "raise the quota of the namespace, or ask for less"},
		{"is forbidden",
		 "the role of whoever deploys has to cover what the chart "
		 "holds; '--check' names what the step itself lacks"},
		{"no matches for kind",
		 "install the definition (CRD) of that kind in the cluster "
		 "first"},
		{"missing in charts/ directory",
		 "umbrella-render vendors the dependencies"},
		{"meet the specifications of the schema",
		 "mend the values, by '--values', '--set' or in the chart"},
		{"hooks failed", "see the log of the hook's pod"},
		{"failed pre-", "see the log of the hook's pod"},
		{"failed post-", "see the log of the hook's pod"},
		{"execution error at",
		 "'helm template' with the same values shows what fails"},
		{"executing \"",
		 "'helm template' with the same values shows what fails"},
		{"parse error",
		 "'helm template --debug' shows what the template makes"},
		{"unable to build kubernetes objects",
		 "'helm template' shows what the chart makes"},
		{"namespaces \"",
		 "a template puts its object into a namespace that is not "
		 "there, or the environment's was deleted meanwhile: make it, "
		 "or leave 'metadata.namespace' out of the template"},
		{"library charts are not installable",
		 "deploy the chart that depends on it"},
		{"resource name may not be empty",
		 "give each object a 'metadata.name': Helm finds none again "
		 "that has only a 'generateName'"},
		{" already exists",
		 "two templates make an object of that name, or somebody else "
		 "made it meanwhile"},
		{" is invalid: ",
		 "mend the template of that object; 'helm template' shows what "
		 "it makes"},
		{"context deadline exceeded",
		 "'--wait-timeout' gives it more time"},
		{"timed out waiting", "'--wait-timeout' gives it more time"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cures); i++) {
		if (strstr(words, cures[i].sign))
			return err_hint(err, "%s", cures[i].hint);
	}
	return false;
}

static bool check_exit(const struct helm_call *call, const char *verb,
		       struct err *err)
{
	CLEANUP(free_ptr) char *words = words_of(call);

	if (call->proc.exit_code == 0)
		return true;
	if (call->proc.signal)
		return err_set(err, ERR_CHILD, "helm %s was ended by signal %d",
			       verb, call->proc.signal);
	(void)err_set(err, ERR_CHILD, "helm %s failed: %s", verb,
		      *words ? words : "it said nothing");
	(void)err_temporary(err, is_out_of_reach(words));
	return add_hint(words, err);
}

bool helm_was_busy(const struct helm_call *call)
{
	static const char *const signs[] = {
		"another operation (install/upgrade/rollback) is in progress",
		"release: already exists",
		"a name that is still in use",
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (call->proc.exit_code != 0 &&
		    strstr(str_text(&call->errors), signs[i]))
			return true;
	}
	return false;
}

bool helm_lacks_kind(const struct helm_call *call)
{
	return call->proc.exit_code != 0 &&
	       strstr(str_text(&call->errors), "no matches for kind");
}

bool helm_check_upgrade(const struct helm_call *call, struct err *err)
{
	return check_exit(call, "upgrade", err);
}

bool helm_check_rollback(const struct helm_call *call, struct err *err)
{
	return check_exit(call, "rollback", err);
}

/*
 * What Helm 4 lists below "N resource(s) were not deleted because they are
 * not owned by ...:" or "... because their ownership could not be verified:",
 * as one line; "" if it left nothing.
 */
static char *left_behind(const struct helm_call *call)
{
	CLEANUP(strvec_release) struct strvec lines = {0};
	struct str left = {0};
	bool listing = false;

	strvec_split(&lines, str_text(&call->output), '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];

		if (strstr(line, " were not deleted because "))
			listing = true;
		else if (*line != '[')
			listing = false;
		else if (listing)
			str_addf(&left, "%s%s", left.len ? ", " : "", line);
	}
	return str_detach(&left);
}

/* There was no release, or another Helm took its last trace away first. */
static bool was_gone(const struct helm_call *call)
{
	const char *text = str_text(&call->errors);
	const char *purge =
		strstr(text, "completed with 1 error(s): uninstall: "
			     "Failed to purge the release: ");

	return call->proc.exit_code != 0 &&
	       (strstr(text, "release: not found") ||
		(purge && strstr(purge, " not found")));
}

bool helm_says_uninstalled(const struct helm_call *call, const char *release)
{
	CLEANUP(free_ptr) char *line =
		xasprintf("release \"%s\" uninstalled\n", release);

	return strstr(str_text(&call->output), line) != NULL;
}

bool helm_check_uninstall(const struct helm_call *call, struct err *err)
{
	CLEANUP(free_ptr) char *left = left_behind(call);

	if (was_gone(call))
		return true;
	if (!check_exit(call, "uninstall", err)) {
		if (strstr(err->text, "failed to delete release: "))
			return err_hint(err, "Helm says why only with 'helm "
					     "uninstall --debug'; often it is "
					     "a right that is missing");
		return false;
	}
	if (!*left)
		return true;
	return err_set(err, ERR_CHILD,
		       "helm uninstall left behind what is not the release's "
		       "or may not be read: %s",
		       left);
}

void helm_call_release(struct helm_call *call)
{
	strvec_release(&call->argv);
	str_release(&call->output);
	str_release(&call->errors);
	*call = (struct helm_call){0};
}
