#include "format/ydoc.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "format/value.h"
#include "format/ydoc-reader.h"
#include "format/ydoc-scalar.h"
#include "sys/file.h"

/*
 * libyaml looks at every open flow collection for each token: the sum of
 * their depths is the work that nesting causes.  What people write is not
 * deep, and is not counted.
 */
#define FLOW_DEPTH_FREE 32
#define FLOW_WORK_MAX	((size_t)100000000)

#define TAG_PREFIX "tag:yaml.org,2002:"

static void event_release(yaml_event_t *event)
{
	yaml_event_delete(event);
}

/* The byte of a mark.  Marks are near each other, so this is cheap. */
static size_t mark_offset(struct yreader *reader, const yaml_mark_t *mark)
{
	const char *text = reader->text;

	if (reader->is_ascii)
		return (mark->index < reader->len ? mark->index : reader->len) +
		       reader->skipped;
	while (reader->index < mark->index && reader->offset < reader->len) {
		do
			reader->offset++;
		while (reader->offset < reader->len &&
		       (text[reader->offset] & 0xc0) == 0x80);
		reader->index++;
	}
	while (reader->index > mark->index && reader->offset > 0) {
		do
			reader->offset--;
		while (reader->offset > 0 &&
		       (text[reader->offset] & 0xc0) == 0x80);
		reader->index--;
	}
	return reader->offset + reader->skipped;
}

static bool fail_at(struct yreader *reader, size_t offset, const char *cause,
		    struct err *err)
{
	const struct ydoc *doc = reader->doc;

	if (doc->flags & YDOC_GO_ERRORS)
		err_set(err, ERR_INPUT, "yaml: %s", cause);
	else
		err_set(err, ERR_INPUT, "cannot read '%s' as YAML: %s",
			doc->name, cause);
	return ydoc_blame_byte(doc, offset, err);
}

bool yreader_fail(struct yreader *reader, const struct ydoc_node *node,
		  const char *cause, struct err *err)
{
	return fail_at(reader, node->span.start, cause, err);
}

/* The line that go-yaml names: from 0, but for its scanner; 0 is none. */
static size_t line_of_go(const yaml_parser_t *parser)
{
	size_t line = parser->problem_mark.line;

	if (line == 0)
		return parser->context_mark.line;
	return line + (parser->error == YAML_SCANNER_ERROR);
}

/* Only blanks follow: the place shows nothing that could be wrong. */
static bool is_at_end(const struct yreader *reader, size_t offset)
{
	size_t at = offset - reader->skipped;

	while (at < reader->len && strchr(" \t\r\n", reader->text[at]))
		at++;
	return at >= reader->len;
}

static bool fail_libyaml(struct yreader *reader, struct err *err)
{
	yaml_parser_t *parser = &reader->parser;
	const char *problem =
		parser->problem ? parser->problem : "not well-formed";
	bool of_go = reader->doc->flags & YDOC_GO_ERRORS;
	CLEANUP(str_release) struct str cause = {0};
	size_t offset;

	if (of_go && line_of_go(parser) > 0)
		str_addf(&cause, "line %zu: ", line_of_go(parser));
	str_add(&cause, problem);
	if (parser->error == YAML_READER_ERROR)
		return fail_at(reader, parser->problem_offset + reader->skipped,
			       str_text(&cause), err);
	if (parser->context && !of_go)
		str_addf(&cause, " (%s)", parser->context);
	offset = mark_offset(reader, &parser->problem_mark);
	if (!of_go && is_at_end(reader, offset))
		str_add(&cause, " where the text ends");
	return fail_at(reader, offset, str_text(&cause), err);
}

static bool next_event(struct yreader *reader, yaml_event_t *event,
		       struct err *err)
{
	if (!yaml_parser_parse(&reader->parser, event))
		return fail_libyaml(reader, err);
	if (reader->flow_depth > FLOW_DEPTH_FREE)
		reader->flow_work += reader->flow_depth;
	if (reader->flow_work > FLOW_WORK_MAX)
		return fail_at(reader, mark_offset(reader, &event->start_mark),
			       "too many nested flow collections", err);
	return true;
}

