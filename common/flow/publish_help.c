/* Publishers who enter the index for each other. */
#include <stdlib.h>
#include <string.h>

#include "api/s3.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/chart.h"
#include "core/pending.h"
#include "flow/publish_parts.h"
#include "format/value.h"
#include "net/retry.h"
#include "sys/signals.h"

/* Read at once, so that memory stays within this many times the ceiling. */
#define READ_AT_ONCE	 16
#define ARCHIVES_AT_ONCE 4
/* A larger archive is left to its own publisher, who need not read it. */
#define GUEST_ARCHIVE_MAX ((size_t)8 << 20)

/* One waiting entry of somebody, ours included. */
struct waiting {
	char *key; /* in the arena */
	int64_t modified_s;
	bool listed; /* by the latest look */
	enum {
		WAITING_UNREAD,
		WAITING_READ,
		WAITING_CHECKED, /* what of it can be entered is in guests */
		WAITING_STRANGE, /* no waiting entry; left alone */
	} state;
	struct pending pending;
	struct publish_entries guests;
};

struct helping {
	struct publish_run *run;
	struct arena arena;
	char *prefix;
	struct str text; /* our own waiting entry */
	struct str key;
	int64_t left_ms; /* when we left it; monotonic */
	struct waiting *items;
	size_t count;
	size_t capacity;
	bool own_listed;
	bool denied; /* to see who waits */
	bool warned; /* that those merged cannot be removed */
};

static void helping_release(struct helping *helping)
{
	arena_release(&helping->arena);
	str_release(&helping->text);
	str_release(&helping->key);
	free(helping->prefix);
	free(helping->items);
}

static int64_t round_ms(const struct helping *helping)
{
	int64_t round = helping->run->read_ms + helping->run->swap_ms;

	return round > PENDING_ROUND_MIN_MS ? round : PENDING_ROUND_MIN_MS;
}

/* --- our own waiting entry -------------------------------------------------- */

static bool describe(struct helping *helping, struct err *err)
{
	const struct publish_run *run = helping->run;
	struct pending own = {0};

	own.charts = arena_new_array(&helping->arena, struct pending_chart,
				     run->batch->count);
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];

		if (item->listed == PUBLISH_LISTED_KEPT)
			continue;
		own.charts[own.count++] = (struct pending_chart){
			item->chart->name, item->chart->version, item->digest,
			str_text(&run->now)};
	}
	pending_print(&helping->text, &own);
	str_add(&helping->key, helping->prefix);
	return pending_add_name(&helping->key, str_text(&helping->text),
				helping->text.len, err);
}

static bool is_gone(const struct helping *helping, bool *gone, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	if (!s3_stat(helping->run->bucket, str_text(&helping->key), &object,
		     err))
		return false;
	*gone = !object.found;
	return true;
}

/* The write failed, or was its answer lost?  Then there is no error any more. */
static bool landed(const struct helping *helping, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	bool gone = true;

	if (!err->temporary || !is_gone(helping, &gone, &ignored) || gone)
		return false;
	err_release(err);
	return true;
}

/* That it is there already is as good: its name is that of its bytes. */
static bool leave(struct helping *helping, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	const struct s3_put put = {
		.key = str_text(&helping->key),
		.bytes = str_text(&helping->text),
		.len = helping->text.len,
		.content_type = "application/json",
		.condition = S3_IF_ABSENT,
	};

	if (!s3_put(helping->run->bucket, &put, &written, err) &&
	    !landed(helping, err))
		return err_wrap(err, "cannot leave a waiting entry");
	helping->left_ms = clock_monotonic_ms();
	return true;
}

/*
 * Ours was taken away, and is not in the index: our archives are still those
 * that it told of, and nobody else has entered those versions.
 */
static bool leave_again(struct helping *helping, struct err *err)
{
	struct publish_run *run = helping->run;

	if (!publish_judge_all_again(run, err))
		return false;
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];

		if (item->listed != PUBLISH_LISTED_KEPT &&
		    !publish_check_archive(run, item, err))
			return false;
	}
	return leave(helping, err);
}

/* --- who waits --------------------------------------------------------------- */

static struct waiting *find_waiting(struct helping *helping, const char *key)
{
	for (size_t i = 0; i < helping->count; i++) {
		if (same_text(helping->items[i].key, key))
			return &helping->items[i];
	}
	return NULL;
}

static struct waiting *add_waiting(struct helping *helping, const char *key)
{
	struct waiting *waiting;

