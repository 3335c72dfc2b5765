#include "api/aws.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/hash.h"
#include "format/url.h"
#include "net/http.h"

#define ALGORITHM  "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

/* --- the canonical request ------------------------------------------------- */

/* A URL as it goes out, byte for byte. */
struct target {
	const char *host; /* with the port, unless it is the scheme's own */
	size_t host_len;
	const char *path;
	size_t path_len;
	const char *query; /* without "?" */
	size_t query_len;
};

static bool find_target(struct target *target, const char *url, struct err *err)
{
	const char *host = strstr(url, "://");
	const char *default_port = starts_with(url, "https:") ? ":443" : ":80";
	const char *user_end;
	size_t len;

	if (!host)
		return err_set(err, ERR_INPUT, "cannot sign '%s': not a URL",
			       url);
	host += 3;
	len = strcspn(host, "/?#");
	target->path = host + len;
	target->path_len = strcspn(target->path, "?#");
	target->query = target->path + target->path_len;
	target->query += *target->query == '?';
	target->query_len = strcspn(target->query, "#");

	user_end = memrchr(host, '@', len);
	if (user_end) {
		len -= (size_t)(user_end + 1 - host);
		host = user_end + 1;
	}
	if (len > strlen(default_port) &&
	    memcmp(host + len - strlen(default_port), default_port,
		   strlen(default_port)) == 0)
		len -= strlen(default_port);
	target->host = host;
	target->host_len = len;
	return true;
}

/* Without empty segments, "." and "..", which may climb only to the root. */
static void add_normalised(struct str *out, const char *path, size_t len)
{
	CLEANUP(strvec_release) struct strvec segments = {0};
	CLEANUP(free_ptr) char *text = xmemdupz(path, len);
	CLEANUP(strvec_release) struct strvec kept = {0};

	strvec_split(&segments, text, '/');
	for (size_t i = 0; i < segments.count; i++) {
		const char *segment = segments.items[i];

		if (!*segment || same_text(segment, "."))
			continue;
		if (!same_text(segment, ".."))
			strvec_add(&kept, segment);
		else if (kept.count > 0)
			strvec_truncate(&kept, kept.count - 1);
	}
	for (size_t i = 0; i < kept.count; i++)
		str_addf(out, "/%s", kept.items[i]);
	if (kept.count == 0 || ends_with(text, "/"))
		str_add_char(out, '/');
}

static void add_path(struct str *out, const struct target *target,
		     enum aws_path form)
{
	CLEANUP(str_release) struct str path = {0};

	if (form == AWS_PATH_NORMALISED)
		add_normalised(&path, target->path, target->path_len);
	else if (target->path_len > 0)
		str_add_bytes(&path, target->path, target->path_len);
	else
		str_add_char(&path, '/');
	if (form == AWS_PATH_AS_IS)
		str_add(out, str_text(&path));
	else
		url_encode(out, str_text(&path), path.len, "/");
}

/* However a name or value was encoded, here it is in the one strict form. */
static void add_recoded(struct str *out, const char *text, size_t len)
{
	CLEANUP(str_release) struct str plain = {0};

	if (url_decode(&plain, text, len))
		url_encode(out, str_text(&plain), plain.len, "");
	else
		url_encode(out, text, len, "");
}

/*
 * Sorted by name, then by value.  While they are sorted a line break, which
 * is less than any byte of an encoded name, stands for the "=".
 */
static void add_query(struct str *out, const struct target *target)
{
	CLEANUP(strvec_release) struct strvec pairs = {0};
	const char *at = target->query, *end = at + target->query_len;

	while (at < end) {
		const char *pair_end = memchr(at, '&', (size_t)(end - at));
		const char *name_end;
		CLEANUP(str_release) struct str pair = {0};

		if (!pair_end)
			pair_end = end;
		name_end = memchr(at, '=', (size_t)(pair_end - at));
		add_recoded(&pair, at,
			    (size_t)((name_end ? name_end : pair_end) - at));
		str_add_char(&pair, '\n');
		if (name_end)
			add_recoded(&pair, name_end + 1,
				    (size_t)(pair_end - name_end - 1));
		if (pair_end > at)
			strvec_add(&pairs, str_text(&pair));
		at = pair_end + (pair_end < end);
	}
	strvec_sort(&pairs);
	for (size_t i = 0; i < pairs.count; i++) {
		char *separator = strchr(pairs.items[i], '\n');

		*separator = '=';
		str_addf(out, "%s%s", i > 0 ? "&" : "", pairs.items[i]);
	}
}

/* What proxies and the transport change, or what is there before. */
static bool is_signed(const char *name)
{
	static const char *const unsigned_names[] = {
		"authorization",     "connection", "expect",	      "te",
		"transfer-encoding", "user-agent", "x-amzn-trace-id",
	};

	for (size_t i = 0; i < ARRAY_SIZE(unsigned_names); i++)
		if (same_text(name, unsigned_names[i]))
			return false;
	return true;
}

