#include <string.h>

#include "api/kube.h"
#include "api/releases.h"
#include "api/releases_parts.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsn.h"

#define LABEL_RUN "slipway/run"

/* What a list of revisions tells of the newest. */
struct history {
	struct arena *arena;
	struct release_head head;
	const char *resource_version; /* of the newest */
	struct strvec runs;	      /* of all revisions */
	int64_t deployed;
	int64_t superseded;
};

static void history_release(struct history *history)
{
	strvec_release(&history->runs);
}

static bool note_revision(void *context, const json_t *item, struct err *err)
{
	struct history *history = context;
	struct arena *arena = history->arena;
	const char *version = releases_copy_label(arena, item, "version");
	const char *run = releases_copy_label(arena, item, LABEL_RUN);
	const char *status = releases_copy_label(arena, item, "status");
	int64_t revision;

	(void)err;
	if (run)
		strvec_add(&history->runs, run);
	if (!version || !num_parse_range(version, 1, INT64_MAX, &revision))
		return true;
	if (same_text(status, "deployed") && revision > history->deployed)
		history->deployed = revision;
	if (same_text(status, "superseded") && revision > history->superseded)
		history->superseded = revision;
	if (revision <= history->head.revision)
		return true;
	history->head = (struct release_head){
		.revision = revision,
		.status = status,
		.expires_at =
			releases_copy_label(arena, item, LABEL_EXPIRES_AT),
		.run = run,
		.created = releases_created_at(item),
	};
	history->resource_version =
		releases_copy_text(arena, item, "metadata.resourceVersion");
	return true;
}

static void forget_revisions(void *context)
{
	struct history *history = context;

	history->head = (struct release_head){0};
	history->resource_version = NULL;
	history->deployed = history->superseded = 0;
	strvec_truncate(&history->runs, 0);
}

static size_t count_text(const struct strvec *texts, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < texts->count; i++)
		count += same_text(texts->items[i], text);
	return count;
}

/* @selector, "owner=helm,name=...", is borrowed. */
static struct kube_list history_query(struct history *history,
				      const char *namespace,
				      const char *selector, bool cached)
{
	struct kube_list list = {
		.ref = releases_secrets,
		.label_selector = selector,
		.metadata = true,
		.cached = cached,
		.item = note_revision,
		.restart = forget_revisions,
		.context = history,
	};

	forget_revisions(history);
	list.ref.namespace = namespace;
	return list;
}

static bool read_history(struct kube *kube, const char *namespace,
			 const char *name, bool cached, struct history *history,
			 struct err *err)
{
	CLEANUP(free_ptr) char *selector =
		xasprintf("owner=helm,name=%s", name);
	const struct kube_list list =
		history_query(history, namespace, selector, cached);

	return kube_list(kube, &list, err);
}

/* Nothing is not believed of a cache. */
static bool is_current(struct kube *kube, const char *namespace,
		       const char *name, const struct history *history,
		       bool *current, struct err *err)
{
	CLEANUP(release_query_release) struct release_query newest = {0};
	CLEANUP(release_query_release) struct release_query next = {0};
	struct kube_list questions[2];
	int64_t revision = history->head.revision;

	*current = false;
	if (!revision)
		return true;
	questions[0] = release_metadata_query(&newest, namespace, name,
					      revision, history->arena);
	questions[1] = release_metadata_query(&next, namespace, name,
					      revision + 1, history->arena);
	if (!kube_list_all(kube, questions, ARRAY_SIZE(questions), err))
		return false;
	*current =
		release_is_current(&newest, &next, history->resource_version);
	return true;
}

static void conclude_head(const struct history *history,
			  struct release_head *head)
{
	*head = history->head;
	head->deployed =
		history->deployed ? history->deployed : history->superseded;
	if (head->run && count_text(&history->runs, head->run) > 1)
		head->run = NULL;
}

/* What was listed in a cache is listed anew where that may be behind. */
static bool make_current(struct kube *kube, const char *namespace,
			 const char *name, struct history *history,
			 struct err *err)
{
	bool current;

	return is_current(kube, namespace, name, history, &current, err) &&
	       (current ||
		read_history(kube, namespace, name, false, history, err));
}

bool releases_read_head(struct kube *kube, const char *namespace,
			const char *name, struct arena *arena,
			struct release_head *head, struct err *err)
{
	CLEANUP(history_release) struct history history = {.arena = arena};

	if (!read_history(kube, namespace, name, true, &history, err) ||
	    !make_current(kube, namespace, name, &history, err))
		return err_wrap(err, "cannot look up release '%s'", name);
	conclude_head(&history, head);
	return true;
}

/* *@current: @expected is the newest, and the list in @history tells so. */
static bool ask_expected(struct kube *kube, const char *namespace,
			 const char *name, int64_t expected,
			 struct history *history, struct release_query *newest,
			 bool *current, struct err *err)
{
	CLEANUP(free_ptr) char *selector =
		xasprintf("owner=helm,name=%s", name);
	CLEANUP(release_query_release) struct release_query next = {0};
	const struct kube_list questions[] = {
		history_query(history, namespace, selector, true),
		release_query(newest, namespace, name, expected,
			      history->arena),
		release_metadata_query(&next, namespace, name, expected + 1,
				       history->arena),
	};

	if (!kube_list_all(kube, questions, ARRAY_SIZE(questions), err))
		return false;
	*current = history->head.revision == expected &&
		   release_is_current(newest, &next, history->resource_version);
	return true;
}

bool releases_read_expected(struct kube *kube, const char *namespace,
			    const char *name, int64_t expected,
			    struct arena *arena, struct release_head *head,
			    const struct value **payload, struct err *err)
{
	CLEANUP(history_release) struct history history = {.arena = arena};
	CLEANUP(release_query_release) struct release_query newest = {0};
	bool current = false;

	if (!ask_expected(kube, namespace, name, expected, &history, &newest,
			  &current, err) ||
	    (!current && !make_current(kube, namespace, name, &history, err)))
		return err_wrap(err, "cannot look up release '%s'", name);
	if (!(current ? release_decode(&newest, arena, payload, err)
		      : releases_read_payload(kube, namespace, name,
					      history.head.revision, arena,
					      payload, err)))
		return false;
	conclude_head(&history, head);
	return true;
}
