/* Default limits, and how limits are called. */
#include "api/limits.h"

struct limits limits_default(void)
{
    return (struct limits){
        .cpu_us = 1000 * 1000,
        .wall_us = 30 * 1000 * 1000,
        .wait_until_us = 30 * 1000 * 1000,
        .body_idle_us = 60 * 1000 * 1000,
        .startup_us = 1000 * 1000,
        .heap_bytes = (size_t)128 << 20,
        .external_bytes = (size_t)128 << 20,
        .response_body_bytes = ((size_t)4 << 20) - ((size_t)64 << 10),
        .response_header_bytes = (size_t)32 << 10,
        .log_lines = 256,
        .log_bytes = (size_t)64 << 10,
        .tasks = 1024,
        .subrequests = 1000,
        .concurrent_subrequests = 16,
        .fetch_body_bytes = (size_t)16 << 20,
        .fetch_header_bytes = (size_t)64 << 10,
    };
}

const char *limit_title(enum limit limit)
{
    switch (limit) {
    case LIMIT_NONE:
        break;
    case LIMIT_CPU:
        return "CPU time";
    case LIMIT_WALL:
        return "wall time";
    case LIMIT_STARTUP:
        return "start-up time";
    case LIMIT_HEAP:
        return "heap";
    case LIMIT_EXTERNAL_MEMORY:
        return "memory of ArrayBuffers";
    case LIMIT_STACK:
        return "stack";
    case LIMIT_RESPONSE_BODY:
        return "response body";
    case LIMIT_RESPONSE_HEADERS:
        return "response headers";
    case LIMIT_BODY_IDLE:
        return "time without a byte of its body";
    }
    return "no limit";
}

const char *limit_unit(enum limit limit)
{
    switch (limit) {
    case LIMIT_CPU:
    case LIMIT_WALL:
    case LIMIT_STARTUP:
    case LIMIT_BODY_IDLE:
        return "us";
    default:
        return "bytes";
    }
}
