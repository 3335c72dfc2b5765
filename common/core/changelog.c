#include "core/changelog.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/strvec.h"
#include "core/tickets.h"

#define NONE SIZE_MAX

/* --- commits ----------------------------------------------------------- */

/* Indexes as values of a map, which has NULL for what it has not. */
static void *value_of(size_t index)
{
	return (void *)(uintptr_t)(index + 1);
}

static size_t number_of(const void *value)
{
	return (uintptr_t)value - 1;
}

static struct changelog_half *half_of(struct changelog *log,
				      enum changelog_side side)
{
	return side == CHANGELOG_ADDED ? &log->added : &log->removed;
}

static void copy_tickets(struct changelog_commit *commit,
			 const struct changelog_source *source,
			 const struct strvec *projects, struct arena *arena)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	const char **tickets;

	tickets_find(&keys, source->message, source->message_len, projects);
	if (keys.count == 0)
		return;
	tickets = arena_new_array(arena, const char *, keys.count);
	for (size_t i = 0; i < keys.count; i++)
		tickets[i] = arena_strdup(arena, keys.items[i]);
	commit->tickets = tickets;
	commit->ticket_count = keys.count;
}

static void copy_parents(struct changelog_commit *commit,
			 const struct changelog_source *source,
			 struct arena *arena)
{
	const char **parents;

	if (source->parent_count == 0)
		return;
	parents = arena_new_array(arena, const char *, source->parent_count);
	for (size_t i = 0; i < source->parent_count; i++)
		parents[i] = arena_strdup(arena, source->parents[i]);
	commit->parents = parents;
	commit->parent_count = source->parent_count;
}

void changelog_add(struct changelog *log, enum changelog_side side,
		   const struct changelog_source *source,
		   const struct strvec *projects)
{
	struct changelog_half *half = half_of(log, side);
	struct arena *arena = &log->arena;
	struct changelog_commit *commit;

	if (map_has(&half->by_hash, source->hash))
		return;
	half->commits =
		grow_array(half->commits, half->commit_count + 1,
			   sizeof(*half->commits), &half->commit_capacity);
	map_put(&half->by_hash, source->hash, value_of(half->commit_count));
	commit = &half->commits[half->commit_count++];
	*commit = (struct changelog_commit){
		.hash = arena_strdup(arena, source->hash),
		.author = commitmsg_name(
			source->author ? source->author : "",
			source->author ? strlen(source->author) : 0, arena),
		.time_s = source->time_s,
		.owner = NONE,
	};
	commitmsg_read(&commit->message, source->message, source->message_len,
		       source->parent_count > 1, arena);
	copy_parents(commit, source, arena);
	copy_tickets(commit, source, projects, arena);
}

/* Where the commit with exactly @hash is, or NONE. */
static size_t find_exact(const struct changelog_half *half, const char *hash)
{
	return number_of(map_get(&half->by_hash, hash));
}

static bool is_merge(const struct changelog_commit *commit)
{
	return commit->parent_count > 1;
}

/* --- merges ------------------------------------------------------------ */

/* Indexes of commits, growing. */
struct indexes {
	size_t *items;
	size_t count;
	size_t capacity;
};

static void indexes_release(struct indexes *indexes)
{
	free(indexes->items);
}

static void push(struct indexes *indexes, size_t index)
{
	indexes->items =
		grow_array(indexes->items, indexes->count + 1,
			   sizeof(*indexes->items), &indexes->capacity);
	indexes->items[indexes->count++] = index;
}

static bool is_free(const struct changelog_half *half, size_t at)
{
	return at != NONE && half->commits[at].owner == NONE &&
	       !half->commits[at].on_chain;
}

static void push_parents(struct changelog_half *half, size_t at, size_t first,
			 struct indexes *indexes)
{
	const struct changelog_commit *commit = &half->commits[at];

	for (size_t i = first; i < commit->parent_count; i++) {
		size_t parent = find_exact(half, commit->parents[i]);

		if (is_free(half, parent))
			push(indexes, parent);
	}
}

/* All that @merge brought and nobody before it belongs to its change. */
static void own(struct changelog_half *half, size_t merge)
{
	CLEANUP(indexes_release) struct indexes todo = {0};

	push_parents(half, merge, 1, &todo);
	while (todo.count > 0) {
		size_t at = todo.items[--todo.count];

		if (!is_free(half, at))
			continue;
		half->commits[at].owner = merge;
		push_parents(half, at, 0, &todo);
	}
}

