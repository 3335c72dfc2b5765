/* Objects of a bucket, page by page. */
#include "api/s3.h"

#include <stdlib.h>
#include <string.h>

#include "api/s3_parts.h"
#include "api/xml.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/url.h"
#include "net/http.h"

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
	int64_t now_s; /* when the page was made, by the server's clock */
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
					  row.modified_s, listing->now_s};
		if (!listing->each(listing->context, &entry, err))
			return false;
		row_release(&row);
	}
	return true;
}

static bool prepare_list(struct s3 *s3, const char *prefix,
			 const struct str *token, struct http_request *request,
			 struct err *err)
{
	if (!s3_prepare(s3, "GET", request, err))
		return false;
	str_add(&request->url, "/?list-type=2&encoding-type=url&prefix=");
	url_encode(&request->url, prefix, strlen(prefix), "");
	if (token->len) {
		str_add(&request->url, "&continuation-token=");
		url_encode(&request->url, token->buf, token->len, "");
	}
	request->reply_limit = S3_PAGE_SIZE_MAX;
	return true;
}

/* One page; @token is that of the next one after, empty at the end. */
static bool list_page(struct s3 *s3, const char *prefix,
		      struct listing *listing, struct str *token,
		      struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(page_release) struct page page = {0};
	const char *date;

	if (!prepare_list(s3, prefix, token, &request, err) ||
	    !http_send(s3->http, &request, &reply, err))
		return false;
	if (reply.status != 200)
		return s3_fail(s3, &request, &reply, "s3:ListBucket", prefix,
			       err);
	date = http_header(&reply, "Date");
	if (!date || !clock_parse_http_date(date, &listing->now_s))
		listing->now_s = 0;
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
	struct listing listing = {each, context, 0};
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
