/* isoyard dev: a worker at a plain HTTP address, deployed again when its files change. */
#ifndef ISOYARD_CLI_DEV_H
#define ISOYARD_CLI_DEV_H

#include "cli/options.h"

int dev_run(struct options *options, int argc, char **argv);
extern const struct argp dev_argp;

#endif
