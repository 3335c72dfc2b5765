/* Old versions leave a repository. */
#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/strvec.h"
#include "core/audit.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/audit_parts.h"
#include "flow/publish_parts.h"
#include "format/hash.h"
#include "format/url.h"
#include "format/value.h"
#include "sys/file.h"

#define PROVENANCE ".prov"

/* A version that is too many. */
struct surplus {
	struct chartrepo_fetch fetch; /* first: of what bears its base name */
	struct pruning *pruning;
	const char *name;
	const char *version;
	const char *digest;
	const char *url;    /* of the entry, as it is told; "" = none */
	const char *object; /* its archive here; NULL = none is known */
	const char *base;   /* what may be that; NULL = nothing */
};

struct pruning {
	const struct audit *audit;
	struct arena arena;
	struct map listed;     /* names of what lies in the repository */
	struct map referenced; /* names of objects that entries lead to */
	struct map deleted;
	struct strvec notes; /* of killed prunes, and of those at work */
	struct map dated;    /* those that are too old for one at work */
	struct surplus **surplus;
	size_t surplus_count;
	size_t surplus_capacity;
	struct err failure;	    /* the first archive that was not read */
	struct strvec objects;	    /* to delete */
	struct publish_edits edits; /* the entries to take out */
	struct audit_items items;   /* one for each of them */
	struct strvec leads_to;	    /* and the object, or "" */
};

static void pruning_release(struct pruning *pruning)
{
	arena_release(&pruning->arena);
	map_release(&pruning->listed);
	map_release(&pruning->referenced);
	map_release(&pruning->deleted);
	map_release(&pruning->dated);
	err_release(&pruning->failure);
	free(pruning->surplus);
	strvec_release(&pruning->notes);
	strvec_release(&pruning->objects);
	strvec_release(&pruning->leads_to);
}

bool audit_load_used(struct map *used, const char *path, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	return file_read(path, AUDIT_PRUNE_SIZE_MAX, &text, err) &&
	       audit_read_used(used, str_text(&text), text.len, path, err);
}

/* --- gathering ------------------------------------------------------------------ */

static bool note_object(void *context, const struct chartrepo_object *object,
			struct err *err)
{
	struct pruning *pruning = context;

	(void)err;
	map_put(&pruning->listed, object->name, pruning);
	if (!starts_with(object->name, AUDIT_PRUNES))
		return true;
	strvec_add(&pruning->notes, object->name);
	if (object->age_s > AUDIT_WORK_S)
		map_put(&pruning->dated, object->name, pruning);
	return true;
}

/* Call @each for every chart of the index as it is now. */
static bool each_chart(struct pruning *pruning,
		       void (*each)(struct pruning *pruning, const char *name,
				    const struct chartindex_entries *entries),
		       struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index text = {0};
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(strvec_release) struct strvec names = {0};

	if (!chartrepo_read_index(pruning->audit->repo, &text, err) ||
	    !publish_parse_index(&index, pruning->audit->repo, &text, err))
		return false;
	chartindex_add_names(&index, &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries;

		if (!chartindex_read(&index, names.items[i], &arena, &entries,
				     err))
			return false;
		each(pruning, names.items[i], &entries);
	}
	return true;
}

static const char *url_of(const struct chartindex_entry *entry)
{
	return entry->urls->list.count
		       ? entry->urls->list.items[0]->string.bytes
		       : "";
}

/* The archive of the repository to which the entry leads, or NULL. */
static char *object_of(const struct pruning *pruning,
		       const struct chartindex_entry *entry)
{
	const char *url = url_of(entry);

	return *url ? chartrepo_object_name(pruning->audit->repo, url) : NULL;
}

static void note_references(struct pruning *pruning, const char *name,
			    const struct chartindex_entries *entries)
{
	(void)name;
	for (size_t i = 0; i < entries->count; i++) {
		const struct chartindex_entry *entry = &entries->items[i];
		CLEANUP(free_ptr) char *within = object_of(pruning, entry);
		CLEANUP(free_ptr) char *object =
			within ? xstrdup(within)
			       : audit_served_object(url_of(entry));

		if (object)
			map_put(&pruning->referenced, object, pruning);
	}
}

