#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/envname.h"
#include "flow/deploy.h"
#include "format/markdown.h"
#include "format/value.h"
#include "sys/file.h"

static void add_text(struct str *out, const char *text)
{
	CLEANUP(str_release) struct str line = {0};

	log_add_masked(&line, text);
	markdown_add_text(out, str_text(&line), line.len);
}

static void add_head(struct str *out, const struct deploy *deploy,
		     const struct deploy_result *result)
{
	/* By which who comments finds his comment of the last time. */
	str_addf(out, "<!-- slipway deploy-preview %s -->\n### ",
		 deploy->name->namespace);
	add_text(out, deploy->name->namespace);
	str_addf(out, ": %s", result->status ? result->status : "empty");
	if (result->rolled_back_to)
		str_addf(out, ", rolled back to revision %lld",
			 (long long)result->rolled_back_to);
	str_add(out, "\n\n");
}

static void add_place(struct str *out, const struct deploy_result *result)
{
	CLEANUP(free_ptr) char *date = expiry_date(&result->expiry);

	for (size_t i = 0; i < result->urls.count; i++) {
		str_add(out, "- ");
		markdown_add_link(out, result->urls.items[i],
				  result->urls.items[i]);
		str_add_char(out, '\n');
	}
	if (result->expiry.expires)
		str_addf(out, "- expires %s UTC\n", date);
	if (result->revision)
		str_addf(out, "- revision %lld\n", (long long)result->revision);
	else
		str_add(out, "- no new revision\n");
	str_add_char(out, '\n');
}

static void add_version(struct str *out, const char *version, bool changed)
{
	str_add(out, changed ? " | **" : " | ");
	add_text(out, version ? version : "–");
	str_add(out, changed ? "**" : "");
}

static void add_applications(struct str *out, const struct value *changes)
{
	if (!changes->list.count)
		return;
	str_add(out, "| application | before | now |\n|---|---|---|\n");
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct value *change = changes->list.items[i];
		const char *old = value_find_text(change, "old");
		const char *new = value_find_text(change, "new");

		str_add(out, "| ");
		add_text(out, value_find_text(change, "name"));
		add_version(out, old, false);
		add_version(out, new, !same_text(old, new));
		str_add(out, " |\n");
	}
	str_add_char(out, '\n');
}

static void add_findings(struct str *out, const struct diagnosis *diagnosis)
{
	if (!diagnosis->count)
		return;
	str_add(out, "#### Why\n\n");
	for (size_t i = 0; i < diagnosis->count; i++) {
		CLEANUP(str_release) struct str line = {0};

		diagnosis_print(&line, &diagnosis->findings[i]);
		str_add(out, "- ");
		add_text(out, str_text(&line));
		str_add_char(out, '\n');
	}
	if (diagnosis->left_out)
		str_addf(out, "- and %zu more\n", diagnosis->left_out);
	str_add_char(out, '\n');
}

bool deploy_write_markdown(const struct deploy *deploy,
			   const struct deploy_result *result, const char *path,
			   struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	add_head(&text, deploy, result);
	add_place(&text, result);
	add_applications(&text, result->applications);
	add_findings(&text, &result->bundle.diagnosis);
	return file_replace(path, str_text(&text), text.len, 0644, err) ||
	       err_wrap(err, "cannot write the comment");
}
