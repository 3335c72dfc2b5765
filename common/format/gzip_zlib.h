/*
 * zlib, loaded at first use: most runs of most steps expand nothing.
 */
#ifndef COMMON_FORMAT_GZIP_ZLIB_H
#define COMMON_FORMAT_GZIP_ZLIB_H

#include <stdbool.h>

#include <zlib.h>

#include "base/attr.h"

struct err;

/* What we call of it; valid after gzip_load_zlib(). */
struct gzip_zlib {
	__typeof__(inflateInit2_) *inflate_init;
	__typeof__(inflateValidate) *inflate_validate;
	__typeof__(inflate) *inflate;
	__typeof__(inflateReset) *inflate_reset;
	__typeof__(inflateEnd) *inflate_end;
};

extern struct gzip_zlib zlib;

/* Errors: IO (not installed). */
bool gzip_load_zlib(struct err *err) MUST_CHECK;

#endif
