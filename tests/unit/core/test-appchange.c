#include "core/appchange.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/lockfile.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static const struct value *parse(const char *text, struct arena *arena)
{
	const struct value *value = NULL;
	struct err err = {0};

	if (!jsontext_parse(&value, text, strlen(text), "test", arena, &err))
		fail_msg("%s", err.text);
	return value;
}

/* "web@1.0.0" or "web@1.0.0:abc1234" with the commit it was built from. */
static struct chart *make_chart(const char *text, struct arena *arena)
{
	CLEANUP(strvec_release) struct strvec commit = {0};
	CLEANUP(strvec_release) struct strvec parts = {0};
	struct chart *chart = arena_new(arena, struct chart);

	strvec_split(&commit, text, ':');
	strvec_split(&parts, commit.items[0], '@');
	chart->name = arena_strdup(arena, parts.items[0]);
	chart->version = arena_strdup(arena, parts.items[1]);
	chart->metadata = value_new_map(arena);
	if (commit.count > 1)
		value_map_set(chart->metadata, arena, "annotations",
			      parse(arena_printf(arena,
						 "{\"slipway/commit\": \"%s\", "
						 "\"slipway/repository\": "
						 "\"git.example/acme/%s\"}",
						 commit.items[1],
						 parts.items[0]),
				    arena));
	return chart;
}

/* An umbrella of such charts, each with an alias in front: "a=web@1.0.0". */
static struct chart *make_umbrella(const char *text, bool locked,
				   struct arena *arena)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	struct chart *chart = make_chart("shop@1.0.0", arena);
	struct chart_dependency *wanted, *locks;

	strvec_split(&words, text, ' ');
	wanted = arena_new_array(arena, struct chart_dependency, words.count);
	locks = arena_new_array(arena, struct chart_dependency, words.count);
	chart->subcharts = arena_new_array(arena, struct chart *, words.count);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		struct chart *sub = make_chart(equals + 1, arena);

		wanted[i] = (struct chart_dependency){
			.name = sub->name,
			.version = locked ? ">=0" : sub->version,
			.repository = "https://charts.example",
			.alias = arena_memdupz(
				arena, words.items[i],
				(size_t)(equals - words.items[i])),
		};
		locks[i] = (struct chart_dependency){.name = sub->name,
						     .version = sub->version};
		chart->subcharts[chart->subchart_count++] = sub;
	}
	chart->dependencies = (struct chart_dependencies){wanted, words.count};
	if (locked) {
		chart->lock = arena_new(arena, struct lockfile);
		chart->lock->dependencies =
			(struct chart_dependencies){locks, words.count};
	}
	return chart;
}

/* "name old:commit new:commit; ..." with - for what there is not. */
static void add_side(struct str *out, const struct appchange_side *side)
{
	str_addf(out, " %s", side->version ? side->version : "-");
	if (side->commit)
		str_addf(out, ":%s", side->commit);
}

static char *described(const struct appchanges *changes)
{
	struct str out = {0};

	str_add(&out, "");
	for (size_t i = 0; i < changes->count; i++) {
		str_addf(&out, "%s%s", i ? "; " : "", changes->items[i].name);
		add_side(&out, &changes->items[i].old);
		add_side(&out, &changes->items[i].new);
	}
	return out.buf ? str_detach(&out) : xstrdup("");
}

static void umbrellas_are_compared(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{"=web@1.0.0 =api@2.0.0", "=web@1.1.0 =api@2.0.0",
		 "web 1.0.0 1.1.0"},
		{"=web@1.0.0:abc1234", "=web@1.1.0:def5678",
		 "web 1.0.0:abc1234 1.1.0:def5678"},
		{"=web@1.0.0", "=web@1.0.0", ""},
		{"=web@1.0.0:abc1234", "=web@1.0.0:def5678",
		 "web 1.0.0:abc1234 1.0.0:def5678"},
		{"=web@1.0.0 =api@2.0.0", "=api@1.9.0 =job@3.0.0",
		 "api 2.0.0 1.9.0; job - 3.0.0; web 1.0.0 -"},
		{"a=web@1.0.0 b=web@1.0.0", "a=web@1.1.0 b=web@1.0.0",
		 "a 1.0.0 1.1.0"},
		{"a=web@1.0.0 b=web@1.0.0", "a=web@1.1.0 b=web@1.1.0",
		 "web 1.0.0 1.1.0"},
		{"a=web@1.0.0 b=web@0.9.0", "a=web@1.1.0 b=web@1.1.0",
		 "a 1.0.0 1.1.0; b 0.9.0 1.1.0"},
		{"=web@1.0.0:nothash", "=web@1.1.0:abc12", "web 1.0.0 1.1.0"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		size_t at = i / 2;
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(free_ptr) char *got = NULL;
		struct appchanges changes = {0};

		appchange_of_charts(&changes,
				    make_umbrella(cases[at].old, i % 2, &arena),
				    make_umbrella(cases[at].new, i % 2, &arena),
				    &arena);
		appchanges_join(&changes);
		got = described(&changes);
		assert_string_equal(got, cases[at].want);
	}
}

