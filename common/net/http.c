#include "net/http.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/version.h"
#include "format/url.h"
#include "net/http_parts.h"
#include "net/redact.h"
#include "net/retry.h"
#include "sys/lazy.h"
#include "sys/proc.h"

/* A signal that arrives just before poll() is seen this much later. */
#define POLL_MS 200

/* --- libcurl, loaded at first use ----------------------------------------- */

static struct {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
} curl;

static const struct lazy_symbol symbols[] = {
	{"curl_global_init", (void **)&curl.global_init},
	{"curl_easy_init", (void **)&curl.easy_init},
	{"curl_easy_setopt", (void **)&curl.easy_setopt},
	{"curl_easy_getinfo", (void **)&curl.easy_getinfo},
	{"curl_easy_reset", (void **)&curl.easy_reset},
	{"curl_easy_cleanup", (void **)&curl.easy_cleanup},
	{"curl_easy_strerror", (void **)&curl.easy_strerror},
	{"curl_slist_append", (void **)&curl.slist_append},
	{"curl_slist_free_all", (void **)&curl.slist_free_all},
	{"curl_multi_init", (void **)&curl.multi_init},
	{"curl_multi_setopt", (void **)&curl.multi_setopt},
	{"curl_multi_add_handle", (void **)&curl.multi_add_handle},
	{"curl_multi_remove_handle", (void **)&curl.multi_remove_handle},
	{"curl_multi_perform", (void **)&curl.multi_perform},
	{"curl_multi_poll", (void **)&curl.multi_poll},
	{"curl_multi_info_read", (void **)&curl.multi_info_read},
	{"curl_multi_cleanup", (void **)&curl.multi_cleanup},
	{0},
};

static struct lazy library = {.sonames = "libcurl.so.4", .symbols = symbols};
LAZY_NOTE("libcurl.so.4");

static bool load_curl(struct err *err)
{
	static bool initialised;

	if (initialised)
		return true;
	if (!lazy_load(&library, err))
		return false;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_IO, "cannot initialise libcurl");
	initialised = true;
	return true;
}

/*
 * Setting options, one function for each type that libcurl takes: its own
 * check of types does not work through a table of pointers.  The first
 * refusal is kept and looked at once, after all are set.
 */
struct setter {
	CURL *easy;
	CURLcode refused;
};

static void note(struct setter *to, CURLcode code)
{
	if (to->refused == CURLE_OK)
		to->refused = code;
}

static void set_long(struct setter *to, CURLoption option, long value)
{
	note(to, curl.easy_setopt(to->easy, option, value));
}

static void set_size(struct setter *to, CURLoption option, curl_off_t value)
{
	note(to, curl.easy_setopt(to->easy, option, value));
}

/* libcurl copies @text, but for CURLOPT_POSTFIELDS. */
static void set_text(struct setter *to, CURLoption option, const char *text)
{
	note(to, curl.easy_setopt(to->easy, option, text));
}

static void set_list(struct setter *to, CURLoption option,
		     struct curl_slist *list)
{
	note(to, curl.easy_setopt(to->easy, option, list));
}

static void set_blob(struct setter *to, CURLoption option, const char *bytes,
		     size_t len)
{
	union {
		const char *borrowed;
		void *data; /* copied, never written to */
	} bytes_of = {.borrowed = bytes};
	struct curl_blob blob = {
		.data = bytes_of.data, .len = len, .flags = CURL_BLOB_COPY};

	note(to, curl.easy_setopt(to->easy, option, &blob));
}

static void set_context(struct setter *to, CURLoption option, void *context)
{
	note(to, curl.easy_setopt(to->easy, option, context));
}

static void set_writer(struct setter *to, CURLoption option,
		       curl_write_callback callback)
{
	note(to, curl.easy_setopt(to->easy, option, callback));
}

static void set_prereq(struct setter *to, curl_prereq_callback callback)
{
	note(to, curl.easy_setopt(to->easy, CURLOPT_PREREQFUNCTION, callback));
}

/* --- the client ------------------------------------------------------------ */

