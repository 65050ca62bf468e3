/*
 * What `pool compare` is told on its command line, and the ComparePoolsRequest that follows from
 * it.
 */
#ifndef ISOYARD_CLI_COMPARE_OPTIONS_H
#define ISOYARD_CLI_COMPARE_OPTIONS_H

#include "cli/arm.h"
#include "cli/comparison_output.h"
#include "cli/event.h"

#include <google/protobuf/duration.pb-c.h>
#include <isoyard/v1/pool.pb-c.h>
#include <stdbool.h>

/* Numbers are 0 where they were not given. */
struct compare_options {
    /* One of the three. */
    const char *worker;
    const char *workload;
    bool is_live;

    Isoyard__V1__ComparisonArm live;
    struct event_options event; /* of the worker */
    uint32_t threads;           /* of the workload, as are the next two */
    uint32_t isolates;
    bool has_io_ms;
    uint32_t io_ms;
    Isoyard__V1__ComparisonArm arms[ARMS_MAX];
    size_t arm_count;
    uint32_t callers;
    double rate_per_s;
    uint32_t rounds;
    uint32_t tasks;
    double duration_s;
    bool has_pool_isolates;
    uint32_t pool_isolates;
    Isoyard__V1__PoolSettings settings;
    struct comparison_output output;
};

void compare_options_init(struct compare_options *ret);

/* Of the command; its input is a struct compare_options. What it accepts is free of
 * contradictions. It leaves the process at --workload list. */
extern const struct argp compare_argp;

/* The request with all that it points to. */
struct compare_request {
    Isoyard__V1__ComparePoolsRequest request;
    Isoyard__V1__SyntheticComparison synthetic;
    Isoyard__V1__LiveComparison live;
    Isoyard__V1__NamedWorkload workload;
    Isoyard__V1__ComparisonArm *arm_pointers[ARMS_MAX];
    Google__Protobuf__Duration duration;
    struct execute_message *worker; /* owned; NULL: none */
};

/* Fills in a request, which points to what it was made of; release it. E_INVALID, E_IO, E_LIMIT:
 * what the worker is to get cannot be read or sent. */
int compare_request_init(struct compare_request *ret, const struct options *options,
                         struct compare_options *compare, struct error *error);
void compare_request_release(struct compare_request *request);

#endif
