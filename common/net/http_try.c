#include "net/http_try.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/version.h"
#include "net/redact.h"

/* An index of 14 MB takes 850 calls by curl's own size. */
#define RECEIVE_SIZE ((long)128 << 10)

/* Does @other go on, so that there will be room once it is done? */
static bool makes_room(const struct transfer *other)
{
	return other->state == TRANSFER_RUNNING && !other->paused &&
	       (other->reply.body.len || other->starved);
}

/* Is there no room for @more bytes, and another that makes some? */
static bool is_full(const struct transfer *transfer, size_t more)
{
	const struct flow *flow = transfer->flow;
	bool others = false;

	if (!flow || !flow->memory)
		return false;
	for (size_t i = 0; i < flow->count; i++) {
		const struct transfer *other = &flow->transfers[i];

		more += other->reply.body.len;
		others |= other != transfer && makes_room(other);
	}
	return others && more > flow->memory;
}

static bool must_wait(const struct transfer *transfer, size_t more)
{
	return !transfer->starved && is_full(transfer, more);
}

static bool is_another_starved(const struct transfer *transfer)
{
	const struct flow *flow = transfer->flow;

	for (size_t i = 0; i < flow->count; i++) {
		const struct transfer *other = &flow->transfers[i];

		if (other != transfer && other->starved &&
		    other->state == TRANSFER_RUNNING)
			return true;
	}
	return false;
}

bool http_may_start(const struct transfer *transfer)
{
	return !transfer->starved || (!is_another_starved(transfer) &&
				      !is_full(transfer, RECEIVE_SIZE));
}

void http_resume(struct transfer *transfer)
{
	if (!transfer->paused || must_wait(transfer, RECEIVE_SIZE))
		return;
	transfer->paused = false;
	curl.easy_pause(transfer->easy, CURLPAUSE_CONT);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct str *body = &transfer->reply.body;
	size_t enough = transfer->request->enough;

	transfer->paused = must_wait(transfer, size * count);
	transfer->was_paused |= transfer->paused;
	if (transfer->paused)
		return CURL_WRITEFUNC_PAUSE;
	str_add_bytes(body, bytes, size * count);
	transfer->too_large = body->overflow;
	transfer->sated = enough && body->len >= enough;
	return body->overflow || transfer->sated ? 0 : size * count;
}

/* A status line begins a new reply: what came before was a "100 Continue". */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct strvec *headers = &transfer->reply.headers;
	size_t len = size * count;

	transfer->header_bytes += len;
	if (transfer->header_bytes > HTTP_HEADERS_MAX) {
		transfer->too_large = true;
		return 0;
	}
	while (len > 0 && strchr("\r\n \t", bytes[len - 1]))
		len--;
	transfer->header_ended |= len == 0;
	if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		strvec_release(headers);
		transfer->header_ended = false;
	} else if (len > 0) {
		strvec_add_bytes(headers, bytes, len);
	}
	return size * count;
}

bool http_is_repeatable(const struct http_request *request)
{
	switch (request->repeat) {
	case HTTP_REPEAT_ALWAYS:
		return true;
	case HTTP_REPEAT_NEVER:
		return false;
	case HTTP_REPEAT_DEFAULT:
		break;
	}
	return same_text(request->method, "GET") ||
	       same_text(request->method, "HEAD");
}

/*
 * Called each time that libcurl is about to send.  By itself it sends again
 * what met a kept connection in the moment of its closing; whoever must not
 * be repeated is stopped here.
 */
static int on_send(void *context, char *local_ip, char *remote_ip,
		   int local_port, int remote_port)
{
	struct transfer *transfer = context;

	(void)local_ip;
	(void)remote_ip;
	(void)local_port;
	(void)remote_port;
	if (transfer->sends++ > 0 && !http_is_repeatable(transfer->request))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static void add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl.slist_append(transfer->headers, line);

	if (!longer)
		mem_exhausted();
	transfer->headers = longer;
}

/* A header without a value is written with a semicolon for libcurl. */
static void add_headers(struct transfer *transfer, const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		size_t name = strcspn(line, ":");
		CLEANUP(free_ptr) char *valueless = NULL;

		if (line[name + 1 + strspn(line + name + 1, " \t")]) {
			add_header(transfer, line);
			continue;
		}
		valueless = xasprintf("%.*s;", (int)name, line);
		add_header(transfer, valueless);
	}
}

