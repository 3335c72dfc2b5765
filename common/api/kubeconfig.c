#include "api/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/proc.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"
#define FILES_MAX	32

/* The kubeconfig files, in order of precedence. */
struct files {
	struct ydoc docs[FILES_MAX];
	size_t count;
};

static void files_release(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		ydoc_release(&files->docs[i]);
}

static bool read_file(struct files *files, const char *path, struct err *err)
{
	if (files->count == FILES_MAX)
		return err_set(err, ERR_INPUT, "more than %d kubeconfig files",
			       FILES_MAX);
	if (!ydoc_read(&files->docs[files->count], path, 0, err))
		return err_wrap(err, "cannot read kubeconfig");
	files->count++;
	return true;
}

/* All files of KUBECONFIG that exist, as kubectl, or the one in HOME. */
static bool read_default_files(struct files *files, const struct env *env,
			       struct err *err)
{
	CLEANUP(strvec_release) struct strvec paths = {0};
	const char *list = env_get(env, "KUBECONFIG");
	const char *home = env_get(env, "HOME");

	if (list)
		strvec_split(&paths, list, ':');
	else if (home)
		strvec_addf(&paths, "%s/.kube/config", home);
	for (size_t i = 0; i < paths.count; i++) {
		if (*paths.items[i] && file_exists(paths.items[i]) &&
		    !read_file(files, paths.items[i], err))
			return false;
	}
	if (list && !files->count)
		return err_set(err, ERR_INPUT,
			       "no file of KUBECONFIG exists: '%s'", list);
	return true;
}

/* The member @section of the entry @name of the list @list. */
static const struct value *find_named(const struct files *files,
				      const char *list, const char *name,
				      const char *section,
				      const struct ydoc **home)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct value *entries =
			value_map_get(files->docs[i].root, list);

		if (!entries || entries->kind != VALUE_LIST)
			continue;
		for (size_t j = 0; j < entries->list.count; j++) {
			const struct value *entry = entries->list.items[j];

			if (!same_text(value_find_text(entry, "name"), name))
				continue;
			*home = &files->docs[i];
			return value_map_get(entry, section);
		}
	}
	return NULL;
}

static const char *current_context(const struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *name = value_find_text(files->docs[i].root,
						   "current-context");

		if (!is_blank(name))
			return name;
	}
	return NULL;
}

/* Relative paths in a kubeconfig are relative to its folder. */
static char *beside(const struct ydoc *home, const char *path)
{
	const char *slash = strrchr(home->name, '/');

	if (*path == '/' || !slash)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - home->name), home->name,
			 path);
}

/*
 * Bytes that stand in @name-data as base64, or in the file that @name is.
 * *@bytes stays NULL if neither is there.
 */
static bool read_data(const struct value *section, const struct ydoc *home,
		      const char *name, char **bytes, struct err *err)
{
	CLEANUP(free_ptr) char *data_name = xasprintf("%s-data", name);
	CLEANUP(str_release) struct str out = {0};
	const char *data = value_find_text(section, data_name);
	const char *path = value_find_text(section, name);

	if (!is_blank(data)) {
		if (!base64_decode(&out, data, strlen(data), BASE64_STANDARD))
			return err_set(err, ERR_INPUT,
				       "'%s' in kubeconfig '%s' is no base64",
				       data_name, home->name);
	} else if (!is_blank(path)) {
		CLEANUP(free_ptr) char *file = beside(home, path);

		if (!file_read(file, KUBECONFIG_SIZE_MAX, &out, err))
			return err_wrap(err, "cannot read '%s' of kubeconfig",
					name);
	} else {
		return true;
	}
	*bytes = str_detach(&out);
	return true;
}

static bool read_secret_data(const struct value *section,
			     const struct ydoc *home, const char *name,
			     struct secret *secret, struct err *err)
{
	CLEANUP(free_ptr) char *bytes = NULL;

	if (!read_data(section, home, name, &bytes, err))
		return false;
	if (bytes) {
		secret_set(secret, bytes, strlen(bytes));
		wipe(bytes, strlen(bytes));
	}
	return true;
}

static bool is_true(const struct value *map, const char *name)
{
	const struct value *value = value_map_get(map, name);

	return value && value_truth(value);
}