	helping->items = grow_array(helping->items, helping->count + 1,
				    sizeof(*waiting), &helping->capacity);
	waiting = &helping->items[helping->count++];
	*waiting = (struct waiting){.key = arena_strdup(&helping->arena, key)};
	return waiting;
}

static bool note_waiting(void *context, const struct s3_entry *entry,
			 struct err *err)
{
	struct helping *helping = context;
	bool own = same_text(entry->key, str_text(&helping->key));
	struct waiting *waiting = find_waiting(helping, entry->key);

	(void)err;
	helping->own_listed = helping->own_listed || own;
	if (!waiting && !own && helping->count >= PENDING_MERGED_MAX)
		return true;
	if (!waiting)
		waiting = add_waiting(helping, entry->key);
	waiting->modified_s = entry->modified_s;
	waiting->listed = true;
	return true;
}

static bool look(struct helping *helping, struct err *err)
{
	helping->own_listed = false;
	for (size_t i = 0; i < helping->count; i++)
		helping->items[i].listed = false;
	if (s3_list(helping->run->bucket, helping->prefix, note_waiting,
		    helping, err))
		return true;
	helping->denied = err->kind == ERR_DENIED;
	return err_wrap(err, "cannot see who waits");
}

static size_t own_rank(const struct helping *helping)
{
	CLEANUP(free_ptr) struct pending_place *places =
		xcalloc(helping->count + 1, sizeof(*places));
	size_t count = 0;

	for (size_t i = 0; i < helping->count; i++) {
		const struct waiting *waiting = &helping->items[i];

		if (waiting->listed && waiting->state != WAITING_STRANGE)
			places[count++] = (struct pending_place){
				waiting->key, waiting->modified_s};
	}
	return pending_rank(places, count, str_text(&helping->key));
}

/* --- what they wait with ----------------------------------------------------- */

static bool is_own(const struct helping *helping, const struct waiting *waiting)
{
	return same_text(waiting->key, str_text(&helping->key));
}

static void take_waiting(struct helping *helping, struct waiting *waiting,
			 const struct s3_task *task)
{
	CLEANUP(err_release) struct err why = {0};
	const struct str *body = &task->object.body;

	if (task->failure.kind != ERR_NONE)
		return; /* another time */
	if (!task->object.found) {
		waiting->listed = false;
		return;
	}
	if (pending_parse(&waiting->pending, str_text(body), body->len,
			  waiting->key + strlen(helping->prefix),
			  &helping->arena, &why)) {
		waiting->state = WAITING_READ;
		return;
	}
	waiting->state = WAITING_STRANGE;
	report_warning(helping->run->publish->reporter, "%s; it is left alone",
		       why.text);
}

static bool read_some(struct helping *helping, struct waiting **some,
		      size_t count, struct err *err)
{
	struct s3_task tasks[READ_AT_ONCE] = {0};
	bool done;

	for (size_t i = 0; i < count; i++)
		tasks[i] = (struct s3_task){.verb = S3_GET,
					    .key = some[i]->key,
					    .limit = PENDING_SIZE_MAX};
	done = s3_do_all(helping->run->bucket, tasks, count, err);
	for (size_t i = 0; i < count; i++) {
		if (done)
			take_waiting(helping, some[i], &tasks[i]);
		s3_task_release(&tasks[i]);
	}
	return done;
}

static bool read_waiting(struct helping *helping, struct err *err)
{
	struct waiting *some[READ_AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < helping->count; i++) {
		struct waiting *waiting = &helping->items[i];

		if (!waiting->listed || waiting->state != WAITING_UNREAD ||
		    is_own(helping, waiting))
			continue;
		some[count++] = waiting;
		if (count < READ_AT_ONCE)
			continue;
		if (!read_some(helping, some, count, err))
			return false;
		count = 0;
	}
	return !count || read_some(helping, some, count, err);
}

/* --- their archives ------------------------------------------------------------ */

/* A chart that waits, and its archive. */
struct claim {
	struct waiting *waiting;
	const struct pending_chart *chart;
	char *key; /* owned */
};

