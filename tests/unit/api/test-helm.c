#include "api/helm.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

/* --- argument vectors ---------------------------------------------------- */

static char *joined(const struct helm_call *call)
{
	struct str text = {0};

	for (size_t i = 0; i < call->argv.count; i++)
		str_addf(&text, "%s%s", i ? "|" : "", call->argv.items[i]);
	return str_detach(&text);
}

static const struct strvec none;

static void test_upgrade(void **state)
{
	static const struct {
		const char *kubeconfig, *context;
		const char *argv;
	} cases[] = {
		{NULL, NULL,
		 "helm|upgrade|--install|--namespace=web-x|--wait|"
		 "--timeout=91s|--history-max=5|--labels=a=b|--labels=c=d|"
		 "--values=v.yaml|--values=\"a,\"\"b\"\".yaml\"|--set=x=1,y=2|"
		 "--|web|./chart"},
		{"kc", "ctx",
		 "helm|upgrade|--install|--namespace=web-x|--wait|"
		 "--timeout=91s|--history-max=5|--labels=a=b|--labels=c=d|"
		 "--values=v.yaml|--values=\"a,\"\"b\"\".yaml\"|--set=x=1,y=2|"
		 "--kubeconfig=kc|"
		 "--kube-context=ctx|--|web|./chart"},
	};
	CLEANUP(strvec_release) struct strvec labels = {0};
	CLEANUP(strvec_release) struct strvec values = {0};
	CLEANUP(strvec_release) struct strvec set = {0};
	const struct helm_upgrade upgrade = {.release = "web",
					     .namespace = "web-x",
					     .chart = "./chart",
					     .values = &values,
					     .set = &set,
					     .labels = &labels,
					     .wait_ms = 90001,
					     .history_max = 5};

	(void)state;
	strvec_add(&labels, "a=b");
	strvec_add(&labels, "c=d");
	strvec_add(&values, "v.yaml");
	strvec_add(&values, "a,\"b\".yaml");
	strvec_add(&set, "x=1,y=2");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(helm_release) struct helm helm = {
			.program = xstrdup("helm"),
			.kubeconfig = xstrdup_or_null(cases[i].kubeconfig),
			.context = xstrdup_or_null(cases[i].context)};
		CLEANUP(helm_call_release) struct helm_call call = {0};
		CLEANUP(free_ptr) char *argv = NULL;

		helm_prepare_upgrade(&helm, &call, &upgrade);
		argv = joined(&call);
		assert_string_equal(argv, cases[i].argv);
		assert_int_equal(call.proc.timeout_ms,
				 90001 + HELM_OVERTIME_MS);
	}
}

/* What begins with "-" is a name, never a flag. */
static void test_names_are_no_flags(void **state)
{
	CLEANUP(helm_release) struct helm helm = {.program = xstrdup("helm")};
	CLEANUP(helm_call_release) struct helm_call upgrade = {0};
	CLEANUP(helm_call_release) struct helm_call uninstall = {0};
	CLEANUP(free_ptr) char *upgrade_argv = NULL;
	CLEANUP(free_ptr) char *uninstall_argv = NULL;

	(void)state;
	helm_prepare_upgrade(&helm, &upgrade,
			     &(struct helm_upgrade){.release = "--debug",
						    .namespace = "n",
						    .chart = "-chart",
						    .values = &none,
						    .set = &none,
						    .labels = &none});
	upgrade_argv = joined(&upgrade);
	assert_non_null(strstr(upgrade_argv, "|--|--debug|-chart"));
	helm_prepare_uninstall(&helm, &uninstall, "n", "--debug", 1000);
	uninstall_argv = joined(&uninstall);
	assert_string_equal(uninstall_argv,
			    "helm|uninstall|--namespace=n|--wait|"
			    "--timeout=1s|--|--debug");
}

static void test_rollback(void **state)
{
	CLEANUP(helm_release) struct helm helm = {.program = xstrdup("helm")};
	CLEANUP(helm_call_release) struct helm_call call = {0};
	CLEANUP(free_ptr) char *argv = NULL;

	(void)state;
	helm_prepare_rollback(&helm, &call,
			      &(struct helm_rollback){.release = "--debug",
						      .namespace = "n",
						      .revision = 7,
						      .description = "to 7",
						      .wait_ms = 1000,
						      .history_max = 5});
	argv = joined(&call);
	assert_string_equal(argv, "helm|rollback|--namespace=n|--wait|"
				  "--timeout=1s|--history-max=5|"
				  "--description=to 7|--|--debug|7");
}

