/*
 * What the files of sys/file share:
 *
 *	file.c	     files: read, written, locked
 *	file_tree.c  folders: made, removed, replaced
 */
#ifndef COMMON_SYS_FILE_PARTS_H
#define COMMON_SYS_FILE_PARTS_H

#include <stdbool.h>

#include "base/attr.h"

int open_dir_at(int dirfd, const char *path);

/*
 * fsync(); what cannot be (a folder on some file systems, a pipe) is done.
 * False: errno tells.
 */
bool sync_fd(int fd) MUST_CHECK;

#define TEMP_NAME_SIZE sizeof(".slipway-0123456789abcdef.tmp")

/* A random one; and is @name of that form? */
void temp_name(char name[TEMP_NAME_SIZE]);
bool is_temp_name(const char *name);

#endif
