#include "api/gitremote.h"

#include <stdlib.h>
#include <string.h>

#include "api/login.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/url.h"
#include "net/http.h"

#define LENGTH_DIGITS 4 /* of a pkt-line, which counts them too */
#define HASH_MIN      40
#define HASH_MAX      64

static const char service[] = "git-upload-pack";

/* --- the answer ---------------------------------------------------------- */

struct packets {
	const char *at;
	const char *end;
};

/* *@len is 0 for a flush packet.  False: it is cut off or no pkt-line. */
static bool next_packet(struct packets *packets, const char **text, size_t *len)
{
	size_t size = 0;

	if (packets->end - packets->at < LENGTH_DIGITS)
		return false;
	for (int i = 0; i < LENGTH_DIGITS; i++) {
		int digit = num_hex_digit(packets->at[i]);

		if (digit < 0)
			return false;
		size = size * 16 + (size_t)digit;
	}
	if (size && (size < LENGTH_DIGITS ||
		     size > (size_t)(packets->end - packets->at)))
		return false;
	*text = packets->at + LENGTH_DIGITS;
	*len = size ? size - LENGTH_DIGITS : 0;
	packets->at += size ? size : LENGTH_DIGITS;
	return true;
}

/* "HASH refs/heads/main", on the first line with capabilities behind a NUL. */
static bool take_ref(const char *text, size_t len, struct strvec *refs)
{
	const char *end = memchr(text, '\0', len);
	const char *name = memchr(text, ' ', len);
	size_t hash = name ? (size_t)(name - text) : 0;
	CLEANUP(free_ptr) char *ref = NULL;

	if (!end)
		end = text + len;
	while (end > text && end[-1] == '\n')
		end--;
	if (hash < HASH_MIN || hash > HASH_MAX || name >= end)
		return false;
	ref = xmemdupz(name + 1, (size_t)(end - name - 1));
	if (starts_with(ref, "refs/heads/") || starts_with(ref, "refs/tags/"))
		strvec_add(refs, ref);
	return true;
}

static bool parse(struct packets *packets, struct strvec *refs)
{
	static const char announcement[] = "# service=git-upload-pack";
	const char *text;
	size_t len;

	if (!next_packet(packets, &text, &len) || len < strlen(announcement) ||
	    memcmp(text, announcement, strlen(announcement)) != 0 ||
	    !next_packet(packets, &text, &len) || len)
		return false;
	while (next_packet(packets, &text, &len)) {
		if (!len)
			return packets->at == packets->end;
		if (!take_ref(text, len, refs))
			return false;
	}
	return false;
}

static bool has_a_branch(const struct strvec *refs)
{
	for (size_t i = 0; i < refs->count; i++) {
		if (starts_with(refs->items[i], "refs/heads/"))
			return true;
	}
	return false;
}

bool gitremote_parse(const char *bytes, size_t len, struct strvec *refs,
		     struct err *err)
{
	CLEANUP(strvec_release) struct strvec found = {0};
	struct packets packets = {.at = bytes, .end = bytes + len};

	if (!parse(&packets, &found))
		return err_set(err, ERR_REMOTE,
			       "the answer is no whole list of a Git server's "
			       "branches");
	if (!has_a_branch(&found))
		return err_set(err, ERR_REMOTE,
			       "the Git server shows no branch at all");
	strvec_sort(&found);
	for (size_t i = 0; i < found.count; i++)
		strvec_add(refs, found.items[i]);
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_among(const struct strvec *refs, const char *ref)
{
	return refs->count && bsearch(&ref, refs->items, refs->count,
				      sizeof(*refs->items), compare_texts);
}

bool gitremote_has(const struct strvec *refs, const char *branch)
{
	CLEANUP(free_ptr) char *head = xasprintf("refs/heads/%s", branch);
	CLEANUP(free_ptr) char *tag = xasprintf("refs/tags/%s", branch);

	return is_among(refs, head) || is_among(refs, tag);
}

/* --- the question -------------------------------------------------------- */

/* git@host:team/web.git; a path before the colon is a folder. */
static bool parse_scp(struct url *url, const char *text, struct err *err)
{
	const char *colon = strchr(text, ':');
	const char *at = strchr(text, '@');
	const char *host = at && colon && at < colon ? at + 1 : text;
	CLEANUP(free_ptr) char *https = NULL;

	if (!colon || colon[1] == ':' ||
	    memchr(text, '/', (size_t)(colon - text)))
		return err_set(err, ERR_INPUT, "'%s' is no address of a server",
			       text);
	https = xasprintf("https://%.*s/%s", (int)(colon - host), host,
			  colon[1] == '/' ? colon + 2 : colon + 1);
	return url_parse(url, https, err);
}

static bool parse_address(struct url *url, const char *text, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};
	CLEANUP(free_ptr) char *https = NULL;

