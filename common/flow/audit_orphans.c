/* The archives of a repository that its index has no entry of. */

#include <string.h>

#include "api/chartrepo.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/audit.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/audit_looking.h"
#include "flow/audit_parts.h"

/* An archive without an entry, and what it holds. */
struct audit_found_orphan {
	const struct audit_object *object;
	struct audit_orphan is;
};

static void add_orphan(struct looking *looking,
		       const struct audit_object *object,
		       const struct audit_orphan *orphan)
{
	looking->orphans =
		grow_array(looking->orphans, looking->orphan_count + 1,
			   sizeof(*looking->orphans),
			   &looking->orphan_capacity);
	looking->orphans[looking->orphan_count++] =
		(struct audit_found_orphan){object, *orphan};
}

static void take_orphan(struct chartrepo_fetch *fetch)
{
	struct reading *reading = (struct reading *)fetch;
	struct looking *looking = reading->looking;
	CLEANUP(str_release) struct str created = {0};
	struct audit_orphan orphan;
	struct err failure = {0};
	const char *url;

	audit_count_read(looking);
	if (fetch->failure.kind == ERR_NONE) {
		clock_add_rfc3339(&created, reading->object->modified_s);
		url = chartrepo_entry_url(fetch->repo, reading->object->name,
					  &looking->look->arena);
		if (audit_judge_orphan(reading->object->name, url,
				       &fetch->bytes, str_text(&created),
				       &looking->look->arena, &orphan,
				       &failure))
			add_orphan(looking, reading->object, &orphan);
	} else if (fetch->failure.kind != ERR_NOT_FOUND) {
		err_move(&failure, &fetch->failure);
		(void)err_wrap(&failure, "cannot read '%s'",
			       reading->object->name);
	}
	audit_finish_reading(fetch, &failure);
}

/* As publishers name them; what is in a folder may be another repository's. */
static bool is_archive(const struct audit_object *object)
{
	return ends_with(object->name, ".tgz") && !strchr(object->name, '/');
}

static bool read_orphans(struct looking *looking, struct err *err)
{
	const struct map *objects = &looking->look->objects;

	for (size_t i = 0; i < objects->count; i++) {
		struct audit_object *object = objects->entries[i].value;

		if (object->referenced || !is_archive(object))
			continue;
		if (object->size > (int64_t)CHART_ARCHIVE_MAX) {
			add_orphan(looking, object,
				   &(struct audit_orphan){
					   .name = "",
					   .version = "",
					   .reason = "it is larger than a "
						     "chart may be"});
			continue;
		}
		audit_add_reading(
			looking,
			&(struct reading){
				.fetch = {.url = audit_url_of(object->name,
							      &looking->window),
					  .taken = take_orphan},
				.object = object,
			});
	}
	return audit_flush(looking, err);
}

/* It is as its publisher would have made it: his entry may be on its way. */
static void add_unentered(struct looking *looking,
			  const struct audit_found_orphan *found,
			  const struct audit_claim *claim)
{
	struct audit_items *orphans = &looking->look->orphans;
	bool young = audit_is_young(found->object->age_s);

	audit_add_finding(looking, orphans, claim, found->object->name,
			  young ? "the index has no entry of it yet, and its "
				  "publisher may be at work"
				: "the index has no entry of it");
	orphans->items[orphans->count - 1].young = young;
	audit_add_edit(looking, orphans, claim, found->is.digest,
		       found->is.entry, "the index had no entry of it");
}

static bool judge_orphan(struct looking *looking,
			 struct chartindex_lookup *lookup,
			 const struct audit_found_orphan *found,
			 struct err *err)
{
	const struct audit_orphan *is = &found->is;
	const struct audit_claim claim = {is->name, is->version, is->digest,
					  NULL};
	const char *reason = is->reason;
	const struct chartindex_entry *entry = NULL;

	if (*is->name &&
	    !chartindex_look_up(lookup, is->name, is->version, &entry, err))
		return false;
	/* Its publisher has entered it meanwhile. */
	if (!reason && entry && same_text(entry->digest, is->digest))
		return true;
	if (!reason && entry)
		reason = "the index has another archive of that version";
	if (reason)
		audit_add_finding(looking, &looking->look->orphans, &claim,
				  found->object->name, reason);
	else
		add_unentered(looking, found, &claim);
	return true;
}

bool audit_look_at_orphans(struct looking *looking, struct err *err)
{
	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
		.index = &looking->parsed};

	if (!read_orphans(looking, err))
		return false;
	if (!looking->orphan_count)
		return true;
	if (!audit_read_index(looking, err))
		return false;
	for (size_t i = 0; i < looking->orphan_count; i++) {
		if (!judge_orphan(looking, &lookup, &looking->orphans[i], err))
			return false;
	}
	return true;
}
