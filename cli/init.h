/* isoyard init: a worker to begin with. */
#ifndef ISOYARD_CLI_INIT_H
#define ISOYARD_CLI_INIT_H

#include "cli/options.h"

int init_run(struct options *options, int argc, char **argv);
extern const struct argp init_argp;

#endif
