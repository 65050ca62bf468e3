/* Why a server cannot be reached. */
#ifndef ISOYARD_CLI_REACH_H
#define ISOYARD_CLI_REACH_H

#include <stdbool.h>

/* Whether it is HOST:PORT, [HOST]:PORT or unix:PATH. */
bool reach_is_address(const char *address);

/* Whether gRPC's message is of an address where nothing listens: reach_print() then says it all. */
bool reach_is_refusal(const char *message);

/* Prints what is so, and what to do about it, to stderr, without a line feed. `message` is gRPC's.
 */
void reach_print(const char *address, const char *message);

#endif
