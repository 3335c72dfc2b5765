/*
 * A Git server's list of refs: what is read lies within the answer, and an
 * answer that is accepted shows a branch.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/gitremote.h"
#include "base/err.h"
#include "base/strvec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strvec_release) struct strvec refs = {0};
	CLEANUP(err_release) struct err err = {0};
	size_t bytes = 0;

	if (!gitremote_parse((const char *)data, size, &refs, &err)) {
		if (refs.count || err.kind != ERR_REMOTE)
			BUG("a refused answer left something");
		return 0;
	}
	for (size_t i = 0; i < refs.count; i++)
		bytes += strlen(refs.items[i]);
	if (!refs.count || bytes >= size)
		BUG("%zu refs of %zu bytes", refs.count, size);
	return 0;
}
