#include "flow/rendering.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/value.h"
#include "net/http.h"
#include "sys/env.h"

/* It is mistyped, or what it is for is not there: nobody would look for it. */
static void warn_idle(const struct rendering *rendering)
{
	const struct strvec *globs = rendering->args.templates;

	for (size_t i = 0; i < globs->count; i++) {
		if (!umbrella_has_match(&rendering->umbrella, globs->items[i]))
			report_warning(rendering->args.vendor.http->reporter,
				       "no file of the umbrella matches "
				       "'--template %s'",
				       globs->items[i]);
	}
}

static bool render(struct rendering *rendering, struct arena *arena,
		   struct err *err)
{
	const struct rendering_args *args = &rendering->args;
	struct renderfacts *facts = &rendering->facts;
	CLEANUP(free_ptr) char *dir = NULL;
	const struct value *data;
	struct umbrella_rules rules;

	if (!umbrella_find_dir(args->umbrella, &dir, err) ||
	    !renderfacts_read(facts, &args->facts, err) ||
	    !renderfacts_name(facts, err) ||
	    !renderfacts_data(facts, arena, &data, err) ||
	    !umbrella_read(
		    &rendering->umbrella, dir,
		    args->output_dir ? args->output_dir : UMBRELLA_OUTPUT, err))
		return false;
	warn_idle(rendering);
	rules = (struct umbrella_rules){
		.templates = args->templates,
		.no_templates = args->no_templates,
		.options = facts->options,
	};
	return umbrella_render(&rendering->umbrella, &rules, data, err) ||
	       renderfacts_explain(facts, arena, err);
}

static bool stamp(struct rendering *rendering, struct err *err)
{
	CLEANUP(free_ptr) char *warning = NULL;

	if (!umbrella_stamp(&rendering->umbrella, &rendering->facts.input,
			    &rendering->expiry, &warning, err))
		return false;
	if (warning)
		report_warning(rendering->args.vendor.http->reporter, "%s",
			       warning);
	return true;
}

/* Not the clock: the next render is to give the same bytes. */
static int64_t find_stamp(const struct rendering *rendering)
{
	const struct renderfacts *facts = &rendering->facts;

	if (env_get(rendering->args.vendor.env, "SOURCE_DATE_EPOCH"))
		return facts->options.now_ms / 1000;
	return facts->origin.commit_time ? facts->origin.commit_time : -1;
}

static bool vendor(struct rendering *rendering, struct arena *arena,
		   struct err *err)
{
	struct vendor_args args = rendering->args.vendor;

	rendering->output_dir = rendering->args.output_dir;
	if (!rendering->output_dir)
		rendering->output_dir = arena_printf(
			arena, UMBRELLA_OUTPUT "/%s", rendering->vendored.name);
	args.now_ms = rendering->facts.options.now_ms;
	args.stamp_s = find_stamp(rendering);
	args.previous = rendering->output_dir;
	return umbrella_check_output(rendering->output_dir,
				     rendering->vendored.name, err) &&
	       vendor_dependencies(&rendering->vendored, &rendering->umbrella,
				   &args, err);
}

static void tell(struct rendering *rendering, struct arena *arena)
{
	const struct vendored *vendored = &rendering->vendored;
	const struct expiry *expiry = &rendering->expiry;
	CLEANUP(free_ptr) char *date = expiry_date(expiry);
	struct str *text = &rendering->text;

	rendering->chart = vendor_tell(vendored, rendering->output_dir, arena);
	rendering->result = value_copy(rendering->chart, arena);
	if (rendering->args.vendor.explain)
		vendor_tell_why(vendored, rendering->result, arena);
	expiry_tell(expiry, rendering->result, arena);
	str_addf(text, "%s: %s %s, ", rendering->output_dir, vendored->name,
		 vendored->version);
	if (expiry->expires)
		str_addf(text, "expires %s UTC\n", date);
	else
		str_add(text, "never expires\n");
	vendor_add_text(text, vendored);
}

bool rendering_prepare(struct rendering *rendering,
		       const struct rendering_args *args, struct arena *arena,
		       struct err *err)
{
	rendering->args = *args;
	if (!render(rendering, arena, err) ||
	    !vendor_read_chart(&rendering->vendored, &rendering->umbrella,
			       err) ||
	    !stamp(rendering, err) || !vendor(rendering, arena, err))
		return false;
	tell(rendering, arena);
	return true;
}

void rendering_release(struct rendering *rendering)
{
	renderfacts_release(&rendering->facts);
	umbrella_release(&rendering->umbrella);
	vendored_release(&rendering->vendored);
	str_release(&rendering->text);
}
