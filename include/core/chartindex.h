/*
 * index.yaml of a chart repository: looked up and changed as text.
 *
 *	CLEANUP(chartindex_release) struct chartindex index = {0};
 *	struct chartindex_entries entries;
 *
 *	if (!chartindex_open(&index, text, len, "index.yaml", err) ||
 *	    !chartindex_read(&index, "web", &arena, &entries, err))
 *		return false;
 *
 * An index may have 10,000s of entries.  Where the text is proved, line by
 * line, to be laid out as Helm writes it (its lines may end in CR LF), only the
 * entries of the chart asked for are parsed, and a change is a splice: all
 * other bytes stay, fields that we do not know too.  JSON indexes are scanned
 * and spliced alike, after all of the text was found to be JSON.  Anything else
 * (flow style, anchors) is parsed as a whole; then a change writes it anew in
 * Helm's form, or as JSON if it began with a brace: all that read such YAML
 * read that, too.
 *
 * Entries are told apart by the exact pair of name and version: Helm takes
 * 1.0.0+a and 1.0.0+b for one and loses one of them.
 * Source: Helm 4.3.1, pkg/repo/v1/index.go.
 */
#ifndef CORE_CHARTINDEX_H
#define CORE_CHARTINDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"

struct arena;
struct chart;
struct err;
struct strvec;
struct value;

#define CHARTINDEX_SIZE_MAX ((size_t)256 << 20)
/*
 * What is parsed at once of an index that can only be parsed as a whole: so
 * much text, and so many values, keys among them, of one that is small.  An
 * entry has 20 to 40.  A larger one, and the entries of one chart in an index
 * that can be scanned, may have more where they are as large as entries are: a
 * value for each CHARTINDEX_VALUE bytes, a version for each
 * CHARTINDEX_VERSION.  So no small text makes us take 64 MB, and no other one
 * more than sixteen times of its size; ordinary ones take six times of it, if
 * they cannot be scanned.
 */
#define CHARTINDEX_SMALL	   ((size_t)6 << 20)
#define CHARTINDEX_PARSED_MAX	   ((size_t)32 << 20)
#define CHARTINDEX_VALUES_MAX	   ((size_t)250000)
#define CHARTINDEX_VERSIONS_MAX	   ((size_t)20000) /* of one chart */
#define CHARTINDEX_CHARTS_MAX	   ((size_t)50000)
#define CHARTINDEX_VALUE	   12
#define CHARTINDEX_ANNOTATIONS_MAX ((size_t)256 << 10) /* bytes, read at once */
#define CHARTINDEX_VERSION	   50

/* Borrows its text. */
struct chartindex {
	const char *text;
	size_t len;
	char *source;			  /* for errors; owned */
	struct chartindex_layout *layout; /* private */
	struct arena arena;		  /* private */
};

/*
 * @text must outlive the index; @source is what errors call it.  NULL: there
 * is no index, which is one without entries.  A text without a byte is none of
 * that: a write of it failed, or a disk was full.
 * Errors: INPUT with place (empty, no YAML or JSON, no apiVersion, entries no
 * mapping, more than may be parsed at once).
 */
bool chartindex_open(struct chartindex *index, const char *text, size_t len,
		     const char *source, struct err *err) MUST_CHECK;

struct chartindex_entry {
	const char *version;
	const char *digest;	  /* bare lower-case hex, "" if there is none */
	const char *created;	  /* "" if there is none */
	const struct value *urls; /* list of strings, may be empty */
	const struct value *value; /* the whole entry */
};

/* Descending by version; what is no version comes last. */
struct chartindex_entries {
	struct chartindex_entry *items;
	size_t count;
};

/* An entry of what no index has, such as a tag of a registry. */
struct chartindex_entry chartindex_make_entry(const char *name,
					      const char *version,
					      const char *url,
					      struct arena *arena);

/* Bring entries that were made elsewhere into that order. */
void chartindex_sort(struct chartindex_entries *entries);

/*
 * The entries of chart @name, none if there is no such chart; good for the life
 * of both the index and @arena.
 */
bool chartindex_read(struct chartindex *index, const char *name,
		     struct arena *arena, struct chartindex_entries *entries,
		     struct err *err) MUST_CHECK;

