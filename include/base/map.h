/*
 * A hash map from text to a borrowed pointer, in order of insertion.
 *
 *	CLEANUP(map_release) struct map seen = {0};
 *	map_put(&seen, name, entry);
 *	entry = map_get(&seen, name);
 *
 * Keys are copied, values are the caller's.  Lookups are O(1) whatever the
 * keys: the hash is keyed with a random number per process, so that hostile
 * keys cannot pile up in one bucket.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct map_entry {
	char *key; /* owned by the map */
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *entries; /* count of them, in order of insertion */
	size_t count;
	size_t capacity;
	uint32_t *slots; /* index + 1 into entries; 0 = free */
	size_t slot_count;
};

/* Set the value of @key; gives the value that it replaces, or NULL. */
void *map_put(struct map *map, const char *key, void *value);

/* The value of @key, or NULL. */
void *map_get(const struct map *map, const char *key);
bool map_has(const struct map *map, const char *key);

void map_release(struct map *map);

#endif
