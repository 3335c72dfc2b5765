#include "api/dockerconfig.h"

#include <stdlib.h>
#include <string.h>

#include "api/helmconfig.h"
#include "api/login.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/proc.h"

/* What a helper calls a user that is none: its secret is a refresh token. */
#define TOKEN_USER "<token>"
#define NOT_THERE  "credentials not found in native keychain"

/* Who asks, and until when the answer is waited for. */
struct asking {
	const struct env *env;
	const char *registry;
	struct deadline until;
};

/* --- "auths" ------------------------------------------------------------- */

/* Docker's own registry is filed under the address of its first API. */
static const char *filed_as(const char *registry)
{
	if (strcmp(registry, "docker.io") == 0 ||
	    strcmp(registry, "registry-1.docker.io") == 0)
		return "https://index.docker.io/v1/";
	return registry;
}

/* Older files have whole addresses: only their host counts. */
static bool is_host_of(const char *address, const char *registry)
{
	const char *host = after_prefix(address, "https://");
	size_t len;

	if (!host)
		host = after_prefix(address, "http://");
	if (!host)
		host = address;
	len = strcspn(host, "/");
	return strlen(registry) == len && strncmp(host, registry, len) == 0;
}

static const json_t *find_auth(json_t *auths, const char *registry)
{
	const json_t *exact = json_object_get(auths, filed_as(registry));
	const char *key;
	json_t *auth;

	if (exact)
		return exact;
	json_object_foreach (auths, key, auth)
		if (is_host_of(key, registry))
			return auth;
	return NULL;
}

static void set_text(struct secret *secret, const char *text)
{
	if (!is_blank(text))
		secret_set(secret, text, strlen(text));
}

static bool take_pair(struct login *login, const char *encoded)
{
	CLEANUP(str_release) struct str pair = {0};
	const char *colon;

	if (!base64_decode(&pair, encoded, strlen(encoded), BASE64_STANDARD))
		return false;
	colon = strchr(str_text(&pair), ':');
	if (colon) {
		login->username =
			xmemdupz(pair.buf, (size_t)(colon - pair.buf));
		set_text(&login->password, colon + 1);
	}
	wipe(pair.buf, pair.len);
	return colon;
}

static bool take_auth(struct login *login, const json_t *auth, const char *name,
		      const char *registry, struct err *err)
{
	const char *pair = jsn_text(auth, "auth");
	const char *username = jsn_text(auth, "username");

	set_text(&login->identity_token, jsn_text(auth, "identitytoken"));
	set_text(&login->token, jsn_text(auth, "registrytoken"));
	if (!is_blank(pair))
		return take_pair(login, pair) ||
		       err_set(err, ERR_INPUT,
			       "'auth' of '%s' in '%s' is not the base64 of "
			       "USER:PASSWORD",
			       registry, name);
	if (!is_blank(username))
		login->username = xstrdup(username);
	set_text(&login->password, jsn_text(auth, "password"));
	return true;
}

static bool find_in_auths(const json_t *config, const char *name,
			  const char *registry, struct login *login,
			  bool *found, struct err *err)
{
	const json_t *auth =
		find_auth(json_object_get(config, "auths"), registry);

	if (auth && !take_auth(login, auth, name, registry, err))
		return false;
	*found = login_is_set(login);
	return true;
}

/* --- helpers ------------------------------------------------------------- */

static bool take_answer(struct login *login, const struct str *answer,
			const char *program, struct err *err)
{
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	const char *username, *password;

	/* What the parser says of it may quote a password. */
	if (!jsn_parse(&json, str_text(answer), answer->len, program, &unfit))
		return err_set(err, ERR_CHILD, "'%s' printed no JSON", program);
	username = jsn_text(json, "Username");
	password = jsn_text(json, "Secret");
	if (same_text(username, TOKEN_USER)) {
		set_text(&login->identity_token, password);
		return true;
	}
	login->username = xstrdup_or_null(username);
	set_text(&login->password, password);
	return true;
}

static bool is_helper_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	return *name && strspn(name, allowed) == strlen(name);
}

static bool judge(const struct proc *proc, struct str *out, const char *program,
		  const char *registry, struct login *login, bool *found,
		  struct err *err)
{
	if (proc->exit_code == 0) {
		*found = take_answer(login, out, program, err);
		return *found;
	}
	str_trim(out);
	if (strstr(str_text(out), NOT_THERE))
		return true;
	return err_set(err, ERR_CHILD,
		       "'%s get', asked for '%s', failed with exit code %d",
		       program, registry, proc->exit_code);
}

