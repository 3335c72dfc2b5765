#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Blocks grow with the arena, so that few are needed for large trees. */
#define BLOCK_SIZE_MIN ((size_t)4 << 10)
#define BLOCK_SIZE_MAX ((size_t)1 << 20)
#define HUGE_PAGE      ((size_t)2 << 20)

#define PRINTED_USUALLY 256 /* bytes at most */

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

static const char *program = "slipway";

void mem_set_program(const char *name)
{
	program = name;
}

void mem_exhausted(void)
{
	fprintf(stderr, "%s: error: out of memory\n", program);
	exit(1);
}

static size_t multiply(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		mem_exhausted();
	return total;
}

void mem_trim(void)
{
	malloc_trim(0);
}

void *xmalloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		mem_exhausted();
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		mem_exhausted();
	return memory;
}

void *xrealloc(void *old, size_t count, size_t size)
{
	size_t total = multiply(count, size);
	void *memory = realloc(old, total ? total : 1);

	if (!memory)
		mem_exhausted();
	return memory;
}

char *xmemdupz(const char *bytes, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *text)
{
	return xmemdupz(text, strlen(text));
}

char *xstrdup_or_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

char *xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		mem_exhausted();
	return text;
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}

static size_t next_capacity(size_t capacity, size_t want)
{
	size_t next = capacity + capacity / 2;

	if (next < 8)
		next = 8;
	return next < want ? want : next;
}

/*
 * All the pages on which @memory lies, so that it remains one mapping, which
 * realloc() can move without a copy.  Only a hint: it may be refused.
 */
static void prefer_huge_pages(void *memory)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t offset = (uintptr_t)memory % page;
	size_t size = offset + malloc_usable_size(memory);

	(void)!madvise((char *)memory - offset, size, MADV_HUGEPAGE);
}

void *grow_array(void *array, size_t want, size_t size, size_t *capacity)
{
	void *grown;

	if (want <= *capacity)
		return array;

	*capacity = next_capacity(*capacity, want);
	grown = xrealloc(array, *capacity, size);
	if (*capacity * size >= HUGE_PAGES_MIN)
		prefer_huge_pages(grown);
	return grown;
}

void free_ptr(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;

	free(*pointer);
	*pointer = NULL;
}

static size_t next_block_size(const struct arena *arena, size_t want)
{
	size_t size = BLOCK_SIZE_MIN;

	if (arena->roomy && arena->total >= ARENA_HUGE_MIN && want < HUGE_PAGE)
		return HUGE_PAGE;
	while (size < BLOCK_SIZE_MAX && size < arena->total)
		size *= 2;
	return size < want ? want : size;
}

static void *huge_page(void)
{
	void *memory = aligned_alloc(HUGE_PAGE, HUGE_PAGE);

	if (!memory)
		mem_exhausted();
	prefer_huge_pages(memory);
	return memory;
}

static void add_block(struct arena *arena, size_t want)
{
	struct arena_block *block;
	size_t size = next_block_size(arena, sizeof(*block) + want);

	block = size == HUGE_PAGE ? huge_page() : xmalloc(size);
	block->size = size - sizeof(*block);
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
}

static void *take(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *memory;

	if (size > SIZE_MAX / 2)
		mem_exhausted();
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		add_block(arena, size);
		block = arena->blocks;
	}

	memory = block->bytes + block->used;
	block->used += size;
	arena->total += size;
	return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, multiply(count, size));
}

char *arena_memdupz(struct arena *arena, const char *bytes, size_t len)
{
	char *copy = take(arena, len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_memdupz(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char room[PRINTED_USUALLY], *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(room, sizeof(room), format, args);
	va_end(args);
	if (len < 0)
		mem_exhausted();
	if ((size_t)len < sizeof(room))
		return arena_memdupz(arena, room, (size_t)len);
	text = take(arena, (size_t)len + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void *arena_grow(struct arena *arena, void *array, size_t want, size_t size,
		 size_t *capacity)
{
	size_t old = *capacity;
	void *grown;

	if (want <= old)
		return array;

	*capacity = next_capacity(old, want);
	grown = arena_alloc_array(arena, *capacity, size);
	if (old)
		memcpy(grown, array, old * size);
	return grown;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	struct arena_mark mark = {.block = arena->blocks,
				  .total = arena->total};

	if (mark.block)
		mark.used = mark.block->used;
	return mark;
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->blocks != mark.block) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	if (mark.block)
		mark.block->used = mark.used;
	arena->total = mark.total;
}

void arena_adopt(struct arena *arena, struct arena *from)
{
	struct arena_block **end = &arena->blocks;

	/* Behind the newest one, in which there is room. */
	if (*end)
		end = &(*end)->next;
	for (struct arena_block *last = from->blocks; last; last = last->next) {
		if (last->next)
			continue;
		last->next = *end;
		*end = from->blocks;
		break;
	}
	arena->total += from->total;
	*from = (struct arena){0};
}

void arena_release(struct arena *arena)
{
	arena_rewind(arena, (struct arena_mark){0});
}
