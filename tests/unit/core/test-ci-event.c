#include "core/ci.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsontext.h"
#include "sys/env.h"
#include "tests/unit/core/ci-facts.h"
#include "tests/unit/unit.h"

#define REF_OF_MAIN                                        \
	"GITHUB_REF=refs/heads/main GITHUB_REF_NAME=main " \
	"GITHUB_REF_TYPE=branch"
#define REPOSITORY \
	"'repository':{'full_name':'shop/web','default_branch':'main'}"
#define RUN(cause, branch, from)                          \
	"{" REPOSITORY ",'workflow_run':{'event':'" cause \
	"','head_branch':'" branch                        \
	"','head_sha':'decaf00','head_repository':{'full_name':'" from "'}}}"
#define PULL(head)                                     \
	"{" REPOSITORY ",'pull_request':{'head':" head \
	",'base':{'ref':'main','repo':{'full_name':'shop/web'}}}}"

static const struct {
	const char *name;
	const char *env;   /* NAME=value, separated by blanks */
	const char *event; /* JSON, with ' for " */
	const char *wanted;
} cases[] = {
	{"branch", REF_OF_MAIN " GITHUB_EVENT_NAME=push", "{" REPOSITORY "}",
	 "branch=main default=main seen"},
	{"no mapping", REF_OF_MAIN, "[]", "branch=main seen"},
	{"texts of other kinds", REF_OF_MAIN,
	 "{'repository':{'default_branch':7},'pull_request':[]}",
	 "branch=main seen"},
	/* pull requests */
	{"of the repository itself",
	 "GITHUB_REF=refs/pull/7/merge GITHUB_HEAD_REF=fix",
	 PULL("{'ref':'fix','sha':'decaf00','repo':{'full_name':'shop/web'}}"),
	 "branch=fix target=main own=decaf00 default=main request seen"},
	{"of a fork", "GITHUB_HEAD_REF=main",
	 PULL("{'ref':'main','repo':{'full_name':'ann/web'}}"),
	 "branch=main target=main fork=ann default=main request"},
	{"of a fork that is gone", "GITHUB_HEAD_REF=fix",
	 PULL("{'ref':'fix','repo':null,'user':{'login':'ann'}}"),
	 "branch=fix target=main fork=ann default=main request"},
	{"of nobody", "GITHUB_HEAD_REF=fix", PULL("{'ref':'fix','repo':null}"),
	 "branch=fix target=main default=main request doubt"},
	{"of no name", "GITHUB_HEAD_REF=fix",
	 PULL("{'ref':'fix','repo':{'full_name':''}}"),
	 "branch=fix target=main default=main request doubt"},
	{"of no owner", "GITHUB_HEAD_REF=fix",
	 PULL("{'ref':'fix','repo':{'full_name':'/web'}}"),
	 "branch=fix target=main default=main request doubt"},
	{"to nobody", "GITHUB_HEAD_REF=fix",
	 "{'pull_request':{'head':{'repo':{'full_name':'shop/web'}}}}",
	 "branch=fix request doubt"},
	{"no event of a pull request", "GITHUB_HEAD_REF=fix", "{}",
	 "branch=fix request doubt"},
	{"review, whose branch is in no variable",
	 "GITHUB_REF=refs/pull/7/merge GITHUB_EVENT_NAME=pull_request_review",
	 PULL("{'ref':'fix','repo':{'full_name':'shop/web'}}"),
	 "branch=fix target=main default=main request seen"},
	{"pull_request_target",
	 REF_OF_MAIN
	 " GITHUB_EVENT_NAME=pull_request_target GITHUB_HEAD_REF=main "
	 "GITHUB_SHA=c0ffee",
	 PULL("{'ref':'main','sha':'decaf00','repo':{'full_name':'ann/web'}}"),
	 "branch=main target=main fork=ann own=decaf00 default=main request"},
	{"the same, neither the event's name nor the branch told", REF_OF_MAIN,
	 PULL("{'ref':'fix','sha':'decaf00','repo':{'full_name':'ann/web'}}"),
	 "branch=fix target=main fork=ann own=decaf00 default=main request"},
	{"merge queue",
	 "GITHUB_REF_TYPE=branch GITHUB_REF_NAME=gh-readonly-queue/main/pr-7-c",
	 "{" REPOSITORY ",'merge_group':{'base_ref':'refs/heads/main'}}",
	 "branch=gh-readonly-queue/main/pr-7-c target=main default=main "
	 "request"},
	/* what runs after another workflow */
	{"after a push to main",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run GITHUB_SHA=c0ffee",
	 RUN("push", "main", "shop/web"),
	 "branch=main commit=decaf00 default=main"},
	{"after a push to a branch",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run GITHUB_SHA=c0ffee",
	 RUN("push", "fix", "shop/web"),
	 "branch=fix commit=decaf00 default=main"},
	{"the same, the event's name not told", REF_OF_MAIN,
	 RUN("push", "fix", "shop/web"),
	 "branch=fix commit=decaf00 default=main"},
	{"after a pull request", REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("pull_request", "main", "shop/web"),
	 "branch=main commit=decaf00 own=decaf00 default=main request seen"},
	{"after a pull request of a fork's main",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("pull_request", "main", "mallory/web"),
	 "branch=main fork=mallory commit=decaf00 own=decaf00 default=main "
	 "request"},
	{"after what is called a push of a fork",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("push", "main", "mallory/web"),
	 "branch=main fork=mallory commit=decaf00 own=decaf00 default=main "
	 "request"},
	{"after pull_request_target, told by its target",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("pull_request_target", "main", "shop/web"),
	 "own=decaf00 default=main request doubt"},
	{"after pull_request_target of a fork",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("pull_request_target", "fix", "ann/web"),
	 "branch=fix fork=ann commit=decaf00 own=decaf00 default=main request"},
	{"after what ran after another",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("workflow_run", "main", "shop/web"), "default=main doubt"},
	{"after a comment", REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("issue_comment", "main", "shop/web"), "default=main doubt"},
	{"after nobody knows what",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 "{" REPOSITORY ",'workflow_run':{}}", "default=main doubt"},
	{"after a push to no branch",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run",
	 RUN("push", "", "shop/web"), "commit=decaf00 default=main doubt"},
	{"no event of another workflow",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=workflow_run", "{}", "doubt"},
	/* what is said of one */
	{"comment on a pull request",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=issue_comment GITHUB_SHA=c0ffee",
	 "{" REPOSITORY ",'issue':{'pull_request':{}},'comment':{}}",
	 "default=main request doubt"},
	{"the same, the event's name not told", REF_OF_MAIN,
	 "{" REPOSITORY ",'issue':{'pull_request':{}},'comment':{}}",
	 "default=main request doubt"},
	{"comment on an issue", REF_OF_MAIN " GITHUB_EVENT_NAME=issue_comment",
	 "{" REPOSITORY ",'issue':{'pull_request':null},'comment':{}}",
	 "branch=main default=main"},
	{"comment on an issue of a repository without main",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=issue_comment",
	 "{'issue':{},'comment':{}}", "doubt"},
	{"dispatched for a pull request of a fork",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=repository_dispatch GITHUB_SHA=c0ffee",
	 "{" REPOSITORY ",'client_payload':" PULL(
		 "{'ref':'main','repo':{'full_name':'ann/web'}}") "}",
	 "branch=main target=main fork=ann default=main request"},
	{"dispatched for a pull request of nobody",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=repository_dispatch",
	 "{" REPOSITORY ",'client_payload':{'pull_request':{}}}",
	 "default=main request doubt"},
	{"dispatched",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=repository_dispatch GITHUB_SHA=c0ffee",
	 "{" REPOSITORY ",'client_payload':{'pull_request':7}}",
	 "branch=main commit=c0ffee default=main seen"},
	{"check of a pull request", REF_OF_MAIN " GITHUB_EVENT_NAME=check_run",
	 "{" REPOSITORY ",'check_run':{'pull_requests':[{}]}}",
	 "default=main request doubt"},
	{"check of a branch or of a fork's pull request",
	 REF_OF_MAIN " GITHUB_EVENT_NAME=check_suite",
	 "{" REPOSITORY ",'check_suite':{'head_branch':'main',"
	 "'pull_requests':[]}}",
	 "default=main doubt"},
	{"status", REF_OF_MAIN " GITHUB_EVENT_NAME=status",
	 "{" REPOSITORY ",'branches':[{'name':'main'}]}", "default=main doubt"},
};

static void describe(const struct ci *ci, struct str *out)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{"branch", ci->branch},	 {"target", ci->target},
		{"fork", ci->fork},	 {"commit", ci->commit},
		{"own", ci->own_commit}, {"default", ci->main_branch},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		add_fact(out, texts[i].name, texts[i].value);
	add_flags(out, ci);
}

