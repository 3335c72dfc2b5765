#include "api/kubeconfig.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
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

#define CONTEXT                \
	"current-context: a\n" \
	"contexts: [{name: a, context: {cluster: a, user: a}}]\n"
#define CLUSTER \
	CONTEXT "clusters: [{name: a, cluster: {server: 'https://a'}}]\n"

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
		{"empty cluster", CONTEXT "clusters: [{name: a}]\n",
		 "cluster 'a' of the kubeconfig has no 'server'", 0, 0},
		{"proxy",
		 CONTEXT "clusters:\n- name: a\n  cluster:\n"
			 "    server: https://a\n    proxy-url: ftp://proxy\n",
		 "is no address of a proxy", 7, 16},
		{"token that is a number",
		 CLUSTER "users:\n- name: a\n  user:\n    token: 12\n",
		 "'token' of the kubeconfig is no text", 7, 12},
		{"flag that is a text",
		 CONTEXT "clusters:\n- name: a\n  cluster:\n"
			 "    server: https://a\n"
			 "    disable-compression: 'true'\n",
		 "'disable-compression' of the kubeconfig is no 'true'", 7, 26},
		{"both CAs",
		 CONTEXT "clusters:\n- name: a\n  cluster:\n"
			 "    server: https://a\n"
			 "    certificate-authority: x\n"
			 "    certificate-authority-data: Q0E=\n",
		 "are both there", 7, 28},
		{"CA without use",
		 CONTEXT "clusters:\n- name: a\n  cluster:\n"
			 "    server: https://a\n"
			 "    certificate-authority-data: Q0E=\n"
			 "    insecure-skip-tls-verify: true\n",
		 "makes no use of the certificate authority", 8, 31},
		{"token and password",
		 CLUSTER "users: [{name: a, user: {token: a, username: b}}]\n",
		 "both a token and a password", 0, 0},
		{"certificate without a key",
		 CLUSTER "users:\n- name: a\n"
			 "  user: {client-certificate-data: Q0E=}\n",
		 "a client certificate and no 'client-key'", 0, 0},
		{"impersonation of nobody",
		 CLUSTER "users: [{name: a, user: {as-groups: [b]}}]\n",
		 "that 'as' does not name", 0, 0},
		{"two of one name",
		 CLUSTER "users: [{name: a}, {name: b}, {name: a}]\n",
		 "has two of the users called 'a'", 0, 0},
		{"another kind", "apiVersion: v1\nkind: Pod\n",
		 "is no kubeconfig", 0, 0},
		{"old plugin",
		 CLUSTER "users:\n- name: a\n  user:\n    exec:\n"
			 "      command: aws\n      apiVersion: "
			 "client.authentication.k8s.io/v1alpha1\n",
		 "which nobody knows (any more)", 9, 19},
		{"plugin without a mode",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "apiVersion: client.authentication.k8s.io/v1}}\n",
		 "has no 'interactiveMode'", 0, 0},
		{"argument that is none",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "args: [a, y]}}\n",
		 "'args' of the kubeconfig is no list of texts", 6, 35},
		{"plugin that asks",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "apiVersion: client.authentication.k8s.io/v1beta1, "
			 "interactiveMode: Always}}\n",
		 "wants to ask a person", 6, 96},
		{"plugin with a nameless variable",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "apiVersion: client.authentication.k8s.io/v1beta1, "
			 "env: [{value: x}]}}\n",
		 "a variable of 'exec' has no name", 6, 84},
		{"plugin with a variable that is a number",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "apiVersion: client.authentication.k8s.io/v1beta1, "
			 "env: [{name: b, value: x}, {name: A, value: 1}]}}\n",
		 "variable 'A' of 'exec': 'value' of the kubeconfig is no text",
		 6, 123},
		{"plugin with variables that are no list",
		 CLUSTER "users:\n- name: a\n  user: {exec: {command: x, "
			 "apiVersion: client.authentication.k8s.io/v1beta1, "
			 "env: {A: x}}}\n",
		 "'env' of the kubeconfig is no list", 6, 84},
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

