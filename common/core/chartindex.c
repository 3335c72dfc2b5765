#include "core/chartindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "core/chartindex_layout.h"
#include "format/gojson.h"
#include "format/jsontext.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"

/* --- opening ------------------------------------------------------------- */

bool chartindex_has_braces(const struct chartindex *index)
{
	const char *text = index->text;
	size_t at = 0;

	while (at < index->len && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at < index->len && text[at] == '{';
}

static bool refused(const struct chartindex *index, const char *cause,
		    struct err *err)
{
	err_set(err, ERR_INPUT, "bad index '%s': %s", index->source, cause);
	return err_at(err, index->source, 1, 1, NULL, 0);
}

static void forget_blocks(struct chartindex *index)
{
	free(index->layout->blocks.items);
	index->layout->blocks = (struct chartindex_blocks){0};
	index->layout->by_name = NULL;
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

size_t chartindex_values_max(size_t len)
{
	return max_size(CHARTINDEX_VALUES_MAX, len / CHARTINDEX_VALUE);
}

/* The same for all of it. */
static size_t whole_values_max(size_t len)
{
	return len > CHARTINDEX_SMALL ? len / CHARTINDEX_VALUE
				      : CHARTINDEX_VALUES_MAX;
}

static bool advise_layout(struct err *err)
{
	return err_hint(err, "laid out as Helm writes it an index may be "
			     "larger: 'helm repo index EMPTY_DIR --merge "
			     "index.yaml' writes it so");
}

static bool too_large(const struct chartindex *index, struct err *err)
{
	(void)err_set(err, ERR_INPUT,
		      "bad index '%s': over %zu MiB that must be parsed at "
		      "once",
		      index->source, CHARTINDEX_PARSED_MAX >> 20);
	return advise_layout(err);
}

/* Parse all of it: what cannot be scanned is refused here, with its place. */
static bool parse_tree(struct chartindex *index, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	const struct value *root, *entries;

	forget_blocks(index);
	if (index->len > CHARTINDEX_PARSED_MAX)
		return too_large(index, err);
	if (!ydoc_parse_values(&doc, index->text, index->len, index->source,
			       YDOC_STRICT_KEYS, whole_values_max(index->len),
			       err))
		return doc.overfull && advise_layout(err);
	if (!value_is_map(doc.root))
		return refused(index, "it must be a mapping", err);
	entries = value_map_get(doc.root, "entries");
	if (entries && entries->kind != VALUE_NIL && !value_is_map(entries)) {
		err_set(err, ERR_INPUT,
			"bad index '%s': 'entries' must be a mapping",
			index->source);
		return ydoc_blame(&doc, "entries", err);
	}
	root = ydoc_take_values(&doc, &index->arena);
	*index->layout = (struct chartindex_layout){
		.form = CHARTINDEX_TREE,
		.root = root,
		.has_api_version = value_map_get(root, "apiVersion") != NULL,
	};
	return true;
}

/* A line break at the end saves every other place from asking. */
static void end_last_line(struct chartindex *index)
{
	char *ended;

	if (!index->len || index->text[index->len - 1] == '\n')
		return;
	ended = arena_alloc(&index->arena, index->len + 1);
	memcpy(ended, index->text, index->len);
	ended[index->len++] = '\n';
	index->text = ended;
}

static bool has_nul(const struct chartindex *index)
{
	return index->len && memchr(index->text, '\0', index->len);
}

/* Lines that are proved have no NUL: that saves a look at all of the text. */
static bool find_layout(struct chartindex *index, struct err *err)
{
	bool is_json = chartindex_has_braces(index);

	index->layout = arena_new(&index->arena, struct chartindex_layout);
	if (!is_json) {
		end_last_line(index);
		if (chartindex_scan_lines(index->layout, index->text,
					  index->len, &index->arena))
			return true;
	}
	if (has_nul(index))
		return refused(index, "a NUL byte is in it", err);
	if (is_json && chartindex_scan_json(index->layout, index->text,
					    index->len, &index->arena))
		return true;
	return parse_tree(index, err);
}

static bool is_gzip(const struct chartindex *index)
{
	return index->len >= 2 && memcmp(index->text, "\x1f\x8b", 2) == 0;
}

static bool open_text(struct chartindex *index, struct err *err)
{
	if (index->len > CHARTINDEX_SIZE_MAX)
		return refused(index, "it is too large", err);
	if (is_gzip(index))
		return refused(
			index,
			"it is compressed (gzip); store it as plain text", err);
	if (!find_layout(index, err))
		return false;
	if (index->len && !index->layout->has_api_version)
		return refused(index, "it has no apiVersion", err);
	return true;
}

bool chartindex_open(struct chartindex *index, const char *text, size_t len,
		     const char *source, struct err *err)
{
	struct chartindex opened = {.text = text ? text : "", .len = len};

	opened.source = xstrdup(source);
	if ((text && !len && !refused(&opened, "it is empty", err)) ||
	    !open_text(&opened, err)) {
		chartindex_release(&opened);
		return false;
	}
	chartindex_release(index);
	*index = opened;
	return true;
}

void chartindex_release(struct chartindex *index)
{
	free(index->source);
	if (index->layout)
		forget_blocks(index);
	arena_release(&index->arena);
	*index = (struct chartindex){0};
}

/* --- reading ------------------------------------------------------------- */

/* An object, while it is one of jansson's, takes the room of this many more. */
#define JSON_OBJECT 3

static size_t count_byte(const char *text, size_t len, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += text[i] == byte;
	return count;
}

bool chartindex_parse_json(const struct chartindex *index,
			   struct chartindex_span span, struct arena *arena,
			   const struct value **value)
{
	CLEANUP(err_release) struct err unfit = {0};
	size_t len = span.end - span.start;
	CLEANUP(free_ptr) char *text = xmemdupz(index->text + span.start, len);
	struct gojson_size size;

	return gojson_check(text, len, &size, &unfit) &&
	       size.values + count_byte(text, len, '{') * JSON_OBJECT <=
		       chartindex_values_max(len) &&
	       jsontext_parse(value, text, len, index->source, arena, &unfit);
}

static bool parse_json_block(const struct chartindex *index,
			     const struct chartindex_block *block,
			     struct arena *arena, const struct value **list)
{
	const struct chartindex_span body = {block->body, block->span.end};

	return chartindex_parse_json(index, body, arena, list);
}

static bool parse_lines_block(const struct chartindex *index,
			      const struct chartindex_block *block,
			      struct arena *arena, const struct value **list)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err unfit = {0};
	size_t len = block->span.end - block->span.start;

	if (!ydoc_parse_values(&doc, index->text + block->span.start, len,
			       index->source, YDOC_STRICT_KEYS,
			       chartindex_values_max(len), &unfit) ||
	    !value_is_map(doc.root) || doc.root->map.count != 1)
		return false;
	*list = ydoc_take_values(&doc, arena)->map.pairs[0].value;
	if ((*list)->kind == VALUE_NIL)
		*list = value_new_list(arena);
	return true;
}

/* The list of one chart's entries; NULL if it cannot be told from a part. */
static const struct value *parse_block(const struct chartindex *index,
				       const struct chartindex_block *block,
				       struct arena *arena)
{
	const struct value *list = NULL;
	bool is_json = index->layout->form == CHARTINDEX_JSON;

	if (is_json ? parse_json_block(index, block, arena, &list)
		    : parse_lines_block(index, block, arena, &list))
		return list;
	return NULL;
}

bool chartindex_list_in(const struct chartindex *index,
			const struct value *entries, const char *name,
			const struct value **list, struct err *err)
{
	const struct value *found = value_map_get(entries, name);

	if (found && found->kind == VALUE_NIL)
		found = NULL;
	if (found && !value_is_list(found))
		return err_set(err, ERR_INPUT,
			       "bad index '%s': the entries of '%s' must be a "
			       "list",
			       index->source, name);
	*list = found;
	return true;
}

static bool find_list(struct chartindex *index, const char *name,
		      struct arena *arena, const struct value **list,
		      struct err *err)
{
	const struct value *entries;

	*list = NULL;
	if (index->layout->form != CHARTINDEX_TREE) {
		const struct chartindex_block *block =
			chartindex_find_block(index->layout, name);

		if (!block)
			return true;
		*list = parse_block(index, block, arena);
		if (*list && value_is_list(*list))
			return true;
		/* Anchors, or not YAML at all: the whole text tells. */
		if (!parse_tree(index, err))
			return false;
	}
	entries = value_map_get(index->layout->root, "entries");
	return !entries || chartindex_list_in(index, entries, name, list, err);
}

const char *chartindex_text_at(const struct value *map, const char *name,
			       struct arena *arena)
{
	CLEANUP(str_release) struct str text = {0};
	const struct value *value = value_map_get(map, name);

	/* A text with a NUL byte is not the one that ends there. */
	if (!value || (value->kind == VALUE_STRING &&
		       memchr(value->string.bytes, 0, value->string.len)))
		return "";
	if (value->kind == VALUE_STRING)
		return value->string.bytes;
	return chart_add_scalar(&text, value)
		       ? arena_strdup(arena, str_text(&text))
		       : "";
}

/* The texts of @urls: what else a hostile index has there is left out. */
static const struct value *only_texts(const struct value *urls,
				      struct arena *arena)
{
	struct value *texts = value_new_list(arena);

	for (size_t i = 0; urls && value_is_list(urls) && i < urls->list.count;
	     i++) {
		if (urls->list.items[i]->kind == VALUE_STRING)
			value_list_add(texts, arena, urls->list.items[i]);
	}
	return texts;
}

const char *chartindex_bare_digest(const char *digest, struct arena *arena)
{
	const char *hex = after_prefix(digest, "sha256:");
	char *lower;

	hex = hex ? hex : digest;
	if (!hex[strcspn(hex, "ABCDEF")])
		return hex;
	lower = arena_strdup(arena, hex);
	for (char *at = lower; *at; at++) {
		if (*at >= 'A' && *at <= 'F')
			*at |= 0x20;
	}
	return lower;
}

static struct chartindex_entry entry_of(const struct value *value,
					struct arena *arena)
{
	const char *digest = chartindex_text_at(value, "digest", arena);

	return (struct chartindex_entry){
		.version = chartindex_text_at(value, "version", arena),
		.digest = chartindex_bare_digest(digest, arena),
		.created = chartindex_text_at(value, "created", arena),
		.urls = only_texts(value_map_get(value, "urls"), arena),
		.value = value,
	};
}

struct chartindex_entry chartindex_make_entry(const char *name,
					      const char *version,
					      const char *url,
					      struct arena *arena)
{
	struct value *value = value_new_map(arena);
	struct value *urls = value_new_list(arena);

	value_map_set_text(value, arena, "name", name);
	value_map_set_text(value, arena, "version", version);
	value_list_add(urls, arena, value_new_text(arena, url));
	value_map_set(value, arena, "urls", urls);
	return entry_of(value, arena);
}

struct sorted {
	struct chartindex_entry entry;
	struct semver version;
	bool is_version;
	size_t place; /* in the text: decides between equals */
};

static int by_version(const void *a, const void *b)
{
	const struct sorted *left = a, *right = b;
	int order = 0;

	if (left->is_version && right->is_version)
		order = semver_compare(&right->version, &left->version);
	else
		order = (int)right->is_version - (int)left->is_version;
	if (order)
		return order;
	return (left->place > right->place) - (left->place < right->place);
}

void chartindex_sort(struct chartindex_entries *entries)
{
	struct sorted *sorted = xcalloc(entries->count + 1, sizeof(*sorted));

	for (size_t i = 0; i < entries->count; i++) {
		CLEANUP(err_release) struct err err = {0};

		sorted[i].entry = entries->items[i];
		sorted[i].place = i;
		sorted[i].is_version = semver_parse(
			&sorted[i].version, entries->items[i].version, &err);
	}
	qsort(sorted, entries->count, sizeof(*sorted), by_version);
	for (size_t i = 0; i < entries->count; i++) {
		entries->items[i] = sorted[i].entry;
		semver_release(&sorted[i].version);
	}
	free(sorted);
}

bool chartindex_read_unsorted(struct chartindex *index, const char *name,
			      struct arena *arena,
			      struct chartindex_entries *entries,
			      struct err *err)
{
	struct chartindex_entries read = {0};
	const struct value *list;

	if (!find_list(index, name, arena, &list, err))
		return false;
	if (list &&
	    list->list.count > max_size(CHARTINDEX_VERSIONS_MAX,
					index->len / CHARTINDEX_VERSION))
		return err_set(err, ERR_INPUT,
			       "bad index '%s': over %zu versions of '%s'",
			       index->source, CHARTINDEX_VERSIONS_MAX, name);
	if (list)
		read.items = arena_new_array(arena, struct chartindex_entry,
					     list->list.count);
	for (size_t i = 0; list && i < list->list.count; i++) {
		if (value_is_map(list->list.items[i]))
			read.items[read.count++] =
				entry_of(list->list.items[i], arena);
	}
	*entries = read;
	return true;
}

bool chartindex_read(struct chartindex *index, const char *name,
		     struct arena *arena, struct chartindex_entries *entries,
		     struct err *err)
{
	if (!chartindex_read_unsorted(index, name, arena, entries, err))
		return false;
	chartindex_sort(entries);
	return true;
}

void chartindex_add_names(const struct chartindex *index, struct strvec *names)
{
	const struct chartindex_layout *layout = index->layout;
	const struct value *entries =
		layout->root ? value_map_get(layout->root, "entries") : NULL;

	for (size_t i = 0; i < layout->blocks.count; i++)
		strvec_add(names, layout->blocks.items[i].name);
	for (size_t i = 0; entries && i < entries->map.count; i++)
		strvec_add(names, entries->map.pairs[i].key.bytes);
}

const struct chartindex_entry *chartindex_find(
	const struct chartindex_entries *entries, const char *version)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (!strcmp(entries->items[i].version, version))
			return &entries->items[i];
	}
	return NULL;
}