/* @event with ' for ". */
static void read_both(struct ci *ci, const char *variables, const char *event)
{
	CLEANUP(strvec_release) struct strvec pairs = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *json = xstrdup(event);
	const struct value *root;

	env_set(&env, "GITHUB_ACTIONS", "true");
	strvec_split(&pairs, variables, ' ');
	for (size_t i = 0; i < pairs.count; i++) {
		char *equals = strchr(pairs.items[i], '=');

		*equals = '\0';
		env_set(&env, pairs.items[i], equals + 1);
	}
	for (char *p = json; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ci_detect(ci, &env);
	assert_true(jsontext_parse(&root, json, strlen(json), "event", &arena,
				   &err));
	ci_read_event(ci, root);
}

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(ci_release) struct ci ci = {0};
		CLEANUP(str_release) struct str seen = {0};

		read_both(&ci, cases[i].env, cases[i].event);
		describe(&ci, &seen);
		assert_case(cases[i].name,
			    same_text(str_text(&seen), cases[i].wanted));
	}
}

static void test_names_that_are_too_long(void **state)
{
	CLEANUP(ci_release) struct ci ci = {0};
	CLEANUP(str_release) struct str event = {0};

	(void)state;
	str_add(&event, "{'pull_request':{'base':{'repo':{'full_name':'a/b'}},"
			"'head':{'repo':{'full_name':'");
	for (size_t i = 0; i <= CI_NAME_MAX; i++)
		str_add(&event, "x");
	str_add(&event, "/web'}}}}");
	read_both(&ci, "GITHUB_HEAD_REF=fix", str_text(&event));
	assert_null(ci.fork);
	assert_non_null(ci.doubt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_names_that_are_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
