#include "api/kube.h"

#include <stdlib.h>
#include <string.h>

#include "api/kube_exchange.h"
#include "api/kubeconfig.h"
#include "api/kubelogin.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "sys/file.h"

static bool parse_server(struct kube *kube, const struct kubeconfig *config,
			 struct err *err)
{
	struct url *server = &kube->server;

	if (!url_parse(server, config->server, err))
		return err_wrap(err, "cannot use the kubeconfig's server");
	if (same_text(server->scheme, "https") ||
	    (same_text(server->scheme, "http") && url_is_this_machine(server)))
		return true;
	(void)err_set(err, ERR_INPUT,
		      "the kubeconfig's server '%s' is not https, so anybody "
		      "on the way could read the token",
		      config->server);
	return err_hint(err, "http is only for this machine itself, as with "
			     "kubectl proxy");
}

/* Two certificates, and how to reach the server: all that is of the cluster. */
static bool open_http(struct kube *kube, const struct http_config *general,
		      struct err *err)
{
	const struct kubeconfig *config = kube->config;
	const struct execplugin_answer *answer = &kube->login->answer;
	struct http_config http = *general;

	http.ca_pem = config->ca_pem;
	http.insecure = config->insecure;
	http.server_name = config->server_name;
	http.proxy = config->proxy;
	http.cert_pem = config->cert_pem ? config->cert_pem : answer->cert_pem;
	http.key_pem = config->cert_pem ? &config->key_pem : &answer->key_pem;
	if (config->insecure)
		report_warning(general->reporter,
			       "the kubeconfig says "
			       "'insecure-skip-tls-verify': whoever is on the "
			       "way to the cluster can be it");
	return http_open(&kube->http, &http, err);
}

bool kube_open(struct kube *kube, const struct kube_options *options,
	       struct err *err)
{
	CLEANUP(kube_release) struct kube opened = {0};

	opened.config = xnew(struct kubeconfig);
	opened.login = xnew(struct kubelogin);
	if (!kubeconfig_load(opened.config, options->args.kubeconfig,
			     options->args.context, options->env, err) ||
	    !parse_server(&opened, opened.config, err) ||
	    !kubelogin_open(opened.login, opened.config, &options->http, err) ||
	    !open_http(&opened, &options->http, err))
		return false;
	*kube = opened;
	opened = (struct kube){0};
	return true;
}

void kube_release(struct kube *kube)
{
	http_release(&kube->http);
	url_release(&kube->server);
	if (kube->login)
		kubelogin_release(kube->login);
	free(kube->login);
	if (kube->config)
		kubeconfig_release(kube->config);
	free(kube->config);
	tempdir_release(&kube->lent);
	free(kube->lent_file);
	*kube = (struct kube){0};
}

const char *kube_cluster(const struct kube *kube)
{
	return kube->config->cluster;
}

int64_t kube_now(const struct kube *kube)
{
	int64_t since = clock_monotonic_ms() - kube->server_time_at;

	return kube->server_time ? kube->server_time + since / 1000 : 0;
}

bool kube_read_time(const struct kube *kube, int64_t *now, struct err *err)
{
	if (!kube->server_time)
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API does not "
			       "say what time it is");
	*now = kube->server_time;
	return true;
}

/* --- writing ------------------------------------------------------------- */

static bool write_object(struct exchange *exchange, const json_t *body,
			 const char *content_type, struct err *err)
{
	exchange_write(exchange, body, content_type);
	return exchange_send(exchange, ACCEPT_JSON, err);
}

static void start_write(struct exchange *exchange, struct kube *kube,
			const char *method, const struct kube_ref *ref)
{
	exchange_start(exchange, kube, method, ref);
	if (kube->dry_run)
		url_add_query(&exchange->url, "dryRun", "All");
}

bool kube_create(struct kube *kube, const struct kube_ref *ref,
		 const json_t *object, json_t **stored, bool *existed,
		 struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	bool there;

	start_write(&exchange, kube, "POST", ref);
	exchange_mind_no_version(&exchange);
	if (!write_object(&exchange, object, CONTENT_JSON, err))
		return false;
	there = exchange_says(&exchange, 409, "AlreadyExists");
	if (!there && exchange.reply.status != 201)
		return exchange_fail(&exchange, err);
	if (!there && stored && !exchange_parse(&exchange, stored, err))
		return false;
	*existed = there;
	return true;
}

bool kube_patch(struct kube *kube, const struct kube_ref *ref,
		const json_t *patch, json_t **stored, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start_write(&exchange, kube, "PATCH", ref);
	if (!write_object(&exchange, patch,
			  "Content-Type: application/merge-patch+json", err))
		return false;
	if (exchange.reply.status != 200)
		return exchange_fail(&exchange, err);
	return !stored || exchange_parse(&exchange, stored, err);
}

bool kube_patch_if(struct kube *kube, const struct kube_ref *ref,
		   const json_t *operations, json_t **stored, bool *applied,
		   struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start_write(&exchange, kube, "PATCH", ref);
	if (!write_object(&exchange, operations,
			  "Content-Type: application/json-patch+json", err))
		return false;
	if (exchange_says(&exchange, 422, "Invalid")) {
		*applied = false;
		return true;
	}
	if (exchange.reply.status != 200)
		return exchange_fail(&exchange, err);
	if (stored && !exchange_parse(&exchange, stored, err))
		return false;
	*applied = true;
	return true;
}

bool kube_apply(struct kube *kube, const struct kube_ref *ref,
		const char *manager, const json_t *object, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};

	start_write(&exchange, kube, "PATCH", ref);
	exchange_mind_no_version(&exchange);
	url_add_query(&exchange.url, "fieldManager", manager);
	url_add_query(&exchange.url, "force", "true");
	if (!write_object(&exchange, object,
			  "Content-Type: application/apply-patch+yaml", err))
		return false;
	return exchange.reply.status == 200 || exchange.reply.status == 201 ||
	       exchange_fail(&exchange, err);
}

bool kube_delete(struct kube *kube, const struct kube_ref *ref, const char *uid,
		 const char *resource_version, bool *existed, struct err *err)
{
	CLEANUP(exchange_release) struct exchange exchange = {0};
	CLEANUP(jsn_release) json_t *options = NULL;
	json_t *preconditions;

	if (is_blank(uid) || is_blank(resource_version))
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API gave no uid or version, so "
			       "that nothing can be deleted safely");
	options = json_object();
	preconditions = json_object();
	jsn_set_text(preconditions, "uid", uid);
	jsn_set_text(preconditions, "resourceVersion", resource_version);
	jsn_set_text(options, "apiVersion", "v1");
	jsn_set_text(options, "kind", "DeleteOptions");
	jsn_set_text(options, "propagationPolicy", "Background");
	jsn_set(options, "preconditions", preconditions);
	start_write(&exchange, kube, "DELETE", ref);
	if (!write_object(&exchange, options, CONTENT_JSON, err))
		return false;
	if (exchange_says_not_found(&exchange)) {
		*existed = false;
		return true;
	}
	if (exchange.reply.status != 200 && exchange.reply.status != 202)
		return exchange_fail(&exchange, err);
	*existed = true;
	return true;
}
