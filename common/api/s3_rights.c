#include "api/s3_rights.h"

#include <inttypes.h>

#include "api/s3.h"
#include "api/s3_conditions.h"
#include "api/s3_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "base/strvec.h"

#define NO_SUCH_STATE "\"00000000000000000000000000000000\""

static bool ignore_entry(void *context, const struct s3_entry *entry,
			 struct err *err)
{
	(void)context;
	(void)entry;
	(void)err;
	return true;
}

static bool try_list(struct s3 *s3, const char *key, struct err *err)
{
	return s3_list(s3, key, ignore_entry, NULL, err);
}

static bool try_get(struct s3 *s3, const char *key, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	return s3_stat(s3, key, &object, err);
}

static bool try_delete(struct s3 *s3, const char *key, struct err *err)
{
	enum s3_outcome outcome;

	return s3_delete(s3, key, NO_SUCH_STATE, &outcome, err);
}

static bool try_put(struct s3 *s3, const char *key, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	const struct s3_put put = {
		.key = key,
		.bytes = "",
		.condition = S3_IF_MATCH,
		.etag = NO_SUCH_STATE,
	};
	enum s3_outcome outcome;

	if (!s3_put(s3, &put, &written, err))
		return false;
	return written.outcome != S3_WRITTEN ||
	       s3_delete(s3, key, NULL, &outcome, err);
}

/* The same with only those of the headers that are called @name; NULL: none. */
static bool try_put_with(struct s3 *s3, const char *key, const char *name,
			 struct err *err)
{
	struct strvec all = s3->write_headers;
	CLEANUP(strvec_release) struct strvec some = {0};
	bool done;

	for (size_t i = 0; i < all.count && name; i++)
		if (starts_with(all.items[i], name))
			strvec_add(&some, all.items[i]);
	s3->write_headers = some;
	done = try_put(s3, key, err);
	s3->write_headers = all;
	return done;
}

/* Is that write denied?  Any other failure stays in @failure, and ends it. */
static bool is_denied(struct s3 *s3, const char *key, const char *name,
		      struct err *failure)
{
	if (failure->kind != ERR_NONE || try_put_with(s3, key, name, failure) ||
	    failure->kind != ERR_DENIED)
		return false;
	err_release(failure);
	return true;
}

/* A write was denied: of all that it asks for, or a part of it? */
static unsigned int find_denied(struct s3 *s3, const char *key,
				struct err *failure)
{
	unsigned int asked = (s3_sets_acl(s3) ? S3_MAY_PUT_ACL : 0) |
			     (s3_uses_kms(s3) ? S3_MAY_ENCRYPT : 0);
	unsigned int denied = 0;

	if (!asked || is_denied(s3, key, NULL, failure))
		return S3_MAY_PUT | asked;
	if ((asked & S3_MAY_PUT_ACL) &&
	    is_denied(s3, key, S3_ACL_HEADER, failure))
		denied |= S3_MAY_PUT_ACL;
	if ((asked & S3_MAY_ENCRYPT) &&
	    is_denied(s3, key, S3_SSE_HEADER, failure))
		denied |= S3_MAY_ENCRYPT;
	return denied ? denied : S3_MAY_PUT | asked;
}

static const struct {
	enum s3_right right;
	const char *action;
	const char *folder; /* below the prefix */
	bool (*try)(struct s3 *s3, const char *key, struct err *err);
} trials[] = {
	{S3_MAY_LIST, "s3:ListBucket", "", try_list},
	{S3_MAY_GET, "s3:GetObject", "", try_get},
	{S3_MAY_PUT, "s3:PutObject", "", try_put},
	{S3_MAY_TIDY, "s3:DeleteObject", S3_PRIVATE_PREFIX, try_delete},
	{S3_MAY_DELETE_CHARTS, "s3:DeleteObject", "", try_delete},
};

/* What a write may leave behind, if it is killed, lies with the probes. */
static char *make_key(const char *prefix, const char *known,
		      enum s3_right right, unsigned int denied)
{
	if (right == S3_MAY_GET && (denied & S3_MAY_LIST))
		return xasprintf("%s%s", prefix, known);
	return xasprintf("%s%s%016" PRIx64, prefix,
			 right == S3_MAY_DELETE_CHARTS ? "" : S3_PROBE_PREFIX,
			 random_number());
}

/* Which rights does number @i of the trials find to be denied?  0 = none. */
static bool try_right(struct s3 *s3, const char *key, size_t i,
		      unsigned int *denied, struct str *said, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	*denied = 0;
	s3->lacks_right = false;
	if (trials[i].try(s3, key, &failure))
		return true;
	if (failure.kind == ERR_DENIED && s3->lacks_right) {
		if (!said->len)
			str_add(said, failure.text);
		err_release(&failure);
		*denied = trials[i].right;
		if (*denied == S3_MAY_PUT)
			*denied = find_denied(s3, key, &failure);
	}
	if (failure.kind == ERR_NONE)
		return true;
	err_move(err, &failure);
	return false;
}

bool s3_find_missing_rights(struct s3 *s3, const char *prefix,
			    const char *known, unsigned int wanted,
			    unsigned int *missing, struct str *said,
			    struct err *err)
{
	unsigned int all = 0, denied = 0;

	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		enum s3_right right = trials[i].right;
		CLEANUP(free_ptr) char *key =
			make_key(prefix, known, right, denied);
		unsigned int found;

		if (!(wanted & right))
			continue;
		if (!try_right(s3, key, i, &found, said, err))
			return false;
		all |= right;
		denied |= found;
	}
	if ((denied & all) != all)
		str_clear(said);
	*missing = denied;
	return true;
}

void s3_list_rights(struct strvec *list, const struct s3 *s3,
		    const char *prefix, unsigned int rights)
{
	struct str kms = {0};

	if (rights & S3_MAY_ENCRYPT) {
		s3_add_kms_right(&kms, s3);
		strvec_add_take(list, str_detach(&kms));
	}
	if (rights & S3_MAY_PUT_ACL)
		strvec_addf(list, "s3:PutObjectAcl on 's3://%s/%s'", s3->bucket,
			    prefix);
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		bool unsure =
			trials[i].right == S3_MAY_GET && (rights & S3_MAY_LIST);

		if (rights & trials[i].right)
			strvec_addf(list, "%s on 's3://%s/%s%s'%s",
				    trials[i].action, s3->bucket, prefix,
				    trials[i].folder,
				    unsure ? " (or nothing is there yet)" : "");
	}
}
