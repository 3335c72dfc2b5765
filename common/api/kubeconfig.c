#include "api/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig_files.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/url.h"
#include "format/value.h"
#include "sys/env.h"
#include "sys/file.h"

/* --- the cluster ----------------------------------------------------------- */

static bool read_proxy(struct kubeconfig *config,
		       const struct kubeconfig_entry *cluster, struct err *err)
{
	static const char *const schemes[] = {"http://", "https://",
					      "socks5://"};
	const char *proxy;

	if (!kubeconfig_text(cluster, "proxy-url", &proxy, err))
		return false;
	if (!proxy)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (starts_with(proxy, schemes[i])) {
			config->proxy = xstrdup(proxy);
			return true;
		}
	}
	/* Not shown: it may hold a password. */
	(void)err_set(err, ERR_INPUT,
		      "'proxy-url' of the kubeconfig is no address of a proxy");
	(void)err_hint(err, "it begins with http://, https:// or socks5://");
	return kubeconfig_blame(cluster, "proxy-url", err);
}

static bool read_trust(struct kubeconfig *config,
		       const struct kubeconfig_entry *cluster, struct err *err)
{
	const char *server_name;

	if (!kubeconfig_bytes(cluster, "certificate-authority", &config->ca_pem,
			      err) ||
	    !kubeconfig_flag(cluster, "insecure-skip-tls-verify",
			     &config->insecure, err) ||
	    !kubeconfig_text(cluster, "tls-server-name", &server_name, err))
		return false;
	config->server_name = xstrdup_or_null(server_name);
	if (!config->insecure || !config->ca_pem)
		return true;
	(void)err_set(err, ERR_INPUT,
		      "'insecure-skip-tls-verify' of the kubeconfig makes no "
		      "use of the certificate authority beside it");
	return kubeconfig_blame(cluster, "insecure-skip-tls-verify", err);
}

static bool read_cluster(struct kubeconfig *config,
			 const struct kubeconfig_files *files, const char *name,
			 struct kubeconfig_entry *cluster, struct err *err)
{
	const char *server;

	if (!kubeconfig_find(files, KUBECONFIG_CLUSTER, name, cluster, err) ||
	    !kubeconfig_text(cluster, "server", &server, err))
		return false;
	if (!server)
		return err_set(err, ERR_INPUT,
			       "cluster '%s' of the kubeconfig has no 'server'",
			       name);
	config->cluster = xstrdup(name);
	config->server = xstrdup(server);
	return read_trust(config, cluster, err) &&
	       read_proxy(config, cluster, err) &&
	       kubeconfig_flag(cluster, "disable-compression",
			       &config->no_compression, err);
}

/* --- the user -------------------------------------------------------------- */

static bool read_certificate(struct kubeconfig *config,
			     const struct kubeconfig_entry *user,
			     struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;

	if (!kubeconfig_bytes(user, "client-certificate", &config->cert_pem,
			      err))
		return false;
	if (!config->cert_pem)
		return true;
	if (!kubeconfig_bytes(user, "client-key", &key, err))
		return false;
	if (!key)
		return err_set(err, ERR_INPUT,
			       "the kubeconfig has a client certificate and no "
			       "'client-key'");
	secret_set(&config->key_pem, key, strlen(key));
	wipe(key, strlen(key));
	return true;
}

static bool read_token(struct kubeconfig *config,
		       const struct kubeconfig_entry *user, struct err *err)
{
	const char *token, *file;

	if (!kubeconfig_text(user, "token", &token, err) ||
	    !kubeconfig_text(user, "tokenFile", &file, err))
		return false;
	if (token)
		secret_set(&config->token, token, strlen(token));
	if (file)
		config->token_file = kubeconfig_beside(user, file);
	return true;
}

static bool read_login(struct kubeconfig *config,
		       const struct kubeconfig_entry *user, struct err *err)
{
	CLEANUP(str_release) struct str login = {0};
	const char *name, *password;

	if (!kubeconfig_text(user, "username", &name, err) ||
	    !kubeconfig_text(user, "password", &password, err))
		return false;
	if (((name || password) && secret_is_set(&config->token)) ||
	    (name && config->token_file))
		return err_set(err, ERR_INPUT,
			       "the kubeconfig's user has both a token and a "
			       "password");
	if (!name)
		return true;
	str_addf(&login, "%s:%s", name, password ? password : "");
	secret_set(&config->login, str_text(&login), login.len);
	wipe(login.buf, login.len);
	return true;
}

