#include "core/resolve.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "format/semver.h"
#include "format/value.h"

/* How many versions a refusal names. */
#define NAMED_MAX 5

/* Helm skips what has no address or no version. */
static bool is_usable(const struct chartindex_entry *entry,
		      struct semver *version)
{
	CLEANUP(err_release) struct err err = {0};

	return entry->urls->list.count > 0 &&
	       semver_parse(version, entry->version, &err);
}

static const struct chartindex_entry *first_fit(
	const struct chartindex_entries *entries,
	const struct semver_constraint *constraint)
{
	for (size_t i = 0; i < entries->count; i++) {
		CLEANUP(semver_release) struct semver version = {0};

		if (is_usable(&entries->items[i], &version) &&
		    semver_satisfies(&version, constraint))
			return &entries->items[i];
	}
	return NULL;
}

static bool none_fits(const struct chartindex_entries *entries,
		      const char *name, const char *constraint, struct err *err)
{
	CLEANUP(str_release) struct str named = {0};

	for (size_t i = 0; i < entries->count && i < NAMED_MAX; i++)
		str_addf(&named, "%s%s", i ? ", " : "",
			 entries->items[i].version);
	err_set(err, ERR_NOT_FOUND,
		"no version of chart '%s' satisfies '%s'; there is %s%s", name,
		constraint, str_text(&named),
		entries->count > NAMED_MAX ? ", ..." : "");
	return false;
}

bool resolve_entry(const struct chartindex_entries *entries, const char *name,
		   const char *constraint,
		   const struct chartindex_entry **entry, struct err *err)
{
	CLEANUP(semver_constraint_release) struct semver_constraint parsed = {
		0};
	const struct chartindex_entry *found;

	if (!*constraint)
		constraint = "*";
	if (!semver_constraint_parse(&parsed, constraint, err))
		return err_wrap(err, "dependency '%s'", name);
	if (!entries->count)
		return err_set(err, ERR_NOT_FOUND, "there is no chart '%s'",
			       name);
	found = chartindex_find(entries, constraint);
	if (!found || !found->urls->list.count)
		found = first_fit(entries, &parsed);
	if (!found)
		return none_fits(entries, name, constraint, err);
	*entry = found;
	return true;
}
