/*
 * Publish charts in a repository so that nobody loses anything: each archive
 * is created, never overwritten; then all entries enter the index in one
 * compare-and-swap, repeated with growing, jittered waits while others are
 * writing too.
 *
 * Data before index: a run that is killed leaves at most an archive without
 * an entry, which the next run adopts; never an entry without its archive.
 * A write whose answer was lost is looked up, never guessed.
 */
#ifndef FLOW_PUBLISH_H
#define FLOW_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/hash.h"

struct chart;
struct chartrepo;
struct err;
struct reporter;
struct strvec;

#define PUBLISH_TRIES_MAX	200 /* of the index, against other publishers */
#define PUBLISH_WAIT_BASE_MS	50
#define PUBLISH_WAIT_CAP_MS	3000

/* What to do where that version is in the repository already. */
enum publish_if_exists {
	PUBLISH_SAME,	 /* the same content is fine, other is a conflict */
	PUBLISH_FAIL,	 /* a conflict */
	PUBLISH_REPLACE, /* overwrite it */
};

/* One chart and what became of it. */
struct publish_item {
	const struct chart *chart;
	struct str package;		 /* the .tgz */
	char digest[SHA256_HEX_SIZE];	 /* of what lies in the repository */
	struct str address;		 /* s3://bucket/prefix/web-1.0.0.tgz */
	bool existed;			 /* nothing had to be written for it */
};

struct publish {
	struct chartrepo *repo;
	enum publish_if_exists if_exists;
	const struct strvec *metadata; /* of the objects: "name: value" */
	int64_t now;		       /* seconds since the epoch */
	struct deadline deadline;
	const struct reporter *reporter;
};

/* Package the chart of @item and fill in its digest. */
bool publish_package(struct publish_item *item, struct err *err) MUST_CHECK;

/*
 * Publish @items, which are packaged.
 * Errors: CONFLICT (that version is there with other content); TIMEOUT (the
 * index could not be had in PUBLISH_TRIES_MAX tries or before the deadline);
 * those of the repository.
 */
bool publish_charts(const struct publish *publish, struct publish_item *items,
		    size_t count, struct err *err) MUST_CHECK;

void publish_item_release(struct publish_item *item);

#endif