static bool read_cluster(struct kubeconfig *config, const struct files *files,
			 const char *name, struct err *err)
{
	const struct ydoc *home = NULL;
	const struct value *cluster =
		find_named(files, "clusters", name, "cluster", &home);
	const char *server;

	if (!cluster)
		return err_set(err, ERR_INPUT, "no cluster '%s' in kubeconfig",
			       name);
	if (is_true(cluster, "insecure-skip-tls-verify")) {
		(void)err_set(err, ERR_INPUT,
			      "cluster '%s' has insecure-skip-tls-verify, "
			      "which is refused",
			      name);
		return err_hint(err, "put the cluster's certificate into "
				     "certificate-authority-data");
	}
	server = value_find_text(cluster, "server");
	if (is_blank(server))
		return err_set(err, ERR_INPUT,
			       "cluster '%s' has no 'server' in kubeconfig",
			       name);
	config->server = xstrdup(server);
	return read_data(cluster, home, "certificate-authority",
			 &config->ca_pem, err);
}

static void add_exec_args(struct strvec *argv, const struct value *list)
{
	if (!list || list->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < list->list.count; i++) {
		const char *arg = value_find_text(list->list.items[i], "");

		strvec_add(argv, arg ? arg : "");
	}
}

static void add_exec_env(struct env *env, const struct value *list)
{
	if (!list || list->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < list->list.count; i++) {
		const char *name =
			value_find_text(list->list.items[i], "name");
		const char *value =
			value_find_text(list->list.items[i], "value");

		if (!is_blank(name) && value)
			env_set(env, name, value);
	}
}

/* What an exec plugin is told: KUBERNETES_EXEC_INFO. */
static void add_exec_info(struct env *env, const struct value *exec)
{
	CLEANUP(jsn_release) json_t *info = json_object();
	CLEANUP(str_release) struct str text = {0};
	json_t *spec = json_object();

	jsn_set_text(info, "apiVersion", value_find_text(exec, "apiVersion"));
	jsn_set_text(info, "kind", "ExecCredential");
	jsn_set(spec, "interactive", json_false());
	jsn_set(info, "spec", spec);
	jsn_print(&text, info, false);
	env_set(env, "KUBERNETES_EXEC_INFO", str_text(&text));
}

static bool take_credential(struct kubeconfig *config, const struct str *reply,
			    const char *command, struct err *err)
{
	CLEANUP(jsn_release) json_t *credential = NULL;
	const char *token, *cert, *key;

	if (!jsn_parse(&credential, str_text(reply), reply->len, command, err))
		return err_wrap(err, "exec plugin '%s' printed no "
				     "ExecCredential", command);
	token = jsn_text(credential, "status.token");
	cert = jsn_text(credential, "status.clientCertificateData");
	key = jsn_text(credential, "status.clientKeyData");
	if (is_blank(token) && (is_blank(cert) || is_blank(key)))
		return err_set(err, ERR_CHILD,
			       "exec plugin '%s' gave neither a token nor a "
			       "client certificate", command);
	if (token)
		secret_set(&config->token, token, strlen(token));
	if (cert && key) {
		config->cert_pem = xstrdup(cert);
		secret_set(&config->key_pem, key, strlen(key));
	}
	return true;
}

static bool run_exec(struct kubeconfig *config, const struct value *exec,
		     const struct env *env, struct err *err)
{
	CLEANUP(strvec_release) struct strvec argv = {0};
	CLEANUP(env_release) struct env child_env = {0};
	CLEANUP(str_release) struct str out = {.limit = KUBECONFIG_SIZE_MAX};
	const char *command = value_find_text(exec, "command");
	struct proc proc = {.stdout_to = &out, .timeout_ms = KUBE_EXEC_MS};

	if (is_blank(command))
		return err_set(err, ERR_INPUT,
			       "'exec' in kubeconfig has no 'command'");
	strvec_add(&argv, command);
	add_exec_args(&argv, value_map_get(exec, "args"));
	env_copy(&child_env, env);
	add_exec_env(&child_env, value_map_get(exec, "env"));
	add_exec_info(&child_env, exec);

	proc.argv = strvec_argv(&argv);
	proc.env = &child_env;
	if (!proc_run(&proc, err))
		return err_wrap(err, "cannot run the kubeconfig's exec plugin");
	if (proc.exit_code != 0)
		return err_set(err, ERR_CHILD,
			       "the kubeconfig's exec plugin '%s' failed with "
			       "exit code %d", command, proc.exit_code);
	return take_credential(config, &out, command, err);
}

