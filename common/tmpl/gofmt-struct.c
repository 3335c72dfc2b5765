/* How types with methods print, and structs without. */
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/gofmt-printer.h"
#include "tmpl/tmpl.h"

/* A pointer to nothing. */
static bool is_null(const struct value *value)
{
	return value->kind == VALUE_OBJECT && !value->object.data;
}

bool gofmt_print_by_method(struct printer *printer, const struct value *value,
			   uint32_t verb, unsigned int depth)
{
	const struct value_class *class = value_class(value);
	CLEANUP(str_release) struct str text = {.limit = TMPL_OUTPUT_MAX};
	struct value printed = {.kind = VALUE_STRING};

	if (printer->erring || is_null(value) || verb > 0x7f ||
	    !strchr("vsxXq", (char)verb))
		return false;
	if (printer->flags.sharp_v) {
		if (!class->print_go)
			return false;
		class->print_go(value, &text);
		verb = 's';
	} else {
		class->print(value, &text);
	}
	printed.string.bytes = str_text(&text);
	printed.string.len = text.len;
	gofmt_print_value(printer, &printed, verb, depth);
	return true;
}

static void print_null(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	const struct value zero = {.kind = VALUE_UINT64};
	const struct value nothing = {.kind = VALUE_STRING,
				      .string = {"<nil>", 5}};

	if (verb == 'v')
		gofmt_print_value(printer, &nothing, 's', depth);
	else if (verb <= 0x7f && strchr("bodxX", (char)verb))
		gofmt_print_value(printer, &zero, verb, depth);
	else
		gofmt_bad_verb(printer, value, verb, depth);
}

/* The fields of a struct, or of the one that a pointer points to. */
static void print_fields(struct printer *printer, const struct value *value,
			 uint32_t verb, unsigned int depth)
{
	const struct value_class *class = value->object.class;
	struct value_field fields[VALUE_FIELDS_MAX] = {0};
	struct value whole = *value;
	bool sharp = printer->flags.sharp_v;
	size_t count;

	if (class->element) {
		str_add_char(printer->out, '&');
		class = whole.object.class = class->element;
	}
	if (sharp)
		str_add(printer->out, class->type);
	str_add_char(printer->out, '{');
	count = class->fields ? class->fields(&whole, fields) : 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		if (sharp || printer->flags.plus_v)
			str_addf(printer->out, "%s:", fields[i].name);
		gofmt_print_value(printer, &fields[i].value, verb, depth + 1);
	}
	str_add_char(printer->out, '}');
}

void gofmt_print_struct(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth)
{
	bool pointer = value->object.class->element != NULL;

	if (is_null(value))
		print_null(printer, value, verb, depth);
	/* Inside of others, Go has nothing but the address for a pointer. */
	else if (pointer && depth > 0 &&
		 (verb > 0x7f || !strchr("vpbodxX", (char)verb)))
		gofmt_bad_verb(printer, value, verb, depth);
	else
		print_fields(printer, value, verb, depth);
}
