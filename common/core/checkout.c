#include "core/checkout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
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

/* Of the folder @real, which is without links. */
static char *bound_of(const char *real, const char *outer)
{
	CLEANUP(free_ptr) char *git = xstrdup(real);
	CLEANUP(free_ptr) char *working = NULL;

	if (outer && path_is_within(real, outer))
		return xstrdup(outer);
	if (cut_to_git(git))
		return xstrdup(git);
	working = realpath(".", NULL);
	return working && working[1] && path_is_within(real, working)
		       ? xstrdup(working)
		       : NULL;
}

static bool leads_into_git(const char *below)
{
	CLEANUP(free_ptr) char *parts = xasprintf("%s/", below);

	return strstr(parts, "/.git/");
}

bool checkout_check_link(const char *checkout, const char *path,
			 const char *target, struct err *err)
{
	if (!checkout)
		return true;
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

/* NULL with *@ok: it is not there. */
static char *resolve(const char *path, bool *ok, struct err *err)
{
	char *real = realpath(path, NULL);

	*ok = real || errno == ENOENT || errno == ENOTDIR ||
	      err_errno(err, "cannot follow '%s'", path);
	return real;
}

bool checkout_check(const char *checkout, const char *path, struct err *err)
{
	CLEANUP(free_ptr) char *target = NULL;
	bool ok;

	if (!checkout)
		return true;
	target = resolve(path, &ok, err);
	return target ? checkout_check_link(checkout, path, target, err) : ok;
}

/* --- the way to a folder -------------------------------------------------- */

/* From the folder *@at, which is without links, into @part of it. */
static bool enter(char **at, const char *part, const char *outer,
		  struct err *err)
{
	CLEANUP(free_ptr) char *next = path_join(*at, part);
	CLEANUP(free_ptr) char *bound = NULL;
	bool ok;
	char *target = resolve(next, &ok, err);

	/* Upwards goes who wrote the path, and no link. */
	if (target && strcmp(part, "..") != 0 && strcmp(target, next) != 0) {
		bound = bound_of(*at, outer);
		ok = checkout_check_link(bound, next, target, err);
	}
	free(*at);
	*at = target;
	return ok;
}

/* Step by step, as the system does it: ".." is of where a link has led. */
static bool follow(const char *folder, const char *outer, char **real,
		   struct err *err)
{
	CLEANUP(strvec_release) struct strvec parts = {0};

	strvec_split(&parts, folder, '/');
	*real = realpath(*folder == '/' ? "/" : ".", NULL);
	for (size_t i = 0; *real && i < parts.count; i++) {
		const char *part = parts.items[i];

		if (*part && strcmp(part, ".") != 0 &&
		    !enter(real, part, outer, err))
			return false;
	}
	return true;
}

bool checkout_find(const char *folder, const char *outer, char **checkout,
		   struct err *err)
{
	CLEANUP(free_ptr) char *real = NULL;
	CLEANUP(free_ptr) char *bound = NULL;

	if (!follow(folder, outer, &real, err))
		return false;
	bound = real ? bound_of(real, outer) : NULL;
	if (bound && leads_into_git(real + strlen(bound)))
		return err_set(err, ERR_INPUT,
			       "cannot read '%s': it is in '.git'", folder);
	*checkout = bound;
	bound = NULL;
	return true;
}
