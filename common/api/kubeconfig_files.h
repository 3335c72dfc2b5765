/*
 * The kubeconfig files and the named entries in them.  Private to api/kube.
 *
 * Source: client-go tools/clientcmd, loader.go: of an entry that several
 * files have, the first file's counts as a whole; files that are missing are
 * passed over; relative paths are relative to their file.
 */
#ifndef COMMON_API_KUBECONFIG_FILES_H
#define COMMON_API_KUBECONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "format/ydoc.h"

struct env;
struct err;
struct strvec;
struct value;

#define KUBECONFIG_SIZE_MAX  ((size_t)4 << 20) /* a file that it names */
#define KUBECONFIG_FILES_MAX 32

struct kubeconfig_files {
	struct ydoc docs[KUBECONFIG_FILES_MAX]; /* in order of precedence */
	size_t count;
};

/*
 * Read @path, which must be there; NULL: those files of KUBECONFIG that
 * exist, or the one in HOME.  None is no error.
 * Errors: INPUT, with the place.
 */
bool kubeconfig_files_read(struct kubeconfig_files *files, const char *path,
			   const struct env *env, struct err *err) MUST_CHECK;

void kubeconfig_files_release(struct kubeconfig_files *files);

/* The current context by its name, or NULL; borrowed. */
const char *kubeconfig_current(const struct kubeconfig_files *files);

/* What is named in them. */
enum kubeconfig_kind {
	KUBECONFIG_CLUSTER,
	KUBECONFIG_USER,
	KUBECONFIG_CONTEXT,
};

struct kubeconfig_entry {
	const struct value *body; /* a map; borrowed */
	const struct ydoc *home;
	char *path; /* of the body in @home; owned */
};

void kubeconfig_entry_release(struct kubeconfig_entry *entry);

/* Errors: INPUT (there is none; the hint tells which there are). */
bool kubeconfig_find(const struct kubeconfig_files *files,
		     enum kubeconfig_kind kind, const char *name,
		     struct kubeconfig_entry *entry, struct err *err)
	MUST_CHECK;

/*
 * A member of an entry: *@text is NULL if it is not there or empty, borrowed;
 * *@flag false; *@list NULL; to @texts the items of a list are added, nil as "".
 * Errors: INPUT (it is of another type, or the entry no map), with the place.
 */
bool kubeconfig_text(const struct kubeconfig_entry *entry, const char *name,
		     const char **text, struct err *err) MUST_CHECK;
bool kubeconfig_list(const struct kubeconfig_entry *entry, const char *name,
		     const struct value **list, struct err *err) MUST_CHECK;
bool kubeconfig_texts(const struct kubeconfig_entry *entry, const char *name,
		      struct strvec *texts, struct err *err) MUST_CHECK;
bool kubeconfig_flag(const struct kubeconfig_entry *entry, const char *name,
		     bool *flag, struct err *err) MUST_CHECK;

/*
 * Bytes that stand in @name-data as base64, or in the file that @name is;
 * *@bytes stays NULL if neither is there, the caller frees it.  Errors: INPUT
 * (both are there, no base64, the file).
 */
bool kubeconfig_bytes(const struct kubeconfig_entry *entry, const char *name,
		      char **bytes, struct err *err) MUST_CHECK;

/* @path as seen from the entry's file; the caller frees it. */
char *kubeconfig_beside(const struct kubeconfig_entry *entry, const char *path)
	MUST_CHECK;

/* Put the place of the member @name into @err, which is set; gives false. */
bool kubeconfig_blame(const struct kubeconfig_entry *entry, const char *name,
		      struct err *err);

#endif
