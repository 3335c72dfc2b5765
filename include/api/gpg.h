/*
 * gpg as a child process: texts signed so that they stay readable.
 *
 *	CLEANUP(gpg_release) struct gpg gpg = {0};
 *
 *	if (!gpg_open(&gpg, &args, env, deadline, err) ||
 *	    !gpg_clearsign(&gpg, text, len, &signed_text, err))
 *		return false;
 *
 * The keys are those of the user's own GnuPG home, or of a keyring file; that
 * one is imported into a home of its own, which goes with the agent that gpg
 * starts there.  The passphrase is handed over as standard input, so nothing
 * secret is in argv, in the environment or on disk.  Nobody is ever asked for
 * it: a key that needs one that was not given is an error.
 * Source: gpg(1) of GnuPG 2.2, "loopback" of --pinentry-mode.
 */
#ifndef API_GPG_H
#define API_GPG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/secret.h"
#include "sys/env.h"
#include "sys/tempdir.h"

struct err;
struct str;

#define GPG_TIMEOUT_MS 60000
#define GPG_OUTPUT_MAX ((size_t)8 << 20)
/*
 * gpg-agent's sockets are in its home and their names have at most 107 bytes:
 * where TMPDIR is longer than this, the home is in /tmp.
 */
#define GPG_PARENT_MAX 64

/* As given by the user; NULL and not set: nothing. */
struct gpg_args {
	bool sign;
	const char *key;     /* part of a user ID, or an ID; gpg's default */
	const char *keyring; /* secret keys as exported, or a secring.gpg */
	struct secret passphrase;
};

struct gpg {
	const struct gpg_args *args; /* borrowed */
	char *program;		     /* NULL = not open */
	struct env env;
	struct deadline deadline;
	struct tempdir work; /* for what is to be signed */
	bool own_home;	     /* it is gpg's home as well */
};

/*
 * Find gpg and import the keyring, if one is given.  Removes what killed runs
 * left of theirs.
 * Errors: NOT_FOUND (no gpg, with a hint), INPUT (no keyring that gpg takes),
 * CHILD, IO.
 */
bool gpg_open(struct gpg *gpg, const struct gpg_args *args,
	      const struct env *env, struct deadline deadline, struct err *err)
	MUST_CHECK;

/*
 * Append @text, signed in clear with SHA-512, to @signed_text.
 * Errors: CHILD (gpg's own words: no such key, a wrong passphrase, ...),
 * TIMEOUT.
 */
bool gpg_clearsign(const struct gpg *gpg, const char *text, size_t len,
		   struct str *signed_text, struct err *err) MUST_CHECK;

void gpg_release(struct gpg *gpg);

#endif
