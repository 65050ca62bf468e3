/* Workers with names like one that there is not. */
#ifndef ISOYARD_CLI_NEAR_WORKER_H
#define ISOYARD_CLI_NEAR_WORKER_H

#include "cli/options.h"

#include <stdbool.h>

/* Asks the server for the tenant's workers and prints, to stderr, which one may be meant, or that
 * there is none at all. Prints nothing where the server does not say. True: it is there by this
 * very name, and nothing is printed. */
bool near_worker_print(const struct options *options, const char *name);

#endif
