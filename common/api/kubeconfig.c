#include "api/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/env.h"
#include "sys/file.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"

/* The kubeconfig files, in order of precedence. */
struct files {
	struct ydoc docs[KUBECONFIG_FILES_MAX];
	size_t count;
};

static void files_release(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		ydoc_release(&files->docs[i]);
}

static bool read_file(struct files *files, const char *path, struct err *err)
{
	struct ydoc *doc = &files->docs[files->count];

	if (files->count == KUBECONFIG_FILES_MAX)
		return err_set(err, ERR_INPUT, "more than %d kubeconfig files",
			       KUBECONFIG_FILES_MAX);
	if (!ydoc_read(doc, path, 0, err)) {
		err_hide_source(err);
		return err_wrap(err, "cannot read kubeconfig");
	}
	files->count++;
	if (value_is_map(doc->root) || doc->root->kind == VALUE_NIL)
		return true;
	return err_set(err, ERR_INPUT, "'%s' is no kubeconfig", path);
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

/* A named entry of one of the lists: its body, and where that stands. */
struct entry {
	const struct value *body;
	const struct ydoc *home;
	char *path; /* of the body in @home; owned */
};

static void entry_release(struct entry *entry)
{
	free(entry->path);
}

static bool find_entry(struct entry *entry, const struct files *files,
		       const char *list, const char *kind, const char *name,
		       struct err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct ydoc *doc = &files->docs[i];
		const struct value *items = value_map_get(doc->root, list);

		for (size_t j = 0;
		     items && value_is_list(items) && j < items->list.count;
		     j++) {
			const struct value *item = items->list.items[j];

			if (!same_text(value_find_text(item, "name"), name))
				continue;
			entry->home = doc;
			entry->body = value_map_get(item, kind);
			entry->path = xasprintf("%s.%zu.%s", list, j, kind);
			if (entry->body && value_is_map(entry->body))
				return true;
			return err_set(err, ERR_INPUT,
				       "%s '%s' of the kubeconfig is empty",
				       kind, name);
		}
	}
	return err_set(err, ERR_INPUT, "the kubeconfig has no %s '%s'", kind,
		       name);
}

/* Say in @err where in the file the member @name of @entry stands. */
static bool blame(const struct entry *entry, const char *name, struct err *err)
{
	CLEANUP(free_ptr) char *path = xasprintf("%s.%s", entry->path, name);

	(void)ydoc_blame(entry->home, path, err);
	err_hide_source(err);
	return false;
}

struct refusal {
	const char *name, *cure;
};

/* Is a member set that we would have to act upon, and cannot? */
static bool refuse(const struct entry *entry, const struct refusal *refusals,
		   size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct value *value =
			value_map_get(entry->body, refusals[i].name);

		if (!value || !value_truth(value))
			continue;
		(void)err_set(err, ERR_INPUT,
			      "'%s' in a kubeconfig is not supported",
			      refusals[i].name);
		(void)err_hint(err, "%s", refusals[i].cure);
		return blame(entry, refusals[i].name, err);
	}
	return true;
}

/* The folder of a file; relative paths in a kubeconfig begin there. */
static char *folder_of(const struct ydoc *home)
{
	const char *slash = strrchr(home->name, '/');

	return slash ? xmemdupz(home->name, (size_t)(slash - home->name) + 1)
		     : xstrdup("");
}

static char *beside(const struct ydoc *home, const char *path)
{
	CLEANUP(free_ptr) char *folder = folder_of(home);

	return *path == '/' ? xstrdup(path) : path_join(folder, path);
}

/*
 * Bytes that stand in @name-data as base64, or in the file that @name is.
 * *@bytes stays NULL if neither is there.
 */
static bool read_data(const struct entry *entry, const char *name, char **bytes,
		      struct err *err)
{
	CLEANUP(free_ptr) char *data_name = xasprintf("%s-data", name);
	CLEANUP(str_release) struct str out = {0};
	const char *data = value_find_text(entry->body, data_name);
	const char *path = value_find_text(entry->body, name);

	if (!is_blank(data)) {
		if (!base64_decode(&out, data, strlen(data), BASE64_STANDARD)) {
			(void)err_set(err, ERR_INPUT, "'%s' is no base64",
				      data_name);
			return blame(entry, data_name, err);
		}
	} else if (!is_blank(path)) {
		CLEANUP(free_ptr) char *file = beside(entry->home, path);

		if (!file_read(file, KUBECONFIG_SIZE_MAX, &out, err)) {
			(void)err_wrap(err,
				       "cannot read the kubeconfig's "
				       "'%s'",
				       name);
			return blame(entry, name, err);
		}
	} else {
		return true;
	}
	*bytes = str_detach(&out);
	return true;
}

static bool read_secret_data(const struct entry *entry, const char *name,
			     struct secret *secret, struct err *err)
{
	CLEANUP(free_ptr) char *bytes = NULL;

	if (!read_data(entry, name, &bytes, err))
		return false;
	if (bytes) {
		secret_set(secret, bytes, strlen(bytes));
		wipe(bytes, strlen(bytes));
	}
	return true;
}