/* Add the names of all charts, in the order of the text. */
void chartindex_add_names(const struct chartindex *index, struct strvec *names);

/*
 * @digest without "sha256:" and in lower case, as hex of either case is the
 * same; it or a copy in @arena.
 */
const char *chartindex_bare_digest(const char *digest, struct arena *arena);

/* The entry with exactly @version, or NULL. */
const struct chartindex_entry *chartindex_find(
	const struct chartindex_entries *entries, const char *version);

/*
 * Both in one, for many versions: each chart's entries are read once where its
 * versions are asked for one after the other, and those of one chart are held.
 *
 *	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
 *		.index = &index};
 */
struct chartindex_lookup {
	struct chartindex *index;	   /* borrowed */
	char *name;			   /* private, as the rest is */
	struct chartindex_entries entries; /* of that chart */
	struct arena arena;
};

/* *@entry is good until another chart is asked for. */
bool chartindex_look_up(struct chartindex_lookup *lookup, const char *name,
			const char *version,
			const struct chartindex_entry **entry, struct err *err)
	MUST_CHECK;
void chartindex_lookup_release(struct chartindex_lookup *lookup);

/*
 * Is the archive at @url what the index promises: bytes with the SHA-256
 * @digest ("" = nothing is), of which that of those that came is @found; the
 * chart @name @version?  Errors: CONFLICT.
 */
bool chartindex_check_digest(const char *url, const char *digest,
			     const char *found, struct err *err) MUST_CHECK;
bool chartindex_check_chart(const char *url, const char *name,
			    const char *version, const struct chart *found,
			    struct err *err) MUST_CHECK;

/* An entry to be added, or to replace the one of the same name and version. */
struct chartindex_put {
	const char *name;
	const char *version;
	const struct value *entry; /* see chartindex_new_entry() */
};

/* A version to be taken out, however often it stands there. */
struct chartindex_removal {
	const char *name;
	const char *version;
};

#define CHARTINDEX_NAME_MAX 255 /* bytes of a name, a version */

/*
 * Can the name of an archive that @text is a part of stand in an index as its
 * address?  Helm writes it as it is, and its readers take an address for a
 * URL: so "%", "?", "#", ":" and "/" would lead elsewhere, and so would a dot
 * at the beginning; nor may it have blanks or control characters.  @text may
 * be NULL.
 * Source: Helm's pkg/repo/v1, MustAdd(), ResolveReferenceURL(); RFC 3986, 4.2.
 */
bool chartindex_is_name(const char *text);

/*
 * The entry of a chart that was just packaged: its metadata, @url, @digest
 * and @created (RFC 3339).
 */
struct value *chartindex_new_entry(const struct chart *chart, const char *url,
				   const char *digest, const char *created,
				   struct arena *arena);

/* How a changed index is written. */
enum chartindex_format {
	CHARTINDEX_KEEP, /* JSON what begins with a brace, else YAML */
	CHARTINDEX_YAML,
	CHARTINDEX_AS_JSON, /* which Helm reads several times as fast */
};

struct chartindex_change {
	const struct chartindex_put *puts;
	size_t count;
	const struct chartindex_removal *removals; /* none of what is put */
	size_t removal_count;
	const char *generated; /* RFC 3339, the time of the change */
	/* An annotation of the index to set; NULL = none. */
	const char *annotation;
	const char *annotation_text;
	enum chartindex_format format;
};

/*
 * Change @text, from which @index was opened.  Nothing else changes, and
 * where the text is spliced it is so in place: no second copy is made.  A
 * chart goes with its last version; removals write JSON anew.  The index is
 * released; open it again to read it.
 * Errors: INPUT (it does not parse); @text is as it was then.
 */
bool chartindex_change(struct chartindex *index, struct str *text,
		       const struct chartindex_change *change, struct err *err)
	MUST_CHECK;

/*
 * The annotation @key of the index itself, NULL if it has none, or more in all
 * than CHARTINDEX_ANNOTATIONS_MAX where they can be read alone.
 */
const char *chartindex_annotation(const struct chartindex *index,
				  const char *key, struct arena *arena);

void chartindex_release(struct chartindex *index);

#endif