static bool has_header(const struct strvec *lines, const char *name)
{
	const struct http_reply as_reply = {.headers = *lines};

	return http_header(&as_reply, name) != NULL;
}

static void add_basic(struct transfer *transfer)
{
	const struct url *url = &transfer->target;
	CLEANUP(str_release) struct str pair = {0};
	CLEANUP(str_release) struct str line = {0};

	str_addf(&pair, "%s:%s", url->user ? url->user : "",
		 url->password ? url->password : "");
	str_add(&line, "Authorization: Basic ");
	base64_encode(&line, str_text(&pair), pair.len, BASE64_STANDARD);
	log_mask(pair.buf, pair.len);
	add_header(transfer, str_text(&line));
	wipe(pair.buf, pair.len);
	wipe(line.buf, line.len);
}

/* Must the server show a certificate with another name than its address? */
static bool has_other_name(const struct transfer *transfer)
{
	return transfer->client->config.server_name && !transfer->left_origin &&
	       same_text(transfer->target.scheme, "https");
}

static void add_host(struct transfer *transfer)
{
	CLEANUP(str_release) struct str line = {0};

	str_add(&line, "Host: ");
	http_add_authority(&line, &transfer->target, 0);
	add_header(transfer, str_text(&line));
}

/* Those that libcurl would add by itself are named to keep them away. */
static void build_headers(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;

	add_headers(transfer, &request->headers);
	if (!has_header(&request->headers, "Content-Type"))
		add_header(transfer, "Content-Type:");
	add_header(transfer, "Expect:");
	if (has_other_name(transfer))
		add_host(transfer);
	if (transfer->left_origin)
		return;
	add_headers(transfer, &request->secrets);
	if ((transfer->target.user || transfer->target.password) &&
	    !has_header(&request->secrets, "Authorization"))
		add_basic(transfer);
}

