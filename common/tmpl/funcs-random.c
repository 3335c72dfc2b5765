/*
 * Sprig's functions with another result in each render, but those that
 * passwords are made with (see funcs-refused.c).
 */
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/func.h"

/* Steps that take as long as a question to the system. */
#define RANDOM_STEPS 8

/* RFC 9562, version 4. */
static bool run_uuidv4(struct call *call, struct err *err)
{
	unsigned char bytes[16];
	CLEANUP(str_release) struct str text = {0};

	if (!call_charge(call, 4 * RANDOM_STEPS, 0, err))
		return false;
	if (!random_bytes(bytes, sizeof(bytes)))
		return err_set(err, ERR_IO, "the system gives no random bytes");
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(bytes); i++)
		str_addf(&text, "%s%02x",
			 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			 bytes[i]);
	return call_give_str(call, &text, err);
}

/* From the first number to before the second. */
static bool run_rand_int(struct call *call, struct err *err)
{
	int64_t least = call->args[0]->integer, end = call->args[1]->integer;
	uint64_t count = (uint64_t)end - (uint64_t)least;

	if (count == 0 || count > INT64_MAX)
		return err_set(err, ERR_INPUT,
			       "there is no number from %lld to before %lld",
			       (long long)least, (long long)end);
	return call_charge(call, RANDOM_STEPS, 0, err) &&
	       call_give_int(call,
			     (int64_t)((uint64_t)least + random_below(count)));
}

static bool run_shuffle(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str shuffled = CALL_TEXT;
	uint32_t *runes;
	size_t count = 0;

	if (!call_charge(call, text->len * RANDOM_STEPS,
			 text->len * sizeof(*runes), err))
		return false;
	runes = arena_new_array(call->arena, uint32_t, text->len);
	for (size_t at = 0; at < text->len; count++)
		at += rune_decode(text->bytes + at, text->len - at,
				  &runes[count]);
	for (size_t left = count; left > 0; left--) {
		size_t chosen = random_below(left);

		str_add_rune(&shuffled, runes[chosen]);
		runes[chosen] = runes[left - 1];
	}
	return call_give_str(call, &shuffled, err);
}

const struct func funcs_random[] = {
	{"randInt", "ii", run_rand_int},
	{"shuffle", "s", run_shuffle},
	{"uuidv4", "", run_uuidv4},
	{NULL},
};
