/* Functions over JSON, as Go's encoding/json writes and reads it. */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/gojson.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/serial.h"

/* What the functions without "must" do about a value that has no JSON. */
static bool write_json(struct call *call, unsigned int flags, bool must,
		       struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	CLEANUP(err_release) struct err problem = {0};

	if (!call_charge_value(call, call->args[0], 2, err))
		return false;
	if (gojson_write(&text, call->args[0], flags, &problem))
		return call_give_str(call, &text, err);
	if (!must)
		return call_give_text(call, "", 0);
	err_move(err, &problem);
	return false;
}

static bool run_to_json(struct call *call, struct err *err)
{
	return write_json(call, GOJSON_HTML, false, err);
}

static bool run_must_to_json(struct call *call, struct err *err)
{
	return write_json(call, GOJSON_HTML, true, err);
}

static bool run_to_pretty_json(struct call *call, struct err *err)
{
	return write_json(call, GOJSON_HTML | GOJSON_PRETTY, false, err);
}

static bool run_must_to_pretty_json(struct call *call, struct err *err)
{
	return write_json(call, GOJSON_HTML | GOJSON_PRETTY, true, err);
}

/* Sprig's toRawJson fails too. */
static bool run_to_raw_json(struct call *call, struct err *err)
{
	return write_json(call, 0, true, err);
}

/*
 * What is wrong with the text goes to @problem, as the functions that Helm
 * calls give it to the template; what fails the render to @err.
 */
static bool read_json(struct call *call, const struct value **value,
		      struct str *problem, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	CLEANUP(err_release) struct err syntax = {0};
	struct value_text too_large;
	struct gojson_size size;

	*value = NULL;
	if (!call_charge(call, 0, text->len, err))
		return false;
	if (!gojson_check(text->bytes, text->len, &size, &syntax)) {
		str_add(problem, syntax.text);
		return true;
	}
	if (size.depth > VALUE_DEPTH_MAX)
		return err_set(err, ERR_INPUT, "the JSON is more than %d deep",
			       VALUE_DEPTH_MAX);
	if (!call_charge(call, size.values,
			 size.values * (sizeof(struct value) +
					2 * sizeof(struct value_pair)),
			 err))
		return false;
	*value = gojson_build(text->bytes, call->arena, &too_large);
	if (too_large.len > 0) {
		str_add(problem, "json: cannot unmarshal number ");
		str_add_bytes(problem, too_large.bytes, too_large.len);
		str_add(problem, " into Go value of type float64");
	}
	return true;
}

static bool run_must_from_json(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str problem = CALL_TEXT;
	const struct value *value;

	if (!read_json(call, &value, &problem, err))
		return false;
	if (problem.len > 0)
		return err_set(err, ERR_INPUT, "%s", str_text(&problem));
	return call_give(call, value);
}

/*
 * Read a map or a list.  Null is Go's nil one; of another value @problem
 * says that it does not fit, as encoding/json does.
 */
static bool read_collection(struct call *call, bool map,
			    const struct value **value, struct str *problem,
			    struct err *err)
{
	const struct value *found;

	if (!read_json(call, &found, problem, err))
		return false;
	*value = found;
	if (!found || found->kind == (map ? VALUE_MAP : VALUE_LIST))
		return true;
	*value = map ? &value_nil_map : &value_nil_list;
	if (found->kind == VALUE_NIL && problem->len == 0)
		return true;
	/* What does not fit is skipped, so no number in it is too large. */
	str_clear(problem);
	str_addf(problem, "json: cannot unmarshal %s into Go value of type %s",
		 serial_json_kind(found), value_type(*value));
	return true;
}

static bool run_from_json(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str problem = CALL_TEXT;
	const struct value *value;

	return read_collection(call, true, &value, &problem, err) &&
	       serial_give_map(call, value, &problem);
}

static bool run_from_json_array(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str problem = CALL_TEXT;
	const struct value *value;

	return read_collection(call, false, &value, &problem, err) &&
	       serial_give_list(call, value, &problem);
}

#define DEPTH "a text deeper than 1,000 is an error"

const struct func funcs_json[] = {
	{"fromJson", "s", run_from_json, .differs = DEPTH},
	{"fromJsonArray", "s", run_from_json_array, .differs = DEPTH},
	{"mustFromJson", "s", run_must_from_json, .differs = DEPTH},
	{"mustToJson", "a", run_must_to_json},
	{"mustToPrettyJson", "a", run_must_to_pretty_json},
	{"mustToRawJson", "a", run_to_raw_json},
	{"toJson", "a", run_to_json},
	{"toPrettyJson", "a", run_to_pretty_json},
	{"toRawJson", "a", run_to_raw_json},
	{NULL},
};
