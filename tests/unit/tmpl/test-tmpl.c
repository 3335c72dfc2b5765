/*
 * Cases of tests/tables/tmpl: a template, its data, and what comes out.
 * tests/oracle/test_tmpl.py asks Go for the same.
 */
#include "tmpl/tmpl.h"

#include <glob.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

/* 2025-11-26 12:00 UTC: the time of the run in all tables. */
#define NOW_MS 1764158400000

#define TABLES	  "tests/tables/tmpl/*.txt"
#define TABLE_MAX ((size_t)4 << 20)

/* --- tables -------------------------------------------------------------- */

/* One case: "=== name [mode]", then sections that start with "--- ". */
struct table_case {
	struct str name, mode, data, template, output, error;
	bool fails;
};

static void case_clear(struct table_case *c)
{
	str_clear(&c->name);
	str_clear(&c->mode);
	str_clear(&c->template);
	str_clear(&c->output);
	str_clear(&c->error);
	c->fails = false;
}

static void case_release(struct table_case *c)
{
	str_release(&c->name);
	str_release(&c->mode);
	str_release(&c->data);
	str_release(&c->template);
	str_release(&c->output);
	str_release(&c->error);
}

static enum tmpl_missing mode_of(const char *word)
{
	if (strcmp(word, "default") == 0)
		return TMPL_MISSING_DEFAULT;

	return strcmp(word, "zero") == 0 ? TMPL_MISSING_ZERO
					 : TMPL_MISSING_ERROR;
}

static bool render(struct table_case *c, struct str *out, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc data = {0};
	CLEANUP(tmpl_release) struct tmpl set = {
		.options = {.missing = mode_of(str_text(&c->mode)),
			    .now_ms = NOW_MS}};

	return ydoc_parse(&data, str_text(&c->data), c->data.len, "data", 0,
			  err) &&
	       tmpl_parse(&set, "test", str_text(&c->template), c->template.len,
			  err) &&
	       tmpl_execute(&set, "test", data.root, out, err);
}

static void add_error(const struct err *err, struct str *text)
{
	str_addf(text, "%u:%u: %s", err->line, err->column, err->text);
	if (err->hint)
		str_addf(text, "\nhint: %s", err->hint);
}

static void check_case(const char *file, struct table_case *c)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(str_release) struct str error = {0};
	bool good = render(c, &out, &err);

	if (!good)
		add_error(&err, &error);
	if (!good && !c->fails)
		fail_msg("%s: %s: %s", file, str_text(&c->name),
			 str_text(&error));
	if (good && c->fails)
		fail_msg("%s: %s: no error but '%s'", file, str_text(&c->name),
			 str_text(&out));
	if (good && (out.len != c->output.len ||
		     memcmp(str_text(&out), str_text(&c->output), out.len)))
		fail_msg("%s: %s: got:\n%s\nexpected:\n%s", file,
			 str_text(&c->name), str_text(&out),
			 str_text(&c->output));
	if (c->fails && strcmp(str_text(&error), str_text(&c->error)) != 0)
		fail_msg("%s: %s: error:\n%s\nexpected:\n%s", file,
			 str_text(&c->name), str_text(&error),
			 str_text(&c->error));
}

/* The section that a line starts, or NULL. */
static struct str *section_of(struct table_case *c, const char *line)
{
	if (strcmp(line, "--- data") == 0)
		return &c->data;
	if (strcmp(line, "--- template") == 0)
		return &c->template;
	if (strcmp(line, "--- output") == 0)
		return &c->output;
	if (strcmp(line, "--- error") == 0) {
		c->fails = true;
		return &c->error;
	}
	return NULL;
}

/* "=== name" or "=== name [mode]". */
static void start_case(struct table_case *c, const char *title)
{
	const char *mode = strchr(title, '[');

	case_clear(c);
	str_add_bytes(&c->name, title,
		      mode ? (size_t)(mode - title) : strlen(title));
	str_trim(&c->name);
	if (mode)
		str_add_bytes(&c->mode, mode + 1, strcspn(mode + 1, "]"));
}

/* Data stays for the cases behind it, until there is other data. */
static size_t check_table(const char *file)
{
	CLEANUP(case_release) struct table_case c = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(strvec_release) struct strvec lines = {0};
	struct str *section = NULL;
	bool first = true;
	size_t count = 0;

	assert_true(file_read(file, TABLE_MAX, &text, &err));
	strvec_split(&lines, str_text(&text), '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *title = after_prefix(lines.items[i], "=== ");
		struct str *next = section_of(&c, lines.items[i]);

		/* A blank line parts the cases. */
		if (title && section && section->len > 0)
			str_truncate(section, section->len - 1);
		if (title || i + 1 == lines.count) {
			if (c.name.len > 0) {
				check_case(file, &c);
				count++;
			}
			section = NULL;
		}
		if (title) {
			start_case(&c, title);
		} else if (next) {
			section = next;
			str_clear(section);
			first = true;
		} else if (section) {
			if (!first)
				str_add_char(section, '\n');
			str_add(section, lines.items[i]);
			first = false;
		}
	}
	return count;
}

