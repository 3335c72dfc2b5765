#include "net/http_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/strvec.h"
#include "format/url.h"
#include "net/http.h"
#include "net/redact.h"
#include "net/retry.h"

/* RFC 9110, 5.6.2: what methods and names of headers are made of. */
static bool is_token(const char *text, size_t len)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";

	return len > 0 && strspn(text, allowed) >= len;
}

/* A line that stays one line, whatever it was put together from. */
static bool check_header(const char *line, bool secret, struct err *err)
{
	size_t name = strcspn(line, ":");

	if (line[name] != ':' || !is_token(line, name))
		return err_set(err, ERR_INPUT,
			       "cannot send header '%s': not a name and a "
			       "value",
			       secret ? "***" : line);
	for (const char *c = line + name; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			return err_set(err, ERR_INPUT,
				       "cannot send header '%.*s': its value "
				       "has a control character",
				       (int)name, line);
	return true;
}

static bool check_headers(const struct strvec *lines, bool secret,
			  struct err *err)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!check_header(lines->items[i], secret, err))
			return false;
	return true;
}

static bool check_url(const struct str *url, struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	for (size_t i = 0; i < url->len; i++) {
		unsigned char c = (unsigned char)url->buf[i];

		if (c > ' ' && c < 0x7f && c != '\\')
			continue;
		redact_url(&shown, str_text(url));
		return err_set(err, ERR_INPUT,
			       "cannot use '%s': byte %zu is not one that a "
			       "URL may have",
			       str_text(&shown), i + 1);
	}
	return true;
}

bool http_check_request(const struct http_request *request, struct err *err)
{
	if (!request->method ||
	    !is_token(request->method, strlen(request->method)))
		BUG("'%s' is no method",
		    request->method ? request->method : "(null)");
	return check_url(&request->url, err) &&
	       check_headers(&request->headers, false, err) &&
	       check_headers(&request->secrets, true, err);
}

static bool is_http(const struct url *url)
{
	return same_text(url->scheme, "http") ||
	       same_text(url->scheme, "https");
}

bool http_parse_url(struct url *url, const char *text, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};
	CLEANUP(str_release) struct str shown = {0};

	if (!url_parse(&parsed, text, err))
		return false;
	redact_url(&shown, text);
	if (!is_http(&parsed))
		return err_set(err, ERR_INPUT,
			       "cannot use '%s': not an http or https address",
			       str_text(&shown));
	url_release(url);
	*url = parsed;
	parsed = (struct url){0};
	return true;
}

bool http_parse_server(struct url *url, const char *text, struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	if (!http_parse_url(url, text, err))
		return false;
	if (!url->user)
		return true;
	redact_url(&shown, text);
	(void)err_set(err, ERR_INPUT,
		      "cannot use '%s': there is a user in the address",
		      str_text(&shown));
	return err_hint(err, "leave it out: who we are is told by the token");
}

bool http_is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

bool http_redirect_target(const struct url *from, const char *location,
			  struct url *to, struct err *err)
{
	CLEANUP(url_release) struct url target = {0};
	CLEANUP(err_release) struct err cause = {0};
	CLEANUP(str_release) struct str shown = {0};

	redact_url(&shown, location);
	if (!url_resolve(&target, from, location, &cause) || !is_http(&target))
		return err_set(err, ERR_REMOTE,
			       "server redirects to '%s', which is no address "
			       "of a web server",
			       str_text(&shown));
	if (same_text(from->scheme, "https") &&
	    same_text(target.scheme, "http"))
		return err_set(err, ERR_REMOTE,
			       "server redirects from https to '%s', where "
			       "nothing protects the way",
			       str_text(&shown));
	url_release(to);
	*to = target;
	target = (struct url){0};
	return true;
}

const char *http_header(const struct http_reply *reply, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < reply->headers.count; i++) {
		const char *line = reply->headers.items[i];

		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

static enum err_kind kind_of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
	case 407:
		return ERR_DENIED;
	case 404:
	case 410:
		return ERR_NOT_FOUND;
	case 409:
	case 412:
		return ERR_CONFLICT;
	default:
		return ERR_REMOTE;
	}
}

/* The start of a body that is text for people, on one line. */
static void add_words(struct str *out, const struct http_reply *reply)
{
	const char *type = http_header(reply, "Content-Type");
	const char *text = str_text(&reply->body);
	size_t len = strcspn(text, "\r\n");

	if (type && strncasecmp(type, "text/html", 9) == 0)
		return;
	if (len > HTTP_WORDS_MAX)
		len = HTTP_WORDS_MAX;
	str_add_escaped(out, text, len);
}

/* A redirect that is not followed, as of a POST, is no use to its reader. */
static void hint_moved(const struct url *asked, const char *location,
		       struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(url_release) struct url moved = {0};
	CLEANUP(str_release) struct str text = {0}, shown = {0};

	if (!location ||
	    !http_redirect_target(asked, location, &moved, &ignored))
		return;
	url_add_text(&text, &moved, true);
	redact_url(&shown, str_text(&text));
	err_hint(err, "it is at '%s' now: give the address of that server",
		 str_text(&shown));
}

/* Beyond another origin nothing secret is sent, which looks like no right. */
static void hint_stranger(const struct url *asked, const char *answered,
			  struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(url_release) struct url other = {0};
	CLEANUP(str_release) struct str from = {0}, to = {0};

	if (!url_parse(&other, answered, &ignored) ||
	    url_same_origin(asked, &other))
		return;
	url_add_origin(&from, asked);
	url_add_origin(&to, &other);
	err_hint(err,
		 "'%s' redirected to '%s', which was not told who we are: give "
		 "that server's own address",
		 str_text(&from), str_text(&to));
}

static void hint_redirect(const struct http_request *request,
			  const struct http_reply *reply, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(url_release) struct url asked = {0};

	if (!url_parse(&asked, str_text(&request->url), &ignored))
		return;
	if (http_is_redirect(reply->status))
		hint_moved(&asked, http_header(reply, "Location"), err);
	else if (reply->status == 401 || reply->status == 403)
		hint_stranger(&asked, str_text(&reply->url), err);
}

bool http_fail(const struct http_request *request,
	       const struct http_reply *reply, const char *words,
	       struct err *err)
{
	const struct str *url = reply->url.len ? &reply->url : &request->url;
	CLEANUP(str_release) struct str shown = {0};
	CLEANUP(str_release) struct str said = {0};

	redact_url(&shown, str_text(url));
	if (words)
		str_add(&said, words);
	else
		add_words(&said, reply);
	err_set(err, kind_of_status(reply->status),
		"%s %s: server answered %d%s%s%s", request->method,
		str_text(&shown), reply->status, said.len ? " (" : "",
		str_text(&said), said.len ? ")" : "");
	err->status = reply->status;
	hint_redirect(request, reply, err);
	return err_temporary(err, retry_status_later(reply->status));
}

static void wipe_all(struct strvec *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		wipe(secrets->items[i], strlen(secrets->items[i]));
	strvec_release(secrets);
}

void http_request_release(struct http_request *request)
{
	str_release(&request->url);
	strvec_release(&request->headers);
	wipe_all(&request->secrets);
	*request = (struct http_request){0};
}

void http_reply_release(struct http_reply *reply)
{
	strvec_release(&reply->headers);
	str_release(&reply->body);
	str_release(&reply->url);
	*reply = (struct http_reply){0};
}
