/*
 * What the archives on standard input hold, in the form of
 * tests/oracle/tar/main.go.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/tar.h"

static const char *const kinds[] = {
	[TAR_FILE] = "file",
	[TAR_DIR] = "dir",
	[TAR_LINK] = "link",
	[TAR_OTHER] = "other",
};

static void print_member(const struct tar_member *member)
{
	for (const char *c = member->name; *c; c++)
		printf("%02x", (unsigned char)*c);
	printf("/%s/%zu/%lld ", kinds[member->kind], member->len,
	       (long long)member->mtime);
}

static void list(const char *archive, size_t len)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {
		.bytes = archive, .len = len};
	CLEANUP(err_release) struct err err = {0};
	struct tar_member member;
	bool found;

	while (tar_next(&reader, &member, &found, &err)) {
		if (!found) {
			puts("end");
			return;
		}
		print_member(&member);
	}
	puts("bad");
}

int main(void)
{
	unsigned char size[4];

	while (fread(size, 1, sizeof(size), stdin) == sizeof(size)) {
		size_t len = size[0] | (size_t)size[1] << 8 |
			     (size_t)size[2] << 16 | (size_t)size[3] << 24;
		char *archive = xmalloc(len);

		if (fread(archive, 1, len, stdin) != len)
			return 1;
		list(archive, len);
		free(archive);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
