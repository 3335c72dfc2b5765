#include "tmpl/gourl.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"
#include "format/url.h"
#include "format/value.h"

/* Where a text stands in a URL. */
enum part {
	PART_USER,
	PART_HOST,
	PART_ZONE, /* of an IPv6 address */
	PART_PATH,
	PART_FRAGMENT,
};

/* What stays as it is there, beside letters, digits and - . _ ~ */
static const char *const kept[] = {
	[PART_USER] = "$&+,;=",
	[PART_HOST] = "!\"$&'()*+,:;<=>[]",
	[PART_ZONE] = "!\"$&'()*+,:;<=>[]",
	[PART_PATH] = "$&+,/:;=@",
	[PART_FRAGMENT] = "!$&()*+,/:;=?@",
};

/* A part of the URL that is being read. */
struct piece {
	const char *bytes;
	size_t len;
};

static bool refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "the URL has %s", what);
}

/* Where the first or last @c is, or NULL. */
static const char *first_of(const struct piece *piece, char c)
{
	return memchr(piece->bytes, c, piece->len);
}

static const char *last_of(const struct piece *piece, char c)
{
	return memrchr(piece->bytes, c, piece->len);
}

/* The part before @at, and the one from there on. */
static struct piece before(const struct piece *piece, const char *at)
{
	return (struct piece){piece->bytes, (size_t)(at - piece->bytes)};
}

static struct piece from(const struct piece *piece, const char *at)
{
	return (struct piece){at, (size_t)(piece->bytes + piece->len - at)};
}

/* --- escapes ------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return (c | 0x20) - 'a' + 10;

	return -1;
}

/* May byte @byte stand unescaped in @part? */
static bool is_kept(unsigned char byte, enum part part)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte && strchr("-._~", byte)) ||
	       (byte && strchr(kept[part], byte));
}

/*
 * A host's escapes are for other alphabets only, but for the % before a
 * zone; in that a blank may be too, and what need not be escaped.
 */
static bool may_be_escaped(unsigned char byte, enum part part)
{
	if (part == PART_HOST)
		return byte >= 0x80 || byte == '%';
	if (part == PART_ZONE)
		return byte == '%' || byte == ' ' || is_kept(byte, PART_HOST);
	return true;
}

static bool add_unescaped(struct str *out, const struct piece *piece,
			  enum part part, struct err *err)
{
	bool in_host = part == PART_HOST || part == PART_ZONE;

	for (size_t i = 0; i < piece->len; i++) {
		unsigned char byte = (unsigned char)piece->bytes[i];
		int high, low;

		if (byte != '%') {
			if (in_host && byte < 0x80 && !is_kept(byte, part))
				return refuse(err, "an invalid character in "
						   "the host");
			str_add_char(out, (char)byte);
			continue;
		}
		high = i + 2 < piece->len ? hex_digit(piece->bytes[i + 1]) : -1;
		low = high >= 0 ? hex_digit(piece->bytes[i + 2]) : -1;
		if (low < 0 ||
		    !may_be_escaped((unsigned char)(high << 4 | low), part))
			return refuse(err, "an invalid escape");
		str_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static void add_escaped(struct str *out, const struct str *text, enum part part)
{
	url_encode(out, str_text(text), text->len, kept[part]);
}

/* --- authority ----------------------------------------------------------- */

/* Nothing, or a colon and digits, or none. */
static bool is_port(const struct piece *port)
{
	if (port->len == 0)
		return true;
	if (port->bytes[0] != ':')
		return false;
	for (size_t i = 1; i < port->len; i++) {
		if (port->bytes[i] < '0' || port->bytes[i] > '9')
			return false;
	}
	return true;
}

/* Is @text an IPv6 address, perhaps with a zone? */
static bool is_ipv6(const char *text, size_t len)
{
	const char *percent = memchr(text, '%', len);
	CLEANUP(str_release) struct str address = {0};
	struct in6_addr parsed;

	if (percent && percent + 1 == text + len)
		return false;
	str_add_bytes(&address, text, percent ? (size_t)(percent - text) : len);
	return inet_pton(AF_INET6, str_text(&address), &parsed) == 1;
}

/* [address%25zone]:port */
static bool parse_bracketed(struct str *host, const struct piece *text,
			    struct err *err)
{
	const char *end = last_of(text, ']');
	struct piece port, address, zone = {0};
	const char *percent;

	if (!end)
		return refuse(err, "no ']' in the host");
	port = from(text, end + 1);
	if (!is_port(&port))
		return refuse(err, "an invalid port");
	address = (struct piece){text->bytes + 1,
				 (size_t)(end - text->bytes) - 1};
	percent = memmem(address.bytes, address.len, "%25", 3);
	if (percent) {
		zone = from(&address, percent);
		address = before(&address, percent);
	}

	str_add_char(host, '[');
	if (!add_unescaped(host, &address, PART_HOST, err) ||
	    !add_unescaped(host, &zone, PART_ZONE, err))
		return false;
	if (!is_ipv6(host->buf + 1, host->len - 1))
		return refuse(err, "an invalid address in brackets");
	str_add_char(host, ']');
	str_add_bytes(host, port.bytes, port.len);
	return true;
}

static bool parse_host(struct gourl *url, const struct piece *host,
		       struct err *err)
{
	bool is_web = strcmp(str_text(&url->scheme), "http") == 0 ||
		      strcmp(str_text(&url->scheme), "https") == 0;
	const char *open = last_of(host, '[');
	const char *colon = is_web ? first_of(host, ':') : last_of(host, ':');
	struct piece port;

	if (open && open > host->bytes)
		return refuse(err, "a '[' within the host");
	if (open)
		return parse_bracketed(&url->host, host, err);
	if (colon) {
		port = from(host, colon);
		if (!is_port(&port))
			return refuse(err, "an invalid port");
	}
	return add_unescaped(&url->host, host, PART_HOST, err);
}

static bool is_userinfo(const struct piece *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (!is_kept((unsigned char)text->bytes[i], PART_USER) &&
		    !(text->bytes[i] && strchr("!'()*:%@", text->bytes[i])))
			return false;
	}
	return true;
}

static bool parse_userinfo(struct gourl *url, const struct piece *text,
			   struct err *err)
{
	const char *colon = first_of(text, ':');
	struct piece user = colon ? before(text, colon) : *text;
	struct piece password = {0};

