#include "api/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/url.h"

bool login_is_set(const struct login *login)
{
	return login->username || secret_is_set(&login->password) ||
	       secret_is_set(&login->token) ||
	       secret_is_set(&login->identity_token);
}

static void copy_secret(struct secret *to, const struct secret *from)
{
	if (from && secret_is_set(from))
		secret_set(to, secret_reveal(from), from->len);
}

void login_set(struct login *login, const char *username,
	       const struct secret *password, const struct secret *token)
{
	login_release(login);
	login->username = xstrdup_or_null(username);
	copy_secret(&login->password, password);
	copy_secret(&login->token, token);
}

void login_set_args(struct login *login, const struct login_args *args)
{
	login_set(login, args->username, &args->password, &args->access_token);
}

void login_take_url(struct login *login, const struct url *url)
{
	CLEANUP(secret_release) struct secret password = {0};

	if (!url->user || login_is_set(login))
		return;
	if (url->password)
		secret_set(&password, url->password, strlen(url->password));
	login_set(login, url->user, &password, NULL);
}

void login_add_bearer(struct strvec *secrets, const struct secret *token)
{
	strvec_addf(secrets, "Authorization: Bearer %s", secret_reveal(token));
}

void login_add_basic(struct strvec *secrets, const struct login *login)
{
	CLEANUP(str_release) struct str pair = {0};
	CLEANUP(str_release) struct str line = {0};

	str_addf(&pair, "%s:%s", login->username ? login->username : "",
		 secret_reveal(&login->password));
	log_mask(pair.buf, pair.len);
	str_add(&line, "Authorization: Basic ");
	base64_encode(&line, pair.buf, pair.len, BASE64_STANDARD);
	wipe(pair.buf, pair.len);
	strvec_add_take(secrets, str_detach(&line));
}

void login_remove(struct strvec *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		wipe(secrets->items[i], strlen(secrets->items[i]));
	strvec_truncate(secrets, 0);
}

void login_release(struct login *login)
{
	free(login->username);
	secret_release(&login->password);
	secret_release(&login->token);
	secret_release(&login->identity_token);
	*login = (struct login){0};
}
