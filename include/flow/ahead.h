/*
 * What a deployment can tell of its branch and of main: asked of the checkout
 * of the working folder, and where that cannot tell, of Git's server.
 */
#ifndef FLOW_AHEAD_H
#define FLOW_AHEAD_H

#include <stdint.h>

struct ahead;
struct http_config;
struct origin;
struct reporter;
struct secret;

#define AHEAD_SERVER_MS ((int64_t)20 * 1000) /* for all that it is asked */

/* All borrowed. */
struct ahead_sources {
	const struct origin *origin;
	const char *branch;	 /* that is deployed */
	const char *main_branch; /* NULL = not given */
	/* How the server is asked, see api/gitremote.h. */
	const struct http_config *http;
	const struct secret *git_credentials; /* not set: it is not asked */
	const struct reporter *reporter;
};

/*
 * Find the commit that is deployed of the branch, and whether the branch that
 * it is to be merged into held it: the target of the pull request, else
 * main_branch, else the remote's default, else main or master.  Where CI
 * builds the merge of a pull request, the commit is that of the pull request
 * itself.
 *
 * In the checkout only a branch that came with the last fetch is compared
 * with: an old main would make everything look new.  Whatever is in the way
 * of an answer, a shallow clone as well, leaves it unknown; if the server
 * fails, a warning says so.
 *
 * The branch is seen in the repository that the address of the origin names if
 * CI builds it there, if the checkout has it of the remote and no pull request
 * is built, whose branch may be a fork's, or if the server, where it is asked
 * anyway, has it.
 */
void ahead_find(struct ahead *ahead, const struct ahead_sources *sources);

#endif