static void a_chart_is_its_own_application(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *got = NULL;
	CLEANUP(free_ptr) char *both = NULL;
	static struct chart_file template = {.name = "templates/web.yaml"};
	struct chart *with_template;
	struct appchanges changes = {0};
	struct appchanges more = {0};

	(void)state;
	appchange_of_charts(&changes, make_chart("web@1.0.0:abc1234", &arena),
			    make_chart("web@1.1.0:def5678", &arena), &arena);
	got = described(&changes);
	assert_string_equal(got, "web 1.0.0:abc1234 1.1.0:def5678");
	assert_string_equal(changes.items[0].new.source,
			    "git.example/acme/web");

	with_template = make_umbrella("=redis@7.0.0", true, &arena);
	with_template->templates = (struct chart_files){&template, 1, 1};
	appchange_of_charts(&more, NULL, with_template, &arena);
	both = described(&more);
	assert_string_equal(both, "shop - 1.0.0; redis - 7.0.0");
}

static void the_record_tells_of_what_was_deployed(void **state)
{
	static const char record[] =
		"{\"environment\": {\"applications\": ["
		"{\"name\": \"a\", \"old\": \"1.0.0\", \"new\": \"1.1.0\"},"
		"{\"name\": \"api\", \"old\": \"2.0.0\", \"new\": \"2.0.0\"},"
		"{\"name\": \"job\", \"old\": null, \"new\": \"3.0.0\"},"
		"{\"name\": \"gone\", \"old\": \"1.0.0\", \"new\": null},"
		"{}]},"
		"\"umbrella\": {\"dependencies\": ["
		"{\"name\": \"web\", \"alias\": \"a\", \"version\": \"1.1.0\","
		" \"repository\": \"s3://charts/stable\"}]}}";
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *got = NULL;
	struct appchanges changes = {0};

	(void)state;
	appchange_of_record(&changes, parse(record, &arena),
			    make_umbrella("a=web@1.1.0:def5678", true, &arena),
			    &arena);
	got = described(&changes);
	assert_string_equal(got, "a 1.0.0 1.1.0:def5678; job - 3.0.0; gone "
				 "1.0.0 -");
	assert_string_equal(changes.items[0].chart, "web");
	assert_string_equal(changes.items[0].repository, "s3://charts/stable");
}

static void annotations_say_where_from(void **state)
{
	static const struct {
		const char *annotations, *commit, *source;
	} cases[] = {
		{"{}", NULL, NULL},
		{"{\"slipway/commit\": \"0123456789\", "
		 "\"slipway/repository\": \"h/a/b\"}",
		 "0123456789", "h/a/b"},
		{"{\"org.opencontainers.image.revision\": \"0123456789\", "
		 "\"org.opencontainers.image.source\": "
		 "\"https://u:p@h/a/b.git\"}",
		 "0123456789", "h/a/b"},
		{"{\"slipway/repository\": \"git@h:a/b.git\"}", NULL, "h/a/b"},
		{"{\"slipway/repository\": \"h:8443/a/b\"}", NULL,
		 "h:8443/a/b"},
		{"{\"slipway/commit\": \"HEAD^{/x}\", "
		 "\"slipway/repository\": \"nothing\"}",
		 NULL, NULL},
		{"{\"slipway/commit\": 1, \"slipway/repository\": []}", NULL,
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct appchange_side side = {0};

		appchange_annotate(&side, parse(cases[i].annotations, &arena),
				   &arena);
		assert_case(cases[i].annotations,
			    same_text(side.commit, cases[i].commit));
		assert_case(cases[i].annotations,
			    same_text(side.source, cases[i].source));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(umbrellas_are_compared),
		cmocka_unit_test(a_chart_is_its_own_application),
		cmocka_unit_test(the_record_tells_of_what_was_deployed),
		cmocka_unit_test(annotations_say_where_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