static bool find_references(struct pruning *pruning, struct err *err)
{
	map_release(&pruning->referenced);
	pruning->referenced = (struct map){0};
	return each_chart(pruning, note_references, err);
}

/* --- deciding -------------------------------------------------------------------- */

static void take_base(struct chartrepo_fetch *fetch)
{
	struct surplus *surplus = (struct surplus *)fetch;
	struct err *failure = &surplus->pruning->failure;
	char digest[SHA256_HEX_SIZE];

	if (fetch->failure.kind == ERR_NONE &&
	    sha256_hex(str_text(&fetch->bytes), fetch->bytes.len, digest,
		       &fetch->failure) &&
	    same_text(digest, surplus->digest))
		surplus->object = surplus->base;
	if (fetch->failure.kind != ERR_NONE &&
	    fetch->failure.kind != ERR_NOT_FOUND && failure->kind == ERR_NONE)
		err_move(failure, &fetch->failure);
	err_release(&fetch->failure);
	str_release(&fetch->bytes);
}

static const char *tell_url(struct pruning *pruning,
			    const struct chartindex_entry *entry)
{
	CLEANUP(str_release) struct str told = {0};
	const char *url = url_of(entry);

	if (*url)
		chartrepo_add_entry_address(&told, pruning->audit->repo, url);
	return arena_strdup(&pruning->arena, str_text(&told));
}

static void add_surplus(struct pruning *pruning, const char *name,
			const struct chartindex_entry *entry)
{
	struct arena *arena = &pruning->arena;
	struct surplus *surplus = arena_new(arena, struct surplus);
	CLEANUP(free_ptr) char *object = object_of(pruning, entry);
	CLEANUP(free_ptr) char *base =
		object ? NULL : audit_served_object(url_of(entry));

	*surplus = (struct surplus){
		.pruning = pruning,
		.name = arena_strdup(arena, name),
		.version = arena_strdup(arena, entry->version),
		.digest = arena_strdup(arena, entry->digest),
		.url = tell_url(pruning, entry),
		.object = object ? arena_strdup(arena, object) : NULL,
	};
	pruning->surplus =
		grow_array(pruning->surplus, pruning->surplus_count + 1,
			   sizeof(*pruning->surplus),
			   &pruning->surplus_capacity);
	pruning->surplus[pruning->surplus_count++] = surplus;
	if (!base || !map_has(&pruning->listed, base))
		return;
	surplus->base = arena_strdup(arena, base);
	surplus->fetch = (struct chartrepo_fetch){
		.repo = pruning->audit->repo,
		.url = audit_url_of(base, arena),
		.limit = CHART_ARCHIVE_MAX,
		.taken = take_base,
	};
}

static void choose(struct pruning *pruning, const char *name,
		   const struct chartindex_entries *entries)
{
	CLEANUP(map_release) struct map ambiguous = {0};
	const struct audit *audit = pruning->audit;
	struct chartindex_entries by_age;

	audit_find_ambiguous(&ambiguous, entries);
	audit_sort_by_age(&by_age, entries, &ambiguous, &pruning->arena);
	for (size_t i = 0; i < by_age.count; i++) {
		if (audit_is_too_many(name, &by_age, i, audit->keep,
				      audit->used, &ambiguous))
			add_surplus(pruning, name, &by_age.items[i]);
	}
}

/* Those that bear a base name are their entries' if their digest says so. */
static bool read_bases(struct pruning *pruning, struct err *err)
{
	const struct audit *audit = pruning->audit;
	CLEANUP(free_ptr) void *list =
		xcalloc(pruning->surplus_count + 1, sizeof(void *));
	struct chartrepo_fetch **fetches = list;
	size_t count = 0;

	for (size_t i = 0; i < pruning->surplus_count; i++) {
		if (pruning->surplus[i]->base)
			fetches[count++] = &pruning->surplus[i]->fetch;
	}
	if (count && !chartrepo_fetch_all(audit->http, fetches, count,
					  audit->jobs, 0, audit->reporter, err))
		return false;
	if (pruning->failure.kind == ERR_NONE)
		return true;
	err_move(err, &pruning->failure);
	return false;
}

