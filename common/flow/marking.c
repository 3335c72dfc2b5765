#include "flow/marking.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "format/hash.h"
#include "net/retry.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/walk.h"

#define SPOOL_SUFFIX ".json"

/* --- putting ----------------------------------------------------------- */

/*
 * By the usual tags only: those that a user adds may have changed since the
 * last run.
 */
static bool find(const struct marking *marking, struct grafana *grafana,
		 struct grafana_mark *found, struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark like = {
		.dashboard = xstrdup_or_null(marking->mark.dashboard),
		.panel = marking->mark.panel,
		.start_ms = marking->mark.start_ms,
		.end_ms = marking->mark.end_ms,
	};

	for (size_t i = 0; i < marking->mark.tags.count; i++)
		if (same_text(marking->mark.tags.items[i], "deploy") ||
		    starts_with(marking->mark.tags.items[i], "env:"))
			strvec_add(&like.tags, marking->mark.tags.items[i]);
	return grafana_find_mark(grafana, &like, marking->line,
				 MARKING_WINDOW_MS, found, err);
}

bool marking_find(struct marking *marking, struct grafana *grafana,
		  struct err *err)
{
	CLEANUP(grafana_mark_release) struct grafana_mark found = {0};

	if (!find(marking, grafana, &found, err))
		return err_wrap(err, "cannot look for the mark");
	free(marking->mark.id);
	marking->mark.id = xstrdup_or_null(found.id);
	if (found.id && marking->time_is_now) {
		marking->mark.start_ms = found.start_ms;
		marking->mark.end_ms = found.end_ms;
	}
	marking->created = !found.id;
	marking->changed =
		!found.id || !grafana_same_mark(&found, &marking->mark);
	return true;
}

/*
 * Runs at one moment may each make a mark, as none finds the other's.  So who
 * has made one looks again; whoever looks last removes all but the first.
 */
static void remove_twins(struct marking *marking, struct grafana *grafana)
{
	CLEANUP(grafana_mark_release) struct grafana_mark seen = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (!find(marking, grafana, &seen, &failure)) {
		log_debug("not looked for a second mark: %s", failure.text);
		return;
	}
	for (size_t i = 0; i < seen.twins.count; i++) {
		if (grafana_delete_mark(grafana, seen.twins.items[i], &failure))
			continue;
		log_warning("mark '%s' of the same release stays: %s",
			    seen.twins.items[i], failure.text);
		return;
	}
	if (seen.id && !same_text(seen.id, marking->mark.id)) {
		free(marking->mark.id);
		marking->mark.id = xstrdup(seen.id);
		marking->created = false;
	}
}

/* Once more only if the mark may not be there and a wait may help. */
static bool wait_for_try(unsigned int try, const struct err *failure)
{
	if (try >= MARKING_TRIES_MAX || err_exit_code(failure) != 75)
		return false;
	return signals_sleep_ms(retry_wait_ms(try, random_number()));
}

static bool create(struct marking *marking, struct grafana *grafana,
		   struct err *err)
{
	for (unsigned int try = 1;; try++) {
		CLEANUP(err_release) struct err failure = {0};

		if (grafana_create_mark(grafana, &marking->mark, &failure))
			return true;
		if (!wait_for_try(try, &failure)) {
			err_move(err, &failure);
			return err_wrap(err, "cannot create the mark");
		}
		if (!marking_find(marking, grafana, err))
			return false;
		/* It was created, but the answer did not reach us. */
		if (marking->mark.id) {
			marking->created = true;
			return true;
		}
	}
}

bool marking_put(struct marking *marking, struct grafana *grafana,
		 struct err *err)
{
	if (!marking->mark.id) {
		if (!create(marking, grafana, err))
			return false;
		remove_twins(marking, grafana);
		return true;
	}
	if (marking->changed &&
	    !grafana_update_mark(grafana, &marking->mark, err))
		return err_wrap(err, "cannot update mark '%s'",
				marking->mark.id);
	return true;
}

/* --- the spool --------------------------------------------------------- */

/* Named by what the mark is found again by: a repeated run keeps one file. */
static bool spool_path(const struct marking *marking, const char *dir,
		       const char *url, char **path, struct err *err)
{
	CLEANUP(str_release) struct str identity = {0};
	CLEANUP(free_ptr) char *name = NULL;
	char hex[SHA256_HEX_SIZE];

	str_addf(&identity, "%s\n%s\n%s\n%lld\n", url, marking->line,
		 marking->mark.dashboard ? marking->mark.dashboard : "",
		 (long long)marking->mark.panel);
	if (!sha256_hex(identity.buf, identity.len, hex, err))
		return false;
	name = xasprintf("mark-%.16s" SPOOL_SUFFIX, hex);
	*path = path_join(dir, name);
	return true;
}

/* The names of the marks that @dir keeps, sorted. */
static bool add_spooled(void *context, const struct walk_entry *entry,
			bool *descend, struct err *err)
{
	struct strvec *names = context;

	*descend = false;
	if (entry->kind != WALK_FILE || !starts_with(entry->name, "mark-") ||
	    !ends_with(entry->name, SPOOL_SUFFIX))
		return true;
	(void)err;
	if (names->count < MARKING_SENT_MAX)
		strvec_add(names, entry->name);
	return true;
}

static bool list_spooled(const char *dir, struct strvec *names, struct err *err)
{
	const struct walk walk = {
		.root = dir,
		.visit = add_spooled,
		.context = names,
	};

	return walk_tree(&walk, err);
}

bool marking_check_spool(const char *dir, struct err *err)
{
	return dir_is_writable(dir) ||
	       err_set(err, ERR_IO,
		       "cannot keep marks in '%s': it is no folder that may be "
		       "written",
		       dir);
}

