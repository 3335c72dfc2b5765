#include "net/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http_try.h"
#include "net/retry.h"
#include "sys/signals.h"

/* A signal that arrives just before poll() is seen this much later. */
#define POLL_MS 200

/* --- the client ------------------------------------------------------------ */

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
	keep(client, &client->config.server_name);
	keep(client, &client->config.proxy);
	if (config->key_pem && secret_is_set(config->key_pem))
		secret_set(&client->key_pem, secret_reveal(config->key_pem),
			   config->key_pem->len);
	http->client = client;
	return true;
}

void http_set_certificate(struct http *http, const char *cert_pem,
			  const struct secret *key_pem)
{
	struct http_client *client = http->client;

	if (!cert_pem || same_text(cert_pem, client->config.cert_pem))
		return;
	client->config.cert_pem = arena_strdup(&client->arena, cert_pem);
	secret_set(&client->key_pem, secret_reveal(key_pem), key_pem->len);
}

const struct http_vigil *http_set_vigil(struct http *http,
					const struct http_vigil *vigil)
{
	struct http_client *client = http->client;
	const struct http_vigil *last = client->vigil;

	client->vigil = vigil;
	client->vigil_at = vigil ? clock_monotonic_ms() + vigil->every_ms : 0;
	return last;
}

struct deadline http_deadline(const struct http *http)
{
	return http->client ? http->client->config.deadline
			    : (struct deadline){0};
}

static bool start_client(struct http_client *client, struct err *err)
{
	if (client->multi)
		return true;
	if (!http_load_curl(err))
		return false;
	client->multi = curl.multi_init();
	if (!client->multi)
		return err_set(err, ERR_IO, "cannot start libcurl");
	curl.multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
			  (long)HTTP_JOBS_MAX);
	return true;
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

static bool says_passing(const struct http_request *request,
			 const struct http_reply *reply)
{
	if (retry_status(reply->status))
		return !request->is_final || !request->is_final(reply);
	return request->is_passing && request->is_passing(reply);
}

/* May what happened be tried again, by what it was? */
static bool is_worth_repeating(const struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	int status = transfer->reply.status;

	if (transfer->code != CURLE_OK) {
		if (!find_failure(transfer)->temporary)
			return false;
	} else if (!says_passing(request, &transfer->reply)) {
		return false;
	}
	if (http_is_repeatable(request))
		return true;
	return request->repeat != HTTP_REPEAT_NEVER &&
	       (transfer->code == CURLE_OK ? status == 429
					   : transfer->sends == 0);
}

/*
 * Does X-RateLimit-Reset say when to come again?  GitHub sends it with every
 * reply, also with a 502 and as long as there are requests left: it is about
 * this reply only where a limit refused it.
 */
static bool is_of_limit(const struct http_reply *reply)
{
	const char *left = http_header(reply, "X-RateLimit-Remaining");

	return reply->status == 429 && (!left || same_text(left, "0"));
}

/* What the server asked for, in milliseconds; -1 = nothing. */
static int64_t asked_wait_ms(const struct http_reply *reply)
{
	int64_t now_s = clock_now_ms() / 1000;
	int64_t wait = retry_after_ms(http_header(reply, "Retry-After"), now_s);

	if (wait < 0 && is_of_limit(reply))
		wait = retry_reset_ms(http_header(reply, "X-RateLimit-Reset"),
				      now_s);
	return wait;
}

static bool plan_retry(struct transfer *transfer)
{
	const struct http_config *config = &transfer->client->config;
	struct retry_state state = {
		.tries = transfer->tries,
		.tries_max = HTTP_TRIES_MAX,
		.asked_ms = asked_wait_ms(&transfer->reply),
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
	/* A server does not wait for ever, and would not the next time. */
	transfer->starved |= transfer->was_paused;
	str_release(&transfer->reply.body);
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

/*
 * Is it a 401 without its text?  That says all that there is to know.
 * Kubernetes ends a HTTP/2 connection by the first 401, and cuts those of the
 * requests beside it.
 */
static bool is_cut_refusal(const struct transfer *transfer)
{
	const struct failure *failure = find_failure(transfer);

	return transfer->reply.status == 401 && transfer->header_ended &&
	       failure->kind == ERR_REMOTE && failure->temporary;
}

/* See a reply as we do where libcurl sees it otherwise. */
static void judge_reply(struct transfer *transfer)
{
	/* To libcurl, a reply cut within its header is a whole one. */
	if (transfer->code == CURLE_OK && !transfer->header_ended)
		transfer->code = CURLE_GOT_NOTHING;
	/* So is one that was refused as it went on after a pause. */
	if (transfer->code == CURLE_OK && transfer->too_large)
		transfer->code = CURLE_WRITE_ERROR;
	if (transfer->sated && transfer->code == CURLE_WRITE_ERROR)
		transfer->code = CURLE_OK;
	if (is_cut_refusal(transfer)) {
		transfer->code = CURLE_OK;
		str_clear(&transfer->reply.body);
	}
}

static void finish_try(struct transfer *transfer)
{
	struct http_reply *reply = &transfer->reply;
	long status = 0;

	curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl.easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE,
			  &transfer->proxy_status);
	reply->status = (int)status;
	judge_reply(transfer);
	log_debug("%s %s: %d, %zu bytes, %s", transfer->request->method,
		  str_text(&transfer->shown), reply->status, reply->body.len,
		  curl.easy_strerror(transfer->code));
	http_end_try(transfer);
	if (plan_retry(transfer))
		return;
	transfer->state = TRANSFER_DONE;
	if (transfer->code != CURLE_OK) {
		fail(transfer);
		return;
	}
	if (plan_again(transfer)) {
		transfer->tries--; /* a detour is no second try */
		http_start_try(transfer);
	}
}

/* --- driving --------------------------------------------------------------- */

static void begin(struct transfer *transfer, struct http_client *client,
		  const struct flow *flow, struct http_request *request)
{
	transfer->client = client;
	transfer->flow = flow;
	transfer->request = request;
	http_start_try(transfer);
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
	    clock_monotonic_ms() >= transfer->wake_ms &&
	    http_may_start(transfer))
		http_start_try(transfer);
	if (transfer->state == TRANSFER_FINISHED)
		finish_try(transfer);
}