static void test_tables(void **state)
{
	glob_t files;
	size_t count = 0;

	(void)state;
	assert_int_equal(glob(TABLES, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		count += check_table(files.gl_pathv[i]);
	globfree(&files);
	assert_true(count > 100);
}

/* --- sets ---------------------------------------------------------------- */

static bool add(struct tmpl *set, const char *name, const char *text,
		struct err *err)
{
	return tmpl_parse(set, name, text, strlen(text), err);
}

static void test_sets(void **state)
{
	CLEANUP(tmpl_release) struct tmpl set = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	assert_true(add(&set, "a",
			"((define \"x\"))1((end))A((template "
			"\"x\"))",
			&err));
	assert_true(add(&set, "b", "B((template \"x\"))", &err));
	assert_true(tmpl_has(&set, "x"));
	assert_true(tmpl_execute(&set, "b", &value_nil, &out, &err));
	assert_string_equal(str_text(&out), "B1");

	/* A later definition replaces, unless it is empty. */
	assert_true(add(&set, "c", "((define \"x\"))2((end))", &err));
	assert_true(add(&set, "d", "((define \"x\")) ((end))", &err));
	str_clear(&out);
	assert_true(tmpl_execute(&set, "a", &value_nil, &out, &err));
	assert_string_equal(str_text(&out), "A2");

	/* A file that is no template adds nothing. */
	assert_false(add(&set, "e", "((define \"y\"))((end))((", &err));
	assert_false(tmpl_has(&set, "y"));
	assert_false(tmpl_has(&set, "e"));
	err_release(&err);
	assert_false(tmpl_execute(&set, "e", &value_nil, &out, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_failure_leaves_output(void **state)
{
	CLEANUP(tmpl_release) struct tmpl set = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	str_add(&out, "before");
	assert_true(add(&set, "a.yaml", "one\ntwo ((.x))", &err));
	assert_false(tmpl_execute(&set, "a.yaml", &value_nil, &out, &err));
	assert_string_equal(str_text(&out), "before");
	assert_false(out.overflow);
	assert_string_equal(err.file, "a.yaml");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 7);
	assert_string_equal(err.source, "two ((.x))");
}

static void test_delimiters(void **state)
{
	CLEANUP(tmpl_release) struct tmpl set = {
		.options = {.left = "<%", .right = "%>"}};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	assert_true(
		add(&set, "a", "((1)) <%- add (len \"ab\") 1 -%> {{2}}", &err));
	assert_true(tmpl_execute(&set, "a", &value_nil, &out, &err));
	assert_string_equal(str_text(&out), "((1))3{{2}}");
}

/* set and unset change what the template made, never the caller's data. */
static void test_data_stays(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(tmpl_release) struct tmpl set = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};
	struct value *data = value_new_map(&arena);

	(void)state;
	value_map_set(data, &arena, "n", value_new_int(&arena, 1));
	assert_true(add(&set, "a", "(( (set . \"n\" 2).n ))((unset . \"n\"))",
			&err));
	assert_true(tmpl_execute(&set, "a", data, &out, &err));
	assert_string_equal(str_text(&out), "2map[]");
	assert_int_equal(value_map_get(data, "n")->integer, 1);
}

static void test_functions(void **state)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	struct tmpl_function function;

	(void)state;
	for (size_t i = 0; tmpl_function(i, &function); i++) {
		assert_case(function.name, !strvec_has(&names, function.name));
		strvec_add(&names, function.name);
		if (strcmp(function.name, "env") == 0)
			assert_non_null(function.refused);
		if (strcmp(function.name, "default") == 0)
			assert_null(function.refused);
	}
	assert_true(strvec_has(&names, "default"));
	assert_true(strvec_has(&names, "env"));
}

/* Dates are those of the run's clock, here 2026-11-22 13:04:05.678 UTC. */
static void test_clock(void **state)
{
	static const struct {
		const char *text, *output;
	} cases[] = {
		{"((now))", "2026-11-22 13:04:05.678 +0000 UTC"},
		{"((date \"2006-01-02 15:04:05\" now))", "2026-11-22 13:04:05"},
		{"((now | date_modify \"2h\" | date \"15:04\"))", "15:04"},
		{"((now | dateModify \"-1.5h\" | date \"15:04:05.000\"))",
		 "11:34:05.678"},
		{"((now | dateModify \"-700ms\" | date \"05.000\"))", "04.978"},
		{"((now | dateModify \"1h2m3s4ms500us\"))",
		 "2026-11-22 14:06:08.6825 +0000 UTC"},
		{"((now | dateModify \"nonsense\" | date \"15\"))", "13"},
		{"((htmlDate now)) ((htmlDate \"\"))", "2026-11-22 2026-11-22"},
		{"((unixEpoch now))", "1795352645"},
		{"(( now.Year ))/(( (now).Day )) ((typeOf now)) ((kindOf now))",
		 "2026/22 time.Time struct"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tmpl_release) struct tmpl set = {.options.now_ms =
								 1795352645678};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str out = {0};

		assert_case(cases[i].text,
			    add(&set, "test", cases[i].text, &err));
		assert_case(cases[i].text,
			    tmpl_execute(&set, "test", &value_nil, &out, &err));
		assert_string_equal(str_text(&out), cases[i].output);
	}
}

/* --- ceilings ------------------------------------------------------------ */

/* Execute; gives whether it went well, and the error's text. */
static bool attempt(const char *text, size_t *len, struct str *message)
{
	CLEANUP(tmpl_release) struct tmpl set = {.options.max_steps = 5000000};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};
	bool good = add(&set, "test", text, &err) &&
		    tmpl_execute(&set, "test", &value_nil, &out, &err);

	*len = out.len;
	str_clear(message);
	if (!good)
		str_add(message, err.text);
	return good;
}

/* @start, @depth times @open, @middle, as many @close, @end. */
struct nesting {
	const char *start, *open, *middle, *close, *end;
};

static bool attempt_nested(const struct nesting *nesting, size_t depth,
			   struct str *message)
{
	CLEANUP(str_release) struct str text = {0};
	size_t len;

	str_add(&text, nesting->start);
	for (size_t i = 0; i < depth; i++)
		str_add(&text, nesting->open);
	str_add(&text, nesting->middle);
	for (size_t i = 0; i < depth; i++)
		str_add(&text, nesting->close);
	str_add(&text, nesting->end);
	return attempt(str_text(&text), &len, message);
}

static void test_nesting(void **state)
{
	static const struct nesting cases[] = {
		{"((", "(", "1", ") ", "))"},
		{"((", "(not ", "1", ") ", "))"},
		{"((", "(list 1 | len | add ", "1", ") ", "))"},
		{"", "((if 1))", "x", "((end))", ""},
		{"", "((if 0))((else))", "x", "((end))", ""},
		{"", "((with 1))", "x", "((end))", ""},
		{"", "((range 1))", "x", "((end))", ""},
		{"((if 0))", "((else if 0))", "", "", "((end))"},
	};
	CLEANUP(str_release) struct str message = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = cases[i].open;

		/* The if around an else if is a level, too. */
		assert_case(name, attempt_nested(&cases[i], TMPL_NEST_MAX - 1,
						 &message));
		assert_case(name, !attempt_nested(&cases[i], TMPL_NEST_MAX + 1,
						  &message));
		assert_case(name, strstr(str_text(&message),
					 "nested more than 1000 deep"));
		assert_case(name, !attempt_nested(&cases[i], 100000, &message));
	}
}

