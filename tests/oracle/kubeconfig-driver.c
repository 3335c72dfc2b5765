/*
 * Reads kubeconfigs, for tests/oracle/test_kubeconfig.py: a JSON array in, one
 * line out for each of {"files": [...], "context": "...", "explicit": bool}.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig.h"
#include "api/kubelogin.h"
#include "base/mem.h"
#include "tests/drivers/driver.h"

static json_t *in_base64(const char *text)
{
	CLEANUP(str_release) struct str encoded = {0};

	base64_encode(&encoded, text ? text : "", text ? strlen(text) : 0,
		      BASE64_STANDARD);
	return json_string(str_text(&encoded));
}

static json_t *texts(const struct strvec *vec)
{
	json_t *list = json_array();

	for (size_t i = 0; i < vec->count; i++)
		json_array_append_new(list, json_string(vec->items[i]));
	return list;
}

/* What is sent, as "name: value" in order. */
static json_t *headers_of(const struct kubeconfig *config, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(kubelogin_release) struct kubelogin login = {.config = config};
	CLEANUP(http_release) struct http http = {0};

	if (!kubelogin_authorize(&login, &http, &request, err))
		return NULL;
	for (size_t i = 0; i < request.secrets.count; i++)
		for (char *c = request.secrets.items[i]; *c != ':'; c++)
			*c = (char)tolower((unsigned char)*c);
	strvec_sort(&request.secrets);
	return texts(&request.secrets);
}

static json_t *describe_plugin(const struct execplugin *plugin)
{
	const char *info = env_get(&plugin->env, "KUBERNETES_EXEC_INFO");
	const char *hint = plugin->install_hint;

	if (!plugin->argv.count)
		return json_null();
	return json_pack("{s:o, s:o, s:s, s:b}", "argv", texts(&plugin->argv),
			 "env", texts(&plugin->variables), "installHint",
			 hint ? hint : "", "cluster",
			 strstr(info, "\"cluster\":") != NULL);
}

static json_t *describe(const struct kubeconfig *config, struct err *err)
{
	json_t *headers = headers_of(config, err);
	const char *name = config->server_name;

	if (!headers)
		return NULL;
	return json_pack("{s:s, s:o, s:o, s:o, s:b, s:s, s:s, s:b, s:o, s:o}",
			 "server", config->server, "ca",
			 in_base64(config->ca_pem), "cert",
			 in_base64(config->cert_pem), "key",
			 in_base64(secret_reveal(&config->key_pem)), "insecure",
			 config->insecure, "serverName", name ? name : "",
			 "proxy", config->proxy ? config->proxy : "",
			 "compression", !config->no_compression, "headers",
			 headers, "plugin", describe_plugin(&config->plugin));
}

static json_t *answer(const json_t *asked, struct err *err)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(str_release) struct str list = {0};
	const char *context = driver_text(asked, "context");
	const json_t *files = json_object_get(asked, "files");
	bool is_explicit = json_is_true(json_object_get(asked, "explicit"));
	const json_t *file;
	size_t i;

	json_array_foreach (files, i, file)
		str_addf(&list, "%s%s", i ? ":" : "", json_string_value(file));
	env_set(&env, "KUBECONFIG", str_text(&list));
	if (!kubeconfig_load(&config, is_explicit ? str_text(&list) : NULL,
			     *context ? context : NULL, &env, err))
		return NULL;
	return describe(&config, err);
}

int main(void)
{
	json_t *cases = driver_read(), *asked;
	size_t i;

	log_init("kubeconfig-driver", LOG_ERROR);
	json_array_foreach (cases, i, asked) {
		CLEANUP(err_release) struct err err = {0};
		json_t *said = answer(asked, &err);

		driver_print(said ? said : driver_error(&err));
	}
	json_decref(cases);
	return 0;
}
