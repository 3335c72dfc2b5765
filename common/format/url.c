#include "format/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"

/* RFC 3986, 2.2 and 3.3 to 3.5: what may stand in a part as it is. */
#define SUB_DELIMS "!$&'()*+,;="
#define IN_PATH	   SUB_DELIMS ":@/%"
#define IN_QUERY   IN_PATH "?"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || (c && strchr("-._~", c));
}

static char *lower(const char *text, size_t len)
{
	char *copy = xmemdupz(text, len);

	for (size_t i = 0; i < len; i++) {
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	}
	return copy;
}

void url_encode(struct str *out, const char *text, size_t len, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (is_unreserved(text[i]) || (byte && strchr(keep, byte))) {
			str_add_char(out, text[i]);
			continue;
		}
		str_add_char(out, '%');
		str_add_char(out, digits[byte >> 4]);
		str_add_char(out, digits[byte & 0xf]);
	}
}

/* The byte that %XX at @text stands for; -1 if it is not of that form. */
static int decoded_byte(const char *text, size_t len)
{
	int high = len > 2 ? num_hex_digit(text[1]) : -1;
	int low = len > 2 ? num_hex_digit(text[2]) : -1;

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool url_decode(struct str *out, const char *text, size_t len)
{
	size_t before = out->len;

	for (size_t i = 0; i < len; i++) {
		int byte = text[i];

		if (text[i] == '%') {
			byte = decoded_byte(text + i, len - i);
			i += 2;
			if (byte <= 0) {
				str_truncate(out, before);
				return false;
			}
		}
		str_add_char(out, (char)byte);
	}
	return true;
}

/* --- parsing ------------------------------------------------------------- */

/* The text without what may be secret in it: user, password, query. */
static void add_shown(struct str *out, const char *text)
{
	size_t end = strcspn(text, "?#");
	const char *slashes = strstr(text, "://");
	size_t start = slashes ? (size_t)(slashes - text) + 3 : 0;
	size_t at = end;

	while (at > start && text[at - 1] != '@')
		at--;
	str_add_bytes(out, text, start < end ? start : end);
	if (at > start)
		str_add(out, "***@");
	if (at < end)
		str_add_bytes(out, text + at, end - at);
}

static bool refused(const char *text, const char *cause, struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	add_shown(&shown, text);
	return err_set(err, ERR_INPUT, "bad address '%s': %s", str_text(&shown),
		       cause);
}

/*
 * Copy @len bytes of a path or query, with what must not stand there (blanks,
 * other alphabets) encoded; NULL for a stray %.
 */
static char *normalised(const char *text, size_t len, const char *keep)
{
	CLEANUP(str_release) struct str out = {0};

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && decoded_byte(text + i, len - i) < 0)
			return NULL;
	}
	url_encode(&out, text, len, keep);
	str_add(&out, "");
	return str_detach(&out);
}

static bool decode_to(char **out, const char *text, size_t len)
{
	CLEANUP(str_release) struct str decoded = {0};

	if (!url_decode(&decoded, text, len))
		return false;
	*out = xstrdup(str_text(&decoded));
	return true;
}

static bool parse_user(struct url *url, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t)(colon - text) : len;

	if (!decode_to(&url->user, text, user_len))
		return false;
	return !colon ||
	       decode_to(&url->password, colon + 1, len - user_len - 1);
}

static bool parse_port(struct url *url, const char *text, size_t len)
{
	CLEANUP(free_ptr) char *copy = xmemdupz(text, len);
	int64_t port = 0;

	if (len && !num_parse_range(copy, 1, 65535, &port))
		return false;
	url->port = (int)port;
	return true;
}

static bool is_host(const char *text, size_t len, bool bracketed)
{
	for (size_t i = 0; i < len; i++) {
		bool ok = bracketed ? num_hex_digit(text[i]) >= 0 ||
					      text[i] == ':' || text[i] == '.'
				    : is_unreserved(text[i]);

		if (!ok)
			return false;
	}
	return !bracketed || memchr(text, ':', len);
}

/* Gives the cause of a refusal, NULL if all is well. */
static const char *parse_host(struct url *url, const char *text, size_t len)
{
	bool bracketed = len && *text == '[';
	const char *end =
		bracketed ? memchr(text, ']', len) : memchr(text, ':', len);
	const char *host = text + bracketed;
	const char *rest;
	size_t host_len;

	if (bracketed && !end)
		return "no ']' behind the host";
	if (!end)
		end = text + len;
	host_len = (size_t)(end - host);
	rest = end + bracketed;
	if (!is_host(host, host_len, bracketed))
		return "not a host name";
	if (rest < text + len && *rest != ':')
		return "not a host name";
	if (rest < text + len &&
	    !parse_port(url, rest + 1, (size_t)(text + len - rest) - 1))
		return "not a port";
	url->host = lower(host, host_len);
	return NULL;
}

