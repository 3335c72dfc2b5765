#include "flow/renderfacts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/record.h"
#include "flow/umbrella.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/signals.h"

static enum tmpl_missing missing_mode(const char *word)
{
	if (same_text(word, "default"))
		return TMPL_MISSING_DEFAULT;
	return same_text(word, "zero") ? TMPL_MISSING_ZERO : TMPL_MISSING_ERROR;
}

/* What is no YAML may be JSON all the same: escapes of surrogates are. */
static bool read_context(struct ydoc *context, const char *path,
			 struct err *err)
{
	CLEANUP(err_release) struct err unfit = {0}, no_json = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!file_read(path, YDOC_SIZE_MAX, &text, err))
		return false;
	if (ydoc_parse(context, str_text(&text), text.len, path, 0, &unfit) ||
	    jsontext_parse(&context->root, str_text(&text), text.len, path,
			   &context->arena, &no_json))
		return true;
	err_move(err, &unfit);
	return false;
}

bool renderfacts_read(struct renderfacts *facts,
		      const struct renderfacts_args *args, struct err *err)
{
	facts->args = args;
	facts->options = (struct tmpl_options){
		.left = args->left_delim,
		.right = args->right_delim,
		.missing = missing_mode(args->missing_key),
		.tz = env_get_raw(args->env, "TZ"),
		.max_ms = RENDER_WORK_MS,
		.interrupted = signals_interrupted,
	};
	facts->input = (struct expiry_input){
		.explicit_ms = args->expires_in,
		.now = clock_now_ms() / 1000,
	};
	facts->data = (struct renderdata){
		.env = args->env,
		.exposed = args->exposed,
		.record = args->record,
	};
	return umbrella_clock(args->env, &facts->options.now_ms, err) &&
	       (!args->context ||
		read_context(&facts->context, args->context, err));
}

bool renderfacts_name(struct renderfacts *facts, struct err *err)
{
	const struct envname_args *given = facts->args->name;
	const struct origin *origin = &facts->origin;
	struct envname_facts known;
	const char *unused;

	if (!origin_find(&facts->origin, facts->args->env, ".", err))
		return false;
	origin_tell_untrusted(origin, given, NULL, facts->args->reporter);
	known = origin_facts(origin);
	facts->data.repository = given->repository_name
					 ? given->repository_name
					 : origin->repository_name;
	facts->data.branch = given->branch ? given->branch : origin->branch;
	facts->data.commit = origin->commit;
	if (!envname_decide(&facts->name, given, &known, err))
		return false;
	facts->input.main = facts->name.main;
	facts->data.name = &facts->name;
	facts->data.expiry = &facts->expiry;
	return expiry_decide(&facts->expiry, &facts->input, &unused, err);
}

bool renderfacts_data(const struct renderfacts *facts, struct arena *arena,
		      const struct value **data, struct err *err)
{
	const struct value *context = facts->context.root;

	*data = renderdata_make(&facts->data, arena);
	if (!context || context->kind == VALUE_NIL)
		return true;
	if (value_is_map(context))
		*data = value_merge(*data, context, arena);
	else if (facts->args->any_root)
		*data = context;
	else
		return err_set(err, ERR_INPUT, "'%s' is no mapping",
			       facts->args->context);
	return true;
}

bool renderfacts_explain(const struct renderfacts *facts, struct arena *arena,
			 struct err *err)
{
	const char *name = NULL;

	if (err->source && err->column)
		name = renderdata_withheld(&facts->data, err->source,
					   err->column - 1, arena);
	if (!name)
		return false;
	/* Better than what the template engine can say. */
	free(err->hint);
	err->hint = NULL;
	return err_hint(err,
			"'%s' looks like a secret and is withheld; if it is "
			"none: --expose-env %s",
			name, name);
}

bool renderfacts_file(struct renderfacts *facts, const char *path,
		      struct arena *arena, struct spool *out, struct err *err)
{
	CLEANUP(err_release) struct err unknown = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct value *data;

	if (!umbrella_read_file(path, &text, err))
		return false;
	if (renderdata_needs_origin(str_text(&text), text.len,
				    facts->context.root) &&
	    !renderfacts_name(facts, &unknown))
		log_debug("%s", unknown.text);
	if (!renderfacts_data(facts, arena, &data, err))
		return false;
	return umbrella_render_text(path, &text, &facts->options, data, out,
				    err) ||
	       renderfacts_explain(facts, arena, err);
}

void renderfacts_record(const struct renderfacts *facts,
			const struct expiry *expiry, struct record *record)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *environment = value_new_map(&arena);

	origin_record(&facts->origin, record);
	value_map_set_text(environment, &arena, "namespace",
			   facts->name.namespace);
	value_map_set_text(environment, &arena, "release", facts->name.release);
	value_map_set_text(environment, &arena, "stack", facts->name.stack);
	expiry_tell(expiry, environment, &arena);
	record_set(record, "environment", environment);
}

void renderfacts_release(struct renderfacts *facts)
{
	origin_release(&facts->origin);
	envname_release(&facts->name);
	ydoc_release(&facts->context);
}
