/* Points in time as a person gives them. */
#ifndef ISOYARD_TIME_OPTION_H
#define ISOYARD_TIME_OPTION_H

#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>

#define TIME_OPTION_HELP                                                                           \
    "From this time on: so long ago (30s, 10m, 2h, 3d), or in UTC (2026-01-31, "                   \
    "2026-01-31T12:00:00)"

/* Reads one; false where the text is none. */
bool time_option_parse(const char *text, Google__Protobuf__Timestamp *ret);

#endif
