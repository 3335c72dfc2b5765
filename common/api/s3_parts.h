/*
 * What the parts of api/s3 share: s3.c single objects, s3_list.c listings,
 * s3_many.c many objects at once, s3_address.c the bucket's address,
 * s3_writing.c how objects are written.
 */
#ifndef API_S3_PARTS_H
#define API_S3_PARTS_H

#include <stdbool.h>

#include "api/s3.h"

struct str;

/*
 * A request on the bucket itself; nothing but its URL differs for keys.
 * Errors: those of s3_locate().
 */
bool s3_prepare(struct s3 *s3, const char *method, struct http_request *request,
		struct err *err) MUST_CHECK;

/* Make @err of a reply; @action is the right that the request needs. */
bool s3_fail(struct s3 *s3, const struct http_request *request,
	     const struct http_reply *reply, const char *action,
	     const char *key, struct err *err);

/* The halves of s3_put() and s3_delete(), as s3_prepare_get() is of finding. */
bool s3_prepare_put(struct s3 *s3, const struct s3_put *put,
		    struct http_request *request, struct err *err) MUST_CHECK;
bool s3_take_written(struct s3 *s3, const struct s3_put *put,
		     const struct http_request *request,
		     const struct http_reply *reply, struct s3_written *written,
		     struct err *err) MUST_CHECK;
bool s3_prepare_delete(struct s3 *s3, const char *key, const char *etag,
		       struct http_request *request, struct err *err)
	MUST_CHECK;
bool s3_take_deleted(struct s3 *s3, const char *key, const char *etag,
		     const struct http_request *request,
		     const struct http_reply *reply, enum s3_outcome *outcome,
		     struct err *err) MUST_CHECK;

/* --- how objects are written (s3_writing.c) --------------------------------- */

#define S3_SSE_HEADER	  "x-amz-server-side-encryption"
#define S3_SSE_KEY_HEADER S3_SSE_HEADER "-aws-kms-key-id"
#define S3_ACL_HEADER	  "x-amz-acl"

/* What is asked of S3 with every write, and needs a right of its own. */
bool s3_sets_acl(const struct s3 *s3);
bool s3_uses_kms(const struct s3 *s3);

/* Append what that right on the key is called. */
void s3_add_kms_right(struct str *out, const struct s3 *s3);

/* Append what writing takes beside s3:PutObject: ", s3:PutObjectAcl ..." */
void s3_add_write_rights(struct str *out, const struct s3 *s3);

/* --- where the bucket is (s3_address.c) ------------------------------------- */

/*
 * Choose endpoint and style by the settings.  The settings and the bucket
 * are there already.
 * Errors: INPUT (not a bucket's name, an endpoint or a style).
 */
bool s3_choose_address(struct s3 *s3, struct err *err) MUST_CHECK;

/* See to it that @s3->base is there.  Errors: those of aws_region_get(). */
bool s3_locate(struct s3 *s3, struct err *err) MUST_CHECK;

/*
 * Take the bucket's region from @reply, a refusal, and change the URL of
 * @request, whose signature is to be made anew.  False if that is no news.
 * A redirect is never followed to where it points: AWS's address in that
 * region is ours to build, and another endpoint stays what it is.
 */
bool s3_learn_region(struct s3 *s3, struct http_request *request,
		     const struct http_reply *reply);

#endif
