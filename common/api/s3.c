#include "api/s3.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/s3_parts.h"
#include "api/xml.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/signals.h"

#define METADATA_PREFIX "x-amz-meta-"

/* --- the bucket ------------------------------------------------------------ */

bool s3_open(struct s3 *s3, struct http *http, const struct env *env,
	     const char *bucket, struct err *err)
{
	CLEANUP(s3_release) struct s3 opened = {.http = http};

	opened.bucket = xstrdup(bucket);
	if (!aws_open(&opened.aws, http, env, err) ||
	    !s3_choose_address(&opened, err))
		return false;
	*s3 = opened;
	opened = (struct s3){0};
	return true;
}

void s3_release(struct s3 *s3)
{
	aws_release(&s3->aws);
	free(s3->bucket);
	free(s3->base);
	free(s3->wrong_base);
	strvec_release(&s3->write_headers);
	*s3 = (struct s3){0};
}

/* --- what S3 says of a failure --------------------------------------------- */

struct complaint {
	struct str code;
	struct str message;
};

static void complaint_release(struct complaint *complaint)
{
	str_release(&complaint->code);
	str_release(&complaint->message);
	*complaint = (struct complaint){0};
}

/* Empty if the body is not S3's: a proxy's page, or a reply to HEAD. */
static void read_complaint(struct complaint *complaint,
			   const struct http_reply *reply)
{
	const char *text = str_text(&reply->body);
	CLEANUP(xml_release) struct xml xml = {.at = text,
					       .end = text + reply->body.len};

	while (xml_next(&xml)) {
		const char *path = str_text(&xml.path);

		if (same_text(path, "Error/Code"))
			str_add(&complaint->code, str_text(&xml.text));
		else if (same_text(path, "Error/Message"))
			str_add(&complaint->message, str_text(&xml.text));
	}
	if (xml.broken)
		complaint_release(complaint);
}

static bool complains(const struct http_reply *reply, const char *code)
{
	CLEANUP(complaint_release) struct complaint complaint = {0};

	read_complaint(&complaint, reply);
	return same_text(str_text(&complaint.code), code);
}

/* What to do about it; and a kind where the status alone misleads. */
static const struct advice {
	const char *code;
	enum err_kind kind; /* NONE: as the status says */
	const char *hint;
	bool names_source; /* of the credentials */
} advices[] = {
	{"InvalidAccessKeyId", ERR_DENIED, "check the access key", true},
	{"XAdminUserNotFound", ERR_DENIED, "check the access key", true},
	{"SignatureDoesNotMatch", ERR_NONE, "check the secret access key",
	 true},
	{"ExpiredToken", ERR_DENIED, "get new temporary credentials", true},
	{"InvalidToken", ERR_DENIED, "check the session token", true},
	{"InvalidTokenId", ERR_DENIED, "check the session token", true},
	{"RequestTimeTooSkewed", ERR_NONE, "set this machine's clock", false},
	{"AuthorizationHeaderMalformed", ERR_INPUT,
	 "set AWS_REGION to the bucket's region", false},
	{"PermanentRedirect", ERR_INPUT,
	 "set AWS_REGION to the bucket's region", false},
	{"NoSuchBucket", ERR_NONE, "make the bucket, or name another one",
	 false},
	{"NotImplemented", ERR_NONE,
	 "the store lacks an operation that is needed", false},
};

static bool advise_by_code(const char *code, const char *source,
			   struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		const struct advice *advice = &advices[i];

		if (!same_text(advice->code, code))
			continue;
		if (advice->kind != ERR_NONE)
			err->kind = advice->kind;
		err_hint(err, "%s%s%s", advice->hint,
			 advice->names_source ? "; the credentials come from "
					      : "",
			 advice->names_source ? source : "");
		return true;
	}
	return false;
}

