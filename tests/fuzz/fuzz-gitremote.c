/*
 * A Git server's answers: what is read of its list of refs lies within it, and
 * a list that is accepted shows a branch; a pack that is called empty is.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/gitremote.h"
#include "base/err.h"

#define TIP "0123456789abcdef0123456789abcdef01234567"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_refs(const char *bytes, size_t size)
{
	CLEANUP(gitremote_release) struct gitremote remote = {0};
	CLEANUP(err_release) struct err err = {0};
	size_t read = 0;

	if (!gitremote_parse(&remote, bytes, size, &err)) {
		if (remote.count || err.kind != ERR_REMOTE)
			BUG("a refused answer left something");
		return;
	}
	for (size_t i = 0; i < remote.count; i++)
		read += strlen(remote.refs[i].name) +
			strlen(remote.refs[i].hash);
	if (!remote.count || read >= size)
		BUG("%zu refs of %zu bytes", remote.count, size);
}

static void read_pack(const char *bytes, size_t size)
{
	static const char empty[] = "PACK\0\0\0\2\0\0\0";
	CLEANUP(err_release) struct err err = {0};
	enum gitremote_held held = GITREMOTE_UNKNOWN;

	if (!gitremote_parse_pack(bytes, size, TIP, &held, &err)) {
		if (held != GITREMOTE_UNKNOWN || err.kind != ERR_REMOTE)
			BUG("a refused pack left something");
		return;
	}
	if (held == GITREMOTE_HELD && size < sizeof(empty) + strlen(TIP))
		BUG("a pack is held to be empty by %zu bytes", size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_refs((const char *)data, size);
	read_pack((const char *)data, size);
	return 0;
}
