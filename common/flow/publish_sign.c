/* Provenance: what a package was made of, signed, beside it. */
#include <string.h>

#include "api/gpg.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "flow/publish_parts.h"
#include "sys/file.h"

/* Of the archive that lies in the repository, not of our own in its place. */
static bool sign(struct publish_item *item, const struct gpg *gpg,
		 struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (strcmp(item->signed_digest, item->digest) == 0)
		return true;
	str_clear(&item->provenance);
	chart_add_provenance(&text, item->chart, item->digest);
	if (!gpg_clearsign(gpg, str_text(&text), text.len, &item->provenance,
			   err))
		return err_wrap(err, "cannot sign '%s'",
				chart_file_name(item->chart));
	memcpy(item->signed_digest, item->digest, sizeof(item->digest));
	return true;
}

bool publish_sign(struct publish_batch *batch, const struct gpg *gpg,
		  struct err *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!sign(&batch->items[i], gpg, err))
			return false;
	}
	return true;
}

/* --- what is there --------------------------------------------------------- */

static char *url_of(const struct publish *publish,
		    const struct publish_item *item)
{
	CLEANUP(free_ptr) char *url =
		chartrepo_chart_url(publish->repo, item->chart);

	return xasprintf("%s.prov", url);
}

/*
 * Is there one that speaks of another archive than ours?  What may not be
 * read is taken for none: a reader without ListBucket hears no other answer.
 */
static bool find_stale(const struct publish *publish,
		       const struct publish_item *item, bool *stale,
		       struct err *err)
{
	CLEANUP(str_release) struct str there = {0};
	CLEANUP(free_ptr) char *url = url_of(publish, item);

	*stale = false;
	if (chartrepo_get(publish->repo, url, CHARTREPO_PROVENANCE_MAX, &there,
			  err)) {
		*stale = !chart_provenance_is_of(str_text(&there), there.len,
						 item->digest);
		return true;
	}
	if (err->kind != ERR_NOT_FOUND && err->kind != ERR_DENIED)
		return false;
	err_release(err);
	return true;
}

bool publish_drop_provenance(const struct publish *publish,
			     const struct publish_item *item, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};
	bool stale;

	/* A server that keeps the index keeps what is beside the archives. */
	if (!chartrepo_writes_index(publish->repo))
		return true;
	if (!find_stale(publish, item, &stale, err))
		return false;
	if (!stale)
		return true;
	strvec_addf(&names, "%s.prov", chart_file_name(item->chart));
	if (chartrepo_remove_objects(publish->repo, &names, err))
		return true;
	/* It is overwritten in a moment. */
	if (publish->gpg && err->kind == ERR_DENIED) {
		err_release(err);
		return true;
	}
	return err_wrap(err,
			"cannot remove the provenance of what is "
			"replaced, '%s.prov'",
			str_text(&item->address));
}

/* --- putting it there --------------------------------------------------------- */

/* One that is there stays, unless it is of an archive that is not there. */
static bool put_beside(const struct publish *publish,
		       const struct publish_item *item,
		       struct chartrepo_put *put, struct err *err)
{
	enum chartrepo_outcome outcome;
	bool stale;

	if (!chartrepo_put_provenance(publish->repo, put, &outcome, err))
		return false;
	if (outcome == CHARTREPO_WRITTEN || put->replace ||
	    !chartrepo_writes_index(publish->repo))
		return true;
	if (!find_stale(publish, item, &stale, err))
		return false;
	put->replace = true;
	return !stale ||
	       chartrepo_put_provenance(publish->repo, put, &outcome, err);
}

bool publish_put_provenance(const struct publish *publish,
			    struct publish_item *item, struct err *err)
{
	struct chartrepo_put put = {.chart = item->chart,
				    .replace = !item->existed ||
					       publish->if_exists ==
						       PUBLISH_REPLACE,
				    .metadata = publish->metadata};

	if (item->kept || (!publish->gpg && !item->provenance.len))
		return true;
	if (publish->gpg && !sign(item, publish->gpg, err))
		return false;
	put.bytes = str_text(&item->provenance);
	put.len = item->provenance.len;
	return put_beside(publish, item, &put, err) ||
	       err_wrap(err, "cannot put the provenance beside the chart");
}
