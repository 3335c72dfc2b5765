/* One look at a repository: its index against its archives. */
#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/strvec.h"
#include "core/audit.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/audit_looking.h"
#include "flow/audit_parts.h"
#include "flow/publish_parts.h"
#include "format/value.h"

static void looking_release(struct looking *looking)
{
	chartindex_release(&looking->parsed);
	chartrepo_index_release(&looking->index);
	arena_release(&looking->window);
	err_release(&looking->failure);
	map_release(&looking->servers);
	audit_readings_release(&looking->within);
	audit_readings_release(&looking->elsewhere);
	audit_readings_release(&looking->signatures);
	free(looking->orphans);
}

void audit_look_release(struct audit_look *look)
{
	map_release(&look->objects);
	arena_release(&look->arena);
	*look = (struct audit_look){.audit = look->audit};
}

void audit_items_add(struct audit_items *items, struct arena *arena,
		     const struct audit_item *item)
{
	items->items = arena_grow(arena, items->items, items->count + 1,
				  sizeof(*items->items), &items->capacity);
	items->items[items->count++] = (struct audit_item){
		.name = arena_strdup(arena, item->name),
		.version = arena_strdup(arena, item->version),
		.digest = arena_strdup(arena, item->digest),
		.address = arena_strdup(arena, item->address),
		.reason = arena_strdup(arena, item->reason),
		.mendable = item->mendable,
		.young = item->young,
		.temporary = item->temporary,
	};
}

/* --- what was found ---------------------------------------------------------- */

static const char *address_of(const struct looking *looking, const char *url)
{
	struct audit_look *look = looking->look;
	CLEANUP(str_release) struct str address = {0};

	chartrepo_add_entry_address(&address, look->audit->repo, url);
	return arena_strdup(&look->arena, str_text(&address));
}

void audit_add_finding(struct looking *looking, struct audit_items *items,
		       const struct audit_claim *claim, const char *url,
		       const char *reason)
{
	const struct audit_item item = {
		.name = claim->name,
		.version = claim->version,
		.digest = claim->digest,
		.address = url ? address_of(looking, url) : "",
		.reason = reason,
	};

	audit_items_add(items, &looking->look->arena, &item);
}

static void mismatch(struct looking *looking, const struct audit_claim *claim,
		     const char *url, const char *reason)
{
	audit_add_finding(looking, &looking->look->mismatched, claim, url,
			  reason);
}

void audit_add_edit(struct looking *looking, struct audit_items *items,
		    const struct audit_claim *claim, const char *digest,
		    const struct value *entry, const char *reason)
{
	struct arena *arena = &looking->look->arena;
	struct publish_edits *edits = &looking->look->edits;

	items->items[items->count - 1].mendable = true;
	edits->items = arena_grow(arena, edits->items, edits->count + 1,
				  sizeof(*edits->items), &edits->capacity);
	edits->items[edits->count++] = (struct publish_edit){
		.name = arena_strdup(arena, claim->name),
		.version = arena_strdup(arena, claim->version),
		.found = claim->entry ? arena_strdup(arena, claim->digest)
				      : NULL,
		.digest = arena_strdup(arena, digest),
		.entry = entry ? value_copy(entry, arena) : NULL,
		.reason = arena_strdup(arena, reason),
	};
}

/* --- marks ------------------------------------------------------------------- */

/* The .prov that lies beside the archive, NULL if none does. */
static const struct audit_object *provenance_of(const struct reading *reading)
{
	CLEANUP(free_ptr) char *name =
		reading->object ? xasprintf("%s.prov", reading->object->name)
				: NULL;

	return name ? map_get(&reading->looking->look->objects, name) : NULL;
}

/* What is beside the archive is as much a part of it. */
static bool mark_of(const struct reading *reading, char mark[AUDIT_MARK_SIZE],
		    struct err *err)
{
	const struct audit_object *object = reading->object;
	const struct audit_object *provenance = provenance_of(reading);
	CLEANUP(free_ptr) char *state =
		xasprintf("%s%s%s", object->state, provenance ? " " : "",
			  provenance ? provenance->state : "");

	return audit_mark(&reading->claim, object->name, state, object->size,
			  mark, err);
}

