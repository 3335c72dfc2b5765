/*
 * A folder's tree in sorted order (by bytes of the names), links followed or
 * not, bounded in depth and number.  The folder may change meanwhile: what
 * vanishes is left out.
 */
#ifndef SYS_WALK_H
#define SYS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct err;
struct walk_level; /* private */

#define WALK_DEPTH_MAX	 64
#define WALK_ENTRIES_MAX 100000

enum walk_kind {
	WALK_FILE,
	WALK_DIR,
	WALK_LINK,  /* with follow_links only one that leads nowhere */
	WALK_OTHER, /* device, socket, pipe */
};

struct walk_entry {
	const char *path; /* below the root, "/" between parts; no root */
	const char *name; /* the last part of path */
	enum walk_kind kind;
	uint64_t size;	  /* bytes of a file */
	int64_t mtime_ns; /* modification, nanoseconds since the epoch */
	bool is_link;	  /* a link leads here: kind is what it points to */
	dev_t device;	  /* which file it is: the same by whatever path */
	ino_t inode;
	struct walk_level *level; /* private: the folder that it is in */
};

struct walk {
	const char *root;
	bool follow_links; /* entries are what links point to */
	/*
	 * Called for each entry, folders before their content; everything in
	 * it is borrowed for the call.  *@descend is true for folders; false
	 * leaves the content out.  Giving false stops the walk with *err set.
	 */
	bool (*visit)(void *context, const struct walk_entry *entry,
		      bool *descend, struct err *err);
	void *context;
};

/*
 * Errors: INPUT (root or a folder below is missing, unreadable or no folder;
 * too deep, too many entries; a link that leads into a folder that it is in), and whatever visit sets.
 */
bool walk_tree(const struct walk *walk, struct err *err) MUST_CHECK;

/*
 * The path of @entry, while it is visited, without links: what realpath(3)
 * gives, but that the way to it is not gone again for each entry, which takes
 * long behind many links.  NULL with errno: it is gone.  The caller frees it.
 */
char *walk_real(const struct walk_entry *entry) MUST_CHECK;

#endif
