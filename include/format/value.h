/*
 * Values that carry Go's types, shared by YAML, JSON and templates.
 *
 * Templates can tell an int from an int64 and a []string from a list, so a
 * value says which one it is.  Values live in an arena, are never changed
 * once they are shared, and are passed as `const struct value *`; NULL is
 * never a value, nil is &value_nil.
 *
 *	struct value *map = value_new_map(arena);
 *	value_map_set(map, arena, "name", value_new_text(arena, "web"));
 */
#ifndef FORMAT_VALUE_H
#define FORMAT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct str;

enum value_kind {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,   /* Go's int */
	VALUE_INT64, /* Go's int64 */
	VALUE_FLOAT64,
	VALUE_COMPLEX128,
	VALUE_STRING,
	VALUE_LIST,	   /* []interface{} */
	VALUE_STRING_LIST, /* []string */
	VALUE_MAP,	   /* map[string]interface{} */
	VALUE_STRING_MAP,  /* map[string]string */
	VALUE_OBJECT,	   /* a struct, or a pointer to one: time, semver */
	VALUE_UINT8,	   /* what indexing a string gives */
	VALUE_INT_LIST,	   /* []int; the items are VALUE_INT */
	VALUE_UINT64,	   /* Go's uint64; its bits are in an int64 */
	VALUE_LISTS,	   /* [][]interface{}; the items are VALUE_LIST */
	VALUE_MAPS, /* []map[string]interface{}: TOML's arrays of tables */
};

/*
 * Depth at which readers, writers and comparisons give up: what lies deeper
 * prints as "...", is copied as nil, and is the same as nothing.
 */
#define VALUE_DEPTH_MAX 1000

struct value;

struct value_text {
	const char *bytes; /* NUL-terminated too */
	size_t len;
};

struct value_list {
	const struct value **items;
	size_t count;
	size_t capacity;
};

struct value_pair {
	struct value_text key;
	const struct value *value;
};

/* Sorted by the bytes of the key, each once: Go's order of iteration. */
struct value_map {
	struct value_pair *pairs;
	size_t count;
	size_t capacity;
};

/* A field of a Go struct, as %d or %#v print it; texts are borrowed. */
struct value_field;

/* How many fields a struct may have. */
#define VALUE_FIELDS_MAX 6

/*
 * A Go type that has a name and methods: a struct, a pointer to one, or an
 * integer such as time.Duration.
 */
struct value_class {
	const char *type; /* Go's name: time.Time */
	const char *kind; /* Go's kind: struct, ptr, int64 */
	/* What a pointer points to: the same data under this class. */
	const struct value_class *element;
	/* Append what Go's String() gives, and its GoString() or NULL. */
	void (*print)(const struct value *self, struct str *out);
	void (*print_go)(const struct value *self, struct str *out);
	/* Fill in the fields of a struct; gives how many there are. */
	size_t (*fields)(const struct value *self, struct value_field *fields);
	/* Go's ==, and reflect.DeepEqual; NULL: by address. */
	bool (*equal)(const struct value *a, const struct value *b);
	bool (*same)(const struct value *a, const struct value *b);
	/* Go's *to = *from of two pointers; NULL: nothing may change. */
	void (*assign)(const struct value *to, const struct value *from);
	/* What copystructure makes of one; NULL: one and the same. */
	const struct value *(*copy)(const struct value *self,
				    struct arena *arena);
	/*
	 * The text, number or empty map that encoding/json makes of it.
	 * NULL, here or as result: it has no JSON.
	 */
	const struct value *(*to_json)(const struct value *self,
				       struct arena *arena);
};

struct value {
	enum value_kind kind;
	bool is_nil; /* a nil slice or map: empty, and null in JSON */
	union {
		bool boolean;
		struct { /* VALUE_INT and the others */
			int64_t integer;
			const struct value_class *named; /* or NULL: int, … */
		};
		double number;
		struct {
			double real, imaginary;
		} complex;
		struct value_text string;
		struct value_list list; /* VALUE_LIST and the others */
		struct value_map map;	/* VALUE_MAP, VALUE_STRING_MAP */
		struct {
			const struct value_class *class;
			void *data;
		} object;
	};
};

struct value_field {
	const char *name;
	struct value value;
};

extern const struct value value_nil;
extern const struct value value_true;
extern const struct value value_false;

