#include "api/s3_conditions.h"

#include <stdlib.h>
#include <string.h>

#include "api/s3.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"

#define NO_SUCH_STATE "\"00000000000000000000000000000000\""

static bool refuse(const struct s3 *s3, const char *why, struct err *err)
{
	return err_set(err, ERR_REMOTE,
		       "the store of bucket '%s' does not honour conditional "
		       "writes: %s",
		       s3->bucket, why);
}

/* What the store calls an error is a condition that it does not know. */
static bool judge_failure(const struct s3 *s3, const struct err *failure,
			  struct err *err)
{
	int status = failure->status;

	if (status == 400 || status == 405 || status == 501)
		return refuse(s3, failure->text, err);
	return err_copy(err, failure);
}

static bool try_one(struct s3 *s3, const struct s3_put *put, const char *why,
		    struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	CLEANUP(err_release) struct err failure = {0};

	if (!s3_put(s3, put, &written, &failure))
		return judge_failure(s3, &failure, err);
	return written.outcome != S3_WRITTEN || refuse(s3, why, err);
}

struct race {
	size_t winners;
	size_t unclear; /* lost, but perhaps to a try of their own */
};

static bool judge_racer(const struct s3 *s3, const struct s3_task *racer,
			struct race *race, struct err *err)
{
	if (racer->failure.kind != ERR_NONE)
		return judge_failure(s3, &racer->failure, err);
	if (racer->written.outcome == S3_WRITTEN)
		race->winners++;
	else if (racer->written.unclear)
		race->unclear++;
	return true;
}

/* S3_RACERS times @put at once: one of them may succeed. */
static bool try_race(struct s3 *s3, const struct s3_put *put, const char *what,
		     struct err *err)
{
	struct s3_task racers[S3_RACERS] = {0};
	struct race race = {0};
	bool done;

	for (size_t i = 0; i < S3_RACERS; i++)
		racers[i] = (struct s3_task){
			.verb = S3_PUT, .key = put->key, .put = put};
	done = s3_do_all(s3, racers, S3_RACERS, err);
	for (size_t i = 0; i < S3_RACERS; i++) {
		done = done && judge_racer(s3, &racers[i], &race, err);
		s3_task_release(&racers[i]);
	}
	if (!done)
		return false;
	if (race.winners > 1)
		return err_set(err, ERR_REMOTE,
			       "the store of bucket '%s' does not honour "
			       "conditional writes: of %d %s at once, %zu "
			       "succeeded",
			       s3->bucket, S3_RACERS, what, race.winners);
	if (race.winners || race.unclear)
		return true;
	return err_set(err, ERR_REMOTE,
		       "the store of bucket '%s' does not honour conditional "
		       "writes: of %d %s at once, none succeeded",
		       s3->bucket, S3_RACERS, what);
}

static bool try_creating(struct s3 *s3, const char *key, struct err *err)
{
	const struct s3_put put = {.key = key,
				   .bytes = "create",
				   .len = strlen("create"),
				   .condition = S3_IF_ABSENT};

	return try_race(s3, &put, "creates", err) &&
	       try_one(s3, &put,
		       "a second create ('If-None-Match: *') of the same "
		       "object succeeded",
		       err);
}

static bool try_swapping(struct s3 *s3, const char *key, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};
	struct s3_put put = {.key = key,
			     .bytes = "swap",
			     .len = strlen("swap"),
			     .condition = S3_IF_MATCH,
			     .etag = NO_SUCH_STATE};

	if (!try_one(s3, &put,
		     "a swap ('If-Match') of a state that the object does "
		     "not have succeeded",
		     err) ||
	    !s3_stat(s3, key, &object, err))
		return false;
	if (!object.found || is_blank(object.etag))
		return refuse(s3, "an object that was created has no ETag",
			      err);
	put.etag = object.etag;
	return try_race(s3, &put, "swaps", err);
}

bool s3_prove_conditions(struct s3 *s3, const char *prefix, struct err *err)
{
	CLEANUP(free_ptr) char *key =
		xasprintf("%s" S3_PROBE_PREFIX "%016llx", prefix,
			  (unsigned long long)random_number());
	bool proved = try_creating(s3, key, err) && try_swapping(s3, key, err);

	/* A right that is missing leaves a few bytes behind, no more. */
	s3_tidy(s3, key);
	return proved || err_wrap(err, "cannot prove conditional writes");
}
