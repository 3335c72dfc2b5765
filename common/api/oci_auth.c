#include "api/oci_auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/dockerconfig.h"
#include "api/ecr.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/jsn.h"
#include "net/http.h"

/* Fetched anew so long before it ends, at most half of its life. */
#define SPARE_MS 10000

struct oci_token {
	struct secret secret;
	unsigned int number;
	int64_t good_until_ms; /* monotonic */
};

void oci_auth_open(struct oci_auth *auth, const struct login *login)
{
	struct ecr_host host;

	if (login && login_is_set(login)) {
		login_set(&auth->login, login->username, &login->password,
			  &login->token);
		auth->login_known = true;
	}
	if (ecr_parse_host(auth->registry, &host))
		auth->asked.scheme = OCI_SCHEME_BASIC;
}

bool oci_auth_is_due(const struct oci_auth *auth)
{
	bool asked = auth->asked.scheme != OCI_SCHEME_UNKNOWN;

	return asked != auth->login_known;
}

bool oci_auth_hint(const struct oci_auth *auth, struct err *err)
{
	if (login_is_set(&auth->login))
		return false;
	return err_hint(err,
			"set HELM_REPO_USERNAME and HELM_REPO_PASSWORD, or "
			"log in with 'helm registry login %s'",
			auth->registry);
}

void oci_auth_release(struct oci_auth *auth)
{
	for (size_t i = 0; i < auth->tokens.count; i++) {
		struct oci_token *token = auth->tokens.entries[i].value;

		secret_release(&token->secret);
	}
	map_release(&auth->tokens);
	oci_challenge_release(&auth->asked);
	login_release(&auth->login);
	arena_release(&auth->arena);
}

/* --- who we are ------------------------------------------------------------ */

static bool find_login(struct oci_auth *auth, struct err *err)
{
	struct ecr_host host;
	bool found;

	if (auth->login_known)
		return true;
	if (!dockerconfig_find(auth->env, auth->registry,
			       http_deadline(auth->http), &auth->login, &found,
			       err))
		return false;
	if (!found && ecr_parse_host(auth->registry, &host) &&
	    !ecr_login(&host, auth->http, auth->env, &auth->login, err))
		return false;
	auth->login_known = true;
	return true;
}

/* --- tokens ---------------------------------------------------------------- */

static struct oci_token *good_token(const struct oci_auth *auth,
				    const char *scope)
{
	struct oci_token *token = map_get(&auth->tokens, scope);

	return token && clock_monotonic_ms() < token->good_until_ms ? token
								    : NULL;
}

static bool keep_token(struct oci_auth *auth, const char *scope,
		       const json_t *json, struct err *err)
{
	int64_t life = jsn_int(json, "expires_in", OCI_TOKEN_LIFE_S);
	struct oci_token *token = map_get(&auth->tokens, scope);
	const char *text = jsn_text(json, "token");

	if (is_blank(text))
		text = jsn_text(json, "access_token");
	if (is_blank(text))
		return err_set(err, ERR_REMOTE, "its answer has no token");
	if (life <= 0 || life > OCI_TOKEN_LIFE_MAX_S)
		life = OCI_TOKEN_LIFE_S;
	life *= 1000;
	if (!token) {
		token = arena_new(&auth->arena, struct oci_token);
		map_put(&auth->tokens, scope, token);
	}
	secret_set(&token->secret, text, strlen(text));
	token->number = ++auth->token_count;
	token->good_until_ms = clock_monotonic_ms() + life -
			       (life / 2 < SPARE_MS ? life / 2 : SPARE_MS);
	return true;
}

/* A refresh token is traded in by a form (OAuth 2). */
static void prepare_post(const struct oci_auth *auth, const char *scope,
			 struct str *form, struct http_request *request)
{
	const struct secret *token = &auth->login.identity_token;
	const char *service = auth->asked.service;

	str_add(form, "grant_type=refresh_token&client_id=slipway&service=");
	url_encode(form, service ? service : "", service ? strlen(service) : 0,
		   "");
	str_add(form, "&scope=");
	url_encode(form, scope, strlen(scope), "");
	str_add(form, "&refresh_token=");
	url_encode(form, secret_reveal(token), token->len, "");
	request->method = "POST";
	request->body = str_text(form);
	request->body_len = form->len;
	request->repeat = HTTP_REPEAT_ALWAYS;
	strvec_add(&request->headers,
		   "Content-Type: application/x-www-form-urlencoded");
}

static void prepare_get(const struct oci_auth *auth, const char *scope,
			struct url *realm, struct http_request *request)
{
	request->method = "GET";
	if (auth->asked.service)
		url_add_query(realm, "service", auth->asked.service);
	url_add_query(realm, "scope", scope);
	if (auth->login.username)
		login_add_basic(&request->secrets, &auth->login);
}

static bool take_token(struct oci_auth *auth, const char *scope,
		       const struct http_request *request,
		       const struct http_reply *reply, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};

	if (reply->status != 200)
		return http_fail(request, reply, NULL, err);
	/* What the parser says of it may quote the token. */
	if (!jsn_parse(&json, str_text(&reply->body), reply->body.len,
		       "the answer", &unfit))
		return err_set(err, ERR_REMOTE, "its answer is no JSON");
	return keep_token(auth, scope, json, err);
}

