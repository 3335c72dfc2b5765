#include "tmpl/tmpl.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "tmpl/ast.h"
#include "tmpl/exec.h"
#include "tmpl/parse.h"

bool tmpl_parse(struct tmpl *set, const char *name, const char *text,
		size_t len, struct err *err)
{
	if (len > TMPL_SOURCE_MAX)
		return err_set(err, ERR_INPUT,
			       "template '%s' is larger than %zu MiB", name,
			       TMPL_SOURCE_MAX >> 20);
	return parse_text(set, &set->arena, name, name, text, len, NULL, err);
}

bool tmpl_has(const struct tmpl *set, const char *name)
{
	return map_has(&set->trees, name);
}

static bool run(const struct tmpl *set, const char *name,
		const struct value *root, struct str *out,
		const struct tmpl_sink *sink, struct err *err)
{
	const struct tree *tree = map_get(&set->trees, name);
	struct exec exec = {.set = set,
			    .tree = tree,
			    .out = out,
			    .sink = sink,
			    .max_steps = set->options.max_steps
						 ? set->options.max_steps
						 : TMPL_STEPS_MAX,
			    .err = err};
	bool good;

	if (!tree)
		return err_set(err, ERR_NOT_FOUND, "there is no template '%s'",
			       name);
	if (set->options.max_ms)
		exec.end_ms = clock_processor_ms() + set->options.max_ms;
	good = exec_root(&exec, tree, root);
	arena_release(&exec.arena);
	zones_release(&exec.zones);
	free(exec.variables);
	return good;
}

bool tmpl_execute(const struct tmpl *set, const char *name,
		  const struct value *root, struct str *out, struct err *err)
{
	return run(set, name, root, out, NULL, err);
}

bool tmpl_execute_to(const struct tmpl *set, const char *name,
		     const struct value *root, const struct tmpl_sink *sink,
		     struct err *err)
{
	CLEANUP(str_release) struct str rest = {0};

	return run(set, name, root, &rest, sink, err) &&
	       sink->write(sink->arg, str_text(&rest), rest.len, err);
}

void tmpl_release(struct tmpl *set)
{
	map_release(&set->trees);
	arena_release(&set->arena);
	*set = (struct tmpl){0};
}
