#include "api/oci_chart.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static void tags(void **state)
{
	static const struct {
		const char *version;
		const char *tag; /* NULL = none is possible */
	} cases[] = {
		{"1.0.0", "1.0.0"}, {"1.0.0+a.b", "1.0.0_a.b"},
		{"v1.2", "v1.2"},   {"1.0.0-rc.1+x", "1.0.0-rc.1_x"},
		{".1", NULL},	    {"-1", NULL},
		{"1 0", NULL},	    {"1/0", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str tag = {0};
		CLEANUP(err_release) struct err err = {0};
		bool fits;

		oci_chart_add_tag(&tag, cases[i].version);
		fits = oci_chart_check_tag(str_text(&tag), &err);
		assert_case(cases[i].version, fits == !!cases[i].tag);
		if (fits)
			assert_string_equal(str_text(&tag), cases[i].tag);
	}
}

static void versions_of_tags(void **state)
{
	static const char *const given[] = {
		"latest", "1.0.0",  "v3.0.0",	     "2.0.0_b",	  "1.2",
		"1.10.0", "01.0.0", "sha256-0a.sig", "1.9.0-rc.1"};
	static const char *const expected[] = {"2.0.0+b", "1.10.0",
					       "1.9.0-rc.1", "1.0.0"};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec list = {0};
	struct chartindex_entries entries = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		strvec_add(&list, given[i]);
	oci_chart_list(&list, "web", &arena, &entries);
	assert_int_equal(entries.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < entries.count; i++)
		assert_string_equal(entries.items[i].version, expected[i]);
	assert_string_equal(entries.items[0].urls->list.items[0]->string.bytes,
			    "web:2.0.0_b");
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG                       \
	"\"config\":{\"mediaType\":" \
	"\"application/vnd.cncf.helm.config.v1+json\"}"
#define PROVENANCE "application/vnd.cncf.helm.chart.provenance.v1.prov"
#define CHART	   "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

static void archives_of_manifests(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		enum err_kind kind;
	} cases[] = {
		{"a chart",
		 "{" CONFIG ",\"layers\":[{\"mediaType\":\"prov\"},"
		 "{\"mediaType\":\"" CHART "\",\"digest\":\"sha256:" HEX
		 "\",\"size\":9}]}",
		 ERR_NONE},
		{"an old one",
		 "{" CONFIG ",\"layers\":[{\"mediaType\":"
		 "\"application/tar+gzip\",\"digest\":\"sha256:" HEX "\"}]}",
		 ERR_NONE},
		{"an image",
		 "{\"config\":{\"mediaType\":"
		 "\"application/vnd.oci.image.config.v1+json\"},"
		 "\"layers\":[{\"mediaType\":\"" CHART
		 "\",\"digest\":\"sha256:" HEX "\"}]}",
		 ERR_REMOTE},
		{"an index of images", "{\"manifests\":[]}", ERR_REMOTE},
		{"no layers", "{" CONFIG "}", ERR_REMOTE},
		{"layers of no kind", "{" CONFIG ",\"layers\":{}}", ERR_REMOTE},
		{"a digest that is a path",
		 "{" CONFIG ",\"layers\":[{\"mediaType\":\"" CHART
		 "\",\"digest\":\"sha256:../../x\"}]}",
		 ERR_REMOTE},
		{"another digest",
		 "{" CONFIG ",\"layers\":[{\"mediaType\":\"" CHART
		 "\",\"digest\":\"sha512:" HEX "\"}]}",
		 ERR_REMOTE},
		{"too large",
		 "{" CONFIG ",\"layers\":[{\"mediaType\":\"" CHART
		 "\",\"digest\":\"sha256:" HEX "\",\"size\":1001}]}",
		 ERR_REMOTE},
		{"no JSON", "<html>", ERR_REMOTE},
		{"an array", "[]", ERR_REMOTE},
		{"nothing", "", ERR_REMOTE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};
		char digest[OCI_DIGEST_SIZE] = "";
		bool found;

		str_add(&text, cases[i].text);
		found = oci_chart_find_layer(&text, OCI_CHART_PACKAGE, 1000,
					     digest, &err);
		assert_case(cases[i].name, err.kind == cases[i].kind);
		assert_case(cases[i].name, found == (err.kind == ERR_NONE));
		if (found)
			assert_string_equal(digest, "sha256:" HEX);
	}
}

/* As Helm writes it: the lab compares all of it with Helm's own. */
static void manifest(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0}, config_text = {0};
	CLEANUP(err_release) struct err err = {0};
	struct value *metadata = value_new_map(&arena);
	struct value *annotations = value_new_map(&arena);
	const struct chart chart = {.arena = &arena,
				    .metadata = metadata,
				    .name = "web",
				    .version = "1.0.0",
				    .stamp = 1700000000};
	const struct oci_blob config = {.len = 2, .digest = "sha256:c"};
	const struct oci_blob package = {.len = 3, .digest = "sha256:p"};

	const struct oci_blob none = {0};

	(void)state;
	value_map_set_text(metadata, &arena, "name", "web");
	value_map_set_text(metadata, &arena, "version", "1.0.0");
	value_map_set_text(metadata, &arena, "apiVersion", "v2");
	value_map_set_text(metadata, &arena, "description", " \t");
	value_map_set_text(annotations, &arena, "a", "<>");
	value_map_set_text(annotations, &arena,
			   "org.opencontainers.image.title", "lie");
	value_map_set(metadata, &arena, "annotations", annotations);
	assert_true(oci_chart_add_manifest(&text, &chart, &config, &package,
					   &none, &err));
	assert_string_equal(
		str_text(&text),
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":"
		"\"application/vnd.cncf.helm.config.v1+json\","
		"\"digest\":\"sha256:c\",\"size\":2},\"layers\":["
		"{\"mediaType\":\"" CHART
		"\",\"digest\":\"sha256:p\",\"size\":3}],\"annotations\":{"
		"\"a\":\"\\u003c\\u003e\","
		"\"org.opencontainers.image.created\":"
		"\"2023-11-14T22:13:20Z\","
		"\"org.opencontainers.image.title\":\"web\","
		"\"org.opencontainers.image.version\":\"1.0.0\"}}");
	assert_true(chart_add_json(&config_text, &chart, &err));
	assert_string_equal(str_text(&config_text),
			    "{\"name\":\"web\",\"version\":\"1.0.0\","
			    "\"description\":\" \\t\",\"apiVersion\":\"v2\","
			    "\"annotations\":{\"a\":\"\\u003c\\u003e\","
			    "\"org.opencontainers.image.title\":\"lie\"}}");
}

