/* Sprig's functions over URLs. */
#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/gourl.h"

static void set_part(struct call *call, struct value *map, const char *key,
		     const struct str *part)
{
	value_map_set(map, call->arena, key,
		      value_new_bytes(call->arena, str_text(part), part->len));
}

static bool run_url_parse(struct call *call, struct err *err)
{
	CLEANUP(gourl_release) struct gourl url = {0};
	CLEANUP(str_release) struct str hostname = {0};
	CLEANUP(str_release) struct str userinfo = {0};
	const struct value_text *text = call_text(call, 0);
	struct value *map;

	if (!call_charge_text(call, 0, err) ||
	    !call_charge(call, 0, 4 * text->len, err) ||
	    !gourl_parse(&url, text, err))
		return false;
	gourl_add_hostname(&hostname, &url);
	gourl_add_userinfo(&userinfo, &url);
	map = value_new_map(call->arena);
	set_part(call, map, "scheme", &url.scheme);
	set_part(call, map, "host", &url.host);
	set_part(call, map, "hostname", &hostname);
	set_part(call, map, "path", &url.path);
	set_part(call, map, "query", &url.query);
	set_part(call, map, "opaque", &url.opaque);
	set_part(call, map, "fragment", &url.fragment);
	set_part(call, map, "userinfo", &userinfo);
	return call_give(call, map);
}

/* Member @key of a map, which must be a string if it is there. */
static bool get_part(const struct value *map, const char *key, struct str *part,
		     struct err *err)
{
	const struct value *value = value_map_get(map, key);

	if (!value)
		return true;
	if (value->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT, "'%s' is %s, not a string", key,
			       type_word(value));
	str_add_bytes(part, value->string.bytes, value->string.len);
	return true;
}

/* Sprig's way: user and password of a URL that is made for it. */
static bool get_userinfo(const struct value *map, struct gourl *made,
			 struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	struct value_text url;
	size_t before;

	str_add(&text, "proto://");
	before = text.len;
	if (!get_part(map, "userinfo", &text, err))
		return false;
	if (text.len == before)
		return true;
	str_add(&text, "@host");
	url = (struct value_text){str_text(&text), text.len};
	return gourl_parse(made, &url, err) ||
	       err_wrap(err, "cannot read 'userinfo'");
}

static bool run_url_join(struct call *call, struct err *err)
{
	CLEANUP(gourl_release) struct gourl url = {0};
	CLEANUP(str_release) struct str joined = CALL_TEXT;
	const struct value *map = call->args[0];

	if (!call_charge_value(call, map, 16, err) ||
	    !get_userinfo(map, &url, err))
		return false;
	/* Of that URL only the user is wanted. */
	str_clear(&url.scheme);
	str_clear(&url.host);
	str_clear(&url.path);
	str_clear(&url.query);
	str_clear(&url.fragment);
	if (!get_part(map, "scheme", &url.scheme, err) ||
	    !get_part(map, "host", &url.host, err) ||
	    !get_part(map, "path", &url.path, err) ||
	    !get_part(map, "query", &url.query, err) ||
	    !get_part(map, "opaque", &url.opaque, err) ||
	    !get_part(map, "fragment", &url.fragment, err))
		return false;
	gourl_add(&joined, &url);
	return call_give_str(call, &joined, err);
}

const struct func funcs_url[] = {
	{"urlJoin", "m", run_url_join},
	{"urlParse", "s", run_url_parse},
	{NULL},
};