/* Make the entry from the archive, which has the digest that was claimed. */
static bool make_guest(struct helping *helping, const struct claim *claim,
		       const struct str *archive, struct err *err)
{
	const struct pending_chart *claimed = claim->chart;
	struct publish_entries *guests = &claim->waiting->guests;
	CLEANUP(arena_release) struct arena arena = {0};
	struct chart *chart;

	if (!chart_load_archive(str_text(archive), archive->len, claim->key,
				&arena, &chart, err))
		return false;
	if (!same_text(chart->name, claimed->name) ||
	    !same_text(chart->version, claimed->version))
		return err_set(err, ERR_INPUT, "'%s' holds another chart",
			       claim->key);
	guests->items =
		arena_grow(&helping->arena, guests->items, guests->count + 1,
			   sizeof(*guests->items), &guests->capacity);
	guests->items[guests->count++] = (struct publish_entry){
		.name = claimed->name,
		.version = claimed->version,
		.digest = claimed->digest,
		.value = publish_new_entry(helping->run->publish, chart,
					   claimed->digest, claimed->created,
					   &helping->arena),
	};
	return true;
}

/*
 * Judge one claim by its archive.  False: it could not be read this time, so
 * nothing is known.  One that is refuted is entered by nobody.
 */
static bool judge_claim(struct helping *helping, const struct claim *claim,
			const struct s3_task *task)
{
	CLEANUP(err_release) struct err why = {0};
	const struct str *archive = &task->object.body;
	char digest[SHA256_HEX_SIZE];

	if (task->failure.kind != ERR_NONE)
		return false;
	if (!task->object.found) {
		log_debug("'%s' waits, but is not there", claim->key);
		return true;
	}
	if (!sha256_hex(str_text(archive), archive->len, digest, &why))
		return false;
	if (strcmp(digest, claim->chart->digest) != 0)
		log_debug("'%s' is not the archive that waits", claim->key);
	else if (!make_guest(helping, claim, archive, &why))
		log_debug("cannot enter '%s': %s", claim->key, why.text);
	return true;
}

static bool check_some(struct helping *helping, struct claim *claims,
		       size_t count, struct err *err)
{
	struct s3_task tasks[ARCHIVES_AT_ONCE] = {0};
	bool done;

	for (size_t i = 0; i < count; i++)
		tasks[i] = (struct s3_task){.verb = S3_GET,
					    .key = claims[i].key,
					    .limit = GUEST_ARCHIVE_MAX};
	done = s3_do_all(helping->run->bucket, tasks, count, err);
	for (size_t i = 0; i < count; i++) {
		struct waiting *waiting = claims[i].waiting;

		/* All charts of one, or none: it is asked for again. */
		if (done && !judge_claim(helping, &claims[i], &tasks[i]))
			waiting->state = WAITING_READ;
		s3_task_release(&tasks[i]);
		free(claims[i].key);
	}
	return done;
}

static bool check_waiting(struct helping *helping, struct err *err)
{
	struct claim claims[ARCHIVES_AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < helping->count; i++) {
		struct waiting *waiting = &helping->items[i];

		if (!waiting->listed || waiting->state != WAITING_READ)
			continue;
		waiting->state = WAITING_CHECKED;
		waiting->guests.count = 0;
		for (size_t j = 0; j < waiting->pending.count; j++) {
			const struct pending_chart *chart =
				&waiting->pending.charts[j];

			claims[count++] = (struct claim){
				waiting, chart,
				xasprintf("%s%s-%s.tgz",
					  helping->run->publish->repo->prefix,
					  chart->name, chart->version)};
			if (count < ARCHIVES_AT_ONCE)
				continue;
			if (!check_some(helping, claims, count, err))
				return false;
			count = 0;
		}
	}
	return !count || check_some(helping, claims, count, err);
}

/* --- entering and tidying ------------------------------------------------------ */

static void gather_guests(const struct helping *helping,
			  struct publish_entries *guests)
{
	for (size_t i = 0; i < helping->count; i++) {
		const struct waiting *waiting = &helping->items[i];

		if (!waiting->listed || waiting->state != WAITING_CHECKED)
			continue;
		for (size_t j = 0; j < waiting->guests.count; j++) {
			guests->items =
				grow_array(guests->items, guests->count + 1,
					   sizeof(*guests->items),
					   &guests->capacity);
			guests->items[guests->count++] =
				waiting->guests.items[j];
		}
	}
}

static enum publish_swap enter_all(struct helping *helping, struct err *err)
{
	CLEANUP(free_ptr) struct publish_entry *items = NULL;
	struct publish_entries guests = {0};
	enum publish_swap swap;

	if (!read_waiting(helping, err) || !check_waiting(helping, err))
		return PUBLISH_FAILED;
	gather_guests(helping, &guests);
	items = guests.items;
	helping->run->index_read = false; /* the later, the better */
	swap = publish_try_swap(helping->run, &guests, err);
	if (swap == PUBLISH_DONE)
		log_debug("entered the charts of %zu others", guests.count);
	return swap;
}

