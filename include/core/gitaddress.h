/*
 * Addresses of Git repositories: do two lead to the same one, and what is one
 * called however it was cloned?  Pure.
 *
 * One repository has several: https://host/red/web, git@host:red/web.git,
 * ssh://git@host:7999/red/web.git.  What differs by the way alone does not
 * count: scheme, user, ".git" and slashes at the ends, the case of letters,
 * ports (but of two over HTTP), "scm" before the path of Bitbucket Data
 * Center over HTTP, and the hosts on which github.com, gitlab.com and
 * bitbucket.org take SSH through firewalls.
 *
 * All else counts, for two repositories that are taken for one share an
 * environment: the host, and the whole path.  A server that shows one
 * repository under several paths or names is not known here.
 * Sources: GitHub "Using SSH over the HTTPS port", GitLab "Use SSH keys",
 * Bitbucket Cloud "SSH on port 443", Bitbucket Data Center "Clone a
 * repository"; git-clone(1), "Git URLs".
 */
#ifndef CORE_GITADDRESS_H
#define CORE_GITADDRESS_H

#include <stdbool.h>

bool gitaddress_same(const char *a, const char *b);

/*
 * One text for all ways to a repository, "host/group/web", that charts carry;
 * NULL if @address has no host.  The caller frees it.  It is kept as it once
 * was for who clones over HTTP or by "git@host:group/web": a port of HTTP that
 * is not the scheme's stays, as do "scm/" over HTTP, which an SSH address with
 * Bitbucket Data Center's port gets, too, and the case of letters.
 */
char *gitaddress_path(const char *address);

#endif
