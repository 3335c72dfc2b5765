#include "format/gzip_zlib.h"

#include "sys/lazy.h"

struct gzip_zlib zlib;

static const struct lazy_symbol symbols[] = {
	{"inflateInit2_", (void **)&zlib.inflate_init},
	{"inflateValidate", (void **)&zlib.inflate_validate},
	{"inflate", (void **)&zlib.inflate},
	{"inflateReset", (void **)&zlib.inflate_reset},
	{"inflateEnd", (void **)&zlib.inflate_end},
	{0},
};

static struct lazy library = {.sonames = "libz.so.1", .symbols = symbols};

LAZY_NOTE("libz.so.1");

bool gzip_load_zlib(struct err *err)
{
	return lazy_load(&library, err);
}
