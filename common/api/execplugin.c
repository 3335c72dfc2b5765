#include "api/execplugin.h"

#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig.h"
#include "api/kubeconfig_files.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/value.h"
#include "sys/proc.h"

#define GROUP "client.authentication.k8s.io/"
/* The extension of a cluster that is meant for its plugin. */
#define EXTENSION GROUP "exec"

/* --- what the kubeconfig says ---------------------------------------------- */

static bool add_variable(struct execplugin *plugin,
			 const struct kubeconfig_entry *exec,
			 const struct kubeconfig_entry *variable,
			 struct err *err)
{
	const char *name, *value;

	if (!kubeconfig_text(variable, "name", &name, err))
		return false;
	if (is_blank(name)) {
		(void)err_set(err, ERR_INPUT,
			      "a variable of 'exec' has no name");
		return kubeconfig_blame(exec, "env", err);
	}
	if (!kubeconfig_text(variable, "value", &value, err))
		return err_wrap(err, "variable '%s' of 'exec'", name);
	strvec_addf(&plugin->variables, "%s=%s", name, value ? value : "");
	env_set(&plugin->env, name, value ? value : "");
	return true;
}

static bool add_variables(struct execplugin *plugin,
			  const struct kubeconfig_entry *exec, struct err *err)
{
	const struct value *list;

	if (!kubeconfig_list(exec, "env", &list, err))
		return false;
	for (size_t i = 0; list && i < list->list.count; i++) {
		CLEANUP(kubeconfig_entry_release) struct kubeconfig_entry
			variable = {
				.body = list->list.items[i],
				.home = exec->home,
				.path = xasprintf("%s.env.%zu", exec->path, i),
		};

		if (!add_variable(plugin, exec, &variable, err))
			return false;
	}
	return true;
}

static bool read_version(struct execplugin *plugin,
			 const struct kubeconfig_entry *exec, struct err *err)
{
	const char *version;

	if (!kubeconfig_text(exec, "apiVersion", &version, err))
		return false;
	if (version && (same_text(version, GROUP "v1") ||
			same_text(version, GROUP "v1beta1"))) {
		plugin->api_version = xstrdup(version);
		return true;
	}
	(void)err_set(err, ERR_INPUT, "'exec' of the kubeconfig has %s%s%s",
		      version ? "the apiVersion '" : "no apiVersion",
		      version ? version : "",
		      version ? "', which nobody knows (any more)" : "");
	(void)err_hint(err, "it is " GROUP "v1 or " GROUP
			    "v1beta1, as the plugin prints it; for EKS, 'aws "
			    "eks update-kubeconfig' writes it anew");
	return kubeconfig_blame(exec, version ? "apiVersion" : "command", err);
}

static bool check_mode(const struct execplugin *plugin,
		       const struct kubeconfig_entry *exec, struct err *err)
{
	const char *mode;

	if (!kubeconfig_text(exec, "interactiveMode", &mode, err))
		return false;
	if (same_text(mode, "Never") || same_text(mode, "IfAvailable") ||
	    same_text(mode, "Always") ||
	    (!mode && same_text(plugin->api_version, GROUP "v1beta1")))
		return true;
	if (!mode)
		return err_set(err, ERR_INPUT,
			       "'exec' of the kubeconfig has no "
			       "'interactiveMode', which version v1 demands");
	(void)err_set(err, ERR_INPUT, "'%s' is no interactiveMode", mode);
	return kubeconfig_blame(exec, "interactiveMode", err);
}

static bool read_command(struct execplugin *plugin,
			 const struct kubeconfig_entry *exec, struct err *err)
{
	const char *command;

	if (!kubeconfig_text(exec, "command", &command, err))
		return false;
	if (!command)
		return err_set(err, ERR_INPUT, "'exec' has no 'command'");
	if (strchr(command, '/'))
		strvec_add_take(&plugin->argv,
				kubeconfig_beside(exec, command));
	else
		strvec_add(&plugin->argv, command);
	return kubeconfig_texts(exec, "args", &plugin->argv, err);
}

bool execplugin_read(struct execplugin *plugin,
		     const struct kubeconfig_entry *exec, const struct env *env,
		     struct err *err)
{
	const char *hint;