static void set_method(struct http_setter *to,
		       const struct http_request *request)
{
	if (same_text(request->method, "HEAD"))
		http_set_long(to, CURLOPT_NOBODY, 1);
	else if (request->body || same_text(request->method, "POST") ||
		 same_text(request->method, "PUT") ||
		 same_text(request->method, "PATCH")) {
		http_set_long(to, CURLOPT_POST, 1);
		http_set_text(to, CURLOPT_POSTFIELDS,
			      request->body ? request->body : "");
		http_set_size(to, CURLOPT_POSTFIELDSIZE_LARGE,
			      (curl_off_t)request->body_len);
	}
	http_set_text(to, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_limits(struct http_setter *to, const struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	int64_t most = request->try_ms ? request->try_ms : HTTP_TRY_MAX_MS;
	const struct deadline *deadline = &transfer->client->config.deadline;
	int64_t share =
		request->after_all ? most : deadline_share_ms(deadline, most);

	http_set_long(to, CURLOPT_CONNECTTIMEOUT_MS, HTTP_CONNECT_MS);
	http_set_long(to, CURLOPT_TIMEOUT_MS, (long)share);
	http_set_long(to, CURLOPT_LOW_SPEED_LIMIT, 1);
	http_set_long(to, CURLOPT_LOW_SPEED_TIME, HTTP_STALL_SECONDS);
	/* Of a HEAD's reply the length is only told. */
	if (!same_text(transfer->request->method, "HEAD"))
		http_set_size(to, CURLOPT_MAXFILESIZE_LARGE,
			      (curl_off_t)transfer->reply.body.limit);
}

/* Whom a redirect leads to is neither told nor judged by what is of another. */
static const struct http_args *own_args(const struct transfer *transfer)
{
	static const struct http_args none;

	return transfer->request->own && !transfer->left_origin
		       ? transfer->request->own
		       : &none;
}

static void set_trust(struct http_setter *to, const struct transfer *transfer)
{
	const struct http_client *client = transfer->client;
	const struct http_trust *trust = &client->trust;
	const char *own = own_args(transfer)->cacert;

	if (own) {
		http_set_text(to, CURLOPT_CAINFO, own);
		http_set_text(to, CURLOPT_CAPATH, NULL);
	} else if (trust->pem.len) {
		http_set_blob(to, CURLOPT_CAINFO_BLOB, str_text(&trust->pem),
			      trust->pem.len);
		http_set_text(to, CURLOPT_CAPATH, trust->dir);
	} else if (trust->file || trust->dir) {
		http_set_text(to, CURLOPT_CAINFO, trust->file);
		http_set_text(to, CURLOPT_CAPATH, trust->dir);
	}
	if (client->config.insecure) {
		http_set_long(to, CURLOPT_SSL_VERIFYPEER, 0);
		http_set_long(to, CURLOPT_SSL_VERIFYHOST, 0);
	}
}

/* Whom a redirect leads to is not to learn who we are. */
static void set_identity(struct http_setter *to,
			 const struct transfer *transfer)
{
	const struct http_client *client = transfer->client;
	const struct http_config *config = &client->config;
	const struct http_args *own = own_args(transfer);

	if (transfer->left_origin)
		return;
	if (own->cert) {
		http_set_text(to, CURLOPT_SSLCERT, own->cert);
		http_set_text(to, CURLOPT_SSLKEY, own->key);
		return;
	}
	if (config->cert_pem)
		http_set_blob(to, CURLOPT_SSLCERT_BLOB, config->cert_pem,
			      strlen(config->cert_pem));
	else
		http_set_text(to, CURLOPT_SSLCERT, config->args.cert);
	if (secret_is_set(&client->key_pem))
		http_set_blob(to, CURLOPT_SSLKEY_BLOB,
			      secret_reveal(&client->key_pem),
			      client->key_pem.len);
	else
		http_set_text(to, CURLOPT_SSLKEY, config->args.key);
}

/*
 * libcurl takes the name to be verified from the address: where it is to be
 * another one, that stands there, and where it is to be found beside it.
 */
static void set_address(struct http_setter *to, struct transfer *transfer)
{
	CLEANUP(str_release) struct str address = {0};
	CLEANUP(str_release) struct str place = {0};
	CLEANUP(url_release) struct url named = {0};

	if (!has_other_name(transfer)) {
		http_set_text(to, CURLOPT_URL, str_text(&transfer->reply.url));
		return;
	}
	url_copy(&named, &transfer->target);
	free(named.host);
	named.host = xstrdup(transfer->client->config.server_name);
	url_add_text(&address, &named, true);
	str_add(&place, "::");
	http_add_authority(&place, &transfer->target, 443);
	transfer->place = curl.slist_append(NULL, str_text(&place));
	if (!transfer->place)
		mem_exhausted();
	http_set_text(to, CURLOPT_URL, str_text(&address));
	http_set_list(to, CURLOPT_CONNECT_TO, transfer->place);
}

/* Set explicitly, so that libcurl does not read the environment. */
static void set_proxy(struct http_setter *to, const struct transfer *transfer)
{
	CLEANUP(str_release) struct str proxy = {0};
	CLEANUP(str_release) struct str direct = {0};

	if (!transfer->request->no_proxy)
		http_choose_route(&proxy, &direct, &transfer->client->config,
				  &transfer->target, has_other_name(transfer));
	http_set_text(to, CURLOPT_PROXY, str_text(&proxy));
	http_set_text(to, CURLOPT_NOPROXY, str_text(&direct));
	http_set_long(to, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
}

static void set_protocol(struct http_setter *to,
			 const struct http_client *client)
{
	const char *agent = client->config.user_agent;

#if LIBCURL_VERSION_NUM >= 0x075500
	http_set_text(to, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	http_set_long(to, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	http_set_long(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	http_set_long(to, CURLOPT_NOSIGNAL, 1);
	/* Refused while the handle has a buffer from the try before. */
	http_wish_long(to, CURLOPT_BUFFERSIZE, RECEIVE_SIZE);
	http_set_long(to, CURLOPT_PATH_AS_IS, 1);
	http_set_long(to, CURLOPT_TCP_KEEPALIVE, 1);
	http_set_text(to, CURLOPT_USERAGENT,
		      agent ? agent : "slipway/" SLIPWAY_VERSION);
}

static void set_callbacks(struct http_setter *to, struct transfer *transfer)
{
	http_set_writer(to, CURLOPT_WRITEFUNCTION, on_body);
	http_set_context(to, CURLOPT_WRITEDATA, transfer);
	http_set_writer(to, CURLOPT_HEADERFUNCTION, on_header);
	http_set_context(to, CURLOPT_HEADERDATA, transfer);
	http_set_prereq(to, on_send);
	http_set_context(to, CURLOPT_PREREQDATA, transfer);
	http_set_context(to, CURLOPT_PRIVATE, transfer);
	http_set_context(to, CURLOPT_ERRORBUFFER, transfer->why);
}

static bool set_options(struct transfer *transfer, struct err *err)
{
	struct http_setter to = {.easy = transfer->easy};

	set_address(&to, transfer);
	set_method(&to, transfer->request);
	http_set_list(&to, CURLOPT_HTTPHEADER, transfer->headers);
	if (transfer->request->accept_gzip)
		http_set_text(&to, CURLOPT_ACCEPT_ENCODING, "gzip");
	set_limits(&to, transfer);
	set_trust(&to, transfer);
	set_identity(&to, transfer);
	set_proxy(&to, transfer);
	set_protocol(&to, transfer->client);
	set_callbacks(&to, transfer);
	if (to.refused == CURLE_OK)
		return true;
	return err_set(err, ERR_IO, "libcurl refuses an option: %s",
		       curl.easy_strerror(to.refused));
}

static void clear_reply(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;

	http_reply_release(&transfer->reply);
	transfer->reply.body.limit =
		request->reply_limit ? request->reply_limit : HTTP_REPLY_MAX;
	url_add_text(&transfer->reply.url, &transfer->target, true);
	str_clear(&transfer->shown);
	redact_url(&transfer->shown, str_text(&transfer->reply.url));
	transfer->header_bytes = 0;
	transfer->header_ended = false;
	transfer->sends = 0;
	transfer->too_large = false;
	transfer->sated = false;
	transfer->was_paused = false;
	transfer->why[0] = '\0';
}

/* The caller's hook may have changed everything, so all is looked at. */
static bool prepare_try(struct transfer *transfer, struct err *err)
{
	struct http_request *request = transfer->request;

	if (request->before_try &&
	    !request->before_try(request->context, request, err))
		return false;
	if (!http_check_request(request, err))
		return false;
	if (transfer->redirects == 0 &&
	    !http_parse_url(&transfer->target, str_text(&request->url), err))
		return false;
	clear_reply(transfer);
	if (!request->after_all &&
	    deadline_passed(&transfer->client->config.deadline))
		return err_set(err, ERR_TIMEOUT,
			       "%s %s: no time is left for it", request->method,
			       str_text(&transfer->shown));
	return true;
}

static CURL *take_handle(struct http_client *client)
{
	CURL *easy;

	if (client->spare_count > 0) {
		easy = client->spare[--client->spare_count];
		curl.easy_reset(easy);
		return easy;
	}
	easy = curl.easy_init();
	if (!easy)
		mem_exhausted();
	return easy;
}

static void return_handle(struct http_client *client, CURL *easy)
{
	if (client->spare_count < ARRAY_SIZE(client->spare))
		client->spare[client->spare_count++] = easy;
	else
		curl.easy_cleanup(easy);
}

void http_end_try(struct transfer *transfer)
{
	if (!transfer->easy)
		return;
	curl.multi_remove_handle(transfer->client->multi, transfer->easy);
	return_handle(transfer->client, transfer->easy);
	transfer->easy = NULL;
	transfer->paused = false;
	for (struct curl_slist *at = transfer->headers; at; at = at->next)
		wipe(at->data, strlen(at->data));
	curl.slist_free_all(transfer->headers);
	curl.slist_free_all(transfer->place);
	transfer->headers = NULL;
	transfer->place = NULL;
}

void http_start_try(struct transfer *transfer)
{
	struct http_client *client = transfer->client;
	struct err *failure = &transfer->failure;

	transfer->state = TRANSFER_DONE;
	if (!prepare_try(transfer, failure))
		return;
	transfer->easy = take_handle(client);
	build_headers(transfer);
	if (!set_options(transfer, failure))
		return;
	if (curl.multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
		err_set(failure, ERR_IO, "libcurl takes no more requests");
		return;
	}
	transfer->tries++;
	transfer->state = TRANSFER_RUNNING;
}
