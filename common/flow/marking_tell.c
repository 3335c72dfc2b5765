/* What is told of marks: result, record, lines for people. */

#include "flow/marking.h"

#include "base/num.h"
#include "base/str.h"
#include "format/value.h"

/* A number where it is one, as Grafana's older API has it. */
static const struct value *id_value(const struct marking *marking,
				    struct arena *arena)
{
	const char *id = marking->mark.id;
	int64_t number;

	if (!id)
		return &value_nil;
	return num_parse_int64(id, &number) ? value_new_int64(arena, number)
					    : value_new_text(arena, id);
}

static struct value *one_result(const struct marking_told *told,
				struct arena *arena)
{
	const struct marking *marking = told->marking;
	struct value *map = value_new_map(arena);

	if (told->application)
		value_map_set_text(map, arena, "application",
				   told->application);
	value_map_set(map, arena, "id", id_value(marking, arena));
	value_map_set(map, arena, "created",
		      value_new_bool(arena, marking->created));
	value_map_set(map, arena, "url",
		      is_blank(told->url) ? &value_nil
					  : value_new_text(arena, told->url));
	value_map_set(map, arena, "spooled",
		      value_new_bool(arena, marking->spooled));
	return map;
}

struct value *marking_result(const struct marking_told *told, size_t count,
			     struct arena *arena)
{
	struct value *marks, *map;

	if (count == 1 && !told->application)
		return one_result(told, arena);
	marks = value_new_list(arena);
	for (size_t i = 0; i < count; i++)
		value_list_add(marks, arena, one_result(&told[i], arena));
	map = value_new_map(arena);
	value_map_set(map, arena, "marks", marks);
	return map;
}

static const char *outcome(const struct marking *marking)
{
	if (marking->lost)
		return "lost";
	if (marking->spooled)
		return "kept";
	if (marking->created)
		return "created";
	return marking->changed ? "updated" : "unchanged";
}

void marking_result_text(const struct marking_told *told, size_t count,
			 struct str *text)
{
	for (size_t i = 0; i < count; i++) {
		const struct marking *marking = told[i].marking;

		str_add(text, "mark");
		if (marking->mark.id)
			str_addf(text, " %s", marking->mark.id);
		if (told[i].application)
			str_addf(text, " of '%s'", told[i].application);
		str_addf(text, " %s", outcome(marking));
		if (!is_blank(told[i].url))
			str_addf(text, " %s", told[i].url);
		str_add_char(text, '\n');
	}
}

static const char *intent(const struct marking *marking)
{
	if (marking->lost)
		return "lose";
	if (marking->spooled)
		return "keep";
	if (marking->created)
		return "create";
	return marking->changed ? "update" : "leave";
}

void marking_plan_text(const struct marking_told *told, size_t count,
		       struct str *text)
{
	for (size_t i = 0; i < count; i++)
		str_addf(text, "%s mark:\n%s\n", intent(told[i].marking),
			 told[i].marking->mark.text);
}

struct value *marking_record(const struct marking_told *told, size_t count,
			     struct arena *arena)
{
	struct value *marks = value_new_list(arena);

	for (size_t i = 0; i < count; i++) {
		const struct marking *marking = told[i].marking;
		struct value *one;

		if (!marking->mark.id)
			continue;
		one = value_new_map(arena);
		value_map_set(one, arena, "id", id_value(marking, arena));
		value_map_set(one, arena, "start",
			      value_new_int64(arena, marking->mark.start_ms));
		value_map_set(one, arena, "end",
			      value_new_int64(arena, marking->mark.end_ms));
		if (!is_blank(told[i].url))
			value_map_set_text(one, arena, "url", told[i].url);
		value_list_add(marks, arena, one);
	}
	return marks;
}
