/*
 * Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), version
 * 0.0.4: families, each with its samples. Any thread, on a buffer of its own.
 */
#ifndef ISOYARD_EXPOSITION_H
#define ISOYARD_EXPOSITION_H

#include "api/bytes.h"
#include "api/histogram.h"

#include <stdint.h>

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Labels as they stand between the braces, without these; "" where there are none. */
#define EXPOSITION_LABELS_BYTES 512

/* Begins a family: type is "counter", "gauge" or "histogram", help one line without backslashes. */
void exposition_family(struct buffer *out, const char *name, const char *type, const char *help);

/* A sample of the family. */
void exposition_count(struct buffer *out, const char *name, const char *labels, uint64_t value);
void exposition_real(struct buffer *out, const char *name, const char *labels, double value);

/* A family that has one sample, without labels. */
void exposition_single_count(struct buffer *out, const char *name, const char *type,
                             const char *help, uint64_t value);
void exposition_single_real(struct buffer *out, const char *name, const char *type,
                            const char *help, double value);

/* Of a histogram, the powers of two of its unit that become buckets, and how many of that unit make
 * a second. */
struct exposition_scale {
    unsigned first_bits, last_bits; /* below HISTOGRAM_MAX_BITS */
    unsigned step;                  /* 1: each of them, 2: every second one */
    double per_s;
};

/* All samples of a histogram, in seconds. The buckets' ends are exact. */
void exposition_histogram(struct buffer *out, const char *name, const char *labels,
                          const struct histogram *h, const struct exposition_scale *scale);

/* Appends NAME="VALUE" to labels, with a comma where there are some; what is not allowed in a value
 * is escaped. What has no room is left out, as a whole. */
void exposition_label(char labels[EXPOSITION_LABELS_BYTES], const char *name, const char *value);

#endif
