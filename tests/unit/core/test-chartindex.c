#include "core/chartindex.h"

#include "base/err.h"
#include "base/strvec.h"
#include "core/chartindex_layout.h"
#include "core/resolve.h"
#include "format/value.h"
#include "tests/unit/core/indexes.h"

static void test_read(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *chart;
		const char *versions;
	} cases[] = {
		{"lines", helm_index, "web", "1.10.0,1.2.0+a,1.2.0-rc"},
		{"first", helm_index, "basket", "1.0.0"},
		{"none", helm_index, "shop", ""},
		{"a field's name", helm_index, "urls", ""},
		{"JSON", json_index, "web", "1.10.0,1.2.0+a"},
		{"JSON, no entries", json_index, "zoo", ""},
		{"no text", NULL, "web", ""},
		{"empty", "apiVersion: v1\nentries: {}\n", "web", ""},
		{"indented lists",
		 "apiVersion: v1\nentries:\n    web:\n      - version: 1.0.0\n"
		 "        urls:\n          - x\n      - version: 2.0.0\n",
		 "web", "2.0.0,1.0.0"},
		{"flow", "{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "web", "1.0.0"},
		{"anchors",
		 "apiVersion: v1\nentries:\n  basket:\n  - &a\n    version: "
		 "1.0.0\n  web:\n  - *a\n",
		 "web", "1.0.0"},
		{"a number",
		 "apiVersion: v1\nentries:\n  web:\n  - version: "
		 "1.10\n",
		 "web", "1.1"},
		{"no versions last",
		 "apiVersion: v1\nentries:\n  web:\n  - version: latest\n"
		 "  - version: 1.0.0\n  - version: 3.0.0\n",
		 "web", "3.0.0,1.0.0,latest"},
		{"quoted name",
		 "apiVersion: v1\nentries:\n  \"1\":\n  - version: 1.0.0\n",
		 "1", "1.0.0"},
		{"CRLF",
		 "apiVersion: v1\r\nentries:\r\n  web:\r\n"
		 "  - version: 1.0.0\r\n",
		 "web", "1.0.0"},
		{"no line break at the end",
		 "apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0", "web",
		 "1.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str versions = {0};
		struct err err = {0};

		assert_case(cases[i].name,
			    chartindex_open(
				    &index, cases[i].text,
				    cases[i].text ? strlen(cases[i].text) : 0,
				    "index", &err));
		add_versions(&versions, &index, cases[i].chart);
		assert_string_equal(str_text(&versions), cases[i].versions);
	}
}

static void test_entry(void **state)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	const struct chartindex_entry *entry;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, helm_index, strlen(helm_index),
				    "index", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	entry = chartindex_find(&entries, "1.10.0");
	assert_string_equal(entry->digest, "bb");
	assert_string_equal(entry->created, "2026-01-02T00:00:00Z");
	assert_string_equal(entry->urls->list.items[0]->string.bytes,
			    "web-1.10.0.tgz");
	assert_string_equal(value_find_text(entry->value, "flavour"),
			    "unknown to us");
	assert_null(chartindex_find(&entries, "1.2.0"));
	assert_null(chartindex_find(&entries, "1.2.0+b"));
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{"apiVersion: v1\nentries: [x]\n", 2},
		{"entries: {}\n", 1},
		{"- a\n", 1},
		{"", 1},
		{"\n\n", 1},
		{"apiVersion: v1\nentries:\n  web:\n  - a: 'x\n", 5},
		{"apiVersion: v1\nentries:\n  web:\n  - a: 1\n  web:\n"
		 "  - b: 1\n",
		 5},
		{"{\"apiVersion\": \"v1\",\n\"entries\": {]}", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chartindex_entries entries;

		assert_case(cases[i].text,
			    !chartindex_open(&index, cases[i].text,
					     strlen(cases[i].text), "index",
					     &err) ||
				    !chartindex_read(&index, "web", &arena,
						     &entries, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.file, "index");
		assert_int_equal(err.line, cases[i].line);
	}
}

/* Of either form, with and without a line break at the end. */
static void test_nul(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{TEXT("apiVersion: v1\nentries: {}\nx: \0\n")},
		{TEXT("apiVersion: v1\nentries: {}\nx: |\n  a\0b")},
		{TEXT("\0")},
		{TEXT("apiVersion: v1\0\nentries: {}\n")},
		{TEXT("{\"apiVersion\": \"v1\", \"entries\": {}, \"x\": "
		      "\"\0\"}")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_false(chartindex_open(&index, cases[i].text,
					     cases[i].len, "index", &err));
		assert_string_equal(err.text, "bad index 'index': a NUL byte "
					      "is in it");
	}
}

static void test_change(void **state)
{
	static const struct {
		const char *text;
		const char *puts;
		const char *chart;
		const char *versions;
	} cases[] = {
		{helm_index, "web 1.11.0", "web",
		 "1.11.0,1.10.0,1.2.0+a,1.2.0-rc"},
		{helm_index, "web 1.2.0+b", "web",
		 "1.10.0,1.2.0+a,1.2.0+b,1.2.0-rc"},
		{helm_index, "web 0.1.0", "web",
		 "1.10.0,1.2.0+a,1.2.0-rc,0.1.0"},
		{helm_index, "web 1.10.0", "web", "1.10.0,1.2.0+a,1.2.0-rc"},
		{helm_index, "alpine 1.0.0", "alpine", "1.0.0"},
		{helm_index, "shop 1.0.0,shop 2.0.0", "shop", "2.0.0,1.0.0"},
		{helm_index, "zoo 1.0.0,alpine 1.0.0", "zoo", "1.0.0"},
		{helm_index, "web 3.0.0,web 1.5.0,web 2.0.0,basket 2.0.0",
		 "web", "3.0.0,2.0.0,1.10.0,1.5.0,1.2.0+a,1.2.0-rc"},
		{json_index, "web 1.11.0", "web", "1.11.0,1.10.0,1.2.0+a"},
		{json_index, "web 0.1.0", "web", "1.10.0,1.2.0+a,0.1.0"},
		{json_index, "web 1.10.0", "web", "1.10.0,1.2.0+a"},
		{json_index, "alpine 1.0.0,beta 1.0.0", "beta", "1.0.0"},
		{json_index, "zzz 1.0.0,zzzz 1.0.0", "zzz", "1.0.0"},
		{json_index, "zoo 1.0.0,zoo 2.0.0", "zoo", "2.0.0,1.0.0"},
		{"{\"apiVersion\":\"v1\",\"entries\":{}}",
		 "web 1.0.0,zoo 1.0.0", "zoo", "1.0.0"},
		{"", "web 1.0.0,web 2.0.0", "web", "2.0.0,1.0.0"},
		{"apiVersion: v1\nentries: {}\ngenerated:\n  a: b\n",
		 "web 1.0.0", "web", "1.0.0"},
		{"apiVersion: v1\nentries: {}\ngenerated: \"x\"\n", "web 1.0.0",
		 "web", "1.0.0"},
		{"apiVersion: v1\nentries: {}", "web 1.0.0,a 1.0.0", "web",
		 "1.0.0"},
		{"apiVersion: v1\n", "web 1.0.0", "web", "1.0.0"},
		{"apiVersion: v1\nentries:\n    web:\n      - version: 1.0.0\n",
		 "web 2.0.0,other 1.0.0", "web", "2.0.0,1.0.0"},
		{"{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "web 0.5.0", "web", "1.0.0,0.5.0"},
		/* Numbers, which Helm reads as texts. */
		{"{apiVersion: v1, entries: {web: [{version: 2}, {version: "
		 "1.10}, 7]}}",
		 "web 2", "web", "2,1.1"},
		{"{apiVersion: v1, entries: {web: [{version: 2}, {version: "
		 "1.10}]}}",
		 "web 1.5.0", "web", "2,1.5.0,1.1"},
		{"apiVersion: v1\nentries:\n  web: []\n", "web 1.0.0", "web",
		 "1.0.0"},
		/* What stood there twice is there once. */
		{"apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n"
		 "  - version: 0.9.0\n  - version: 1.0.0\n",
		 "web 1.0.0,web 0.1.0", "web", "1.0.0,0.9.0,0.1.0"},
		{"{\"apiVersion\":\"v1\",\"entries\":{\"web\":["
		 "{\"version\":\"1.0.0\"},{\"version\":\"0.9.0\"},"
		 "{\"version\":\"1.0.0\"}]}}",
		 "web 1.0.0,web 0.1.0", "web", "1.0.0,0.9.0,0.1.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change(&out, cases[i].text, cases[i].puts);
		assert_case(str_text(&out),
			    chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		add_versions(&versions, &index, cases[i].chart);
		assert_string_equal(str_text(&versions), cases[i].versions);
		assert_case(str_text(&out), strstr(out.buf, NOW));
	}
}

static bool put_web(struct chartindex *index, struct str *text, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const struct chartindex_put put = {"web", "1.0.0",
					   new_entry(&arena, "web", "1.0.0")};
	const struct chartindex_change change = {
		.puts = &put, .count = 1, .generated = "2026"};

	return chartindex_change(index, text, &change, err);
}

/* Whatever else is called the entries of a chart is not written over. */
static void test_no_list(void **state)
{
	static const char *const texts[] = {
		"{apiVersion: v1, entries: {web: a text}}",
		"{apiVersion: v1, entries: {web: 5}}",
		"{apiVersion: v1, entries: {web: {a: b, c: d}}}",
		"{\"apiVersion\": \"v1\", \"entries\": {\"web\": true}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};

		str_add(&text, texts[i]);
		assert_case(texts[i], chartindex_open(&index, text.buf,
						      text.len, "index", &err));
		assert_case(texts[i], !put_web(&index, &text, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(
			err.text,
			"bad index 'index': the entries of 'web' must be a "
			"list");
		assert_string_equal(text.buf, texts[i]);
	}
}

static void test_remove(void **state)
{
	static const struct {
		const char *text;
		const char *changes;
		const char *web; /* versions */
		const char *charts;
	} cases[] = {
		{helm_index, "-web 1.10.0", "1.2.0+a,1.2.0-rc", "basket,web"},
		{helm_index, "-web 1.2.0+a", "1.10.0,1.2.0-rc", "basket,web"},
		{helm_index, "-web 1.2.0-rc", "1.10.0,1.2.0+a", "basket,web"},
		{helm_index, "-web 1.2.0", "1.10.0,1.2.0+a,1.2.0-rc",
		 "basket,web"},
		{helm_index, "-shop 1.0.0", "1.10.0,1.2.0+a,1.2.0-rc",
		 "basket,web"},
		{helm_index, "-basket 1.0.0", "1.10.0,1.2.0+a,1.2.0-rc", "web"},
		{helm_index, "-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc", "",
		 "basket"},
		{helm_index,
		 "-basket 1.0.0,-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc", "",
		 ""},
		{helm_index, "-basket 1.0.0,basket 2.0.0,apple 1.0.0",
		 "1.10.0,1.2.0+a,1.2.0-rc", "apple,basket,web"},
		{helm_index,
		 "-web 1.10.0,-web 1.2.0+a,-web 1.2.0-rc,web 1.5.0,web 2.0.0",
		 "2.0.0,1.5.0", "basket,web"},
		{helm_index, "-basket 1.0.0,aa 1.0.0,zz 1.0.0,web 1.11.0",
		 "1.11.0,1.10.0,1.2.0+a,1.2.0-rc", "aa,web,zz"},
		{json_index, "-web 1.10.0", "1.2.0+a", "web,zoo"},
		{json_index, "-web 1.10.0,-web 1.2.0+a,kit 1.0.0", "",
		 "kit,zoo"},
		{"{apiVersion: v1, entries: {web: [{version: 1.0.0}]}}",
		 "-web 1.0.0", "", ""},
		/* Numbers, as Helm reads them. */
		{"{apiVersion: v1, entries: {web: [{version: 1.10}, {}]}}",
		 "-web 1.1", "", "web"},
		{"apiVersion: v1\nentries:\n  web:\n  - version: 2\n"
		 "  - version: 1\n",
		 "-web 1", "2", "web"},
		{"apiVersion: v1\nentries: {}\n", "-web 1.0.0", "", ""},
		{"apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n"
		 "  - version: 1.0.0\n  - version: 0.1.0\n",
		 "-web 1.0.0", "0.1.0", "web"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(str_release) struct str charts = {0};
		CLEANUP(strvec_release) struct strvec names = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change(&out, cases[i].text, cases[i].changes);
		assert_case(str_text(&out),
			    chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		add_versions(&versions, &index, "web");
		assert_string_equal(str_text(&versions), cases[i].web);
		chartindex_add_names(&index, &names);
		for (size_t j = 0; j < names.count; j++)
			str_addf(&charts, "%s%s", j ? "," : "", names.items[j]);
		assert_string_equal(str_text(&charts), cases[i].charts);
	}
}

/* An address that is no text is none. */
static void test_strange_urls(void **state)
{
	static const char text[] =
		"apiVersion: v1\nentries:\n  web:\n"
		"  - urls: [5, {a: b}, null, web.tgz]\n    version: 1.0.0\n";
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, text, strlen(text), "x", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	assert_int_equal(entries.items[0].urls->list.count, 1);
	assert_string_equal(entries.items[0].urls->list.items[0]->string.bytes,
			    "web.tgz");
}

/* Where a string ends, and what of it looks like something else. */
static void test_json_strings(void **state)
{
	static const struct {
		const char *text;
		const char *meaning;
	} cases[] = {
		{"", ""},
		{"a\\\"b", "a\"b"},
		{"\\\"", "\""},
		{"\\\"\\\"", "\"\""},
		{"\\\\", "\\"},
		{"\\\\\\\"", "\\\""},
		{"a\\\\\\\\", "a\\\\"},
		{"]}, {[", "]}, {["},
		{"\\\"}]}", "\"}]}"},
		{"\\u0022", "\""},
		{", 0123456789: 0123456789\\\" 0123456789",
		 ", 0123456789: 0123456789\" 0123456789"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries;
		struct err err = {0};

		str_addf(&text,
			 "{\"apiVersion\":\"v1\",\"%s\":1,\"entries\":{\"web\":"
			 "[{\"version\":\"%s\"}, {\"version\" : \"2\"} ],"
			 "\"%s\": [ ] , \"zoo\":[]}}",
			 cases[i].text, cases[i].text, cases[i].text);
		assert_true(chartindex_open(&index, text.buf, text.len, "index",
					    &err));
		assert_int_equal(index.layout->form, CHARTINDEX_JSON);
		assert_int_equal(index.layout->blocks.count, 3);
		assert_string_equal(index.layout->blocks.items[1].name,
				    cases[i].meaning);
		assert_true(
			chartindex_read(&index, "web", &arena, &entries, &err));
		assert_int_equal(entries.count, 2);
		assert_non_null(chartindex_find(&entries, "2"));
		assert_non_null(chartindex_find(&entries, cases[i].meaning));
	}
}

/* JSON may have what no YAML has: it is read as JSON to be written anew. */
static void test_json_escapes(void **state)
{
	static const char text[] =
		"{\"apiVersion\": \"v1\", \"entries\": {\"web\": "
		"[{\"version\": "
		"\"2.0.0\", \"description\": \"\\ud83d\\ude00\", \"a\": [1, "
		"1.5, true, null]}, {\"version\": \"1.0.0\"}]}}";
	static const struct {
		const char *changes;
		enum chartindex_format format;
		const char *wanted;
	} cases[] = {
		{"kit 1.0.0", CHARTINDEX_KEEP, "\"\\ud83d\\ude00\", \"a\""},
		{"-web 1.0.0", CHARTINDEX_KEEP,
		 "[1,1.5,true,null],\"description\":\"\xf0\x9f\x98\x80\""},
		{"kit 1.0.0", CHARTINDEX_YAML,
		 "    - 1\n    - 1.5\n    - true\n    - null\n"
		 "    description: \"\\U0001F600\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		change_as(&out, text, cases[i].changes,
			  (struct chartindex_change){.format =
							     cases[i].format});
		assert_case(str_text(&out), strstr(out.buf, cases[i].wanted));
	}
}

/* Of other charts too: what is no JSON may be YAML, or nothing at all. */
static void test_broken_json(void **state)
{
	static const struct {
		const char *entry; /* of another chart */
		bool is_yaml;
	} cases[] = {
		{"{\"version\": \"1\"}", true},
		{"{\"version\": \"1\",}", true},
		{"{\"version\": tru}", true},
		{"{\"version\": \"\\q\"}", false},
		{"{\"version\": \"\x01\"}", false},
		{"{\"version\": \"1\" \"name\": \"x\"}", false},
		{"{\"version\": \"1\", \"name\" \"x\"}", false},
		{"{\"version\": \"1\"]", false},
		{"{\"version\" \"1\"}", false},
		{"{\"version\": \"1\"} {}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0}, before = {0};
		CLEANUP(err_release) struct err err = {0};
		bool done;

		str_addf(&text,
			 "{\"apiVersion\": \"v1\", \"entries\": "
			 "{\"kit\": [%s]}}",
			 cases[i].entry);
		str_add(&before, text.buf);
		done = chartindex_open(&index, text_of(&text), text.len,
				       "index", &err) &&
		       put_web(&index, &text, &err);
		assert_case(cases[i].entry, done == cases[i].is_yaml);
		if (!done) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_string_equal(text.buf, before.buf);
			continue;
		}
		assert_true(chartindex_open(&index, text_of(&text), text.len,
					    "out", &err));
		str_clear(&before);
		add_versions(&before, &index, "web");
		assert_string_equal(before.buf, "1.0.0");
	}
}

static void test_format(void **state)
{
	static const struct {
		const char *text;
		enum chartindex_format format;
		char first;
	} cases[] = {
		{helm_index, CHARTINDEX_KEEP, 'a'},
		{helm_index, CHARTINDEX_YAML, 'a'},
		{helm_index, CHARTINDEX_AS_JSON, '{'},
		{json_index, CHARTINDEX_KEEP, '{'},
		{json_index, CHARTINDEX_YAML, 'a'},
		{json_index, CHARTINDEX_AS_JSON, '{'},
		{"", CHARTINDEX_KEEP, 'a'},
		{"", CHARTINDEX_AS_JSON, '{'},
		{"{\"apiVersion\":\"v1\"}", CHARTINDEX_KEEP, '{'},
		/* What only YAML takes becomes JSON that all take. */
		{"{\"apiVersion\": \"v1\", # c\n\"entries\": {}}",
		 CHARTINDEX_KEEP, '{'},
		{"{\"apiVersion\": \"v1\", \"entries\": {},}", CHARTINDEX_KEEP,
		 '{'},
		{" {'apiVersion': 'v1', 'entries': {}}", CHARTINDEX_KEEP, '{'},
		{"{apiVersion: v1, entries: {kit: [{version: 1.0}]}}",
		 CHARTINDEX_KEEP, '{'},
		{"{apiVersion: v1, entries: {}}", CHARTINDEX_YAML, 'a'},
		{"apiVersion: v1\nentries: {kit: [{version: 1.0.0}]}\n",
		 CHARTINDEX_KEEP, 'a'},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0}, versions = {0};
		CLEANUP(chartindex_release) struct chartindex index = {0};
		struct err err = {0};

		change_as(&out, cases[i].text, "new 1.0.0",
			  (struct chartindex_change){.format =
							     cases[i].format});
		assert_int_equal(out.buf[0], cases[i].first);
		assert_true(chartindex_open(&index, text_of(&out), out.len,
					    "out", &err));
		assert_true((cases[i].first == '{') ==
			    (index.layout->form == CHARTINDEX_JSON));
		add_versions(&versions, &index, "new");
		str_add_char(&versions, ' ');
		add_versions(&versions, &index, "web");
		assert_case(str_text(&versions),
			    starts_with(str_text(&versions), "1.0.0 "));
		if (strlen(cases[i].text) > 100)
			assert_case(str_text(&versions),
				    strstr(versions.buf, "1.10.0,1.2.0+a"));
	}
}

static void test_resolve(void **state)
{
	static const struct {
		const char *constraint;
		const char *version; /* NULL = none */
	} cases[] = {
		{"", "1.10.0"},
		{"1.2.0+a", "1.2.0+a"},
		{"1.2.0+b", "1.2.0+a"},
		{"~1.2", "1.2.0+a"},
		{">1.2.0-0 <1.2.0", "1.2.0-rc"},
		{"^2", NULL},
		{"<1.0.0", NULL},
	};
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, helm_index, strlen(helm_index),
				    "index", &err));
	assert_true(chartindex_read(&index, "web", &arena, &entries, &err));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err failure = {0};
		const struct chartindex_entry *entry = NULL;
		const struct resolve_query query = {
			.name = "web",
			.constraint = cases[i].constraint,
		};
		bool found = resolve_entry(&entries, &query, &entry, &failure);

		assert_case(cases[i].constraint,
			    found == (cases[i].version != NULL));
		if (found)
			assert_string_equal(entry->version, cases[i].version);
		else
			assert_int_equal(failure.kind, ERR_NOT_FOUND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_strange_urls),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_escapes),
		cmocka_unit_test(test_broken_json),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
