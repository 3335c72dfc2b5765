/*
 * names COUNT SEED - name environments for random pairs of repository and
 * branch, and see that no two share one unless the second is refused.
 *
 * Pairs are made to collide: of few words and separators, one text cut at
 * several places, capitals, marks, lengths around the limits.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/claim.h"
#include "core/envname.h"
#include "core/sweep.h"

#define WORDS_MAX 6

static uint64_t state;

/* SplitMix64: the same everywhere for one seed. */
static size_t below(size_t bound)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (size_t)((z ^ (z >> 31)) % bound);
}

static void add_word(struct str *text)
{
	static const char *const words[] = {
		"web",
		"api",
		"main",
		"Main",
		"fix",
		"FIX-7",
		"feature",
		"release",
		"1.2.x",
		"x",
		"login",
		"\xc3\xa4",
		"a_b",
		"\xe2\x82\xac",
		"-",
		"v2",
		"kube",
		"system",
		"a-rather-long-word-to-fill-up-a-name",
	};

	if (below(4) == 0)
		str_addf(text, "%zu", below(100000));
	else
		str_add(text, words[below(ARRAY_SIZE(words))]);
}

static void add_words(struct str *text, bool is_branch)
{
	static const char separators[] = "----/_.";
	size_t count = 1 + below(WORDS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (i)
			str_add_char(text,
				     separators[below(is_branch ? 7 : 4)]);
		add_word(text);
	}
}

/* Two texts, or one that is cut at a random dash. */
static void make_pair(struct str *repository, struct str *branch)
{
	size_t cut, tries = 8;

	str_clear(repository);
	str_clear(branch);
	if (below(2)) {
		add_words(repository, false);
		add_words(branch, true);
		return;
	}
	add_words(repository, true);
	str_add(repository, "-x");
	do {
		cut = 1 + below(repository->len - 2);
	} while (repository->buf[cut] != '-' && --tries);
	str_add(branch, str_text(repository) + cut + 1);
	str_truncate(repository, cut);
}

/* Who had the name first. */
struct holder {
	char *repository, *branch;
};

static bool is_refused(const struct holder *first, const struct envname *second)
{
	CLEANUP(err_release) struct err err = {0};
	const struct claim claim = {
		.managed = SWEEP_MARK_VERSION,
		.repository = first->repository,
		.branch = first->branch,
	};

	return !claim_check(&claim, second, NULL, &err) &&
	       err.kind == ERR_CONFLICT;
}

static bool is_legal(const struct envname *name)
{
	return name->release[0] >= 'a' && name->release[0] <= 'z' &&
	       envname_is_label(name->release, ENVNAME_RELEASE_MAX) &&
	       envname_is_label(name->namespace, ENVNAME_NAMESPACE_MAX) &&
	       !envname_is_system(name->namespace);
}

struct totals {
	size_t named, reserved, illegal, shared, taken, mixed;
};

/* A release of two namespaces could make objects that are in none twice. */
static void judge_release(struct map *releases, struct arena *arena,
			  const struct envname *name, struct totals *totals)
{
	const char *namespace = map_get(releases, name->release);

	if (!namespace)
		map_put(releases, name->release,
			arena_strdup(arena, name->namespace));
	else
		totals->mixed += !same_text(namespace, name->namespace);
}

static void judge(struct map *holders, struct map *releases,
		  struct arena *arena, const struct envname *name,
		  struct totals *totals)
{
	struct holder *holder = map_get(holders, name->namespace);

	totals->named++;
	totals->illegal += !is_legal(name);
	judge_release(releases, arena, name, totals);
	if (!holder) {
		holder = arena_new(arena, struct holder);
		holder->repository = arena_strdup(arena, name->repository);
		holder->branch = arena_strdup(arena, name->branch);
		map_put(holders, name->namespace, holder);
		return;
	}
	if (same_text(holder->repository, name->repository) &&
	    same_text(holder->branch, name->branch))
		return;
	totals->shared++;
	totals->taken += !is_refused(holder, name);
}

int main(int argc, char **argv)
{
	CLEANUP(map_release) struct map holders = {0};
	CLEANUP(map_release) struct map releases = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str repository = {0};
	CLEANUP(str_release) struct str branch = {0};
	struct totals totals = {0};
	long count;

	if (argc != 3)
		return 2;
	count = strtol(argv[1], NULL, 10);
	state = strtoull(argv[2], NULL, 10);
	for (long i = 0; i < count; i++) {
		CLEANUP(envname_release) struct envname name = {0};
		CLEANUP(err_release) struct err err = {0};
		struct envname_args args = {0};
		const struct envname_facts facts = {0};

		make_pair(&repository, &branch);
		args.repository_name = str_text(&repository);
		args.branch = str_text(&branch);
		if (envname_decide(&name, &args, &facts, &err))
			judge(&holders, &releases, &arena, &name, &totals);
		else
			totals.reserved++; /* kube-system and the like */
	}
	printf("{\"named\": %zu, \"refusedAsSystem\": %zu, \"names\": %zu, "
	       "\"illegal\": %zu, \"shared\": %zu, \"taken\": %zu, "
	       "\"mixed\": %zu}\n",
	       totals.named, totals.reserved, holders.count, totals.illegal,
	       totals.shared, totals.taken, totals.mixed);
	return 0;
}