	if (!read_command(plugin, exec, err) ||
	    !read_version(plugin, exec, err) ||
	    !check_mode(plugin, exec, err) ||
	    !kubeconfig_text(exec, "installHint", &hint, err) ||
	    !kubeconfig_flag(exec, "provideClusterInfo", &plugin->wants_cluster,
			     err))
		return false;
	plugin->install_hint = xstrdup_or_null(hint);
	env_copy(&plugin->env, env);
	return add_variables(plugin, exec, err);
}

/* --- what it is told ------------------------------------------------------- */

/* The part of the cluster's entry that is meant for the plugin, or NULL. */
static json_t *find_extension(const struct kubeconfig_entry *cluster)
{
	const struct value *list = value_map_get(cluster->body, "extensions");

	for (size_t i = 0; list && value_is_list(list) && i < list->list.count;
	     i++) {
		const struct value *item = list->list.items[i];
		const struct value *body = value_map_get(item, "extension");

		if (same_text(value_find_text(item, "name"), EXTENSION))
			return body ? jsn_from_value(body) : NULL;
	}
	return NULL;
}

static void set_known(json_t *object, const char *key, const char *text)
{
	if (text)
		jsn_set_text(object, key, text);
}

static json_t *tell_cluster(const struct kubeconfig *config,
			    const struct kubeconfig_entry *entry)
{
	json_t *cluster = json_object();
	json_t *extension = find_extension(entry);
	CLEANUP(str_release) struct str ca = {0};

	jsn_set_text(cluster, "server", config->server);
	set_known(cluster, "tls-server-name", config->server_name);
	if (config->insecure)
		jsn_set(cluster, "insecure-skip-tls-verify", json_true());
	if (config->ca_pem) {
		base64_encode(&ca, config->ca_pem, strlen(config->ca_pem),
			      BASE64_STANDARD);
		jsn_set_text(cluster, "certificate-authority-data",
			     str_text(&ca));
	}
	set_known(cluster, "proxy-url", config->proxy);
	if (config->no_compression)
		jsn_set(cluster, "disable-compression", json_true());
	if (extension)
		jsn_set(cluster, "config", extension);
	return cluster;
}

static void add_info(struct execplugin *plugin, const struct kubeconfig *config,
		     const struct kubeconfig_entry *cluster)
{
	CLEANUP(jsn_release) json_t *info = json_object();
	CLEANUP(str_release) struct str text = {0};
	json_t *spec = json_object();

	jsn_set_text(info, "kind", "ExecCredential");
	jsn_set_text(info, "apiVersion", plugin->api_version);
	if (plugin->wants_cluster)
		jsn_set(spec, "cluster", tell_cluster(config, cluster));
	jsn_set(spec, "interactive", json_false());
	jsn_set(info, "spec", spec);
	jsn_print(&text, info, false);
	env_set(&plugin->env, "KUBERNETES_EXEC_INFO", str_text(&text));
}

bool execplugin_prepare(struct execplugin *plugin,
			const struct kubeconfig_entry *exec,
			const struct kubeconfig *config,
			const struct kubeconfig_entry *cluster, struct err *err)
{
	const char *mode = value_find_text(exec->body, "interactiveMode");

	if (same_text(mode, "Always")) {
		(void)err_set(err, ERR_INPUT,
			      "'%s' wants to ask a person, and there is none",
			      plugin->argv.items[0]);
		return kubeconfig_blame(exec, "interactiveMode", err);
	}
	add_info(plugin, config, cluster);
	return true;
}

/* --- what it says ---------------------------------------------------------- */

static bool check_kind(const struct execplugin *plugin,
		       const json_t *credential, struct err *err)
{
	const char *command = plugin->argv.items[0];
	const char *version = jsn_text(credential, "apiVersion");

	if (!same_text(jsn_text(credential, "kind"), "ExecCredential"))
		return err_set(err, ERR_CHILD, "'%s' printed no ExecCredential",
			       command);
	if (!same_text(version, plugin->api_version))
		return err_set(err, ERR_CHILD,
			       "'%s' printed an ExecCredential of version "
			       "'%s', and the kubeconfig says '%s'",
			       command, version ? version : "none",
			       plugin->api_version);
	return true;
}

