#include "core/gitaddress.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/url.h"

/* A part of an address, not terminated. */
struct part {
	const char *text;
	size_t len;
};

struct address {
	bool http; /* or https */
	struct part host;
	struct part port; /* empty: that of the scheme */
	struct part path; /* without slashes and ".git" at its ends */
};

static bool is_text(struct part part, const char *text)
{
	return part.len == strlen(text) &&
	       strncasecmp(part.text, text, part.len) == 0;
}

static bool is_same(struct part a, struct part b)
{
	return a.len == b.len && strncasecmp(a.text, b.text, a.len) == 0;
}

static struct part path_of(const char *text)
{
	struct part path = {text, strlen(text)};

	while (path.len && path.text[0] == '/')
		path = (struct part){path.text + 1, path.len - 1};
	while (path.len && path.text[path.len - 1] == '/')
		path.len--;
	if (path.len > 4 && strncmp(path.text + path.len - 4, ".git", 4) == 0 &&
	    path.text[path.len - 5] != '/')
		path.len -= 4;
	return path;
}

/* "user@host:port", the port behind the brackets of an IPv6 address. */
static void read_authority(struct address *address, struct part authority)
{
	const char *end = authority.text + authority.len;
	const char *host = authority.text, *at, *colon, *bracket;

	while ((at = memchr(host, '@', (size_t)(end - host))))
		host = at + 1;
	bracket = memchr(host, ']', (size_t)(end - host));
	colon = memchr(bracket ? bracket : host, ':',
		       (size_t)(end - (bracket ? bracket : host)));
	address->host =
		(struct part){host, (size_t)((colon ? colon : end) - host)};
	if (colon)
		address->port =
			(struct part){colon + 1, (size_t)(end - colon - 1)};
}

static void read_url(struct address *address, const char *url, const char *rest)
{
	size_t len = strcspn(rest, "/");

	address->http = url_is_web(url);
	read_authority(address, (struct part){rest, len});
	if ((starts_with(url, "https://") && is_text(address->port, "443")) ||
	    (starts_with(url, "http://") && is_text(address->port, "80")))
		address->port.len = 0;
	address->path = path_of(rest + len);
}

/* "user@host:path"; a colon behind a slash is one of a path. */
static bool read_scp(struct address *address, const char *text)
{
	const char *at = strchr(text, '@');
	const char *host =
		at && !memchr(text, '/', (size_t)(at - text)) ? at + 1 : text;
	size_t len =
		*host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

	if (len > strlen(host) || host[len] != ':' || !len)
		return false;
	address->host = (struct part){host, len};
	address->path = path_of(host + len + 1);
	return true;
}

static struct address read_address(const char *text)
{
	const char *scheme_end = strstr(text, "://");
	struct address address = {.host.text = "", .port.text = ""};

	if (scheme_end)
		read_url(&address, text, scheme_end + strlen("://"));
	else if (!read_scp(&address, text))
		address.path = path_of(text);
	return address;
}

/* Whose SSH a host is. */
static struct part owner_of(struct part host)
{
	static const struct {
		const char *ssh, *web;
	} aliases[] = {
		{"ssh.github.com", "github.com"},
		{"altssh.gitlab.com", "gitlab.com"},
		{"altssh.bitbucket.org", "bitbucket.org"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (is_text(host, aliases[i].ssh))
			return (struct part){aliases[i].web,
					     strlen(aliases[i].web)};
	}
	return host;
}

static bool is_same_host(const struct address *a, const struct address *b)
{
	if (a->http && b->http)
		return is_same(a->host, b->host) && is_same(a->port, b->port);
	return is_same(owner_of(a->host), owner_of(b->host));
}

#define SCM "scm/"

/* Over SSH, where nothing else has that port. */
static bool is_bitbucket(const struct address *address)
{
	return !address->http && is_text(address->port, "7999");
}

/* "scm/red/web" over HTTP is "red/web" over SSH. */
static bool is_same_in_scm(const struct address *web, const struct address *ssh)
{
	size_t len = strlen(SCM);

	return web->http && !ssh->http && web->host.len &&
	       web->path.len > len &&
	       strncasecmp(web->path.text, SCM, len) == 0 &&
	       is_same((struct part){web->path.text + len, web->path.len - len},
		       ssh->path);
}

bool gitaddress_same(const char *a, const char *b)
{
	const struct address left = read_address(a), right = read_address(b);

	if (!is_same_host(&left, &right))
		return false;
	/* A file system tells letters of either case apart. */
	if (!left.host.len)
		return left.path.len == right.path.len &&
		       memcmp(left.path.text, right.path.text, left.path.len) ==
			       0;
	return is_same(left.path, right.path) ||
	       is_same_in_scm(&left, &right) || is_same_in_scm(&right, &left);
}

char *gitaddress_path(const char *text)
{
	const struct address address = read_address(text);
	struct part host = address.host, port = address.port;
	CLEANUP(str_release) struct str path = {0};

	if (!host.len || !address.path.len)
		return NULL;
	if (!address.http) {
		host = owner_of(host);
		port.len = 0;
	}
	str_add_bytes(&path, host.text, host.len);
	if (port.len) {
		str_add_char(&path, ':');
		str_add_bytes(&path, port.text, port.len);
	}
	str_add_char(&path, '/');
	if (is_bitbucket(&address))
		str_add(&path, SCM);
	str_add_bytes(&path, address.path.text, address.path.len);
	return str_detach(&path);
}
