#include "flow/envlock.h"

#include <stdlib.h>

#include "api/kube.h"
#include "api/leases.h"
#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "sys/process.h"
#include "sys/signals.h"

/* Who holds the Lease, as it was just read. */
struct holder {
	struct lease_record record;
	struct owner owner; /* only of it @run, where nothing else is told */
	struct owner_lease lease;
};

void envlock_introduce(struct envlock *lock, const char *build_url)
{
	CLEANUP(process_release) struct process process = {0};
	CLEANUP(free_ptr) char *run =
		xasprintf("%016llx", (unsigned long long)random_number());

	process_self(&process);
	lock->self = (struct owner){
		.run = arena_strdup(&lock->arena, run),
		.build_url = build_url ? arena_strdup(&lock->arena, build_url)
				       : NULL,
		.host = arena_strdup(&lock->arena, process.host),
		.space = arena_strdup(&lock->arena, process.space),
		.process = process.number,
		.process_start = process.start,
	};
}

static bool read_holder(struct envlock *lock, struct holder *holder,
			bool *found, struct err *err)
{
	const struct lease_record *record = &holder->record;

	*holder = (struct holder){0};
	if (!lease_read(lock->kube, lock->namespace, ENVLOCK_NAME, &lock->arena,
			&holder->record, found, err))
		return false;
	holder->owner.run = record->holder;
	if (record->owner && record->holder &&
	    owner_parse(record->owner, &lock->arena, &holder->owner) &&
	    !same_text(holder->owner.run, record->holder))
		holder->owner = (struct owner){.run = record->holder};
	holder->lease = (struct owner_lease){
		.run = record->holder,
		.renewed = record->renewed,
		.duration_s = record->duration_s,
		.process_gone = process_is_gone(holder->owner.space,
						holder->owner.process,
						holder->owner.process_start),
	};
	return true;
}

/* A Lease that is ours from now on. */
static struct lease_record own_record(const struct envlock *lock,
				      const char *version, struct str *owner)
{
	owner_add_text(owner, &lock->self);
	return (struct lease_record){
		.resource_version = version,
		.holder = lock->self.run,
		.owner = str_text(owner),
		.renewed = kube_now(lock->kube),
		.duration_s = ENVLOCK_DURATION_S,
	};
}

/* It is ours: its version is what the next write is based on. */
static void note_version_take(struct envlock *lock, char *version,
			      int64_t begun)
{
	free(lock->version);
	lock->version = version;
	lock->renewed_at = begun;
}

/* Is it ours, as it was just read? */
static bool take_note(struct envlock *lock, const struct holder *now,
		      int64_t begun)
{
	if (!same_text(now->lease.run, lock->self.run))
		return false;
	note_version_take(lock, xstrdup(now->record.resource_version), begun);
	return true;
}

/* It is another's by now, or ours, and the answer that said so was lost. */
static bool is_contested(const struct err *failure)
{
	return failure->kind == ERR_CONFLICT || failure->kind == ERR_NOT_FOUND;
}

/* *@ours: nobody was faster. */
static bool seize(struct envlock *lock, const struct holder *from, bool found,
		  bool *ours, struct err *err)
{
	CLEANUP(str_release) struct str owner = {0};
	CLEANUP(err_release) struct err failure = {0};
	int64_t begun = clock_monotonic_ms();
	struct lease_record record;
	struct holder now;
	char *version = NULL;
	bool existed;

	lock->self.started = kube_now(lock->kube);
	record = own_record(lock, from->record.resource_version, &owner);
	if (!found) {
		if (!lease_create(lock->kube, lock->namespace, ENVLOCK_NAME,
				  &record, &version, &existed, err))
			return false;
	} else if (!lease_write(lock->kube, lock->namespace, ENVLOCK_NAME,
				&record, &version, &failure) &&
		   !is_contested(&failure)) {
		err_move(err, &failure);
		return false;
	}
	if (version) {
		note_version_take(lock, version, begun);
		*ours = true;
		return true;
	}
	if (!read_holder(lock, &now, &found, err))
		return false;
	*ours = take_note(lock, &now, begun);
	return true;
}

