#include "core/ci.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "tests/unit/core/ci-facts.h"
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

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		add_fact(out, fields[i].name, fields[i].value);
	add_flags(out, ci);
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
		 "server=jenkins branch=fix target=main change=12 request "
		 "seen"},
		{"jenkins, pull request of a branch that it does not name",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=PR-12 CHANGE_ID=12",
		 "server=jenkins branch=PR-12 change=12 request"},
		{"jenkins, pull request",
		 "JENKINS_URL=https://ci/ BRANCH_NAME=PR-12 CHANGE_ID=12 "
		 "CHANGE_BRANCH=fix CHANGE_TARGET=main CHANGE_FORK=ann/web",
		 "server=jenkins branch=fix target=main change=12 "
		 "fork=ann request"},
		{"jenkins, pull request of a fork without an owner",
		 "JENKINS_URL=https://ci/ CHANGE_ID=12 CHANGE_BRANCH=fix "
		 "CHANGE_FORK=/web",
		 "server=jenkins branch=fix change=12 request doubt"},
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
		 "server=github branch=fix target=main change=12 request "
		 "doubt"},
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
		 "server=gitlab branch=fix change=4 request seen"},
		{"gitlab, merge request of a fork",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=fix "
		 "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=ann/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=shop/web",
		 "server=gitlab branch=fix target=main change=4 "
		 "fork=ann request"},
		{"gitlab, merge request of a fork in a group's group",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=fix "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=acme/ann/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=acme/shop/web",
		 "server=gitlab branch=fix change=4 fork=acme/ann request"},
		{"gitlab, merge request of the project itself",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=shop/web "
		 "CI_MERGE_REQUEST_PROJECT_PATH=shop/web "
		 "CI_COMMIT_SHA=c0ffee "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=decaf",
		 "server=gitlab change=4 commit=c0ffee own_commit=decaf "
		 "request doubt"},
		{"gitlab, merge request of nobody knows where",
		 "GITLAB_CI=true CI_MERGE_REQUEST_IID=4 "
		 "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=main",
		 "server=gitlab branch=main change=4 request doubt"},
		{"gitlab, merge request by its source alone",
		 "GITLAB_CI=true CI_PIPELINE_SOURCE=merge_request_event "
		 "CI_COMMIT_BRANCH=main",
		 "server=gitlab request doubt"},
		{"gitlab, pull request of another forge",
		 "GITLAB_CI=true CI_EXTERNAL_PULL_REQUEST_IID=4 "
		 "CI_COMMIT_BRANCH=main "
		 "CI_PIPELINE_SOURCE=external_pull_request_event "
		 "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME=main "
		 "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME=live "
		 "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY=shop/web "
		 "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY=shop/web",
		 "server=gitlab branch=main target=live change=4 request"},
		{"github, review",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request_review "
		 "GITHUB_REF=refs/pull/12/merge GITHUB_REF_NAME=12/merge "
		 "GITHUB_REF_TYPE=branch",
		 "server=github change=12 request doubt"},
		{"github, event of a pull request alone",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request_target "
		 "GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch "
		 "GITHUB_SHA=c0ffee",
		 "server=github request doubt"},
		{"github, the fork by hand",
		 "GITHUB_ACTIONS=true GITHUB_HEAD_REF=fix CHANGE_FORK=ann",
		 "server=github branch=fix fork=ann request"},
		{"github, another workflow ran",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=workflow_run "
		 "GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch "
		 "GITHUB_SHA=c0ffee",
		 "server=github doubt"},
		{"github, comment",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=issue_comment "
		 "GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch",
		 "server=github doubt"},
		{"github, the branch of a comment by hand",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=issue_comment "
		 "GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch BRANCH_NAME=main",
		 "server=github branch=main doubt"},
		{"github, by hand of the default branch",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=workflow_dispatch "
		 "GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch",
		 "server=github branch=main seen"},
		{"github, merge queue",
		 "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=merge_group "
		 "GITHUB_REF_NAME=gh-readonly-queue/main/pr-1-c0ffee "
		 "GITHUB_REF_TYPE=branch",
		 "server=github branch=gh-readonly-queue/main/pr-1-c0ffee "
		 "request"},
		{"drone, branch",
		 "DRONE_BUILD_EVENT=push DRONE_COMMIT_BRANCH=main "
		 "DRONE_SOURCE_BRANCH=main DRONE_REPO_BRANCH=main "
		 "DRONE_COMMIT_REF=refs/heads/main",
		 "main_branch=main"},
		{"drone, pull request",
		 "DRONE_PULL_REQUEST=7 DRONE_BUILD_EVENT=pull_request "
		 "DRONE_COMMIT_BRANCH=main DRONE_SOURCE_BRANCH=fix "
		 "DRONE_TARGET_BRANCH=main DRONE_REPO_BRANCH=main "
		 "DRONE_COMMIT_REF=refs/pull/7/head DRONE_COMMIT_SHA=c0ffee0",
		 "branch=fix target=main change=7 own_commit=c0ffee0 "
		 "main_branch=main request doubt"},
		{"drone, pull request of a fork that is named by hand",
		 "DRONE_PULL_REQUEST=7 DRONE_SOURCE_BRANCH=fix CHANGE_FORK=ann",
		 "branch=fix change=7 fork=ann request"},
		{"drone, promoted pull request",
		 "DRONE_BUILD_EVENT=promote DRONE_COMMIT_BRANCH=main "
		 "DRONE_SOURCE_BRANCH=fix DRONE_COMMIT_REF=refs/pull/7/head",
		 "branch=fix request doubt"},
		{"woodpecker, branch",
		 "CI_PIPELINE_EVENT=push CI_COMMIT_BRANCH=main "
		 "CI_COMMIT_REF=refs/heads/main CI_REPO_DEFAULT_BRANCH=main",
		 "main_branch=main"},
		{"woodpecker, pull request",
		 "CI_PIPELINE_EVENT=pull_request CI_COMMIT_BRANCH=main "
		 "CI_COMMIT_PULL_REQUEST=7 CI_COMMIT_SOURCE_BRANCH=fix "
		 "CI_COMMIT_TARGET_BRANCH=main CI_REPO_DEFAULT_BRANCH=main",
		 "branch=fix target=main change=7 main_branch=main request "
		 "doubt"},
		{"woodpecker, closed pull request",
		 "CI_PIPELINE_EVENT=pull_request_closed CI_COMMIT_BRANCH=main",
		 "request doubt"},
		{"buildkite, branch",
		 "BUILDKITE_PULL_REQUEST=false BUILDKITE_BRANCH=main", ""},
		{"buildkite, pull request",
		 "BUILDKITE_PULL_REQUEST=7 BUILDKITE_BRANCH=main "
		 "BUILDKITE_PULL_REQUEST_BASE_BRANCH=live "
		 "BUILDKITE_REPO=git@github.com:shop/web.git "
		 "BUILDKITE_PULL_REQUEST_REPO=git://github.com/shop/web.git",
		 "branch=main target=live change=7 request"},
		{"buildkite, pull request of a fork",
		 "BUILDKITE_PULL_REQUEST=7 BUILDKITE_BRANCH=main "
		 "BUILDKITE_REPO=git@github.com:shop/web.git "
		 "BUILDKITE_PULL_REQUEST_REPO=git://github.com/ann/web.git",
		 "branch=main change=7 fork=ann request"},
		{"buildkite, pull request of a commit that is not told",
		 "BUILDKITE_PULL_REQUEST=7 BUILDKITE_BRANCH=ann:main "
		 "BUILDKITE_COMMIT=HEAD",
		 "branch=main change=7 fork=ann request"},
		{"buildkite, branch of a fork by its owner",
		 "BUILDKITE_PULL_REQUEST=7 BUILDKITE_BRANCH=ann:main",
		 "branch=main change=7 fork=ann request"},
		{"buildkite, pull request of nobody knows where",
		 "BUILDKITE_PULL_REQUEST=7 BUILDKITE_BRANCH=main",
		 "branch=main change=7 request doubt"},
		{"bitbucket, pull request",
		 "BITBUCKET_PR_ID=7 BITBUCKET_BRANCH=main "
		 "BITBUCKET_PR_DESTINATION_BRANCH=live "
		 "BITBUCKET_COMMIT=c0ffee0",
		 "branch=main target=live change=7 own_commit=c0ffee0 request"},
		{"bitbucket, branch", "BITBUCKET_BRANCH=main", ""},
		{"azure, pull request",
		 "BUILD_REASON=PullRequest "
		 "SYSTEM_PULLREQUEST_PULLREQUESTID=7 "
		 "SYSTEM_PULLREQUEST_SOURCEBRANCH=refs/heads/fix "
		 "SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main "
		 "SYSTEM_PULLREQUEST_ISFORK=False",
		 "branch=fix target=main change=7 request"},
		{"azure, pull request of a fork",
		 "SYSTEM_PULLREQUEST_PULLREQUESTID=7 "
		 "SYSTEM_PULLREQUEST_SOURCEBRANCH=main "
		 "SYSTEM_PULLREQUEST_ISFORK=True "
		 "SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI="
		 "https://github.com/ann/web "
		 "BUILD_REPOSITORY_URI=https://github.com/shop/web",
		 "branch=main change=7 fork=ann request"},
		{"azure, pull request of a fork of nobody knows whom",
		 "SYSTEM_PULLREQUEST_PULLREQUESTID=7 "
		 "SYSTEM_PULLREQUEST_SOURCEBRANCH=main "
		 "SYSTEM_PULLREQUEST_ISFORK=True",
		 "branch=main change=7 request doubt"},
		{"azure, pull request by its ref alone",
		 "BUILD_SOURCEBRANCH=refs/pull/7/merge", "request doubt"},
		{"azure, branch",
		 "BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/heads/main",
		 ""},
		{"circleci, pull request of a fork",
		 "CIRCLE_PR_NUMBER=7 CIRCLE_PR_USERNAME=ann "
		 "CIRCLE_BRANCH=pull/7",
		 "branch=pull/7 change=7 fork=ann request"},
		{"travis, pull request",
		 "TRAVIS_PULL_REQUEST=7 TRAVIS_BRANCH=live "
		 "TRAVIS_PULL_REQUEST_BRANCH=main "
		 "TRAVIS_PULL_REQUEST_SLUG=shop/web TRAVIS_REPO_SLUG=shop/web",
		 "branch=main target=live change=7 request"},
		{"travis, pull request of a fork",
		 "TRAVIS_PULL_REQUEST=7 TRAVIS_PULL_REQUEST_BRANCH=main "
		 "TRAVIS_PULL_REQUEST_SLUG=ann/web TRAVIS_REPO_SLUG=shop/web",
		 "branch=main change=7 fork=ann request"},
		{"travis, branch",
		 "TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main", ""},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_repository_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
