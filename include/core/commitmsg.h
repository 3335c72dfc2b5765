/*
 * What one commit's message says: its title, the pull request that it
 * brings, and which other commits it takes back or copies.  Pure.
 *
 *	struct commitmsg message = {0};
 *
 *	commitmsg_read(&message, text, len, false, &arena);
 *
 * Messages come from whoever may commit: the texts found here are one line
 * of UTF-8 without anything that moves a terminal's cursor or hides text.
 *
 * Sources: git-revert(1), git-cherry-pick(1) -x, git-interpret-trailers(1);
 * the messages that GitHub, GitLab, Gitea, Bitbucket and Azure DevOps give
 * to merges by default; Conventional Commits 1.0.0.
 */
#ifndef CORE_COMMITMSG_H
#define CORE_COMMITMSG_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct str;

#define COMMITMSG_TITLE_MAX 300		      /* bytes of a title */
#define COMMITMSG_NAME_MAX  100		      /* of a person's name */
#define COMMITMSG_TEXT_MAX  ((size_t)1 << 20) /* of a message that is read */
#define COMMITMSG_NAMES_MAX 100		      /* commits, people in it */

/* Texts in an arena. */
struct commitmsg_list {
	const char **items;
	size_t count;
	size_t capacity;
};

/* All-zero is nothing; all of it lives in the arena. */
struct commitmsg {
	const char *title;  /* of the pull request if it tells; may be "" */
	const char *change; /* the pull request: "#12", "!34"; NULL = none */
	bool breaking;	    /* says that it breaks what was */
	/*
	 * It does nothing but take back.  If not, as when a branch with a
	 * revert in it was squashed, the commit remains a change.
	 */
	bool is_revert;
	struct commitmsg_list reverts; /* hashes, 7 to 64 hex digits */
	const char *reverts_change;    /* the pull request: "#12", or NULL */
	struct commitmsg_list picked;  /* hashes that it was copied from */
	struct commitmsg_list authors; /* who did it with the author */
};

/*
 * Read the @len bytes of @text, of which COMMITMSG_TEXT_MAX count.  @merge:
 * the commit has several parents.
 */
void commitmsg_read(struct commitmsg *message, const char *text, size_t len,
		    bool merge, struct arena *arena);

/*
 * Append @text as one line: runs of blanks, control characters and line ends
 * become one blank, invisible characters that change how text is shown are
 * left out, what is not UTF-8 is U+FFFD.  At most @max bytes, then "...".
 */
void commitmsg_add_line(struct str *out, const char *text, size_t len,
			size_t max);

/* The name of a person, so cleaned, in @arena. */
const char *commitmsg_name(const char *text, size_t len, struct arena *arena);

#endif
