/*
 * Which applications a release changes, and from what to what.  Pure.
 *
 * An application is a dependency of an umbrella, by its alias or name, with
 * the version of the lock (else that in charts/); a chart with templates of
 * its own is an application too.  The same chart under several aliases that
 * goes from one version to one other is told once, by the chart's name.
 *
 *	appchange_of_charts(&changes, old, new, &arena);
 *
 * Where a chart comes from, its annotations say: slipway/commit and
 * slipway/repository, as publish-chart writes them, else
 * org.opencontainers.image.revision and .source.
 */
#ifndef CORE_APPCHANGE_H
#define CORE_APPCHANGE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct chart;
struct value;

#define APPCHANGE_MAX 1000 /* applications of one release */

/* One version of an application; NULL = unknown.  All in an arena. */
struct appchange_side {
	const char *version; /* NULL: it is not there on this side */
	const char *commit;  /* hash that it was built from, or any name */
	const char *source;  /* repository of its code: "host/group/web" */
	bool was_read;	     /* its annotations were looked at */
};

struct appchange {
	const char *name;
	const char *chart;	/* name of its chart */
	const char *repository; /* that its chart is in, NULL = unknown */
	struct appchange_side old, new;
};

struct appchanges {
	struct appchange *items;
	size_t count;
	size_t capacity;
};

/* Add a change, whatever it says. */
struct appchange *appchanges_add(struct appchanges *changes,
				 struct arena *arena);

/* Either may be NULL: then all of the other one is new, or is gone. */
void appchange_of_charts(struct appchanges *changes, const struct chart *old,
			 const struct chart *new, struct arena *arena);

/*
 * What deploy-preview found in the cluster and brought there: the release
 * record's environment.applications, with umbrella.dependencies.  @new, the
 * umbrella that was deployed, tells more of the new side; NULL = not there.
 */
void appchange_of_record(struct appchanges *changes, const struct value *record,
			 const struct chart *new, struct arena *arena);

/*
 * What the annotations @annotations (a map of text, NULL = none) say of
 * commit and source; what is no hash or no address is left out.
 */
void appchange_annotate(struct appchange_side *side,
			const struct value *annotations, struct arena *arena);

/* Tell what several names have in common once; see above. */
void appchanges_join(struct appchanges *changes);

#endif
