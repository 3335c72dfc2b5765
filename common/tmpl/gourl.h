/*
 * URLs as Go reads and writes them: laxer than RFC 3986, and than format/url,
 * which is for addresses that we ask.
 *
 *	CLEANUP(gourl_release) struct gourl url = {0};
 *	if (!gourl_parse(&url, text, err)) ...
 *
 * Source: Go 1.26's net/url.
 */
#ifndef TMPL_GOURL_H
#define TMPL_GOURL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct err;
struct value_text;

/* What is not there is empty.  Parts are decoded unless said otherwise. */
struct gourl {
	struct str scheme; /* lower case */
	struct str opaque; /* as written: mailto:THIS */
	struct str user, password;
	struct str host; /* with brackets and port */
	struct str path;
	struct str query; /* as written, without "?" */
	struct str fragment;
	bool has_user, has_password;
};

/*
 * Parse @text into @url, which is empty.  Errors: INPUT; the message shows
 * nothing of the URL, which may hold a password.
 */
bool gourl_parse(struct gourl *url, const struct value_text *text,
		 struct err *err) MUST_CHECK;

/* Append the whole URL, user and password. */
void gourl_add(struct str *out, const struct gourl *url);

/* Append user and password as a URL has them: user:password. */
void gourl_add_userinfo(struct str *out, const struct gourl *url);

/* Append the host without brackets and port. */
void gourl_add_hostname(struct str *out, const struct gourl *url);

void gourl_release(struct gourl *url);

#endif