	if (!strstr(text, "://"))
		return parse_scp(url, text, err);
	if (!url_parse(&parsed, text, err))
		return false;
	if (same_text(parsed.scheme, "https") ||
	    same_text(parsed.scheme, "http")) {
		url_copy(url, &parsed);
		return true;
	}
	if (!same_text(parsed.scheme, "ssh"))
		return err_set(err, ERR_INPUT,
			       "'%s' is no address that can be asked over "
			       "HTTP or SSH",
			       text);
	/* The port is that of SSH. */
	https = xasprintf("https://%s%s", parsed.host, parsed.path);
	return url_parse(url, https, err);
}

/* Of the repository; whoever is named in it is not who asks. */
static bool make_address(struct url *url, const char *text, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};
	CLEANUP(str_release) struct str public = {0};
	size_t len;

	if (!parse_address(&parsed, text, err))
		return false;
	len = strlen(parsed.path);
	while (len && parsed.path[len - 1] == '/')
		parsed.path[--len] = '\0';
	url_add_text(&public, &parsed, true);
	if (!url_parse(url, str_text(&public), err))
		return false;
	url_add_segment(url, "info");
	url_add_segment(url, "refs");
	url_add_query(url, "service", service);
	return true;
}

bool gitremote_address(const char *url, char **address, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};
	struct str text = {0};

	if (!make_address(&parsed, url, err))
		return false;
	url_add_text(&text, &parsed, true);
	*address = str_detach(&text);
	return true;
}

/* The first line for the origin of @url, as Git takes it. */
static void log_in(const struct url *url, const struct secret *credentials,
		   struct strvec *secrets)
{
	CLEANUP(strvec_release) struct strvec lines = {0};

	strvec_split(&lines, secret_reveal(credentials), '\n');
	for (size_t i = 0; i < lines.count && !secrets->count; i++) {
		CLEANUP(url_release) struct url line = {0};
		CLEANUP(err_release) struct err garbled = {0};
		CLEANUP(login_release) struct login login = {0};

		if (!url_parse(&line, lines.items[i], &garbled) || !line.user ||
		    !url_same_origin(&line, url))
			continue;
		login.username = xstrdup(line.user);
		if (line.password)
			secret_set(&login.password, line.password,
				   strlen(line.password));
		login_add_basic(secrets, &login);
	}
	for (size_t i = 0; i < lines.count; i++)
		wipe(lines.items[i], strlen(lines.items[i]));
}

static bool ask(struct http *http, const struct url *url,
		const struct secret *credentials, struct strvec *refs,
		struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET",
		.reply_limit = GITREMOTE_REPLY_MAX,
		.accept_gzip = true,
		.repeat = HTTP_REPEAT_NEVER,
		.try_ms = GITREMOTE_TRY_MS,
	};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	url_add_text(&request.url, url, true);
	log_in(url, credentials, &request.secrets);
	if (!http_send(http, &request, &reply, err))
		return false;
	if (reply.status == 200)
		return gitremote_parse(str_text(&reply.body), reply.body.len,
				       refs, err);
	(void)http_fail(&request, &reply, NULL, err);
	if (reply.status == 401 || reply.status == 403 || reply.status == 404)
		return err_hint(err, "give who may read it with "
				     "'--git-credentials-file'");
	return false;
}

bool gitremote_list(struct http *http, const char *url,
		    const struct secret *credentials, struct strvec *refs,
		    struct err *err)
{
	CLEANUP(url_release) struct url address = {0};

	if (!make_address(&address, url, err))
		return err_wrap(err, "cannot ask for branches");
	return ask(http, &address, credentials, refs, err) ||
	       err_wrap(err, "cannot list the branches of '%s%s'", address.host,
			address.path);
}