static const char *parse_authority(struct url *url, const char *text,
				   size_t len)
{
	const char *at = memrchr(text, '@', len);
	size_t user_len = at ? (size_t)(at - text) : 0;
	const char *cause;

	if (at && !parse_user(url, text, user_len))
		return "bad escape in the user's name or password";
	if (at)
		len -= user_len + 1;
	cause = parse_host(url, at ? at + 1 : text, len);
	if (cause)
		return cause;
	if (!*url->host && strcmp(url->scheme, "file"))
		return "no host in it";
	return NULL;
}

/* Path, query and fragment; they follow the authority or stand alone. */
static const char *parse_rest(struct url *url, const char *text)
{
	size_t len = strcspn(text, "?#");

	url->path = normalised(text, len, IN_PATH);
	if (!url->path)
		return "bad escape in the path";
	text += len;
	if (*text == '?') {
		len = strcspn(++text, "#");
		url->query = normalised(text, len, IN_QUERY);
		if (!url->query)
			return "bad escape in the query";
		text += len;
	}
	if (*text == '#') {
		text++;
		url->fragment = normalised(text, strlen(text), IN_QUERY);
		if (!url->fragment)
			return "bad escape in the fragment";
	}
	return NULL;
}

/* Length of "scheme" where @text starts with "scheme:"; else 0. */
static size_t scheme_len(const char *text)
{
	size_t len = 0;

	if (!is_alpha(*text))
		return 0;
	while (is_alpha(text[len]) || is_digit(text[len]) ||
	       (text[len] && strchr("+-.", text[len])))
		len++;
	return text[len] == ':' ? len : 0;
}

static const char *check_text(const char *text)
{
	size_t len = strlen(text);

	if (len > URL_MAX)
		return "too long";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return "a control character in it";
	}
	return NULL;
}

static const char *parse(struct url *url, const char *text)
{
	const char *cause = check_text(text);
	size_t len = scheme_len(text);

	if (cause)
		return cause;
	if (!len || strncmp(text + len, "://", 3))
		return "not of the form scheme://host/path";
	url->scheme = lower(text, len);
	text += len + 3;
	len = strcspn(text, "/?#");
	cause = parse_authority(url, text, len);
	return cause ? cause : parse_rest(url, text + len);
}

bool url_is_web(const char *address)
{
	return starts_with(address, "http://") ||
	       starts_with(address, "https://");
}

bool url_parse(struct url *url, const char *text, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};
	const char *cause = parse(&parsed, text);

	if (cause)
		return refused(text, cause, err);
	url_release(url);
	*url = parsed;
	parsed = (struct url){0};
	return true;
}

/* --- resolving ----------------------------------------------------------- */

/* RFC 3986, 5.2.4. */
static char *without_dots(const char *path)
{
	CLEANUP(strvec_release) struct strvec parts = {0};
	CLEANUP(str_release) struct str out = {0};
	size_t kept = 0;

	if (*path != '/')
		return xstrdup(path);
	strvec_split(&parts, path + 1, '/');
	for (size_t i = 0; i < parts.count; i++) {
		char *part = parts.items[i];
		bool last = i + 1 == parts.count;
		bool up = !strcmp(part, "..");
		bool dots = up || !strcmp(part, ".");

		kept -= up && kept;
		if (dots && !last)
			continue;
		parts.items[i] = parts.items[kept];
		parts.items[kept++] = part;
		if (dots)
			*part = '\0';
	}
	for (size_t i = 0; i < kept; i++) {
		str_add_char(&out, '/');
		str_add(&out, parts.items[i]);
	}
	return xstrdup(str_text(&out));
}

static void set(char **field, char *value_taken)
{
	free(*field);
	*field = value_taken;
}

/* RFC 3986, 5.2.3: @path beside the last part of the base's path. */
static char *merged(const struct url *base, const char *path)
{
	const char *slash = strrchr(base->path, '/');
	size_t len = slash ? (size_t)(slash - base->path) : 0;

	return xasprintf("%.*s/%s", (int)len, base->path, path);
}

static void take_base_authority(struct url *to, const struct url *base)
{
	to->user = xstrdup_or_null(base->user);
	to->password = xstrdup_or_null(base->password);
	to->host = xstrdup(base->host);
	to->port = base->port;
}

static const char *resolve(struct url *url, const struct url *base,
			   const char *reference)
{
	const char *cause = check_text(reference);
	size_t len;

	if (cause)
		return cause;
	url->scheme = xstrdup(base->scheme);
	if (starts_with(reference, "//")) {
		reference += 2;
		len = strcspn(reference, "/?#");
		cause = parse_authority(url, reference, len);
		reference += len;
	} else {
		take_base_authority(url, base);
	}
	if (!cause)
		cause = parse_rest(url, reference);
	return cause;
}

