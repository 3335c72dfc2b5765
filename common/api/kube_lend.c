/* A kubeconfig for a child process, so that it need not run a plugin. */
#include <stdlib.h>
#include <string.h>

#include "api/kube.h"
#include "api/kubeconfig.h"
#include "api/kubelogin.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "sys/file.h"
#include "sys/proc.h"

/* What the names in it are. */
#define NAME "lent"

static void set_known(json_t *object, const char *key, const char *text)
{
	if (text)
		jsn_set_text(object, key, text);
}

static json_t *tell_cluster(const struct kubeconfig *config)
{
	json_t *cluster = json_object();
	CLEANUP(str_release) struct str ca = {0};

	jsn_set_text(cluster, "server", config->server);
	if (config->ca_pem) {
		base64_encode(&ca, config->ca_pem, strlen(config->ca_pem),
			      BASE64_STANDARD);
		jsn_set_text(cluster, "certificate-authority-data",
			     str_text(&ca));
	}
	set_known(cluster, "tls-server-name", config->server_name);
	set_known(cluster, "proxy-url", config->proxy);
	if (config->insecure)
		jsn_set(cluster, "insecure-skip-tls-verify", json_true());
	if (config->no_compression)
		jsn_set(cluster, "disable-compression", json_true());
	return cluster;
}

static void add_variable(json_t *list, const char *name, size_t name_len,
			 const char *value)
{
	CLEANUP(free_ptr) char *copy = xmemdupz(name, name_len);
	json_t *variable = json_object();

	jsn_set_text(variable, "name", copy);
	jsn_set_text(variable, "value", value);
	jsn_add(list, variable);
}

/* The kubeconfig's own, and none of ours that would change what it prints. */
static json_t *tell_variables(const struct execplugin *plugin)
{
	static const char *const ours[] = {
		"SLIPWAY_DRY_RUN",
		"SLIPWAY_OUTPUT",
		"SLIPWAY_RECORD",
		"SLIPWAY_ROLE_ARN",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < plugin->variables.count; i++) {
		const char *pair = plugin->variables.items[i];
		size_t len = strcspn(pair, "=");

		add_variable(list, pair, len, pair + len + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		add_variable(list, ours[i], strlen(ours[i]), "");
	return list;
}

static void add_file(struct strvec *args, const char *name, const char *path)
{
	if (path)
		strvec_addf(args, "%s=%s", name, path);
}

/* Helm resolves a command with a slash by itself: it is a full path. */
static json_t *tell_plugin(const struct kubelogin *login, const char *program)
{
	const struct http_args *http = &login->general.args;
	CLEANUP(strvec_release) struct strvec args = {0};
	json_t *exec = json_object();
	json_t *list = json_array();

	eks_login_add_args(&args, &login->eks);
	add_file(&args, "--cacert", http->cacert);
	add_file(&args, "--cert", http->cert);
	add_file(&args, "--key", http->key);
	for (size_t i = 0; i < args.count; i++)
		jsn_add(list, jsn_string(args.items[i]));
	jsn_set_text(exec, "apiVersion", "client.authentication.k8s.io/v1");
	jsn_set_text(exec, "command", program);
	jsn_set(exec, "args", list);
	jsn_set(exec, "env", tell_variables(&login->config->plugin));
	jsn_set_text(exec, "interactiveMode", "Never");
	return exec;
}

/* Whom the plugin's user acts as; NULL: as nobody else. */
static void tell_impersonation(json_t *user, json_t *as)
{
	const char *key;
	json_t *value;

	json_object_foreach (as, key, value)
		jsn_set(user, key, json_incref(value));
}

/* NULL: there is nothing to be had but from the plugin itself. */
static json_t *tell_user(struct kube *kube, int64_t ms)
{
	struct kubelogin *login = kube->login;
	CLEANUP(free_ptr) char *program = NULL;
	json_t *user;

	if (login->eks.cluster)
		program = proc_find_sibling(&login->eks.env, "eks-token");
	if (!program && !kubelogin_lasts(login, &kube->http, ms))
		return NULL;
	user = json_object();
	tell_impersonation(user, login->config->as);
	if (program)
		jsn_set(user, "exec", tell_plugin(login, program));
	else
		jsn_set_text(user, "token",
			     secret_reveal(&login->answer.token));
	return user;
}

/* A list of one named thing. */
static json_t *list_of(const char *kind, json_t *body_taken)
{
	json_t *list = json_array();
	json_t *item = json_object();

	jsn_set_text(item, "name", NAME);
	jsn_set(item, kind, body_taken);
	jsn_add(list, item);
	return list;
}

static json_t *tell_all(const struct kubeconfig *config, json_t *user_taken)
{
	json_t *all = json_object();
	json_t *context = json_object();

	jsn_set_text(context, "cluster", NAME);
	jsn_set_text(context, "user", NAME);
	jsn_set_text(all, "apiVersion", "v1");
	jsn_set_text(all, "kind", "Config");
	jsn_set(all, "clusters", list_of("cluster", tell_cluster(config)));
	jsn_set(all, "users", list_of("user", user_taken));
	jsn_set(all, "contexts", list_of("context", context));
	jsn_set_text(all, "current-context", NAME);
	return all;
}

static bool write_lent(struct kube *kube, const json_t *all, struct err *err)
{
	const char *parent = dir_for_temp(kube->login->general.env);
	CLEANUP(str_release) struct str text = {0};
	bool done;

	if (!kube->lent.path.len) {
		if (!tempdir_start(&kube->lent, parent, "slipway-kube", err))
			return false;
		kube->lent_file =
			path_join(str_text(&kube->lent.path), "config");
	}
	jsn_print(&text, all, false);
	done = file_swap(kube->lent_file, str_text(&text), text.len, 0600, err);
	wipe(text.buf, text.len);
	return done;
}

const char *kube_lend(struct kube *kube, int64_t ms)
{
	const struct kubeconfig *config = kube->config;
	CLEANUP(jsn_release) json_t *all = NULL;
	CLEANUP(err_release) struct err failure = {0};
	json_t *user;

	if (!config->plugin.argv.count)
		return NULL;
	user = tell_user(kube, ms);
	if (!user)
		return NULL;
	all = tell_all(config, user);
	if (write_lent(kube, all, &failure))
		return kube->lent_file;
	log_debug("%s: the child gets the kubeconfig as it is", failure.text);
	return NULL;
}
