#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/gitremote.h"
#include "api/gitremote_parts.h"
#include "api/pktline.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/githash.h"
#include "format/url.h"
#include "net/http.h"

#define PACK_HEADER 12 /* bytes: "PACK", version, number of objects */

/* What a line of side-band-64k holds, by its first byte. */
enum band {
	BAND_PACK = 1,
	BAND_PROGRESS = 2,
	BAND_ERROR = 3,
};

/* --- the answer ---------------------------------------------------------- */

/* No more is kept of it than tells whether it is empty. */
struct pack {
	char header[PACK_HEADER];
	size_t len; /* of all that came */
};

static void add_to_pack(struct pack *pack, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && pack->len + i < PACK_HEADER; i++)
		pack->header[pack->len + i] = bytes[i];
	pack->len += len;
}

static bool has_header(const struct pack *pack)
{
	return pack->len >= PACK_HEADER && memcmp(pack->header, "PACK", 4) == 0;
}

static bool has_objects(const struct pack *pack)
{
	static const char none[4];

	return memcmp(pack->header + PACK_HEADER - sizeof(none), none,
		      sizeof(none)) != 0;
}

static bool begins(const char *text, size_t len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);

	return len >= prefix_len && memcmp(text, prefix, prefix_len) == 0;
}

static bool refuse_answer(struct err *err)
{
	return err_set(err, ERR_REMOTE,
		       "the answer is no whole one of a Git server's");
}

static bool quote_server(const char *text, size_t len, struct err *err)
{
	CLEANUP(str_release) struct str words = {0};

	while (len && text[len - 1] == '\n')
		len--;
	str_add_escaped(&words, text,
			len < HTTP_WORDS_MAX ? len : HTTP_WORDS_MAX);
	return err_set(err, ERR_REMOTE, "the Git server says '%s'",
		       str_text(&words));
}

/* The pack, in one band of three. */
static bool parse_bands(struct pktlines *lines, size_t trailer,
			enum gitremote_held *held, struct err *err)
{
	struct pack pack = {0};
	const char *text;
	size_t len;
	bool flush;

	while (pktline_next(lines, &text, &len, &flush)) {
		if (flush) {
			if (!has_header(&pack) ||
			    pack.len != PACK_HEADER + trailer ||
			    lines->at != lines->end)
				break;
			*held = GITREMOTE_HELD;
			return true;
		}
		if (len && text[0] == BAND_ERROR)
			return quote_server(text + 1, len - 1, err);
		if (!len || text[0] == BAND_PROGRESS)
			continue;
		if (text[0] != BAND_PACK)
			return refuse_answer(err);
		add_to_pack(&pack, text + 1, len - 1);
		if (has_header(&pack) && has_objects(&pack)) {
			*held = GITREMOTE_NOT_HELD;
			return true;
		}
	}
	return refuse_answer(err);
}

/* Which of the commits would have no parents, for we asked for no more. */
static bool skip_shallow(struct pktlines *lines, const char **text, size_t *len)
{
	bool flush;

	while (pktline_next(lines, text, len, &flush)) {
		if (flush)
			return true;
		if (!begins(*text, *len, "shallow "))
			return false;
	}
	*len = 0;
	return false;
}

/* In place of an answer: the commit is in no history here, or an error. */
static bool parse_refusal(const char *text, size_t len,
			  enum gitremote_held *held, struct err *err)
{
	static const char error[] = "ERR ";
	/* Git's words, and those of JGit ("want HASH not valid"). */
	static const char *const unknown[] = {"ERR upload-pack: not our ref ",
					      "ERR want "};

	if (!begins(text, len, error))
		return refuse_answer(err);
	if (!begins(text, len, unknown[0]) && !begins(text, len, unknown[1]))
		return quote_server(text + strlen(error), len - strlen(error),
				    err);
	*held = GITREMOTE_UNKNOWN;
	return true;
}

static bool is_line(const char *text, size_t len, const char *line)
{
	return len == strlen(line) && memcmp(text, line, len) == 0;
}