static void test_ceilings(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"((define \"t\"))((template \"t\"))((end))((template \"t\"))",
		 "templates call templates more than 1001 deep"},
		{"((define \"t\"))((if 1))((with 1))((range 1))((if 1))"
		 "((if 1))((template \"t\"))((end))((end))((end))((end))"
		 "((end))((end))((template \"t\"))",
		 "nested more than 5000 deep"},
		{"((define \"t\"))((include \"t\" .))((end))((include \"t\" "
		 ".))",
		 "templates call templates more than 1001 deep"},
		{"((define \"t\"))((tpl \"((include \\\"t\\\" .))\" .))((end))"
		 "((include \"t\" .))",
		 "templates call templates more than 1001 deep"},
		{"((tpl . .))", "argument 1 of 'tpl' must be string"},
		{"(($t := \"((tpl .t .))\"))((tpl $t (dict \"t\" $t) ))",
		 "templates call templates more than 1001 deep"},
		{"((define \"t\"))((repeat 9000000 \"a\"))((include \"t\" .))"
		 "((end))((include \"t\" .))",
		 "the output is larger than 32 MiB"},
		{"((range 1000000))((range 1000000))((end))((end))",
		 "more work than a render may take"},
		{"((range 1000))((range 100))((printf \"%1000d\" 1))((end))"
		 "((end))",
		 "the output is larger than 32 MiB"},
		{"((repeat 1000000000 \"abc\"))", "the text is larger than"},
		{"((until 10000000))", "more work than"},
		{"(($l := list))((range 60))"
		 "(($l = append $l (repeat 4000000 \"x\") ))((end))",
		 "values would take more than 128 MiB"},
		{"((until 9223372036854775807))", "more work than"},
		{"((untilStep 1 -9223372036854775807 -1))", "more work than"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "(($x))",
		 "the output is larger than 32 MiB"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "((toYaml $x))",
		 "too deep or too large"},
		{"(($x := \"abc\"))((range 100))(($x = print $x $x))((end))",
		 "the text is larger than"},
		{"(($d := dict))(($_ := set $d \"a\" $d))((toYaml $d))",
		 "too deep or too large"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "(( has 1 (list $x) ))((has $x (list $x) ))",
		 "too deep or too large"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "(( quote $x ))",
		 "the text is larger than"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "(( dict $x 1 ))",
		 "a key is too long"},
		{"(($x := list 1))((range 100))(($x = list $x $x))((end))"
		 "(( uniq (list $x $x) ))",
		 "too deep or too large"},
		{"(($x := repeat 100000 \"ab\"))((trimAll $x $x))",
		 "more work than"},
		{"((split \"\" (repeat 1000000 \"a\") ))", "more work than"},
		{"(($d := dict))((range 1000000))"
		 "(($_ := set $d (toString .) 1))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "((if contains \"b\" $x))x((end))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "(($_ := sha256sum $x))((end))",
		 "more work than"},
		{"((seq 1 9223372036854775806))", "more work than"},
		{"((seq 9223372036854775807 -9223372036854775807))",
		 "more work than"},
		{"((wrapWith 1 (repeat 100000 \"-\") (repeat 100000 \"a\") ))",
		 "the text is larger than"},
		{"((splitn \"\" 1000000 (repeat 1000000 \"a\") ))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "(($_ := wrap 3 $x))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "(($_ := abbrev 900000 $x))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"aB\"))((range 1000000))"
		 "(($_ := snakecase $x))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a/\"))((range 1000000))"
		 "(($_ := clean $x))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "(($_ := urlParse $x))((end))",
		 "more work than"},
		{"(($x := repeat 1000000 \"a\"))((range 1000000))"
		 "(($_ := encryptAES $x $x))((end))",
		 "more work than"},
		{"((encryptAES \"\" (repeat 30000000 \"a\") ))",
		 "the text is larger than"},
		{"((shuffle (repeat 30000000 \"a\") ))", "more work than"},
		{"((indent 999999999 \"\"))", "cannot indent"},
		{"((range 100000))((printf \"%1000000d\" 1))((end))",
		 "the output is larger than 32 MiB"},
		{"((range 1000000))(($x := printf \"%1000000d\" .))((end))",
		 "more work than"},
	};
	CLEANUP(str_release) struct str message = {0};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_case(cases[i].text,
			    !attempt(cases[i].text, &len, &message));
		if (!strstr(str_text(&message), cases[i].message))
			fail_msg("%s: %s", cases[i].text, str_text(&message));
	}
}

