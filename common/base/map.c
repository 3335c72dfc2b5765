#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"

#define SLOTS_MIN 16

static uint64_t hash_seed(void)
{
	static uint64_t seed;

	while (!seed)
		seed = random_number();
	return seed;
}

/* SipHash-1-3 (Aumasson, Bernstein), with the seed as both key words. */
static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static uint64_t hash_text(const char *text)
{
	const uint64_t key = hash_seed();
	size_t len = strlen(text);
	uint64_t v[4] = {
		key ^ 0x736f6d6570736575,
		~key ^ 0x646f72616e646f6d,
		key ^ 0x6c7967656e657261,
		~key ^ 0x7465646279746573,
	};
	uint64_t last = (uint64_t)len << 56;
	uint64_t word;

	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&word, text, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)(unsigned char)text[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot of @key: of its entry, or the free one where it would go. */
static uint32_t *find_slot(const struct map *map, const char *key,
			   uint64_t hash)
{
	size_t mask = map->slot_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		const struct map_entry *entry;

		if (!map->slots[i])
			return &map->slots[i];
		entry = &map->entries[map->slots[i] - 1];
		if (entry->hash == hash && strcmp(entry->key, key) == 0)
			return &map->slots[i];
	}
}

static void grow_slots(struct map *map)
{
	size_t count = map->slot_count ? map->slot_count * 2 : SLOTS_MIN;

	free(map->slots);
	map->slots = xcalloc(count, sizeof(*map->slots));
	map->slot_count = count;
	for (size_t i = 0; i < map->count; i++) {
		const struct map_entry *entry = &map->entries[i];

		*find_slot(map, entry->key, entry->hash) = (uint32_t)i + 1;
	}
}

void *map_put(struct map *map, const char *key, void *value)
{
	uint64_t hash = hash_text(key);
	uint32_t *slot;

	if (map->count == UINT32_MAX - 1)
		BUG("map with %zu entries", map->count);
	if ((map->count + 1) * 4 > map->slot_count * 3)
		grow_slots(map);

	slot = find_slot(map, key, hash);
	if (*slot) {
		struct map_entry *entry = &map->entries[*slot - 1];
		void *old = entry->value;

		entry->value = value;
		return old;
	}

	map->entries = grow_array(map->entries, map->count + 1,
				  sizeof(*map->entries), &map->capacity);
	map->entries[map->count++] = (struct map_entry){
		.key = xstrdup(key),
		.value = value,
		.hash = hash,
	};
	*slot = (uint32_t)map->count;
	return NULL;
}

static const struct map_entry *find_entry(const struct map *map,
					  const char *key)
{
	uint32_t *slot;

	if (!map->count)
		return NULL;
	slot = find_slot(map, key, hash_text(key));
	return *slot ? &map->entries[*slot - 1] : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	const struct map_entry *entry = find_entry(map, key);

	return entry ? entry->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return find_entry(map, key) != NULL;
}

void map_release(struct map *map)
{
	for (size_t i = 0; i < map->count; i++)
		free(map->entries[i].key);
	free(map->entries);
	free(map->slots);
	*map = (struct map){0};
}
