/*
 * tar: ustar with PAX records where a name needs them, as Go's archive/tar
 * writes it, and a bounded reader for both and for GNU long names.
 *
 * Source: POSIX.1-2017 pax; Go archive/tar (format chosen per member: USTAR
 * if name, size and time fit, else PAX).
 */
#ifndef FORMAT_TAR_H
#define FORMAT_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct err;
struct str;

enum tar_kind {
	TAR_FILE,
	TAR_DIR,
	TAR_LINK,  /* symbolic or hard */
	TAR_OTHER, /* device, pipe, unknown */
};

struct tar_member {
	const char *name; /* borrowed until the next call */
	enum tar_kind kind;
	int64_t mtime;	   /* seconds since the epoch */
	const char *bytes; /* content; not NUL-terminated */
	size_t len;
};

/* Append a regular file: mode 0644, owner 0, no names. */
void tar_add_file(struct str *tar, const char *name, int64_t mtime,
		  const void *bytes, size_t len);

/* Append the end: two zero blocks, no more padding (as Go). */
void tar_end(struct str *tar);

/* Reading: @bytes is the whole archive, borrowed. */
struct tar_reader {
	const char *bytes;
	size_t len;
	size_t at;
	char *name; /* owned */
};

/*
 * Step to the next member; *@found is false at the end.
 * Errors: INPUT (damaged header, wrong checksum, cut off, sizes that do not
 * fit, a name over TAR_NAME_MAX).
 */
#define TAR_NAME_MAX 4096
bool tar_next(struct tar_reader *reader, struct tar_member *member, bool *found,
	      struct err *err) MUST_CHECK;
void tar_reader_release(struct tar_reader *reader);

/*
 * What an archive holds, counted while its bytes come by, before anybody
 * holds them all.  Extended headers count as members.
 */
struct tar_survey {
	size_t members;
	uint64_t bytes; /* of their contents */
	bool ended;
	uint64_t behind; /* bytes after the end */
	uint64_t skip;	 /* private, as the rest is */
	size_t filled;
	char block[512];
};

/* Errors: INPUT (damaged header, wrong checksum). */
bool tar_survey_push(struct tar_survey *survey, const char *bytes, size_t len,
		     struct err *err) MUST_CHECK;

#endif