/* Is it known that this entry is true?  Then it counts as verified. */
static bool find_mark(struct looking *looking, const struct reading *reading,
		      bool *marked, struct err *err)
{
	char mark[AUDIT_MARK_SIZE];

	*marked = false;
	if (!reading->object || looking->look->audit->full)
		return true;
	if (!mark_of(reading, mark, err))
		return false;
	*marked = map_has(&looking->marks->known, mark);
	if (*marked) {
		looking->look->verified++;
		reading->object->referenced = true;
		audit_marks_see(looking->marks, mark);
	}
	return true;
}

static bool verified(struct looking *looking, const struct reading *reading,
		     struct err *err)
{
	char mark[AUDIT_MARK_SIZE];

	looking->look->verified++;
	if (!reading->object)
		return true;
	if (!mark_of(reading, mark, err))
		return false;
	audit_marks_see(looking->marks, mark);
	return true;
}

/* --- what is beside them ------------------------------------------------------- */

void audit_finish_reading(struct chartrepo_fetch *fetch, struct err *failure)
{
	struct reading *reading = (struct reading *)fetch;

	if (failure->kind != ERR_NONE &&
	    reading->looking->failure.kind == ERR_NONE)
		err_move(&reading->looking->failure, failure);
	str_release(&fetch->bytes);
	err_release(&fetch->failure);
	err_release(failure);
}

/* That one is gone by now is as good as none. */
static void take_provenance(struct chartrepo_fetch *fetch)
{
	struct reading *reading = (struct reading *)fetch;
	struct err failure = {0};

	if (fetch->failure.kind != ERR_NONE &&
	    fetch->failure.kind != ERR_NOT_FOUND)
		err_move(&failure, &fetch->failure);
	else if (fetch->failure.kind == ERR_NONE &&
		 !chart_provenance_is_of(str_text(&fetch->bytes),
					 fetch->bytes.len,
					 reading->claim.digest))
		mismatch(reading->looking, &reading->claim, fetch->url,
			 "it signs another archive than the one beside it");
	else if (!verified(reading->looking, reading, &failure))
		log_debug("%s", failure.text);
	audit_finish_reading(fetch, &failure);
}

/* The archive is what the index says; is its .prov of it, if it has one? */
static bool see_provenance(struct reading *reading, struct err *err)
{
	struct looking *looking = reading->looking;
	struct reading *beside;

	if (!provenance_of(reading))
		return verified(looking, reading, err);
	beside = arena_new(&looking->window, struct reading);
	*beside = *reading;
	beside->fetch = (struct chartrepo_fetch){
		.repo = reading->fetch.repo,
		.url = arena_printf(&looking->window, "%s.prov",
				    reading->fetch.url),
		.limit = CHARTREPO_PROVENANCE_MAX,
		.taken = take_provenance,
	};
	audit_readings_add(&looking->signatures, beside);
	return true;
}

/* --- reading archives ---------------------------------------------------------- */

static bool judge(struct reading *reading, struct err *err)
{
	struct looking *looking = reading->looking;
	CLEANUP(arena_release) struct arena arena = {0};
	struct audit_verdict verdict;

	if (!audit_judge(&reading->claim, &reading->fetch.bytes, &arena,
			 &verdict, err))
		return false;
	if (!verdict.reason)
		return see_provenance(reading, err);
	mismatch(looking, &reading->claim, reading->fetch.url, verdict.reason);
	if (verdict.entry)
		audit_add_edit(looking, &looking->look->mismatched,
			       &reading->claim, verdict.digest, verdict.entry,
			       verdict.reason);
	return true;
}

static void miss(struct reading *reading)
{
	static const char reason[] = "its archive is not there";
	struct looking *looking = reading->looking;

	audit_add_finding(looking, &looking->look->dangling, &reading->claim,
			  reading->fetch.url, reason);
	/*
	 * What is elsewhere may only be out of reach for us, and what was
	 * listed a moment ago is for the next run to judge.
	 */
	if (!reading->server && !reading->object)
		audit_add_edit(looking, &looking->look->dangling,
			       &reading->claim, "", NULL, reason);
}

