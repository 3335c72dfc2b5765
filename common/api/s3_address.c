
#include "api/s3.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/s3_parts.h"
#include "api/xml.h"
#include "base/err.h"
#include "base/mem.h"
#include "format/url.h"
#include "net/http.h"
#include "net/redact.h"
#include "sys/env.h"

#define STYLE_VARIABLE "AWS_S3_ADDRESSING_STYLE"
#define STYLE_SETTING  "s3.addressing_style"

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

/* Can it be one label of a host's name, which certificates cover? */
static bool is_label(const char *text)
{
	return strlen(text) <= 63 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		       strlen(text);
}

/* --- the style ------------------------------------------------------------- */

enum style {
	STYLE_AUTO, /* AWS: in the host; elsewhere: in the path */
	STYLE_PATH,
	STYLE_VIRTUAL,
};

static bool find_style(const struct s3 *s3, enum style *style, struct err *err)
{
	static const char *const names[] = {
		[STYLE_AUTO] = "auto",
		[STYLE_PATH] = "path",
		[STYLE_VIRTUAL] = "virtual",
	};
	const char *named =
		aws_setting(&s3->aws, STYLE_VARIABLE, STYLE_SETTING);

	*style = STYLE_AUTO;
	if (!named)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(named, names[i]) != 0)
			continue;
		*style = (enum style)i;
		return true;
	}
	return err_set(err, ERR_INPUT,
		       "'%s' cannot be S3's addressing style "
		       "(" STYLE_VARIABLE ", " STYLE_SETTING
		       "): it is none of path, virtual, auto",
		       named);
}

/* --- the endpoint ---------------------------------------------------------- */

#define ENDPOINT_HINT                                                          \
	"AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's endpoint_url " \
	"names it"

static bool parse_endpoint(struct url *url, const char *endpoint,
			   struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	if (!url_parse(url, endpoint, err)) {
		(void)err_wrap(err, "cannot use the S3 endpoint");
		return err_hint(err, ENDPOINT_HINT);
	}
	redact_url(&shown, endpoint);
	if ((same_text(url->scheme, "http") ||
	     same_text(url->scheme, "https")) &&
	    !url->user && !url->password && !url->query && !url->fragment)
		return true;
	(void)err_set(err, ERR_INPUT,
		      "cannot use the S3 endpoint '%s': it must be "
		      "http(s)://host[:port]",
		      str_text(&shown));
	return err_hint(err, ENDPOINT_HINT);
}

/* An address of numbers has no names below it. */
static bool is_name(const char *host)
{
	return !strchr(host, ':') && host[strspn(host, "0123456789.")] != '\0';
}

static bool set_custom_base(struct s3 *s3, const char *endpoint,
			    enum style style, struct err *err)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(str_release) struct str base = {0};
	bool in_host;

	if (!parse_endpoint(&url, endpoint, err))
		return false;
	in_host = style == STYLE_VIRTUAL && is_label(s3->bucket) &&
		  is_name(url.host);
	if (in_host) {
		char *host = xasprintf("%s.%s", s3->bucket, url.host);

		free(url.host);
		url.host = host;
	}
	url_add_text(&base, &url, true);
	while (base.len > 0 && base.buf[base.len - 1] == '/')
		str_truncate(&base, base.len - 1);
	if (!in_host)
		str_addf(&base, "/%s", s3->bucket);
	s3->base = str_detach(&base);
	s3->custom_endpoint = true;
	return true;
}

static void set_base(struct s3 *s3, const char *region)
{
	struct str base = {0};

	str_add(&base, "https://");
	if (!s3->in_path)
		str_addf(&base, "%s.", s3->bucket);
	aws_add_host(&base, &s3->aws, "s3", region);
	if (s3->in_path)
		str_addf(&base, "/%s", s3->bucket);
	free(s3->base);
	s3->base = str_detach(&base);
}

bool s3_choose_address(struct s3 *s3, struct err *err)
{
	const char *endpoint = aws_endpoint(&s3->aws, "S3");
	enum style style;

	if (!check_bucket(s3->bucket, err) || !find_style(s3, &style, err))
		return false;
	s3->in_path = style == STYLE_PATH || !is_label(s3->bucket);
	return !endpoint || set_custom_base(s3, endpoint, style, err);
}

bool s3_locate(struct s3 *s3, struct err *err)
{
	const char *region;

	if (s3->base)
		return true;
	if (!aws_region_get(&s3->aws, &region, err))
		return false;
	set_base(s3, region);
	return true;
}

/* --- another region -------------------------------------------------------- */

/* Where the header is missing, the body of a refused signature tells. */
static void add_told_region(struct str *out, const struct http_reply *reply)
{
	const char *header = http_header(reply, "x-amz-bucket-region");
	const char *text = str_text(&reply->body);
	CLEANUP(xml_release) struct xml xml = {.at = text,
					       .end = text + reply->body.len};

	if (header) {
		str_add(out, header);
		return;
	}
	while (reply->status == 400 && xml_next(&xml))
		if (same_text(str_text(&xml.path), "Error/Region"))
			str_add(out, str_text(&xml.text));
}

static bool is_signed_for(const struct http_request *request,
			  const char *region)
{
	CLEANUP(free_ptr) char *scope = xasprintf("/%s/s3/", region);

	return aws_signature_has(request, scope);
}

static void move_to(struct s3 *s3, const char *region)
{
	aws_set_region(&s3->aws, region);
	s3->region_learnt = true;
	if (s3->custom_endpoint)
		return;
	s3->wrong_base = s3->base;
	s3->base = NULL;
	set_base(s3, region);
}

/* To another endpoint only a refused signature is news: the host stays. */
static bool may_tell(const struct s3 *s3, int status)
{
	return status == 400 ||
	       (!s3->custom_endpoint && (status == 301 || status == 307));
}

/* Requests that were under way when another learnt the region follow it. */
bool s3_learn_region(struct s3 *s3, struct http_request *request,
		     const struct http_reply *reply)
{
	CLEANUP(str_release) struct str told = {0};
	const char *region;

	if (!may_tell(s3, reply->status))
		return false;
	add_told_region(&told, reply);
	region = str_text(&told);
	if (!aws_region_valid(region) || is_signed_for(request, region))
		return false;
	if (!s3->region_learnt)
		move_to(s3, region);
	else if (!same_text(s3->aws.region, region))
		return false;
	if (s3->wrong_base &&
	    starts_with(str_text(&request->url), s3->wrong_base))
		str_splice(&request->url, 0, strlen(s3->wrong_base), s3->base,
			   strlen(s3->base));
	return true;
}
