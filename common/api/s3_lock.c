#include "api/s3_lock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/s3.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/lease.h"
#include "net/retry.h"
#include "sys/signals.h"

#define CLAIM_SIZE_MAX 1024 /* bytes of it that are read */

struct claims {
	struct lease_claim items[LEASE_CLAIMS_MAX];
	size_t count;
	int64_t now_s;
	struct arena arena;
};

static void claims_release(struct claims *claims)
{
	arena_release(&claims->arena);
	claims->count = 0;
}

static bool add_claim(void *context, const struct s3_entry *entry,
		      struct err *err)
{
	struct claims *claims = context;

	if (claims->count == LEASE_CLAIMS_MAX)
		return err_set(err, ERR_REMOTE,
			       "more than %d publishers want the lock",
			       LEASE_CLAIMS_MAX);
	claims->items[claims->count++] =
		(struct lease_claim){arena_strdup(&claims->arena, entry->key),
				     entry->modified_s, false};
	claims->now_s = entry->listed_s;
	return true;
}

static bool write_claim(struct s3_lock *lock, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	const struct s3_put put = {.key = lock->key,
				   .bytes = lock->owner,
				   .len = strlen(lock->owner),
				   .content_type = "text/plain"};
	int64_t before = clock_monotonic_ms();

	if (!s3_put(lock->s3, &put, &written, err))
		return err_wrap(err, "cannot claim the lock");
	lock->renewed_ms = before;
	return true;
}

/* Look once, and tidy up behind the dead. */
static bool look(struct s3_lock *lock, struct claims *claims,
		 enum lease_state *state, struct err *err)
{
	if (!s3_list(lock->s3, lock->prefix, add_claim, claims, err))
		return err_wrap(err, "cannot see who holds the lock");
	*state = lease_judge(claims->items, claims->count, lock->key,
			     claims->now_s);
	for (size_t i = 0; i < claims->count; i++) {
		if (claims->items[i].dead)
			s3_tidy(lock->s3, claims->items[i].key);
	}
	return true;
}

/* The first live claim that is not ours, or NULL. */
static const char *rival_key(const struct s3_lock *lock,
			     const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		const struct lease_claim *claim = &claims->items[i];

		if (!claim->dead && !same_text(claim->key, lock->key))
			return claim->key;
	}
	return NULL;
}

/* Whom we wait for. */
struct holder {
	char *key; /* of his claim; NULL = he has not been asked, or is mute */
	struct str words;
};

static void holder_release(struct holder *holder)
{
	free(holder->key);
	str_release(&holder->words);
	holder->key = NULL;
}

/*
 * What the owner of some other claim says of himself.  He is asked for once:
 * when time is up, there is none left for it.
 */
static const char *name_holder(struct holder *holder, struct s3_lock *lock,
			       const struct claims *claims)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};
	CLEANUP(err_release) struct err ignored = {0};
	const char *key = rival_key(lock, claims);

	if (key && holder->key && same_text(key, holder->key))
		return str_text(&holder->words);
	holder_release(holder);
	if (key && s3_find(lock->s3, key, CLAIM_SIZE_MAX, &object, &ignored) &&
	    object.body.len) {
		holder->key = xstrdup(key);
		str_add_escaped(&holder->words, str_text(&object.body),
				object.body.len);
	} else {
		str_add(&holder->words, "another publisher");
	}
	return str_text(&holder->words);
}

static bool wait_once(struct s3_lock *lock, const struct claims *claims,
		      const struct s3_lock_wait *wait, struct holder *holder,
		      unsigned int try, struct err *err)
{
	int64_t pause =
		retry_jitter_ms(S3_LOCK_WAIT_BASE_MS, S3_LOCK_WAIT_CAP_MS, try,
				random_number());

	if (try == 1)
		report_warning(wait->reporter,
			       "waiting for the lock, which %s holds",
			       name_holder(holder, lock, claims));
	/* Nothing could be tried after it. */
	if (deadline_left_ms(&wait->deadline, INT64_MAX) > pause)
		return signals_pause(pause, err);
	return err_set(err, ERR_TIMEOUT,
		       "cannot get the lock 's3://%s/%s', which %s holds",
		       lock->s3->bucket, lock->prefix,
		       name_holder(holder, lock, claims));
}

/* Who we are, as another one's message shows it. */
static char *describe_owner(void)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	return xasprintf("process %ld of host '%s'", (long)getpid(), host);
}

/* Claim the lock, if we do not already, and see what became of it. */
static bool try_once(struct s3_lock *lock, bool *claimed, struct claims *claims,
		     enum lease_state *state, struct err *err)
{
	/* Whoever keeps his claim while he waits keeps it fresh. */
	if (!(*claimed ? s3_lock_keep(lock, err) : write_claim(lock, err)) ||
	    !look(lock, claims, state, err))
		return false;
	*claimed = *state == LEASE_HELD || *state == LEASE_WAIT;
	if (*state == LEASE_YIELD)
		s3_tidy(lock->s3, lock->key);
	return true;
}

static bool take(struct s3_lock *lock, const struct s3_lock_wait *wait,
		 struct err *err)
{
	CLEANUP(free_ptr) struct claims *claims = xnew(struct claims);
	CLEANUP(holder_release) struct holder holder = {0};
	bool claimed = false, going = true, held = false;

	for (unsigned int try = 1; going && !held; try++) {
		enum lease_state state = LEASE_LOST;

		going = try_once(lock, &claimed, claims, &state, err);
		held = going && state == LEASE_HELD;
		going = going && (held || wait_once(lock, claims, wait, &holder,
						    try, err));
		claims_release(claims);
	}
	return held;
}

bool s3_lock_take(struct s3_lock *lock, struct s3 *s3, const char *prefix,
		  const struct s3_lock_wait *wait, struct err *err)
{
	lock->s3 = s3;
	lock->prefix = xasprintf("%s" S3_LOCK_PREFIX, prefix);
	lock->key = xasprintf("%s%016llx", lock->prefix,
			      (unsigned long long)random_number());
	lock->owner = describe_owner();
	return take(lock, wait, err);
}

bool s3_lock_keep(struct s3_lock *lock, struct err *err)
{
	int64_t before = lock->renewed_ms;

	if (clock_monotonic_ms() - before < (int64_t)LEASE_RENEW_S * 1000)
		return true;
	if (!write_claim(lock, err))
		return false;
	/* The old claim must have been alive when the new one came. */
	if (clock_monotonic_ms() - before < (int64_t)LEASE_S * 1000)
		return true;
	(void)err_set(err, ERR_TIMEOUT,
		      "the lock was not renewed in time, and another publisher "
		      "may have it");
	return err_hint(err, "run it again");
}

void s3_lock_release(struct s3_lock *lock)
{
	if (lock->s3 && !lock->unsettled)
		s3_tidy(lock->s3, lock->key);
	free(lock->prefix);
	free(lock->key);
	free(lock->owner);
	*lock = (struct s3_lock){0};
}