static void collect_names(struct strvec *names, const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		size_t len = strcspn(lines->items[i], ":");
		CLEANUP(free_ptr) char *name = xmemdupz(lines->items[i], len);

		for (char *c = name; *c; c++)
			*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
		if (is_signed(name))
			strvec_add_once(names, name);
	}
}

/* Without white space at the ends, runs of it inside as one blank. */
static void add_value(struct str *out, const char *value)
{
	const char *blanks = " \t\r\n";

	value += strspn(value, blanks);
	while (*value) {
		size_t word = strcspn(value, blanks);

		str_add_bytes(out, value, word);
		value += word;
		value += strspn(value, blanks);
		if (*value)
			str_add_char(out, ' ');
	}
}

/* All values of @name in @lines, joined by commas. */
static void add_values(struct str *out, const struct strvec *lines,
		       const char *name, bool *first)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];

		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		if (!*first)
			str_add_char(out, ',');
		*first = false;
		add_value(out, line + len + 1);
	}
}

static void add_headers(struct str *out, struct str *signed_headers,
			const struct http_request *request,
			const struct target *target)
{
	CLEANUP(strvec_release) struct strvec names = {0};

	strvec_add(&names, "host");
	collect_names(&names, &request->headers);
	collect_names(&names, &request->secrets);
	strvec_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		bool first = true;

		str_addf(out, "%s:", names.items[i]);
		add_values(out, &request->headers, names.items[i], &first);
		add_values(out, &request->secrets, names.items[i], &first);
		if (first && same_text(names.items[i], "host"))
			str_add_bytes(out, target->host, target->host_len);
		str_add_char(out, '\n');
		str_addf(signed_headers, "%s%s", i > 0 ? ";" : "",
			 names.items[i]);
	}
}

bool aws_add_canonical_request(struct str *out, struct str *signed_headers,
			       const struct http_request *request,
			       enum aws_path path, const char *payload_hash,
			       struct err *err)
{
	struct target target = {0};

	if (!find_target(&target, str_text(&request->url), err))
		return false;
	str_addf(out, "%s\n", request->method);
	add_path(out, &target, path);
	str_add_char(out, '\n');
	add_query(out, &target);
	str_add_char(out, '\n');
	add_headers(out, signed_headers, request, &target);
	str_addf(out, "\n%s\n%s", str_text(signed_headers), payload_hash);
	return true;
}

/* --- the signature --------------------------------------------------------- */

