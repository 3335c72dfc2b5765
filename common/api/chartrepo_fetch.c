/* Archives of many charts, read at once. */
#include <stdlib.h>

#include "api/chartrepo_kinds.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/http.h"
#include "net/redact.h"

struct fetching {
	struct chartrepo_fetch **fetches;
	struct chartrepo_place *places; /* of each fetch */
	size_t count;
	size_t next;
	size_t *again; /* numbers of those that need another request */
	size_t again_count;
	size_t done;
	size_t kept; /* bytes */
	size_t kept_max;
	const struct reporter *reporter;
	struct err failure; /* of what could not even be asked for */
};

static void fetching_release(struct fetching *fetching)
{
	for (size_t i = 0; i < fetching->count; i++)
		chartrepo_place_release(&fetching->places[i]);
	free(fetching->places);
	free(fetching->again);
	err_release(&fetching->failure);
}

static bool refuse_more(const struct fetching *fetching,
			const struct chartrepo_fetch *fetch, struct err *err)
{
	CLEANUP(str_release) struct str url = {0};

	redact_url(&url, fetch->url);
	(void)err_set(err, ERR_INPUT,
		      "the charts are larger than %zu bytes together, of which "
		      "'%s' has %zu",
		      fetching->kept_max, str_text(&url), fetch->bytes.len);
	return err_hint(err, "a release of Helm holds about 1 MiB: leave out "
			     "what makes the charts so large");
}

/* Number @i was fetched, or failed: is that its own affair, or that of all? */
static bool finish(struct fetching *fetching, size_t i, struct err *failure,
		   struct err *err)
{
	struct chartrepo_fetch *fetch = fetching->fetches[i];

	if (failure->kind != ERR_NONE &&
	    (!fetch->taken || failure->kind == ERR_INTERRUPTED)) {
		err_move(err, failure);
		return false;
	}
	report_progress(fetching->reporter, "charts", ++fetching->done,
			fetching->count);
	if (failure->kind != ERR_NONE)
		err_move(&fetch->failure, failure);
	if (fetch->taken)
		fetch->taken(fetch);
	fetching->kept += fetch->bytes.len;
	return !fetching->kept_max || fetching->kept <= fetching->kept_max ||
	       refuse_more(fetching, fetch, err);
}

static bool ask(struct fetching *fetching, size_t i,
		struct http_request *request, void **item, struct err *err)
{
	struct chartrepo_place *place = &fetching->places[i];
	struct chartrepo_fetch *fetch = fetching->fetches[i];

	*item = place;
	return place->kind->ask(fetch->repo, place, fetch->limit, request, err);
}

/* *@asked: by a request; otherwise number @i was read, or failed. */
static void start(struct fetching *fetching, size_t i,
		  struct http_request *request, void **item, bool *asked,
		  struct err *err)
{
	struct chartrepo_fetch *fetch = fetching->fetches[i];
	struct chartrepo_place *place = &fetching->places[i];

	*asked = false;
	if (!chartrepo_find_place(fetch->repo, fetch->url, place, err))
		return;
	if (!place->kind->read)
		*asked = ask(fetching, i, request, item, err);
	else if (!place->kind->read(place, fetch->limit, &fetch->bytes, err))
		log_debug("%s", err->text);
}

/* The next one that must be asked for over the network; files are read. */
static bool next_fetch(void *context, struct http_request *request, void **item)
{
	struct fetching *fetching = context;
	struct err *err = &fetching->failure;

	while ((fetching->again_count || fetching->next < fetching->count) &&
	       err->kind == ERR_NONE) {
		CLEANUP(err_release) struct err failure = {0};
		bool again = fetching->again_count > 0, asked;
		size_t i = again ? fetching->again[--fetching->again_count]
				 : fetching->next++;

		if (again)
			asked = ask(fetching, i, request, item, &failure);
		else
			start(fetching, i, request, item, &asked, &failure);
		if (asked)
			return true;
		fetching->fetches[i]->misled = failure.kind == ERR_INPUT;
		if (!finish(fetching, i, &failure, err))
			return false;
	}
	return false;
}

static bool fetch_done(void *context, void *item, struct http_request *request,
		       struct http_reply *reply, struct err *failure,
		       struct err *err)
{
	struct fetching *fetching = context;
	struct chartrepo_place *place = item;
	size_t i = (size_t)(place - fetching->places);
	struct chartrepo_fetch *fetch = fetching->fetches[i];
	bool more = false;

	if (failure->kind == ERR_NONE &&
	    !place->kind->take(fetch->repo, place, fetch->limit, request, reply,
			       &fetch->bytes, &more, failure))
		log_debug("%s", failure->text);
	if (!more)
		return finish(fetching, i, failure, err);
	fetching->again[fetching->again_count++] = i;
	return true;
}

bool chartrepo_fetch_all(struct http *http, struct chartrepo_fetch **fetches,
			 size_t count, size_t jobs, size_t kept_max,
			 const struct reporter *reporter, struct err *err)
{
	CLEANUP(http_request_release) struct http_request unused = {0};
	CLEANUP(fetching_release) struct fetching fetching = {
		.fetches = fetches,
		.places = xcalloc(count, sizeof(struct chartrepo_place)),
		.again = xcalloc(count, sizeof(size_t)),
		.count = count,
		.kept_max = kept_max,
		.reporter = reporter,
	};
	struct http_batch batch = {
		.jobs = jobs,
		.memory = CHARTREPO_FLOW_MAX,
		.next = next_fetch,
		.done = fetch_done,
		.context = &fetching,
	};
	void *item;

	if (http && http->client) {
		if (!http_run(http, &batch, err))
			return false;
	} else if (next_fetch(&fetching, &unused, &item)) {
		BUG("a file repository led to the network");
	}
	if (fetching.failure.kind == ERR_NONE)
		return true;
	err_move(err, &fetching.failure);
	return false;
}
