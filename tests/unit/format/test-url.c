#include "format/url.h"

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *scheme, *user, *password, *host;
		int port;
		const char *path, *query, *fragment;
	} cases[] = {
		{"https://example.com", "https", NULL, NULL, "example.com", 0,
		 "", NULL, NULL},
		{"HTTPS://Example.COM:8443/Path?q=1#top", "https", NULL, NULL,
		 "example.com", 8443, "/Path", "q=1", "top"},
		{"http://a%40b:p%3Aw@host/", "http", "a@b", "p:w", "host", 0,
		 "/", NULL, NULL},
		{"http://user@host", "http", "user", NULL, "host", 0, "", NULL,
		 NULL},
		{"http://user:@host", "http", "user", "", "host", 0, "", NULL,
		 NULL},
		{"file:///srv/charts", "file", NULL, NULL, "", 0, "/srv/charts",
		 NULL, NULL},
		{"s3://bucket/a/b", "s3", NULL, NULL, "bucket", 0, "/a/b", NULL,
		 NULL},
		{"http://[::1]:9000/x", "http", NULL, NULL, "::1", 9000, "/x",
		 NULL, NULL},
		{"http://host:/x", "http", NULL, NULL, "host", 0, "/x", NULL,
		 NULL},
		{"http://host?q", "http", NULL, NULL, "host", 0, "", "q", NULL},
		{"http://host/a b/\xc3\xa4", "http", NULL, NULL, "host", 0,
		 "/a%20b/%C3%A4", NULL, NULL},
		{"http://host/a%2Bb+c", "http", NULL, NULL, "host", 0,
		 "/a%2Bb+c", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url url = {0};
		struct err err = {0};

		assert_case(cases[i].text,
			    url_parse(&url, cases[i].text, &err));
		assert_string_equal(url.scheme, cases[i].scheme);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(url.port, cases[i].port);
		assert_case(cases[i].text, same_text(url.user, cases[i].user));
		assert_case(cases[i].text,
			    same_text(url.password, cases[i].password));
		assert_case(cases[i].text,
			    same_text(url.query, cases[i].query));
		assert_case(cases[i].text,
			    same_text(url.fragment, cases[i].fragment));
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "bad address '': not of the form scheme://host/path"},
		{"charts",
		 "bad address 'charts': not of the form scheme://host/path"},
		{"host:80/x",
		 "bad address 'host:80/x': not of the form scheme://host/path"},
		{"http:///x", "bad address 'http:///x': no host in it"},
		{"http://h:0/", "bad address 'http://h:0/': not a port"},
		{"http://h:65536", "bad address 'http://h:65536': not a port"},
		{"http://h:8x", "bad address 'http://h:8x': not a port"},
		{"http://[::1", "bad address 'http://[::1': no ']' behind the "
				"host"},
		{"http://[host]/", "bad address 'http://[host]/': not a host "
				   "name"},
		{"http://a b/", "bad address 'http://a b/': not a host name"},
		{"http://h/%zz", "bad address 'http://h/%zz': bad escape in "
				 "the path"},
		{"http://h/%4", "bad address 'http://h/%4': bad escape in the "
				"path"},
		{"http://u:secret@h:x/?token=secret",
		 "bad address 'http://***@h:x/': not a port"},
		{"http://u:sec%ret@h/", "bad address 'http://***@h/': bad "
					"escape in the user's name or "
					"password"},
		{"http://h/\n", "bad address 'http://h/\n': a control "
				"character in it"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url url = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(cases[i].text,
			    !url_parse(&url, cases[i].text, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.text, cases[i].message);
		assert_null(url.scheme);
	}
}

/* RFC 3986, 5.4, as far as references have an authority or none. */
static void test_resolve(void **state)
{
	static const struct {
		const char *reference;
		const char *expected;
	} cases[] = {
		{"http://g/x", "http://g/x"},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{"g#s", "http://a/b/c/g#s"},
		{";x", "http://a/b/c/;x"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g?y/../x", "http://a/b/c/g?y/../x"},
	};
	CLEANUP(url_release) struct url base = {0};
	struct err err = {0};

	(void)state;
	assert_true(url_parse(&base, "http://a/b/c/d;p?q", &err));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url url = {0};
		CLEANUP(str_release) struct str text = {0};

		assert_case(cases[i].reference,
			    url_resolve(&url, &base, cases[i].reference, &err));
		url_add_text(&text, &url, false);
		assert_string_equal(str_text(&text), cases[i].expected);
	}
}

static void test_put_together(void **state)
{
	CLEANUP(str_release) struct str text = {0}, origin = {0};
	CLEANUP(url_release) struct url url = {0}, same = {0};
	struct err err = {0};

	(void)state;
	assert_true(url_parse(&url, "https://me:a%2Fb@host:443/base/", &err));
	url_add_segment(&url, "web-1.0.0+a b/c.tgz");
	url_add_segment(&url, "x");
	url_add_query(&url, "k", "a&b=c");
	url_add_query(&url, "l", "");
	url_add_text(&text, &url, false);
	assert_string_equal(
		str_text(&text),
		"https://me:a%2Fb@host/base/web-1.0.0%2Ba%20b%2Fc.tgz/x"
		"?k=a%26b%3Dc&l=");
	str_clear(&text);
	url_add_text(&text, &url, true);
	assert_true(starts_with(str_text(&text), "https://host/base/"));
	url_add_origin(&origin, &url);
	assert_string_equal(str_text(&origin), "https://host");

	assert_true(url_parse(&same, "HTTPS://HOST/other", &err));
	assert_true(url_same_origin(&url, &same));
	same.port = 8443;
	assert_false(url_same_origin(&url, &same));
	url_copy(&same, &url);
	assert_string_equal(same.query, url.query);
}

static void test_this_machine(void **state)
{
	static const struct {
		const char *url;
		bool is;
	} cases[] = {
		{"http://localhost:1/x", true},
		{"http://LOCALHOST", true},
		{"http://registry.localhost", true},
		{"http://127.0.0.1", true},
		{"http://127.9.8.7:80", true},
		{"http://[::1]:5000", true},
		{"http://127.0.0.1.example.com", false},
		{"http://127.example", false},
		{"http://localhost.example", false},
		{"http://notlocalhost", false},
		{"http://128.0.0.1", false},
		{"http://[::2]", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(url_release) struct url url = {0};
		struct err err = {0};

		assert_true(url_parse(&url, cases[i].url, &err));
		assert_case(cases[i].url,
			    url_is_this_machine(&url) == cases[i].is);
	}
}

static void test_same_place(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"https://h/a", "https://h/a", true},
		{"https://h/a/", "https://H:443/a", true},
		{"https://h", "https://h//", true},
		{"https://u:p@h/a", "https://h/a", true},
		{"https://h/a", "http://h/a", false},
		{"https://h/a", "https://h:8443/a", false},
		{"https://h/a", "https://h/A", false},
		{"https://h/a", "https://h/a/b", false},
		{"https://h/a?t=1", "https://h/a", false},
		{"https://h.x/a", "https://h/a", false},
		{"oci://h/a/", "oci://h/a", true},
		{"s3://b/p/", "s3://b/p", true},
		{"file:///d/", "file:///d", true},
		{"@x", "@x", true},
		{"@x", "@y", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_case(cases[i].b,
			    url_same_place(cases[i].a, cases[i].b) ==
				    cases[i].same);
		assert_case(cases[i].a,
			    url_same_place(cases[i].b, cases[i].a) ==
				    cases[i].same);
	}
}

static void test_decode(void **state)
{
	static const struct {
		const char *text;
		const char *decoded; /* NULL = refused */
	} cases[] = {
		{"a%20b", "a b"}, {"a+b", "a+b"}, {"%41%5a", "AZ"}, {"%", NULL},
		{"%4", NULL},	  {"%4g", NULL},  {"a%00b", NULL},  {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		assert_case(cases[i].text, url_decode(&out, cases[i].text,
						      strlen(cases[i].text)) ==
						   (cases[i].decoded != NULL));
		assert_string_equal(str_text(&out),
				    cases[i].decoded ? cases[i].decoded : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_put_together),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_same_place),
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