static void add_removal(struct pruning *pruning, const struct surplus *surplus)
{
	const char *object = surplus->object;
	struct arena *arena = &pruning->arena;
	struct publish_edits *edits = &pruning->edits;
	const struct audit_item item = {
		.name = surplus->name,
		.version = surplus->version,
		.digest = surplus->digest,
		.address = object ? arena_printf(arena, "%s/%s",
						 pruning->audit->repo->address,
						 object)
				  : surplus->url,
		.reason = object ? ""
				 : "its archive is not in this repository, and "
				   "stays",
	};

	audit_items_add(&pruning->items, arena, &item);
	strvec_add(&pruning->leads_to, object ? object : "");
	edits->items = arena_grow(arena, edits->items, edits->count + 1,
				  sizeof(*edits->items), &edits->capacity);
	edits->items[edits->count++] = (struct publish_edit){
		.name = surplus->name,
		.version = surplus->version,
		.found = surplus->digest,
		.digest = "",
	};
	if (object && map_has(&pruning->listed, object))
		strvec_add(&pruning->objects, object);
}

/*
 * Without its entry, an archive that bears the name of that version would be
 * an orphan, of which the next repair makes an entry.
 */
static void decide(struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->surplus_count; i++) {
		const struct surplus *surplus = pruning->surplus[i];

		if (surplus->object || !surplus->base)
			add_removal(pruning, surplus);
		else
			report_warning(pruning->audit->reporter,
				       "left chart '%s' %s in the index: it "
				       "leads to '%s', and '%s' is not that "
				       "archive",
				       surplus->name, surplus->version,
				       surplus->url, surplus->base);
	}
}

/* --- acting ----------------------------------------------------------------------- */

/* An archive, and what signs it: nothing else is deleted by a note. */
static bool may_be_deleted(const struct pruning *pruning, const char *name)
{
	return ends_with(name, ".tgz") && !map_has(&pruning->referenced, name);
}

/* A run that was killed may have left one of the two. */
static void add_present(struct pruning *pruning, const char *name,
			struct strvec *gone)
{
	CLEANUP(free_ptr) char *signature = xasprintf("%s" PROVENANCE, name);

	if (map_has(&pruning->listed, name)) {
		strvec_add(gone, name);
		map_put(&pruning->deleted, name, pruning);
	}
	if (map_has(&pruning->listed, signature))
		strvec_add(gone, signature);
}

/* Delete those of the objects to which no entry leads, as things are now. */
static bool delete_objects(struct pruning *pruning, struct err *err)
{
	CLEANUP(strvec_release) struct strvec gone = {0};

	if (!find_references(pruning, err))
		return false;
	for (size_t i = 0; i < pruning->objects.count; i++) {
		const char *name = pruning->objects.items[i];

		if (may_be_deleted(pruning, name))
			add_present(pruning, name, &gone);
	}
	return chartrepo_remove_objects(pruning->audit->repo, &gone, err) ||
	       err_wrap(err, "cannot delete what was taken out of the index");
}

/* An entry that somebody has made again of what was deleted then goes, too. */
static bool settle(struct pruning *pruning, struct err *err)
{
	const struct publish publish = audit_publish(pruning->audit);
	struct publish_edits again = {0};

	if (!find_references(pruning, err))
		return false;
	for (size_t i = 0; i < pruning->edits.count; i++) {
		const char *object = pruning->leads_to.items[i];

		if (!map_has(&pruning->deleted, object) ||
		    !map_has(&pruning->referenced, object))
			continue;
		again.items = arena_grow(&pruning->arena, again.items,
					 again.count + 1, sizeof(*again.items),
					 &again.capacity);
		again.items[again.count++] = pruning->edits.items[i];
	}
	return publish_edit_index(&publish, &again, err);
}

