/* The workloads that stand in the server, for who chooses one. */
#ifndef ISOYARD_CLI_WORKLOAD_H
#define ISOYARD_CLI_WORKLOAD_H

#include "api/bytes.h"

#include <stdbool.h>

bool workload_exists(const char *name);

/* Appends a line for each: its name and what it does. */
void workload_append_list(struct buffer *out);

/* Appends "cpu, standard, ... and contention". */
void workload_append_names(struct buffer *out);

#endif
