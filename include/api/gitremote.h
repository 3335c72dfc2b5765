/*
 * The branches and tags of a Git repository, and what their histories hold,
 * asked of its server; nothing is cloned.
 *
 *	CLEANUP(gitremote_release) struct gitremote remote = {0};
 *
 *	if (!gitremote_read(&remote, &http, url, &credentials, err))
 *		return false;
 *	there = gitremote_has(&remote, "fix/cart");
 *	tip = gitremote_tip(&remote, "main");
 *	if (!gitremote_holds(&remote, &http, &credentials, tip, commit,
 *			     &held, err))
 *		return false;
 *
 * Over HTTP(S) alone: an address for SSH (git@host:team/web.git,
 * ssh://git@host/team/web.git) is asked for at https://host/team/web.git,
 * where all forges serve it too.  Version 0 of the protocol, which every
 * server speaks.
 *
 * Each request is sent once: who gets no answer asks again the next time.
 * @credentials are lines as git-credential-store(1) keeps them,
 * https://USER:PASSWORD@HOST; one is sent to the origin that it names and to
 * no other.
 *
 * Source: Git's gitprotocol-http(5), "Smart Clients", gitprotocol-pack(5),
 * gitprotocol-capabilities(5); git-credential-store(1).
 */
#ifndef API_GITREMOTE_H
#define API_GITREMOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"

struct err;
struct http;
struct secret;

#define GITREMOTE_REPLY_MAX ((size_t)64 << 20) /* about 700,000 refs */
#define GITREMOTE_TRY_MS    60000
/* Two whole lines: enough to see whether a pack is empty; no more is read. */
#define GITREMOTE_PACK_READ ((size_t)128 << 10)

struct gitremote_ref {
	const char *name; /* "refs/heads/main" */
	const char *hash; /* lower-case hex */
};

/* What a server shows of a repository; all-zero: nothing. */
struct gitremote {
	struct arena arena;
	struct gitremote_ref *refs; /* owned; branches and tags, by name */
	size_t count;
	const char *capabilities; /* words */
	const char *head;	  /* what HEAD stands for: "refs/heads/main" */
	const char *service; /* where it is asked for more; NULL: nowhere */
};

/*
 * Ask which branches and tags there are.
 * Errors: INPUT (no address that can be asked: a folder, no URL), DENIED,
 * NOT_FOUND, REMOTE (no Git server's answer, or one cut off; also a
 * repository without any branch, as no conclusion can be drawn from it), and
 * those of http_send().
 */
bool gitremote_read(struct gitremote *remote, struct http *http,
		    const char *url, const struct secret *credentials,
		    struct err *err) MUST_CHECK;

/* Is there a branch, or a tag, of that name? */
bool gitremote_has(const struct gitremote *remote, const char *branch);

/* The hash that the branch is at, or NULL. */
const char *gitremote_tip(const struct gitremote *remote, const char *branch);

enum gitremote_held {
	/*
	 * The server, which may be one of many, does not know either commit,
	 * or shows it to nobody.
	 */
	GITREMOTE_UNKNOWN,
	GITREMOTE_HELD,
	GITREMOTE_NOT_HELD,
};

/* The branch that the server calls its own ("main"), or NULL; in @remote. */
const char *gitremote_default(const struct gitremote *remote);

/*
 * *@held: is @commit (a hash) @tip or an ancestor of it?  @tip is one that the
 * server has shown.
 *
 * The server is asked for what it would have to send of @commit to somebody
 * who has @tip: nothing, if and only if that is so.  That commit alone is
 * asked for, not its ancestors, and without its files where the server can
 * leave them out; the answer is read no further than shows whether there is
 * any.
 *
 * Errors: INPUT (@commit is no hash), REMOTE (a server that cannot answer; no
 * Git server's answer, or one cut off; its own words), DENIED, NOT_FOUND, and
 * those of http_send().
 */
bool gitremote_holds(const struct gitremote *remote, struct http *http,
		     const struct secret *credentials, const char *tip,
		     const char *commit, enum gitremote_held *held,
		     struct err *err) MUST_CHECK;

void gitremote_release(struct gitremote *remote);

/*
 * Where the refs of @url are asked for; the caller frees it.
 * Errors: INPUT.
 */
bool gitremote_address(const char *url, char **address, struct err *err)
	MUST_CHECK;

/* Read what a server answers there.  Errors: REMOTE. */
bool gitremote_parse(struct gitremote *remote, const char *bytes, size_t len,
		     struct err *err) MUST_CHECK;

/*
 * Read the answer of gitremote_holds(), or the beginning of one, from a
 * server that was asked about @tip.  Errors: REMOTE.
 */
bool gitremote_parse_pack(const char *bytes, size_t len, const char *tip,
			  enum gitremote_held *held, struct err *err)
	MUST_CHECK;

#endif
