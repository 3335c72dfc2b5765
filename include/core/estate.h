/*
 * What belongs to the releases of an environment, told from what others have
 * in its namespace.  Pure; in doubt it is others'.
 *
 * Helm marks what is in a release's manifest.  What comes of a release beside
 * that bears no mark of it: the volume claims of its StatefulSets have a name
 * and labels, its hooks an annotation that says nothing of whose they are.  So
 * both are read from the release while it is there, and noted where they are
 * found when it is gone:
 *
 *	CLEANUP(estate_release) struct estate estate = {.namespace = "web-x"};
 *
 *	estate_read(&estate, note);
 *	estate_add_release(&estate, "web");
 *	estate_add_manifest(&estate, &manifest);
 *	estate_print(&text, &estate);
 *	... note text; let Helm uninstall ...
 *	switch (estate_judge(&estate, "Pod", object)) ...
 */
#ifndef CORE_ESTATE_H
#define CORE_ESTATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/strvec.h"

struct manifest;
struct manifest_object;
struct str;
struct value;

#define ESTATE_NOTE_MAX 65536 /* bytes; Kubernetes takes 262144 in all */
#define ESTATE_KINDS	10
#define ESTATE_CLAIMS	8 /* which of them volume claims are */

/* What makes a namespace inhabited. */
struct estate_kind {
	const char *api, *resource, *kind;
};
extern const struct estate_kind estate_kinds[ESTATE_KINDS];

/* All-zero but for the namespace: nothing belongs to it. */
struct estate {
	struct arena arena;
	const char *namespace; /* borrowed */
	struct strvec releases;
	struct strvec hooks; /* "Job migrate" */
	/* Lists of maps as in a note, NULL = empty. */
	struct value *claims; /* {"name": "data-db-", "labels": {}} */
	struct value *held;   /* {"apiVersion", "kind", "namespace", "name"} */
};

void estate_add_release(struct estate *estate, const char *release);

/* What of the release of @manifest is in the namespace beside its objects. */
void estate_add_manifest(struct estate *estate,
			 const struct manifest *manifest);

/* An object that a finalizer holds; @namespace is NULL where it has none. */
void estate_add_held(struct estate *estate,
		     const struct manifest_object *object,
		     const char *namespace);

/* The i-th of them, in the estate's arena; false: there are no more. */
bool estate_get_held(const struct estate *estate, size_t i,
		     struct manifest_object *object);

/* Add what a note says; NULL, or what is none of ours or too long, nothing. */
void estate_read(struct estate *estate, const char *note);

/* Append the note; nothing if it would be longer than ESTATE_NOTE_MAX. */
void estate_print(struct str *out, const struct estate *estate);

/* Is there more to note than that @release is one (NULL: none is)? */
bool estate_says_more(const struct estate *estate, const char *release);

enum estate_bond {
	ESTATE_OURS,
	ESTATE_OWNED, /* by what is none of estate_kinds: it tells whose it is */
	ESTATE_FOREIGN,
};

/*
 * Whose is @object, of one of estate_kinds and with its metadata at least?
 *
 * Ours is what Helm marked as of one of the releases here; a hook of theirs;
 * a volume claim of their StatefulSets, of each revision that was added; a claim or a hook with their name in
 * app.kubernetes.io/instance; what is being deleted; and what another of
 * estate_kinds owns, as it stands and falls with that.
 */
enum estate_bond estate_judge(const struct estate *estate, const char *kind,
			      const struct value *object);

void estate_release(struct estate *estate);

#endif
