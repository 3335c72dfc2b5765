/*
 * S3: objects of one bucket, with conditional writes.
 *
 *	CLEANUP(s3_release) struct s3 s3 = {0};
 *	CLEANUP(s3_object_release) struct s3_object index = {0};
 *	CLEANUP(s3_written_release) struct s3_written written = {0};
 *
 *	if (!s3_open(&s3, &http, env, "charts", err))
 *		return false;
 *	if (!s3_find(&s3, "stable/index.yaml", LIMIT, &index, err))
 *		return false;
 *	put.condition = index.found ? S3_IF_MATCH : S3_IF_ABSENT;
 *	put.etag = index.etag;
 *	if (!s3_put(&s3, &put, &written, err))
 *		return false;
 *	switch (written.outcome) ...
 *
 * Any server that speaks S3's API: AWS or, where api/aws.h finds an endpoint
 * in the settings, another one.  The bucket is in the host's name at AWS and
 * in the path elsewhere; AWS_S3_ADDRESSING_STYLE, else addressing_style below
 * "s3 =" in the profile, says otherwise (path, virtual, auto).  A bucket that
 * cannot be one label of a name, and one at an address of numbers, is always
 * in the path.
 *
 * Requests are signed by api/aws.  A wrong clock, a wrong region and
 * credentials that have expired are learnt from the first answer that tells,
 * and the request signed and sent again; a redirect is never followed to the
 * place that it names.
 *
 * Keys are bytes of UTF-8 without a leading slash, at most S3_KEY_MAX.
 *
 * Errors of all calls: DENIED (401, 403; the hint names the right that is
 * missing), NOT_FOUND (no such bucket), REMOTE (with S3's code and message),
 * and those of aws_credentials_get() and http_send().
 *
 * Source: Amazon S3 API Reference; User Guide, "How to prevent object
 * overwrites with conditional writes".
 */
#ifndef API_S3_H
#define API_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/aws.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"

struct env;
struct http;
struct http_reply;
struct http_request;

#define S3_BUCKET_MAX	 255
#define S3_KEY_MAX	 1024		     /* bytes; S3's own limit */
#define S3_OBJECT_MAX	 ((size_t)512 << 20) /* where a caller sets none */
#define S3_PAGES_MAX	 10000		     /* of 1,000 keys, in one listing */
#define S3_PAGE_SIZE_MAX ((size_t)16 << 20)  /* bytes of one page */

/* The bucket and how it is reached. */
struct s3 {
	struct http *http; /* borrowed */
	struct aws aws;
	char *bucket;
	char *base; /* URL of the bucket, no slash at the end; NULL = not yet */
	bool custom_endpoint;
	bool in_path; /* of AWS's URL is the bucket, not in its host */
	bool region_learnt;
	char *wrong_base; /* before the bucket's region was learnt, or NULL */
	struct strvec write_headers; /* see s3_set_writing() */
	bool lacks_right; /* there was a refusal, for want of a right */
};

/*
 * Nothing is sent yet.  @http and @env are borrowed for the life of @s3.
 * Errors: INPUT (not a bucket's name, an http or https endpoint, or a style)
 * and those of aws_open().
 */
bool s3_open(struct s3 *s3, struct http *http, const struct env *env,
	     const char *bucket, struct err *err) MUST_CHECK;

/* What every object that is written gets; NULL = the bucket's own default. */
struct s3_writing {
	const char *sse; /* AES256, aws:kms, aws:kms:dsse */
	const char *sse_kms_key_id;
	const char *acl; /* a canned one: bucket-owner-full-control */
};

/*
 * Texts are copied.  Errors: USAGE (a key without aws:kms; an encryption or an
 * ACL that S3 does not know).
 */
bool s3_set_writing(struct s3 *s3, const struct s3_writing *writing,
		    struct err *err) MUST_CHECK;

/* Does it ask for anything? */
bool s3_writing_is_set(const struct s3_writing *writing);

/* An object, or the knowledge that there is none. */
struct s3_object {
	bool found;
	bool unchanged;	 /* of s3_find_changed(): nothing else is filled in */
	struct str body; /* empty after s3_stat() */
	char *etag;	 /* with its quotes; opaque */
	char *content_type;
	struct strvec metadata; /* "name: value", without x-amz-meta- */
	int64_t size;
	int64_t modified_s; /* seconds since the epoch; 0 = not told */
};

/*
 * Read an object of at most @limit bytes (0 = S3_OBJECT_MAX).  That there is
 * none is an answer: found is false.
 */
bool s3_find(struct s3 *s3, const char *key, size_t limit,
	     struct s3_object *object, struct err *err) MUST_CHECK;

/* The same, but nothing is read if the object is still the one of @etag. */
bool s3_find_changed(struct s3 *s3, const char *key, size_t limit,
		     const char *etag, struct s3_object *object,
		     struct err *err) MUST_CHECK;

/*
 * The same, but only bytes @start to @end (not included), or fewer where it
 * ends before.  A store may give all of it.
 */
