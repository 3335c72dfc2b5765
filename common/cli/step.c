#include "cli/step.h"

#include "cli/out.h"

struct http_config step_http_config(const struct step_run *run,
				    const struct http_args *args)
{
	return (struct http_config){
		.args = *args,
		.env = run->env,
		.reporter = &run->reporter,
		.deadline = run->deadline,
	};
}

bool step_plan(struct step_run *run, const struct value *plan, const char *text)
{
	if (run->dry_run)
		out_show(run->out, plan, text);
	return run->dry_run;
}

bool step_result(struct step_run *run, const struct value *result,
		 const char *text, struct err *err)
{
	out_show(run->out, result, text);
	return out_check(run->out, err);
}

bool step_print(struct step_run *run, const char *text, size_t len,
		struct err *err)
{
	out_write(run->out, text, len);
	return out_check(run->out, err);
}
