#include "api/gitremote.h"

#include <stdlib.h>
#include <string.h>

#include "api/gitremote_parts.h"
#include "api/login.h"
#include "api/pktline.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/githash.h"
#include "format/url.h"
#include "net/http.h"
#include "net/redact.h"

static const char service[] = "git-upload-pack";
static const char refs_path[] = "/info/refs";

/* --- the answer ---------------------------------------------------------- */

/* An answer that is being read. */
struct reading {
	struct pktlines lines;
	struct gitremote found;
	size_t capacity;
	bool branch; /* there is one */
};

static void reading_release(struct reading *reading)
{
	gitremote_release(&reading->found);
}

static void add_ref(struct reading *reading, const char *hash, size_t hash_len,
		    const char *name)
{
	struct gitremote *found = &reading->found;
	bool branch = starts_with(name, "refs/heads/");

	if (!branch && !starts_with(name, "refs/tags/"))
		return;
	reading->branch |= branch;
	found->refs = grow_array(found->refs, found->count + 1,
				 sizeof(*found->refs), &reading->capacity);
	found->refs[found->count++] = (struct gitremote_ref){
		.name = name,
		.hash = arena_memdupz(&found->arena, hash, hash_len),
	};
}

/* "HASH refs/heads/main", on the first line with capabilities behind a NUL. */
static bool take_ref(struct reading *reading, const char *text, size_t len)
{
	struct arena *arena = &reading->found.arena;
	const char *end = text + len;
	const char *name = memchr(text, ' ', len);
	const char *nul;

	while (end > text && end[-1] == '\n')
		end--;
	nul = memchr(text, '\0', (size_t)(end - text));
	if (nul && !reading->found.capabilities)
		reading->found.capabilities =
			arena_memdupz(arena, nul + 1, (size_t)(end - nul - 1));
	if (nul)
		end = nul;
	if (!name || name >= end ||
	    !githash_is_whole(text, (size_t)(name - text)))
		return false;
	add_ref(reading, text, (size_t)(name - text),
		arena_memdupz(arena, name + 1, (size_t)(end - name - 1)));
	return true;
}

static bool parse(struct reading *reading)
{
	static const char announcement[] = "# service=git-upload-pack";
	struct pktlines *lines = &reading->lines;
	const char *text;
	size_t len;
	bool flush;

	if (!pktline_next(lines, &text, &len, &flush) ||
	    len < strlen(announcement) ||
	    memcmp(text, announcement, strlen(announcement)) != 0 ||
	    !pktline_next(lines, &text, &len, &flush) || !flush)
		return false;
	while (pktline_next(lines, &text, &len, &flush)) {
		if (flush)
			return lines->at == lines->end;
		if (!take_ref(reading, text, len))
			return false;
	}
	return false;
}

