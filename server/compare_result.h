/*
 * What became of a comparison: its report, which was stored, or an error. One thread at a time.
 */
#ifndef ISOYARD_COMPARE_RESULT_H
#define ISOYARD_COMPARE_RESULT_H

#include "server/comparison_message.h"

/* All zeroes is none. */
struct compare_result {
    int err; /* then nothing but error is set */
    struct error error;
    struct comparison *comparison;
    struct comparison_message *message; /* which points into it */
    uint64_t id;                        /* of the report; 0: it could not be stored */
    int64_t created_us;
    char unsaved[COMPARISON_TEXT_BYTES]; /* why not */
};

/*
 * What compare_order.conclude was told; takes the comparison, and stores its report. The request
 * stays the caller's, who keeps it until compare_result_release. The comparer's thread.
 */
void compare_result_init(struct compare_result *ret, const struct pool_service *service,
                         const Isoyard__V1__ComparePoolsRequest *request, const char *title,
                         int err, const struct error *error, struct comparison *comparison);

void compare_result_release(struct compare_result *result);

/* Calls a function with the report as it is to be shown: with its id and time, or with a note that
 * it was not stored. Where there is one. */
void compare_result_show(struct compare_result *result,
                         void (*show)(void *arg, Isoyard__V1__Comparison *report), void *arg);

#endif
