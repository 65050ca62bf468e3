/* How `pool compare` and `pool comparisons ID` print a report: as text, JSON or CSV. */
#ifndef ISOYARD_CLI_COMPARISON_OUTPUT_H
#define ISOYARD_CLI_COMPARISON_OUTPUT_H

#include "cli/options.h"

#include <isoyard/v1/pool.pb-c.h>

struct comparison_output {
    bool is_csv;
    bool has_rounds; /* a line for each round */
};

/* A child for argp; its input is a struct comparison_output. */
extern const struct argp comparison_output_argp;

/* Where options contradict each other says so, and returns EXIT_USAGE; else 0. */
int comparison_output_check(const struct comparison_output *output, const struct options *options);

/* Prints a report to stdout. */
void comparison_output_print(const struct comparison_output *output, const struct options *options,
                             const Isoyard__V1__Comparison *comparison);

#endif
