#include "cli/progress.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

static void warn(void *context, const char *text)
{
	(void)context;
	log_warning("%s", text);
}

static void describe(struct str *out, const char *what, size_t done,
		     size_t total)
{
	if (total)
		str_addf(out, "%zu of %zu ", done, total);
	else if (done)
		str_addf(out, "%zu ", done);
	str_add(out, what);
}

static void show(void *context, const char *what, size_t done, size_t total)
{
	struct progress *progress = context;
	int64_t now = clock_monotonic_ms();
	CLEANUP(str_release) struct str text = {0};

	if (now < progress->next_ms)
		return;
	describe(&text, what, done, total);
	if (progress->live)
		log_live(str_text(&text));
	else
		log_info("%s", str_text(&text));
	progress->next_ms =
		now + (progress->live ? PROGRESS_LIVE_MS : PROGRESS_LINE_MS);
}

void progress_start(struct progress *progress, struct reporter *reporter,
		    bool live)
{
	progress->live = live;
	/* What is done at once needs no line at all. */
	progress->next_ms = clock_monotonic_ms() +
			    (live ? PROGRESS_LIVE_MS : PROGRESS_LINE_MS);
	*reporter = (struct reporter){
		.warn = warn,
		.progress = show,
		.context = progress,
	};
}

void progress_end(struct progress *progress)
{
	if (progress->live)
		log_live(NULL);
}
