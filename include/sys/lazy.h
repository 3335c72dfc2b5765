/*
 * Shared libraries loaded at first use.
 *
 * libcurl, libgit2 and libcrypto cost 1 to 15 ms of every start, and even a
 * small library a twentieth of it; a step that does nothing with them must
 * not pay.  A facade lists the functions it calls in a table of typed
 * pointers, so that the compiler checks each call against the package's own
 * prototype:
 *
 *	static struct {
 *		__typeof__(curl_easy_init) *easy_init;
 *	} curl;
 *	static const struct lazy_symbol symbols[] = {
 *		{"curl_easy_init", (void **)&curl.easy_init},
 *		{0}
 *	};
 *	static struct lazy library = {.sonames = "libcurl.so.4",
 *				      .symbols = symbols};
 *	LAZY_NOTE("libcurl.so.4");
 */
#ifndef SYS_LAZY_H
#define SYS_LAZY_H

#include <stdbool.h>

#include "base/attr.h"

struct err;

struct lazy_symbol {
	const char *name;
	void **address;
};

struct lazy {
	const char *sonames; /* tried in order, separated by blanks */
	const struct lazy_symbol *symbols;
	/*
	 * A variable, NULL = none, that is set while it is loaded: the one by
	 * which a library that comes along, and that nobody will call, learns
	 * not to prepare itself.
	 */
	const char *unprepared;
	/*
	 * SONAMEs, NULL = none, of large libraries that come along and are
	 * loaded before it.  Each symbol is looked for in all libraries that
	 * are loaded together, in turn: a library by itself has few to ask.
	 * Where one is not installed, nothing is lost.
	 */
	const char *sooner;
	bool loaded;
};

/*
 * Load the library unless it is loaded.  Errors: IO (not installed, or a
 * function is missing), with a hint that names the file.
 */
bool lazy_load(struct lazy *lazy, struct err *err) MUST_CHECK;

/*
 * Announce the library in the executable's .note.dlopen section, where
 * packaging tools look for it (systemd's "ELF dlopen metadata").
 */
#define LAZY_NOTE(soname) LAZY_NOTE_JSON("[{\"soname\":[\"" soname "\"]}]")
#define LAZY_NOTE_JSON(json)                              \
	__attribute__((used, section(".note.dlopen"),     \
		       aligned(4))) static const struct { \
		unsigned int name_size, text_size, type;  \
		char name[4];                             \
		_Alignas(4) char text[sizeof(json)];      \
	} lazy_note = {4, sizeof(json), 0x407c0c0a, "FDO", json}

#endif