static bool ask_helper(const struct asking *asking, const char *helper,
		       struct login *login, bool *found, struct err *err)
{
	CLEANUP(str_release) struct str out = {.limit =
						       DOCKERCONFIG_HELPER_MAX};
	CLEANUP(strvec_release) struct strvec argv = {0};
	const char *address = filed_as(asking->registry);
	struct proc proc = {
		.env = asking->env,
		.stdin_bytes = address,
		.stdin_len = strlen(address),
		.stdout_to = &out,
		.timeout_ms = deadline_share_ms(&asking->until,
						DOCKERCONFIG_HELPER_MS),
	};
	bool done;

	if (!is_helper_name(helper))
		return err_set(err, ERR_INPUT,
			       "'%s' is no name of a credential helper",
			       helper);
	strvec_addf(&argv, "docker-credential-%s", helper);
	strvec_add(&argv, "get");
	proc.argv = strvec_argv(&argv);
	if (!proc_run(&proc, err))
		return err_wrap(err, "cannot ask '%s' for a login",
				argv.items[0]);
	done = judge(&proc, &out, argv.items[0], asking->registry, login, found,
		     err);
	wipe(out.buf, out.len);
	return done;
}

static const char *helper_for(const json_t *config, const char *registry)
{
	const json_t *helpers = json_object_get(config, "credHelpers");
	const char *helper =
		json_string_value(json_object_get(helpers, filed_as(registry)));

	return is_blank(helper) ? jsn_text(config, "credsStore") : helper;
}

/* --- files --------------------------------------------------------------- */

static bool parse(json_t **config, const char *text, size_t len,
		  const char *name, struct err *err)
{
	CLEANUP(err_release) struct err unfit = {0};

	if (jsn_parse(config, text, len, name, &unfit) &&
	    json_is_object(*config))
		return true;
	/* The parser would quote what may be a password. */
	return err_set(err, ERR_INPUT,
		       "'%s', which should hold logins of registries, is no "
		       "JSON object",
		       name);
}

bool dockerconfig_parse(const char *text, size_t len, const char *name,
			const char *registry, struct login *login, bool *found,
			struct err *err)
{
	CLEANUP(jsn_release) json_t *config = NULL;

	*found = false;
	return parse(&config, text, len, name, err) &&
	       find_in_auths(config, name, registry, login, found, err);
}

static bool find_in_text(const struct asking *asking, const struct str *text,
			 const char *path, struct login *login, bool *found,
			 struct err *err)
{
	CLEANUP(jsn_release) json_t *config = NULL;
	const char *helper;

	if (!parse(&config, str_text(text), text->len, path, err))
		return false;
	helper = helper_for(config, asking->registry);
	if (!is_blank(helper) && !ask_helper(asking, helper, login, found, err))
		return err_wrap(err, "'%s' names a helper for registries",
				path);
	return *found ||
	       find_in_auths(config, path, asking->registry, login, found, err);
}

static bool find_in_file(const struct asking *asking, const char *path,
			 struct login *login, bool *found, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	bool there = false, done;

	if (!path)
		return true;
	if (!file_find(path, DOCKERCONFIG_SIZE_MAX, &text, &there, err))
		return false;
	str_trim(&text);
	if (!there || !text.len)
		return true;
	done = find_in_text(asking, &text, path, login, found, err);
	wipe(text.buf, text.len);
	return done;
}

/* "$variable/rest", or NULL where the variable is not set. */
static char *below(const struct env *env, const char *variable,
		   const char *rest)
{
	const char *dir = env_get(env, variable);

	return dir ? path_join(dir, rest) : NULL;
}

static char *docker_file(const struct env *env)
{
	char *path = below(env, "DOCKER_CONFIG", "config.json");

	return path ? path : below(env, "HOME", ".docker/config.json");
}

bool dockerconfig_find(const struct env *env, const char *registry,
		       struct deadline until, struct login *login, bool *found,
		       struct err *err)
{
	const struct asking asking = {env, registry, until};
	CLEANUP(free_ptr) char *helm = helmconfig_path(
		env, "HELM_REGISTRY_CONFIG", "registry/config.json");
	CLEANUP(free_ptr) char *docker = docker_file(env);

	*found = false;
	return find_in_file(&asking, helm, login, found, err) &&
	       (*found || find_in_file(&asking, docker, login, found, err));
}