static void test_all_that_a_cluster_may_say(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	CLEANUP(str_release) struct str as = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	make_folder(&folder);
	put(&folder, "config",
	    CONTEXT "clusters:\n- name: a\n  cluster:\n"
		    "    server: https://10.0.0.1\n"
		    "    tls-server-name: api.example.com\n"
		    "    proxy-url: socks5://proxy:1080\n"
		    "    disable-compression: true\n"
		    "    certificate-authority-data: |\n      Q0\n      EK\n"
		    "users:\n- name: a\n  user:\n"
		    "    username: me\n    password: \"1:2\"\n"
		    "    as: you\n    as-uid: u\n    as-groups: [x, z]\n"
		    "    as-user-extra: {a/b: [c, d], 'E%': [f]}\n");
	assert_true(load(&config, &folder, "config", NULL, &err));
	assert_string_equal(config.server_name, "api.example.com");
	assert_string_equal(config.proxy, "socks5://proxy:1080");
	assert_string_equal(config.ca_pem, "CA\n");
	assert_true(config.no_compression);
	assert_false(config.insecure);
	assert_string_equal(secret_reveal(&config.login), "me:1:2");
	assert_int_equal(config.impersonation.count, 7);
	assert_string_equal(config.impersonation.items[0],
			    "Impersonate-User: you");
	assert_string_equal(config.impersonation.items[1],
			    "Impersonate-Uid: u");
	assert_string_equal(config.impersonation.items[3],
			    "Impersonate-Group: z");
	assert_string_equal(config.impersonation.items[4],
			    "Impersonate-Extra-E%25: f");
	assert_string_equal(config.impersonation.items[6],
			    "Impersonate-Extra-a%2Fb: d");
	jsn_print(&as, config.as, false);
	assert_string_equal(str_text(&as), "{\"as\":\"you\",\"as-uid\":\"u\","
					   "\"as-groups\":[\"x\",\"z\"],"
					   "\"as-user-extra\":{\"E%\":[\"f\"],"
					   "\"a/b\":[\"c\",\"d\"]}}");
}

/* Who is recognised by other means needs no plugin, but a right one. */
static void test_when_a_plugin_is_asked(void **state)
{
	static const struct {
		const char *user;
		bool asked;
	} cases[] = {
		{"", true},
		{"token: a, ", false},
		{"tokenFile: a, ", false},
		{"username: a, ", false},
		{"client-certificate-data: Q0E=, client-key-data: Q0E=, ",
		 false},
		{"client-key-data: Q0E=, ", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(folder_release) struct folder folder = {0};
		CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str text = {0};

		make_folder(&folder);
		str_addf(&text,
			 CLUSTER
			 "users:\n- name: a\n  user: {%sexec: {command: "
			 "./x, args: [z], env: [{name: Z, value: z}], "
			 "apiVersion: "
			 "client.authentication.k8s.io/v1beta1}}\n",
			 cases[i].user);
		put(&folder, "config", str_text(&text));
		assert_true(load(&config, &folder, "config", NULL, &err));
		assert_case(cases[i].user,
			    (config.plugin.argv.count == 2) == cases[i].asked);
		if (!cases[i].asked)
			continue;
		assert_true(starts_with(config.plugin.argv.items[0],
					str_text(&folder.path)));
		assert_string_equal(env_get(&config.plugin.env, "Z"), "z");
		assert_true(strstr(env_get(&config.plugin.env,
					   "KUBERNETES_EXEC_INFO"),
				   "\"spec\":{\"interactive\":false}"));
	}
}

static void test_did_you_mean(void **state)
{
	CLEANUP(folder_release) struct folder folder = {0};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(err_release) struct err far = {0};

	(void)state;
	make_folder(&folder);
	put(&folder, "config", whole);
	assert_false(load(&config, &folder, "config", "lvie", &err));
	assert_string_equal(err.hint, "did you mean 'live'? Its contexts are "
				      "'dev', 'live', 'anonymous'");
	assert_false(load(&config, &folder, "config", "production", &far));
	assert_string_equal(far.hint,
			    "its contexts are 'dev', 'live', 'anonymous'");
}

static void test_pod(void **state)
{
	static const struct {
		const char *host, *server;
	} cases[] = {
		{"10.0.0.1", "https://10.0.0.1:443"},
		{"fd00::1", "https://[fd00::1]:443"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(folder_release) struct folder folder = {0};
		CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *at;

		make_folder(&folder);
		at = str_text(&folder.path);
		assert_false(
			kubeconfig_load_pod(&config, at, &folder.env, &err));
		assert_true(strstr(err.text, "no pod"));
		err_release(&err);
		env_set(&folder.env, "KUBERNETES_SERVICE_HOST", cases[i].host);
		env_set(&folder.env, "KUBERNETES_SERVICE_PORT", "443");
		assert_false(
			kubeconfig_load_pod(&config, at, &folder.env, &err));
		assert_true(strstr(err.text, "service account"));
		err_release(&err);
		put(&folder, "ca.crt", "CA");
		assert_true(
			kubeconfig_load_pod(&config, at, &folder.env, &err));
		assert_string_equal(config.server, cases[i].server);
		assert_string_equal(config.cluster, "");
		assert_string_equal(config.ca_pem, "CA");
		assert_true(starts_with(config.token_file, at));
		assert_true(ends_with(config.token_file, "/token"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_a_cluster_may_say),
		cmocka_unit_test(test_when_a_plugin_is_asked),
		cmocka_unit_test(test_did_you_mean),
		cmocka_unit_test(test_pod),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