bool chartindex_look_up(struct chartindex_lookup *lookup, const char *name,
			const char *version,
			const struct chartindex_entry **entry, struct err *err)
{
	if (!same_text(lookup->name, name)) {
		chartindex_lookup_release(lookup);
		if (!chartindex_read(lookup->index, name, &lookup->arena,
				     &lookup->entries, err))
			return false;
		lookup->name = xstrdup(name);
	}
	*entry = chartindex_find(&lookup->entries, version);
	return true;
}

void chartindex_lookup_release(struct chartindex_lookup *lookup)
{
	arena_release(&lookup->arena);
	free(lookup->name);
	*lookup = (struct chartindex_lookup){.index = lookup->index};
}

bool chartindex_check_digest(const char *url, const char *digest,
			     const char *found, struct err *err)
{
	return !*digest || !strcmp(digest, found) ||
	       err_set(err, ERR_CONFLICT,
		       "'%s' is not what its index promises: its SHA-256 is "
		       "%s, not %s",
		       url, found, digest);
}

bool chartindex_check_chart(const char *url, const char *name,
			    const char *version, const struct chart *found,
			    struct err *err)
{
	return (!strcmp(found->name, name) &&
		!strcmp(found->version, version)) ||
	       err_set(err, ERR_CONFLICT,
		       "'%s' is not what its index promises: it holds '%s' %s",
		       url, found->name, found->version);
}

const char *chartindex_annotation(const struct chartindex *index,
				  const char *key, struct arena *arena)
{
	const struct value *annotations =
		chartindex_read_annotations(index->layout, index->text, arena);
	const struct value *found =
		annotations ? value_map_get(annotations, key) : NULL;

	return found && found->kind == VALUE_STRING ? found->string.bytes
						    : NULL;
}

bool chartindex_is_name(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || len > CHARTINDEX_NAME_MAX || text[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f ||
		    strchr("/\\%?#:", text[i]))
			return false;
	}
	return true;
}

struct value *chartindex_new_entry(const struct chart *chart, const char *url,
				   const char *digest, const char *created,
				   struct arena *arena)
{
	struct value *entry = value_copy(chart->metadata, arena);
	struct value *urls = value_new_list(arena);

	value_list_add(urls, arena, value_new_text(arena, url));
	value_map_set(entry, arena, "urls", urls);
	value_map_set_text(entry, arena, "created", created);
	value_map_set_text(entry, arena, "digest", digest);
	return entry;
}
