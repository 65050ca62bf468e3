/*
 * Saying what went wrong: one sentence what, one what to do, then the details that came.
 */
#ifndef ISOYARD_PROBLEM_H
#define ISOYARD_PROBLEM_H

#include "cli/client.h"
#include "cli/options.h"

#include <isoyard/v1/failure.pb-c.h>

/* Prints a reply that is an error to stderr, as JSON where the options say so; returns the exit
 * status for it. */
int problem_print(const struct options *options, const struct reply *reply);

/* Prints a worker's failure to stderr. */
void problem_print_failure(const Isoyard__V1__Failure *failure);

/* Prints "isoyard: ..." to stderr and returns EXIT_USAGE: for what the user got wrong. */
int problem_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
