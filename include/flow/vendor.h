/*
 * The dependencies of a rendered umbrella: resolved from the indexes of their
 * repositories, downloaded, checked, and laid out in charts/ with the lock
 * that Helm accepts.
 *
 * Each index is read once, whatever the number of dependencies; each chart
 * is downloaded once, whatever the number of its aliases, and not at all
 * where the cache has it; downloads run in parallel on kept connections.  A
 * chart whose bytes are not those that the index promises, or that the
 * release record has, is refused.
 *
 * A dependency without a repository is the folder charts/NAME of the
 * umbrella, as in Helm; where there is none it is of @repository.  Disabled
 * ones are vendored too, because Helm refuses a chart without them.  What a
 * vendored folder lacks of its own dependencies is resolved in the same way,
 * seen from there, by its lock with @locked.  What an archive lacks is warned
 * of and left so, as Helm does.
 */
#ifndef FLOW_VENDOR_H
#define FLOW_VENDOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"

struct env;
struct err;
struct http_config;
struct login_args;
struct resolve_explanation;
struct str;
struct umbrella;
struct value;

#define VENDOR_DEPENDENCIES_MAX 1000
#define VENDOR_JOBS_DEFAULT	8
#define VENDOR_ARCHIVE_MAX	((size_t)16 << 20) /* bytes of a .tgz */
#define VENDOR_KEPT_MAX		((size_t)24 << 20) /* of all */
#define VENDOR_NESTED_MAX	8 /* folders that folders depend on */

struct vendor_args {
	const char *repository; /* for those without one; NULL = none */
	/*
	 * Who we are to @repository, whoever names it, in place of what Helm
	 * knows of it.  No other repository gets to see it.
	 */
	const struct login_args *login;
	size_t jobs; /* downloads at once */
	const struct http_config *http;
	const struct env *env; /* AWS settings */
	int64_t now_ms;	       /* for "generated" in a new lock */
	/* Of all files in a package of a folder; -1 = their own. */
	int64_t stamp_s;
	/* The folder whose lock is kept where it says the same; NULL = none. */
	const char *previous;
	/* The merged release record, whose digests are kept to; NULL = none. */
	const struct value *record;
	const char *cache_dir; /* see chartcache_open(); NULL = the usual */
	bool locked;	       /* exactly what the umbrella's lock says */
	bool offline;	       /* only what files and the cache have */
	bool explain;	       /* fill in the explanations */
};

/* All strings are in the arena of struct vendored. */
struct vendored_dependency {
	const char *name;
	const char *alias;	/* NULL = none */
	const char *version;	/* exact */
	const char *repository; /* NULL = in the umbrella itself */
	const char *digest;	/* SHA-256 in hex; NULL for a folder */
	const struct resolve_explanation *explanation; /* NULL = not asked */
};

struct vendored {
	struct arena arena;
	const char *name; /* the umbrella's own */
	const char *version;
	struct vendored_dependency *items;
	size_t count;
};

/*
 * Read name and version of the rendered Chart.yaml, or where it has them of
 * requirements.yaml.  Errors: INPUT.
 */
bool vendor_read_chart(struct vendored *vendored,
		       const struct umbrella *umbrella, struct err *err)
	MUST_CHECK;

/*
 * Resolve and download all dependencies and put charts and lock into
 * @umbrella; repositories that were left out are written into Chart.yaml.
 * Errors: INPUT (the dependencies, with their place in Chart.yaml; a lock
 * that is not theirs), NOT_FOUND (a chart, a version; offline: all that the
 * cache lacks), CONFLICT (a digest), and those of the repositories.
 */
bool vendor_dependencies(struct vendored *vendored, struct umbrella *umbrella,
			 const struct vendor_args *args, struct err *err)
	MUST_CHECK;

/*
 * The chart with its dependencies as a map in @arena, as result and release
 * record have it; and a line for each dependency.
 */
struct value *vendor_tell(const struct vendored *vendored,
			  const char *output_dir, struct arena *arena);
/* Add the explanations to what vendor_tell() gave. */
void vendor_tell_why(const struct vendored *vendored, struct value *chart,
		     struct arena *arena);
void vendor_add_text(struct str *text, const struct vendored *vendored);

void vendored_release(struct vendored *vendored);

#endif
