#include "api/kubeconfig.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

/* A folder of files, which every test has for itself. */
struct folder {
	struct str path;
	struct env env;
};

static void folder_release(struct folder *folder)
{
	dir_release_temp(&folder->path);
	env_release(&folder->env);
}

static void make_folder(struct folder *folder)
{
	CLEANUP(err_release) struct err err = {0};

	assert_true(dir_create_temp("/tmp", "test-kubeconfig", &folder->path,
				    &err));
}

static void put(const struct folder *folder, const char *name, const char *text)
{
	CLEANUP(free_ptr) char *path = path_join(str_text(&folder->path), name);
	CLEANUP(err_release) struct err err = {0};

	assert_true(file_replace(path, text, strlen(text), 0600, &err));
}

static bool load(struct kubeconfig *config, const struct folder *folder,
		 const char *name, const char *context, struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(str_text(&folder->path), name);

	return kubeconfig_load(config, path, context, &folder->env, err);
}

static const char whole[] =
	"apiVersion: v1\n"
	"kind: Config\n"
	"current-context: dev\n"
	"clusters:\n"
	"- name: dev\n"
	"  cluster:\n"
	"    server: https://dev.example.com:6443\n"
	"    certificate-authority: certs/ca.pem\n"
	"- name: live\n"
	"  cluster:\n"
	"    server: https://live.example.com\n"
	"    certificate-authority-data: Q0EK\n"
	"users:\n"
	"- name: me\n"
	"  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}\n"
	"- name: bot\n"
	"  user: {token: abcdef, tokenFile: token}\n"
	"- name: nobody\n"
	"  user: {}\n"
	"contexts:\n"
	"- name: dev\n"
	"  context: {cluster: dev, user: me}\n"
	"- name: live\n"
	"  context: {cluster: live, user: bot, namespace: x}\n"
	"- name: anonymous\n"
	"  context: {cluster: live, user: nobody}\n";

static void test_contexts(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig dev = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig live = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig nobody = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *certs = NULL;

	(void)state;
	make_folder(&folder);
	certs = path_join(str_text(&folder.path), "certs");
	assert_true(dir_create_all(certs, &err));
	put(&folder, "certs/ca.pem", "a file's");
	put(&folder, "config", whole);

	assert_true(load(&dev, &folder, "config", NULL, &err));
	assert_string_equal(dev.cluster, "dev");
	assert_string_equal(dev.server, "https://dev.example.com:6443");
	assert_string_equal(dev.ca_pem, "a file's");
	assert_string_equal(dev.cert_pem, "CERT");
	assert_string_equal(secret_reveal(&dev.key_pem), "KEY");
	assert_false(secret_is_set(&dev.token));

	assert_true(load(&live, &folder, "config", "live", &err));
	assert_string_equal(live.ca_pem, "CA\n");
	assert_true(ends_with(live.token_file, "/token"));
	assert_true(starts_with(live.token_file, str_text(&folder.path)));
	assert_null(live.cert_pem);

	assert_true(load(&nobody, &folder, "config", "anonymous", &err));
	assert_false(secret_is_set(&nobody.token));
}

/* As kubectl: the first file that has an entry of a name wins. */
static void test_several_files(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	CLEANUP(str_release) struct str list = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *at;

	(void)state;
	make_folder(&folder);
	at = str_text(&folder.path);
	put(&folder, "empty", "");
	put(&folder, "first",
	    "users:\n- name: me\n  user: {token: of-the-first}\n"
	    "current-context: \"\"\n");
	put(&folder, "second", whole);
	put(&folder, "third",
	    "users:\n- name: me\n  user: {token: of-the-third}\n"
	    "current-context: live\n");
	str_addf(&list, "%s/none::%s/empty:%s/first:%s/second:%s/third", at, at,
		 at, at, at);
	env_set(&folder.env, "KUBECONFIG", str_text(&list));
	put(&folder, "ca", "x");

	assert_false(kubeconfig_load(&config, NULL, "dev", &folder.env,
				     &err)); /* no certs/ca.pem */
	assert_true(ends_with(err.file, "/second"));
	assert_int_equal(err.line, 8);
	assert_null(config.server);
	err_release(&err);

	assert_true(kubeconfig_load(&config, NULL, "live", &folder.env, &err));
	assert_string_equal(config.cluster, "live");
	kubeconfig_release(&config);

	put(&folder, "second", strstr(whole, "contexts:"));
	put(&folder, "third",
	    "clusters:\n- name: dev\n  cluster: {server: https://third}\n");
	put(&folder, "first",
	    "users:\n- name: me\n  user: {token: of-the-first}\n"
	    "current-context: dev\n");
	assert_true(kubeconfig_load(&config, NULL, NULL, &folder.env, &err));
	assert_string_equal(config.server, "https://third");
	assert_string_equal(secret_reveal(&config.token), "of-the-first");
}

/* What is wrong is pointed at, and the line itself is not shown. */
static void test_places(void **state)
{
	static const struct {
		const char *name, *text, *words;
		unsigned int line, column;
	} cases[] = {
		{"not YAML", "users:\n- name: me\n  token: abc: def\n",
		 "cannot read kubeconfig", 3, 13},
		{"no map", "- a\n", "is no kubeconfig", 0, 0},
		{"no context", "current-context: dev\n",
		 "the kubeconfig has no context 'dev'", 0, 0},
		{"nothing", "", "has no current context", 0, 0},
		{"empty cluster",
		 "current-context: a\n"
		 "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
		 "clusters: [{name: a}]\n",
		 "cluster 'a' of the kubeconfig is empty", 0, 0},
		{"proxy",
		 "current-context: a\n"
		 "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
		 "clusters:\n- name: a\n  cluster:\n    server: https://a\n"
		 "    proxy-url: http://proxy\n",
		 "'proxy-url' in a kubeconfig is not supported", 7, 16},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(folder_release) struct folder folder = {0};
		CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
		CLEANUP(err_release) struct err err = {0};

		make_folder(&folder);
		put(&folder, "config", cases[i].text);
		assert_false(load(&config, &folder, "config", NULL, &err));
		assert_case(cases[i].name, err.kind == ERR_INPUT);
		assert_case(cases[i].name, strstr(err.text, cases[i].words));
		assert_case(cases[i].name, err.line == cases[i].line);
		assert_case(cases[i].name, err.column == cases[i].column);
		assert_case(cases[i].name, !err.source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
