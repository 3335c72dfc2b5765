/*
 * URLs by part (RFC 3986): parsed, changed and put together, never glued.
 */
#ifndef FORMAT_URL_H
#define FORMAT_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct err;
struct str;

/* All strings are owned; scheme and host are lower case. */
struct url {
	char *scheme;
	char *user;	/* decoded; NULL = none */
	char *password; /* decoded; NULL = none */
	char *host;	/* without brackets */
	int port;	/* 0 = the scheme's own */
	char *path;	/* as written, percent-encoded; "" or "/..." */
	char *query;	/* as written, without "?"; NULL = none */
	char *fragment; /* as written, without "#"; NULL = none */
};

#define URL_MAX 8192

/*
 * Parse an absolute URL with an authority (scheme://...); `file:///dir` has
 * an empty host.  Errors: INPUT.  The message never shows a password.
 */
bool url_parse(struct url *url, const char *text, struct err *err) MUST_CHECK;

/* Is it an address of http or https, as it is written? */
bool url_is_web(const char *address);

/* Resolve @reference against @base (RFC 3986, 5.2).  Errors: INPUT. */
bool url_resolve(struct url *url, const struct url *base, const char *reference,
		 struct err *err) MUST_CHECK;

/* Append the whole URL.  Without user, password if @public. */
void url_add_text(struct str *out, const struct url *url, bool public);

/* Append scheme://host[:port], the origin; default ports left out. */
void url_add_origin(struct str *out, const struct url *url);
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * Is its host localhost, a name below that, or an address of loopback?  What
 * is sent there passes no wire.
 */
bool url_is_this_machine(const struct url *url);

/*
 * Are these two addresses one place?  Slashes at the end and a user do not
 * count; what is no URL is compared byte for byte.
 */
bool url_same_place(const char *a, const char *b);

/* Append "/" (one) and @segment, percent-encoded, to the path. */
void url_add_segment(struct url *url, const char *segment);

/* Append @name=@value, percent-encoded, to the query. */
void url_add_query(struct url *url, const char *name, const char *value);
void url_add_query_int(struct url *url, const char *name, int64_t value);

/*
 * Append @text with all bytes but the unreserved ones (RFC 3986, 2.3) and
 * those in @keep as %XX.
 */
void url_encode(struct str *out, const char *text, size_t len,
		const char *keep);

/* Append @text with %XX decoded; false for a stray % or an encoded NUL. */
bool url_decode(struct str *out, const char *text, size_t len) MUST_CHECK;

void url_copy(struct url *to, const struct url *from);
void url_release(struct url *url);

#endif
