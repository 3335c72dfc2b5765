#include "net/redact.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/str.h"

#define HIDDEN "***"

/* Lower case; parameters whose name contains one of these are hidden. */
static const char *const secret_parts[] = {
	"token",      "secret",	   "password", "passwd",      "signature",
	"credential", "apikey",	   "api_key",  "api-key",     "access_key",
	"access-key", "auth",	   "session",  "private_key", "private-key",
	"security",   "assertion",
};

/* Parameters with exactly one of these names are hidden too. */
static const char *const secret_names[] = {
	"sig", "key", "code", "pwd", "pass", "jwt", "awsaccesskeyid", "state",
};

static bool contains(const char *text, size_t len, const char *part)
{
	size_t part_len = strlen(part);

	for (size_t i = 0; i + part_len <= len; i++)
		if (strncasecmp(text + i, part, part_len) == 0)
			return true;
	return false;
}

bool redact_is_secret_parameter(const char *name, size_t len)
{
	/* An encoded name is not worth decoding: it hides something. */
	if (memchr(name, '%', len))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(secret_parts); i++)
		if (contains(name, len, secret_parts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++)
		if (strlen(secret_names[i]) == len &&
		    strncasecmp(name, secret_names[i], len) == 0)
			return true;
	return false;
}

static void add_query(struct str *out, const char *query, size_t len)
{
	const char *end = query + len;

	while (query < end) {
		size_t pair = strcspn(query, "&;");
		size_t name = strcspn(query, "=&;");

		if (query + pair > end)
			pair = (size_t)(end - query);
		if (name < pair && redact_is_secret_parameter(query, name)) {
			str_add_bytes(out, query, name);
			str_add(out, "=" HIDDEN);
		} else {
			str_add_bytes(out, query, pair);
		}
		query += pair;
		if (query < end)
			str_add_char(out, *query++);
	}
}

void redact_url(struct str *out, const char *url)
{
	const char *authority = strstr(url, "://");
	size_t len = strcspn(url, "#");
	size_t path = strcspn(url, "?#");

	if (authority && authority < url + path) {
		size_t host_len;
		const char *at;

		authority += 3;
		host_len = strcspn(authority, "/?#");
		at = memrchr(authority, '@', host_len);
		if (at) {
			str_add_bytes(out, url, (size_t)(authority - url));
			len -= (size_t)(at + 1 - url);
			path -= (size_t)(at + 1 - url);
			url = at + 1;
		}
	}
	str_add_bytes(out, url, path);
	if (path < len) {
		str_add_char(out, '?');
		add_query(out, url + path + 1, len - path - 1);
	}
}
