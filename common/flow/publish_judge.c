/* What the index says of a version that is about to be published. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"
#include "net/redact.h"

bool publish_hint_conflict(const struct publish *publish, struct err *err)
{
	if (publish->if_exists == PUBLISH_EXACT)
		return err_hint(err, "what was published must not change: "
				     "compare both before one is removed");
	return err_hint(err, "give the chart another version: what was "
			     "published must not change; '--if-exists keep' "
			     "leaves that one and goes on with the others");
}

static const char *url_of(const struct chartindex_entry *entry)
{
	return entry->urls->list.count
		       ? entry->urls->list.items[0]->string.bytes
		       : NULL;
}

/* Does the entry lead to where the archive of @item goes? */
static bool leads_here(const struct publish_run *run,
		       const struct publish_item *item,
		       const struct chartindex_entry *entry)
{
	const char *url = url_of(entry);
	CLEANUP(free_ptr) char *object =
		url ? chartrepo_object_name(run->publish->repo, url) : NULL;

	return same_text(object, chart_file_name(item->chart));
}

static bool refuse(const struct publish_run *run,
		   const struct publish_item *item,
		   const struct chartindex_entry *entry, const char *tail,
		   struct err *err)
{
	const char *url = url_of(entry);
	CLEANUP(str_release) struct str shown = {0};

	redact_url(&shown, url ? url : "no address");
	(void)err_set(err, ERR_CONFLICT,
		      "the index of '%s' has '%s' %s already, with digest %s "
		      "at '%s'%s",
		      run->publish->repo->address, item->chart->name,
		      item->chart->version,
		      *entry->digest ? entry->digest : "unknown",
		      str_text(&shown), tail);
	return publish_hint_conflict(run->publish, err);
}

/* The published one stays, as the index has it. */
static void keep(const struct publish_run *run, struct publish_item *item,
		 const struct chartindex_entry *entry)
{
	const char *url = url_of(entry);

	item->kept = item->listed == PUBLISH_LISTED_OTHER;
	item->listed = PUBLISH_LISTED_KEPT;
	item->existed = true;
	(void)snprintf(item->digest, sizeof(item->digest), "%s", entry->digest);
	if (!url)
		return;
	str_clear(&item->address);
	chartrepo_add_entry_address(&item->address, run->publish->repo, url);
}

static bool judge(struct publish_run *run, struct publish_item *item,
		  const struct chartindex_entry *entry, struct err *err)
{
	enum publish_if_exists if_exists = run->publish->if_exists;

	item->listed = !entry ? PUBLISH_UNLISTED
		       : same_text(entry->digest, item->digest)
			       ? PUBLISH_LISTED
			       : PUBLISH_LISTED_OTHER;
	if (!entry || if_exists == PUBLISH_REPLACE)
		return true;
	if (if_exists == PUBLISH_KEEP) {
		keep(run, item, entry);
		return true;
	}
	if (if_exists != PUBLISH_FAIL &&
	    (item->listed == PUBLISH_LISTED || leads_here(run, item, entry)))
		return true;
	(void)refuse(run, item, entry, "", err);
	return err_wrap(err, "cannot publish '%s'",
			chart_file_name(item->chart));
}

bool publish_check_names(const struct publish_batch *batch,
			 const struct chartrepo *repo, struct err *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		const char *name = batch->items[i].chart->name;

		if (!chartrepo_writes_index(repo) || chartindex_is_name(name))
			continue;
		(void)err_set(err, ERR_INPUT,
			      "cannot publish chart '%s': no address of an "
			      "index leads to an archive of that name",
			      name);
		return err_hint(err, "Helm wants names of lower-case letters, "
				     "digits and dashes");
	}
	return true;
}

bool publish_judge(struct publish_run *run, struct err *err)
{
	return publish_each_entry(run, judge, err);
}

bool publish_judge_again(struct publish_run *run,
			 const struct publish_item *item,
			 const struct chartindex_entry *entry, struct err *err)
{
	if (run->archives_later)
		return true; /* that is what publish_judge() has seen */
	if (run->publish->if_exists != PUBLISH_REPLACE &&
	    !leads_here(run, item, entry))
		return refuse(run, item, entry,
			      "; somebody has entered it meanwhile, and the "
			      "archive that was put is left without an entry",
			      err);
	return publish_check_archive(run, item, err);
}

static bool judge_again(struct publish_run *run, struct publish_item *item,
			const struct chartindex_entry *entry, struct err *err)
{
	return !entry || item->listed == PUBLISH_LISTED_KEPT ||
	       same_text(entry->digest, item->digest) ||
	       publish_judge_again(run, item, entry, err);
}

bool publish_judge_all_again(struct publish_run *run, struct err *err)
{
	return publish_each_entry(run, judge_again, err);
}