/* Layers come in the order of their digests. */
static void test_manifest_of_a_signed_chart(void **state)
{
	static const struct {
		const char *provenance;
		const char *first, *second; /* types of layers */
	} cases[] = {
		{"sha256:a", PROVENANCE, CHART},
		{"sha256:z", CHART, PROVENANCE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		const struct chart chart = {.arena = &arena,
					    .name = "web",
					    .version = "1.0.0",
					    .metadata = value_new_map(&arena)};
		const struct oci_blob config = {.digest = "sha256:c"};
		const struct oci_blob package = {.digest = "sha256:p"};
		struct oci_blob provenance = {.len = 5};
		struct err err = {0};
		const char *first, *second;

		memcpy(provenance.digest, cases[i].provenance,
		       strlen(cases[i].provenance) + 1);
		assert_true(oci_chart_add_manifest(
			&text, &chart, &config, &package, &provenance, &err));
		first = strstr(str_text(&text), cases[i].first);
		second = strstr(str_text(&text), cases[i].second);
		assert_non_null(first);
		assert_true(first < second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags),
		cmocka_unit_test(versions_of_tags),
		cmocka_unit_test(archives_of_manifests),
		cmocka_unit_test(test_manifest_of_a_signed_chart),
		cmocka_unit_test(manifest),
	};

	return cmocka_run_group_tests_name("oci-chart", tests, NULL, NULL);
}