/*
 * The first parents from @at on, put on @chain: the line on which pull
 * requests arrive.  @owner is the merge that brought it, or NONE.
 */
static void follow_chain(struct changelog_half *half, size_t at, size_t owner,
			 struct indexes *chain)
{
	while (is_free(half, at)) {
		struct changelog_commit *commit = &half->commits[at];

		commit->on_chain = true;
		commit->owner = owner;
		push(chain, at);
		at = commit->parent_count > 0
			     ? find_exact(half, commit->parents[0])
			     : NONE;
	}
}

/*
 * The oldest merge takes what it brought first, so that a later one gets
 * what is left.  A merge that names no pull request is a line of its own, as
 * that of a develop branch.
 */
static void fold_chain(struct changelog_half *half, struct indexes *chain)
{
	while (chain->count > 0) {
		size_t at = chain->items[--chain->count];
		const struct changelog_commit *commit = &half->commits[at];

		if (!is_merge(commit))
			continue;
		if (commit->message.change) {
			own(half, at);
			continue;
		}
		for (size_t i = 1; i < commit->parent_count; i++)
			follow_chain(half, find_exact(half, commit->parents[i]),
				     at, chain);
	}
}

/* From the commits that no other one is made on: servers differ in order. */
static void fold_merges(struct changelog_half *half)
{
	CLEANUP(indexes_release) struct indexes chain = {0};
	CLEANUP(free_ptr) bool *has_child =
		xcalloc(half->commit_count + 1, sizeof(*has_child));

	for (size_t i = 0; i < half->commit_count; i++)
		for (size_t p = 0; p < half->commits[i].parent_count; p++) {
			size_t parent =
				find_exact(half, half->commits[i].parents[p]);

			if (parent != NONE)
				has_child[parent] = true;
		}
	for (size_t head = 0; head < half->commit_count; head++) {
		if (has_child[head])
			continue;
		follow_chain(half, head, NONE, &chain);
		fold_chain(half, &chain);
	}
}

/* --- what each merge brought ------------------------------------------- */

/* What each merge brought, in order: heads and links. */
struct owned {
	size_t *first; /* by owner */
	size_t *next;  /* by commit */
};

static void owned_release(struct owned *owned)
{
	free(owned->first);
	free(owned->next);
}

static void owned_fill(struct owned *owned, const struct changelog_half *half)
{
	size_t count = half->commit_count;

	owned->first = xcalloc(count + 1, sizeof(*owned->first));
	owned->next = xcalloc(count + 1, sizeof(*owned->next));
	for (size_t i = 0; i < count; i++)
		owned->first[i] = owned->next[i] = NONE;
	for (size_t i = count; i-- > 0;) {
		size_t owner = half->commits[i].owner;

		if (owner == NONE)
			continue;
		owned->next[i] = owned->first[owner];
		owned->first[owner] = i;
	}
}

/* --- reverts ----------------------------------------------------------- */

/* All commits by hash and all pull requests by number, to be looked up. */
struct lookup {
	struct changelog_half *half;
	size_t *sorted; /* indexes, by hash */
	struct map changes;
};

static void lookup_release(struct lookup *lookup)
{
	free(lookup->sorted);
	map_release(&lookup->changes);
}

static int compare_hashes(const void *a, const void *b, void *half_in)
{
	const struct changelog_half *half = half_in;

	return strcmp(half->commits[*(const size_t *)a].hash,
		      half->commits[*(const size_t *)b].hash);
}

static void lookup_fill(struct lookup *lookup, struct changelog_half *half)
{
	lookup->half = half;
	lookup->sorted =
		xcalloc(half->commit_count + 1, sizeof(*lookup->sorted));
	for (size_t i = 0; i < half->commit_count; i++) {
		const char *change = half->commits[i].message.change;

		lookup->sorted[i] = i;
		if (change && !map_has(&lookup->changes, change))
			map_put(&lookup->changes, change, value_of(i));
	}
	qsort_r(lookup->sorted, half->commit_count, sizeof(*lookup->sorted),
		compare_hashes, half);
}

static const char *sorted_hash(const struct lookup *lookup, size_t at)
{
	return lookup->half->commits[lookup->sorted[at]].hash;
}

