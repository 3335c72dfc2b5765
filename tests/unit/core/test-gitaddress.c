#include "core/gitaddress.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define LAB "https://gitlab.com/acme/shop/web.git"

static void test_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		/* one repository, by several ways */
		{"https://host/red/web.git", "git@host:red/web.git", true},
		{"https://host/red/web", "https://host/red/web/", true},
		{"https://host/red/web", "https://HOST/Red/Web.git", true},
		{"https://host/red/web", "http://host/red/web", true},
		{"https://host:443/red/web", "https://host/red/web", true},
		{"http://host:80/red/web", "https://host/red/web", true},
		{"https://ann:a@b@host/red/web", "https://host/red/web", true},
		{"https://host:8443/red/web", "git@host:red/web", true},
		{"ssh://git@host:7999/red/web.git", "git@host:red/web", true},
		{"ssh://git@host:7999/red/web.git",
		 "https://ann@host/scm/RED/web.git", true},
		{"git@host:~ann/web.git", "https://host/scm/~ann/web", true},
		{"git@host:/red/web", "host:red/web", true},
		{"git+ssh://git@host/red/web", "git://host/red/web", true},
		{"git@[::1]:red/web", "ssh://git@[::1]:22/red/web", true},
		{LAB, "git@gitlab.com:acme/shop/web", true},
		{LAB, "ssh://git@altssh.gitlab.com:443/acme/shop/web.git",
		 true},
		{"ssh://git@ssh.github.com:443/red/web",
		 "https://github.com/red/web", true},
		{"/srv/git/web", "file:///srv/git/web.git", true},
		{"https://host/red/.git", "https://host/red/.git/", true},

		/* others */
		{LAB, "https://gitlab.com/rival/shop/web.git", false},
		{LAB, "https://other.example.org/shop/web.git", false},
		{LAB, "https://gitlab.com/shop/web.git", false},
		{LAB, "https://gitlab.example.com/acme/shop/web.git", false},
		{LAB, "https://altssh.gitlab.com/acme/shop/web.git", false},
		{LAB, "https://gitlab.com/scm/acme/shop/web.git", false},
		{"https://host/scm/red/web", "https://host/red/web", false},
		{"https://host:8443/red/web", "https://host/red/web", false},
		{"https://host:8443/red/web", "https://host:9443/red/web",
		 false},
		{"git@host:red/web", "git@host:blue/web", false},
		{"git@host:red/web", "git@host:red/webs", false},
		{"git@host:red/web", "git@hosts:red/web", false},
		{"git@host:web.git", "/srv/git/web", false},
		{"/srv/git/web", "/srv/git/Web", false},
		{"/srv/git/web", "ssh://host/srv/git/web", false},
		{"https://host/gitlab/red/web", "git@host:red/web", false},
		{"[:x", "host:x", false},
		{".git", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_case(pairs[i].a,
			    gitaddress_same(pairs[i].a, pairs[i].b) ==
				    pairs[i].same);
		assert_case(pairs[i].b,
			    gitaddress_same(pairs[i].b, pairs[i].a) ==
				    pairs[i].same);
		assert_case(pairs[i].a,
			    gitaddress_same(pairs[i].a, pairs[i].a));
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *url, *path;
	} cases[] = {
		{"https://host/shop/web.git", "host/shop/web"},
		{"https://host/shop/web", "host/shop/web"},
		{"https://u:p@host:8443/shop/web/", "host:8443/shop/web"},
		{"ssh://git@host/shop/web.git", "host/shop/web"},
		{"git@host:shop/web.git", "host/shop/web"},
		{"host:shop/web", "host/shop/web"},
		{"https://host/a@b", "host/a@b"},

		/* one repository, by several ways */
		{"https://host:443/shop/web", "host/shop/web"},
		{"http://host:80/shop/web", "host/shop/web"},
		{"ssh://git@host:22/shop/web.git", "host/shop/web"},
		{"ssh://git@host:2222/shop/web.git", "host/shop/web"},
		{"git://host:9418/shop/web", "host/shop/web"},
		{"git@host:/shop/web", "host/shop/web"},
		{"ssh://git@ssh.github.com:443/shop/web",
		 "github.com/shop/web"},
		{"git@ssh.github.com:shop/web.git", "github.com/shop/web"},
		{"ssh://git@altssh.gitlab.com:443/a/shop/web.git",
		 "gitlab.com/a/shop/web"},
		{"ssh://git@altssh.bitbucket.org:443/shop/web",
		 "bitbucket.org/shop/web"},
		{"https://host/scm/shop/web.git", "host/scm/shop/web"},
		{"ssh://git@host:7999/shop/web.git", "host/scm/shop/web"},
		{"ssh://git@host:7999/~ann/web.git", "host/scm/~ann/web"},

		/* as it was, whatever else would be the same */
		{"https://host:7999/shop/web", "host:7999/shop/web"},
		{"https://ssh.github.com/shop/web", "ssh.github.com/shop/web"},
		{"git@Host:Shop/Web", "Host/Shop/Web"},
		{"git@[::1]:shop/web", "[::1]/shop/web"},
		{"ssh://git@[::1]:22/shop/web", "[::1]/shop/web"},

		/* none */
		{"https://host/", NULL},
		{"https://", NULL},
		{"file:///srv/web.git", NULL},
		{"/srv/web.git", NULL},
		{"git@host:", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *path = gitaddress_path(cases[i].url);

		assert_case(cases[i].url, same_text(path, cases[i].path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