static bool ask_for_token(struct oci_auth *auth, const char *scope,
			  struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.reply_limit = OCI_TOKEN_REPLY_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(url_release) struct url realm = {0};
	CLEANUP(str_release) struct str form = {0};
	bool done;

	if (is_blank(auth->asked.realm))
		return err_set(err, ERR_REMOTE,
			       "the registry names no server of tokens");
	if (!oci_realm_check(auth->base, auth->asked.realm, err) ||
	    !url_parse(&realm, auth->asked.realm, err))
		return false;
	if (secret_is_set(&auth->login.identity_token))
		prepare_post(auth, scope, &form, &request);
	else
		prepare_get(auth, scope, &realm, &request);
	url_add_text(&request.url, &realm, true);
	done = http_send(auth->http, &request, &reply, err) &&
	       take_token(auth, scope, &request, &reply, err);
	wipe(form.buf, form.len);
	wipe(reply.body.buf, reply.body.len);
	return done;
}

static bool add_token(struct oci_call *call, struct http_request *request,
		      struct err *err)
{
	struct oci_auth *auth = call->auth;
	const struct oci_token *token = good_token(auth, call->scope);

	call->fresh |= !token;
	if (secret_is_set(&auth->login.token)) {
		login_add_bearer(&request->secrets, &auth->login.token);
		return true;
	}
	if (!token && !ask_for_token(auth, call->scope, err))
		return err_wrap(err, "cannot get a token for registry '%s'",
				auth->registry);
	token = map_get(&auth->tokens, call->scope);
	call->token = token->number;
	login_add_bearer(&request->secrets, &token->secret);
	return true;
}

/* --- the hooks ------------------------------------------------------------- */

/* A helper or a server of tokens that is not there is not what was asked for. */
static bool fail_login(struct err *err)
{
	if (err->kind == ERR_NOT_FOUND)
		err->kind = ERR_DENIED;
	return false;
}

static bool is_at_registry(const struct oci_auth *auth, const char *address)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return url_parse(&url, address, &unfit) &&
	       url_same_origin(&url, auth->base);
}

static bool add_basic(const struct oci_auth *auth, struct http_request *request,
		      struct err *err)
{
	const struct login *login = &auth->login;

	if (login->username || secret_is_set(&login->password)) {
		login_add_basic(&request->secrets, login);
		return true;
	}
	(void)err_set(err, ERR_DENIED,
		      "registry '%s' wants a user and a password, and nobody "
		      "has logged in there",
		      auth->registry);
	return oci_auth_hint(auth, err);
}

bool oci_auth_before_try(void *context, struct http_request *request,
			 struct err *err)
{
	struct oci_call *call = context;
	struct oci_auth *auth = call->auth;

	login_remove(&request->secrets);
	if (auth->asked.scheme == OCI_SCHEME_UNKNOWN ||
	    !is_at_registry(auth, str_text(&request->url)))
		return true;
	call->scheme = auth->asked.scheme;
	return (find_login(auth, err) &&
		(call->scheme == OCI_SCHEME_BASIC
			 ? add_basic(auth, request, err)
			 : add_token(call, request, err))) ||
	       fail_login(err);
}

/* What the reply asks for; a token is preferred to a password. */
static void read_challenges(const struct http_reply *reply,
			    struct oci_challenge *best)
{
	for (size_t i = 0; i < reply->headers.count; i++) {
		static const char name[] = "WWW-Authenticate:";
		const char *line = reply->headers.items[i];
		struct oci_challenge one = {0};

		if (strncasecmp(line, name, strlen(name)) != 0)
			continue;
		oci_challenge_parse(&one, line + strlen(name));
		if (one.scheme > best->scheme) {
			oci_challenge_release(best);
			*best = one;
			continue;
		}
		oci_challenge_release(&one);
	}
}

/* True if there is something new to try. */
static bool learn(struct oci_call *call, struct oci_challenge *asked)
{
	struct oci_auth *auth = call->auth;
	struct oci_token *token = map_get(&auth->tokens, call->scope);
	bool newer = token && token->number != call->token;
	bool news = newer || asked->scheme != call->scheme;

	if (!news && (asked->scheme == OCI_SCHEME_BASIC || call->fresh))
		return false;
	if (token && !newer)
		token->good_until_ms = 0;
	oci_challenge_release(&auth->asked);
	auth->asked = *asked;
	*asked = (struct oci_challenge){0};
	return true;
}

bool oci_auth_again(void *context, struct http_request *request,
		    const struct http_reply *reply)
{
	struct oci_call *call = context;
	CLEANUP(oci_challenge_release) struct oci_challenge asked = {0};

	(void)request;
	if (reply->status != 401 ||
	    !is_at_registry(call->auth, str_text(&reply->url)))
		return false;
	read_challenges(reply, &asked);
	return asked.scheme != OCI_SCHEME_UNKNOWN && learn(call, &asked);
}
