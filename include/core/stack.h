/*
 * A stack: the applications that an umbrella chart brings, and what a
 * release changed.  Pure.
 *
 * An application is a dependency of the umbrella, by its alias or name, with
 * the exact version of the lock; a chart without dependencies is its own
 * only application.
 *
 * Helm keeps no subcharts in a release, and of the dependencies only those
 * that are enabled, each with its alias for a name; the lock is kept whole.
 * So a dependency's entry in it is found by the order, which both share, by
 * the repository, by the range, and by the name of those without an alias.
 * What an alias stands for is told by the chart that is deployed, where its
 * alias is the same.  Where entries of one chart are possible, the highest is
 * meant: all were resolved at one time.  Where several charts are, or where
 * the lock is of other dependencies than these, the version is the range
 * itself.
 * Source: Helm 4.3.1, pkg/chart/v2/util/dependencies.go
 * (processDependencyEnabled), and 3.20, pkg/chartutil.
 */
#ifndef CORE_STACK_H
#define CORE_STACK_H

struct arena;
struct value;

#define STACK_LOCKED_MAX 1000 /* entries of a lock that is searched */

/* What the aliases in @chart (a Chart.yaml) stand for: a map to names. */
const struct value *stack_names(const struct value *chart, struct arena *arena);

/*
 * The applications of a release's payload (api/releases) as a map from name
 * to version; empty for NULL.  @names is what stack_names() gave, or NULL.
 */
const struct value *stack_applications(const struct value *payload,
				       const struct value *names,
				       struct arena *arena);

/*
 * A list of {name, old, new} for each application of either map, in order of
 * names; old is nil for a new one, new is nil for one that is gone.
 */
const struct value *stack_changes(const struct value *old,
				  const struct value *new, struct arena *arena);

#endif
