/*
 * The run's reporter: warnings, and progress as a live line on a terminal,
 * else as a line every PROGRESS_LINE_MS.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct reporter;

#define PROGRESS_LIVE_MS 100
#define PROGRESS_LINE_MS 10000

struct progress {
	bool live;	 /* stderr is a terminal that can erase lines */
	int64_t next_ms; /* monotonic: when to show something again */
};

/* @progress lives as long as @reporter. */
void progress_start(struct progress *progress, struct reporter *reporter,
		    bool live);

/* Erase the live line, if there is one. */
void progress_end(struct progress *progress);

#endif