static void advise(struct s3 *s3, const char *code, const char *action,
		   const char *key, struct err *err)
{
	CLEANUP(str_release) struct str source = {0}, more = {0};

	aws_add_source(&source, &s3->aws);
	if (advise_by_code(code, str_text(&source), err) || err->status != 403)
		return;
	s3->lacks_right = true;
	if (same_text(action, "s3:PutObject"))
		s3_add_write_rights(&more, s3);
	err_hint(err,
		 "the credentials, which come from %s, need %s on "
		 "'s3://%s/%s'%s%s",
		 str_text(&source), action, s3->bucket, key,
		 same_text(action, "s3:GetObject")
			 ? ", and s3:ListBucket to be told of what is not "
			   "there; of what is encrypted by a KMS key, "
			   "kms:Decrypt on that"
			 : "",
		 str_text(&more));
}

bool s3_fail(struct s3 *s3, const struct http_request *request,
	     const struct http_reply *reply, const char *action,
	     const char *key, struct err *err)
{
	CLEANUP(complaint_release) struct complaint complaint = {0};
	CLEANUP(str_release) struct str words = {0};

	read_complaint(&complaint, reply);
	if (complaint.code.len)
		str_add_escaped(&words, complaint.code.buf, complaint.code.len);
	if (complaint.code.len && complaint.message.len)
		str_add(&words, ": ");
	if (complaint.message.len)
		str_add_escaped(&words, complaint.message.buf,
				complaint.message.len);
	http_fail(request, reply, words.len ? str_text(&words) : NULL, err);
	if (aws_is_passing(str_text(&complaint.code)))
		return err_temporary(err, true);
	advise(s3, str_text(&complaint.code), action, key, err);
	return false;
}

/* Of a 4xx: S3 was busy, or the request came too slowly to be acted on. */
static bool is_passing(const struct http_reply *reply)
{
	CLEANUP(complaint_release) struct complaint complaint = {0};

	if (reply->status != 400 && reply->status != 403)
		return false;
	read_complaint(&complaint, reply);
	return aws_is_passing(str_text(&complaint.code));
}

/* --- requests -------------------------------------------------------------- */

static bool sign(void *context, struct http_request *request, struct err *err)
{
	struct s3 *s3 = context;
	struct aws_signing signing = {
		.service = "s3",
		.now_s = aws_now_s(&s3->aws),
		.path = AWS_PATH_AS_IS,
		.send_payload_hash = true,
	};

	return aws_region_get(&s3->aws, &signing.region, err) &&
	       aws_credentials_get(&s3->aws, &signing.credentials, err) &&
	       aws_sign(&signing, request, err);
}

/* A reply to HEAD has no words, but it has a date. */
static bool learn_clock(struct s3 *s3, const struct http_request *request,
			const struct http_reply *reply)
{
	if (reply->status != 403)
		return false;
	if (same_text(request->method, "HEAD"))
		return aws_learn_clock(&s3->aws, reply);
	if (!complains(reply, "RequestTimeTooSkewed"))
		return false;
	(void)aws_learn_clock(&s3->aws, reply);
	return s3->aws.clock_learnt;
}

/*
 * Credentials that ended before their time, or by a clock not ours.  To HEAD
 * there are no words, and hardly another reason for it.
 */
static bool learn_expiry(struct s3 *s3, const struct http_request *request,
			 const struct http_reply *reply)
{
	return reply->status == 400 &&
	       (same_text(request->method, "HEAD") ||
		complains(reply, "ExpiredToken")) &&
	       aws_credentials_drop(&s3->aws, request);
}

static bool learn(void *context, struct http_request *request,
		  const struct http_reply *reply)
{
	struct s3 *s3 = context;

	return s3_learn_region(s3, request, reply) ||
	       learn_clock(s3, request, reply) ||
	       learn_expiry(s3, request, reply);
}