static void test_the_runs_deadline_bounds_a_call(void **state)
{
	CLEANUP(helm_release) struct helm helm = {
		.program = xstrdup("helm"), .deadline = deadline_in(5000)};
	CLEANUP(helm_release) struct helm late = {.program = xstrdup("helm"),
						  .deadline = deadline_in(-1)};
	CLEANUP(helm_call_release) struct helm_call call = {0};
	CLEANUP(helm_call_release) struct helm_call late_call = {0};

	(void)state;
	helm_prepare_uninstall(&helm, &call, "n", "r", 60000);
	assert_in_range(call.proc.timeout_ms, 1, 5000);
	helm_prepare_uninstall(&late, &late_call, "n", "r", 60000);
	assert_int_equal(late_call.proc.timeout_ms, 1);
}

/* --- what it said -------------------------------------------------------- */

struct said {
	const char *name;
	int exit_code, signal;
	const char *output, *errors;
	bool fine, temporary;
	const char *text; /* in the error */
	const char *hint;
};

static void judge(const struct said *row,
		  bool (*check)(const struct helm_call *, struct err *))
{
	CLEANUP(helm_call_release) struct helm_call call = {
		.proc = {.exit_code = row->exit_code, .signal = row->signal}};
	CLEANUP(err_release) struct err err = {0};

	str_add(&call.output, row->output);
	str_add(&call.errors, row->errors);
	assert_case(row->name, check(&call, &err) == row->fine);
	if (row->fine)
		return;
	assert_case(row->name, err.kind == ERR_CHILD);
	assert_case(row->name, err.temporary == row->temporary);
	assert_case(row->name, strstr(err.text, row->text));
	assert_case(row->name, !row->hint || strstr(err.hint, row->hint));
}

