/* Functions that write values in another notation. */
#include "base/base64.h"
#include "base/err.h"
#include "base/str.h"
#include "format/hash.h"
#include "format/value.h"
#include "tmpl/func.h"

static bool run_b64enc(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	CLEANUP(str_release) struct str encoded = CALL_TEXT;

	base64_encode(&encoded, text->bytes, text->len, BASE64_STANDARD);
	return call_give_str(call, &encoded, err);
}

static bool run_sha256sum(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	char hex[SHA256_HEX_SIZE];

	return call_charge(call, text->len / SHA256_SIZE, 0, err) &&
	       sha256_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, SHA256_HEX_SIZE - 1);
}

const struct func funcs_encode[] = {
	{"b64enc", "s", run_b64enc},
	{"sha256sum", "s", run_sha256sum},
	{NULL},
};