/*
 * The nils of Go's map and slice types: empty as any other, but null in JSON
 * and YAML, and never to be changed.
 */
extern const struct value value_nil_map;
extern const struct value value_nil_list;
extern const struct value value_nil_string_list;

/* Is it null in JSON: a nil of any type? */
bool value_is_null(const struct value *value);

/* Makers; text is copied into the arena. */
struct value *value_new(struct arena *arena, enum value_kind kind);
struct value *value_new_bool(struct arena *arena, bool boolean);
struct value *value_new_int(struct arena *arena, int64_t integer);
struct value *value_new_int64(struct arena *arena, int64_t integer);
struct value *value_new_float(struct arena *arena, double number);
struct value *value_new_text(struct arena *arena, const char *text);
struct value *value_new_bytes(struct arena *arena, const char *bytes,
			      size_t len);
struct value *value_new_list(struct arena *arena);
struct value *value_new_map(struct arena *arena);

void value_list_add(struct value *list, struct arena *arena,
		    const struct value *item);

/* Make room for exactly @count members of an empty map, which may grow on. */
void value_map_reserve(struct value *map, struct arena *arena, size_t count);

/* Set or replace; the key is copied. */
void value_map_set(struct value *map, struct arena *arena, const char *key,
		   const struct value *value);
void value_map_set_bytes(struct value *map, struct arena *arena,
			 const char *key, size_t key_len,
			 const struct value *value);
void value_map_set_text(struct value *map, struct arena *arena, const char *key,
			const char *text);

/*
 * To fill a map with many keys in any order: add them as they come (@key is
 * borrowed for the life of @arena), then sort.  Of equal keys the last stays.
 */
void value_map_add(struct value *map, struct arena *arena,
		   struct value_text key, const struct value *value);
void value_map_sort(struct value *map);

/* The member, or NULL if there is none (or @map is NULL or no map). */
const struct value *value_map_get(const struct value *map, const char *key);

/* The same for a key of @key_len bytes. */
const struct value *value_map_get_bytes(const struct value *map,
					const char *key, size_t key_len);

/*
 * The value at a path of map keys, and numbers of lists' items, separated by
 * dots; NULL if there is none.  "" is @root itself.
 */
const struct value *value_find(const struct value *root, const char *path);

/* The text of a string value at @path, or NULL. */
const char *value_find_text(const struct value *root, const char *path);

/* The list at @path; an empty one if there is none. */
const struct value *value_find_list(const struct value *root, const char *path);

/* The i-th of a list, NULL behind its end or where it is none. */
const struct value *value_list_at(const struct value *list, size_t i);

/* A deep copy into @arena. */
struct value *value_copy(const struct value *value, struct arena *arena);

/*
 * @over merged into @base as Helm merges values: maps member by member,
 * anything else replaces.  The result shares parts with both; it is a
 * VALUE_STRING_MAP if @base is one and @over brings only strings.
 */
const struct value *value_merge(const struct value *base,
				const struct value *over, struct arena *arena);

/* Equal in kind and content, at any depth. */
bool value_same(const struct value *a, const struct value *b);

/* Is it, or holds it at any depth, a number that JSON does not know? */
bool value_has_infinite(const struct value *value);

/* Go's truth: not false, 0, "", nil, or an empty list or map. */
bool value_truth(const struct value *value);

bool value_is_map(const struct value *value);
bool value_is_list(const struct value *value);

/* An integer of any type, with a name or without. */
bool value_is_whole(const struct value *value);

/* The class of an object or a named integer; NULL: the type has no name. */
const struct value_class *value_class(const struct value *value);

/* Go's type and kind: "map[string]interface {}" and "map". */
const char *value_type(const struct value *value);
const char *value_kind_name(const struct value *value);

/*
 * Append as Go's fmt prints with %v: maps as map[a:1 b:2], lists as [1 2],
 * nil as <nil>, floats as strconv's 'g' (shortest digits that read back; an
 * exponent below -4 and from 6 on: 1e+06).
 */
void value_print(struct str *out, const struct value *value);

/* Append the digits of an integer, whatever name its type has. */
void value_add_whole(struct str *out, const struct value *value);

/* Append a float64 as Go's strconv.FormatFloat(f, format, -1, 64). */
void value_add_float(struct str *out, double number, char format);

/* The same with the digits that a float32 needs: FormatFloat(..., -1, 32). */
void value_add_float32(struct str *out, double number, char format);

#endif
