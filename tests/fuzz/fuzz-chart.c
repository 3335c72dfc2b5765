/*
 * Archives of any kind: loading ends, and what was loaded as a chart can be
 * packaged, and the package holds the same chart.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "format/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is the tar stream: a fuzzer cannot guess checksums of gzip. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str tgz = {0}, first = {0}, second = {0};
	struct chart *chart = NULL;

	gzip_compress(&tgz, data, size, NULL);
	if (!chart_load_archive(tgz.buf, tgz.len, "fuzz.tgz", &arena, &chart,
				&err))
		return 0;
	chart_stamp(chart, 0);
	if (!chart_package(&first, chart, &err))
		return 0;
	if (!chart_load_archive(first.buf, first.len, "again.tgz", &arena,
				&chart, &err))
		BUG("a package cannot be loaded: %s", err.text);
	chart_stamp(chart, 0);
	if (!chart_package(&second, chart, &err) ||
	    !chart_same_package(first.buf, first.len, second.buf, second.len))
		BUG("a package of a package is another chart");
	return 0;
}