/* The one commit whose hash begins with @hash, or NONE. */
static size_t find_commit(const struct lookup *lookup, const char *hash)
{
	size_t count = lookup->half->commit_count;
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted_hash(lookup, middle), hash) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || !starts_with(sorted_hash(lookup, low), hash) ||
	    (low + 1 < count &&
	     starts_with(sorted_hash(lookup, low + 1), hash)))
		return NONE;
	return lookup->sorted[low];
}

/* The commit here that was copied from @hash, or NONE. */
static size_t find_copy(const struct lookup *lookup, const struct map *copies,
			const char *hash)
{
	size_t exact = find_commit(lookup, hash);

	return exact != NONE ? exact : number_of(map_get(copies, hash));
}

/* Which commit here is a copy of which: from the original's hash. */
static void note_copies(const struct changelog_half *half, struct map *copies)
{
	for (size_t i = 0; i < half->commit_count; i++) {
		const struct commitmsg_list *picked =
			&half->commits[i].message.picked;

		for (size_t p = 0; p < picked->count; p++)
			if (!map_has(copies, picked->items[p]))
				map_put(copies, picked->items[p], value_of(i));
	}
}

/* Drop a commit and, with a merge, all that it brought. */
static void take_back(struct changelog_half *half, size_t at,
		      const struct owned *owned)
{
	CLEANUP(indexes_release) struct indexes todo = {0};

	push(&todo, at);
	while (todo.count > 0) {
		at = todo.items[--todo.count];
		half->commits[at].gone = true;
		for (size_t i = owned->first[at]; i != NONE; i = owned->next[i])
			if (!half->commits[i].gone)
				push(&todo, i);
	}
}

/* Which commits, older than itself, the one at @at takes back. */
static void find_targets(const struct lookup *lookup, const struct map *copies,
			 size_t at, struct indexes *targets)
{
	const struct commitmsg *message = &lookup->half->commits[at].message;
	size_t target;

	for (size_t i = 0; i < message->reverts.count; i++) {
		target = find_copy(lookup, copies, message->reverts.items[i]);
		if (target != NONE && target > at)
			push(targets, target);
	}
	if (!message->reverts_change || message->reverts.count > 0)
		return;
	target = number_of(map_get(&lookup->changes, message->reverts_change));
	if (target != NONE && target > at)
		push(targets, target);
}

/*
 * Newest first: whether a revert counts is settled by those after it.  Only
 * what came before can be taken back, whatever a message says.
 */
static void drop_reverted(struct changelog_half *half,
			  const struct owned *owned)
{
	CLEANUP(lookup_release) struct lookup lookup = {0};
	CLEANUP(map_release) struct map copies = {0};

	lookup_fill(&lookup, half);
	note_copies(half, &copies);
	for (size_t i = 0; i < half->commit_count; i++) {
		CLEANUP(indexes_release) struct indexes targets = {0};

		if (half->commits[i].gone)
			continue;
		find_targets(&lookup, &copies, i, &targets);
		for (size_t t = 0; t < targets.count; t++)
			take_back(half, targets.items[t], owned);
		if (targets.count > 0 && half->commits[i].message.is_revert)
			half->commits[i].gone = true;
	}
}

/* --- copies on the other side ------------------------------------------ */

/* What is live in @half, with what it was copied from. */
static void note_origins(const struct changelog_half *half, struct map *origins)
{
	for (size_t i = 0; i < half->commit_count; i++) {
		struct changelog_commit *commit = &half->commits[i];

		if (commit->gone)
			continue;
		map_put(origins, commit->hash, commit);
		for (size_t p = 0; p < commit->message.picked.count; p++)
			map_put(origins, commit->message.picked.items[p],
				commit);
	}
}

static bool is_known(const struct map *origins,
		     const struct changelog_commit *commit)
{
	if (map_has(origins, commit->hash))
		return true;
	for (size_t p = 0; p < commit->message.picked.count; p++)
		if (map_has(origins, commit->message.picked.items[p]))
			return true;
	return false;
}

/* The same change on both sides is a change on neither. */
static void drop_shared(struct changelog *log)
{
	CLEANUP(map_release) struct map added = {0};
	CLEANUP(map_release) struct map removed = {0};

	if (log->added.commit_count == 0 || log->removed.commit_count == 0)
		return;
	note_origins(&log->added, &added);
	note_origins(&log->removed, &removed);
	for (size_t i = 0; i < log->added.commit_count; i++)
		if (is_known(&removed, &log->added.commits[i]))
			log->added.commits[i].gone = true;
	for (size_t i = 0; i < log->removed.commit_count; i++)
		if (is_known(&added, &log->removed.commits[i]))
			log->removed.commits[i].gone = true;
}

