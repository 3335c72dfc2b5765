/* Go's path and, on Unix the same, path/filepath: text alone, no file. */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"

/* The length of @path up to and with its last slash. */
static size_t directory_length(const struct value_text *path)
{
	const char *slash = memrchr(path->bytes, '/', path->len);

	return slash ? (size_t)(slash - path->bytes) + 1 : 0;
}

/* Take the last element off, unless only what cannot go is left. */
static void drop_element(struct str *out, size_t fixed)
{
	size_t len = out->len - 1;

	while (len > fixed && out->buf[len] != '/')
		len--;
	str_truncate(out, len);
}

static void add_element(struct str *out, const char *bytes, size_t len,
			bool rooted)
{
	if (out->len > (rooted ? 1 : 0))
		str_add_char(out, '/');
	str_add_bytes(out, bytes, len);
}

/* The shortest path that means the same, as Go's Clean. */
static void add_clean(struct str *out, const struct value_text *path)
{
	bool rooted = path->len > 0 && path->bytes[0] == '/';
	size_t fixed = rooted ? 1 : 0; /* the root, or leading ".." */
	const char *at = path->bytes, *end = at + path->len;

	if (rooted)
		str_add_char(out, '/');
	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t len = (size_t)((slash ? slash : end) - at);

		if (len == 2 && memcmp(at, "..", 2) == 0) {
			if (out->len > fixed) {
				drop_element(out, fixed);
			} else if (!rooted) {
				add_element(out, "..", 2, false);
				fixed = out->len;
			}
		} else if (len > 0 && !(len == 1 && *at == '.')) {
			add_element(out, at, len, rooted);
		}
		at += len + (slash ? 1 : 0);
	}
	if (out->len == 0)
		str_add_char(out, '.');
}

static bool give_clean(struct call *call, const struct value_text *path,
		       struct err *err)
{
	CLEANUP(str_release) struct str clean = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	add_clean(&clean, path);
	return call_give_str(call, &clean, err);
}

static bool run_clean(struct call *call, struct err *err)
{
	return give_clean(call, call_text(call, 0), err);
}

static bool run_dir(struct call *call, struct err *err)
{
	struct value_text dir = *call_text(call, 0);

	dir.len = directory_length(&dir);
	return give_clean(call, &dir, err);
}

static bool run_base(struct call *call, struct err *err)
{
	struct value_text path = *call_text(call, 0);
	size_t skip;

	(void)err;
	if (path.len == 0)
		return call_give_text(call, ".", 1);
	while (path.len > 0 && path.bytes[path.len - 1] == '/')
		path.len--;
	if (path.len == 0)
		return call_give_text(call, "/", 1);
	skip = directory_length(&path);
	return call_give_text(call, path.bytes + skip, path.len - skip);
}

static bool run_ext(struct call *call, struct err *err)
{
	const struct value_text *path = call_text(call, 0);
	size_t skip = directory_length(path);
	const char *dot = memrchr(path->bytes + skip, '.', path->len - skip);

	(void)err;
	if (!dot)
		return call_give_text(call, "", 0);
	return call_give_text(call, dot,
			      (size_t)(path->bytes + path->len - dot));
}

static bool run_is_abs(struct call *call, struct err *err)
{
	const struct value_text *path = call_text(call, 0);

	(void)err;
	return call_give_bool(call, path->len > 0 && path->bytes[0] == '/');
}

const struct func funcs_path[] = {
	{"base", "s", run_base},
	{"clean", "s", run_clean},
	{"dir", "s", run_dir},
	{"ext", "s", run_ext},
	{"isAbs", "s", run_is_abs},
	{"osBase", "s", run_base},
	{"osClean", "s", run_clean},
	{"osDir", "s", run_dir},
	{"osExt", "s", run_ext},
	{"osIsAbs", "s", run_is_abs},
	{NULL},
};
