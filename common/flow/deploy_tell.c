#include "base/clock.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/record.h"
#include "flow/deploy.h"
#include "format/value.h"

struct value *deploy_tell_names(const struct envname *name, struct arena *arena,
				struct str *text)
{
	struct value *names = value_new_map(arena);

	value_map_set_text(names, arena, "namespace", name->namespace);
	value_map_set_text(names, arena, "release", name->release);
	value_map_set_text(names, arena, "stack", name->stack);
	str_addf(text, "namespace: %s\nrelease: %s\nstack: %s\n",
		 name->namespace, name->release, name->stack);
	return names;
}

static void set_revision(struct value *map, const char *key, int64_t revision,
			 struct arena *arena)
{
	value_map_set(map, arena, key,
		      revision ? value_new_int(arena, revision) : &value_nil);
}

static void add_result(struct value *map, const struct deploy_result *result,
		       struct arena *arena)
{
	struct value *urls = value_new_list(arena);

	for (size_t i = 0; i < result->urls.count; i++)
		value_list_add(urls, arena,
			       value_new_text(arena, result->urls.items[i]));
	value_map_set(map, arena, "urls", urls);
	set_revision(map, "revision", result->revision, arena);
	value_map_set_text(map, arena, "status",
			   result->status ? result->status : "");
	set_revision(map, "rolledBackTo", result->rolled_back_to, arena);
	value_map_set(map, arena, "findings",
		      bundle_findings(&result->bundle, arena));
	value_map_set(map, arena, "applications",
		      value_copy(result->applications, arena));
}

static void add_victims(struct value *map, const struct deploy *deploy,
			struct arena *arena)
{
	struct value *victims = value_new_list(arena);

	for (size_t i = 0; i < deploy->victims.count; i++)
		value_list_add(victims, arena,
			       value_new_text(arena, deploy->victims.items[i]));
	value_map_set(map, arena, "evicted", victims);
}

static void say_plan(struct str *text, const struct deploy *deploy)
{
	for (size_t i = 0; i < deploy->victims.count; i++)
		str_addf(text,
			 "would delete '%s', the oldest of repository '%s' "
			 "that can go, to make room\n",
			 deploy->victims.items[i], deploy->name->repository);
	if (deploy->chart)
		str_addf(text, "would deploy '%s' as release '%s'\n",
			 deploy->chart, deploy->name->release);
	else
		str_addf(text, "would move the expiry of '%s'\n",
			 deploy->name->namespace);
}

static void say_expiry(struct str *text, const struct deploy *deploy,
		       const struct expiry *expiry)
{
	CLEANUP(free_ptr) char *date = expiry_date(expiry);

	if (expiry->expires)
		str_addf(text, "%s: expires %s UTC\n", deploy->name->namespace,
			 date);
	else
		str_addf(text, "%s: never expires\n", deploy->name->namespace);
}

static void say_failure(struct str *text, const struct deploy_result *result)
{
	if (!same_text(result->status, "failed"))
		return;
	str_add(text, "failed");
	if (result->rolled_back_to)
		str_addf(text, ", rolled back to revision %lld",
			 (long long)result->rolled_back_to);
	str_add_char(text, '\n');
}

static void say_result(struct str *text, const struct deploy_result *result)
{
	const struct value_list *changes = &result->applications->list;

	for (size_t i = 0; i < result->urls.count; i++)
		str_addf(text, "%s\n", result->urls.items[i]);
	for (size_t i = 0; i < changes->count; i++) {
		const struct value *change = changes->items[i];
		const char *old = value_find_text(change, "old");
		const char *new = value_find_text(change, "new");

		str_addf(text, "%s: %s", value_find_text(change, "name"),
			 new ? new : "removed");
		if (!same_text(old, new))
			str_addf(text, " (was %s)", old ? old : "not there");
		str_add_char(text, '\n');
	}
}

struct value *deploy_tell(const struct deploy *deploy,
			  const struct deploy_result *result,
			  struct arena *arena, struct str *text)
{
	CLEANUP(str_release) struct str unsaid = {0};
	struct value *map = deploy_tell_names(deploy->name, arena, &unsaid);
	const struct expiry *expiry =
		result ? &result->expiry : &deploy->expiry;

	expiry_tell(expiry, map, arena);
	if (!result)
		say_plan(text, deploy);
	say_expiry(text, deploy, expiry);
	if (!result) {
		value_map_set_text(map, arena, "chart",
				   deploy->chart ? deploy->chart : "");
		add_victims(map, deploy, arena);
		return map;
	}
	add_result(map, result, arena);
	say_failure(text, result);
	say_result(text, result);
	return map;
}

static void record_time(struct record *record, const char *path,
			int64_t seconds)
{
	CLEANUP(str_release) struct str text = {0};

	clock_add_rfc3339(&text, seconds);
	record_set_text(record, path, str_text(&text));
}

void deploy_record(const struct deploy_result *result, const struct value *told,
		   const char *cluster, struct record *record)
{
	record_set(record, "environment", told);
	if (result->ready) {
		record_time(record, "environment.started", result->started);
		record_time(record, "environment.ready", result->ready);
	}
	if (!is_blank(result->cluster))
		record_set_text(record, "cluster.uid", result->cluster);
	if (!is_blank(cluster))
		record_set_text(record, "cluster.name", cluster);
}
