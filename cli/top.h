/* isoyard top: lanes, workers and contention, live. */
#ifndef ISOYARD_CLI_TOP_H
#define ISOYARD_CLI_TOP_H

#include "cli/options.h"

int top_run(struct options *options, int argc, char **argv);
extern const struct argp top_argp;

#endif
