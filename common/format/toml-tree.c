#include "format/toml-tree.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"

/* --- names and paths ----------------------------------------------------- */

static bool is_bare(const struct value_text *name)
{
	for (size_t i = 0; i < name->len; i++) {
		char c = name->bytes[i];

		if (!(c >= '0' && c <= '9') && c != '_' && c != '-' &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return false;
	}
	return name->len > 0;
}

void toml_quote_add(struct str *out, const struct value_text *text)
{
	static const char named[] = "\"\"\\\\\bb\tt\nn\ff\rr";

	str_add_char(out, '"');
	for (size_t i = 0; i < text->len; i++) {
		char c = text->bytes[i];
		const char *name = named;

		while (*name && *name != c)
			name += 2;
		if (*name && c)
			str_addf(out, "\\%c", name[1]);
		else if ((unsigned char)c < ' ' || c == 0x7f)
			str_addf(out, "\\u%04x", (unsigned int)c);
		else
			str_add_char(out, c);
	}
	str_add_char(out, '"');
}

void toml_key_add(struct str *out, const struct value_text *name)
{
	if (is_bare(name))
		str_add_bytes(out, name->bytes, name->len);
	else
		toml_quote_add(out, name);
}

void toml_path_add(struct str *out, const struct toml_path *path)
{
	if (!path->parent)
		return;
	if (path->parent->parent) {
		toml_path_add(out, path->parent);
		str_add_char(out, '.');
	}
	toml_key_add(out, &path->name);
}

struct toml_path *toml_path_child(struct toml_tree *tree,
				  struct toml_path *path,
				  struct value_text name)
{
	CLEANUP(str_release) struct str link = {0};
	struct toml_path *child;

	/* The name of a key holds no NUL, unlike the key. */
	str_addf(&link, "%" PRIu32 " ", path->id);
	toml_key_add(&link, &name);
	child = map_get(&tree->paths, str_text(&link));
	if (child)
		return child;
	child = arena_new(&tree->arena, struct toml_path);
	child->parent = path;
	child->name = name;
	child->id = ++tree->ids;
	child->depth = path->depth + 1;
	map_put(&tree->paths, str_text(&link), child);
	return child;
}

/* --- nodes --------------------------------------------------------------- */

struct toml_node *toml_node_new(struct toml_tree *tree, enum toml_kind kind)
{
	struct toml_node *node = arena_new(&tree->arena, struct toml_node);

	node->kind = kind;
	node->id = ++tree->ids;
	return node;
}

struct toml_node *toml_node_scalar(struct toml_tree *tree,
				   const struct value *value)
{
	struct toml_node *node = toml_node_new(tree, TOML_SCALAR);

	node->value = value;
	return node;
}

struct link {
	char text[24]; /* two numbers of 32 bits */
};

static struct link link_of(const struct toml_node *table,
			   const struct toml_path *path)
{
	struct link link;

	snprintf(link.text, sizeof(link.text), "%" PRIx32 " %" PRIx32,
		 table->id, path->id);
	return link;
}

static struct toml_member *find_member(struct toml_tree *tree,
				       const struct toml_node *table,
				       const struct toml_path *path)
{
	tree->lookups++;
	return map_get(&tree->members, link_of(table, path).text);
}

struct toml_node *toml_node_get(struct toml_tree *tree,
				const struct toml_node *table,
				const struct toml_path *path)
{
	struct toml_member *member = find_member(tree, table, path);

	return member ? member->node : NULL;
}

static struct toml_member *add_member(struct toml_tree *tree,
				      struct toml_node *node,
				      struct toml_node *value)
{
	struct toml_member *member =
		arena_new(&tree->arena, struct toml_member);

	member->node = value;
	if (node->last)
		node->last->next = member;
	else
		node->members = member;
	node->last = member;
	return member;
}

void toml_node_set(struct toml_tree *tree, struct toml_node *table,
		   const struct toml_path *path, struct toml_node *node)
{
	struct toml_member *member = find_member(tree, table, path);

	if (member) {
		member->node = node;
		return;
	}
	member = add_member(tree, table, node);
	member->name = path->name;
	map_put(&tree->members, link_of(table, path).text, member);
}

/* The table that @node is, or the last of those that it has; or NULL. */
static struct toml_node *as_table(struct toml_node *node)
{
	if (node->kind == TOML_TABLES)
		return node->last->node;
	return node->kind == TOML_TABLE ? node : NULL;
}

/* --- the tree ------------------------------------------------------------ */

void toml_tree_init(struct toml_tree *tree, struct arena *values)
{
	tree->values = values;
	tree->root_path = arena_new(&tree->arena, struct toml_path);
	tree->root = toml_node_new(tree, TOML_TABLE);
}

void toml_tree_release(struct toml_tree *tree)
{
	map_release(&tree->paths);
	map_release(&tree->members);
	str_release(&tree->problem);
	arena_release(&tree->arena);
}

static bool fail_key(struct toml_tree *tree, const struct toml_path *path,
		     const char *what)
{
	str_add(&tree->problem, "Key '");
	toml_path_add(&tree->problem, path);
	str_addf(&tree->problem, "' %s", what);
	return false;
}

static bool fail_defined(struct toml_tree *tree, const struct toml_path *path)
{
	return fail_key(tree, path, "has already been defined.");
}

/* The table at @path; what leads there must exist. */
static struct toml_node *find_table(struct toml_tree *tree,
				    struct toml_path *path)
{
	struct toml_node *table, *node;

	if (!path->parent)
		return tree->root;
	if (tree->lookups > TOML_LOOKUPS_MAX)
		return NULL;
	table = find_table(tree, path->parent);
	if (!table)
		return NULL;
	node = toml_node_get(tree, table, path);
	if (!node) {
		tree->lost = true;
		return NULL;
	}
	table = as_table(node);
	if (!table)
		fail_defined(tree, path);
	return table;
}

/* The same, but what is not there is made, and implied. */
static struct toml_node *make_table(struct toml_tree *tree,
				    struct toml_path *path)
{
	struct toml_node *table, *node;

	if (!path->parent)
		return tree->root;
	if (tree->lookups > TOML_LOOKUPS_MAX)
		return NULL;
	table = make_table(tree, path->parent);
	if (!table)
		return NULL;
	node = toml_node_get(tree, table, path);
	if (!node) {
		path->implicit = true;
		node = toml_node_new(tree, TOML_TABLE);
		toml_node_set(tree, table, path, node);
	}
	table = as_table(node);
	if (!table)
		fail_key(tree, path, "was already created as a hash.");
	return table;
}

bool toml_tree_set(struct toml_tree *tree, struct toml_path *context,
		   struct value_text name, struct toml_node *node)
{
	struct toml_node *table = find_table(tree, context);
	struct toml_path *path = toml_path_child(tree, context, name);

	if (!table)
		return false;
	if (!toml_node_get(tree, table, path)) {
		toml_node_set(tree, table, path, node);
		return true;
	}
	/* What was only implied may be defined once. */
	if (!path->implicit)
		return fail_defined(tree, path);
	path->implicit = false;
	if (path->array)
		toml_node_set(tree, table, path, node);
	return true;
}

static bool add_table(struct toml_tree *tree, struct toml_path *path,
		      struct toml_node *table)
{
	struct toml_node *tables = toml_node_get(tree, table, path);

	if (!tables) {
		tables = toml_node_new(tree, TOML_TABLES);
		toml_node_set(tree, table, path, tables);
	}
	if (tables->kind != TOML_TABLES)
		return fail_key(tree, path,
				"was already created and cannot be used as an "
				"array.");
	add_member(tree, tables, toml_node_new(tree, TOML_TABLE));
	return true;
}

bool toml_tree_open(struct toml_tree *tree, struct toml_path *path, bool array,
		    struct toml_path **context)
{
	struct toml_node *table = make_table(tree, path->parent);

	if (!table)
		return false;
	*context = path->parent;
	if (array ? !add_table(tree, path, table)
		  : !toml_tree_set(tree, path->parent, path->name,
				   toml_node_new(tree, TOML_TABLE)))
		return false;
	*context = path;
	return true;
}

bool toml_tree_imply(struct toml_tree *tree, struct toml_path *path,
		     struct toml_path **context)
{
	path->implicit = true;
	return toml_tree_open(tree, path, false, context);
}

void toml_tree_note(struct toml_tree *tree, struct toml_path *context,
		    struct value_text name, bool array)
{
	if (name.len > 0 || !context->parent)
		context = toml_path_child(tree, context, name);
	context->array = array;
}

/* --- values -------------------------------------------------------------- */

const struct value *toml_node_value(struct toml_tree *tree,
				    const struct toml_node *node)
{
	struct value *value;

	if (node->kind == TOML_SCALAR)
		return node->value;
	value = value_new(tree->values,
			  node->kind == TOML_TABLE ? VALUE_MAP : VALUE_MAPS);
	for (const struct toml_member *member = node->members; member;
	     member = member->next) {
		const struct value *item = toml_node_value(tree, member->node);

		if (node->kind == TOML_TABLE)
			value_map_add(value, tree->values, member->name, item);
		else
			value_list_add(value, tree->values, item);
	}
	if (node->kind == TOML_TABLE)
		value_map_sort(value);
	return value;
}