bool marking_spool(struct marking *marking, const char *dir, const char *url,
		   struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *path = NULL;

	if (!spool_path(marking, dir, url, &path, err) ||
	    !dir_create_all(dir, err) || !list_spooled(dir, &names, err))
		return err_wrap(err, "cannot keep the mark in '%s'", dir);
	if (names.count >= MARKING_SPOOL_MAX && !file_exists(path))
		return err_set(err, ERR_INPUT,
			       "cannot keep the mark in '%s': %zu are kept "
			       "there",
			       dir, names.count);
	grafana_mark_write(&marking->mark, url, marking->line, &text);
	if (!file_replace(path, str_text(&text), text.len, 0644, err))
		return err_wrap(err, "cannot keep the mark");
	marking->created = false;
	marking->spooled = true;
	return true;
}

static bool set_aside(const char *path, const struct reporter *reporter,
		      const struct err *failure, struct err *err)
{
	CLEANUP(free_ptr) char *aside = xasprintf("%s.refused", path);

	report_warning(reporter, "gave up the kept mark '%s': %s", aside,
		       failure->text);
	return rename(path, aside) == 0 || errno == ENOENT ||
	       err_errno(err, "cannot rename '%s'", path);
}

/* Another run with the same spool may have done so. */
static bool forget(const char *path, struct err *err)
{
	return unlink(path) == 0 || errno == ENOENT ||
	       err_errno(err, "cannot remove '%s'", path);
}

/* What cannot be read now may be later; only what it says can be wrong. */
static bool read_spooled(const char *path, const struct reporter *reporter,
			 struct str *text, bool *found, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	if (file_find(path, 2 * GRAFANA_TEXT_MAX, text, found, &failure))
		return true;
	if (failure.kind == ERR_INTERRUPTED) {
		err_move(err, &failure);
		return false;
	}
	report_warning(reporter, "a kept mark stays in the spool: %s",
		       failure.text);
	*found = false;
	return true;
}

/* *@go_on turns false when Grafana cannot be reached now. */
static bool send_spooled(const char *path, const char *url,
			 struct grafana *grafana,
			 const struct reporter *reporter, bool *go_on,
			 struct err *err)
{
	CLEANUP(marking_release) struct marking marking = {0};
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(free_ptr) char *for_url = NULL;
	CLEANUP(str_release) struct str text = {0};
	bool found;

	if (!read_spooled(path, reporter, &text, &found, err))
		return false;
	if (!found)
		return true;
	if (!grafana_mark_read(&marking.mark, &for_url, &marking.line,
			       str_text(&text), text.len, &failure))
		return set_aside(path, reporter, &failure, err);
	if (!same_text(for_url, url))
		return true;
	if (marking_find(&marking, grafana, &failure) &&
	    marking_put(&marking, grafana, &failure))
		return forget(path, err);
	if (failure.kind == ERR_INTERRUPTED) {
		err_move(err, &failure);
		return false;
	}
	if (err_exit_code(&failure) != 75 && failure.kind != ERR_DENIED)
		return set_aside(path, reporter, &failure, err);
	*go_on = false;
	report_warning(reporter, "kept marks stay in the spool: %s",
		       failure.text);
	return true;
}

bool marking_send_spooled(const char *dir, const char *url,
			  struct grafana *grafana,
			  const struct reporter *reporter, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	bool go_on = true;

	if (!file_is_dir(dir))
		return true;
	if (!list_spooled(dir, &names, err))
		return err_wrap(err, "cannot read the spool '%s'", dir);
	for (size_t i = 0; go_on && i < names.count; i++) {
		CLEANUP(free_ptr) char *path = path_join(dir, names.items[i]);

		if (!send_spooled(path, url, grafana, reporter, &go_on, err))
			return false;
	}
	return true;
}

void marking_release(struct marking *marking)
{
	grafana_mark_release(&marking->mark);
	free(marking->line);
	*marking = (struct marking){0};
}

/* --- all of a release ---------------------------------------------------- */

/* Whatever is wrong with one of all is wrong with each. */
static bool find_changed(struct strvec *applications,
			 const struct marking_facts *facts, struct err *err)
{
	CLEANUP(marking_release) struct marking all = {0};

	if (!marking_plan(&all, facts, err))
		return false;
	marking_find_applications(facts->record, applications);
	return true;
}

bool marks_plan(struct marks *marks, const struct marking_facts *facts,
		bool per_application, struct arena *arena, struct err *err)
{
	struct marking_facts one = *facts;

	if (per_application && !find_changed(&marks->applications, facts, err))
		return false;
	marks->count = per_application ? marks->applications.count : 1;
	marks->items = arena_new_array(arena, struct marking, marks->count);
	marks->told = arena_new_array(arena, struct marking_told, marks->count);
	for (size_t i = 0; i < marks->count; i++) {
		if (per_application)
			one.application = marks->applications.items[i];
		marks->told[i] = (struct marking_told){
			.marking = &marks->items[i],
			.application = one.application,
		};
		if (!marking_plan(&marks->items[i], &one, err))
			return false;
	}
	return true;
}

void marks_tell_untagged(const struct marks *marks,
			 const struct reporter *reporter)
{
	for (size_t i = 0; i < marks->count; i++) {
		size_t count = marks->items[i].untagged;

		if (count)
			report_warning(reporter,
				       "%zu applications have no tag of their "
				       "own: Grafana keeps %d bytes of tags; "
				       "'--per-application' makes a mark of "
				       "each that changed",
				       count, GRAFANA_TAGS_MAX);
	}
}

void marks_release(struct marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		marking_release(&marks->items[i]);
	strvec_release(&marks->applications);
	*marks = (struct marks){0};
}
