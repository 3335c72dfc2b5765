/* The lock of an umbrella: read for --locked, kept, or written. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/lockfile.h"
#include "flow/vendor_parts.h"
#include "format/value.h"
#include "sys/file.h"

static bool understand(struct vendoring *vendoring, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	if (!vendor_parse_file(&doc, vendoring->umbrella, vendoring->lock, err))
		return false;
	return lockfile_read(doc.root, &vendoring->vendored->arena,
			     &vendoring->given, err) ||
	       ydoc_blame(&doc, "", err);
}

static bool hint_at_update(const struct vendoring *vendoring, struct err *err)
{
	if (vendoring->outer)
		return err_hint(err,
				"run 'umbrella-render %s', and commit the lock "
				"that it writes to '%s'",
				vendoring->umbrella->dir,
				vendoring->umbrella->dir);
	return err_hint(err, "render without '--locked', and commit the lock "
			     "that it writes");
}

bool vendor_read_lock(struct vendoring *vendoring, struct err *err)
{
	CLEANUP(str_release) struct str difference = {0};
	CLEANUP(free_ptr) char *path =
		umbrella_source(vendoring->umbrella, vendoring->lock);
	bool fits = false;

	if (!umbrella_find(vendoring->umbrella, vendoring->lock)) {
		(void)err_set(err, ERR_INPUT, "there is no '%s' to keep to",
			      path);
		return hint_at_update(vendoring, err);
	}
	if (!understand(vendoring, err))
		return err_wrap(err, "cannot keep to '%s'", path);
	if (!lockfile_fits(vendoring->given, &vendoring->wanted,
			   vendoring->legacy, &fits, &difference, err))
		return false;
	if (fits)
		return true;
	(void)err_set(err, ERR_INPUT, "cannot keep to '%s': %s", path,
		      str_text(&difference));
	return hint_at_update(vendoring, err);
}

static bool lock_has_digest(const struct str *text, const char *digest)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err unreadable = {0};

	return ydoc_parse(&doc, str_text(text), text->len, "lock", 0,
			  &unreadable) &&
	       same_text(value_find_text(doc.root, "digest"), digest);
}

/* The lock of the last render, if it says the same: its time is kept. */
static bool keep_previous(struct vendoring *vendoring, const char *digest)
{
	CLEANUP(err_release) struct err unreadable = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *path = NULL;

	if (!vendoring->args->previous)
		return false;
	path = path_join(vendoring->args->previous, vendoring->lock);
	if (!file_exists(path) ||
	    !file_read_regular(path, UMBRELLA_FILE_MAX, &text, &unreadable) ||
	    !lock_has_digest(&text, digest))
		return false;
	umbrella_put(vendoring->umbrella, vendoring->lock, &text);
	return true;
}

bool vendor_write_lock(struct vendoring *vendoring, struct err *err)
{
	const struct umbrella_file *old =
		umbrella_find(vendoring->umbrella, vendoring->lock);
	CLEANUP(str_release) struct str text = {0}, now = {0};
	char digest[LOCKFILE_DIGEST_SIZE];
	struct lockfile lock = {.dependencies = vendoring->locked,
				.digest = digest};

	if (vendoring->given)
		return true;
	if (!lockfile_digest(&vendoring->wanted, &vendoring->locked, digest,
			     err))
		return false;
	if ((old && lock_has_digest(&old->text, digest)) ||
	    keep_previous(vendoring, digest))
		return true;
	clock_add_rfc3339(&now, vendoring->args->now_ms / 1000);
	lockfile_emit(&text, &lock, str_text(&now));
	umbrella_put(vendoring->umbrella, vendoring->lock, &text);
	return true;
}