static void add_extra(struct strvec *headers, json_t *extra, const char *key,
		      const struct value *values)
{
	/* What may stand in the name of a header (RFC 9110, 5.6.2). */
	static const char legal[] = "!#$&'*+^`|";
	json_t *texts = json_array();

	for (size_t i = 0; value_is_list(values) && i < values->list.count;
	     i++) {
		CLEANUP(str_release) struct str line = {0};

		if (values->list.items[i]->kind != VALUE_STRING)
			continue;
		str_add(&line, "Impersonate-Extra-");
		url_encode(&line, key, strlen(key), legal);
		str_addf(&line, ": %s", values->list.items[i]->string.bytes);
		strvec_add(headers, str_text(&line));
		jsn_add(texts, jsn_string(values->list.items[i]->string.bytes));
	}
	jsn_set(extra, key, texts);
}

static void impersonate(struct kubeconfig *config, const char *name,
			const char *uid, const struct strvec *groups,
			const struct value *extra)
{
	struct strvec *headers = &config->impersonation;
	json_t *group_list = json_array();
	json_t *extra_map = json_object();

	config->as = json_object();
	strvec_addf(headers, "Impersonate-User: %s", name);
	jsn_set_text(config->as, "as", name);
	if (uid) {
		strvec_addf(headers, "Impersonate-Uid: %s", uid);
		jsn_set_text(config->as, "as-uid", uid);
	}
	for (size_t i = 0; i < groups->count; i++) {
		strvec_addf(headers, "Impersonate-Group: %s", groups->items[i]);
		jsn_add(group_list, jsn_string(groups->items[i]));
	}
	jsn_set(config->as, "as-groups", group_list);
	for (size_t i = 0; extra && value_is_map(extra) && i < extra->map.count;
	     i++)
		add_extra(headers, extra_map, extra->map.pairs[i].key.bytes,
			  extra->map.pairs[i].value);
	jsn_set(config->as, "as-user-extra", extra_map);
}

static bool read_impersonation(struct kubeconfig *config,
			       const struct kubeconfig_entry *user,
			       struct err *err)
{
	const struct value *extra = value_map_get(user->body, "as-user-extra");
	CLEANUP(strvec_release) struct strvec groups = {0};
	const char *name, *uid;

	if (!kubeconfig_text(user, "as", &name, err) ||
	    !kubeconfig_text(user, "as-uid", &uid, err) ||
	    !kubeconfig_texts(user, "as-groups", &groups, err))
		return false;
	if (!name && (uid || groups.count || (extra && value_truth(extra))))
		return err_set(err, ERR_INPUT,
			       "the kubeconfig names a uid, groups or more of "
			       "a user that 'as' does not name");
	if (name)
		impersonate(config, name, uid, &groups, extra);
	return true;
}

static bool read_plugin(struct kubeconfig *config,
			const struct kubeconfig_entry *user,
			const struct kubeconfig_entry *cluster,
			const struct env *env, struct err *err)
{
	const struct value *exec = value_map_get(user->body, "exec");
	CLEANUP(kubeconfig_entry_release) struct kubeconfig_entry entry = {0};

	if (!exec || exec->kind == VALUE_NIL)
		return true;
	if (!value_is_map(exec))
		return err_set(err, ERR_INPUT,
			       "'exec' of the kubeconfig is no mapping");
	entry.body = exec;
	entry.home = user->home;
	entry.path = xasprintf("%s.exec", user->path);
	if (!execplugin_read(&config->plugin, &entry, env, err))
		return false;
	/* Whoever can be recognised without it needs no plugin. */
	if (secret_is_set(&config->token) || config->token_file ||
	    secret_is_set(&config->login) || config->cert_pem) {
		execplugin_release(&config->plugin);
		return true;
	}
	return execplugin_prepare(&config->plugin, &entry, config, cluster,
				  err);
}

static bool read_user(struct kubeconfig *config,
		      const struct kubeconfig_files *files, const char *name,
		      const struct kubeconfig_entry *cluster,
		      const struct env *env, struct err *err)
{
	CLEANUP(kubeconfig_entry_release) struct kubeconfig_entry user = {0};
	const struct value *provider;

	if (!kubeconfig_find(files, KUBECONFIG_USER, name, &user, err))
		return false;
	provider = value_map_get(user.body, "auth-provider");
	if (provider && provider->kind != VALUE_NIL) {
		(void)err_set(err, ERR_INPUT,
			      "'auth-provider' in a kubeconfig is not "
			      "supported");
		(void)err_hint(err, "kubectl knows none any more either: use "
				    "an exec plugin");
		return kubeconfig_blame(&user, "auth-provider", err);
	}
	return read_token(config, &user, err) &&
	       read_login(config, &user, err) &&
	       read_certificate(config, &user, err) &&
	       read_impersonation(config, &user, err) &&
	       read_plugin(config, &user, cluster, env, err);
}

/* --- the context ----------------------------------------------------------- */

