#include "core/gitaddress.h"

#include "base/mem.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
