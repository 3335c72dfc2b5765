/*
 * A table of cases in a file, a list in JSON:
 *
 *	for_each_row("tests/tables/addresses.json", 20, check_case);
 */
#ifndef TESTS_UNIT_TABLE_H
#define TESTS_UNIT_TABLE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

/* The file has at least @rows_min rows. */
static UNUSED void for_each_row(const char *path, size_t rows_min,
				void (*check)(const struct value *row))
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct value *rows;

	assert_true(file_read(path, 1 << 20, &text, &err));
	assert_true(jsontext_parse(&rows, str_text(&text), text.len, path,
				   &arena, &err));
	assert_true(rows->list.count >= rows_min);
	for (size_t i = 0; i < rows->list.count; i++)
		check(rows->list.items[i]);
}

#endif