static void warn_of_removal(struct helping *helping, const struct err *why)
{
	if (why->kind == ERR_NONE || helping->warned)
		return;
	helping->warned = true;
	report_warning(helping->run->publish->reporter,
		       "cannot remove waiting entries that were entered: %s",
		       why->text);
}

/* What was entered, or refuted, and our own. */
static bool remove_entered(struct helping *helping, struct err *err)
{
	CLEANUP(free_ptr) struct s3_task *tasks =
		xcalloc(helping->count + 1, sizeof(*tasks));
	size_t count = 0;
	bool done;

	for (size_t i = 0; i < helping->count; i++) {
		const struct waiting *waiting = &helping->items[i];

		if (waiting->listed && (waiting->state == WAITING_CHECKED ||
					is_own(helping, waiting)))
			tasks[count++] = (struct s3_task){.verb = S3_DELETE,
							  .key = waiting->key};
	}
	done = s3_do_all(helping->run->bucket, tasks, count, err);
	for (size_t i = 0; i < count; i++) {
		warn_of_removal(helping, &tasks[i].failure);
		s3_task_release(&tasks[i]);
	}
	return done;
}

/* --- turns ---------------------------------------------------------------------- */

static bool pause_once(const struct helping *helping, struct err *err)
{
	int64_t round = round_ms(helping);
	int64_t half = round / 2 + 1;

	(void)signals_sleep_ms(half +
			       (int64_t)(random_number() % (uint64_t)round));
	return !publish_out_of_time(helping->run, err);
}

/* Leave the others their time, unless they are quicker. */
static bool wait_for_turn(struct helping *helping, size_t rank, struct err *err)
{
	int64_t until =
		helping->left_ms + pending_patience_ms(rank, round_ms(helping));
	bool gone = false;

	while (!gone && clock_monotonic_ms() < until) {
		if (!pause_once(helping, err) || !is_gone(helping, &gone, err))
			return false;
	}
	return true;
}

static bool is_our_turn(const struct helping *helping, size_t rank)
{
	return clock_monotonic_ms() - helping->left_ms >=
	       pending_patience_ms(rank, round_ms(helping));
}

/* Ours has gone: somebody entered it, or found it wanting. */
static bool see_entered(struct helping *helping, bool *entered, struct err *err)
{
	return publish_glimpse(helping->run, entered, err) &&
	       (*entered || leave_again(helping, err));
}

/* One look at those who wait, and what follows from it. */
static bool take_turn(struct helping *helping, bool *entered, struct err *err)
{
	size_t rank;

	if (!look(helping, err))
		return false;
	if (!helping->own_listed)
		return see_entered(helping, entered, err);
	rank = own_rank(helping);
	if (!is_our_turn(helping, rank))
		return wait_for_turn(helping, rank, err);
	switch (enter_all(helping, err)) {
	case PUBLISH_DONE:
		*entered = true;
		return remove_entered(helping, err);
	case PUBLISH_LOST:
		return pause_once(helping, err);
	case PUBLISH_FAILED:
		return false;
	}
	BUG("a swap ended in no way");
}

void publish_tidy(struct publish_run *run)
{
	CLEANUP(helping_release) struct helping helping = {.run = run};
	CLEANUP(err_release) struct err ignored = {0};

	helping.prefix =
		xasprintf("%s" PENDING_PREFIX, run->publish->repo->prefix);
	if (!look(&helping, &ignored)) {
		log_debug("%s", ignored.text);
		return;
	}
	if (!helping.count || enter_all(&helping, &ignored) != PUBLISH_DONE ||
	    !remove_entered(&helping, &ignored))
		log_debug("left %zu that wait to others", helping.count);
}

bool publish_help(struct publish_run *run, bool *denied, struct err *err)
{
	CLEANUP(helping_release) struct helping helping = {.run = run};
	bool entered = false;

	helping.prefix =
		xasprintf("%s" PENDING_PREFIX, run->publish->repo->prefix);
	if (!describe(&helping, err))
		return false;
	if (!leave(&helping, err)) {
		*denied = err->kind == ERR_DENIED;
		return false;
	}
	for (unsigned int try = 0; try < PUBLISH_TRIES_MAX && !entered; try++) {
		if (take_turn(&helping, &entered, err))
			continue;
		*denied = helping.denied;
		return false;
	}
	return entered || publish_give_up(run, err);
}