/* Segments of dots would be resolved by some servers and not by others. */
static bool check_key(const char *key, struct err *err)
{
	CLEANUP(strvec_release) struct strvec segments = {0};
	size_t len = strlen(key);

	if (len == 0 || len > S3_KEY_MAX || key[0] == '/')
		return err_set(err, ERR_INPUT,
			       "'%s' cannot be the key of an S3 object: it "
			       "must have 1 to %d bytes and not start with a "
			       "slash",
			       key, S3_KEY_MAX);
	strvec_split(&segments, key, '/');
	if (strvec_has(&segments, ".") || strvec_has(&segments, ".."))
		return err_set(err, ERR_INPUT,
			       "'%s' cannot be the key of an S3 object: it "
			       "has a segment of dots",
			       key);
	return true;
}

bool s3_prepare(struct s3 *s3, const char *method, struct http_request *request,
		struct err *err)
{
	if (!s3_locate(s3, err))
		return false;
	request->method = method;
	request->no_redirects = true;
	request->before_try = sign;
	request->again = learn;
	request->is_passing = is_passing;
	request->context = s3;
	str_add(&request->url, s3->base);
	return true;
}

static bool prepare_key(struct s3 *s3, const char *method, const char *key,
			struct http_request *request, struct err *err)
{
	if (!check_key(key, err) || !s3_prepare(s3, method, request, err))
		return false;
	str_add_char(&request->url, '/');
	url_encode(&request->url, key, strlen(key), "/");
	return true;
}

/* --- reading --------------------------------------------------------------- */

void s3_object_release(struct s3_object *object)
{
	str_release(&object->body);
	free(object->etag);
	free(object->content_type);
	strvec_release(&object->metadata);
	*object = (struct s3_object){0};
}

static void take_metadata(struct s3_object *object,
			  const struct http_reply *reply)
{
	for (size_t i = 0; i < reply->headers.count; i++) {
		const char *line = reply->headers.items[i];
		size_t prefix = strlen(METADATA_PREFIX);

		if (strncasecmp(line, METADATA_PREFIX, prefix) == 0)
			strvec_add(&object->metadata, line + prefix);
	}
}

static int64_t size_of(const struct http_request *request,
		       const struct http_reply *reply)
{
	const char *length = http_header(reply, "Content-Length");
	int64_t size;

	if (!same_text(request->method, "HEAD"))
		return (int64_t)reply->body.len;
	return length && num_parse_range(length, 0, INT64_MAX, &size) ? size
								      : 0;
}

static void take_object(struct s3_object *object,
			const struct http_request *request,
			struct http_reply *reply)
{
	const char *modified = http_header(reply, "Last-Modified");

	object->found = true;
	object->etag = xstrdup_or_null(http_header(reply, "ETag"));
	object->content_type =
		xstrdup_or_null(http_header(reply, "Content-Type"));
	object->size = size_of(request, reply);
	if (modified && !clock_parse_http_date(modified, &object->modified_s))
		object->modified_s = 0;
	take_metadata(object, reply);
	object->body = reply->body;
	reply->body = (struct str){0};
}

/*
 * A 404 means that there is no such object only where S3 itself says so: a
 * missing bucket and a proxy's page are something else.
 */
static bool is_absent(const struct http_request *request,
		      const struct http_reply *reply)
{
	return reply->status == 404 && (same_text(request->method, "HEAD") ||
					complains(reply, "NoSuchKey"));
}

bool s3_take_reply(struct s3 *s3, const char *key,
		   const struct http_request *request, struct http_reply *reply,
		   struct s3_object *object, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object taken = {0};

	if (reply->status == 200 || reply->status == 206)
		take_object(&taken, request, reply);
	else if (reply->status == 304)
		taken.found = taken.unchanged = true;
	else if (!is_absent(request, reply))
		return s3_fail(s3, request, reply, "s3:GetObject", key, err);
	s3_object_release(object);
	*object = taken;
	taken = (struct s3_object){0};
	return true;
}

