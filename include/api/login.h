/*
 * Who we are to a chart repository: a user with a password, or a token.
 */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include <stdbool.h>

#include "base/secret.h"

struct strvec;
struct url;

/* All-zero: nobody. */
struct login {
	char *username; /* owned */
	struct secret password;
	struct secret token; /* sent as it is, in place of both */
	/* Of registries: exchanged for tokens (OAuth2's refresh token). */
	struct secret identity_token;
};

/* What options say of it; filled by OPT_LOGIN of cli/fragments.h. */
struct login_args {
	const char *username;
	struct secret password;
	struct secret access_token;
};

bool login_is_set(const struct login *login);

/* Copy what the options say; nobody, if they say nothing. */
void login_set_args(struct login *login, const struct login_args *args);

/* Copy what the user gave; each may be NULL or not set. */
void login_set(struct login *login, const char *username,
	       const struct secret *password, const struct secret *token);

/*
 * Copy the user and the password of "https://user:password@host/path", unless
 * somebody is set already.
 */
void login_take_url(struct login *login, const struct url *url);

/* Add "Authorization: Bearer ..." or "Authorization: Basic ...". */
void login_add_bearer(struct strvec *secrets, const struct secret *token);
void login_add_basic(struct strvec *secrets, const struct login *login);

/* Drop what was added, its bytes wiped. */
void login_remove(struct strvec *secrets);

void login_release(struct login *login);

#endif
