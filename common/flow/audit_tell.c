/* What an audit found, told to programs and to people. */
#include "base/str.h"
#include "flow/audit.h"
#include "format/value.h"

static void set_if_known(struct value *map, struct arena *arena,
			 const char *key, const char *text)
{
	if (*text)
		value_map_set_text(map, arena, key, text);
}

static struct value *list_items(const struct audit_items *items,
				struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < items->count; i++) {
		const struct audit_item *item = &items->items[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "name", item->name);
		value_map_set_text(map, arena, "version", item->version);
		set_if_known(map, arena, "digest", item->digest);
		set_if_known(map, arena, "url", item->address);
		set_if_known(map, arena, "reason", item->reason);
		if (item->young)
			value_map_set(map, arena, "young",
				      value_new_bool(arena, true));
		value_list_add(list, arena, map);
	}
	return list;
}

static void say(struct str *text, const char *what,
		const struct audit_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct audit_item *item = &items->items[i];

		str_addf(text, "%s%s:", item->young ? "young " : "", what);
		if (*item->name)
			str_addf(text, " %s %s", item->name, item->version);
		if (*item->address)
			str_addf(text, " %s", item->address);
		if (*item->reason)
			str_addf(text, " (%s)", item->reason);
		str_add_char(text, '\n');
	}
}

struct value *audit_tell(const struct audit_report *report, struct arena *arena,
			 struct str *text)
{
	const struct {
		const char *key;
		const char *word;
		const struct audit_items *items;
	} lists[] = {
		{"orphans", "orphan", &report->orphans},
		{"dangling", "dangling", &report->dangling},
		{"mismatched", "mismatched", &report->mismatched},
		{"unread", "unread", &report->unread},
		{"repaired", report->dry_run ? "would repair" : "repaired",
		 &report->repaired},
		{"pruned", report->dry_run ? "would prune" : "pruned",
		 &report->pruned},
		{"copied", report->dry_run ? "would copy" : "copied",
		 &report->copied},
	};
	struct value *map = value_new_map(arena);

	value_map_set(map, arena, "entries",
		      value_new_int(arena, (int64_t)report->entries));
	value_map_set(map, arena, "verified",
		      value_new_int(arena, (int64_t)report->verified));
	value_map_set(map, arena, "read",
		      value_new_int(arena, (int64_t)report->read));
	value_map_set(map, arena, "dryRun",
		      value_new_bool(arena, report->dry_run));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		value_map_set(map, arena, lists[i].key,
			      list_items(lists[i].items, arena));
		say(text, lists[i].word, lists[i].items);
	}
	if (!report->entries && report->copied.count)
		return map;
	str_addf(text, "entries: %zu, verified: %zu, archives read: %zu\n",
		 report->entries, report->verified, report->read);
	return map;
}
