/* Why a fetch fails, on its way to the result. */
#ifndef ISOYARD_NET_FAULT_H
#define ISOYARD_NET_FAULT_H

#include "shim/net/fetch_result.h"

struct fault {
    enum fetch_error error; /* FETCH_OK: none */
    char message[512];      /* one sentence, ASCII */
};

/* Fills it in and returns false, so that a failing check can end with it. Bytes that are no
 * printable ASCII become '?': parts of the sentence come from far away. */
bool fault_set(struct fault *fault, enum fetch_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