struct http_client {
	struct http_config config; /* its texts live in the arena */
	struct secret key_pem;
	struct arena arena;
	struct http_trust trust;
	CURLM *multi;		    /* NULL until the first request */
	CURL *spare[HTTP_JOBS_MAX]; /* handles with their TLS sessions */
	size_t spare_count;
};

enum transfer_state {
	TRANSFER_FREE,	   /* no request */
	TRANSFER_WAITING,  /* until wake_ms */
	TRANSFER_RUNNING,  /* in libcurl's hands */
	TRANSFER_FINISHED, /* a try ended, with code */
	TRANSFER_DONE,	   /* the reply or failure is there */
};

/* One request on its way through tries, redirects and signatures. */
struct transfer {
	struct http_client *client;
	struct http_request *request;
	struct http_reply reply;
	struct err failure;
	enum transfer_state state;

	/* Where it goes now. */
	struct url target;
	struct str shown; /* the same for messages */
	bool left_origin; /* secrets stay behind for good */
	unsigned int redirects;
	unsigned int agains;
	unsigned int tries;
	bool unclear;
	int64_t wake_ms;

	/* The try under way. */
	CURL *easy;
	struct curl_slist *headers;
	CURLcode code;
	char why[CURL_ERROR_SIZE];
	size_t header_bytes;
	bool header_ended;
	unsigned int sends; /* how often libcurl began to send it */
	bool too_large;
	long proxy_status; /* of a CONNECT; 0 = none was needed */
};

static void keep(struct http_client *client, const char **text)
{
	if (*text)
		*text = arena_strdup(&client->arena, *text);
}

bool http_open(struct http *http, const struct http_config *config,
	       struct err *err)
{
	CLEANUP(http_trust_release) struct http_trust trust = {0};
	struct http_client *client;

	if (http->client)
		BUG("http client opened twice");
	if (!http_choose_trust(&trust, config, err))
		return false;
	client = xnew(struct http_client);
	client->config = *config;
	client->trust = trust;
	trust = (struct http_trust){0};
	keep(client, &client->config.args.cacert);
	keep(client, &client->config.args.cert);
	keep(client, &client->config.args.key);
	keep(client, &client->config.user_agent);
	keep(client, &client->config.ca_pem);
	keep(client, &client->config.cert_pem);
	if (config->key_pem && secret_is_set(config->key_pem))
		secret_set(&client->key_pem, secret_reveal(config->key_pem),
			   config->key_pem->len);
	http->client = client;
	return true;
}

static bool start_client(struct http_client *client, struct err *err)
{
	if (client->multi)
		return true;
	if (!load_curl(err))
		return false;
	client->multi = curl.multi_init();
	if (!client->multi)
		return err_set(err, ERR_IO, "cannot start libcurl");
	curl.multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
			  (long)HTTP_JOBS_MAX);
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
		BUG("libcurl has no memory");
	return easy;
}

static void return_handle(struct http_client *client, CURL *easy)
{
	if (client->spare_count < ARRAY_SIZE(client->spare))
		client->spare[client->spare_count++] = easy;
	else
		curl.easy_cleanup(easy);
}

void http_release(struct http *http)
{
	struct http_client *client = http->client;

	if (!client)
		return;
	while (client->spare_count > 0)
		curl.easy_cleanup(client->spare[--client->spare_count]);
	if (client->multi)
		curl.multi_cleanup(client->multi);
	http_trust_release(&client->trust);
	secret_release(&client->key_pem);
	arena_release(&client->arena);
	free(client);
	http->client = NULL;
}

/* --- what libcurl calls back ----------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct str *body = &transfer->reply.body;

	str_add_bytes(body, bytes, size * count);
	transfer->too_large = body->overflow;
	return body->overflow ? 0 : size * count;
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

static bool is_repeatable(const struct http_request *request)
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
	if (transfer->sends++ > 0 && !is_repeatable(transfer->request))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

/* --- one try --------------------------------------------------------------- */