bool s3_find_part(struct s3 *s3, const char *key, size_t start, size_t end,
		  struct s3_object *object, struct err *err) MUST_CHECK;

/* The same for an object that must be there.  Errors also: NOT_FOUND. */
bool s3_get(struct s3 *s3, const char *key, size_t limit,
	    struct s3_object *object, struct err *err) MUST_CHECK;

/* All but the body (a HEAD request). */
bool s3_stat(struct s3 *s3, const char *key, struct s3_object *object,
	     struct err *err) MUST_CHECK;

/*
 * The two halves of s3_find(), for many at once by http_run(): fill
 * @request, which borrows @s3; then understand @reply to it, whose body
 * moves to @object.
 */
bool s3_prepare_get(struct s3 *s3, const char *key, size_t limit,
		    struct http_request *request, struct err *err) MUST_CHECK;
bool s3_take_reply(struct s3 *s3, const char *key,
		   const struct http_request *request, struct http_reply *reply,
		   struct s3_object *object, struct err *err) MUST_CHECK;

enum s3_condition {
	S3_ALWAYS,    /* replace whatever is there */
	S3_IF_ABSENT, /* If-None-Match: *  (create only) */
	S3_IF_MATCH,  /* If-Match: etag    (compare and swap) */
};

/* What to write; strings are borrowed. */
struct s3_put {
	const char *key;
	const char *bytes;
	size_t len;
	const char *content_type;  /* NULL = application/octet-stream */
	const char *cache_control; /* NULL = none */
	struct strvec metadata;	   /* "name: value"; released by the caller */
	enum s3_condition condition;
	const char *etag; /* for S3_IF_MATCH, as read */
};

enum s3_outcome {
	S3_WRITTEN,
	/*
	 * The condition did not hold: an object is there (IF_ABSENT), or it
	 * has another ETag or is gone (IF_MATCH).  Read again and decide.
	 */
	S3_NOT_MET,
	/* Another write was under way (409); read again and repeat. */
	S3_RACED,
};

struct s3_written {
	enum s3_outcome outcome;
	char *etag; /* owned; of the new object, NULL if the store is silent */
	/*
	 * An earlier try was sent and its answer lost, so that S3_NOT_MET
	 * may be about our own write: the caller reads and compares before
	 * he calls it a conflict.
	 */
	bool unclear;
};

/*
 * Write an object.  Tries without an answer are repeated (see unclear).  A
 * failure of kind UNREACHABLE, TIMEOUT, REMOTE or INTERRUPTED leaves open
 * whether the write took effect, now or a little later.
 */
bool s3_put(struct s3 *s3, const struct s3_put *put, struct s3_written *written,
	    struct err *err) MUST_CHECK;

/*
 * Delete an object; none there is fine.  With @etag (NULL = any) only that
 * state of it: *@outcome tells, S3_WRITTEN = gone.
 */
bool s3_delete(struct s3 *s3, const char *key, const char *etag,
	       enum s3_outcome *outcome, struct err *err) MUST_CHECK;

#define S3_TIDY_MS 3000

/*
 * Delete what was only for this run.  Where a signal has come, or less time is
 * left, that is one more try of S3_TIDY_MS; what fails is a debug line.
 */
void s3_tidy(struct s3 *s3, const char *key);

/* One line of a listing; borrowed for the call. */
struct s3_entry {
	const char *key;
	const char *etag;
	int64_t size;
	int64_t modified_s;
	int64_t listed_s; /* now, by the server's clock; 0 = not told */
};

/*
 * Call @each for every object whose key starts with @prefix, in the order
 * of keys.  @each gives false, with err set, to end it.
 * Errors also: REMOTE (not a listing; over S3_PAGES_MAX).
 */
bool s3_list(struct s3 *s3, const char *prefix,
	     bool (*each)(void *context, const struct s3_entry *entry,
			  struct err *err),
	     void *context, struct err *err) MUST_CHECK;

/* --- many at once ---------------------------------------------------------- */

#define S3_JOBS 16 /* requests at once */

/*
 * What is to be done with one object, and what became of it.  Each may fail
 * on its own: then @failure is set, and the others go on.
 */
struct s3_task {
	enum s3_verb {
		S3_GET,
		S3_PUT,
		S3_DELETE,
	} verb;
	const char *key; /* borrowed */
	size_t limit;	 /* S3_GET: of bytes, as in s3_find() */
	/* Of S3_PUT; its key is not looked at.  Borrowed. */
	const struct s3_put *put;

	struct s3_object object;   /* S3_GET */
	struct s3_written written; /* S3_PUT; S3_DELETE: its outcome */
	struct err failure;
};

/*
 * Carry out @tasks, S3_JOBS at once on kept connections.
 * Errors: INTERRUPTED; those of single tasks are in them.
 */
bool s3_do_all(struct s3 *s3, struct s3_task *tasks, size_t count,
	       struct err *err) MUST_CHECK;

void s3_task_release(struct s3_task *task);

void s3_object_release(struct s3_object *object);
void s3_written_release(struct s3_written *written);
void s3_release(struct s3 *s3);

#endif
