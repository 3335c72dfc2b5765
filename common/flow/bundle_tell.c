#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "flow/bundle.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "sys/file.h"

/* --- lines for people ------------------------------------------------------ */

static void print_waiting(const struct bundle *bundle, struct strvec *lines)
{
	const struct rollout *rollout = &bundle->rollout;
	CLEANUP(str_release) struct str line = {0};

	if (!rollout->count)
		return;
	str_addf(&line, "%zu of %zu workloads are ready", rollout->ready,
		 rollout->count);
	if (rollout->ready < rollout->count)
		str_add(&line, ", not: ");
	rollout_print_missing(rollout, &line);
	strvec_add(lines, str_text(&line));
}

static void print_findings(const struct bundle *bundle, struct strvec *lines)
{
	const struct diagnosis *diagnosis = &bundle->diagnosis;

	for (size_t i = 0; i < diagnosis->count; i++) {
		CLEANUP(str_release) struct str line = {0};

		diagnosis_print(&line, &diagnosis->findings[i]);
		strvec_add(lines, str_text(&line));
	}
	if (diagnosis->left_out)
		strvec_addf(lines, "and %zu more", diagnosis->left_out);
}

static void print_log(const struct bundle_log *log, struct strvec *lines)
{
	size_t count = log->lines.count;
	size_t first = count > BUNDLE_LOG_SHOWN ? count - BUNDLE_LOG_SHOWN : 0;

	for (size_t i = first; i < count; i++)
		strvec_addf(lines, "log of '%s/%s': %s", log->pod,
			    log->container, log->lines.items[i]);
}

static const char *text_or(const struct value *map, const char *path,
			   const char *otherwise)
{
	const char *text = value_find_text(map, path);

	return is_blank(text) ? otherwise : text;
}

static void print_events(const struct bundle *bundle, struct strvec *lines)
{
	size_t count = bundle->events->list.count;
	size_t first =
		count > BUNDLE_EVENTS_SHOWN ? count - BUNDLE_EVENTS_SHOWN : 0;

	for (size_t i = first; i < count; i++) {
		const struct value *event = bundle->events->list.items[i];

		strvec_addf(lines, "%s event: %s '%s': %s: %s",
			    diagnosis_event_time(event),
			    text_or(event, "involvedObject.kind", "object"),
			    text_or(event, "involvedObject.name", "?"),
			    text_or(event, "reason", "Warning"),
			    text_or(event, "message", ""));
	}
}

static void print(const struct bundle *bundle, struct strvec *lines)
{
	print_waiting(bundle, lines);
	print_findings(bundle, lines);
	for (size_t i = 0; i < bundle->log_count; i++)
		print_log(&bundle->logs[i], lines);
	print_events(bundle, lines);
}

/* --- data ------------------------------------------------------------------ */

static const struct value *text_or_nil(const char *text, struct arena *arena)
{
	return text ? value_new_text(arena, text) : &value_nil;
}

static const struct value *tell_waiting(const struct bundle *bundle,
					struct arena *arena)
{
	const struct rollout *rollout = &bundle->rollout;
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < rollout->count; i++) {
		const struct rollout_item *item = &rollout->items[i];
		struct value *map = value_new_map(arena);

		if (item->ready)
			continue;
		value_map_set_text(map, arena, "kind", item->kind);
		value_map_set_text(map, arena, "name", item->name);
		value_map_set(map, arena, "have",
			      value_new_int(arena, item->have));
		value_map_set(map, arena, "want",
			      value_new_int(arena, item->want));
		value_list_add(list, arena, map);
	}
	return list;
}

static const struct value *tell_finding(const struct diagnosis_finding *finding,
					struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set_text(map, arena, "kind", finding->kind);
	value_map_set_text(map, arena, "name", finding->name);
	value_map_set(map, arena, "more",
		      value_new_int(arena, (int64_t)finding->more));
	value_map_set(map, arena, "container",
		      text_or_nil(finding->container, arena));
	value_map_set(map, arena, "init", value_new_bool(arena, finding->init));
	value_map_set_text(map, arena, "cause",
			   diagnosis_cause_name(finding->cause));
	value_map_set_text(map, arena, "reason", finding->reason);
	value_map_set_text(map, arena, "message", finding->message);
	value_map_set_text(map, arena, "cure", finding->cure);
	value_map_set(map, arena, "final",
		      value_new_bool(arena, finding->final));
	return map;
}

const struct value *bundle_findings(const struct bundle *bundle,
				    struct arena *arena)
{
	const struct diagnosis *diagnosis = &bundle->diagnosis;
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < diagnosis->count; i++)
		value_list_add(list, arena,
			       tell_finding(&diagnosis->findings[i], arena));
	return list;
}

static const struct value *tell_events(const struct bundle *bundle,
				       struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < bundle->events->list.count; i++) {
		const struct value *event = bundle->events->list.items[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "time",
				   diagnosis_event_time(event));
		value_map_set_text(map, arena, "kind",
				   text_or(event, "involvedObject.kind", ""));
		value_map_set_text(map, arena, "name",
				   text_or(event, "involvedObject.name", ""));
		value_map_set_text(map, arena, "reason",
				   text_or(event, "reason", ""));
		value_map_set_text(map, arena, "message",
				   text_or(event, "message", ""));
		value_map_set(map, arena, "count",
			      value_new_int(arena,
					    rollout_number(event, "count", 1)));
		value_list_add(list, arena, map);
	}
	return list;
}

static const struct value *tell_logs(const struct bundle *bundle,
				     struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < bundle->log_count; i++) {
		const struct bundle_log *log = &bundle->logs[i];
		struct value *map = value_new_map(arena);
		struct value *lines = value_new_list(arena);

		for (size_t j = 0; j < log->lines.count; j++)
			value_list_add(lines, arena,
				       value_new_text(arena,
						      log->lines.items[j]));
		value_map_set_text(map, arena, "pod", log->pod);
		value_map_set_text(map, arena, "container", log->container);
		value_map_set(map, arena, "previous",
			      value_new_bool(arena, log->previous));
		value_map_set(map, arena, "lines", lines);
		value_list_add(list, arena, map);
	}
	return list;
}

const struct value *bundle_tell(const struct bundle *bundle,
				struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set(map, arena, "waiting", tell_waiting(bundle, arena));
	value_map_set(map, arena, "findings", bundle_findings(bundle, arena));
	value_map_set(map, arena, "left",
		      value_new_int(arena,
				    (int64_t)bundle->diagnosis.left_out));
	value_map_set(map, arena, "events", tell_events(bundle, arena));
	value_map_set(map, arena, "logs", tell_logs(bundle, arena));
	return map;
}

static bool write_file(const struct bundle *bundle, const char *path,
		       struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str plain = {0};
	CLEANUP(str_release) struct str text = {0};

	jsontext_print(&plain, bundle_tell(bundle, &arena), true);
	str_add_char(&plain, '\n');
	log_add_masked(&text, str_text(&plain));
	return file_replace(path, str_text(&text), text.len, 0644, err);
}

void bundle_report(const struct bundle *bundle, const char *path,
		   const struct reporter *reporter)
{
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(err_release) struct err failure = {0};

	print(bundle, &lines);
	for (size_t i = 0; i < lines.count; i++)
		report_warning(reporter, "%s", lines.items[i]);
	if (path && !write_file(bundle, path, &failure))
		report_warning(reporter, "cannot write the diagnosis: %s",
			       failure.text);
}
