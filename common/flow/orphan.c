#include "flow/orphan.h"

#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/rollback.h"
#include "format/value.h"

/* Do the namespace's mark and the revision's description say the same? */
static bool is_marked_rollback(struct kube *kube, const char *namespace,
			       const char *release,
			       const struct release_head *head, bool *marked,
			       struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks marks = {0};
	const struct value *payload = NULL;
	bool exists;

	if (!namespace_read(kube, namespace, &arena, &marks, &exists, err) ||
	    !releases_read_payload(kube, namespace, release, head->revision,
				   &arena, &payload, err))
		return false;
	*marked =
		payload &&
		rollback_is_ours(marks.rollback, head->revision, head->created,
				 value_find_text(payload, "info.description"));
	return true;
}

bool orphan_check(struct kube *kube, const char *namespace, const char *release,
		  const struct release_head *head, bool *orphan,
		  struct err *err)
{
	*orphan = head->run != NULL;
	return *orphan || !same_text(head->status, "pending-rollback") ||
	       is_marked_rollback(kube, namespace, release, head, orphan, err);
}