/* Scalars. */

static bool resolve_binary(struct yreader *reader, struct ydoc_node *node,
			   const char *text, size_t len, struct err *err)
{
	CLEANUP(str_release) struct str bytes = {0}, packed = {0}, clean = {0};

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && text[i] != '\r')
			str_add_char(&packed, text[i]);
	if (!base64_decode(&bytes, str_text(&packed), packed.len,
			   BASE64_STANDARD))
		return yreader_fail(reader, node, "!!binary that is no base64",
				    err);
	/* JSON has no bytes: what is not UTF-8 is replaced, as in Go. */
	for (size_t at = 0; at < bytes.len;)
		str_add_rune(&clean, yscalar_rune(bytes.buf, bytes.len, &at));
	node->value = value_new_bytes(&reader->doc->arena, str_text(&clean),
				      clean.len);
	return true;
}

static const struct value *scalar_value(struct arena *arena,
					const struct yscalar *scalar,
					const char *text, size_t len)
{
	switch (scalar->kind) {
	case YSCALAR_NULL:
		return &value_nil;
	case YSCALAR_BOOL:
		return scalar->boolean ? &value_true : &value_false;
	case YSCALAR_INT:
		return value_new_int(arena, scalar->integer);
	case YSCALAR_UINT:
	case YSCALAR_FLOAT:
		return value_new_float(arena, scalar->number);
	case YSCALAR_TEXT:
	case YSCALAR_TIMESTAMP:
		break;
	}
	return value_new_bytes(arena, text, len);
}

/* Does what a scalar is agree with its tag?  May turn an int to a float. */
static bool apply_tag(struct yscalar *scalar, const char *tag)
{
	static const struct {
		const char *tag;
		enum yscalar_kind kind;
	} tags[] = {
		{"bool", YSCALAR_BOOL},		  {"int", YSCALAR_INT},
		{"float", YSCALAR_FLOAT},	  {"null", YSCALAR_NULL},
		{"timestamp", YSCALAR_TIMESTAMP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		if (strcmp(tags[i].tag, tag) != 0)
			continue;
		if (tags[i].kind == YSCALAR_FLOAT &&
		    scalar->kind == YSCALAR_INT) {
			scalar->kind = YSCALAR_FLOAT;
			scalar->number = (double)scalar->integer;
		}
		return scalar->kind == tags[i].kind ||
		       (tags[i].kind == YSCALAR_INT &&
			scalar->kind == YSCALAR_UINT);
	}
	scalar->kind = YSCALAR_TEXT; /* !!str, or a tag of the user's own */
	return true;
}

static bool resolve_scalar(struct yreader *reader, struct ydoc_node *node,
			   const yaml_event_t *event, struct err *err)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t len = event->data.scalar.length;
	struct yscalar scalar = {0};

	node->weight += len / YDOC_ALIAS_TEXT;

	if (tag && starts_with(tag, TAG_PREFIX))
		tag += strlen(TAG_PREFIX);
	else if (tag)
		tag = "";
	if (tag && strcmp(tag, "binary") == 0)
		return resolve_binary(reader, node, text, len, err);
	if (tag || event->data.scalar.plain_implicit)
		yscalar_resolve(&scalar, text, len);
	if (tag && !apply_tag(&scalar, tag))
		return yreader_fail(reader, node,
				    "the value is not what its tag says", err);
	if (scalar.kind == YSCALAR_FLOAT && !isfinite(scalar.number) &&
	    !(reader->doc->flags & YDOC_INFINITE))
		reader->infinite = node;
	node->value = scalar_value(&reader->doc->arena, &scalar, text, len);
	node->merge_key = len == 2 && memcmp(text, "<<", 2) == 0 &&
			  (event->data.scalar.plain_implicit ||
			   (tag && strcmp(tag, "merge") == 0));
	return true;
}

static enum ydoc_style scalar_style(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return YDOC_SINGLE_QUOTED;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return YDOC_DOUBLE_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return YDOC_LITERAL;
	default:
		return YDOC_PLAIN;
	}
}