/* *@name: under which it is written down what is to be deleted. */
static bool write_note(struct pruning *pruning, struct str *name,
		       struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	char digest[SHA256_HEX_SIZE];

	for (size_t i = 0; i < pruning->objects.count; i++)
		str_addf(&text, "%s\n", pruning->objects.items[i]);
	if (!sha256_hex(str_text(&text), text.len, digest, err))
		return false;
	str_addf(name, AUDIT_PRUNES "%s", digest);
	return chartrepo_put_object(pruning->audit->repo, str_text(name),
				    str_text(&text), text.len, err);
}

static bool act(struct pruning *pruning, struct err *err)
{
	const struct publish publish = audit_publish(pruning->audit);
	CLEANUP(strvec_release) struct strvec note = {0};
	CLEANUP(str_release) struct str name = {0};

	if (!write_note(pruning, &name, err) ||
	    !publish_edit_index(&publish, &pruning->edits, err) ||
	    !delete_objects(pruning, err) || !settle(pruning, err))
		return false;
	strvec_add(&note, str_text(&name));
	return chartrepo_remove_objects(pruning->audit->repo, &note, err);
}

static void report_pruned(struct audit_report *report,
			  const struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->items.count; i++) {
		const struct audit_item *item = &pruning->items.items[i];

		if (!report->dry_run && !pruning->edits.items[i].done)
			continue;
		audit_items_add(&report->pruned, &report->arena, item);
		if (!report->dry_run)
			log_info("pruned chart '%s' %s", item->name,
				 item->version);
	}
	audit_report_gone(report);
}

bool audit_prune(const struct audit *audit, struct audit_report *report,
		 struct err *err)
{
	CLEANUP(pruning_release) struct pruning pruning = {.audit = audit};

	if (!chartrepo_list_objects(audit->repo, note_object, &pruning, err) ||
	    !each_chart(&pruning, choose, err) || !read_bases(&pruning, err))
		return false;
	decide(&pruning);
	if (!audit->dry_run && pruning.edits.count && !act(&pruning, err))
		return err_wrap(err, "cannot prune '%s'", audit->repo->address);
	report_pruned(report, &pruning);
	return true;
}

/* --- what killed prunes have left ----------------------------------------------- */

static bool read_note(struct pruning *pruning, const char *name,
		      struct strvec *objects, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (chartrepo_get(pruning->audit->repo, name, AUDIT_PRUNE_SIZE_MAX,
			  &text, err)) {
		strvec_split(objects, str_text(&text), '\n');
		return true;
	}
	if (err->kind != ERR_NOT_FOUND)
		return false;
	err_release(err);
	return true;
}

/*
 * An entry that leads to one of them may be about to be taken out by who has
 * written that note.
 */
static bool may_be_at_work(const struct pruning *pruning, const char *name,
			   const struct strvec *objects)
{
	if (map_has(&pruning->dated, name))
		return false;
	for (size_t i = 0; i < objects->count; i++) {
		if (map_has(&pruning->referenced, objects->items[i]))
			return true;
	}
	return false;
}

bool audit_finish_prunes(const struct audit *audit, struct err *err)
{
	CLEANUP(pruning_release) struct pruning pruning = {.audit = audit};
	CLEANUP(strvec_release) struct strvec done = {0};

	if (!chartrepo_list_objects(audit->repo, note_object, &pruning, err))
		return false;
	if (!pruning.notes.count)
		return true;
	if (!find_references(&pruning, err))
		return false;
	for (size_t i = 0; i < pruning.notes.count; i++) {
		const char *name = pruning.notes.items[i];
		CLEANUP(strvec_release) struct strvec objects = {0};

		if (!read_note(&pruning, name, &objects, err))
			return false;
		strvec_add_all(&pruning.objects, &objects);
		if (!may_be_at_work(&pruning, name, &objects))
			strvec_add(&done, name);
	}
	return delete_objects(&pruning, err) &&
	       chartrepo_remove_objects(audit->repo, &done, err);
}