static void test_what_upgrade_says(void **state)
{
	static const struct said rows[] = {
		{"fine", 0, 0, "", "level=WARN msg=x", true},
		{"its last error, as one line", 1, 0, "",
		 "Error: first\nError: UPGRADE FAILED: resource x not ready.\n"
		 "context deadline exceeded\n",
		 false, false,
		 "helm upgrade failed: UPGRADE FAILED: resource x not ready. "
		 "context deadline exceeded"},
		{"no error line", 2, 0, "", "panic\n", false, false,
		 "helm upgrade failed: panic"},
		{"nothing", 1, 0, "", "", false, false, "it said nothing"},
		{"killed", -1, 9, "", "", false, false, "ended by signal 9"},
		{"out of reach", 1, 0, "",
		 "Error: Kubernetes cluster unreachable: Get \"https://x\": "
		 "dial tcp: connect: connection refused\n",
		 false, true, "unreachable"},
		{"out of reach for Helm 4", 1, 0, "",
		 "Error: kubernetes cluster unreachable: no route\n", false,
		 true, "unreachable"},
		{"an answer that broke off", 1, 0, "",
		 "Error: UPGRADE FAILED: Patch \"https://x/api/v1/a\": EOF\n",
		 false, true, ": EOF"},
		{"another", 1, 0, "",
		 "Error: query: failed: Get \"https://x\": unexpected EOF: "
		 "and so on\n",
		 false, true, "unexpected EOF"},
		{"a proxy that broke off", 1, 0, "",
		 "Error: Post \"https://x/a\": proxyconnect tcp: EOF\n", false,
		 true, "proxyconnect"},
		{"the end of an answer", 1, 0, "",
		 "Error: unexpected error when reading response body. Please "
		 "retry. Original error: unexpected EOF\n",
		 false, true, "Please retry"},
		{"a template that breaks off", 1, 0, "",
		 "Error: parse error at (shop/templates/a.yaml:3): unexpected "
		 "EOF\n",
		 false, false, "unexpected EOF", "'helm template --debug'"},
		{"an archive that breaks off", 1, 0, "",
		 "Error: error unpacking subchart web-1.0.0.tgz in shop: "
		 "unexpected EOF\n",
		 false, false, "unexpected EOF"},
		{"a template that has an address", 1, 0, "",
		 "Error: parse error at (a.yaml:1): bad \"https://x\" in "
		 "a: EOF, or \"http\n",
		 false, false, "bad"},
		{"a flag that it does not know", 1, 0, "",
		 "Error: unknown flag: --labels\n", false, false,
		 "unknown flag: --labels", "Helm 4, or 3 from 3.13 on"},
		{"pending", 1, 0, "",
		 "Error: UPGRADE FAILED: another operation "
		 "(install/upgrade/rollback) is in progress\n",
		 false, false, "is in progress", "'helm rollback'"},
		{"refused by a webhook", 1, 0, "",
		 "Error: UPGRADE FAILED: admission webhook \"a.example.com\" "
		 "denied the request: no\n",
		 false, false, "denied the request: no", "a webhook refuses"},
		{"webhook out of reach", 1, 0, "",
		 "Error: Internal error occurred: failed calling webhook "
		 "\"a\": connect: connection refused\n",
		 false, true, "failed calling webhook", "see its service"},
		{"a hook", 1, 0, "",
		 "Error: UPGRADE FAILED: pre-upgrade hooks failed: job x "
		 "failed: BackoffLimitExceeded\n",
		 false, false, "BackoffLimitExceeded", "hook's pod"},
		{"another's object", 1, 0, "",
		 "Error: Unable to continue with install: Service \"web\" in "
		 "namespace \"n\" exists and cannot be imported into the "
		 "current release: invalid ownership metadata\n",
		 false, false, "cannot be imported", "another release"},
		{"a template", 1, 0, "",
		 "Error: shop/templates/a.yaml:1:3 executing \"a\" at "
		 "<include \"x\">: error calling include: no x\n",
		 false, false, "no x", "'helm template'"},
		{"a value that is not there", 1, 0, "",
		 "Error: UPGRADE FAILED: t/templates/a.yaml:1:10\n  executing "
		 "\"t/templates/a.yaml\" at <.Values.a.b>:\n    nil pointer "
		 "evaluating interface {}.b\n",
		 false, false, "nil pointer", "'helm template'"},
		{"an object that is none", 1, 0, "",
		 "Error: UPGRADE FAILED: failed to create resource: Pod \"x\" "
		 "is invalid: spec.containers: Required value\n",
		 false, false, "Required value", "the template of that object"},
		{"too large for a Secret", 1, 0, "",
		 "Error: UPGRADE FAILED: create: failed to create: Secret "
		 "\"sh.helm.release.v1.web.v1\" is invalid: data: Too long: "
		 "may not be more than 1048576 bytes\n",
		 false, false, "Too long", "umbrella-render warns of it"},
		{"too large for etcd", 1, 0, "",
		 "Error: etcdserver: request is too large\n", false, false,
		 "too large", "umbrella-render warns of it"},
		{"another Kubernetes", 1, 0, "",
		 "Error: chart requires kubeVersion: >=1.99.0 which is "
		 "incompatible with Kubernetes v1.34.1\n",
		 false, false, "kubeVersion", "'kubeVersion' allows"},
		{"no such namespace", 1, 0, "",
		 "Error: INSTALLATION FAILED: 1 error occurred: * namespaces "
		 "\"nowhere\" not found\n",
		 false, false, "nowhere", "leave 'metadata.namespace' out"},
		{"a library", 1, 0, "",
		 "Error: library charts are not installable\n", false, false,
		 "library charts", "depends on it"},
		{"an object without a name", 1, 0, "",
		 "Error: server-side apply failed for object n/ /v1, "
		 "Kind=ConfigMap: resource name may not be empty\n",
		 false, false, "may not be empty", "'metadata.name'"},
		{"an object twice", 1, 0, "",
		 "Error: 1 error occurred:\n\t* configmaps \"a\" already "
		 "exists\n",
		 false, false, "already exists", "two templates"},
		{"nobody listens", 1, 0, "",
		 "Error: Kubernetes cluster unreachable: Get "
		 "\"https://x/version\": dial tcp 127.0.0.1:1: connect: "
		 "connection refused\n",
		 false, true, "connection refused",
		 "whether the cluster is up"},
		{"too late", 1, 0, "",
		 "Error: resource x not ready\ncontext deadline exceeded\n",
		 false, false, "not ready", "'--wait-timeout'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		judge(&rows[i], helm_check_upgrade);
}

static void test_what_uninstall_says(void **state)
{
	static const struct said rows[] = {
		{"fine", 0, 0, "release \"web\" uninstalled\n", "", true},
		{"none there", 1, 0, "",
		 "Error: uninstall: Release not loaded: web: release: not "
		 "found\n",
		 true},
		{"another was faster", 1, 0, "",
		 "Error: uninstallation completed with 1 error(s): uninstall: "
		 "Failed to purge the release: secrets "
		 "\"sh.helm.release.v1.web.v1\" not found\n",
		 true},
		{"and more", 1, 0, "",
		 "Error: uninstallation completed with 2 error(s): x; "
		 "uninstall: Failed to purge the release: secrets \"y\" not "
		 "found\n",
		 false, false, "2 error(s)"},
		{"kept by policy", 0, 0,
		 "These resources were kept due to the resource policy:\n"
		 "[PersistentVolumeClaim] data\n\nrelease \"web\" "
		 "uninstalled\n",
		 "", true},
		{"left behind", 0, 0,
		 "These resources were kept due to the resource policy:\n"
		 "[ConfigMap] kept\n\n"
		 "2 resource(s) were not deleted because they are not owned "
		 "by this release:\n[Service] a\n[Service] b\n\n"
		 "1 resource(s) were not deleted because their ownership "
		 "could not be verified:\n[Ingress] c: forbidden\n"
		 "release \"web\" uninstalled\n",
		 "", false, false,
		 "[Service] a, [Service] b, [Ingress] c: forbidden"},
		{"a flag that it does not know", 1, 0, "",
		 "Error: unknown flag: --wait\n", false, false,
		 "unknown flag: --wait", "Helm 4, or 3 from 3.7 on"},
		{"without a cause", 1, 0, "",
		 "Error: failed to delete release: web\n", false, false,
		 "failed to delete release: web", "--debug"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		judge(&rows[i], helm_check_uninstall);
}

/* --- which Helm ---------------------------------------------------------- */

/* A program that prints @version. */
static void make_helm(const char *dir, const char *version, char **path)
{
	CLEANUP(str_release) struct str script = {0};
	CLEANUP(err_release) struct err err = {0};

	*path = path_join(dir, "helm");
	str_addf(&script, "#!/bin/sh\necho '%s'\n", version);
	assert_true(
		file_replace(*path, str_text(&script), script.len, 0755, &err));
}

static void test_versions(void **state)
{
	static const struct {
		const char *version;
		int major; /* 0 = refused */
	} cases[] = {
		{"v4.3.1+gabc", 4},
		{"v4.3", 4},
		{"v3.22.0+g1", 3},
		{"v3.22", 3},
		{"v2.17.0", 0},
		{"v40.1", 0},
		{"Python 3.11", 0},
		{"", 0},
		{"v3.13.0", 3},
		{"v3.12.3+g1", 0},
		{"v3.2.1", 0},
		{"v4.0.0", 4},
		{"v3.", 0},
		{"v3.x", 0},
		{"v3", 0},
		{"v4.+1", 0},
		{"v3.99999999999", 0},
	};
	CLEANUP(dir_release_temp) struct str dir = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err made = {0};

	(void)state;
	assert_true(dir_create_temp("/tmp", "test-helm", &dir, &made));
	env_set(&env, "PATH", str_text(&dir));
	env_set(&env, "HOME", str_text(&dir));
	env_set(&env, "HELM_DRIVER", "memory");
	env_set(&env, "HELM_KUBECONTEXT", "elsewhere");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(helm_release) struct helm helm = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(free_ptr) char *path = NULL;
		const struct kube_args args = {0};
		int major = 0;

		make_helm(str_text(&dir), cases[i].version, &path);
		assert_true(helm_open(&helm, &args, &env, (struct deadline){0},
				      &err));
		assert_string_equal(helm.program, path);
		assert_null(env_get(&helm.env, "HELM_DRIVER"));
		assert_null(env_get(&helm.env, "HELM_KUBECONTEXT"));
		assert_case(cases[i].version,
			    helm_check_version(&helm, HELM_3_UPGRADES, &major,
					       &err) == !!cases[i].major);
		assert_case(cases[i].version, major == cases[i].major);
		assert_case(cases[i].version, major || err.kind == ERR_CHILD);
	}
}

static void test_no_helm(void **state)
{
	CLEANUP(helm_release) struct helm helm = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct kube_args args = {.helm = "no-such-helm"};

	(void)state;
	assert_false(helm_open(&helm, &args, &env, (struct deadline){0}, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(err.hint);
	assert_null(helm.program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_names_are_no_flags),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_the_runs_deadline_bounds_a_call),
		cmocka_unit_test(test_what_upgrade_says),
		cmocka_unit_test(test_what_uninstall_says),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_no_helm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