static bool take_time(struct execplugin_answer *answer, const char *command,
		      const json_t *credential, struct err *err)
{
	const char *expires =
		jsn_text(credential, "status.expirationTimestamp");

	answer->expires_s = 0;
	if (is_blank(expires) ||
	    clock_parse_rfc3339(expires, strlen(expires), &answer->expires_s))
		return true;
	return err_set(err, ERR_CHILD,
		       "'%s' says that its credential expires at '%s', which "
		       "is no time",
		       command, expires);
}

/* JSON or, as client-go reads it, YAML; NULL if it is neither. */
static json_t *parse_answer(const struct str *reply, const char *command)
{
	const char *text = str_text(reply);
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	json_t *answer = NULL;

	if (text[strspn(text, " \t\r\n")] == '{')
		return jsn_parse(&answer, text, reply->len, command, &unfit)
			       ? answer
			       : NULL;
	return ydoc_parse_values(&doc, text, reply->len, command, YDOC_FIRST,
				 EXECPLUGIN_NODES_MAX, &unfit) &&
			       value_is_map(doc.root)
		       ? jsn_from_value(doc.root)
		       : NULL;
}

static bool take_answer(const struct execplugin *plugin,
			struct execplugin_answer *answer,
			const struct str *reply, struct err *err)
{
	const char *command = plugin->argv.items[0];
	CLEANUP(jsn_release) json_t *credential = parse_answer(reply, command);
	const char *token, *cert, *key;

	/* What a parser says of it is not told: it may quote a token. */
	if (!credential)
		return err_set(err, ERR_CHILD, "'%s' printed no ExecCredential",
			       command);
	if (!check_kind(plugin, credential, err))
		return false;
	token = jsn_text(credential, "status.token");
	cert = jsn_text(credential, "status.clientCertificateData");
	key = jsn_text(credential, "status.clientKeyData");
	if ((is_blank(token) && is_blank(cert)) ||
	    is_blank(cert) != is_blank(key))
		return err_set(err, ERR_CHILD,
			       "'%s' gave neither a token nor a certificate "
			       "with its key",
			       command);
	if (!take_time(answer, command, credential, err))
		return false;
	if (!is_blank(token))
		secret_set(&answer->token, token, strlen(token));
	if (!is_blank(cert)) {
		answer->cert_pem = xstrdup(cert);
		secret_set(&answer->key_pem, key, strlen(key));
	}
	return true;
}

static bool fail_to_run(const struct execplugin *plugin, struct err *err)
{
	(void)err_wrap(err, "cannot ask '%s' who we are",
		       plugin->argv.items[0]);
	if (err->kind != ERR_NOT_FOUND)
		return false;
	if (plugin->install_hint)
		return err_hint(err, "%s", plugin->install_hint);
	return err_hint(err, "the kubeconfig's user needs that program");
}

bool execplugin_run(const struct execplugin *plugin, struct deadline until,
		    struct execplugin_answer *answer, struct err *err)
{
	CLEANUP(str_release) struct str out = {.limit = EXECPLUGIN_OUTPUT_MAX};
	struct proc proc = {
		.argv = strvec_argv(&plugin->argv),
		.env = &plugin->env,
		.stdout_to = &out,
		.timeout_ms = deadline_share_ms(&until, EXECPLUGIN_MS),
	};
	bool done;

	if (!proc_run(&proc, err))
		return fail_to_run(plugin, err);
	if (proc.signal)
		return err_set(err, ERR_CHILD,
			       "'%s', which the kubeconfig names to say who "
			       "we are, was ended by signal %d",
			       plugin->argv.items[0], proc.signal);
	if (proc.exit_code != 0)
		return err_set(err, ERR_CHILD,
			       "'%s', which the kubeconfig names to say who "
			       "we are, failed with exit code %d",
			       plugin->argv.items[0], proc.exit_code);
	done = take_answer(plugin, answer, &out, err);
	wipe(out.buf, out.len);
	return done;
}

void execplugin_answer_release(struct execplugin_answer *answer)
{
	secret_release(&answer->token);
	free(answer->cert_pem);
	secret_release(&answer->key_pem);
	*answer = (struct execplugin_answer){0};
}

void execplugin_release(struct execplugin *plugin)
{
	strvec_release(&plugin->argv);
	strvec_release(&plugin->variables);
	env_release(&plugin->env);
	free(plugin->api_version);
	free(plugin->install_hint);
	*plugin = (struct execplugin){0};
}
