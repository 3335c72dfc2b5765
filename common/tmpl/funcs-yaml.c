/* Functions over YAML, as Helm's libraries write and read it. */
#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tmpl/func.h"
#include "tmpl/serial.h"

/* A node takes over 100 bytes while it is read, and two of text. */
#define FROM_YAML_MAX  ((size_t)1 << 20)
#define BYTES_PER_BYTE 64

/* libyaml looks at each open bracket for each token: so many in one step. */
#define LOOKS_PER_STEP 64

typedef bool write_fn(struct str *out, const struct value *value,
		      struct err *err);

/* Without the last line break; "" for what has no YAML, or an error. */
static bool write_yaml(struct call *call, write_fn *write, bool must,
		       struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	CLEANUP(err_release) struct err problem = {0};

	if (!call_charge_value(call, call->args[0], 4, err))
		return false;
	if (!write(&text, call->args[0], &problem)) {
		if (!must)
			return call_give_text(call, "", 0);
		err_move(err, &problem);
		return false;
	}
	if (text.len > 0 && text.buf[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	return call_give_str(call, &text, err);
}

static bool run_to_yaml(struct call *call, struct err *err)
{
	return write_yaml(call, ydoc_marshal, false, err);
}

static bool run_must_to_yaml(struct call *call, struct err *err)
{
	return write_yaml(call, ydoc_marshal, true, err);
}

/* What has no YAML makes the library panic. */
static bool run_to_yaml_pretty(struct call *call, struct err *err)
{
	return write_yaml(call, ydoc_marshal_v3, true, err);
}

/* How many brackets are open at most; what quotes and comments have counts. */
static size_t flow_depth(const struct value_text *text)
{
	size_t open = 0, most = 0;

	for (size_t i = 0; i < text->len; i++) {
		char byte = text->bytes[i];

		if (byte == '[' || byte == '{')
			open++;
		else if ((byte == ']' || byte == '}') && open)
			open--;
		if (open > most)
			most = open;
	}
	return most < YDOC_DEPTH_MAX ? most : YDOC_DEPTH_MAX;
}

/*
 * What is wrong with the text goes to @problem, what fails the render to
 * @err.  An empty document leaves *@value NULL, which is no nil here.
 */
static bool read_yaml(struct call *call, const struct value **value,
		      struct str *problem, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err syntax = {0};
	size_t steps;

	*value = NULL;
	if (text->len > FROM_YAML_MAX)
		return err_set(err, ERR_INPUT, "the YAML is over %zu MiB",
			       FROM_YAML_MAX >> 20);
	steps = text->len + text->len * flow_depth(text) / LOOKS_PER_STEP;
	if (!call_charge(call, steps, text->len * BYTES_PER_BYTE, err))
		return false;
	if (!ydoc_parse(&doc, text->bytes, text->len, "YAML",
			YDOC_FLOATS | YDOC_FIRST | YDOC_GO_ERRORS, &syntax)) {
		str_addf(problem, "error converting YAML to JSON: %s",
			 syntax.text);
		return true;
	}
	if (doc.root->kind == VALUE_NIL)
		return true;
	if (!call_charge_value(call, doc.root, 2, err))
		return false;
	*value = value_copy(doc.root, call->arena);
	return true;
}

/* The value if it is of @kind; else what encoding/json says of it. */
static const struct value *expect_kind(const struct value *value,
				       const struct value *nil,
				       struct str *problem)
{
	if (!value || value->kind == nil->kind)
		return value;
	str_addf(problem,
		 "error unmarshaling JSON: while decoding JSON: json: cannot "
		 "unmarshal %s into Go value of type %s",
		 serial_json_kind(value), value_type(nil));
	return NULL;
}

static bool run_from_yaml(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str problem = CALL_TEXT;
	const struct value *value;

	if (!read_yaml(call, &value, &problem, err))
		return false;
	value = expect_kind(value, &value_nil_map, &problem);
	if (!value)
		value = value_new_map(call->arena);
	return serial_give_map(call, value, &problem);
}

static bool run_from_yaml_array(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str problem = CALL_TEXT;
	const struct value *value;

	if (!read_yaml(call, &value, &problem, err))
		return false;
	value = expect_kind(value, &value_nil_list, &problem);
	if (!value)
		value = value_new_list(call->arena);
	return serial_give_list(call, value, &problem);
}

#define DIFFERS                                                           \
	"a text of more than 1 MiB is an error; what is YAML that means " \
	"nothing is told in other words"

const struct func funcs_yaml[] = {
	{"fromYaml", "s", run_from_yaml, .differs = DIFFERS},
	{"fromYamlArray", "s", run_from_yaml_array, .differs = DIFFERS},
	{"mustToYaml", "a", run_must_to_yaml},
	{"toYaml", "a", run_to_yaml},
	{"toYamlPretty", "a", run_to_yaml_pretty},
	{NULL},
};