/*
 * What may not wait for the servers.  Before a request is begun, too: once
 * libcurl has it, those of the vigil send it along.
 */
static bool keep_vigil(struct http_client *client, struct err *err)
{
	const struct http_vigil *vigil = client->vigil;
	bool kept;

	if (!vigil || client->in_vigil ||
	    clock_monotonic_ms() < client->vigil_at)
		return true;
	client->in_vigil = true;
	kept = vigil->keep(vigil->context, err);
	client->in_vigil = false;
	client->vigil_at = clock_monotonic_ms() + vigil->every_ms;
	return kept;
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
		    http_may_start(&transfers[i]) &&
		    transfers[i].wake_ms - now < wait)
			wait = transfers[i].wake_ms - now;
	}
	if (wait > 0)
		curl.multi_poll(client->multi, NULL, 0, (int)wait, NULL);
}

static void drop(struct transfer *transfer)
{
	http_end_try(transfer);
	url_release(&transfer->target);
	str_release(&transfer->shown);
	http_reply_release(&transfer->reply);
	err_release(&transfer->failure);
	*transfer = (struct transfer){0};
}

/* The reply as the caller sees it. */
static void complete(struct transfer *transfer)
{
	http_end_try(transfer);
	transfer->reply.tries = transfer->tries;
	/* libcurl sends again by itself what met a closing connection. */
	transfer->reply.unclear = transfer->unclear || transfer->sends > 1;
}

bool http_send(struct http *http, struct http_request *request,
	       struct http_reply *reply, struct err *err)
{
	struct http_client *client = http->client;
	CLEANUP(drop) struct transfer transfer = {0};

	if (!start_client(client, err) || !keep_vigil(client, err))
		return false;
	begin(&transfer, client, NULL, request);
	while (transfer.state != TRANSFER_DONE) {
		if (signals_interrupted(err) || !keep_vigil(client, err))
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
	struct flow flow;
	bool dry; /* next had nothing since the last done */
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
	bool busy = false;

	for (size_t i = 0; i < run->batch->jobs; i++) {
		struct lane *lane = &run->lanes[i];

		if (run->transfers[i].state == TRANSFER_FREE && !run->dry) {
			run->dry =
				!run->batch->next(run->batch->context,
						  &lane->request, &lane->item);
			if (run->dry)
				http_request_release(&lane->request);
			else
				begin(&run->transfers[i], run->client,
				      &run->flow, &lane->request);
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
	run->dry = false;
	return go_on;
}

/* Hand over what is done; is there any? */
static bool collect(struct run *run, bool *any, struct err *err)
{
	*any = false;
	for (size_t i = 0; i < run->batch->jobs; i++) {
		advance(&run->transfers[i]);
		if (run->transfers[i].state != TRANSFER_DONE)
			continue;
		if (!hand_over(run, i, err))
			return false;
		*any = true;
	}
	return true;
}

static bool work_meanwhile(const struct http_batch *batch, bool *worked,
			   struct err *err)
{
	*worked = false;
	return !batch->meanwhile ||
	       batch->meanwhile(batch->context, worked, err);
}

bool http_run(struct http *http, struct http_batch *batch, struct err *err)
{
	CLEANUP(release_run) struct run run = {.client = http->client,
					       .batch = batch};

	if (batch->jobs == 0 || batch->jobs > HTTP_JOBS_MAX)
		BUG("a batch of %zu jobs", batch->jobs);
	run.transfers = xcalloc(batch->jobs, sizeof(*run.transfers));
	run.lanes = xcalloc(batch->jobs, sizeof(*run.lanes));
	run.flow = (struct flow){run.transfers, batch->jobs, batch->memory};
	if (!start_client(run.client, err) || !keep_vigil(run.client, err))
		return false;
	while (fill_lanes(&run)) {
		bool busy;

		if (signals_interrupted(err) || !keep_vigil(run.client, err))
			return false;
		perform(run.client);
		if (!collect(&run, &busy, err))
			return false;
		for (size_t i = 0; i < batch->jobs; i++)
			http_resume(&run.transfers[i]);
		if (!busy && !work_meanwhile(batch, &busy, err))
			return false;
		if (!busy)
			wait_for_news(run.client, run.transfers, batch->jobs);
	}
	return true;
}
