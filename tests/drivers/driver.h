/*
 * What the programs have in common that Python tests drive the library with:
 * a JSON document on standard input, one JSON object a line as the answer.
 */
#ifndef TESTS_DRIVERS_DRIVER_H
#define TESTS_DRIVERS_DRIVER_H

#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "net/http.h"
#include "sys/env.h"
#include "sys/signals.h"

static inline json_t *driver_read(void)
{
	json_error_t error;
	json_t *json = json_loadf(stdin, 0, &error);

	if (!json)
		BUG("standard input: %s", error.text);
	return json;
}

static inline const char *driver_text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static inline void driver_print(json_t *json_taken)
{
	json_dumpf(json_taken, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	fflush(stdout);
	json_decref(json_taken);
}

static inline json_t *driver_bytes(const struct str *bytes)
{
	CLEANUP(str_release) struct str text = {0};

	base64_encode(&text, str_text(bytes), bytes->len, BASE64_STANDARD);
	return json_string(str_text(&text));
}

static inline json_t *driver_error(const struct err *err)
{
	static const char *const kinds[] = {
		"NONE",	    "USAGE",  "INPUT",	"NOT_FOUND",
		"CONFLICT", "DENIED", "REMOTE", "UNREACHABLE",
		"TIMEOUT",  "CHILD",  "IO",	"INTERRUPTED",
	};

	return json_pack("{s:s, s:s, s:s?, s:i, s:b}", "error", err->text,
			 "kind", kinds[err->kind], "hint", err->hint, "exit",
			 err_exit_code(err), "temporary", err->temporary);
}

static inline void driver_warn(void *context, const char *text)
{
	(void)context;
	log_warning("%s", text);
}

static const struct reporter driver_reporter = {.warn = driver_warn};

/* main() of a driver: @run answers the script on standard input. */
static inline int driver_main(const char *name,
			      bool (*run)(json_t *script, const struct env *env,
					  struct err *err))
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err err = {0};
	json_t *script = driver_read();

	log_init(name, LOG_DEBUG);
	signals_catch();
	env_snapshot(&env);
	if (!run(script, &env, &err))
		driver_print(driver_error(&err));
	json_decref(script);
	return err_exit_code(&err);
}

#endif
