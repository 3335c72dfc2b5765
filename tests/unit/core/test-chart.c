#include "core/chart.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip.h"
#include "format/tar.h"
#include "format/value.h"
#include "tests/unit/unit.h"

#define META "apiVersion: v2\nname: web\nversion: 1.0.0\n"

struct member {
	const char *name;
	const char *text;
};

/* The .tgz of @members, up to one without a name. */
static void make_archive(struct str *tgz, const struct member *members)
{
	CLEANUP(str_release) struct str tar = {0};

	for (size_t i = 0; members[i].name; i++)
		tar_add_file(&tar, members[i].name, 0, members[i].text,
			     strlen(members[i].text));
	tar_end(&tar);
	gzip_compress(tgz, str_text(&tar), tar.len, NULL);
}

static bool load(const struct member *members, struct arena *arena,
		 struct chart **chart, struct err *err)
{
	CLEANUP(str_release) struct str tgz = {0};

	make_archive(&tgz, members);
	return chart_load_archive(str_text(&tgz), tgz.len, "web.tgz", arena,
				  chart, err);
}

/*
 * Helm makes text of numbers that JSON does not know where the field is text,
 * and refuses them elsewhere; in the chart itself, which it first reads without
 * knowing fields, everywhere.
 */
static void test_infinite_numbers_of_a_subchart(void **state)
{
	static const struct {
		const char *line;
		const char *description; /* NULL: refused */
	} cases[] = {
		{"description: .nan\n", "NaN"},
		{"Description: .inf\n", "+Inf"},
		{"maintainers: [{name: -.inf}]\n", ""},
		{"annotations: {.nan: b, c: .nan}\n", ""},
		{"dependencies: [{name: a, tags: [.nan]}]\n", ""},
		{"x: .nan\n", NULL},
		{"deprecated: .nan\n", NULL},
		{"description: [.nan]\n", NULL},
		{"maintainers: [{x: .nan}]\n", NULL},
		{"annotations: {a: {b: .nan}}\n", NULL},
		{"dependencies: [{name: a, import-values: [.nan]}]\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *text =
			arena_printf(&arena, META "%s", cases[i].line);
		const struct member own[] = {{"web/Chart.yaml", text}, {0}};
		const struct member sub[] = {{"web/Chart.yaml", META},
					     {"web/charts/db/Chart.yaml", text},
					     {0}};
		struct chart *chart = NULL;
		const char *found;

		assert_case(cases[i].line, !load(own, &arena, &chart, &err));
		err_release(&err);
		assert_case(cases[i].line, load(sub, &arena, &chart, &err) ==
						   !!cases[i].description);
		if (!cases[i].description)
			continue;
		found = value_find_text(chart->subcharts[0]->metadata,
					"description");
		assert_case(cases[i].line,
			    !strcmp(found ? found : "", cases[i].description));
	}
}

/*
 * What would leave the folder that it is unpacked into, or is no chart.  The
 * first part of a name does not count, whatever it is, as in Helm.
 */
static void test_refused_archives(void **state)
{
	static const struct {
		const char *what;
		struct member members[4];
	} cases[] = {
		{"nothing", {{0}}},
		{"no Chart.yaml", {{"web/values.yaml", "a: 1\n"}}},
		{"not in a folder", {{"Chart.yaml", META}}},
		{"absolute", {{"web/Chart.yaml", META}, {"web//etc/x", ""}}},
		{"parent", {{"web/Chart.yaml", META}, {"web/../../x", ""}}},
		{"parent first", {{"../web/Chart.yaml", META}}},
		{"drive", {{"web/Chart.yaml", META}, {"web/c:/x", ""}}},
		{"backslashes",
		 {{"web/Chart.yaml", META}, {"web\\..\\..\\x", ""}}},
		{"bad YAML", {{"web/Chart.yaml", "a: [\n"}}},
		{"name that climbs",
		 {{"web/Chart.yaml",
		   "apiVersion: v2\nname: ..\nversion: 1.0.0\n"}}},
		{"name with a slash",
		 {{"web/Chart.yaml",
		   "apiVersion: v2\nname: a/b\nversion: 1.0.0\n"}}},
		{"name of two points and more",
		 {{"web/Chart.yaml", META}, {"web/..x", ""}}},
		{"no name", {{"web/Chart.yaml", META}, {"web/", ""}}},
		{"an apiVersion to come",
		 {{"web/Chart.yaml",
		   "apiVersion: v3\nname: web\nversion: 1.0.0\n"}}},
		{"a lone file in charts/",
		 {{"web/Chart.yaml", META}, {"web/charts/README.md", "x"}}},
		{"a folder that is a file too",
		 {{"web/Chart.yaml", META},
		  {"web/charts/db/Chart.yaml", META},
		  {"web/charts/db", "x"}}},
		{"a folder in charts/ that is no chart",
		 {{"web/Chart.yaml", META}, {"web/charts/db/values.yaml", ""}}},
		{"no version",
		 {{"web/Chart.yaml", "apiVersion: v2\nname: web\n"}}},
		{"version behind a NUL byte",
		 {{"web/Chart.yaml", "apiVersion: v2\nname: web\n"
				     "version: \"1.0.0\\0x\"\n"}}},
		{"type behind a NUL byte",
		 {{"web/Chart.yaml", META "type: \"library\\0x\"\n"}}},
		{"alias behind a NUL byte",
		 {{"web/Chart.yaml",
		   META "dependencies: [{name: a, alias: \"b\\0/\"}]\n"}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;

		assert_case(cases[i].what,
			    !load(cases[i].members, &arena, &chart, &err));
		assert_case(cases[i].what, err.kind == ERR_INPUT);
		assert_null(chart);
	}
}

/* Names are cleaned as Go's path.Clean() does; what Helm takes is taken. */
static void test_odd_archives(void **state)
{
	static const struct {
		struct member members[3];
		const char *name; /* of the second one */
	} cases[] = {
		{{{"web/Chart.yaml", META}, {"web/a/../b", ""}}, "b"},
		{{{"web/Chart.yaml", META}, {"web/./a//b/", ""}}, "a/b"},
		{{{"web/Chart.yaml", META}, {"web\\a/b\\c", ""}}, "a/b/c"},
		{{{"web/Chart.yaml", META "---\n[not read\n"}, {"web/x", ""}},
		 "x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart;

		assert_case(cases[i].name,
			    load(cases[i].members, &arena, &chart, &err));
		assert_int_equal(chart->others.count, 1);
		assert_string_equal(chart->others.items[0].name, cases[i].name);
	}
}

static void test_any_version_of_the_api_in_a_subchart(void **state)
{
	static const struct member members[] = {
		{"web/Chart.yaml", META},
		{"web/charts/db/Chart.yaml",
		 "apiVersion: v7\nname: db\nversion: 1.0.0\n"},
		{0}};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chart *chart;

	(void)state;
	assert_true(load(members, &arena, &chart, &err));
	assert_int_equal(chart->subchart_count, 1);
	assert_string_equal(chart->subcharts[0]->api_version, "v7");
}

/* Compressed bytes that are none, are cut, or become very many. */
static void test_damaged_archives(void **state)
{
	static const struct member good[] = {{"web/Chart.yaml", META}, {0}};
	CLEANUP(str_release) struct str tgz = {0};

	(void)state;
	make_archive(&tgz, good);
	for (size_t len = 0; len < tgz.len; len += 7) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;

		assert_false(chart_load_archive(tgz.buf, len, "cut.tgz", &arena,
						&chart, &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void test_a_bomb(void **state)
{
	CLEANUP(str_release) struct str zeros = {0};
	CLEANUP(str_release) struct str tgz = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chart *chart = NULL;

	(void)state;
	str_add_repeated(&zeros, '\0', CHART_SIZE_MAX + (16 << 20));
	gzip_compress(&tgz, zeros.buf, zeros.len, NULL);
	assert_true(tgz.len < 1 << 20);
	assert_false(chart_load_archive(tgz.buf, tgz.len, "bomb.tgz", &arena,
					&chart, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

/* A .tgz of @count subcharts in charts/, each with @zeros bytes of nothing. */
static void make_nest(struct str *tgz, size_t count, size_t zeros, size_t noise)
{
	CLEANUP(str_release) struct str tar = {0}, inner = {0}, packed = {0};
	CLEANUP(str_release) struct str content = {0};
	unsigned int random = 1;

	str_add_repeated(&content, '\0', zeros);
	tar_add_file(&inner, "web/Chart.yaml", 0, META, strlen(META));
	tar_add_file(&inner, "web/zeros", 0, str_text(&content), zeros);
	tar_end(&inner);
	gzip_compress(&packed, inner.buf, inner.len, NULL);

	tar_add_file(&tar, "web/Chart.yaml", 0, META, strlen(META));
	for (size_t i = 0; i < count; i++) {
		CLEANUP(free_ptr) char *name =
			xasprintf("web/charts/c%02zu.tgz", i);

		tar_add_file(&tar, name, 0, packed.buf, packed.len);
	}
	str_truncate(&content, 0);
	for (size_t i = 0; i < noise; i++) {
		random = random * 1103515245 + 12345;
		str_add_char(&content, (char)(random >> 16 & 0xff));
	}
	tar_add_file(&tar, "web/noise", 0, str_text(&content), noise);
	tar_end(&tar);
	gzip_compress(tgz, tar.buf, tar.len, NULL);
}

/* One budget for all archives, by what the outermost takes. */
static void test_the_budget_of_nested_archives(void **state)
{
	enum {
		KIB = 1 << 10,
		MIB = 1 << 20
	};
	static const struct {
		const char *what;
		size_t count, zeros, noise;
		bool taken;
	} cases[] = {
		{"the least that all may have", 7, MIB, 0, true},
		{"more than that", 8, MIB, 0, false},
		{"as one", 1, 8 * MIB, 0, false},
		{"small ones, which are not looked into before", 10, 900 * KIB,
		 0, false},
		{"one that is worth it", 20, MIB, 300 * KIB, true},
		{"one that is not", 40, MIB, 300 * KIB, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str tgz = {0};
		struct chart *chart = NULL;
		bool taken;

		make_nest(&tgz, cases[i].count, cases[i].zeros, cases[i].noise);
		taken = chart_load_archive(tgz.buf, tgz.len, "web.tgz", &arena,
					   &chart, &err);
		assert_case(cases[i].what, taken == cases[i].taken);
		if (taken)
			continue;
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, "'web.tgz'"));
		assert_non_null(strstr(err.text, "100 times as many"));
	}
}

static const struct member web[] = {
	{"web/templates/b.yaml", "b\n"}, {"web/values.yaml", "x: 1 # one\n"},
	{"web/Chart.yaml", META},	 {"web/templates/a.yaml", "a\n"},
	{"web/README.md", "hello\n"},	 {0}};

static void test_order_of_members(void **state)
{
	static const char *const expected[] = {
		"web/Chart.yaml",	"web/values.yaml",
		"web/templates/b.yaml", "web/templates/a.yaml",
		"web/README.md",
	};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str tar = {0};
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	struct tar_member member;
	struct chart *chart = NULL;
	bool found = true;

	(void)state;
	assert_true(load(web, &arena, &chart, &err));
	chart_stamp(chart, 1795352645);
	assert_true(chart_add_tar(&tar, chart, &err));
	reader.bytes = tar.buf;
	reader.len = tar.len;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(tar_next(&reader, &member, &found, &err));
		assert_true(found);
		assert_string_equal(member.name, expected[i]);
		assert_int_equal(member.mtime, 1795352645);
	}
	assert_true(tar_next(&reader, &member, &found, &err));
	assert_false(found);
}

/* What charts/ may hold beside charts. */
static void test_not_subcharts(void **state)
{
	static const char *const names[] = {
		"web/charts/_notes",
		"web/charts/.gitkeep",
		"web/charts/db-1.0.0.tgz.prov",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct member members[] = {
			{"web/Chart.yaml", META}, {names[i], "x"}, {0}};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;

		assert_case(names[i], load(members, &arena, &chart, &err));
		assert_int_equal(chart->subchart_count, 0);
	}
}

/* Numbers become text as Helm's YAML library makes it: float32's digits. */
static void test_numbers_as_text(void **state)
{
	static const char *const versions[][2] = {
		{"1.10", "1.1"},	{"1.123456789", "1.1234568"},
		{"1000000.0", "1e+06"}, {"20261122", "20261122"},
		{"0x10", "16"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		CLEANUP(str_release) struct str meta = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;
		const struct value *text;

		str_addf(&meta, META "appVersion: %s\n", versions[i][0]);
		assert_true(load(
			(struct member[]){{"web/Chart.yaml", str_text(&meta)},
					  {0}},
			&arena, &chart, &err));
		text = value_map_get(chart->metadata, "appVersion");
		assert_string_equal(text->string.bytes, versions[i][1]);
	}
}

/* As Go's JSON decoder: all spellings are read, in the order of bytes. */
static void test_spellings(void **state)
{
	static const struct {
		const char *text, *x; /* the annotation; NULL: refused */
	} cases[] = {
		{"annotations: {x: '1'}\nAnnotations: {x: '2'}\n", "1"},
		{"annotations: {y: '1'}\nAnnotations: {x: '2'}\n", "2"},
		{"annotations: {x: '1'}\nAnnotations: 7\n", NULL},
		{"HOME: a\nhome:\nannotations: {x: '1'}\n", "1"},
		{"home: a\nHome: a\nhOme: a\nhoMe: a\nhomE: a\n", NULL},
		{"ANNOTATIONS: {x: '1', y: '2'}\nannotations:\n", ""},
		{"\"annotations\\0\": 7\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str meta = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;
		const char *found;

		str_addf(&meta, META "%s", cases[i].text);
		assert_case(cases[i].text,
			    load((struct member[]){{"web/Chart.yaml",
						    str_text(&meta)},
						   {0}},
				 &arena, &chart, &err) == (cases[i].x != NULL));
		if (!cases[i].x)
			continue;
		found = chart_annotation(chart, "x");
		assert_string_equal(found ? found : "", cases[i].x);
	}
}

/* Valid JSON is enough; what a reader of ours could not hold is kept. */
static void test_schemas(void **state)
{
	static const struct {
		const char *text;
		bool accepted;
	} cases[] = {
		{"{\"type\": \"object\"}", true},
		{"{\"maximum\": 18446744073709551616}", true},
		{"{\"a\": 1, \"a\": 2}", true},
		{"{\"const\": \"\\u0000\"}", true},
		{"true", true},
		{"1e999", true},
		{"\"\xff\"", true},
		{"{\"type\": }", false},
		{"{} {}", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct member members[] = {{"web/Chart.yaml", META},
						 {"web/values.schema.json",
						  cases[i].text},
						 {0}};
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str tgz = {0};
		struct chart *chart = NULL;

		assert_true(load(members, &arena, &chart, &err));
		assert_case(cases[i].text, chart_package(&tgz, chart, &err) ==
						   cases[i].accepted);
		if (!cases[i].accepted)
			assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void test_changes(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str before = {0}, after = {0};
	struct chart *chart = NULL;

	(void)state;
	assert_true(load(web, &arena, &chart, &err));
	assert_true(chart_package(&before, chart, &err));
	assert_true(chart_same_package(before.buf, before.len, before.buf,
				       before.len));
	assert_true(chart_set_version(chart, "2.0.0-rc.1+meta", &err));
	chart_set_annotation(chart, "slipway/commit", "c0ffee");
	assert_string_equal(chart_annotation(chart, "slipway/commit"),
			    "c0ffee");
	assert_true(chart_set_value(chart, "x", "2", CHART_TYPED, &err));
	assert_string_equal(chart->values->bytes, "x: 2 # one\n");
	assert_string_equal(chart_file_name(chart), "web-2.0.0-rc.1+meta.tgz");
	assert_true(chart_package(&after, chart, &err));
	assert_false(chart_same_package(before.buf, before.len, after.buf,
					after.len));
}

/* Text stays text below items, too. */
static void test_values_in_lists(void **state)
{
	static const char *const cases[][3] = {
		{"m[0][1]", "7", "m: [[1, 7]]\nc: [{p: [{t: \"1\"}]}]\n"},
		{"c[0].p[0].t", "20261126",
		 "m: [[1, 2]]\nc: [{p: [{t: \"20261126\"}]}]\n"},
		{"c[0].p[0].new", "true",
		 "m: [[1, 2]]\nc: [{p: [{t: \"1\", new: true}]}]\n"},
	};
	const struct member members[] = {
		{"web/Chart.yaml", META},
		{"web/values.yaml", "m: [[1, 2]]\nc: [{p: [{t: \"1\"}]}]\n"},
		{0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;

		assert_true(load(members, &arena, &chart, &err));
		assert_case(cases[i][0],
			    chart_set_value(chart, cases[i][0], cases[i][1],
					    CHART_TYPED, &err));
		assert_string_equal(chart->values->bytes, cases[i][2]);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *path, *text;
		enum chart_text as;
		const char *values; /* NULL: refused */
	} cases[] = {
		/* as Helm's --set */
		{"v", "false", CHART_TYPED,
		 "v: false\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "TRUE", CHART_TYPED, "v: true\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "-010", CHART_TYPED, "v: -10\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "0", CHART_TYPED, "v: 0\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "007", CHART_TYPED,
		 "v: \"007\"\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "1.10", CHART_TYPED,
		 "v: \"1.10\"\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "+7", CHART_TYPED, "v: 7\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "9007199254740993", CHART_TYPED,
		 "v: \"9007199254740993\"\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "x,y", CHART_TYPED, "v: x,y\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "x,s=2", CHART_TYPED, NULL},
		{"v", "x,l[0].a=2", CHART_TYPED, NULL},
		{"v", "{x,y}", CHART_TYPED, NULL},
		{"v", "{}", CHART_TYPED, NULL},
		{"v", "{x", CHART_TYPED, "v: \"{x\"\ns: \"1\"\nl: [{a: 1}]\n"},
		/* what is text stays text */
		{"s", "20261126", CHART_TYPED,
		 "v: 1\ns: \"20261126\"\nl: [{a: 1}]\n"},
		{"s", "true", CHART_TYPED, "v: 1\ns: \"true\"\nl: [{a: 1}]\n"},
		{"s", "null", CHART_TYPED, "v: 1\ns: null\nl: [{a: 1}]\n"},
		{"v", "2", CHART_TEXT, "v: \"2\"\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "x,s=2", CHART_TEXT, "v: x,s=2\ns: \"1\"\nl: [{a: 1}]\n"},
		{"v", "{x,y}", CHART_TEXT,
		 "v: \"{x,y}\"\ns: \"1\"\nl: [{a: 1}]\n"},
		/* keys that Helm reads otherwise, or that nobody means */
		{"a\\.b", "2", CHART_TYPED, NULL},
		{"a\\.b", "2", CHART_TEXT, NULL},
		{"v,s", "2", CHART_TYPED, NULL},
		{"a..b", "2", CHART_TYPED, NULL},
		{".v", "2", CHART_TYPED, NULL},
		{"v.", "2", CHART_TYPED, NULL},
		{"l.[0].a", "2", CHART_TYPED, NULL},
		/* items of lists */
		{"l[0].a", "2", CHART_TYPED, "v: 1\ns: \"1\"\nl: [{a: 2}]\n"},
		{"l.0.a", "2", CHART_TYPED, "v: 1\ns: \"1\"\nl: [{a: 2}]\n"},
		{"m[0][1]", "2", CHART_TYPED, NULL},
		{"v[0]", "2", CHART_TYPED, NULL},
		{"new[0].a", "2", CHART_TYPED, NULL},
		{"l[x].a", "2", CHART_TYPED, NULL},
		{"l[0]a", "2", CHART_TYPED, NULL},
		{"l[0", "2", CHART_TYPED, NULL},
		{"l[7].a", "2", CHART_TYPED, NULL},
	};
	const struct member members[] = {{"web/Chart.yaml", META},
					 {"web/values.yaml",
					  "v: 1\ns: \"1\"\nl: [{a: 1}]\n"},
					 {0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct chart *chart = NULL;
		bool set;

		assert_true(load(members, &arena, &chart, &err));
		set = chart_set_value(chart, cases[i].path, cases[i].text,
				      cases[i].as, &err);
		assert_case(cases[i].path, set == (cases[i].values != NULL));
		if (set)
			assert_string_equal(chart->values->bytes,
					    cases[i].values);
	}
}

/* It is the same for who reads Chart.yaml, when the chart is gone. */
static void test_head(void **state)
{
	static const struct member cases[][4] = {
		{{"web/Chart.yaml",
		  "apiVersion: v2\nname: web\nversion: 1.0.0\nkeywords: [a]\n"
		  "annotations: {k: v}\ndependencies:\n- name: db\n"
		  "  version: ^1\n  repository: https://e\n  alias: x\n"
		  "  condition: x.on\n  tags: [t]\n"
		  "  import-values: [d, {child: a, parent: b}]\n"
		  "- name: q\n"}},
		{{"web/Chart.yaml",
		  "apiVersion: v1\nname: web\nversion: 1.0.0+b\n"},
		 {"web/requirements.yaml",
		  "dependencies: [{name: db, version: '1'}]\n"}},
		{{"web/Chart.yaml", "name: web\nversion: 1.0.0\n"
				    "apiVersion: v2\n"},
		 {"web/values.yaml", "a: b\n"},
		 {"web/templates/x.yaml", "y"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena whole = {0}, rest = {0};
		CLEANUP(str_release) struct str said = {0}, again = {0};
		struct chart *chart, *head;
		struct err err = {0};

		assert_true(load(cases[i], &whole, &chart, &err));
		assert_true(chart_add_json(&said, chart, &err));
		str_add(&said, chart_file_name(chart));
		head = chart_copy_head(chart, &rest);
		assert_true(head->mtime == chart->mtime &&
			    head->stamp == chart->stamp);
		arena_release(&whole);
		assert_true(chart_add_json(&again, head, &err));
		str_add(&again, chart_file_name(head));
		assert_string_equal(str_text(&again), str_text(&said));
		assert_true(!head->templates.count && !head->subchart_count &&
			    !head->values);
	}
}

static void test_provenance(void **state)
{
	static const struct {
		const char *text;
		bool is_of_it;
	} cases[] = {
		{"files:\n  web-1.0.0.tgz: sha256:abcdef\n", true},
		{"files:\n  web-1.0.0.tgz: sha256:abcde\n", false},
		{"files:\n  web-1.0.0.tgz: abcdef\n", false},
		{"<html>", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].text,
			    chart_provenance_is_of(
				    cases[i].text, strlen(cases[i].text),
				    "abcdef") == cases[i].is_of_it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_archives),
		cmocka_unit_test(test_odd_archives),
		cmocka_unit_test(test_infinite_numbers_of_a_subchart),
		cmocka_unit_test(test_any_version_of_the_api_in_a_subchart),
		cmocka_unit_test(test_damaged_archives),
		cmocka_unit_test(test_a_bomb),
		cmocka_unit_test(test_the_budget_of_nested_archives),
		cmocka_unit_test(test_order_of_members),
		cmocka_unit_test(test_not_subcharts),
		cmocka_unit_test(test_numbers_as_text),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_schemas),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_values_in_lists),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_provenance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
