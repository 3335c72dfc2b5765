#include "api/oci_auth.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* --- WWW-Authenticate ------------------------------------------------------ */

static size_t token_len(const char *at)
{
	return strspn(at, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789!#$%&'*+-.^_`|~");
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* A token or a quoted string at @at; NULL if there is neither. */
static const char *read_value(const char *at, struct str *value)
{
	size_t len;

	if (*at != '"') {
		len = token_len(at);
		str_add_bytes(value, at, len);
		return len ? at + len : NULL;
	}
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		str_add_char(value, *at);
	}
	return *at ? at + 1 : NULL;
}

static void set_parameter(struct oci_challenge *challenge, const char *name,
			  size_t name_len, struct str *value)
{
	char **to = NULL;

	if (name_len == 5 && strncasecmp(name, "realm", 5) == 0)
		to = &challenge->realm;
	if (name_len == 7 && strncasecmp(name, "service", 7) == 0)
		to = &challenge->service;
	if (!to || *to)
		return;
	*to = str_detach(value);
}

static void read_parameters(struct oci_challenge *challenge, const char *at)
{
	while (at) {
		CLEANUP(str_release) struct str value = {0};
		const char *name = skip_blanks(at);
		size_t len = token_len(name);

		at = skip_blanks(name + len);
		if (!len || *at != '=')
			return;
		at = read_value(skip_blanks(at + 1), &value);
		if (at)
			set_parameter(challenge, name, len, &value);
		at = at ? skip_blanks(at) : NULL;
		at = at && *at == ',' ? at + 1 : NULL;
	}
}

void oci_challenge_parse(struct oci_challenge *challenge, const char *text)
{
	const char *name = skip_blanks(text);
	size_t len = token_len(name);

	if (len == 5 && strncasecmp(name, "Basic", len) == 0)
		challenge->scheme = OCI_SCHEME_BASIC;
	else if (len == 6 && strncasecmp(name, "Bearer", len) == 0)
		challenge->scheme = OCI_SCHEME_BEARER;
	if (challenge->scheme == OCI_SCHEME_BEARER)
		read_parameters(challenge, name + len);
}

void oci_challenge_release(struct oci_challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	*challenge = (struct oci_challenge){0};
}

/* --- where it may lead ----------------------------------------------------- */

static bool is_inner_v4(uint32_t address)
{
	return address >> 24 == 0 || address >> 24 == 10 ||
	       address >> 24 == 127 || address >> 16 == 0xa9fe ||
	       address >> 20 == 0xac1 || address >> 16 == 0xc0a8;
}

/* Loopback, link-local, private or unspecified, written as an address. */
static bool is_inner(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return is_inner_v4(ntohl(v4.s_addr));
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
		return is_inner_v4(ntohl(v4.s_addr));
	}
	return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
	       IN6_IS_ADDR_LINKLOCAL(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc;
}

static bool refuse(const char *realm, const char *why, struct err *err)
{
	return err_set(err, ERR_REMOTE,
		       "the registry sends us to '%s' for a token, %s", realm,
		       why);
}

bool oci_realm_check(const struct url *base, const char *realm, struct err *err)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(err_release) struct err unfit = {0};

	if (!url_parse(&url, realm, &unfit) ||
	    (strcmp(url.scheme, "https") != 0 &&
	     strcmp(url.scheme, "http") != 0))
		return refuse(realm, "which is no web address", err);
	if (strcmp(base->scheme, "https") == 0 &&
	    strcmp(url.scheme, "https") != 0)
		return refuse(realm, "where a login could be overheard", err);
	if (is_inner(url.host) && strcmp(url.host, base->host) != 0)
		return refuse(realm, "an address within a private network",
			      err);
	return true;
}
