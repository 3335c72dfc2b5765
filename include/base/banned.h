/*
 * Functions that we never call: naming one is a compile error.
 *
 * The Makefile puts this file before every translation unit.  It takes in
 * the system's headers that declare these functions first, so that only uses
 * of our own are caught.  What to use instead: struct str and xasprintf()
 * for text, num.h for numbers, clock.h for time, sys/proc.h for children.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll atof
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison system popen tmpnam mktemp

#endif
