/* The version of the suite: every step prints it for --version. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define SLIPWAY_VERSION "0.1.0"

#endif
