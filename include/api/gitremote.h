/*
 * The branches and tags of a Git repository, asked of its server; nothing is
 * cloned.
 *
 *	CLEANUP(strvec_release) struct strvec refs = {0};
 *
 *	if (!gitremote_list(&http, url, &credentials, &refs, err))
 *		return false;
 *	there = gitremote_has(&refs, "fix/cart");
 *
 * Over HTTP(S) alone: an address for SSH (git@host:team/web.git,
 * ssh://git@host/team/web.git) is asked for at https://host/team/web.git,
 * where all forges serve it too.
 * Source: Git's gitprotocol-http(5), "Smart Clients", and
 * gitprotocol-common(5), "pkt-line Format"; git-credential-store(1).
 */
#ifndef API_GITREMOTE_H
#define API_GITREMOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct http;
struct secret;
struct strvec;

#define GITREMOTE_REPLY_MAX ((size_t)64 << 20) /* about 700,000 refs */
#define GITREMOTE_TRY_MS    60000

/*
 * Asked once: who gets no answer asks again the next time.
 *
 * Add the full names of all branches and tags ("refs/heads/main") to @refs,
 * sorted.  @credentials are lines as git-credential-store(1) keeps them,
 * https://USER:PASSWORD@HOST; one is sent to the origin that it names and to
 * no other.
 * Errors: INPUT (no address that can be asked: a folder, no URL), DENIED,
 * NOT_FOUND, REMOTE (no Git server's answer, or one cut off; also a
 * repository without any branch, as no conclusion can be drawn from it), and
 * those of http_send().
 */
bool gitremote_list(struct http *http, const char *url,
		    const struct secret *credentials, struct strvec *refs,
		    struct err *err) MUST_CHECK;

/* Is there a branch, or a tag, of that name? */
bool gitremote_has(const struct strvec *refs, const char *branch);

/*
 * Where the refs of @url are asked for; the caller frees it.
 * Errors: INPUT.
 */
bool gitremote_address(const char *url, char **address, struct err *err)
	MUST_CHECK;

/* Read what a server answers there.  Errors: REMOTE. */
bool gitremote_parse(const char *bytes, size_t len, struct strvec *refs,
		     struct err *err) MUST_CHECK;

#endif
