/*
 * SIGHUP, SIGINT and SIGTERM: noted instead of died from, so that whoever waits
 * can end early and tidy up.
 *
 *	signals_catch();
 *	...
 *	if (!signals_pause(1000, err))
 *		return false;
 */
#ifndef SYS_SIGNALS_H
#define SYS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct err;

/*
 * From now on note them, SIGHUP unless it is ignored; main() does this once.
 * Whatever waits (proc, http, signals_sleep_ms) then ends early.
 */
void signals_catch(void);

/* The one that came last, or 0; safe to poll. */
int signals_noted(void);

/* True, and INTERRUPTED in @err with its number as status, if one came. */
bool signals_interrupted(struct err *err) MUST_CHECK;

/*
 * Take the one that came away (0 = none), so that who ends can still say
 * goodbye to a server; then put it back (0: it is forgotten).  If there was none, one that comes
 * meanwhile counts; else none does, for whoever ends us may say so twice
 * (timeout(1), a CI server to all processes of a build): so be quick.
 */
int signals_take(void);
void signals_put(int number);

/* Sleep; false, and at once, if one comes or has come before. */
bool signals_sleep_ms(int64_t milliseconds);
/* The same, with the error of signals_interrupted(). */
bool signals_pause(int64_t milliseconds, struct err *err) MUST_CHECK;

/*
 * Let each of them put a byte into the pipe @fd (-1 = none), which poll() can
 * wait for: none gets lost between looking and waiting.  Gives the pipe that
 * was there before.  signals_wake() puts a byte there too; a handler may call
 * it.
 */
int signals_wake_by(int fd);
void signals_wake(void);

#endif
