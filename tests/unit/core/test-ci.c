#include "core/ci.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "tests/unit/unit.h"

/* What is known, as "server=jenkins branch=main". */
static void describe(const struct ci *ci, struct str *out)
{
	const struct {
		const char *name;
		const char *value;
	} fields[] = {
		{"server", ci->server},
		{"repository_name", ci->repository_name},
		{"git_url", ci->git_url},
		{"branch", ci->branch},
		{"target", ci->target},
		{"change", ci->change},
		{"fork", ci->fork},
		{"commit", ci->commit},
		{"own_commit", ci->own_commit},
		{"build_url", ci->build_url},
		{"main_branch", ci->main_branch},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].value)
			str_addf(out, "%s%s=%s", out->len ? " " : "",
				 fields[i].name, fields[i].value);
	}
	if (ci->branch_seen)
		str_add(out, " seen");
}

static void test_servers(void **state)
{
	static const struct {
		const char *name;
		const char *env;    /* NAME=value, separated by blanks */
		const char *wanted; /* what is known, by fields */
	} cases[] = {
		{"nothing", "", ""},
		{"empty is unset", "BRANCH_NAME= JENKINS_URL=", ""},
		{"a branch by hand", "BRANCH_NAME=feature/x",
		 "branch=feature/x"},
		{"jenkins, branch",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=main GIT_COMMIT=c0ffee "
		 "GIT_URL=https://git/shop/web.git BUILD_URL=https://ci/j/1/",
		 "server=jenkins repository_name=web "
		 "git_url=https://git/shop/web.git branch=main "
		 "commit=c0ffee build_url=https://ci/j/1/ seen"},
		{"jenkins, pull request of the repository itself",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=PR-12 CHANGE_ID=12 "
		 "CHANGE_BRANCH=fix CHANGE_TARGET=main",
		 "server=jenkins branch=fix target=main change=12 seen"},
		{"jenkins, pull request of a branch that it does not name",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=PR-12 CHANGE_ID=12",
		 "server=jenkins branch=PR-12 change=12"},
		{"jenkins, pull request",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=PR-12 CHANGE_ID=12 "
		 "CHANGE_BRANCH=fix CHANGE_TARGET=main CHANGE_FORK=ann/web",
		 "server=jenkins branch=fix target=main change=12 "
		 "fork=ann"},
		{"jenkins, job of one branch",
		 "JENKINS_URL=https://ci/ GIT_BRANCH=origin/release/1",
		 "server=jenkins branch=release/1 seen"},
		{"jenkins, the primary branch",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=trunk "
		 "BRANCH_IS_PRIMARY=true",
		 "server=jenkins branch=trunk main_branch=trunk seen"},
		{"jenkins, not the primary branch",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=fix "
		 "BRANCH_IS_PRIMARY=false",
		 "server=jenkins branch=fix seen"},
		{"buildkite", "BUILDKITE_PIPELINE_DEFAULT_BRANCH=trunk",
		 "main_branch=trunk"},
		{"another server's name under gitlab",
		 "GITLAB_CI=true DRONE_REPO_BRANCH=trunk", "server=gitlab"},
		{"jenkins, job of another remote",
		 "JENKINS_URL=https://ci/ GIT_BRANCH=theirs/release/1",
		 "server=jenkins branch=theirs/release/1"},
		{"jenkins, job of a commit",
		 "JENKINS_URL=https://ci/ GIT_BRANCH=detached "
		 "GIT_COMMIT=c0ffee",
		 "server=jenkins commit=c0ffee"},
		{"credentials in the address",
		 "GIT_URL=https://ann:p@ss@git:8443/shop/web.git/",
		 "repository_name=web "
		 "git_url=https://git:8443/shop/web.git/"},
		{"user of ssh", "GIT_URL=git@git:shop/web.git",
		 "repository_name=web git_url=git@git:shop/web.git"},
		{"github, branch",
		 "GITHUB_ACTIONS=true GITHUB_REPOSITORY=shop/web "
		 "GITHUB_SERVER_URL=https://github.com GITHUB_RUN_ID=7 "
		 "GITHUB_REF=refs/heads/fix/1 GITHUB_REF_NAME=fix/1 "
		 "GITHUB_REF_TYPE=branch GITHUB_SHA=c0ffee",
		 "server=github repository_name=web "
		 "git_url=https://github.com/shop/web branch=fix/1 "
		 "commit=c0ffee "
		 "build_url=https://github.com/shop/web/actions/runs/7 seen"},
		{"github, pull request",
		 "GITHUB_ACTIONS=true GITHUB_HEAD_REF=fix "
		 "GITHUB_BASE_REF=main GITHUB_REF=refs/pull/12/merge "
		 "GITHUB_REF_NAME=12/merge GITHUB_REF_TYPE=branch",
		 "server=github branch=fix target=main change=12"},
		{"github, tag",
		 "GITHUB_ACTIONS=true GITHUB_REF=refs/tags/v1 "
		 "GITHUB_REF_NAME=v1 GITHUB_REF_TYPE=tag",
		 "server=github"},
		{"github, a branch by hand",
		 "GITHUB_ACTIONS=true GITHUB_REF_NAME=main "
		 "GITHUB_REF_TYPE=branch BRANCH_NAME=mine",
		 "server=github branch=mine"},
		{"gitlab, branch",
		 "GITLAB_CI=true CI_COMMIT_BRANCH=fix CI_COMMIT_SHA=c0ffee "
		 "CI_PROJECT_URL=https://gl/shop/team/web "
		 "CI_REPOSITORY_URL=https://gitlab-ci-token:x@gl/web.git "
		 "CI_PIPELINE_URL=https://gl/p/9 CI_DEFAULT_BRANCH=trunk",
		 "server=gitlab repository_name=web "
		 "git_url=https://gl/shop/team/web branch=fix "
		 "commit=c0ffee build_url=https://gl/p/9 "
		 "main_branch=trunk seen"},
		{"gitlab, a branch by hand",
		 "GITLAB_CI=true CI_COMMIT_BRANCH=fix BRANCH_NAME=mine",
		 "server=gitlab branch=mine"},
		{"gitlab, merge request of a branch of the project itself",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=fix "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=shop/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=shop/web",
		 "server=gitlab branch=fix change=4 seen"},
		{"gitlab, merge request of a fork",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=fix "
		 "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=ann/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=shop/web",
		 "server=gitlab branch=fix target=main change=4 "
		 "fork=ann"},
		{"gitlab, merge request of a fork in a group's group",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=acme/ann/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=acme/shop/web",
		 "server=gitlab change=4 fork=acme/ann"},
		{"gitlab, merge request of the project itself",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=shop/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=shop/web "
		 "CI_COMMIT_SHA=c0ffee "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=decaf",
		 "server=gitlab change=4 commit=c0ffee own_commit=decaf"},
		{"gitlab, tag", "GITLAB_CI=true CI_COMMIT_TAG=v1",
		 "server=gitlab"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strvec_release) struct strvec pairs = {0};
		CLEANUP(env_release) struct env env = {0};
		CLEANUP(ci_release) struct ci ci = {0};
		CLEANUP(str_release) struct str seen = {0};

		strvec_split(&pairs, cases[i].env, ' ');
		for (size_t p = 0; p < pairs.count; p++) {
			char *equals = strchr(pairs.items[p], '=');

			if (!equals)
				continue;
			*equals = '\0';
			env_set(&env, pairs.items[p], equals + 1);
		}
		ci_detect(&ci, &env);
		describe(&ci, &seen);
		assert_case(cases[i].name,
			    same_text(str_text(&seen), cases[i].wanted));
	}
}

static void test_repository_names(void **state)
{
	static const struct {
		const char *url;
		const char *name; /* NULL = none */
	} cases[] = {
		{"https://host/group/web.git", "web"},
		{"https://host/group/web", "web"},
		{"https://host/group/web/", "web"},
		{"git@host:group/web", "web"},
		{"git@host:web.git", "web"},
		{"ssh://git@host:2222/web.git", "web"},
		{"/srv/git/web.git", "web"},
		{"web", "web"},
		{".git", NULL},
		{"", NULL},
		{"https://host/", "host"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *name = ci_repository_name(cases[i].url);

		assert_case(cases[i].url, same_text(name, cases[i].name));
	}
}

/* The same however it was cloned. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_repository_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