void audit_count_read(struct looking *looking)
{
	looking->marks->read++;
	report_progress(looking->look->audit->reporter, "entries",
			looking->look->verified, looking->look->entries);
}

void audit_take_archive(struct chartrepo_fetch *fetch)
{
	struct reading *reading = (struct reading *)fetch;
	struct err failure = {0};

	audit_count_read(reading->looking);
	if (fetch->failure.kind == ERR_NONE) {
		if (!judge(reading, &failure))
			log_debug("%s", failure.text);
	} else if (fetch->failure.kind == ERR_NOT_FOUND) {
		miss(reading);
	} else if (fetch->misled) {
		mismatch(reading->looking, &reading->claim, fetch->url,
			 fetch->failure.text);
	} else if (!reading->server || !audit_note_unread(reading)) {
		err_move(&failure, &fetch->failure);
		(void)err_wrap(&failure,
			       "cannot read the archive of chart '%s' %s",
			       reading->claim.name, reading->claim.version);
	}
	audit_finish_reading(fetch, &failure);
}

void audit_readings_add(struct readings *readings, struct reading *reading)
{
	readings->items =
		grow_array(readings->items, readings->count + 1,
			   sizeof(*readings->items), &readings->capacity);
	readings->items[readings->count++] = reading;
}

void audit_readings_release(struct readings *readings)
{
	free(readings->items);
}

bool audit_read(struct looking *looking, struct readings *readings,
		struct err *err)
{
	const struct audit *audit = looking->look->audit;
	static const struct reporter silent = {0};
	void *list = readings->items;
	size_t count = readings->count;

	readings->count = 0;
	if (count && !chartrepo_fetch_all(audit->http, list, count, audit->jobs,
					  0, &silent, err))
		return false;
	if (looking->failure.kind == ERR_NONE)
		return true;
	err_move(err, &looking->failure);
	return false;
}

bool audit_flush(struct looking *looking, struct err *err)
{
	return audit_read(looking, &looking->within, err) &&
	       audit_read_elsewhere(looking, err) &&
	       audit_read(looking, &looking->signatures, err) &&
	       audit_marks_keep(looking->marks, err);
}

void audit_add_reading(struct looking *looking, const struct reading *wanted)
{
	struct reading *reading = arena_new(&looking->window, struct reading);

	*reading = *wanted;
	reading->looking = looking;
	reading->fetch.repo = looking->look->audit->repo;
	reading->fetch.limit = CHART_ARCHIVE_MAX;
	audit_readings_add(reading->server ? &looking->elsewhere
					   : &looking->within,
			   reading);
}

/* --- entries -------------------------------------------------------------------- */

/* Why its archive need not even be read, or NULL. */
static const char *find_fault(const struct reading *reading,
			      const struct map *ambiguous)
{
	if (map_has(ambiguous, reading->claim.version))
		return "the index has its version more than once";
	if (!reading->fetch.url)
		return "the index has no address of it";
	if (reading->object &&
	    reading->object->size > (int64_t)CHART_ARCHIVE_MAX)
		return "its archive is larger than a chart may be";
	return NULL;
}

/* Which object the entry leads to. */
static void find_object(struct looking *looking, struct reading *reading)
{
	const char *url = reading->fetch.url;
	CLEANUP(free_ptr) char *name =
		url ? chartrepo_object_name(looking->look->audit->repo, url)
		    : NULL;

	if (!name && url && audit_is_out_of_reach(looking, url)) {
		audit_find_served(reading);
		return;
	}
	reading->server = name || !url ? NULL : audit_find_server(looking, url);
	reading->object = name ? map_get(&looking->look->objects, name) : NULL;
	if (reading->object)
		reading->object->referenced = true;
}

static bool look_at_entry(struct looking *looking, const char *name,
			  const struct chartindex_entry *entry,
			  const struct map *ambiguous, struct err *err)
{
	const char *url = entry->urls->list.count
				  ? entry->urls->list.items[0]->string.bytes
				  : NULL;
	struct reading reading = {
		.fetch = {.url = url, .taken = audit_take_archive},
		.looking = looking,
		.claim = {name, entry->version, entry->digest, entry->value},
	};
	const char *fault;
	bool marked;

	looking->look->entries++;
	find_object(looking, &reading);
	fault = find_fault(&reading, ambiguous);
	if (fault) {
		mismatch(looking, &reading.claim, url, fault);
		return true;
	}
	if (reading.served_at && !reading.object) {
		audit_note_out_of_reach(&reading);
		return true;
	}
	if (!find_mark(looking, &reading, &marked, err))
		return false;
	if (!marked)
		audit_add_reading(looking, &reading);
	return true;
}