/*
 * Mostly nobody holds it: then that takes no look.  Not *@ours: it takes one,
 * or, if it is not *@found, to be created.
 */
static bool take_free(struct envlock *lock, bool *ours, bool *found,
		      struct err *err)
{
	CLEANUP(str_release) struct str owner = {0};
	int64_t begun = clock_monotonic_ms();
	struct lease_record record;
	char *version = NULL;

	*ours = false;
	*found = true;
	/* It tells when it was taken. */
	if (!kube_now(lock->kube))
		return true;
	lock->self.started = kube_now(lock->kube);
	record = own_record(lock, NULL, &owner);
	if (!lease_take_free(lock->kube, lock->namespace, ENVLOCK_NAME, &record,
			     &lock->arena, &version, &lock->estate, found, err))
		return false;
	*ours = version != NULL;
	if (*ours)
		note_version_take(lock, version, begun);
	return true;
}

static void describe(const struct envlock *lock, const struct holder *holder,
		     struct str *text)
{
	int64_t silent = kube_now(lock->kube) - holder->lease.renewed;

	owner_describe(text, &holder->owner);
	if (holder->lease.renewed && silent >= 0)
		str_addf(text, ", last heard of %lld s ago", (long long)silent);
}

static bool give_up(const struct envlock *lock, const struct holder *holder,
		    struct err *err)
{
	CLEANUP(str_release) struct str who = {0};

	describe(lock, holder, &who);
	(void)err_set(err, ERR_TIMEOUT,
		      "another run is at work on environment '%s': %s",
		      lock->namespace, str_text(&who));
	return err_hint(err,
			"if it is known to have ended: kubectl --namespace %s "
			"delete lease %s",
			lock->namespace, ENVLOCK_NAME);
}

/* Wait a little for @holder; false: no longer. */
static bool wait_for(const struct envlock *lock, const struct holder *holder,
		     struct deadline until, const struct reporter *reporter,
		     int64_t *told_at, struct err *err)
{
	int64_t now = clock_monotonic_ms();
	int64_t left = deadline_left_ms(&until, ENVLOCK_POLL_MS);

	if (deadline_passed(&until))
		return give_up(lock, holder, err);
	if (!*told_at || now - *told_at >= ENVLOCK_TELL_MS) {
		CLEANUP(str_release) struct str who = {0};

		describe(lock, holder, &who);
		report_warning(reporter,
			       "waiting for another run that is at work on "
			       "environment '%s': %s",
			       lock->namespace, str_text(&who));
		*told_at = now;
	}
	return signals_pause(left < ENVLOCK_POLL_MS ? left : ENVLOCK_POLL_MS,
			     err);
}

static void tell_takeover(const struct envlock *lock, const struct holder *from,
			  enum owner_state state,
			  const struct reporter *reporter)
{
	CLEANUP(str_release) struct str who = {0};

	owner_describe(&who, &from->owner);
	report_warning(reporter, "taking environment '%s' over from %s, %s",
		       lock->namespace, str_text(&who),
		       state == OWNER_GONE ? "whose process has ended"
					   : "which has not been heard of "
					     "since its lease lapsed");
}

/* Look, and try, until it is ours, or a live @holder's. */
static bool take_from(struct envlock *lock, struct holder *holder,
		      const struct reporter *reporter, bool *ours,
		      struct err *err)
{
	for (*ours = false; !*ours;) {
		enum owner_state state;
		bool found;

		if (!read_holder(lock, holder, &found, err))
			return false;
		state = owner_judge(&holder->lease, lock->self.run,
				    kube_now(lock->kube));
		if (state == OWNER_LIVE)
			return true;
		if (!seize(lock, holder, found, ours, err))
			return false;
		lock->estate = holder->record.estate;
		if (*ours && (state == OWNER_LAPSED || state == OWNER_GONE))
			tell_takeover(lock, holder, state, reporter);
	}
	return true;
}

static bool try_to_take(struct envlock *lock, struct holder *holder,
			const struct reporter *reporter, bool *ours,
			struct err *err)
{
	const struct holder nobody = {0};
	bool found;

