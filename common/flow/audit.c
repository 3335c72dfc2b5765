#include "flow/audit.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "api/s3_conditions.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/audit.h"
#include "core/pending.h"
#include "flow/audit_parts.h"
#include "flow/repocheck.h"

/* --- the report -------------------------------------------------------------- */

static void copy_items(struct audit_items *to, struct arena *arena,
		       const struct audit_items *from)
{
	for (size_t i = 0; i < from->count; i++)
		audit_items_add(to, arena, &from->items[i]);
}

static void report_found(struct audit_report *report,
			 const struct audit_look *look)
{
	copy_items(&report->orphans, &report->arena, &look->orphans);
	copy_items(&report->dangling, &report->arena, &look->dangling);
	copy_items(&report->mismatched, &report->arena, &look->mismatched);
	copy_items(&report->unread, &report->arena, &look->unread);
}

/* What a dry run would mend is right then, and so is what may be at work. */
static void copy_left(struct audit_items *to, struct audit_report *report,
		      const struct audit_items *from, bool mended)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct audit_item *item = &from->items[i];

		if (!item->young && !(mended && item->mendable))
			audit_items_add(to, &report->arena, item);
	}
}

static void report_left(struct audit_report *report,
			const struct audit_look *look)
{
	bool mended = look->audit->repair && look->audit->dry_run;

	report->entries = look->entries;
	report->verified = look->verified;
	report->left = report->left_orphans = report->left_unread =
		(struct audit_items){0};
	copy_left(&report->left, report, &look->mismatched, mended);
	copy_left(&report->left, report, &look->dangling, mended);
	copy_left(&report->left_orphans, report, &look->orphans, mended);
	copy_left(&report->left_unread, report, &look->unread, mended);
}

/* No other version has the same, whatever the names are made of. */
static char *make_key(const struct audit_item *item)
{
	return xasprintf("%zu %s %s", strlen(item->name), item->name,
			 item->version);
}

static void drop_items(struct audit_items *items, const struct map *keys)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count; i++) {
		CLEANUP(free_ptr) char *key = make_key(&items->items[i]);

		if (!map_has(keys, key))
			items->items[kept++] = items->items[i];
	}
	items->count = kept;
}

void audit_report_gone(struct audit_report *report)
{
	CLEANUP(map_release) struct map gone = {0};

	for (size_t i = 0; i < report->pruned.count; i++) {
		CLEANUP(free_ptr) char *key =
			make_key(&report->pruned.items[i]);

		map_put(&gone, key, report);
	}
	drop_items(&report->left, &gone);
	drop_items(&report->left_unread, &gone);
}

static void report_repaired(struct audit_report *report,
			    const struct publish_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		const struct publish_edit *edit = &edits->items[i];
		const struct audit_item item = {
			.name = edit->name,
			.version = edit->version,
			.digest = edit->digest,
			.address = "",
			.reason = edit->reason,
		};

		if (!edit->done)
			continue;
		audit_items_add(&report->repaired, &report->arena, &item);
		if (!report->dry_run)
			log_info("repaired the entry of chart '%s' %s: %s",
				 edit->name, edit->version, edit->reason);
	}
}

void audit_report_release(struct audit_report *report)
{
	arena_release(&report->arena);
	*report = (struct audit_report){0};
}

/* --- repair -------------------------------------------------------------------- */

static bool removes_any(const struct publish_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (!edits->items[i].entry)
			return true;
	return false;
}

/*
 * An index that was copied without its archives, or a wrong address, looks
 * like this: emptying it would help nobody.
 */
static bool check_sense(const struct audit *audit,
			const struct audit_look *look, struct err *err)
{
	if (look->dangling.count < look->entries || !removes_any(&look->edits))
		return true;
	(void)err_set(err, ERR_CONFLICT,
		      "no archive that the index of '%s' names is there "
		      "(%zu in all): it is left as it is",
		      audit->repo->address, look->entries);
	return err_hint(err, "is that the right repository?");
}

struct publish audit_publish(const struct audit *audit)
{
	return (struct publish){
		.repo = audit->repo,
		.lock = audit->lock,
		.format = CHARTINDEX_KEEP,
		.now = audit->now,
		.deadline = audit->deadline,
		.reporter = audit->reporter,
	};
}

static bool repair(const struct audit *audit, struct audit_look *look,
		   struct audit_report *report, struct err *err)
{
	const struct publish publish = audit_publish(audit);

	if (!check_sense(audit, look, err))
		return false;
	if (audit->dry_run) {
		for (size_t i = 0; i < look->edits.count; i++)
			look->edits.items[i].done = true;
	} else if (!publish_edit_index(&publish, &look->edits, err)) {
		return false;
	}
	report_repaired(report, &look->edits);
	return true;
}

bool audit_writes(const struct audit *audit)
{
	return (audit->repair || audit->keep) && !audit->dry_run;
}

/* Nobody else ever looks for them; by now their archives have entries. */
static bool is_left(const struct audit_object *object)
{
	return (starts_with(object->name, S3_PROBE_PREFIX) ||
		starts_with(object->name, PENDING_PREFIX)) &&
	       object->age_s > AUDIT_WORK_S;
}

