/* Provenance: what a package was made of, signed, beside it. */
#include <string.h>

#include "api/gpg.h"
#include "base/err.h"
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
	return chartrepo_put_provenance(publish->repo, &put, err) ||
	       err_wrap(err, "cannot put the provenance beside the chart");
}
