#include <stdlib.h>

#include "api/helm.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/sweep.h"
#include "flow/deploy_parts.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

/* The expiry as values, so that what runs can show it. */
static bool write_values(const struct expiry *expiry, const char *path,
			 struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *date = expiry_date(expiry);
	CLEANUP(str_release) struct str text = {0};
	struct value *global = value_new_map(&arena);
	struct value *root = value_new_map(&arena);

	value_map_set(global, &arena, "expires",
		      expiry->expires ? &value_true : &value_false);
	value_map_set_text(global, &arena, "expiryDate", date);
	value_map_set(root, &arena, "global", global);
	ydoc_emit(&text, root);
	return file_replace(path, str_text(&text), text.len, 0600, err);
}

static void add_labels(struct strvec *labels, const struct deploy *deploy,
		       const struct expiry *expiry)
{
	CLEANUP(free_ptr) char *expires_at = expiry_label(expiry);

	strvec_add(labels, "slipway/managed=" SWEEP_MARK_VERSION);
	strvec_addf(labels, "slipway/expires-at=%s", expires_at);
	strvec_addf(labels, "slipway/stack=%s", deploy->name->stack);
}

bool deploy_make_input(struct deploy_input *input, const struct deploy *deploy,
		       const struct helm *helm, const struct expiry *expiry,
		       struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;

	if (!tempdir_start(&input->dir, dir_for_temp(&helm->env),
			   "slipway-deploy", err))
		return false;
	path = path_join(str_text(&input->dir.path), "expiry.yaml");
	if (!write_values(expiry, path, err))
		return false;
	strvec_add_all(&input->values, deploy->values);
	strvec_add(&input->values, path);
	add_labels(&input->labels, deploy, expiry);
	return true;
}

struct helm_upgrade deploy_upgrade(const struct deploy *deploy,
				   const struct deploy_input *input)
{
	return (struct helm_upgrade){
		.release = deploy->name->release,
		.namespace = deploy->name->namespace,
		.chart = deploy->chart,
		.values = &input->values,
		.set = deploy->set,
		.labels = &input->labels,
		.wait_ms = deploy->wait_ms,
		.history_max = deploy->history_max,
		.wait_for_jobs = deploy->wait_for_jobs,
	};
}

void deploy_input_release(struct deploy_input *input)
{
	tempdir_release(&input->dir);
	strvec_release(&input->values);
	strvec_release(&input->labels);
}