/* --- changes ----------------------------------------------------------- */

/* Add @item unless @seen has it. */
static void add_once(struct commitmsg_list *list, struct map *seen,
		     const char *item, struct arena *arena)
{
	if (*item == '\0' || map_has(seen, item))
		return;
	map_put(seen, item, list);
	list->items = arena_grow(arena, list->items, list->count + 1,
				 sizeof(*list->items), &list->capacity);
	list->items[list->count++] = item;
}

/* A change under construction. */
struct collecting {
	struct changelog_change *change;
	struct map tickets;
	struct map authors;
};

static void collecting_release(struct collecting *collecting)
{
	map_release(&collecting->tickets);
	map_release(&collecting->authors);
}

static void collect(struct collecting *collecting,
		    const struct changelog_commit *commit, struct arena *arena)
{
	struct changelog_change *change = collecting->change;

	for (size_t i = 0; i < commit->ticket_count; i++)
		add_once(&change->tickets, &collecting->tickets,
			 commit->tickets[i], arena);
	/* Whoever pressed the button has not made the change. */
	if (is_merge(commit))
		return;
	change->commit_count++;
	add_once(&change->authors, &collecting->authors, commit->author, arena);
	for (size_t i = 0; i < commit->message.authors.count; i++)
		add_once(&change->authors, &collecting->authors,
			 commit->message.authors.items[i], arena);
}

static void make_change(struct changelog_half *half, size_t at,
			const struct owned *owned, struct arena *arena)
{
	struct changelog_change *change = &half->changes[half->change_count];
	CLEANUP(collecting_release) struct collecting collecting = {
		.change = change};
	const struct changelog_commit *commit = &half->commits[at];
	bool brought = owned->first[at] != NONE;

	*change = (struct changelog_change){.commit = commit};
	collect(&collecting, commit, arena);
	for (size_t i = owned->first[at]; i != NONE; i = owned->next[i])
		if (!half->commits[i].gone)
			collect(&collecting, &half->commits[i], arena);
	/* A pull request of which nothing is left is none. */
	if (!brought || change->commit_count > 0)
		half->change_count++;
}

/* Is it told by the pull request that brought it, or by nobody? */
static bool is_folded(const struct changelog_half *half,
		      const struct changelog_commit *commit)
{
	if (commit->owner != NONE &&
	    half->commits[commit->owner].message.change)
		return true;
	return is_merge(commit) && !commit->message.change;
}

static void make_changes(struct changelog_half *half, const struct owned *owned,
			 struct arena *arena)
{
	half->changes = arena_new_array(arena, struct changelog_change,
					half->commit_count + 1);
	for (size_t i = 0; i < half->commit_count; i++)
		if (!half->commits[i].gone &&
		    !is_folded(half, &half->commits[i]))
			make_change(half, i, owned, arena);
}

static void sum_up(struct changelog *log)
{
	CLEANUP(map_release) struct map tickets = {0};
	CLEANUP(map_release) struct map authors = {0};

	for (size_t i = 0; i < log->added.change_count; i++) {
		const struct changelog_change *change = &log->added.changes[i];

		for (size_t t = 0; t < change->tickets.count; t++)
			add_once(&log->tickets, &tickets,
				 change->tickets.items[t], &log->arena);
		for (size_t a = 0; a < change->authors.count; a++)
			add_once(&log->authors, &authors,
				 change->authors.items[a], &log->arena);
	}
}

void changelog_fold(struct changelog *log)
{
	CLEANUP(owned_release) struct owned added = {0};
	CLEANUP(owned_release) struct owned removed = {0};

	fold_merges(&log->added);
	fold_merges(&log->removed);
	owned_fill(&added, &log->added);
	owned_fill(&removed, &log->removed);
	drop_reverted(&log->added, &added);
	drop_reverted(&log->removed, &removed);
	drop_shared(log);
	make_changes(&log->added, &added, &log->arena);
	make_changes(&log->removed, &removed, &log->arena);
	sum_up(log);
}

static void half_release(struct changelog_half *half)
{
	free(half->commits);
	map_release(&half->by_hash);
}

void changelog_release(struct changelog *log)
{
	half_release(&log->added);
	half_release(&log->removed);
	arena_release(&log->arena);
	*log = (struct changelog){0};
}
