/*
 * What a ComparePoolsRequest asks for, checked, and with the defaults filled in.
 */
#ifndef ISOYARD_COMPARE_REQUEST_H
#define ISOYARD_COMPARE_REQUEST_H

#include "api/err.h"
#include "server/comparer.h"
#include "server/pool_service.h"

#include <isoyard/v1/pool.pb-c.h>

#define COMPARE_ROUNDS_DEFAULT 11u
#define COMPARE_CALLERS_DEFAULT 16u
#define COMPARE_THREADS_MAX 256u
#define COMPARE_ISOLATES_MAX 256u
#define COMPARE_IO_MS_MAX 10000u
#define COMPARE_LIVE_MS_MIN UINT64_C(2000)
#define COMPARE_LIVE_MS_DEFAULT UINT64_C(60000)

/* No round begins tasks for longer; and how long one does whose number of tasks is left open. */
#define COMPARE_BEGIN_S 60u
#define COMPARE_BEGIN_DEFAULT_S 1u

/* What an order is, and points to. */
struct compare_input {
    struct script *script; /* of a deployed worker, with a reference; or NULL */
    struct request *request;
    char title[200]; /* "synthetic, cpu, 4 callers" */
};

/*
 * Fills in *order (but for its functions) and *input. E_INVALID with the field; E_NOT_FOUND,
 * E_CONDITION: there is no such worker, or it has no active version. Release *input in any case,
 * and not before the order has been answered. Any thread.
 */
int compare_request_read(const struct pool_service *service,
                         const Isoyard__V1__ComparePoolsRequest *request,
                         struct compare_order *order, struct compare_input *input,
                         struct error *error);

void compare_input_release(struct compare_input *input);

#endif