static int compare_refs(const void *a, const void *b)
{
	const struct gitremote_ref *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* Of "symref=HEAD:refs/heads/main", one of the capabilities. */
static const char *read_head(struct gitremote *remote)
{
	static const char begin[] = "symref=HEAD:";
	CLEANUP(strvec_release) struct strvec words = {0};

	if (!remote->capabilities)
		return NULL;
	strvec_split(&words, remote->capabilities, ' ');
	for (size_t i = 0; i < words.count; i++) {
		const char *name = after_prefix(words.items[i], begin);

		if (name)
			return arena_strdup(&remote->arena, name);
	}
	return NULL;
}

bool gitremote_parse(struct gitremote *remote, const char *bytes, size_t len,
		     struct err *err)
{
	CLEANUP(reading_release) struct reading reading = {
		.lines = {.at = bytes, .end = bytes + len}};
	struct gitremote *found = &reading.found;

	if (!parse(&reading))
		return err_set(err, ERR_REMOTE,
			       "the answer is no whole list of a Git server's "
			       "branches");
	if (!reading.branch)
		return err_set(err, ERR_REMOTE,
			       "the Git server shows no branch at all");
	found->head = read_head(found);
	qsort(found->refs, found->count, sizeof(*found->refs), compare_refs);
	*remote = *found;
	*found = (struct gitremote){0};
	return true;
}

static const char *find(const struct gitremote *remote, const char *prefix,
			const char *name)
{
	CLEANUP(free_ptr) char *path = xasprintf("%s%s", prefix, name);
	const struct gitremote_ref wanted = {.name = path};
	const struct gitremote_ref *found = NULL;

	if (remote->count)
		found = bsearch(&wanted, remote->refs, remote->count,
				sizeof(*remote->refs), compare_refs);
	return found ? found->hash : NULL;
}

const char *gitremote_tip(const struct gitremote *remote, const char *branch)
{
	return find(remote, "refs/heads/", branch);
}

const char *gitremote_default(const struct gitremote *remote)
{
	return remote->head ? after_prefix(remote->head, "refs/heads/") : NULL;
}

bool gitremote_has(const struct gitremote *remote, const char *branch)
{
	return gitremote_tip(remote, branch) ||
	       find(remote, "refs/tags/", branch);
}

void gitremote_release(struct gitremote *remote)
{
	arena_release(&remote->arena);
	free(remote->refs);
	*remote = (struct gitremote){0};
}

/* --- the question -------------------------------------------------------- */

static bool refuse(const char *address, const char *why, struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	redact_url(&shown, address);
	return err_set(err, ERR_INPUT, "'%s' %s", str_text(&shown), why);
}

/* git@host:team/web.git; a path before the colon is a folder. */
static bool parse_scp(struct url *url, const char *text, struct err *err)
{
	const char *at = strchr(text, '@');
	const char *host = at && at < text + strcspn(text, ":") ? at + 1 : text;
	const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
	const char *colon = strchr(bracket ? bracket : host, ':');
	CLEANUP(free_ptr) char *https = NULL;

	if (!colon || colon[1] == ':' ||
	    memchr(text, '/', (size_t)(colon - text)))
		return refuse(text, "is no address of a server", err);
	https = xasprintf("https://%.*s/%s", (int)(colon - host), host,
			  colon[1] == '/' ? colon + 2 : colon + 1);
	return url_parse(url, https, err);
}

static bool parse_address(struct url *url, const char *text, struct err *err)
{
	CLEANUP(url_release) struct url parsed = {0};

	if (!strstr(text, "://"))
		return parse_scp(url, text, err);
	if (!url_parse(&parsed, text, err))
		return false;
	if (same_text(parsed.scheme, "ssh")) {
		free(parsed.scheme);
		parsed.scheme = xstrdup("https");
		parsed.port = 0; /* that was SSH's */
	} else if (!same_text(parsed.scheme, "https") &&
		   !same_text(parsed.scheme, "http")) {
		return refuse(text,
			      "is no address that can be asked over HTTP or "
			      "SSH",
			      err);
	}
	url_copy(url, &parsed);
	return true;
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

bool gitremote_send(struct http *http, struct http_request *request,
		    const struct url *url, const struct secret *credentials,
		    struct http_reply *reply, struct err *err)
{
	request->repeat = HTTP_REPEAT_NEVER;
	request->try_ms = GITREMOTE_TRY_MS;
	url_add_text(&request->url, url, true);
	log_in(url, credentials, &request->secrets);
	if (!http_send(http, request, reply, err))
		return false;
	if (reply->status == 200)
		return true;
	(void)http_fail(request, reply, NULL, err);
	if (reply->status == 401 || reply->status == 403 ||
	    reply->status == 404)
		return err_hint(err, "give who may read it with "
				     "'--git-credentials-file'");
	return false;
}

/* Beside the refs, wherever a redirect has led to. */
static void note_service(struct gitremote *remote,
			 const struct http_reply *reply)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(err_release) struct err unlikely = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!url_parse(&url, str_text(&reply->url), &unlikely) ||
	    !ends_with(url.path, refs_path))
		return;
	url.path[strlen(url.path) - strlen(refs_path)] = '\0';
	free(url.query);
	url.query = NULL;
	url_add_segment(&url, service);
	url_add_text(&text, &url, true);
	remote->service = arena_strdup(&remote->arena, str_text(&text));
}

static bool ask(struct gitremote *remote, struct http *http,
		const struct url *url, const struct secret *credentials,
		struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET",
		.reply_limit = GITREMOTE_REPLY_MAX,
		.accept_gzip = true,
	};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!gitremote_send(http, &request, url, credentials, &reply, err) ||
	    !gitremote_parse(remote, str_text(&reply.body), reply.body.len,
			     err))
		return false;
	note_service(remote, &reply);
	return true;
}

bool gitremote_read(struct gitremote *remote, struct http *http,
		    const char *url, const struct secret *credentials,
		    struct err *err)
{
	CLEANUP(url_release) struct url address = {0};

	if (!make_address(&address, url, err))
		return err_wrap(err, "cannot ask for branches");
	return ask(remote, http, &address, credentials, err) ||
	       err_wrap(err, "cannot list the branches of '%s%.*s'",
			address.host,
			(int)(strlen(address.path) - strlen(refs_path)),
			address.path);
}