static bool read_user(struct kubeconfig *config, const struct files *files,
		      const char *name, const struct env *env,
		      struct err *err)
{
	const struct ydoc *home = NULL;
	const struct value *user =
		find_named(files, "users", name, "user", &home);
	const char *token, *token_file;
	const struct value *exec;

	if (!user)
		return err_set(err, ERR_INPUT, "no user '%s' in kubeconfig",
			       name);
	if (!read_data(user, home, "client-certificate", &config->cert_pem,
		       err) ||
	    !read_secret_data(user, home, "client-key", &config->key_pem, err))
		return false;

	token = value_find_text(user, "token");
	token_file = value_find_text(user, "tokenFile");
	exec = value_map_get(user, "exec");
	if (!is_blank(token_file))
		config->token_file = beside(home, token_file);
	else if (!is_blank(token))
		secret_set(&config->token, token, strlen(token));
	else if (exec && value_is_map(exec))
		return run_exec(config, exec, env, err);
	return true;
}

static bool read_context(struct kubeconfig *config, const struct files *files,
			 const char *wanted, const struct env *env,
			 struct err *err)
{
	const char *name = wanted ? wanted : current_context(files);
	const struct ydoc *home = NULL;
	const struct value *context;
	const char *cluster, *user;

	if (!name) {
		(void)err_set(err, ERR_INPUT,
			      "the kubeconfig has no current context");
		return err_hint(err, "give '--kube-context'");
	}
	context = find_named(files, "contexts", name, "context", &home);
	if (!context)
		return err_set(err, ERR_INPUT, "no context '%s' in kubeconfig",
			       name);
	cluster = value_find_text(context, "cluster");
	user = value_find_text(context, "user");
	if (is_blank(cluster) || is_blank(user))
		return err_set(err, ERR_INPUT,
			       "context '%s' lacks its cluster or user", name);
	return read_cluster(config, files, cluster, err) &&
	       read_user(config, files, user, env, err);
}

/* The service account of the pod that we run in. */
static bool read_pod(struct kubeconfig *config, const struct env *env,
		     struct err *err)
{
	CLEANUP(str_release) struct str ca = {0};
	const char *host = env_get(env, "KUBERNETES_SERVICE_HOST");
	const char *port = env_get(env, "KUBERNETES_SERVICE_PORT");
	bool ipv6;

	if (!host || !port) {
		(void)err_set(err, ERR_INPUT, "there is no kubeconfig, and "
					      "this is no pod of a cluster");
		return err_hint(err, "give '--kubeconfig', or set KUBECONFIG");
	}
	if (!file_read(SERVICE_ACCOUNT "ca.crt", KUBECONFIG_SIZE_MAX, &ca,
		       err))
		return err_wrap(err, "cannot use the pod's service account");
	ipv6 = strchr(host, ':') != NULL;
	config->server = xasprintf("https://%s%s%s:%s", ipv6 ? "[" : "", host,
				   ipv6 ? "]" : "", port);
	config->ca_pem = str_detach(&ca);
	config->token_file = xstrdup(SERVICE_ACCOUNT "token");
	return true;
}

bool kubeconfig_load(struct kubeconfig *config, const char *path,
		     const char *context, const struct env *env,
		     struct err *err)
{
	CLEANUP(files_release) struct files files = {0};

	if (path ? !read_file(&files, path, err)
		 : !read_default_files(&files, env, err))
		return false;
	if (!files.count)
		return read_pod(config, env, err);
	return read_context(config, &files, context, env, err);
}

void kubeconfig_release(struct kubeconfig *config)
{
	free(config->server);
	free(config->ca_pem);
	free(config->cert_pem);
	secret_release(&config->key_pem);
	secret_release(&config->token);
	free(config->token_file);
	*config = (struct kubeconfig){0};
}
