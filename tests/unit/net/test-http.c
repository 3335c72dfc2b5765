/* What needs no server; tests/steps/test_http*.py have the rest. */
#include "net/http.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "format/url.h"
#include "net/http_parts.h"
#include "sys/env.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

static void test_header(void **state)
{
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	(void)state;
	strvec_add(&reply.headers, "ETagged: no");
	strvec_add(&reply.headers, "etag:\t \"a\"");
	strvec_add(&reply.headers, "ETag: \"b\"");
	strvec_add(&reply.headers, "Empty:");
	assert_string_equal(http_header(&reply, "ETag"), "\"a\"");
	assert_string_equal(http_header(&reply, "Empty"), "");
	assert_null(http_header(&reply, "ETa"));
}

static void test_fail(void **state)
{
	static const struct {
		int status;
		const char *body, *type, *words;
		enum err_kind kind;
		bool temporary;
		const char *said;
	} cases[] = {
		{400, "bad", NULL, NULL, ERR_REMOTE, false, " (bad)"},
		{401, "", NULL, NULL, ERR_DENIED, false, ""},
		{403, "x", NULL, "no right", ERR_DENIED, false, " (no right)"},
		{404, NULL, NULL, NULL, ERR_NOT_FOUND, false, ""},
		{408, NULL, NULL, NULL, ERR_REMOTE, true, ""},
		{409, NULL, NULL, NULL, ERR_CONFLICT, false, ""},
		{412, NULL, NULL, NULL, ERR_CONFLICT, false, ""},
		{429, NULL, NULL, NULL, ERR_REMOTE, true, ""},
		{500, "one\ntwo", NULL, NULL, ERR_REMOTE, true, " (one)"},
		{502, "<html>", "Text/HTML; charset=utf-8", NULL, ERR_REMOTE,
		 true, ""},
		{503, "\x1b[31m", NULL, NULL, ERR_REMOTE, true, " (\\x1b[31m)"},
		{302, NULL, NULL, NULL, ERR_REMOTE, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(http_request_release) struct http_request request = {
			.method = "PUT"};
		CLEANUP(http_reply_release) struct http_reply reply = {
			.status = cases[i].status};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(free_ptr) char *text = xasprintf(
			"PUT http://h/?token=***: server answered %d%s",
			cases[i].status, cases[i].said);

		str_add(&request.url, "http://u:p@h/?token=1");
		if (cases[i].body)
			str_add(&reply.body, cases[i].body);
		if (cases[i].type)
			strvec_addf(&reply.headers, "Content-Type: %s",
				    cases[i].type);
		assert_false(http_fail(&request, &reply, cases[i].words, &err));
		assert_string_equal(err.text, text);
		assert_case(text, err.kind == cases[i].kind);
		assert_case(text, err.temporary == cases[i].temporary);
		assert_int_equal(err.status, cases[i].status);
	}
}

static void test_failure_behind_a_redirect(void **state)
{
	static const struct {
		int status;
		const char *location, *answered;
		const char *hint; /* NULL = none */
	} cases[] = {
		{301, "https://u:p@h/a?token=1", NULL,
		 "it is at 'https://h/a?token=***' now: give the address of "
		 "that server"},
		{308, "/b", NULL,
		 "it is at 'http://h/b' now: give the address of that server"},
		{302, "file:///etc/passwd", NULL, NULL},
		{302, NULL, NULL, NULL},
		{200, "https://h/a", NULL, NULL},
		{401, NULL, "https://h/a",
		 "'http://h' redirected to 'https://h', which was not told who "
		 "we are: give that server's own address"},
		{403, NULL, "http://other/a",
		 "'http://h' redirected to 'http://other', which was not told "
		 "who we are: give that server's own address"},
		{404, NULL, "http://other/a", NULL},
		{403, NULL, "http://h/elsewhere", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(http_request_release) struct http_request request = {
			.method = "GET"};
		CLEANUP(http_reply_release) struct http_reply reply = {
			.status = cases[i].status};
		CLEANUP(err_release) struct err err = {0};

		str_add(&request.url, "http://u:p@h/?token=1");
		if (cases[i].answered)
			str_add(&reply.url, cases[i].answered);
		if (cases[i].location)
			strvec_addf(&reply.headers, "Location: %s",
				    cases[i].location);
		assert_false(http_fail(&request, &reply, NULL, &err));
		assert_case(cases[i].hint ? cases[i].hint : "none",
			    same_text(err.hint, cases[i].hint));
	}
}

static void test_redirect_target(void **state)
{
	static const struct {
		const char *from, *location;
		const char *to; /* NULL = refused */
	} cases[] = {
		{"http://h/a/b", "c", "http://h/a/c"},
		{"http://h/a/b", "/c?d", "http://h/c?d"},
		{"http://h/a", "//other/x", "http://other/x"},
		{"http://h/a", "https://h/", "https://h/"},
		{"https://h/a", "http://h/", NULL},
		{"https://h/a", "//h:80/", "https://h:80/"},
		{"http://h/a", "file:///etc/passwd", NULL},
		{"http://h/a", "mailto:x@y", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url from = {0}, to = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str text = {0};

		assert_true(url_parse(&from, cases[i].from, &err));
		if (!cases[i].to) {
			assert_false(http_redirect_target(
				&from, cases[i].location, &to, &err));
			assert_int_equal(err.kind, ERR_REMOTE);
			continue;
		}
		assert_true(http_redirect_target(&from, cases[i].location, &to,
						 &err));
		url_add_text(&text, &to, true);
		assert_string_equal(str_text(&text), cases[i].to);
	}
}

static void test_proxy(void **state)
{
	static const struct {
		const char *name, *value;
		const char *http, *https;
	} cases[] = {
		{"http_proxy", "http://p", "http://p", ""},
		{"HTTPS_PROXY", "http://p", "", "http://p"},
		{"all_proxy", "http://p", "http://p", "http://p"},
		{"https_proxy", "", "", ""},
	};
	CLEANUP(env_release) struct env both = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(env_release) struct env env = {0};

		env_set(&env, cases[i].name, cases[i].value);
		assert_string_equal(http_choose_proxy(&env, "http"),
				    cases[i].http);
		assert_string_equal(http_choose_proxy(&env, "https"),
				    cases[i].https);
	}
	env_set(&both, "HTTPS_PROXY", "http://upper");
	env_set(&both, "https_proxy", "http://lower");
	env_set(&both, "ALL_PROXY", "http://all");
	assert_string_equal(http_choose_proxy(&both, "https"), "http://lower");
	assert_string_equal(http_choose_proxy(NULL, "https"), "");
}

static void test_names_of_hosts(void **state)
{
	static const struct {
		const char *hosts, *host;
		bool named;
	} cases[] = {
		{"", "a", false},
		{"*", "a", true},
		{"a.example", "a.example", true},
		{"A.example", "a.EXAMPLE", true},
		{"example", "a.example", true},
		{".example", "a.example", true},
		{".example", "example", true},
		{"example", "anexample", false},
		{"b, example c", "a.example", true},
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.0.0.0/8", "11.1.2.3", false},
		{"10.16.0.0/12", "10.31.2.3", true},
		{"10.16.0.0/12", "10.32.2.3", false},
		{"10.0.0.1/32", "10.0.0.1", true},
		{"0.0.0.0/0", "10.0.0.1", true},
		{"10.0.0.0/33", "10.0.0.1", false},
		{"10.0.0.0/8", "10.example", false},
		{"fd00::/16", "fd00::1", true},
		{"fd00::/16", "fd01::1", false},
		{"::1", "::1", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].hosts,
			    http_names_host(cases[i].hosts, cases[i].host) ==
				    cases[i].named);
}

static void test_routes(void **state)
{
	static const struct {
		const char *own, *env, *no_proxy;
		bool settled;
		const char *proxy, *direct;
	} cases[] = {
		{NULL, NULL, NULL, false, "", "localhost,127.0.0.1,::1"},
		{NULL, "http://e", "x", false, "http://e",
		 "x,localhost,127.0.0.1,::1"},
		{NULL, "http://e", "x", true, "http://e", ""},
		{NULL, "http://e", "10.0.0.0/8", true, "",
		 "10.0.0.0/8,localhost,127.0.0.1,::1"},
		{"http://p", "http://e", "*", false, "http://p", ""},
		{"socks5://u:p@p", NULL, NULL, false, "socks5h://u:p@p", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(env_release) struct env env = {0};
		CLEANUP(str_release) struct str proxy = {0};
		CLEANUP(str_release) struct str direct = {0};
		CLEANUP(url_release) struct url to = {0};
		CLEANUP(err_release) struct err err = {0};
		const struct http_config config = {.env = &env,
						   .proxy = cases[i].own};

		if (cases[i].env)
			env_set(&env, "https_proxy", cases[i].env);
		if (cases[i].no_proxy)
			env_set(&env, "no_proxy", cases[i].no_proxy);
		assert_true(url_parse(&to, "https://10.0.0.1:6443", &err));
		http_choose_route(&proxy, &direct, &config, &to,
				  cases[i].settled);
		assert_string_equal(str_text(&proxy), cases[i].proxy);
		assert_string_equal(str_text(&direct), cases[i].direct);
	}
}

static void test_no_proxy(void **state)
{
	static const struct {
		const char *list, *given;
	} cases[] = {
		{NULL, "localhost,127.0.0.1,::1"},
		{"", "localhost,127.0.0.1,::1"},
		{"a,.b", "a,.b,localhost,127.0.0.1,::1"},
		{"*", "*"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(env_release) struct env env = {0};
		CLEANUP(str_release) struct str given = {0};

		if (cases[i].list)
			env_set(&env, "NO_PROXY", cases[i].list);
		http_add_no_proxy(&given, &env);
		assert_string_equal(str_text(&given), cases[i].given);
	}
}

/* Two files and two folders, of which one is hashed. */
struct places {
	struct str root;
	char *one, *two, *hashed, *plain;
};

static void make_places(struct places *places)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *entry = NULL, *other = NULL;

	assert_true(dir_create_temp("/tmp", "http-", &places->root, &err));
	places->one = path_join(str_text(&places->root), "one.pem");
	places->two = path_join(str_text(&places->root), "two.pem");
	places->hashed = path_join(str_text(&places->root), "hashed");
	places->plain = path_join(str_text(&places->root), "plain");
	entry = path_join(places->hashed, "0123abcd.0");
	other = path_join(places->plain, "authority.pem");
	assert_true(dir_create_all(places->hashed, &err));
	assert_true(dir_create_all(places->plain, &err));
	assert_true(file_replace(places->one, "one", 3, 0600, &err));
	assert_true(file_replace(places->two, "two", 3, 0600, &err));
	assert_true(file_replace(entry, "", 0, 0600, &err));
	assert_true(file_replace(other, "", 0, 0600, &err));
}

static void remove_places(struct places *places)
{
	CLEANUP(err_release) struct err err = {0};

	assert_true(tree_remove(str_text(&places->root), &err));
	str_release(&places->root);
	free(places->one);
	free(places->two);
	free(places->hashed);
	free(places->plain);
}

static void expect_trust(const struct http_config *config, const char *file,
			 const char *dir, const char *pem)
{
	CLEANUP(http_trust_release) struct http_trust trust = {0};
	CLEANUP(err_release) struct err err = {0};

	assert_true(http_choose_trust(&trust, config, &err));
	assert_true(same_text(trust.file, file));
	assert_true(same_text(trust.dir, dir));
	assert_string_equal(str_text(&trust.pem), pem);
}

static void test_trust(void **state)
{
	CLEANUP(remove_places) struct places at = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(free_ptr) char *dirs = NULL;
	const char *usual =
		http_is_hashed_dir("/etc/ssl/certs") ? "/etc/ssl/certs" : NULL;
	struct http_config config = {.env = &env};

	(void)state;
	make_places(&at);
	expect_trust(&(struct http_config){0}, NULL, usual, "");
	expect_trust(&config, NULL, usual, "");
	env_set(&env, "AWS_CA_BUNDLE", at.two);
	expect_trust(&config, at.two, usual, "");
	env_set(&env, "SSL_CERT_FILE", at.one);
	expect_trust(&config, NULL, NULL, "one\ntwo");
	env_set(&env, "AWS_CA_BUNDLE", at.one);
	expect_trust(&config, at.one, NULL, "");
	env_set(&env, "SSL_CERT_DIR", at.plain);
	expect_trust(&config, at.one, NULL, "");
	dirs = xasprintf("%s:/nowhere:%s", at.plain, at.hashed);
	env_set(&env, "SSL_CERT_DIR", dirs);
	expect_trust(&config, at.one, at.hashed, "");
	config.args.cacert = at.two;
	expect_trust(&config, at.two, NULL, "");
	config.ca_pem = "cluster";
	expect_trust(&config, NULL, NULL, "cluster");
}

/* A server of this machine that never says a word; gives its port. */
static int listen_mutely(int *listener)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	socklen_t len = sizeof(at);

	*listener =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(*listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, (struct sockaddr *)&at, &len),
			 0);
	return ntohs(at.sin_port);
}

static void drop_caller(int listener)
{
	int caller = accept(listener, NULL, NULL);

	if (caller >= 0)
		close(caller);
}

/* Whoever asks why a request failed sees that no time is left. */
static void test_the_last_try_ends_after_the_deadline(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(free_ptr) char *url = NULL;
	int listener, port = listen_mutely(&listener);

	(void)state;
	url = xasprintf("http://127.0.0.1:%d/", port);
	for (int64_t round = 0; round < 60; round++) {
		const struct http_config config = {
			.env = &env, .deadline = deadline_in(5 + round % 10)};
		CLEANUP(http_request_release) struct http_request request = {
			.method = "GET"};
		CLEANUP(http_reply_release) struct http_reply reply = {0};
		CLEANUP(http_release) struct http http = {0};
		CLEANUP(err_release) struct err err = {0};

		str_add(&request.url, url);
		assert_true(http_open(&http, &config, &err));
		assert_false(http_send(&http, &request, &reply, &err));
		assert_true(deadline_passed(&config.deadline));
		assert_int_equal(err.kind, ERR_TIMEOUT);
		drop_caller(listener);
	}
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_failure_behind_a_redirect),
		cmocka_unit_test(test_redirect_target),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_names_of_hosts),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_no_proxy),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_the_last_try_ends_after_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