static bool read_cluster(struct kubeconfig *config, const struct files *files,
			 const char *name, struct err *err)
{
	static const struct refusal refusals[] = {
		{"insecure-skip-tls-verify",
		 "put the cluster's certificate into "
		 "certificate-authority-data"},
		{"tls-server-name",
		 "use an address that the cluster's certificate names"},
		{"proxy-url", "set HTTPS_PROXY instead"},
	};
	CLEANUP(entry_release) struct entry cluster = {0};
	const char *server;

	if (!find_entry(&cluster, files, "clusters", "cluster", name, err) ||
	    !refuse(&cluster, refusals, ARRAY_SIZE(refusals), err))
		return false;
	server = value_find_text(cluster.body, "server");
	if (is_blank(server))
		return err_set(err, ERR_INPUT,
			       "cluster '%s' of the kubeconfig has no 'server'",
			       name);
	config->cluster = xstrdup(name);
	config->server = xstrdup(server);
	return read_data(&cluster, "certificate-authority", &config->ca_pem,
			 err);
}

static bool ask_plugin(struct kubeconfig *config, const struct entry *user,
		       const struct value *exec, const struct env *env,
		       struct err *err)
{
	CLEANUP(execplugin_answer_release) struct execplugin_answer answer = {
		0};
	CLEANUP(free_ptr) char *folder = folder_of(user->home);

	if (!execplugin_read(&config->plugin, exec, folder, env, err))
		return blame(user, "exec", err);
	if (!execplugin_run(&config->plugin, &answer, err))
		return false;
	config->token = answer.token;
	if (answer.cert_pem) {
		secret_release(&config->key_pem);
		free(config->cert_pem);
		config->cert_pem = answer.cert_pem;
		config->key_pem = answer.key_pem;
	}
	answer = (struct execplugin_answer){0};
	return true;
}

static bool read_user(struct kubeconfig *config, const struct files *files,
		      const char *name, const struct env *env, struct err *err)
{
	static const char use_token[] =
		"use a token, a client certificate or an exec plugin";
	static const struct refusal refusals[] = {
		{"username", use_token},
		{"auth-provider", use_token},
		{"as", "give the user the rights himself"},
		{"as-uid", "give the user the rights himself"},
		{"as-groups", "give the user the rights himself"},
	};
	CLEANUP(entry_release) struct entry user = {0};
	const char *token, *token_file;
	const struct value *exec;

	if (!find_entry(&user, files, "users", "user", name, err) ||
	    !refuse(&user, refusals, ARRAY_SIZE(refusals), err) ||
	    !read_data(&user, "client-certificate", &config->cert_pem, err) ||
	    !read_secret_data(&user, "client-key", &config->key_pem, err))
		return false;

	token = value_find_text(user.body, "token");
	token_file = value_find_text(user.body, "tokenFile");
	exec = value_map_get(user.body, "exec");
	if (!is_blank(token_file))
		config->token_file = beside(user.home, token_file);
	else if (!is_blank(token))
		secret_set(&config->token, token, strlen(token));
	else if (exec && value_is_map(exec))
		return ask_plugin(config, &user, exec, env, err);
	return true;
}

static const char *current_context(const struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *name =
			value_find_text(files->docs[i].root, "current-context");

		if (!is_blank(name))
			return name;
	}
	return NULL;
}

static bool read_context(struct kubeconfig *config, const struct files *files,
			 const char *wanted, const struct env *env,
			 struct err *err)
{
	const char *name = wanted ? wanted : current_context(files);
	CLEANUP(entry_release) struct entry context = {0};
	const char *cluster, *user;

	if (!name) {
		(void)err_set(err, ERR_INPUT,
			      "the kubeconfig has no current context");
		return err_hint(err, "give '--kube-context'");
	}
	if (!find_entry(&context, files, "contexts", "context", name, err))
		return false;
	cluster = value_find_text(context.body, "cluster");
	user = value_find_text(context.body, "user");
	if (is_blank(cluster) || is_blank(user))
		return err_set(err, ERR_INPUT,
			       "context '%s' of the kubeconfig lacks its "
			       "cluster or user",
			       name);
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
		(void)err_set(err, ERR_INPUT,
			      "there is no kubeconfig, and "
			      "this is no pod of a cluster");
		return err_hint(err, "give '--kubeconfig', or set KUBECONFIG");
	}
	if (!file_read(SERVICE_ACCOUNT "ca.crt", KUBECONFIG_SIZE_MAX, &ca, err))
		return err_wrap(err, "cannot use the pod's service account");
	ipv6 = strchr(host, ':') != NULL;
	config->cluster = xstrdup("");
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
	CLEANUP(kubeconfig_release) struct kubeconfig loaded = {0};

	if (path ? !read_file(&files, path, err)
		 : !read_default_files(&files, env, err))
		return false;
	if (files.count ? !read_context(&loaded, &files, context, env, err)
			: !read_pod(&loaded, env, err))
		return false;
	*config = loaded;
	loaded = (struct kubeconfig){0};
	return true;
}

void kubeconfig_release(struct kubeconfig *config)
{
	free(config->cluster);
	free(config->server);
	free(config->ca_pem);
	free(config->cert_pem);
	secret_release(&config->key_pem);
	secret_release(&config->token);
	free(config->token_file);
	execplugin_release(&config->plugin);
	*config = (struct kubeconfig){0};
}
