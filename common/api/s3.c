#include "api/s3.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/xml.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/url.h"
#include "net/http.h"
#include "net/redact.h"

#define METADATA_PREFIX "x-amz-meta-"

/* --- the bucket's address -------------------------------------------------- */

static bool check_bucket(const char *bucket, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	size_t len = strlen(bucket);

	if (len >= 3 && len <= S3_BUCKET_MAX &&
	    strspn(bucket, allowed) == len && bucket[0] != '.' &&
	    !strstr(bucket, ".."))
		return true;
	return err_set(err, ERR_INPUT,
		       "'%s' cannot be the name of an S3 bucket", bucket);
}

/* Can the bucket be a label of a host name that AWS's certificates cover? */
static bool is_label(const char *bucket)
{
	return strlen(bucket) <= 63 &&
	       strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		       strlen(bucket);
}

static void set_base(struct s3 *s3)
{
	const char *region = aws_region(&s3->aws);
	const char *suffix = starts_with(region, "cn-") ? ".cn" : "";

	free(s3->base);
	if (is_label(s3->bucket))
		s3->base = xasprintf("https://%s.s3.%s.amazonaws.com%s",
				     s3->bucket, region, suffix);
	else
		s3->base = xasprintf("https://s3.%s.amazonaws.com%s/%s", region,
				     suffix, s3->bucket);
}

static bool set_custom_base(struct s3 *s3, const char *endpoint,
			    struct err *err)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(str_release) struct str base = {0};
	CLEANUP(str_release) struct str shown = {0};

	if (!url_parse(&url, endpoint, err))
		return err_wrap(err, "cannot use the S3 endpoint");
	redact_url(&shown, endpoint);
	if ((!same_text(url.scheme, "http") &&
	     !same_text(url.scheme, "https")) ||
	    url.user || url.password || url.query || url.fragment)
		return err_set(err, ERR_INPUT,
			       "cannot use the S3 endpoint '%s': it must be "
			       "http(s)://host[:port]",
			       str_text(&shown));
	url_add_text(&base, &url, true);
	while (base.len > 0 && base.buf[base.len - 1] == '/')
		str_truncate(&base, base.len - 1);
	str_addf(&base, "/%s", s3->bucket);
	s3->base = str_detach(&base);
	s3->custom_endpoint = true;
	return true;
}

bool s3_open(struct s3 *s3, struct http *http, const struct env *env,
	     const char *bucket, struct err *err)
{
	CLEANUP(s3_release) struct s3 opened = {.http = http};
	const char *endpoint;

	if (!check_bucket(bucket, err))
		return false;
	aws_open(&opened.aws, env);
	opened.bucket = xstrdup(bucket);
	endpoint = aws_endpoint(&opened.aws, "S3");
	if (!endpoint)
		set_base(&opened);
	else if (!set_custom_base(&opened, endpoint, err))
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
	*s3 = (struct s3){0};
}

void s3_add_address(struct str *out, const struct s3 *s3, const char *key)
{
	str_addf(out, "s3://%s/%s", s3->bucket, key);
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
} advices[] = {
	{"InvalidAccessKeyId", ERR_DENIED, "check AWS_ACCESS_KEY_ID"},
	{"SignatureDoesNotMatch", ERR_NONE, "check AWS_SECRET_ACCESS_KEY"},
	{"ExpiredToken", ERR_DENIED, "get new temporary credentials"},
	{"InvalidToken", ERR_DENIED, "check AWS_SESSION_TOKEN"},
	{"RequestTimeTooSkewed", ERR_NONE, "set this machine's clock"},
	{"AuthorizationHeaderMalformed", ERR_INPUT,
	 "set AWS_REGION to the bucket's region"},
	{"PermanentRedirect", ERR_INPUT,
	 "set AWS_REGION to the bucket's region"},
	{"NotImplemented", ERR_NONE,
	 "the store lacks an operation that is needed"},
};

static void advise(const struct s3 *s3, const char *code, const char *action,
		   const char *key, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		if (!same_text(advices[i].code, code))
			continue;
		if (advices[i].kind != ERR_NONE)
			err->kind = advices[i].kind;
		err_hint(err, "%s", advices[i].hint);
		return;
	}
	if (err->status == 403)
		err_hint(err, "the credentials need %s on 's3://%s/%s'%s",
			 action, s3->bucket, key,
			 same_text(action, "s3:GetObject")
				 ? ", and s3:ListBucket to be told of what "
				   "is not there"
				 : "");
}

/* @action is the right that the request needs. */
static bool fail(const struct s3 *s3, const struct http_request *request,
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
	advise(s3, str_text(&complaint.code), action, key, err);
	return false;
}

/* --- requests -------------------------------------------------------------- */

static bool sign(void *context, struct http_request *request, struct err *err)
{
	struct s3 *s3 = context;
	struct aws_signing signing = {
		.region = aws_region(&s3->aws),
		.service = "s3",
		.now_s = aws_now_s(&s3->aws),
		.path = AWS_PATH_AS_IS,
		.send_payload_hash = true,
	};

	return aws_credentials_get(&s3->aws, &signing.credentials, err) &&
	       aws_sign(&signing, request, err);
}