bool s3_prepare_get(struct s3 *s3, const char *key, size_t limit,
		    struct http_request *request, struct err *err)
{
	if (!prepare_key(s3, "GET", key, request, err))
		return false;
	request->reply_limit = limit ? limit : S3_OBJECT_MAX;
	return true;
}

static bool send_and_take(struct s3 *s3, const char *key,
			  struct http_request *request,
			  struct s3_object *object, struct err *err)
{
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return http_send(s3->http, request, &reply, err) &&
	       s3_take_reply(s3, key, request, &reply, object, err);
}

bool s3_find_part(struct s3 *s3, const char *key, size_t start, size_t end,
		  struct s3_object *object, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};

	if (!s3_prepare_get(s3, key, 0, &request, err))
		return false;
	strvec_addf(&request.headers, "Range: bytes=%zu-%zu", start, end - 1);
	return send_and_take(s3, key, &request, object, err);
}

bool s3_find_changed(struct s3 *s3, const char *key, size_t limit,
		     const char *etag, struct s3_object *object,
		     struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};

	if (!s3_prepare_get(s3, key, limit, &request, err))
		return false;
	strvec_addf(&request.headers, "If-None-Match: %s", etag);
	return send_and_take(s3, key, &request, object, err);
}

bool s3_find(struct s3 *s3, const char *key, size_t limit,
	     struct s3_object *object, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};

	return s3_prepare_get(s3, key, limit, &request, err) &&
	       send_and_take(s3, key, &request, object, err);
}

bool s3_get(struct s3 *s3, const char *key, size_t limit,
	    struct s3_object *object, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object found = {0};

	if (!s3_find(s3, key, limit, &found, err))
		return false;
	if (!found.found)
		return err_set(err, ERR_NOT_FOUND, "there is no 's3://%s/%s'",
			       s3->bucket, key);
	s3_object_release(object);
	*object = found;
	found = (struct s3_object){0};
	return true;
}

bool s3_stat(struct s3 *s3, const char *key, struct s3_object *object,
	     struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};

	return prepare_key(s3, "HEAD", key, &request, err) &&
	       send_and_take(s3, key, &request, object, err);
}

/* --- writing --------------------------------------------------------------- */

void s3_written_release(struct s3_written *written)
{
	free(written->etag);
	*written = (struct s3_written){0};
}

/*
 * Did the condition fail?  304 was an old MinIO's 412; AWS says 404 where
 * the object to be replaced is gone.
 */
static bool find_outcome(const struct http_request *request,
			 const struct http_reply *reply, bool must_match,
			 enum s3_outcome *outcome)
{
	bool conditional = must_match || same_text(request->method, "PUT");

	if (reply->status >= 200 && reply->status < 300)
		*outcome = S3_WRITTEN;
	else if (conditional && (reply->status == 412 || reply->status == 304))
		*outcome = S3_NOT_MET;
	else if (must_match && is_absent(request, reply))
		*outcome = S3_NOT_MET;
	else if (reply->status == 409 &&
		 (complains(reply, "ConditionalRequestConflict") ||
		  complains(reply, "OperationAborted")))
		*outcome = S3_RACED;
	else
		return false;
	return true;
}

/*
 * VersityGW keeps prefixes as folders, and removes those that get empty: a
 * write that meets the removal gets this.  S3 knows no such answer.
 */
static bool is_passing_write(const struct http_reply *reply)
{
	return reply->status == 409
		       ? complains(reply, "ExistingObjectIsDirectory")
		       : is_passing(reply);
}

bool s3_prepare_put(struct s3 *s3, const struct s3_put *put,
		    struct http_request *request, struct err *err)
{
	const char *type = put->content_type;