/* The secret key, bound to a day, a region and a service. */
static bool derive_key(const struct aws_signing *signing, const char *date,
		       unsigned char key[SHA256_SIZE], struct err *err)
{
	const char *const parts[] = {signing->region, signing->service,
				     TERMINATOR};
	CLEANUP(secret_release) struct secret first = {0};
	const struct secret *secret = &signing->credentials->secret_key;
	char *text = xasprintf("AWS4%s", secret_reveal(secret));

	first = (struct secret){.bytes = text, .len = strlen(text)};
	if (!hmac_sha256(first.bytes, first.len, date, strlen(date), key, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!hmac_sha256(key, SHA256_SIZE, parts[i], strlen(parts[i]),
				 key, err))
			return false;
	return true;
}

/* @time is 20261122T130405Z; @scope day/region/service/aws4_request. */
static bool compute_signature(const struct aws_signing *signing,
			      const char *time, const char *scope,
			      const struct str *canonical,
			      char hex[SHA256_HEX_SIZE], struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *date = xmemdupz(time, 8);
	unsigned char key[SHA256_SIZE];
	bool done;

	if (!sha256_hex(str_text(canonical), canonical->len, hex, err))
		return false;
	str_addf(&text, ALGORITHM "\n%s\n%s\n%s", time, scope, hex);
	done = derive_key(signing, date, key, err) &&
	       hmac_sha256(key, sizeof(key), str_text(&text), text.len, key,
			   err);
	if (done)
		hex_encode(key, sizeof(key), hex);
	wipe(key, sizeof(key));
	return done;
}

/* Drop all lines with the header @name. */
static void drop_header(struct strvec *lines, const char *name)
{
	size_t len = strlen(name), kept = 0;

	for (size_t i = 0; i < lines->count; i++) {
		char *line = lines->items[i];

		if (strncasecmp(line, name, len) != 0 || line[len] != ':') {
			lines->items[i] = lines->items[kept];
			lines->items[kept++] = line;
		}
	}
	strvec_truncate(lines, kept);
}

static void set_header(struct strvec *lines, const char *name,
		       const char *value)
{
	drop_header(lines, name);
	strvec_addf(lines, "%s: %s", name, value);
}

static void set_token(const struct aws_signing *signing,
		      struct http_request *request)
{
	const struct secret *token = &signing->credentials->session_token;

	if (secret_is_set(token))
		set_header(&request->secrets, "X-Amz-Security-Token",
			   secret_reveal(token));
}

/* All that is to be signed, with nothing left of an earlier signature. */
static void set_headers(const struct aws_signing *signing,
			struct http_request *request, const char *time,
			const char *payload_hash)
{
	drop_header(&request->secrets, "Authorization");
	drop_header(&request->secrets, "X-Amz-Security-Token");
	set_header(&request->headers, "X-Amz-Date", time);
	if (signing->send_payload_hash)
		set_header(&request->headers, "X-Amz-Content-Sha256",
			   payload_hash);
	if (!signing->token_not_signed)
		set_token(signing, request);
}

static char *make_scope(const struct aws_signing *signing, const char *time)
{
	return xasprintf("%.8s/%s/%s/" TERMINATOR, time, signing->region,
			 signing->service);
}

bool aws_sign(const struct aws_signing *signing, struct http_request *request,
	      struct err *err)
{
	CLEANUP(str_release) struct str canonical = {0};
	CLEANUP(str_release) struct str names = {0};
	CLEANUP(str_release) struct str time = {0};
	CLEANUP(free_ptr) char *scope = NULL;
	char payload_hash[SHA256_HEX_SIZE], signature[SHA256_HEX_SIZE];

	clock_add_basic(&time, signing->now_s);
	scope = make_scope(signing, str_text(&time));
	if (!sha256_hex(request->body ? request->body : "", request->body_len,
			payload_hash, err))
		return false;
	set_headers(signing, request, str_text(&time), payload_hash);
	if (!aws_add_canonical_request(&canonical, &names, request,
				       signing->path, payload_hash, err) ||
	    !compute_signature(signing, str_text(&time), scope, &canonical,
			       signature, err))
		return false;
	strvec_addf(&request->secrets,
		    "Authorization: " ALGORITHM
		    " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		    signing->credentials->access_key, scope, str_text(&names),
		    signature);
	if (signing->token_not_signed)
		set_token(signing, request);
	return true;
}

static void add_parameter(struct str *url, const char *name, const char *value)
{
	str_addf(url, "%s%s=", strchr(str_text(url), '?') ? "&" : "?", name);
	url_encode(url, value, strlen(value), "");
}

/* All that is signed of the URL's query, in the order of botocore. */
static void add_parameters(struct str *url, const struct aws_signing *signing,
			   const char *time, const char *scope,
			   const char *names, int64_t expires_s)
{
	const struct secret *token = &signing->credentials->session_token;
	CLEANUP(free_ptr) char *credential =
		xasprintf("%s/%s", signing->credentials->access_key, scope);
	CLEANUP(free_ptr) char *expires =
		xasprintf("%lld", (long long)expires_s);

	add_parameter(url, "X-Amz-Algorithm", ALGORITHM);
	add_parameter(url, "X-Amz-Credential", credential);
	add_parameter(url, "X-Amz-Date", time);
	add_parameter(url, "X-Amz-Expires", expires);
	add_parameter(url, "X-Amz-SignedHeaders", names);
	if (secret_is_set(token))
		add_parameter(url, "X-Amz-Security-Token",
			      secret_reveal(token));
}

bool aws_presign(const struct aws_signing *signing,
		 struct http_request *request, int64_t expires_s,
		 struct err *err)
{
	CLEANUP(str_release) struct str plain = {0};
	CLEANUP(str_release) struct str names = {0};
	CLEANUP(str_release) struct str canonical = {0};
	CLEANUP(str_release) struct str same_names = {0};
	CLEANUP(str_release) struct str time = {0};
	CLEANUP(free_ptr) char *scope = NULL;
	char payload_hash[SHA256_HEX_SIZE], signature[SHA256_HEX_SIZE];

	clock_add_basic(&time, signing->now_s);
	scope = make_scope(signing, str_text(&time));
	if (!sha256_hex("", 0, payload_hash, err) ||
	    !aws_add_canonical_request(&plain, &names, request, signing->path,
				       payload_hash, err))
		return false;
	add_parameters(&request->url, signing, str_text(&time), scope,
		       str_text(&names), expires_s);
	if (!aws_add_canonical_request(&canonical, &same_names, request,
				       signing->path, payload_hash, err) ||
	    !compute_signature(signing, str_text(&time), scope, &canonical,
			       signature, err))
		return false;
	add_parameter(&request->url, "X-Amz-Signature", signature);
	return true;
}

bool aws_signature_has(const struct http_request *request, const char *part)
{
	for (size_t i = 0; i < request->secrets.count; i++)
		if (starts_with(request->secrets.items[i], "Authorization:") &&
		    strstr(request->secrets.items[i], part))
			return true;
	return false;
}
