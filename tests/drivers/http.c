/*
 * Sends the requests that it is told to, for tests/steps/test_http*.py.
 *
 *	{"timeout": 3000, "cacert": "FILE", "jobs": 4,
 *	 "requests": [{"method": "GET", "url": "...", "headers": [...]}]}
 *
 * Without "jobs" one after the other, else as a batch, of which the replies
 * hold "memory" at most.  With "vigil":
 * {"every": 300, "url": "...", "times": 2} that is asked for so often; the
 * time after that ends all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/drivers/driver.h"

static void add_lines(struct strvec *lines, const json_t *json)
{
	json_t *line;
	size_t i;

	json_array_foreach (json, i, line)
		strvec_add(lines, json_string_value(line));
}

static enum http_repeat repeat_of(const char *name)
{
	if (same_text(name, "always"))
		return HTTP_REPEAT_ALWAYS;
	if (same_text(name, "never"))
		return HTTP_REPEAT_NEVER;
	return HTTP_REPEAT_DEFAULT;
}

/* Send it again with what the server's X-Learn header says. */
static bool learn(void *context, struct http_request *request,
		  const struct http_reply *reply)
{
	const char *learnt = http_header(reply, "X-Learn");

	(void)context;
	if (learnt)
		strvec_addf(&request->headers, "X-Learnt: %s", learnt);
	return learnt != NULL;
}

static void fill(struct http_request *request, const json_t *json)
{
	const json_t *limit = json_object_get(json, "replyLimit");

	request->method = driver_text(json, "method");
	str_add(&request->url, driver_text(json, "url"));
	add_lines(&request->headers, json_object_get(json, "headers"));
	add_lines(&request->secrets, json_object_get(json, "secrets"));
	request->body = driver_text(json, "body");
	request->body_len = request->body ? strlen(request->body) : 0;
	request->reply_limit = (size_t)json_integer_value(limit);
	request->repeat = repeat_of(driver_text(json, "repeat"));
	request->accept_gzip =
		json_is_true(json_object_get(json, "acceptGzip"));
	request->no_redirects =
		json_is_true(json_object_get(json, "noRedirects"));
	request->again = learn;
}

static json_t *describe(const struct http_reply *reply)
{
	json_t *headers = json_array();

	for (size_t i = 0; i < reply->headers.count; i++)
		json_array_append_new(headers,
				      json_string(reply->headers.items[i]));
	return json_pack("{s:i, s:o, s:o, s:s, s:i, s:b}", "status",
			 reply->status, "headers", headers, "body",
			 driver_bytes(&reply->body), "url",
			 str_text(&reply->url), "tries", (int)reply->tries,
			 "unclear", reply->unclear);
}

static bool send_all(struct http *http, const json_t *requests, struct err *err)
{
	json_t *json;
	size_t i;

	json_array_foreach (requests, i, json) {
		CLEANUP(http_request_release) struct http_request request = {0};
		CLEANUP(http_reply_release) struct http_reply reply = {0};
		CLEANUP(err_release) struct err failure = {0};

		fill(&request, json);
		if (http_send(http, &request, &reply, &failure)) {
			driver_print(describe(&reply));
		} else if (failure.kind == ERR_INTERRUPTED) {
			err_move(err, &failure);
			return false;
		} else {
			driver_print(driver_error(&failure));
		}
	}
	return true;
}

struct work {
	json_t *requests;
	size_t next;
};

static bool next_request(void *context, struct http_request *request,
			 void **item)
{
	struct work *work = context;

	*item = json_array_get(work->requests, work->next++);
	if (!*item)
		return false;
	fill(request, *item);
	return true;
}

static bool done_request(void *context, void *item,
			 struct http_request *request, struct http_reply *reply,
			 struct err *failure, struct err *err)
{
	json_t *said = failure->kind != ERR_NONE ? driver_error(failure)
						 : describe(reply);

	(void)context;
	json_object_set_new(said, "request",
			    json_string(driver_text(item, "url")));
	driver_print(said);
	if (reply->status == 418)
		return err_set(err, ERR_REMOTE, "'%s' ends the batch",
			       str_text(&request->url));
	return true;
}

static bool run_batch(struct http *http, json_t *requests, size_t jobs,
		      size_t memory, struct err *err)
{
	struct work work = {.requests = requests};
	struct http_batch batch = {
		.jobs = jobs,
		.memory = memory,
		.next = next_request,
		.done = done_request,
		.context = &work,
	};

	return http_run(http, &batch, err);
}

/* What has to be done meanwhile. */
struct chore {
	struct http *http;
	const char *url;
	int64_t times;
};

static bool do_chore(void *context, struct err *err)
{
	struct chore *chore = context;
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET"};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	if (!chore->times)
		return err_set(err, ERR_REMOTE, "the vigil has ended");
	chore->times--;
	str_add(&request.url, chore->url);
	return http_send(chore->http, &request, &reply, err);
}

static bool run(json_t *script, const struct env *env, struct err *err)
{
	json_t *requests = json_object_get(script, "requests");
	json_t *timeout = json_object_get(script, "timeout");
	json_t *jobs = json_object_get(script, "jobs");
	json_t *memory = json_object_get(script, "memory");
	const json_t *vigil = json_object_get(script, "vigil");
	const char *key_pem = driver_text(script, "keyPem");
	CLEANUP(secret_release) struct secret key = {0};
	CLEANUP(http_release) struct http http = {0};
	struct chore chore = {
		.http = &http,
		.url = vigil ? driver_text(vigil, "url") : NULL,
		.times = json_integer_value(json_object_get(vigil, "times")),
	};
	const struct http_vigil often = {
		.every_ms = json_integer_value(json_object_get(vigil, "every")),
		.keep = do_chore,
		.context = &chore,
	};
	struct http_config config = {
		.args = {.cacert = driver_text(script, "cacert"),
			 .cert = driver_text(script, "cert"),
			 .key = driver_text(script, "key")},
		.ca_pem = driver_text(script, "caPem"),
		.cert_pem = driver_text(script, "certPem"),
		.env = env,
		.reporter = &driver_reporter,
	};

	if (key_pem) {
		secret_set(&key, key_pem, strlen(key_pem));
		config.key_pem = &key;
	}
	if (timeout)
		config.deadline = deadline_in(json_integer_value(timeout));
	if (!http_open(&http, &config, err))
		return false;
	if (vigil)
		(void)http_set_vigil(&http, &often);
	if (!jobs)
		return send_all(&http, requests, err);
	return run_batch(&http, requests, (size_t)json_integer_value(jobs),
			 (size_t)json_integer_value(memory), err);
}

int main(void)
{
	return driver_main("http", run);
}
