/*
 * The figures of compiled code that workers leave for later isolates, for Prometheus.
 */
#ifndef ISOYARD_CODE_METRICS_H
#define ISOYARD_CODE_METRICS_H

#include "api/bytes.h"

struct code_thread;

/* Appends the families; those of the disk only where there is a thread (else NULL). Any thread. */
void code_metrics_write(struct buffer *out, struct code_thread *thread);

#endif
