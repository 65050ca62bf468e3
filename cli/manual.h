/* isoyard manual: isoyard(1), made of the tables of commands. */
#ifndef ISOYARD_CLI_MANUAL_H
#define ISOYARD_CLI_MANUAL_H

#include "cli/options.h"

int manual_run(struct options *options, int argc, char **argv);
extern const struct argp manual_argp;

#endif