const struct value *yreader_value(struct yreader *reader,
				  const struct ydoc_node *node)
{
	if (node->value->kind == VALUE_INT &&
	    (reader->doc->flags & YDOC_FLOATS))
		return value_new_float(&reader->doc->arena,
				       (double)node->value->integer);
	return node->value;
}

/* Nodes. */

/* The start of a line is looked for once, as a line may be the whole text. */
static void set_start(struct yreader *reader, struct ydoc_node *node,
		      const yaml_event_t *event)
{
	const char *text = str_text(&reader->doc->text);
	size_t at = mark_offset(reader, &event->start_mark);

	node->span.start = at;
	node->span.line = (unsigned int)event->start_mark.line + 1 +
			  reader->doc->lines_before;
	if (event->start_mark.line != reader->line) {
		reader->line = event->start_mark.line;
		while (at > reader->skipped && text[at - 1] != '\n' &&
		       text[at - 1] != '\r')
			at--;
		reader->line_start = at;
	}
	node->span.column =
		(unsigned int)(node->span.start - reader->line_start) + 1;
}

static struct ydoc_node *new_node(struct yreader *reader, enum ydoc_kind kind,
				  struct ydoc_node *parent,
				  const yaml_event_t *event)
{
	struct ydoc_node *node = reader->spare;

	if (node) {
		reader->spare = node->next;
		*node = (struct ydoc_node){0};
	} else {
		node = arena_new(&reader->doc->arena, struct ydoc_node);
	}
	node->kind = kind;
	node->parent = parent;
	node->weight = 1;
	set_start(reader, node, event);
	node->span.end = mark_offset(reader, &event->end_mark);
	if (!parent)
		return node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

static void set_anchor(struct yreader *reader, struct ydoc_node *node,
		       const yaml_char_t *anchor, const yaml_char_t *tag)
{
	node->decorated = anchor || tag;
	if (anchor)
		map_put(&reader->anchors, (const char *)anchor, node);
}

/* For a node that begins at @mark, or what it repeats. */
static bool pay(struct yreader *reader, size_t price, const yaml_mark_t *mark,
		struct err *err)
{
	CLEANUP(str_release) struct str cause = {0};

	reader->nodes += price;
	if (reader->nodes <= reader->nodes_max)
		return true;
	str_addf(&cause, "more than %zu values", reader->nodes_max);
	return fail_at(reader, mark_offset(reader, mark), str_text(&cause),
		       err);
}

static bool count_copies(struct yreader *reader, const struct ydoc_node *node,
			 size_t count, struct err *err)
{
	reader->copied += count;
	if (reader->copied > YDOC_ALIAS_MAX)
		return yreader_fail(reader, node, "its aliases repeat too much",
				    err);
	return true;
}

static bool read_alias(struct yreader *reader, struct ydoc_node *node,
		       const yaml_event_t *event, struct err *err)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct ydoc_node *target = map_get(&reader->anchors, name);
	CLEANUP(str_release) struct str cause = {0};

	if (!target || !target->complete) {
		str_addf(&cause,
			 target ? "anchor '%s' value contains itself"
				: "unknown anchor '%s' referenced",
			 name);
		return yreader_fail(reader, node, str_text(&cause), err);
	}
	node->target = target;
	node->value = target->value;
	node->weight = target->weight;
	node->height = target->height;
	if (reader->depth + node->height > YDOC_DEPTH_MAX)
		return yreader_fail(reader, node, "nested too deeply", err);
	return count_copies(reader, node, node->weight, err) &&
	       pay(reader, node->weight, &event->start_mark, err);
}

static bool read_node(struct yreader *reader, struct ydoc_node *parent,
		      yaml_event_t *event, struct ydoc_node **result,
		      struct err *err);

/* Add what @child says about size to @node. */
static void measure(struct ydoc_node *node, const struct ydoc_node *child)
{
	node->weight += child->weight;
	if (node->height < child->height + 1)
		node->height = child->height + 1;
}

