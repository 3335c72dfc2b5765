/* How writers are kept from overwriting each other. */
#include <stdlib.h>
#include <string.h>

#include "api/s3.h"
#include "api/s3_conditions.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/hash.h"

/* The first bytes of a digest are enough to tell a few stores apart. */
#define STORE_ID_LEN 16

/*
 * The annotation names the store by its address, so that the index of one
 * store that was copied to another says nothing about that one.
 */
static char *proof_of(const struct s3 *bucket, struct err *err)
{
	char hex[SHA256_HEX_SIZE];

	if (!sha256_hex(bucket->base, strlen(bucket->base), hex, err))
		return NULL;
	return xasprintf(PUBLISH_PROOF "%.*s", STORE_ID_LEN, hex);
}

bool publish_is_proved(const struct s3 *bucket, const struct chartindex *index,
		       bool *proved, struct err *err)
{
	CLEANUP(free_ptr) char *proof = proof_of(bucket, err);
	CLEANUP(arena_release) struct arena arena = {0};

	if (!proof)
		return false;
	*proved = chartindex_annotation(index, proof, &arena) != NULL;
	return true;
}

/* Does the index, which was read, say so of this store? */
static bool find_proof(struct publish_run *run, bool *proved, struct err *err)
{
	struct chartindex *index;

	if (!publish_open_index(run, &index, err))
		return err_wrap(err, "cannot enter the index of '%s'",
				run->publish->repo->address);
	return publish_is_proved(run->bucket, index, proved, err);
}

static bool prove(struct publish_run *run, struct err *err)
{
	if (s3_prove_conditions(run->bucket, run->publish->repo->prefix, err))
		return true;
	if (!err->temporary && err->kind == ERR_REMOTE)
		(void)err_hint(err, "publishers would lose each other's "
				    "entries there; give all of them "
				    "'--lock object'");
	return false;
}

static bool take_lock(struct publish_run *run, bool proved, struct err *err)
{
	const struct s3_lock_wait wait = {run->publish->deadline,
					  run->publish->reporter};

	/* What honours conditions gets them too, as others may rely on them. */
	run->publish->repo->unconditional = !proved;
	run->index_read = false;
	return s3_lock_take(&run->lock, run->bucket, run->publish->repo->prefix,
			    &wait, err);
}

bool publish_guard(struct publish_run *run, struct err *err)
{
	enum publish_lock lock = run->publish->lock;
	bool proved = false;

	if (!run->bucket) {
		if (lock != PUBLISH_LOCK_OBJECT)
			return true;
		return err_set(err, ERR_USAGE,
			       "a lock object is for s3:// only, not for '%s'",
			       run->publish->repo->address);
	}
	/* The first request settles where the bucket is. */
	if (!publish_read_index(run, err) || !find_proof(run, &proved, err))
		return false;
	if (lock == PUBLISH_LOCK_OBJECT)
		return take_lock(run, proved, err);
	if (proved && lock == PUBLISH_LOCK_AUTO)
		return true;
	if (!prove(run, err))
		return false;
	run->proof = proof_of(run->bucket, err);
	return run->proof != NULL;
}

bool publish_keep_lock(struct publish_run *run, struct err *err)
{
	return !run->lock.s3 || s3_lock_keep(&run->lock, err);
}

/* As s3_put() says: then nobody knows how the write ended. */
static bool is_open(const struct err *failure)
{
	return failure->temporary || failure->kind == ERR_INTERRUPTED ||
	       failure->kind == ERR_TIMEOUT;
}

void publish_settle(struct publish_run *run, bool done, const struct err *err)
{
	run->lock.unsettled =
		!done && run->publish->repo->unconditional && is_open(err);
}