	if (put->condition == S3_IF_MATCH && is_blank(put->etag))
		BUG("compare and swap of '%s' without an ETag", put->key);
	if (!prepare_key(s3, "PUT", put->key, request, err))
		return false;
	request->body = put->bytes;
	request->body_len = put->len;
	request->repeat = HTTP_REPEAT_ALWAYS;
	request->is_passing = is_passing_write;
	strvec_addf(&request->headers, "Content-Type: %s",
		    type ? type : "application/octet-stream");
	if (put->cache_control)
		strvec_addf(&request->headers, "Cache-Control: %s",
			    put->cache_control);
	for (size_t i = 0; i < put->metadata.count; i++)
		strvec_addf(&request->headers, METADATA_PREFIX "%s",
			    put->metadata.items[i]);
	strvec_add_all(&request->headers, &s3->write_headers);
	if (put->condition == S3_IF_ABSENT)
		strvec_add(&request->headers, "If-None-Match: *");
	if (put->condition == S3_IF_MATCH)
		strvec_addf(&request->headers, "If-Match: %s", put->etag);
	return true;
}

bool s3_take_written(struct s3 *s3, const struct s3_put *put,
		     const struct http_request *request,
		     const struct http_reply *reply, struct s3_written *written,
		     struct err *err)
{
	enum s3_outcome outcome;

	if (!find_outcome(request, reply, put->condition == S3_IF_MATCH,
			  &outcome))
		return s3_fail(s3, request, reply, "s3:PutObject", put->key,
			       err);
	s3_written_release(written);
	written->outcome = outcome;
	written->unclear = reply->unclear;
	if (outcome == S3_WRITTEN)
		written->etag = xstrdup_or_null(http_header(reply, "ETag"));
	return true;
}

bool s3_put(struct s3 *s3, const struct s3_put *put, struct s3_written *written,
	    struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return s3_prepare_put(s3, put, &request, err) &&
	       http_send(s3->http, &request, &reply, err) &&
	       s3_take_written(s3, put, &request, &reply, written, err);
}

bool s3_prepare_delete(struct s3 *s3, const char *key, const char *etag,
		       struct http_request *request, struct err *err)
{
	if (!prepare_key(s3, "DELETE", key, request, err))
		return false;
	request->repeat = HTTP_REPEAT_ALWAYS;
	if (etag)
		strvec_addf(&request->headers, "If-Match: %s", etag);
	return true;
}

bool s3_take_deleted(struct s3 *s3, const char *key, const char *etag,
		     const struct http_request *request,
		     const struct http_reply *reply, enum s3_outcome *outcome,
		     struct err *err)
{
	if (!etag && is_absent(request, reply))
		*outcome = S3_WRITTEN;
	else if (!find_outcome(request, reply, etag != NULL, outcome))
		return s3_fail(s3, request, reply, "s3:DeleteObject", key, err);
	return true;
}

bool s3_delete(struct s3 *s3, const char *key, const char *etag,
	       enum s3_outcome *outcome, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return s3_prepare_delete(s3, key, etag, &request, err) &&
	       http_send(s3->http, &request, &reply, err) &&
	       s3_take_deleted(s3, key, etag, &request, &reply, outcome, err);
}

void s3_tidy(struct s3 *s3, const char *key)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(err_release) struct err ignored = {0};
	struct deadline deadline = http_deadline(s3->http);
	enum s3_outcome outcome;
	int signal = signals_take();
	bool prepared = s3_prepare_delete(s3, key, NULL, &request, &ignored);

	if (signal)
		request.repeat = HTTP_REPEAT_NEVER;
	/* A request may end for want of time a moment before that is over. */
	if (signal || deadline_left_ms(&deadline, INT64_MAX) < S3_TIDY_MS) {
		request.try_ms = S3_TIDY_MS;
		request.after_all = true;
	}
	if (!prepared || !http_send(s3->http, &request, &reply, &ignored) ||
	    !s3_take_deleted(s3, key, NULL, &request, &reply, &outcome,
			     &ignored))
		log_debug("cannot remove '%s': %s", key, ignored.text);
	if (signal)
		signals_put(signal);
}