	if (!take_free(lock, ours, &found, err) ||
	    (!found && !seize(lock, &nobody, found, ours, err)))
		return false;
	return *ours || take_from(lock, holder, reporter, ours, err);
}

static void begin(struct envlock *lock, struct kube *kube,
		  const char *namespace, const char *build_url)
{
	lock->kube = kube;
	lock->namespace = namespace;
	if (!lock->self.run)
		envlock_introduce(lock, build_url);
}

bool envlock_take(struct envlock *lock, struct kube *kube,
		  const char *namespace, const char *build_url,
		  struct deadline until, const struct reporter *reporter,
		  struct err *err)
{
	int64_t told_at = 0;
	struct holder holder;
	bool ours;

	begin(lock, kube, namespace, build_url);
	if (!try_to_take(lock, &holder, reporter, &ours, err))
		return false;
	while (!ours) {
		if (!wait_for(lock, &holder, until, reporter, &told_at, err) ||
		    !take_from(lock, &holder, reporter, &ours, err))
			return false;
	}
	return true;
}

bool envlock_try(struct envlock *lock, struct kube *kube, const char *namespace,
		 const char *build_url, const struct reporter *reporter,
		 const char **by, struct err *err)
{
	CLEANUP(str_release) struct str who = {0};
	struct holder holder;
	bool ours;

	begin(lock, kube, namespace, build_url);
	if (!try_to_take(lock, &holder, reporter, &ours, err))
		return false;
	if (!ours)
		describe(lock, &holder, &who);
	*by = ours ? NULL : arena_strdup(&lock->arena, str_text(&who));
	return true;
}

bool envlock_look(struct kube *kube, const char *namespace, struct arena *arena,
		  const char **by, const char **run, struct err *err)
{
	CLEANUP(envlock_release) struct envlock look = {.kube = kube,
							.namespace = namespace};
	CLEANUP(str_release) struct str who = {0};
	struct holder holder;
	bool found;

	if (!read_holder(&look, &holder, &found, err))
		return false;
	*by = NULL;
	if (owner_judge(&holder.lease, NULL, kube_now(kube)) != OWNER_LIVE)
		return true;
	describe(&look, &holder, &who);
	*by = arena_strdup(arena, str_text(&who));
	if (run)
		*run = arena_strdup(arena, holder.lease.run);
	return true;
}

/* The Lease was written to: by us, whose answer was lost, or by another. */
static bool look_again(struct envlock *lock, int64_t begun, struct err *err)
{
	CLEANUP(str_release) struct str who = {0};
	struct holder now;
	bool found;

	if (!read_holder(lock, &now, &found, err))
		return false;
	if (take_note(lock, &now, begun))
		return true;
	if (now.owner.run)
		owner_describe(&who, &now.owner);
	lock->lost = true;
	(void)err_set(err, ERR_REMOTE, "this run has lost it to %s",
		      who.len ? str_text(&who) : "nobody");
	return false;
}

/*
 * @estate is NULL to leave that as it is.  Not *@written, but true: the version
 * was not the last one, which is known now.
 */
static bool write_own(struct envlock *lock, const char *estate, bool *written,
		      struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(str_release) struct str owner = {0};
	int64_t begun = clock_monotonic_ms();
	struct lease_record record = own_record(lock, lock->version, &owner);
	char *version;

	record.estate = estate;
	*written = lease_write(lock->kube, lock->namespace, ENVLOCK_NAME,
			       &record, &version, &failure);
	if (*written) {
		note_version_take(lock, version, begun);
		return true;
	}
	if (is_contested(&failure))
		return look_again(lock, begun, err);
	err_move(err, &failure);
	return false;
}

static bool is_due(const struct envlock *lock)
{
	int64_t now = clock_monotonic_ms();

	return lock->version && !lock->lost && !lock->releasing &&
	       now - lock->renewed_at >= ENVLOCK_RENEW_MS &&
	       now - lock->tried_at >= ENVLOCK_TICK_MS;
}

/*
 * Whoever waits for an answer just now may be in a hurry of his own.  This
 * takes no longer than a vigil may wait, and must not be ended by one.
 */
