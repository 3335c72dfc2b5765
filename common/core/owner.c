#include "core/owner.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"

static void set_known(struct value *map, struct arena *arena, const char *key,
		      const char *text)
{
	if (!is_blank(text))
		value_map_set_text(map, arena, key, text);
}

void owner_add_text(struct str *out, const struct owner *owner)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *map = value_new_map(&arena);

	set_known(map, &arena, "run", owner->run);
	set_known(map, &arena, "build", owner->build_url);
	set_known(map, &arena, "host", owner->host);
	set_known(map, &arena, "space", owner->space);
	value_map_set(map, &arena, "process",
		      value_new_int(&arena, owner->process));
	value_map_set(map, &arena, "processStart",
		      value_new_int(&arena, owner->process_start));
	value_map_set(map, &arena, "started",
		      value_new_int(&arena, owner->started));
	jsontext_print(out, map, false);
}

static int64_t number_of(const struct value *map, const char *key)
{
	const struct value *number = value_map_get(map, key);

	return number && value_is_whole(number) ? number->integer : 0;
}

bool owner_parse(const char *text, struct arena *arena, struct owner *owner)
{
	CLEANUP(err_release) struct err foreign = {0};
	const struct value *map;

	if (!jsontext_parse(&map, text, strlen(text), "owner", arena,
			    &foreign) ||
	    !value_is_map(map) || is_blank(value_find_text(map, "run")))
		return false;
	*owner = (struct owner){
		.run = value_find_text(map, "run"),
		.build_url = value_find_text(map, "build"),
		.host = value_find_text(map, "host"),
		.space = value_find_text(map, "space"),
		.process = number_of(map, "process"),
		.process_start = number_of(map, "processStart"),
		.started = number_of(map, "started"),
	};
	return true;
}

void owner_describe(struct str *out, const struct owner *owner)
{
	const char *build = owner->build_url;

	if (is_blank(build) && !owner->process)
		str_addf(out, "run %s", owner->run);
	if (!is_blank(build))
		str_add(out, build);
	if (!owner->process)
		return;
	str_addf(out, is_blank(build) ? "process %lld" : " (process %lld",
		 (long long)owner->process);
	if (!is_blank(owner->host))
		str_addf(out, " on %s", owner->host);
	if (!is_blank(build))
		str_add_char(out, ')');
}

enum owner_state owner_judge(const struct owner_lease *lease, const char *own,
			     int64_t now)
{
	if (is_blank(lease->run))
		return OWNER_NONE;
	if (same_text(lease->run, own))
		return OWNER_SELF;
	if (lease->process_gone)
		return OWNER_GONE;
	/* A Lease that was never renewed tells nothing about its holder. */
	if (now && lease->renewed && lease->duration_s > 0 &&
	    now - lease->renewed > lease->duration_s)
		return OWNER_LAPSED;
	return OWNER_LIVE;
}