bool url_resolve(struct url *url, const struct url *base, const char *reference,
		 struct err *err)
{
	CLEANUP(url_release) struct url resolved = {0};
	const char *cause;

	if (scheme_len(reference))
		return url_parse(url, reference, err);
	cause = resolve(&resolved, base, reference);
	if (cause)
		return refused(reference, cause, err);
	if (!*resolved.path && !starts_with(reference, "//")) {
		set(&resolved.path, xstrdup(base->path));
		if (!resolved.query)
			resolved.query = xstrdup_or_null(base->query);
	} else if (*resolved.path && *resolved.path != '/') {
		set(&resolved.path, merged(base, resolved.path));
	}
	set(&resolved.path, without_dots(resolved.path));
	url_release(url);
	*url = resolved;
	resolved = (struct url){0};
	return true;
}

/* --- text ---------------------------------------------------------------- */

static int default_port(const char *scheme)
{
	if (!strcmp(scheme, "http"))
		return 80;
	return !strcmp(scheme, "https") ? 443 : 0;
}

static void add_host(struct str *out, const struct url *url)
{
	bool bracketed = strchr(url->host, ':') != NULL;

	str_addf(out, bracketed ? "[%s]" : "%s", url->host);
	if (url->port && url->port != default_port(url->scheme))
		str_addf(out, ":%d", url->port);
}

void url_add_origin(struct str *out, const struct url *url)
{
	str_addf(out, "%s://", url->scheme);
	add_host(out, url);
}

void url_add_text(struct str *out, const struct url *url, bool public)
{
	str_addf(out, "%s://", url->scheme);
	if (url->user && !public) {
		url_encode(out, url->user, strlen(url->user), "");
		if (url->password) {
			str_add_char(out, ':');
			url_encode(out, url->password, strlen(url->password),
				   "");
		}
		str_add_char(out, '@');
	}
	add_host(out, url);
	str_add(out, url->path);
	if (url->query)
		str_addf(out, "?%s", url->query);
	if (url->fragment)
		str_addf(out, "#%s", url->fragment);
}

static int port_of(const struct url *url)
{
	return url->port ? url->port : default_port(url->scheme);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return same_text(a->scheme, b->scheme) && same_text(a->host, b->host) &&
	       port_of(a) == port_of(b);
}

bool url_is_this_machine(const struct url *url)
{
	const char *host = url->host;

	if (starts_with(host, "127."))
		return strspn(host, "0123456789.") == strlen(host);
	return same_text(host, "localhost") || ends_with(host, ".localhost") ||
	       same_text(host, "::1");
}

static void cut_slashes(struct url *url)
{
	size_t len = strlen(url->path);

	while (len && url->path[len - 1] == '/')
		url->path[--len] = '\0';
}

bool url_same_place(const char *a, const char *b)
{
	CLEANUP(url_release) struct url left = {0}, right = {0};
	CLEANUP(err_release) struct err unfit = {0};

	if (strcmp(a, b) == 0)
		return true;
	if (!url_parse(&left, a, &unfit) || !url_parse(&right, b, &unfit))
		return false;
	cut_slashes(&left);
	cut_slashes(&right);
	return url_same_origin(&left, &right) &&
	       same_text(left.path, right.path) &&
	       same_text(left.query, right.query);
}

void url_add_segment(struct url *url, const char *segment)
{
	CLEANUP(str_release) struct str path = {0};

	str_add(&path, url->path);
	if (!ends_with(str_text(&path), "/"))
		str_add_char(&path, '/');
	url_encode(&path, segment, strlen(segment), "");
	set(&url->path, str_detach(&path));
}

void url_add_query(struct url *url, const char *name, const char *value)
{
	CLEANUP(str_release) struct str query = {0};

	if (!is_blank(url->query))
		str_addf(&query, "%s&", url->query);
	url_encode(&query, name, strlen(name), "");
	str_add_char(&query, '=');
	url_encode(&query, value, strlen(value), "");
	set(&url->query, str_detach(&query));
}

void url_add_query_int(struct url *url, const char *name, int64_t value)
{
	CLEANUP(free_ptr) char *text = xasprintf("%lld", (long long)value);

	url_add_query(url, name, text);
}

void url_copy(struct url *to, const struct url *from)
{
	struct url copy = {
		.scheme = xstrdup_or_null(from->scheme),
		.user = xstrdup_or_null(from->user),
		.password = xstrdup_or_null(from->password),
		.host = xstrdup_or_null(from->host),
		.port = from->port,
		.path = xstrdup_or_null(from->path),
		.query = xstrdup_or_null(from->query),
		.fragment = xstrdup_or_null(from->fragment),
	};

	url_release(to);
	*to = copy;
}

void url_release(struct url *url)
{
	free(url->scheme);
	free(url->user);
	free(url->password);
	free(url->host);
	free(url->path);
	free(url->query);
	free(url->fragment);
	*url = (struct url){0};
}