static void try_to_renew(struct envlock *lock)
{
	struct kube *kube = lock->kube;
	const int64_t hurry_ms = kube->hurry_ms;
	const struct deadline hurry_until = kube->hurry_until;
	const struct http_vigil *vigil = http_set_vigil(&kube->http, NULL);
	CLEANUP(err_release) struct err failure = {0};
	bool written;

	kube->hurry_ms = ENVLOCK_TRY_MS;
	kube->hurry_until =
		deadline_sooner(hurry_until, deadline_in(ENVLOCK_TRY_MS));
	lock->why = NULL;
	if (!write_own(lock, NULL, &written, &failure)) {
		log_debug("lease not renewed: %s", failure.text);
		lock->why = arena_strdup(&lock->arena, failure.text);
	}
	kube->hurry_ms = hurry_ms;
	kube->hurry_until = hurry_until;
	(void)http_set_vigil(&kube->http, vigil);
	lock->tried_at = clock_monotonic_ms();
}

bool envlock_keep(struct envlock *lock, struct err *err)
{
	if (is_due(lock))
		try_to_renew(lock);
	return envlock_check(lock, err);
}

bool envlock_check(struct envlock *lock, struct err *err)
{
	if (!lock->version)
		return true;
	lock->lost |=
		clock_monotonic_ms() - lock->renewed_at >= ENVLOCK_GIVE_UP_MS;
	if (!lock->lost)
		return true;
	(void)err_set(err, ERR_REMOTE,
		      "cannot keep environment '%s' for this run: %s",
		      lock->namespace,
		      lock->why ? lock->why : "it was not renewed in time");
	return err_temporary(err, true);
}

/* A renewal may come between, as the client's vigil. */
bool envlock_note_estate(struct envlock *lock, const char *estate,
			 struct err *err)
{
	bool written = false;

	if (same_text(lock->estate, estate))
		return envlock_keep(lock, err);
	for (unsigned int i = 0; i < ENVLOCK_NOTE_TRIES && !written; i++) {
		if (!envlock_keep(lock, err) ||
		    !write_own(lock, estate, &written, err))
			return err_wrap(err, "cannot note what '%s' leaves",
					lock->namespace);
	}
	if (!written)
		return err_set(err, ERR_CONFLICT,
			       "lease '%s' of '%s' changes all the time",
			       ENVLOCK_NAME, lock->namespace);
	lock->estate = arena_strdup(&lock->arena, estate);
	return true;
}

bool envlock_read_estate(struct kube *kube, const char *namespace,
			 struct arena *arena, const char **estate,
			 struct err *err)
{
	struct lease_record record = {0};
	bool found;

	if (!lease_read(kube, namespace, ENVLOCK_NAME, arena, &record, &found,
			err))
		return false;
	*estate = record.estate;
	return true;
}

static bool give_back(struct envlock *lock, struct err *err)
{
	const struct lease_record nobody = {
		.resource_version = lock->version,
		.renewed = kube_now(lock->kube),
		.duration_s = ENVLOCK_DURATION_S,
	};
	CLEANUP(free_ptr) char *ignored = NULL;

	return lease_write(lock->kube, lock->namespace, ENVLOCK_NAME, &nobody,
			   &ignored, err);
}

/* A renewal that was cut short has changed the version all the same. */
static bool give_back_surely(struct envlock *lock, struct err *err)
{
	struct holder now;
	bool found;

	if (give_back(lock, err) || err->kind != ERR_CONFLICT)
		return err->kind == ERR_NONE;
	err_release(err);
	if (!read_holder(lock, &now, &found, err))
		return false;
	return !take_note(lock, &now, lock->renewed_at) || give_back(lock, err);
}

void envlock_release(struct envlock *lock)
{
	CLEANUP(err_release) struct err lapses = {0};

	lock->releasing = true;
	if (lock->version && !lock->lost && !give_back_surely(lock, &lapses))
		log_debug("lease not given back: %s", lapses.text);
	free(lock->version);
	arena_release(&lock->arena);
	*lock = (struct envlock){0};
}

void envlock_drop(struct envlock *lock)
{
	lock->lost = true;
	envlock_release(lock);
}
