/* "10m", "2026-01-31T12:00:00". */
#include "cli/time_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Longer ago than anything is kept. */
#define AGO_MAX_S (INT64_C(100) * 365 * 86400)

static int64_t seconds_of_unit(const char *unit)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) == 0)
            return units[i].seconds;
    }
    return 0;
}

static bool parse_ago(const char *text, Google__Protobuf__Timestamp *ret)
{
    struct timespec now;
    long long count;
    int64_t unit;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    count = strtoll(text, &end, 10);
    unit = seconds_of_unit(end);
    if (errno || unit == 0 || count > AGO_MAX_S / unit)
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    ret->seconds = (int64_t)now.tv_sec - count * unit;
    ret->nanos = (int32_t)now.tv_nsec;
    return true;
}

static bool parse_utc(const char *text, Google__Protobuf__Timestamp *ret)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                          "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm utc = {0};
        const char *end = strptime(text, formats[i], &utc);

        if (!end || (*end && strcmp(end, "Z") != 0))
            continue;
        ret->seconds = (int64_t)timegm(&utc);
        ret->nanos = 0;
        return true;
    }
    return false;
}

bool time_option_parse(const char *text, Google__Protobuf__Timestamp *ret)
{
    google__protobuf__timestamp__init(ret);
    return parse_ago(text, ret) || parse_utc(text, ret);
}