/* A context without a user is for nobody in particular, as in kubectl. */
static bool read_context(struct kubeconfig *config,
			 const struct kubeconfig_files *files, const char *name,
			 const struct env *env, struct err *err)
{
	CLEANUP(kubeconfig_entry_release) struct kubeconfig_entry context = {0};
	CLEANUP(kubeconfig_entry_release) struct kubeconfig_entry entry = {0};
	const char *cluster, *user;

	if (!kubeconfig_find(files, KUBECONFIG_CONTEXT, name, &context, err) ||
	    !kubeconfig_text(&context, "cluster", &cluster, err) ||
	    !kubeconfig_text(&context, "user", &user, err))
		return false;
	if (!cluster)
		return err_set(
			err, ERR_INPUT,
			"context '%s' of the kubeconfig names no cluster",
			name);
	return read_cluster(config, files, cluster, &entry, err) &&
	       (!user || read_user(config, files, user, &entry, env, err));
}

/* Where no line is to blame: which files were looked at? */
static bool name_files(const struct kubeconfig_files *files, struct err *err)
{
	CLEANUP(str_release) struct str names = {0};

	for (size_t i = 0; i < files->count; i++)
		str_addf(&names, "%s%s", i ? ":" : "", files->docs[i].name);
	if (files->count && !err->file)
		(void)err_at(err, str_text(&names), 0, 0, NULL, 0);
	return false;
}

/* There is no context: what was looked at? */
static bool fail_without(const struct kubeconfig_files *files,
			 const struct env *env, struct err *err)
{
	const char *list = env_get(env, "KUBECONFIG");

	if (files->count) {
		(void)err_set(err, ERR_INPUT,
			      "the kubeconfig has no current context");
		(void)err_hint(err, "give '--kube-context'");
		return name_files(files, err);
	}
	if (list) {
		(void)err_set(err, ERR_INPUT,
			      "no file of KUBECONFIG exists: '%s'", list);
		return err_hint(err, "let KUBECONFIG name one that is there, "
				     "or give '--kubeconfig'");
	}
	(void)err_set(err, ERR_INPUT,
		      "there is no kubeconfig, and this is no "
		      "pod of a cluster");
	return err_hint(err, "give '--kubeconfig', or set KUBECONFIG");
}

static bool is_pod(const struct env *env)
{
	return env_get(env, "KUBERNETES_SERVICE_HOST") &&
	       env_get(env, "KUBERNETES_SERVICE_PORT") &&
	       file_exists(KUBECONFIG_POD "/token");
}

bool kubeconfig_load_pod(struct kubeconfig *config, const char *folder,
			 const struct env *env, struct err *err)
{
	CLEANUP(free_ptr) char *ca_file = path_join(folder, "ca.crt");
	CLEANUP(str_release) struct str ca = {0};
	const char *host = env_get(env, "KUBERNETES_SERVICE_HOST");
	const char *port = env_get(env, "KUBERNETES_SERVICE_PORT");
	bool ipv6;

	if (!host || !port)
		return err_set(err, ERR_INPUT, "this is no pod of a cluster");
	if (!file_read(ca_file, KUBECONFIG_SIZE_MAX, &ca, err))
		return err_wrap(err, "cannot use the pod's service account");
	ipv6 = strchr(host, ':') != NULL;
	config->cluster = xstrdup("");
	config->server = xasprintf("https://%s%s%s:%s", ipv6 ? "[" : "", host,
				   ipv6 ? "]" : "", port);
	config->ca_pem = str_detach(&ca);
	config->token_file = path_join(folder, "token");
	return true;
}

bool kubeconfig_load(struct kubeconfig *config, const char *path,
		     const char *context, const struct env *env,
		     struct err *err)
{
	CLEANUP(kubeconfig_files_release) struct kubeconfig_files files = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig loaded = {0};
	const char *name = context;

	if (!kubeconfig_files_read(&files, path, env, err))
		return false;
	if (!name)
		name = kubeconfig_current(&files);
	if (name) {
		if (!read_context(&loaded, &files, name, env, err))
			return name_files(&files, err);
	} else if (is_pod(env)) {
		if (!kubeconfig_load_pod(&loaded, KUBECONFIG_POD, env, err))
			return false;
	} else {
		return fail_without(&files, env, err);
	}
	*config = loaded;
	loaded = (struct kubeconfig){0};
	return true;
}

void kubeconfig_release(struct kubeconfig *config)
{
	free(config->cluster);
	free(config->server);
	free(config->ca_pem);
	free(config->server_name);
	free(config->proxy);
	free(config->cert_pem);
	secret_release(&config->key_pem);
	secret_release(&config->token);
	free(config->token_file);
	secret_release(&config->login);
	strvec_release(&config->impersonation);
	json_decref(config->as);
	execplugin_release(&config->plugin);
	*config = (struct kubeconfig){0};
}
