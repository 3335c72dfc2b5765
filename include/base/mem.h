/*
 * Memory that never runs out visibly, and arenas.
 *
 * The x-functions print "out of memory" and end the process with exit code 1
 * when the system refuses, so error paths are about the world, never about
 * memory.
 *
 * A tree (template, YAML document, options) lives in an arena owned by its
 * root and goes away with it in one call:
 *
 *	CLEANUP(arena_release) struct arena arena = {0};
 *	struct node *node = arena_new(&arena, struct node);
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Name shown before "out of memory"; borrowed for the process's life. */
void mem_set_program(const char *name);

/* Says so and ends the process: for what a package could not allocate. */
void mem_exhausted(void) NORETURN;

/* Give back what was freed in between: after much that came and went. */
void mem_trim(void);

void *xmalloc(size_t size) MUST_CHECK;
void *xcalloc(size_t count, size_t size) MUST_CHECK; /* zeroed */
void *xrealloc(void *old, size_t count, size_t size) MUST_CHECK;
char *xstrdup(const char *text) MUST_CHECK;
char *xstrdup_or_null(const char *text) MUST_CHECK;
char *xmemdupz(const char *bytes, size_t len) MUST_CHECK; /* adds a NUL */
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;
char *xvasprintf(const char *format, va_list args) PRINTF_LIKE(1, 0) MUST_CHECK;

/* One zeroed @type on the heap. */
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/*
 * Make room for @want elements of @size bytes in @array, whose capacity is
 * *@capacity; grows by half as much again.  Gives the (moved) array; new
 * room is not initialised.  From HUGE_PAGES_MIN bytes on it is in huge pages,
 * where the system has them for who asks: its first use costs a fifth then,
 * and at most one such page more than is used.
 */
#define HUGE_PAGES_MIN ((size_t)8 << 20)
void *grow_array(void *array, size_t want, size_t size, size_t *capacity)
	MUST_CHECK;

/* CLEANUP() for pointers from the heap. */
void free_ptr(void *pointer_to_pointer);

struct arena_block;

/*
 * One that is @roomy grows from ARENA_HUGE_MIN bytes on by huge pages of
 * 2 MiB, where the system has them for who asks: their first use takes a tenth
 * of the time, and the last of them is resident as a whole.
 */
#define ARENA_HUGE_MIN ((size_t)256 << 10)

struct arena {
	struct arena_block *blocks;
	size_t total; /* bytes handed out, for ceilings and statistics */
	bool roomy;   /* may be set at any time */
};

void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK; /* zeroed */
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
char *arena_memdupz(struct arena *arena, const char *bytes, size_t len)
	MUST_CHECK;
char *arena_printf(struct arena *arena, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

/* grow_array() within an arena; the old place stays until the arena goes. */
void *arena_grow(struct arena *arena, void *array, size_t want, size_t size,
		 size_t *capacity) MUST_CHECK;

/*
 * A moment in an arena's life, to come back to: arena_rewind() frees all that
 * was handed out since.  Marks nest.
 */
struct arena_mark {
	struct arena_block *block;
	size_t used;
	size_t total;
};

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/*
 * Give what @from has handed out to @arena, where it lives on; no mark of
 * @arena's frees it but one from when it was empty.  @from is empty then.
 */
void arena_adopt(struct arena *arena, struct arena *from);

void arena_release(struct arena *arena);

/* One zeroed @type, or @count of them, in @arena. */
#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
#define arena_new_array(arena, type, count) \
	((type *)arena_alloc_array(arena, count, sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
	MUST_CHECK;

#endif
