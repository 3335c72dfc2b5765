#include "flow/checkout.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"

static bool has_git(const char *dir)
{
	CLEANUP(free_ptr) char *git = path_join(dir, ".git");

	return file_exists(git);
}

/* Cut @path down to the checkout that it is in; false: it is in none. */
static bool cut_to_git(char *path)
{
	while (path[1]) {
		char *slash = strrchr(path, '/');

		if (has_git(path))
			return true;
		slash[slash == path] = '\0';
	}
	return false;
}

char *checkout_of(const char *dir)
{
	CLEANUP(free_ptr) char *real = realpath(dir, NULL);
	CLEANUP(free_ptr) char *git = NULL;
	CLEANUP(free_ptr) char *working = realpath(".", NULL);

	if (!real)
		return NULL;
	git = xstrdup(real);
	if (cut_to_git(git))
		return xstrdup(git);
	if (working && working[1] && path_is_within(real, working))
		return xstrdup(working);
	return xstrdup(real);
}

static bool leads_into_git(const char *below)
{
	CLEANUP(free_ptr) char *parts = xasprintf("%s/", below);

	return strstr(parts, "/.git/");
}

bool checkout_check_link(const char *checkout, const char *path,
			 const char *target, struct err *err)
{
	if (!path_is_within(target, checkout)) {
		err_set(err, ERR_INPUT,
			"cannot follow link '%s': it leads out of the checkout "
			"'%s'",
			path, checkout);
		return err_hint(err, "copy what is there into the checkout");
	}
	return !leads_into_git(target + strlen(checkout)) ||
	       err_set(err, ERR_INPUT,
		       "cannot follow link '%s': it leads into '.git'", path);
}
