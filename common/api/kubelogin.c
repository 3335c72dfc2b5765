#include "api/kubelogin.h"

#include <stdlib.h>
#include <string.h>

#include "api/kubeconfig.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"

#define TOKEN_SIZE_MAX ((size_t)64 << 10)

static bool ask_eks(struct kubelogin *login, struct execplugin_answer *answer,
		    struct err *err)
{
	CLEANUP(eks_token_release) struct eks_token token = {0};

	if (!eks_make_token(&token, &login->eks, &login->general, err))
		return false;
	answer->token = token.text;
	answer->expires_s = token.expires_s;
	token = (struct eks_token){0};
	return true;
}

/* AWS's own tool may know a way to credentials that we do not: its turn. */
static bool ask_tool(const struct execplugin *plugin, struct deadline until,
		     struct execplugin_answer *answer, struct err *failure,
		     struct err *err)
{
	CLEANUP(free_ptr) char *program =
		proc_find(&plugin->env, plugin->argv.items[0]);

	if (!program || failure->kind == ERR_INTERRUPTED) {
		err_move(err, failure);
		return false;
	}
	log_debug("%s; '%s' is asked instead", failure->text, program);
	return execplugin_run(plugin, until, answer, err);
}

static bool ask(struct kubelogin *login, struct execplugin_answer *answer,
		struct err *err)
{
	const struct execplugin *plugin = &login->config->plugin;
	struct deadline until = login->general.deadline;
	CLEANUP(err_release) struct err failure = {0};

	if (!login->eks.cluster)
		return execplugin_run(plugin, until, answer, err);
	return ask_eks(login, answer, &failure) ||
	       ask_tool(plugin, until, answer, &failure, err);
}

static bool ask_plugin(struct kubelogin *login, struct err *err)
{
	CLEANUP(execplugin_answer_release) struct execplugin_answer answer = {
		0};

	if (!ask(login, &answer, err))
		return false;
	execplugin_answer_release(&login->answer);
	login->answer = answer;
	answer = (struct execplugin_answer){0};
	return true;
}

bool kubelogin_open(struct kubelogin *login, const struct kubeconfig *config,
		    const struct http_config *general, struct err *err)
{
	const struct execplugin *plugin = &config->plugin;

	login->config = config;
	login->general = *general;
	if (!plugin->argv.count)
		return true;
	if (eks_login_read(&login->eks, &plugin->argv, &plugin->env))
		log_debug("'%s' is not needed for a token of EKS",
			  plugin->argv.items[0]);
	return ask_plugin(login, err);
}

/* *@changed tells whether the file holds another token than before. */
static bool read_token(struct kubelogin *login, bool *changed, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!file_read(login->config->token_file, TOKEN_SIZE_MAX, &text, err))
		return err_wrap(err, "cannot read the token for the "
				     "Kubernetes API");
	str_trim(&text);
	if (!text.len)
		return err_set(err, ERR_INPUT, "there is no token in '%s'",
			       login->config->token_file);
	*changed = !same_text(str_text(&text), secret_reveal(&login->token));
	if (*changed)
		secret_set(&login->token, str_text(&text), text.len);
	wipe(text.buf, text.len);
	return true;
}

/* The token of a pod rotates, so its file is read for each try. */
static bool refresh_token(struct kubelogin *login, struct err *err)
{
	const struct secret *fallback = &login->config->token;
	CLEANUP(err_release) struct err failure = {0};
	bool changed;

	if (read_token(login, &changed, &failure))
		return true;
	if (!secret_is_set(&login->token) && secret_is_set(fallback))
		secret_set(&login->token, fallback->bytes, fallback->len);
	if (!secret_is_set(&login->token)) {
		err_move(err, &failure);
		return false;
	}
	log_debug("%s; the last one goes on to serve", failure.text);
	return true;
}

static bool renew_plugin(struct kubelogin *login, struct http *http,
			 struct err *err)
{
	const struct execplugin_answer *answer = &login->answer;

	if (!ask_plugin(login, err))
		return false;
	http_set_certificate(http, answer->cert_pem, &answer->key_pem);
	return true;
}

static bool refresh_plugin(struct kubelogin *login, struct http *http,
			   struct err *err)
{
	int64_t expires_s = login->answer.expires_s;

	return !expires_s ||
	       clock_now_ms() / 1000 < expires_s - KUBELOGIN_EARLY_S ||
	       renew_plugin(login, http, err);
}

static void add_token(struct http_request *request, const struct secret *token)
{
	if (secret_is_set(token))
		strvec_addf(&request->secrets, "Authorization: Bearer %s",
			    secret_reveal(token));
}

static void add_login(struct http_request *request, const struct secret *login)
{
	CLEANUP(str_release) struct str line = {0};

	if (!secret_is_set(login))
		return;
	str_add(&line, "Authorization: Basic ");
	base64_encode(&line, login->bytes, login->len, BASE64_STANDARD);
	strvec_add(&request->secrets, str_text(&line));
	wipe(line.buf, line.len);
}

static void forget(struct http_request *request)
{
	for (size_t i = 0; i < request->secrets.count; i++)
		wipe(request->secrets.items[i],
		     strlen(request->secrets.items[i]));
	strvec_truncate(&request->secrets, 0);
}

bool kubelogin_authorize(struct kubelogin *login, struct http *http,
			 struct http_request *request, struct err *err)
{
	const struct kubeconfig *config = login->config;

	forget(request);
	if (config->token_file) {
		if (!refresh_token(login, err))
			return false;
		add_token(request, &login->token);
	} else if (config->plugin.argv.count) {
		if (!refresh_plugin(login, http, err))
			return false;
		add_token(request, &login->answer.token);
	} else {
		add_token(request, &config->token);
		add_login(request, &config->login);
	}
	strvec_add_all(&request->secrets, &config->impersonation);
	return true;
}

bool kubelogin_renew(struct kubelogin *login, struct http *http)
{
	CLEANUP(err_release) struct err failure = {0};
	bool changed = true;
	bool done = false;

	if (login->config->token_file)
		done = read_token(login, &changed, &failure);
	else if (login->config->plugin.argv.count)
		done = renew_plugin(login, http, &failure);
	if (failure.kind != ERR_NONE)
		log_debug("%s", failure.text);
	if (!done || !changed)
		return false;
	login->renewals++;
	return true;
}

static bool lasts(const struct kubelogin *login, int64_t ms)
{
	const struct execplugin_answer *answer = &login->answer;

	return answer->expires_s && !answer->cert_pem &&
	       (clock_now_ms() + ms) / 1000 + KUBELOGIN_EARLY_S <
		       answer->expires_s;
}

bool kubelogin_lasts(struct kubelogin *login, struct http *http, int64_t ms)
{
	CLEANUP(err_release) struct err failure = {0};

	if (lasts(login, ms))
		return true;
	if (!login->answer.expires_s || login->answer.cert_pem)
		return false;
	if (renew_plugin(login, http, &failure))
		return lasts(login, ms);
	log_debug("%s", failure.text);
	return false;
}

void kubelogin_release(struct kubelogin *login)
{
	eks_login_release(&login->eks);
	secret_release(&login->token);
	execplugin_answer_release(&login->answer);
	*login = (struct kubelogin){0};
}