static void set_items(struct yreader *reader, struct ydoc_node *node,
		      const struct yitems *items)
{
	struct arena *arena = &reader->doc->arena;
	struct value *list = value_new_list(arena);

	list->list.items =
		arena_new_array(arena, const struct value *, items->count);
	if (items->count)
		memcpy(list->list.items, items->values,
		       items->count * sizeof(*items->values));
	list->list.count = items->count;
	list->list.capacity = items->count;
	node->value = list;
}

/* The children of a mapping or sequence, to its @end; @items gets values. */
static bool read_children(struct yreader *reader, struct ydoc_node *node,
			  yaml_event_type_t end, struct yitems *items,
			  struct err *err)
{
	for (;;) {
		CLEANUP(event_release) yaml_event_t event = {0};
		struct ydoc_node *child;

		if (!next_event(reader, &event, err))
			return false;
		if (event.type == end) {
			if (node->style == YDOC_FLOW)
				node->span.end =
					mark_offset(reader, &event.end_mark);
			return true;
		}
		if (!read_node(reader, node, &event, &child, err))
			return false;
		measure(node, child);
		node->span.end = child->span.end;
		if (node->kind == YDOC_MAPPING)
			continue;
		yitems_add(items, yreader_value(reader, child));
		if (reader->values_only)
			yreader_drop_child(reader, node);
	}
}

static bool read_sequence(struct yreader *reader, struct ydoc_node *node,
			  struct err *err)
{
	CLEANUP(yitems_release) struct yitems items = {0};

	if (!read_children(reader, node, YAML_SEQUENCE_END_EVENT, &items, err))
		return false;
	set_items(reader, node, &items);
	return true;
}

static bool read_mapping(struct yreader *reader, struct ydoc_node *node,
			 struct err *err)
{
	return read_children(reader, node, YAML_MAPPING_END_EVENT, NULL, err) &&
	       yreader_build_mapping(reader, node, err);
}

static bool read_collection(struct yreader *reader, struct ydoc_node *node,
			    bool flow, struct err *err)
{
	node->style = flow ? YDOC_FLOW : YDOC_BLOCK;
	if (++reader->depth > YDOC_DEPTH_MAX)
		return yreader_fail(reader, node, "nested too deeply", err);
	reader->flow_depth += flow;
	if (!(node->kind == YDOC_MAPPING ? read_mapping(reader, node, err)
					 : read_sequence(reader, node, err)))
		return false;
	reader->flow_depth -= flow;
	reader->depth--;
	if (reader->values_only)
		yreader_drop_below(reader, node);
	return true;
}

static bool read_node(struct yreader *reader, struct ydoc_node *parent,
		      yaml_event_t *event, struct ydoc_node **result,
		      struct err *err)
{
	struct ydoc_node *node;
	bool done;

	if (!pay(reader, 1 + reader->depth / YDOC_DEPTH_FREE,
		 &event->start_mark, err))
		return false;
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		node = new_node(reader, YDOC_ALIAS, parent, event);
		done = read_alias(reader, node, event, err);
		break;
	case YAML_SCALAR_EVENT:
		node = new_node(reader, YDOC_SCALAR, parent, event);
		node->style = scalar_style(event->data.scalar.style);
		set_anchor(reader, node, event->data.scalar.anchor,
			   event->data.scalar.tag);
		done = resolve_scalar(reader, node, event, err);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node = new_node(reader, YDOC_SEQUENCE, parent, event);
		set_anchor(reader, node, event->data.sequence_start.anchor,
			   event->data.sequence_start.tag);
		done = read_collection(reader, node,
				       event->data.sequence_start.style ==
					       YAML_FLOW_SEQUENCE_STYLE,
				       err);
		break;
	case YAML_MAPPING_START_EVENT:
		node = new_node(reader, YDOC_MAPPING, parent, event);
		set_anchor(reader, node, event->data.mapping_start.anchor,
			   event->data.mapping_start.tag);
		done = read_collection(reader, node,
				       event->data.mapping_start.style ==
					       YAML_FLOW_MAPPING_STYLE,
				       err);
		break;
	default:
		BUG("unexpected YAML event %d", (int)event->type);
	}
	node->complete = done;
	*result = node;
	return done;
}

