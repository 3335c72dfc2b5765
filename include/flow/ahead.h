/*
 * What a deployment can tell of its branch and of main, asked of the checkout
 * of the working folder.
 */
#ifndef FLOW_AHEAD_H
#define FLOW_AHEAD_H

struct ahead;
struct origin;

/*
 * Find the commit that is deployed of @branch, and whether the branch that it
 * is to be merged into held it: the target of the pull request, else
 * @main_branch, else the remote's default, else main or master; any may be
 * NULL.  Where CI builds the merge of a pull request, the commit is that of
 * the pull request itself.
 *
 * Only a branch that came with the last fetch is compared with: an old main
 * would make everything look new.  Whatever is in the way of an answer, a
 * shallow clone as well, leaves it unknown.
 */
void ahead_find(struct ahead *ahead, const struct origin *origin,
		const char *branch, const char *main_branch);

#endif