/* Without the right to delete, a repair does its work all the same. */
static bool tidy(const struct audit *audit, const struct audit_look *look,
		 struct err *err)
{
	CLEANUP(strvec_release) struct strvec left = {0};

	for (size_t i = 0; i < look->objects.count; i++) {
		const struct audit_object *object =
			look->objects.entries[i].value;

		if (is_left(object))
			strvec_add(&left, object->name);
	}
	if (chartrepo_remove_objects(audit->repo, &left, err))
		return true;
	if (err->kind != ERR_DENIED)
		return err_wrap(err,
				"cannot remove what killed runs have left");
	log_debug("%s", err->text);
	err_release(err);
	return true;
}

/* --- all of it ------------------------------------------------------------------ */

static bool look_and_repair(const struct audit *audit,
			    struct audit_marks *marks,
			    struct audit_report *report, struct err *err)
{
	bool more = true;

	for (unsigned int number = 1; more; number++) {
		CLEANUP(audit_look_release) struct audit_look look = {
			.audit = audit};

		if (!audit_take_look(&look, marks, err))
			return false;
		if (number == 1)
			report_found(report, &look);
		report_left(report, &look);
		more = audit->repair && look.edits.count &&
		       number < AUDIT_LOOKS_MAX;
		if (more && !repair(audit, &look, report, err))
			return false;
		more = more && !audit->dry_run;
		if (!more && audit->repair && !audit->dry_run &&
		    !tidy(audit, &look, err))
			return false;
	}
	return true;
}

static bool can_list(const struct audit *audit, struct err *err)
{
	if (chartrepo_lists_objects(audit->repo))
		return true;
	(void)err_set(err, ERR_USAGE, "cannot audit '%s'",
		      audit->repo->address);
	return err_hint(err, "only what lies in a bucket (s3://) or a folder "
			     "(file://) can be listed");
}

bool audit_check(const struct audit *audit, struct arena *arena,
		 struct value **found, struct str *text, struct err *err)
{
	const struct repocheck check = {
		.repo = audit->repo,
		.use = audit->keep     ? REPOCHECK_PRUNE
		       : audit->repair ? REPOCHECK_REPAIR
				       : REPOCHECK_READ,
		.lock = audit->lock,
		.reporter = audit->reporter,
	};

	return can_list(audit, err) &&
	       repocheck_run(&check, arena, found, text, err);
}

bool audit_run(const struct audit *audit, struct audit_report *report,
	       struct err *err)
{
	CLEANUP(audit_marks_release) struct audit_marks marks = {.audit =
									 audit};

	if (!can_list(audit, err))
		return false;
	report->dry_run = audit->dry_run;
	if (audit_writes(audit) && !audit_finish_prunes(audit, err))
		return false;
	if (!audit_marks_read(&marks, err) ||
	    !look_and_repair(audit, &marks, report, err) ||
	    !audit_marks_finish(&marks, err))
		return false;
	report->read = marks.read;
	return !audit->keep || audit_prune(audit, report, err);
}

static void add_place(struct str *text, const struct audit_item *item)
{
	if (*item->address)
		str_addf(text, "'%s'", item->address);
	else
		str_addf(text, "chart '%s' %s", item->name, item->version);
}

/* Nothing is known to be wrong, but something to be unknown. */
static bool tell_unread(const struct audit_items *unread, struct err *err)
{
	const struct audit_item *first = unread->items;
	bool temporary = true;

	for (size_t i = 0; i < unread->count; i++)
		temporary = temporary && unread->items[i].temporary;
	(void)err_set(err, ERR_REMOTE,
		      "%zu archive%s outside of the repository could not be "
		      "read, the first is '%s': %s",
		      unread->count, unread->count > 1 ? "s" : "",
		      first->address, first->reason);
	return err_temporary(err, temporary);
}

static bool is_all_mendable(const struct audit_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		if (!items->items[i].mendable)
			return false;
	return true;
}

bool audit_outcome(const struct audit_report *report, struct err *err)
{
	size_t count = report->left.count + report->left_orphans.count;
	const struct audit_item *first = report->left.count
						 ? report->left.items
						 : report->left_orphans.items;
	CLEANUP(str_release) struct str place = {0};

	if (!count)
		return !report->left_unread.count ||
		       tell_unread(&report->left_unread, err);
	add_place(&place, first);
	(void)err_set(err, ERR_REMOTE,
		      "the index and the archives disagree in %zu place%s, the "
		      "first is %s: %s",
		      count, count > 1 ? "s" : "", str_text(&place),
		      first->reason);
	if (is_all_mendable(&report->left) &&
	    is_all_mendable(&report->left_orphans))
		return err_hint(err, "'--repair' puts the index right");
	if (report->left.count && report->mismatched.count)
		(void)err_hint(err, "where an archive is another one than the "
				    "index says, publish the right one with "
				    "'publish-chart --if-exists replace'");
	return false;
}