/* Documents. */

/* The first event of the document's node, or the end of the stream. */
static bool read_start(struct yreader *reader, yaml_event_t *event,
		       struct err *err)
{
	for (;;) {
		if (!next_event(reader, event, err))
			return false;
		if (event->type != YAML_STREAM_START_EVENT &&
		    event->type != YAML_DOCUMENT_START_EVENT)
			return true;
		yaml_event_delete(event);
	}
}

static bool read_end(struct yreader *reader, struct err *err)
{
	for (;;) {
		CLEANUP(event_release) yaml_event_t event = {0};

		if (!next_event(reader, &event, err))
			return false;
		if (event.type == YAML_DOCUMENT_START_EVENT)
			return fail_at(reader,
				       mark_offset(reader, &event.start_mark),
				       "a second document begins", err);
		if (event.type == YAML_STREAM_END_EVENT ||
		    (reader->doc->flags & YDOC_FIRST))
			return true;
	}
}

static bool read_document(struct yreader *reader, struct err *err)
{
	CLEANUP(event_release) yaml_event_t event = {0};

	if (!read_start(reader, &event, err))
		return false;
	reader->doc->root = &value_nil;
	if (event.type == YAML_STREAM_END_EVENT)
		return true;
	if (!read_node(reader, NULL, &event, &reader->doc->nodes, err))
		return false;
	reader->doc->root = yreader_value(reader, reader->doc->nodes);
	/* As a key, or where a later key replaces it, it does no harm. */
	if (reader->infinite && value_has_infinite(reader->doc->root)) {
		(void)yreader_fail(reader, reader->infinite,
				   "JSON, and so Helm, knows no such number",
				   err);
		return err_hint(err, "put it in quotes, if it is a text");
	}
	return read_end(reader, err);
}

bool yreader_read(struct yreader *reader, struct ydoc *doc, const char *text,
		  size_t len, const char *name, struct err *err)
{
	if (len > YDOC_SIZE_MAX)
		return err_set(err, ERR_INPUT,
			       "cannot read '%s' as YAML: over %zu MiB", name,
			       YDOC_SIZE_MAX >> 20);
	reader->doc = doc;
	doc->name = xstrdup(name);
	str_add_bytes(&doc->text, text, len);
	if (starts_with(str_text(&doc->text), "\xef\xbb\xbf"))
		reader->skipped = 3;
	reader->text = str_text(&doc->text) + reader->skipped;
	reader->len = len - reader->skipped;
	reader->is_ascii = is_ascii(reader->text, reader->len);
	if (!yaml_parser_initialize(&reader->parser))
		mem_exhausted();
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser,
				     (const unsigned char *)reader->text,
				     reader->len);
	return read_document(reader, err);
}

void yreader_release(struct yreader *reader)
{
	yaml_parser_delete(&reader->parser);
	map_release(&reader->anchors);
}

bool ydoc_parse_behind(struct ydoc *doc, const char *text, size_t len,
		       const char *name, unsigned int flags,
		       unsigned int lines_before, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc fresh = {
		.flags = flags, .lines_before = lines_before};
	CLEANUP(yreader_release) struct yreader reader = {.nodes_max =
								  SIZE_MAX};

	if (!yreader_read(&reader, &fresh, text, len, name, err))
		return false;
	ydoc_release(doc);
	*doc = fresh;
	fresh = (struct ydoc){0};
	return true;
}

bool ydoc_parse(struct ydoc *doc, const char *text, size_t len,
		const char *name, unsigned int flags, struct err *err)
{
	return ydoc_parse_behind(doc, text, len, name, flags, 0, err);
}

bool ydoc_read(struct ydoc *doc, const char *path, unsigned int flags,
	       struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!file_read(path, YDOC_SIZE_MAX, &text, err))
		return false;
	return ydoc_parse(doc, str_text(&text), text.len, path, flags, err);
}

void ydoc_release(struct ydoc *doc)
{
	str_release(&doc->text);
	free(doc->name);
	arena_release(&doc->arena);
	*doc = (struct ydoc){0};
}
