/*
 * Versions as values of templates: *semver.Version, which semver gives, and
 * semver.Version, which some of its methods give and which has fewer.
 *
 * Source: Masterminds/semver v3.5.0 (version.go).
 */
#ifndef TMPL_VERSION_H
#define TMPL_VERSION_H

struct arena;
struct semver;
struct value;
struct value_class;

extern const struct value_class class_version;	     /* *semver.Version */
extern const struct value_class class_version_value; /* semver.Version */

/* @version, copied into @arena, as a value of @class. */
const struct value *version_new(struct arena *arena,
				const struct value_class *class,
				const struct semver *version);

#endif