static bool look_at_chart(struct looking *looking, const char *name,
			  struct err *err)
{
	CLEANUP(map_release) struct map ambiguous = {0};
	struct chartindex_entries entries;
	size_t waiting;

	if (!chartindex_read(&looking->parsed, name, &looking->window, &entries,
			     err))
		return false;
	audit_find_ambiguous(&ambiguous, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		if (!look_at_entry(looking, name, &entries.items[i], &ambiguous,
				   err))
			return false;
	}
	waiting = looking->within.count + looking->elsewhere.count;
	if (waiting && waiting < AUDIT_READ_AT_ONCE)
		return true;
	if (!audit_flush(looking, err))
		return false;
	arena_release(&looking->window);
	return true;
}

static bool look_at_entries(struct looking *looking, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};

	chartindex_add_names(&looking->parsed, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!look_at_chart(looking, names.items[i], err))
			return false;
	}
	return audit_flush(looking, err);
}

bool audit_read_index(struct looking *looking, struct err *err)
{
	chartindex_release(&looking->parsed);
	chartrepo_index_release(&looking->index);
	return chartrepo_read_index(looking->look->audit->repo, &looking->index,
				    err) &&
	       publish_parse_index(&looking->parsed, looking->look->audit->repo,
				   &looking->index, err);
}

/* --- all of it ------------------------------------------------------------------- */

static bool note_object(void *context, const struct chartrepo_object *object,
			struct err *err)
{
	struct audit_look *look = context;
	struct audit_object *noted =
		arena_new(&look->arena, struct audit_object);

	(void)err;
	*noted = (struct audit_object){
		.name = arena_strdup(&look->arena, object->name),
		.state = arena_strdup(&look->arena, object->state),
		.size = object->size,
		.modified_s = object->modified_s,
		.age_s = object->age_s,
	};
	map_put(&look->objects, noted->name, noted);
	if (ends_with(noted->name, ".tgz"))
		look->has_archives = true;
	return true;
}

/* An address that is wrong must not look like a repository that is well. */
static bool is_there(const struct looking *looking, struct err *err)
{
	const struct audit_look *look = looking->look;

	return looking->index.found || look->has_archives ||
	       err_set(err, ERR_NOT_FOUND,
		       "there is no repository '%s': it has neither an index "
		       "nor archives",
		       look->audit->repo->address);
}

static int compare_items(const void *a, const void *b)
{
	const struct audit_item *left = a, *right = b;
	int order = strcmp(left->address, right->address);

	order = order ? order : strcmp(left->name, right->name);
	return order ? order : strcmp(left->version, right->version);
}

/* Found in the order of the answers; a report is compared with the last. */
static void sort_items(struct audit_items *items)
{
	if (items->count)
		qsort(items->items, items->count, sizeof(*items->items),
		      compare_items);
}

static int compare_edits(const void *a, const void *b)
{
	const struct publish_edit *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->version, right->version);
}

static void sort_edits(struct publish_edits *edits)
{
	if (edits->count)
		qsort(edits->items, edits->count, sizeof(*edits->items),
		      compare_edits);
}

bool audit_take_look(struct audit_look *look, struct audit_marks *marks,
		     struct err *err)
{
	CLEANUP(looking_release) struct looking looking = {.look = look,
							   .marks = marks};

	str_clear(&marks->seen);
	if (!audit_read_index(&looking, err) ||
	    !chartrepo_list_objects(look->audit->repo, note_object, look,
				    err) ||
	    !is_there(&looking, err) || !look_at_entries(&looking, err) ||
	    !audit_look_at_orphans(&looking, err))
		return false;
	sort_items(&look->orphans);
	sort_items(&look->dangling);
	sort_items(&look->mismatched);
	sort_items(&look->unread);
	sort_edits(&look->edits);
	return true;
}
