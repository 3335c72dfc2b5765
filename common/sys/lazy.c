#include "sys/lazy.h"

#include <dlfcn.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "sys/env.h"

static void *open_one(const char *soname)
{
	return dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
}

static void open_all(const char *list)
{
	CLEANUP(strvec_release) struct strvec sonames = {0};

	strvec_split(&sonames, list, ' ');
	for (size_t i = 0; i < sonames.count; i++)
		(void)open_one(sonames.items[i]);
}

static void *open_first(const struct strvec *sonames)
{
	void *handle = NULL;

	for (size_t i = 0; i < sonames->count && !handle; i++)
		handle = open_one(sonames->items[i]);
	return handle;
}

static void *open_unprepared(const struct lazy *lazy,
			     const struct strvec *sonames)
{
	const char *name = lazy->unprepared;
	bool ours = name && env_set_process(name, "1");
	void *handle;

	if (lazy->sooner)
		open_all(lazy->sooner);
	handle = open_first(sonames);
	if (ours)
		env_unset_process(name);
	return handle;
}

/* The handle stays open for the life of the process. */
bool lazy_load(struct lazy *lazy, struct err *err)
{
	CLEANUP(strvec_release) struct strvec sonames = {0};
	void *handle;

	if (lazy->loaded)
		return true;
	strvec_split(&sonames, lazy->sonames, ' ');
	handle = open_unprepared(lazy, &sonames);
	if (!handle) {
		err_set(err, ERR_IO, "cannot load library '%s': %s",
			sonames.items[0], dlerror());
		return err_hint(err, "install the package that has '%s'",
				sonames.items[0]);
	}
	for (const struct lazy_symbol *at = lazy->symbols; at->name; at++) {
		*at->address = dlsym(handle, at->name);
		if (*at->address)
			continue;
		err_set(err, ERR_IO, "cannot use library '%s': it has no '%s'",
			sonames.items[0], at->name);
		return err_hint(err, "install a newer '%s'", sonames.items[0]);
	}
	lazy->loaded = true;
	return true;
}