bool gitremote_parse_pack(const char *bytes, size_t len, const char *tip,
			  enum gitremote_held *held, struct err *err)
{
	struct pktlines lines = {.at = bytes, .end = bytes + len};
	CLEANUP(free_ptr) char *known = xasprintf("ACK %s\n", tip);
	const char *text = bytes;
	size_t text_len = 0;
	bool flush;

	if (!skip_shallow(&lines, &text, &text_len))
		return parse_refusal(text, text_len, held, err);
	if (!pktline_next(&lines, &text, &text_len, &flush) || flush)
		return refuse_answer(err);
	if (is_line(text, text_len, "NAK\n")) {
		*held = GITREMOTE_UNKNOWN; /* @tip is not there */
		return true;
	}
	if (!is_line(text, text_len, known))
		return refuse_answer(err);
	return parse_bands(&lines, strlen(tip) / 2, held, err);
}

/* --- the question -------------------------------------------------------- */

static bool is_capable(const struct gitremote *remote, const char *word)
{
	CLEANUP(strvec_release) struct strvec words = {0};

	if (!remote->capabilities)
		return false;
	strvec_split(&words, remote->capabilities, ' ');
	return strvec_has(&words, word);
}

/* Nothing is asked that could be answered by a whole history. */
static bool check_server(const struct gitremote *remote, struct err *err)
{
	static const char *const needed[] = {"side-band-64k", "shallow"};

	if (!remote->service)
		return err_set(err, ERR_REMOTE,
			       "the Git server redirects to an address of "
			       "another form");
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!is_capable(remote, needed[i]))
			return err_set(err, ERR_REMOTE,
				       "the Git server is not capable of '%s'",
				       needed[i]);
	}
	return true;
}

static void write_question(struct str *out, const struct gitremote *remote,
			   const char *tip, const char *commit)
{
	static const char *const useful[] = {"no-progress", "filter",
					     "object-format=sha256"};
	CLEANUP(str_release) struct str want = {0};
	CLEANUP(free_ptr) char *have = xasprintf("have %s\n", tip);

	str_addf(&want, "want %s side-band-64k", commit);
	for (size_t i = 0; i < ARRAY_SIZE(useful); i++) {
		if (is_capable(remote, useful[i]))
			str_addf(&want, " %s", useful[i]);
	}
	str_add_char(&want, '\n');
	pktline_add(out, str_text(&want));
	pktline_add(out, "deepen 1\n");
	if (is_capable(remote, "filter"))
		pktline_add(out, "filter tree:0\n");
	pktline_add_flush(out);
	pktline_add(out, have);
	pktline_add(out, "done\n");
}

static bool ask(const struct gitremote *remote, struct http *http,
		const struct secret *credentials, const char *tip,
		const char *commit, enum gitremote_held *held, struct err *err)
{
	CLEANUP(str_release) struct str question = {0};
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(http_request_release) struct http_request request = {
		.method = "POST",
		.enough = GITREMOTE_PACK_READ,
	};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!check_server(remote, err) ||
	    !url_parse(&url, remote->service, err))
		return false;
	write_question(&question, remote, tip, commit);
	strvec_add(&request.headers,
		   "Content-Type: application/x-git-upload-pack-request");
	request.body = str_text(&question);
	request.body_len = question.len;
	return gitremote_send(http, &request, &url, credentials, &reply, err) &&
	       gitremote_parse_pack(str_text(&reply.body), reply.body.len, tip,
				    held, err);
}

bool gitremote_holds(const struct gitremote *remote, struct http *http,
		     const struct secret *credentials, const char *tip,
		     const char *commit, enum gitremote_held *held,
		     struct err *err)
{
	size_t len = strlen(commit);

	if (len != strlen(tip) || !githash_is_whole(commit, len))
		return err_set(err, ERR_INPUT,
			       "'%s' is no hash of a commit there", commit);
	if (strcmp(commit, tip) == 0) {
		*held = GITREMOTE_HELD;
		return true;
	}
	return ask(remote, http, credentials, tip, commit, held, err) ||
	       err_wrap(err, "cannot tell whether the history of %s holds %s",
			tip, commit);
}
