#include "api/execplugin.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "format/value.h"
#include "sys/file.h"
#include "sys/proc.h"

static void add_args(struct strvec *argv, const struct value *list)
{
	for (size_t i = 0; list && value_is_list(list) && i < list->list.count;
	     i++) {
		const struct value *arg = list->list.items[i];

		strvec_add(argv,
			   arg->kind == VALUE_STRING ? arg->string.bytes : "");
	}
}

static void add_variables(struct env *env, const struct value *list)
{
	for (size_t i = 0; list && value_is_list(list) && i < list->list.count;
	     i++) {
		const struct value *entry = list->list.items[i];
		const char *name = value_find_text(entry, "name");
		const char *value = value_find_text(entry, "value");

		if (!is_blank(name) && value)
			env_set(env, name, value);
	}
}

static void add_info(struct env *env, const struct value *exec)
{
	CLEANUP(jsn_release) json_t *info = json_object();
	CLEANUP(str_release) struct str text = {0};
	json_t *spec = json_object();
	const char *version = value_find_text(exec, "apiVersion");

	jsn_set_text(info, "apiVersion",
		     version ? version : "client.authentication.k8s.io/v1");
	jsn_set_text(info, "kind", "ExecCredential");
	jsn_set(spec, "interactive", json_false());
	jsn_set(info, "spec", spec);
	jsn_print(&text, info, false);
	env_set(env, "KUBERNETES_EXEC_INFO", str_text(&text));
}

bool execplugin_read(struct execplugin *plugin, const struct value *exec,
		     const char *folder, const struct env *env, struct err *err)
{
	const char *command = value_find_text(exec, "command");

	if (is_blank(command))
		return err_set(err, ERR_INPUT, "'exec' has no 'command'");
	if (same_text(value_find_text(exec, "interactiveMode"), "Always"))
		return err_set(err, ERR_INPUT,
			       "'%s' wants to ask a person, and there is none",
			       command);
	if (strchr(command, '/') && *command != '/')
		strvec_add_take(&plugin->argv, path_join(folder, command));
	else
		strvec_add(&plugin->argv, command);
	add_args(&plugin->argv, value_map_get(exec, "args"));
	env_copy(&plugin->env, env);
	add_variables(&plugin->env, value_map_get(exec, "env"));
	add_info(&plugin->env, exec);
	return true;
}

static bool take_answer(struct execplugin_answer *answer,
			const struct str *reply, const char *command,
			struct err *err)
{
	CLEANUP(jsn_release) json_t *credential = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *token, *cert, *key;

	/* What the parser says of it may quote a token. */
	if (!jsn_parse(&credential, str_text(reply), reply->len, command,
		       &unfit))
		return err_set(err, ERR_CHILD, "'%s' printed no ExecCredential",
			       command);
	token = jsn_text(credential, "status.token");
	cert = jsn_text(credential, "status.clientCertificateData");
	key = jsn_text(credential, "status.clientKeyData");
	if (is_blank(token) && (is_blank(cert) || is_blank(key)))
		return err_set(err, ERR_CHILD,
			       "'%s' gave neither a token nor a certificate "
			       "with its key",
			       command);
	if (!is_blank(token))
		secret_set(&answer->token, token, strlen(token));
	if (!is_blank(cert) && !is_blank(key)) {
		answer->cert_pem = xstrdup(cert);
		secret_set(&answer->key_pem, key, strlen(key));
	}
	return true;
}

bool execplugin_run(const struct execplugin *plugin,
		    struct execplugin_answer *answer, struct err *err)
{
	CLEANUP(str_release) struct str out = {.limit = EXECPLUGIN_OUTPUT_MAX};
	const char *command = plugin->argv.items[0];
	struct proc proc = {
		.argv = strvec_argv(&plugin->argv),
		.env = &plugin->env,
		.stdout_to = &out,
		.timeout_ms = EXECPLUGIN_MS,
	};
	bool done;

	if (!proc_run(&proc, err))
		return err_wrap(err, "cannot ask '%s' who we are", command);
	if (proc.exit_code != 0)
		return err_set(err, ERR_CHILD,
			       "'%s', which the kubeconfig names to say who "
			       "we are, failed with exit code %d",
			       command, proc.exit_code);
	done = take_answer(answer, &out, command, err);
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
	env_release(&plugin->env);
	*plugin = (struct execplugin){0};
}