static void add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl.slist_append(transfer->headers, line);

	if (!longer)
		BUG("libcurl has no memory");
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

/* Those that libcurl would add by itself are named to keep them away. */
static void build_headers(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;

	add_headers(transfer, &request->headers);
	if (!has_header(&request->headers, "Content-Type"))
		add_header(transfer, "Content-Type:");
	add_header(transfer, "Expect:");
	if (transfer->left_origin)
		return;
	add_headers(transfer, &request->secrets);
	if ((transfer->target.user || transfer->target.password) &&
	    !has_header(&request->secrets, "Authorization"))
		add_basic(transfer);
}

static void set_method(struct setter *to, const struct http_request *request)
{
	if (same_text(request->method, "HEAD"))
		set_long(to, CURLOPT_NOBODY, 1);
	else if (request->body || same_text(request->method, "POST") ||
		 same_text(request->method, "PUT") ||
		 same_text(request->method, "PATCH")) {
		set_long(to, CURLOPT_POST, 1);
		set_text(to, CURLOPT_POSTFIELDS,
			 request->body ? request->body : "");
		set_size(to, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)request->body_len);
	}
	set_text(to, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_limits(struct setter *to, const struct transfer *transfer)
{
	const struct deadline *deadline = &transfer->client->config.deadline;
	int64_t left = deadline_left_ms(deadline, HTTP_TRY_MAX_MS);

	set_long(to, CURLOPT_CONNECTTIMEOUT_MS, HTTP_CONNECT_MS);
	set_long(to, CURLOPT_TIMEOUT_MS,
		 (long)(left < HTTP_TRY_MAX_MS ? left : HTTP_TRY_MAX_MS));
	set_long(to, CURLOPT_LOW_SPEED_LIMIT, 1);
	set_long(to, CURLOPT_LOW_SPEED_TIME, HTTP_STALL_SECONDS);
	/* Of a HEAD's reply the length is only told. */
	if (!same_text(transfer->request->method, "HEAD"))
		set_size(to, CURLOPT_MAXFILESIZE_LARGE,
			 (curl_off_t)transfer->reply.body.limit);
}

static void set_trust(struct setter *to, const struct http_client *client)
{
	const struct http_trust *trust = &client->trust;
	const struct http_config *config = &client->config;

	if (trust->pem.len) {
		set_blob(to, CURLOPT_CAINFO_BLOB, str_text(&trust->pem),
			 trust->pem.len);
		set_text(to, CURLOPT_CAPATH, trust->dir);
	} else if (trust->file || trust->dir) {
		set_text(to, CURLOPT_CAINFO, trust->file);
		set_text(to, CURLOPT_CAPATH, trust->dir);
	}
	if (config->cert_pem)
		set_blob(to, CURLOPT_SSLCERT_BLOB, config->cert_pem,
			 strlen(config->cert_pem));
	else
		set_text(to, CURLOPT_SSLCERT, config->args.cert);
	if (secret_is_set(&client->key_pem))
		set_blob(to, CURLOPT_SSLKEY_BLOB,
			 secret_reveal(&client->key_pem), client->key_pem.len);
	else
		set_text(to, CURLOPT_SSLKEY, config->args.key);
}

/* Set explicitly, so that libcurl does not read the environment. */
static void set_proxy(struct setter *to, const struct transfer *transfer)
{
	const struct env *env = transfer->client->config.env;
	CLEANUP(str_release) struct str direct = {0};

	http_add_no_proxy(&direct, env);
	set_text(to, CURLOPT_PROXY,
		 http_choose_proxy(env, transfer->target.scheme));
	set_text(to, CURLOPT_NOPROXY, str_text(&direct));
	set_long(to, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
}

static void set_protocol(struct setter *to, const struct http_client *client)
{
	const char *agent = client->config.user_agent;

#if LIBCURL_VERSION_NUM >= 0x075500
	set_text(to, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	set_long(to, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	set_long(to, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	set_long(to, CURLOPT_NOSIGNAL, 1);
	set_long(to, CURLOPT_PATH_AS_IS, 1);
	set_long(to, CURLOPT_TCP_KEEPALIVE, 1);
	set_text(to, CURLOPT_USERAGENT,
		 agent ? agent : "slipway/" SLIPWAY_VERSION);
}

static void set_callbacks(struct setter *to, struct transfer *transfer)
{
	set_writer(to, CURLOPT_WRITEFUNCTION, on_body);
	set_context(to, CURLOPT_WRITEDATA, transfer);
	set_writer(to, CURLOPT_HEADERFUNCTION, on_header);
	set_context(to, CURLOPT_HEADERDATA, transfer);
	set_prereq(to, on_send);
	set_context(to, CURLOPT_PREREQDATA, transfer);
	set_context(to, CURLOPT_PRIVATE, transfer);
	set_context(to, CURLOPT_ERRORBUFFER, transfer->why);
}

static bool set_options(struct transfer *transfer, struct err *err)
{
	struct setter to = {.easy = transfer->easy};

	set_text(&to, CURLOPT_URL, str_text(&transfer->reply.url));
	set_method(&to, transfer->request);
	set_list(&to, CURLOPT_HTTPHEADER, transfer->headers);
	if (transfer->request->accept_gzip)
		set_text(&to, CURLOPT_ACCEPT_ENCODING, "gzip");
	set_limits(&to, transfer);
	set_trust(&to, transfer->client);
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
	if (deadline_passed(&transfer->client->config.deadline))
		return err_set(err, ERR_TIMEOUT,
			       "%s %s: no time is left for it", request->method,
			       str_text(&transfer->shown));
	return true;
}

static void end_try(struct transfer *transfer)
{
	if (!transfer->easy)
		return;
	curl.multi_remove_handle(transfer->client->multi, transfer->easy);
	return_handle(transfer->client, transfer->easy);
	transfer->easy = NULL;
	for (struct curl_slist *at = transfer->headers; at; at = at->next)
		wipe(at->data, strlen(at->data));
	curl.slist_free_all(transfer->headers);
	transfer->headers = NULL;
}

/* Hand the request to libcurl; what prevents it is the transfer's failure. */
static void start_try(struct transfer *transfer)
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

/* --- after a try ----------------------------------------------------------- */

/* What an error of libcurl's means; the first row also for all others. */
static const struct failure {
	CURLcode code;
	enum err_kind kind;
	bool temporary;
	const char *hint;
} failures[] = {
	{CURLE_OK, ERR_REMOTE, false, NULL},
	{CURLE_URL_MALFORMAT, ERR_INPUT, false, NULL},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_UNREACHABLE, true, NULL},
	{CURLE_COULDNT_RESOLVE_HOST, ERR_UNREACHABLE, true, NULL},
	{CURLE_COULDNT_CONNECT, ERR_UNREACHABLE, true, NULL},
	{CURLE_PROXY, ERR_UNREACHABLE, true, NULL},
	{CURLE_SSL_CONNECT_ERROR, ERR_UNREACHABLE, true, NULL},
	{CURLE_PEER_FAILED_VERIFICATION, ERR_UNREACHABLE, false,
	 "name the certificate of its authority with --cacert"},
	{CURLE_SSL_CERTPROBLEM, ERR_INPUT, false, NULL},
	{CURLE_SSL_CACERT_BADFILE, ERR_INPUT, false, NULL},
	{CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, true, NULL},
	{CURLE_GOT_NOTHING, ERR_REMOTE, true, NULL},
	{CURLE_SEND_ERROR, ERR_REMOTE, true, NULL},
	{CURLE_RECV_ERROR, ERR_REMOTE, true, NULL},
	{CURLE_PARTIAL_FILE, ERR_REMOTE, true, NULL},
	{CURLE_HTTP2, ERR_REMOTE, true, NULL},
	{CURLE_HTTP2_STREAM, ERR_REMOTE, true, NULL},
	{CURLE_ABORTED_BY_CALLBACK, ERR_REMOTE, true, NULL},
};

/* The proxy's answer for good, whatever libcurl makes of it. */
static const struct failure refused_by_proxy = {
	CURLE_COULDNT_CONNECT, ERR_DENIED, false,
	"the proxy comes from https_proxy or all_proxy; no_proxy lists hosts "
	"to be reached without it"};

static const struct failure *find_failure(const struct transfer *transfer)
{
	long proxy_status = transfer->proxy_status;

	if (proxy_status >= 400 && !retry_status((int)proxy_status))
		return &refused_by_proxy;
	for (size_t i = 1; i < ARRAY_SIZE(failures); i++)
		if (failures[i].code == transfer->code)
			return &failures[i];
	return &failures[0];
}

/* What the server may have acted on without our knowing the outcome. */
static bool may_have_acted(const struct transfer *transfer)
{
	if (transfer->code != CURLE_OK)
		return transfer->sends > 0;
	return transfer->reply.status >= 500;
}

static void describe_failure(const struct transfer *transfer, struct str *out)
{
	CURLcode code = transfer->code;

	if (code == CURLE_OK)
		str_addf(out, "server answered %d", transfer->reply.status);
	else if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED)
		str_addf(out, "the reply is larger than %zu bytes",
			 transfer->header_bytes > HTTP_HEADERS_MAX
				 ? HTTP_HEADERS_MAX
				 : transfer->reply.body.limit);
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		str_add(out, "the connection was closed before an answer");
	else if (transfer->why[0])
		str_add_escaped(out, transfer->why, strlen(transfer->why));
	else
		str_add(out, curl.easy_strerror(code));
}

static void fail(struct transfer *transfer)
{
	const struct failure *failure = find_failure(transfer);
	struct err *err = &transfer->failure;
	CLEANUP(str_release) struct str why = {0};

	describe_failure(transfer, &why);
	err_set(err, failure->kind, "%s %s: %s", transfer->request->method,
		str_text(&transfer->shown), str_text(&why));
	err_temporary(err, failure->temporary);
	if (failure->hint)
		err_hint(err, "%s", failure->hint);
}

/* May what happened be tried again, by what it was? */
static bool is_worth_repeating(const struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	int status = transfer->reply.status;

	if (transfer->code != CURLE_OK) {
		if (!find_failure(transfer)->temporary)
			return false;
	} else if (!retry_status(status)) {
		return false;
	}
	if (is_repeatable(request))
		return true;
	return request->repeat != HTTP_REPEAT_NEVER &&
	       (transfer->code == CURLE_OK ? status == 429
					   : transfer->sends == 0);
}

static bool plan_retry(struct transfer *transfer)
{
	const struct http_config *config = &transfer->client->config;
	const char *header = http_header(&transfer->reply, "Retry-After");
	struct retry_state state = {
		.tries = transfer->tries,
		.tries_max = HTTP_TRIES_MAX,
		.asked_ms = retry_after_ms(header, clock_now_ms() / 1000),
		.asked_max_ms = HTTP_RETRY_AFTER_MAX_MS,
		.left_ms = deadline_left_ms(&config->deadline, INT64_MAX),
		.random = random_number(),
	};
	CLEANUP(str_release) struct str why = {0};
	int64_t wait;

	if (!is_worth_repeating(transfer) || !retry_plan(&state, &wait))
		return false;
	describe_failure(transfer, &why);
	report_warning(config->reporter,
		       "%s %s: %s; trying again in %.1f s (try %u of %u)",
		       transfer->request->method, str_text(&transfer->shown),
		       str_text(&why), (double)wait / 1000, transfer->tries + 1,
		       HTTP_TRIES_MAX);
	transfer->unclear |= may_have_acted(transfer);
	transfer->wake_ms = clock_monotonic_ms() + wait;
	transfer->state = TRANSFER_WAITING;
	return true;
}

/*
 * Credentials of the URL stay with its origin; those that the server wrote
 * into its redirect are not used.
 */
static void go_to(struct transfer *transfer, struct url *to)
{
	struct url from = transfer->target;

	free(to->user);
	free(to->password);
	to->user = NULL;
	to->password = NULL;
	transfer->left_origin |= !url_same_origin(&from, to);
	if (!transfer->left_origin) {
		to->user = from.user;
		to->password = from.password;
		from.user = NULL;
		from.password = NULL;
	}
	transfer->target = *to;
	*to = (struct url){0};
	url_release(&from);
}

/* False, with the failure set, if the redirect cannot be followed. */
static bool follow(struct transfer *transfer, const char *location)
{
	CLEANUP(url_release) struct url to = {0};
	struct err *err = &transfer->failure;

	if (++transfer->redirects > HTTP_REDIRECTS_MAX)
		err_set(err, ERR_REMOTE, "more than %d redirects",
			HTTP_REDIRECTS_MAX);
	else if (http_redirect_target(&transfer->target, location, &to, err)) {
		go_to(transfer, &to);
		return true;
	}
	return err_wrap(err, "%s %s", transfer->request->method,
			str_text(&transfer->shown));
}

/* Is there another try at once: elsewhere, or with what was learnt? */
static bool plan_again(struct transfer *transfer)
{
	struct http_request *request = transfer->request;
	const char *location = http_header(&transfer->reply, "Location");
	bool safe = same_text(request->method, "GET") ||
		    same_text(request->method, "HEAD");

	if (request->again && transfer->agains < HTTP_AGAIN_MAX &&
	    request->again(request->context, request, &transfer->reply)) {
		transfer->agains++;
		return true;
	}
	return http_is_redirect(transfer->reply.status) && location && safe &&
	       !request->no_redirects && follow(transfer, location);
}

static void finish_try(struct transfer *transfer)
{
	struct http_reply *reply = &transfer->reply;
	long status = 0;

	/* To libcurl, a reply cut within its header is a whole one. */
	if (transfer->code == CURLE_OK && !transfer->header_ended)
		transfer->code = CURLE_GOT_NOTHING;
	curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl.easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE,
			  &transfer->proxy_status);
	reply->status = (int)status;
	log_debug("%s %s: %d, %zu bytes, %s", transfer->request->method,
		  str_text(&transfer->shown), reply->status, reply->body.len,
		  curl.easy_strerror(transfer->code));
	end_try(transfer);
	if (plan_retry(transfer))
		return;
	transfer->state = TRANSFER_DONE;
	if (transfer->code != CURLE_OK) {
		fail(transfer);
		return;
	}
	if (plan_again(transfer)) {
		transfer->tries--; /* a detour is no second try */
		start_try(transfer);
	}
}

/* --- driving --------------------------------------------------------------- */

static void begin(struct transfer *transfer, struct http_client *client,
		  struct http_request *request)
{
	transfer->client = client;
	transfer->request = request;
	start_try(transfer);
}

/* Let libcurl work, and note in each transfer that one of its tries ended. */
static void perform(struct http_client *client)
{
	CURLMsg *message;
	int running, queued;

	curl.multi_perform(client->multi, &running);
	while ((message = curl.multi_info_read(client->multi, &queued))) {
		struct transfer *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  &transfer);
		transfer->code = message->data.result;
		transfer->state = TRANSFER_FINISHED;
	}
}

/* Take the transfer as far as it goes without waiting. */
static void advance(struct transfer *transfer)
{
	if (transfer->state == TRANSFER_WAITING &&
	    clock_monotonic_ms() >= transfer->wake_ms)
		start_try(transfer);
	if (transfer->state == TRANSFER_FINISHED)
		finish_try(transfer);
}

static void wait_for_news(struct http_client *client,
			  const struct transfer *transfers, size_t count)
{
	int64_t now = clock_monotonic_ms();
	int64_t wait = POLL_MS;

	for (size_t i = 0; i < count; i++) {
		enum transfer_state state = transfers[i].state;

		if (state == TRANSFER_FINISHED || state == TRANSFER_DONE)
			return;
		if (state == TRANSFER_WAITING &&
		    transfers[i].wake_ms - now < wait)
			wait = transfers[i].wake_ms - now;
	}
	if (wait > 0)
		curl.multi_poll(client->multi, NULL, 0, (int)wait, NULL);
}

static void drop(struct transfer *transfer)
{
	end_try(transfer);
	url_release(&transfer->target);
	str_release(&transfer->shown);
	http_reply_release(&transfer->reply);
	err_release(&transfer->failure);
	*transfer = (struct transfer){0};
}

/* The reply as the caller sees it. */
static void complete(struct transfer *transfer)
{
	end_try(transfer);
	transfer->reply.tries = transfer->tries;
	transfer->reply.unclear = transfer->unclear;
}

bool http_send(struct http *http, struct http_request *request,
	       struct http_reply *reply, struct err *err)
{
	struct http_client *client = http->client;
	CLEANUP(drop) struct transfer transfer = {0};

	if (!start_client(client, err))
		return false;
	begin(&transfer, client, request);
	while (transfer.state != TRANSFER_DONE) {
		if (proc_interrupted(err))
			return false;
		perform(client);
		advance(&transfer);
		wait_for_news(client, &transfer, 1);
	}
	complete(&transfer);
	if (transfer.failure.kind != ERR_NONE) {
		err_move(err, &transfer.failure);
		return false;
	}
	http_reply_release(reply);
	*reply = transfer.reply;
	transfer.reply = (struct http_reply){0};
	return true;
}

/* --- batches --------------------------------------------------------------- */

struct lane {
	struct http_request request;
	void *item;
};

struct run {
	struct http_client *client;
	struct http_batch *batch;
	struct transfer *transfers; /* batch->jobs of each */
	struct lane *lanes;
};

static void release_run(struct run *run)
{
	for (size_t i = 0; i < run->batch->jobs; i++) {
		drop(&run->transfers[i]);
		http_request_release(&run->lanes[i].request);
	}
	free(run->transfers);
	free(run->lanes);
}

/* Fill free lanes; true if any lane is in use after. */
static bool fill_lanes(struct run *run)
{
	bool more = true, busy = false;

	for (size_t i = 0; i < run->batch->jobs; i++) {
		struct lane *lane = &run->lanes[i];

		if (run->transfers[i].state == TRANSFER_FREE && more) {
			more = run->batch->next(run->batch->context,
						&lane->request, &lane->item);
			if (more)
				begin(&run->transfers[i], run->client,
				      &lane->request);
			else
				http_request_release(&lane->request);
		}
		busy |= run->transfers[i].state != TRANSFER_FREE;
	}
	return busy;
}

static bool hand_over(struct run *run, size_t i, struct err *err)
{
	struct transfer *transfer = &run->transfers[i];
	struct lane *lane = &run->lanes[i];
	bool go_on;

	complete(transfer);
	go_on = run->batch->done(run->batch->context, lane->item,
				 &lane->request, &transfer->reply,
				 &transfer->failure, err);
	drop(transfer);
	http_request_release(&lane->request);
	lane->item = NULL;
	return go_on;
}

bool http_run(struct http *http, struct http_batch *batch, struct err *err)
{
	CLEANUP(release_run) struct run run = {.client = http->client,
					       .batch = batch};

	if (batch->jobs == 0 || batch->jobs > HTTP_JOBS_MAX)
		BUG("a batch of %zu jobs", batch->jobs);
	run.transfers = xcalloc(batch->jobs, sizeof(*run.transfers));
	run.lanes = xcalloc(batch->jobs, sizeof(*run.lanes));
	if (!start_client(run.client, err))
		return false;
	while (fill_lanes(&run)) {
		bool freed = false;

		if (proc_interrupted(err))
			return false;
		perform(run.client);
		for (size_t i = 0; i < batch->jobs; i++) {
			advance(&run.transfers[i]);
			if (run.transfers[i].state != TRANSFER_DONE)
				continue;
			if (!hand_over(&run, i, err))
				return false;
			freed = true;
		}
		if (!freed)
			wait_for_news(run.client, run.transfers, batch->jobs);
	}
	return true;
}