/*
 * A bucket of another region: AWS names the region, and everything is sent
 * there from now on.  Requests that were under way then follow.
 */
static bool learn_region(struct s3 *s3, struct http_request *request,
			 const struct http_reply *reply)
{
	const char *region = http_header(reply, "x-amz-bucket-region");

	if (s3->custom_endpoint || !region || !is_label(region))
		return false;
	if (reply->status != 301 && reply->status != 400)
		return false;
	if (!s3->wrong_base) {
		s3->wrong_base = s3->base;
		s3->base = NULL;
		free(s3->aws.region);
		s3->aws.region = xstrdup(region);
		set_base(s3);
	}
	if (!starts_with(str_text(&request->url), s3->wrong_base))
		return false;
	str_splice(&request->url, 0, strlen(s3->wrong_base), s3->base,
		   strlen(s3->base));
	return true;
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

static bool learn(void *context, struct http_request *request,
		  const struct http_reply *reply)
{
	struct s3 *s3 = context;

	return learn_region(s3, request, reply) ||
	       learn_clock(s3, request, reply);
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

/* A request on the bucket itself; nothing but its URL differs for keys. */
static void prepare(struct s3 *s3, const char *method,
		    struct http_request *request)
{
	request->method = method;
	request->no_redirects = true;
	request->before_try = sign;
	request->again = learn;
	request->context = s3;
	str_add(&request->url, s3->base);
}

static bool prepare_key(struct s3 *s3, const char *method, const char *key,
			struct http_request *request, struct err *err)
{
	if (!check_key(key, err))
		return false;
	prepare(s3, method, request);
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

	if (reply->status == 200)
		take_object(&taken, request, reply);
	else if (!is_absent(request, reply))
		return fail(s3, request, reply, "s3:GetObject", key, err);
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

static bool prepare_put(struct s3 *s3, const struct s3_put *put,
			struct http_request *request, struct err *err)
{
	const char *type = put->content_type;

	if (!prepare_key(s3, "PUT", put->key, request, err))
		return false;
	request->body = put->bytes;
	request->body_len = put->len;
	request->repeat = HTTP_REPEAT_ALWAYS;
	strvec_addf(&request->headers, "Content-Type: %s",
		    type ? type : "application/octet-stream");
	if (put->cache_control)
		strvec_addf(&request->headers, "Cache-Control: %s",
			    put->cache_control);
	for (size_t i = 0; i < put->metadata.count; i++)
		strvec_addf(&request->headers, METADATA_PREFIX "%s",
			    put->metadata.items[i]);
	if (put->condition == S3_IF_ABSENT)
		strvec_add(&request->headers, "If-None-Match: *");
	if (put->condition == S3_IF_MATCH)
		strvec_addf(&request->headers, "If-Match: %s", put->etag);
	return true;
}

bool s3_put(struct s3 *s3, const struct s3_put *put, struct s3_written *written,
	    struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	enum s3_outcome outcome;

	if (put->condition == S3_IF_MATCH && is_blank(put->etag))
		BUG("compare and swap of '%s' without an ETag", put->key);
	if (!prepare_put(s3, put, &request, err) ||
	    !http_send(s3->http, &request, &reply, err))
		return false;
	if (!find_outcome(&request, &reply, put->condition == S3_IF_MATCH,
			  &outcome))
		return fail(s3, &request, &reply, "s3:PutObject", put->key,
			    err);
	s3_written_release(written);
	written->outcome = outcome;
	written->unclear = reply.unclear;
	if (outcome == S3_WRITTEN)
		written->etag = xstrdup_or_null(http_header(&reply, "ETag"));
	return true;
}

bool s3_delete(struct s3 *s3, const char *key, const char *etag,
	       enum s3_outcome *outcome, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	enum s3_outcome found;

	if (!prepare_key(s3, "DELETE", key, &request, err))
		return false;
	request.repeat = HTTP_REPEAT_ALWAYS;
	if (etag)
		strvec_addf(&request.headers, "If-Match: %s", etag);
	if (!http_send(s3->http, &request, &reply, err))
		return false;
	if (!etag && is_absent(&request, &reply))
		found = S3_WRITTEN;
	else if (!find_outcome(&request, &reply, etag != NULL, &found))
		return fail(s3, &request, &reply, "s3:DeleteObject", key, err);
	*outcome = found;
	return true;
}

/* --- listing --------------------------------------------------------------- */

/* What a page says beside its entries; it may say so behind them. */
struct page {
	bool encoded; /* keys are encoded as in forms */
	bool more;
	struct str next; /* token of the page behind it */
};

static void page_release(struct page *page)
{
	str_release(&page->next);
	*page = (struct page){0};
}

static struct xml start_xml(const struct str *text)
{
	return (struct xml){.at = str_text(text),
			    .end = str_text(text) + text->len};
}

static bool read_page(struct page *page, const struct str *text)
{
	CLEANUP(xml_release) struct xml xml = start_xml(text);
	bool is_listing = false;

	while (xml_next(&xml)) {
		const char *path = str_text(&xml.path);
		const char *value = str_text(&xml.text);

		if (same_text(path, "ListBucketResult"))
			is_listing = true;
		else if (same_text(path, "ListBucketResult/EncodingType"))
			page->encoded = same_text(value, "url");
		else if (same_text(path, "ListBucketResult/IsTruncated"))
			page->more = same_text(value, "true");
		else if (same_text(path,
				   "ListBucketResult/NextContinuationToken"))
			str_add(&page->next, value);
	}
	return !xml.broken && is_listing && (!page->more || page->next.len);
}

/* One entry of a page as it is put together. */
struct row {
	struct str key;
	struct str etag;
	int64_t size;
	int64_t modified_s;
	bool broken;
};

static void row_release(struct row *row)
{
	str_release(&row->key);
	str_release(&row->etag);
	*row = (struct row){0};
}

static bool add_key(struct str *key, const char *text, bool encoded)
{
	CLEANUP(free_ptr) char *plain = xstrdup(text);

	if (!encoded) {
		str_add(key, text);
		return true;
	}
	for (char *c = plain; *c; c++)
		*c = *c == '+' ? ' ' : *c;
	return url_decode(key, plain, strlen(plain));
}

static void take_field(struct row *row, const char *name,
		       const struct str *value, bool encoded)
{
	const char *text = str_text(value);

	if (same_text(name, "Key"))
		row->broken |= !add_key(&row->key, text, encoded);
	else if (same_text(name, "ETag"))
		str_add(&row->etag, text);
	else if (same_text(name, "Size"))
		row->broken |= !num_parse_range(text, 0, INT64_MAX, &row->size);
	else if (same_text(name, "LastModified"))
		row->broken |= !clock_parse_rfc3339(text, value->len,
						    &row->modified_s);
}

struct listing {
	bool (*each)(void *context, const struct s3_entry *entry,
		     struct err *err);
	void *context;
};

/* False also if the page is broken; then err is not set. */
static bool give_entries(const struct listing *listing, const struct str *text,
			 const struct page *page, struct err *err)
{
	CLEANUP(xml_release) struct xml xml = start_xml(text);
	CLEANUP(row_release) struct row row = {0};

	while (xml_next(&xml)) {
		const char *field = after_prefix(str_text(&xml.path),
						 "ListBucketResult/Contents");
		struct s3_entry entry;

		if (!field)
			continue;
		if (*field) {
			take_field(&row, field + 1, &xml.text, page->encoded);
			continue;
		}
		if (row.broken || row.key.len == 0)
			return false;
		entry = (struct s3_entry){str_text(&row.key),
					  str_text(&row.etag), row.size,
					  row.modified_s};
		if (!listing->each(listing->context, &entry, err))
			return false;
		row_release(&row);
	}
	return true;
}

static void prepare_list(struct s3 *s3, const char *prefix,
			 const struct str *token, struct http_request *request)
{
	prepare(s3, "GET", request);
	str_add(&request->url, "/?list-type=2&encoding-type=url&prefix=");
	url_encode(&request->url, prefix, strlen(prefix), "");
	if (token->len) {
		str_add(&request->url, "&continuation-token=");
		url_encode(&request->url, token->buf, token->len, "");
	}
	request->reply_limit = S3_PAGE_SIZE_MAX;
}

/* One page; @token is that of the next one after, empty at the end. */
static bool list_page(struct s3 *s3, const char *prefix,
		      const struct listing *listing, struct str *token,
		      struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(page_release) struct page page = {0};

	prepare_list(s3, prefix, token, &request);
	if (!http_send(s3->http, &request, &reply, err))
		return false;
	if (reply.status != 200)
		return fail(s3, &request, &reply, "s3:ListBucket", prefix, err);
	if (!read_page(&page, &reply.body) ||
	    !give_entries(listing, &reply.body, &page, err)) {
		if (err->kind != ERR_NONE)
			return false;
		return err_set(err, ERR_REMOTE,
			       "cannot list 's3://%s/%s': the answer is no "
			       "listing of S3's",
			       s3->bucket, prefix);
	}
	str_clear(token);
	if (page.more)
		str_add(token, str_text(&page.next));
	return true;
}

bool s3_list(struct s3 *s3, const char *prefix,
	     bool (*each)(void *context, const struct s3_entry *entry,
			  struct err *err),
	     void *context, struct err *err)
{
	const struct listing listing = {each, context};
	CLEANUP(str_release) struct str token = {0};

	for (size_t pages = 0; pages < S3_PAGES_MAX; pages++) {
		if (!list_page(s3, prefix, &listing, &token, err))
			return false;
		if (token.len == 0)
			return true;
	}
	return err_set(err, ERR_REMOTE,
		       "cannot list 's3://%s/%s': more than %d pages",
		       s3->bucket, prefix, S3_PAGES_MAX);
}
