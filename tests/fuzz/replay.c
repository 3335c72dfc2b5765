/*
 * Feeds files, or all files of folders, to a fuzz target: findings stay
 * tests where there is no fuzzing engine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/walk.h"

#define INPUT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static bool replay(const char *path, struct err *err)
{
	CLEANUP(str_release) struct str input = {0};

	if (!file_read(path, INPUT_MAX, &input, err))
		return false;
	fprintf(stderr, "replay %s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)str_text(&input), input.len);
	replayed++;
	return true;
}

static bool visit(void *context, const struct walk_entry *entry, bool *descend,
		  struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(context, entry->path);

	(void)descend;
	return entry->kind != WALK_FILE || replay(path, err);
}

int main(int argc, char **argv)
{
	CLEANUP(err_release) struct err err = {0};

	for (int i = 1; i < argc; i++) {
		struct walk walk = {
			.root = argv[i], .visit = visit, .context = argv[i]};
		bool done = file_is_dir(argv[i]) ? walk_tree(&walk, &err)
						 : replay(argv[i], &err);

		if (!done) {
			fprintf(stderr, "replay: %s\n", err.text);
			return 1;
		}
	}
	printf("replayed %zu inputs\n", replayed);
	return replayed > 0 ? 0 : 1;
}