	if (!is_userinfo(text))
		return refuse(err, "an invalid character in the user");
	if (colon)
		password = from(text, colon + 1);
	url->has_user = true;
	url->has_password = colon != NULL;
	return add_unescaped(&url->user, &user, PART_USER, err) &&
	       add_unescaped(&url->password, &password, PART_USER, err);
}

static bool parse_authority(struct gourl *url, const struct piece *text,
			    struct err *err)
{
	const char *at = last_of(text, '@');
	struct piece host = at ? from(text, at + 1) : *text;
	struct piece userinfo;

	if (!parse_host(url, &host, err))
		return false;
	if (!at)
		return true;
	userinfo = before(text, at);
	return parse_userinfo(url, &userinfo, err);
}

/* --- the whole ----------------------------------------------------------- */

static bool has_control(const struct piece *text)
{
	for (size_t i = 0; i < text->len; i++) {
		unsigned char byte = (unsigned char)text->bytes[i];

		if (byte < ' ' || byte == 0x7f)
			return true;
	}
	return false;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How many bytes of @text are a scheme; 0: none. */
static size_t scheme_length(const struct piece *text)
{
	size_t i = 0;

	while (i < text->len &&
	       (is_letter(text->bytes[i]) ||
		(i > 0 && ((text->bytes[i] >= '0' && text->bytes[i] <= '9') ||
			   (text->bytes[i] && strchr("+-.", text->bytes[i]))))))
		i++;
	return i < text->len && text->bytes[i] == ':' ? i : 0;
}

static bool take_scheme(struct gourl *url, struct piece *rest, struct err *err)
{
	size_t len = scheme_length(rest);

	if (rest->len > 0 && rest->bytes[0] == ':')
		return refuse(err, "nothing before its first ':'");
	if (len == 0)
		return true;
	for (size_t i = 0; i < len; i++) {
		char c = rest->bytes[i];

		str_add_char(&url->scheme,
			     (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
	}
	*rest = from(rest, rest->bytes + len + 1);
	return true;
}

static void take_query(struct gourl *url, struct piece *rest)
{
	const char *mark = first_of(rest, '?');
	struct piece query;

	if (!mark)
		return;
	query = from(rest, mark + 1);
	str_add_bytes(&url->query, query.bytes, query.len);
	*rest = before(rest, mark);
}

static bool starts(const struct piece *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text->len >= len && memcmp(text->bytes, prefix, len) == 0;
}

/* Would the first segment of a relative path look like a scheme? */
static bool has_colon_in_front(const struct piece *path)
{
	const char *slash = first_of(path, '/');
	struct piece segment = slash ? before(path, slash) : *path;

	return first_of(&segment, ':') != NULL;
}

static bool take_authority(struct gourl *url, struct piece *rest,
			   struct err *err)
{
	struct piece authority = from(rest, rest->bytes + 2);
	const char *slash = first_of(&authority, '/');

	*rest = from(&authority,
		     slash ? slash : authority.bytes + authority.len);
	if (slash)
		authority = before(&authority, slash);
	return parse_authority(url, &authority, err);
}

/* All but the fragment. */
static bool parse_main(struct gourl *url, struct piece rest, struct err *err)
{
	bool is_absolute;

	if (has_control(&rest))
		return refuse(err, "a control character");
	if (!take_scheme(url, &rest, err))
		return false;
	is_absolute = url->scheme.len > 0;
	take_query(url, &rest);
	if (!starts(&rest, "/")) {
		if (is_absolute) {
			str_add_bytes(&url->opaque, rest.bytes, rest.len);
			return true;
		}
		if (has_colon_in_front(&rest))
			return refuse(err, "a ':' in its first segment");
	}
	if (starts(&rest, "//") && (is_absolute || !starts(&rest, "///")) &&
	    !take_authority(url, &rest, err))
		return false;
	return add_unescaped(&url->path, &rest, PART_PATH, err);
}

bool gourl_parse(struct gourl *url, const struct value_text *text,
		 struct err *err)
{
	struct piece whole = {text->bytes, text->len};
	const char *hash = first_of(&whole, '#');
	struct piece fragment;

	if (!parse_main(url, hash ? before(&whole, hash) : whole, err))
		return false;
	if (!hash)
		return true;
	fragment = from(&whole, hash + 1);
	return add_unescaped(&url->fragment, &fragment, PART_FRAGMENT, err);
}

void gourl_add_userinfo(struct str *out, const struct gourl *url)
{
	add_escaped(out, &url->user, PART_USER);
	if (!url->has_password)
		return;
	str_add_char(out, ':');
	add_escaped(out, &url->password, PART_USER);
}

void gourl_add_hostname(struct str *out, const struct gourl *url)
{
	struct piece host = {str_text(&url->host), url->host.len};
	const char *colon = last_of(&host, ':');
	struct piece port;

	if (colon) {
		port = from(&host, colon);
		if (is_port(&port))
			host = before(&host, colon);
	}
	if (starts(&host, "[") && host.bytes[host.len - 1] == ']')
		host = (struct piece){host.bytes + 1, host.len - 2};
	str_add_bytes(out, host.bytes, host.len);
}

static void add_authority(struct str *out, const struct gourl *url)
{
	if (url->host.len == 0 && url->path.len == 0 && !url->has_user)
		return;
	str_add(out, "//");
	if (url->has_user) {
		gourl_add_userinfo(out, url);
		str_add_char(out, '@');
	}
	add_escaped(out, &url->host, PART_HOST);
}

static void add_path(struct str *out, const struct gourl *url, bool is_first)
{
	CLEANUP(str_release) struct str path = {0};
	struct piece piece;

	if (strcmp(str_text(&url->path), "*") == 0)
		str_add_char(&path, '*');
	else
		add_escaped(&path, &url->path, PART_PATH);
	piece = (struct piece){str_text(&path), path.len};
	if (path.len > 0 && !starts(&piece, "/") && url->host.len > 0)
		str_add_char(out, '/');
	else if (is_first && has_colon_in_front(&piece))
		str_add(out, "./");
	str_add_bytes(out, piece.bytes, piece.len);
}

void gourl_add(struct str *out, const struct gourl *url)
{
	size_t start = out->len;

	str_add_bytes(out, str_text(&url->scheme), url->scheme.len);
	if (url->scheme.len > 0)
		str_add_char(out, ':');
	if (url->opaque.len > 0) {
		str_add_bytes(out, str_text(&url->opaque), url->opaque.len);
	} else {
		if (url->scheme.len > 0 || url->host.len > 0 || url->has_user)
			add_authority(out, url);
		add_path(out, url, out->len == start);
	}
	if (url->query.len > 0) {
		str_add_char(out, '?');
		str_add_bytes(out, str_text(&url->query), url->query.len);
	}
	if (url->fragment.len > 0) {
		str_add_char(out, '#');
		add_escaped(out, &url->fragment, PART_FRAGMENT);
	}
}

void gourl_release(struct gourl *url)
{
	str_release(&url->scheme);
	str_release(&url->opaque);
	str_release(&url->user);
	str_release(&url->password);
	str_release(&url->host);
	str_release(&url->path);
	str_release(&url->query);
	str_release(&url->fragment);
}