static int times_asked;

static bool asked_to_stop(struct err *err)
{
	if (++times_asked < 3)
		return false;
	err_set(err, ERR_INTERRUPTED, "enough");
	return true;
}

static void test_interruption(void **state)
{
	static const char *const cases[] = {
		"((range 1000000000))((end))",
		"((range 1000000))((until 1000))((end))",
		"((tpl \"((range 1000000000))x((end))\" .))",
		"((define \"x\"))((range 1000000000))((end))((end))"
		"((include \"x\" .))",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tmpl_release) struct tmpl set = {.options.interrupted =
								 asked_to_stop};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str out = {0};

		times_asked = 0;
		assert_true(add(&set, "test", cases[i], &err));
		assert_case(cases[i], !tmpl_execute(&set, "test", &value_nil,
						    &out, &err));
		assert_case(cases[i], err.kind == ERR_INTERRUPTED);
		assert_int_equal(times_asked, 3);
		assert_int_equal(out.len, 0);
	}
}

/* A loop gives back what its rounds make: 180 MB of text in all. */
static void test_loops_are_frugal(void **state)
{
	CLEANUP(str_release) struct str message = {0};
	size_t len;

	(void)state;
	assert_true(attempt("((range 60000))"
			    "((if eq (printf \"%3000d\" .) \"\"))x((end))"
			    "((end))",
			    &len, &message));
	/* unset puts nothing where it would outlive the round. */
	assert_true(attempt("((range 60000))(($d := dict \"a\" .))"
			    "(($_ := unset $d \"a\"))"
			    "((if eq (printf \"%3000d\" .) \"\"))x((end))"
			    "((end))",
			    &len, &message));
	/* What is assigned lives on. */
	assert_true(attempt("(($last := \"\"))((range 1000))"
			    "(($last = printf \"%d\" .))((end))(($last))",
			    &len, &message));
	assert_int_equal(len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_failure_leaves_output),
		cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_data_stays),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_interruption),
		cmocka_unit_test(test_loops_are_frugal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
