#include "api/grafana.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void add_repeated_tag(struct strvec *tags, const char *start,
			     size_t count)
{
	CLEANUP(str_release) struct str tag = {0};

	str_add(&tag, start);
	str_add_repeated(&tag, 'v', count);
	strvec_add(tags, str_text(&tag));
}

static void test_limits_of_one_tag(void **state)
{
	static const struct {
		const char *start;
		size_t repeated;
		bool fits;
	} cases[] = {
		{"", 100, true},	  {"", 101, false},
		{"k:", 100, true},	  {"k:", 101, false},
		{":", 100, true},	  {":", 101, false},
		{"\xc3\xa4:", 100, true}, {"a:b:", 98, true},
		{"a:b:", 99, false},	  {"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(grafana_mark_release) struct grafana_mark mark = {
			.text = xstrdup("x"),
		};
		CLEANUP(err_release) struct err err = {0};

		add_repeated_tag(&mark.tags, cases[i].start, cases[i].repeated);
		assert_case(mark.tags.items[0],
			    grafana_check_mark(&mark, &err) == cases[i].fits);
	}
}

/* ["vv...","vv..."] may have 500 bytes, not 501. */
static void test_limit_of_all_tags(void **state)
{
	CLEANUP(grafana_mark_release) struct grafana_mark mark = {
		.text = xstrdup("x"),
	};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		add_repeated_tag(&mark.tags, "", 97);
	add_repeated_tag(&mark.tags, "", 500 - 1 - 4 * 100 - 3);
	assert_true(grafana_check_mark(&mark, &err));
	mark.tags.items[0] = xrealloc(mark.tags.items[0], 99, 1);
	memcpy(mark.tags.items[0] + 97, "v", 2);
	assert_false(grafana_check_mark(&mark, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void fill(struct grafana_mark *mark)
{
	*mark = (struct grafana_mark){
		.dashboard = xstrdup("uid"),
		.panel = 2,
		.start_ms = 1000,
		.end_ms = 2000,
		.text = xstrdup("web 1.4.0 \"quoted\"\nrelease: 1"),
	};
	strvec_add(&mark->tags, "deploy");
	strvec_add(&mark->tags, "env:n");
}

static void test_marks_survive_a_file(void **state)
{
	CLEANUP(grafana_mark_release) struct grafana_mark mark = {0};
	CLEANUP(grafana_mark_release) struct grafana_mark back = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *url = NULL;
	CLEANUP(free_ptr) char *line = NULL;
	struct err err = {0};

	(void)state;
	fill(&mark);
	grafana_mark_write(&mark, "https://g", "release: 1", &text);
	assert_true(grafana_mark_read(&back, &url, &line, str_text(&text),
				      text.len, &err));
	assert_string_equal(url, "https://g");
	assert_string_equal(line, "release: 1");
	assert_string_equal(back.dashboard, "uid");
	assert_int_equal(back.panel, 2);
	assert_int_equal(back.id, 0);
	assert_true(grafana_same_mark(&mark, &back));
}

static void test_what_is_no_kept_mark(void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"version\": 1, \"url\": \"u\", \"line\": \"l\"}",
		"{\"version\": 2, \"url\": \"u\", \"line\": \"l\","
		" \"text\": \"x\", \"time\": 1}",
		"{\"version\": 1, \"line\": \"l\", \"text\": \"x\"}",
		"{\"version\": 1, \"url\": \"u\", \"line\": \"l\","
		" \"text\": \"x\", \"time\": 2, \"timeEnd\": 1}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(grafana_mark_release) struct grafana_mark mark = {0};
		CLEANUP(err_release) struct err err = {0};
		char *url = NULL;
		char *line = NULL;

		assert_case(cases[i],
			    !grafana_mark_read(&mark, &url, &line, cases[i],
					       strlen(cases[i]), &err));
		assert_case(cases[i], err.kind == ERR_INPUT && !url && !line);
	}
}

static void test_same_mark(void **state)
{
	CLEANUP(grafana_mark_release) struct grafana_mark a = {0};
	CLEANUP(grafana_mark_release) struct grafana_mark b = {0};
	char *tag;

	(void)state;
	fill(&a);
	fill(&b);
	tag = b.tags.items[0];
	b.tags.items[0] = b.tags.items[1];
	b.tags.items[1] = tag;
	assert_true(grafana_same_mark(&a, &b));
	b.end_ms++;
	assert_false(grafana_same_mark(&a, &b));
	b.end_ms--;
	strvec_add(&b.tags, "more");
	assert_false(grafana_same_mark(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_of_one_tag),
		cmocka_unit_test(test_limit_of_all_tags),
		cmocka_unit_test(test_marks_survive_a_file),
		cmocka_unit_test(test_what_is_no_kept_mark),
		cmocka_unit_test(test_same_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
