/* The options that are settings of a pool: a group of those of `pool switch` and `pool compare`. */
#ifndef ISOYARD_CLI_POOL_SETTINGS_H
#define ISOYARD_CLI_POOL_SETTINGS_H

#include "cli/options.h"

#include <isoyard/v1/pool.pb-c.h>

/* A child for argp; its input is an Isoyard__V1__PoolSettings, initialised. */
extern const struct argp pool_settings_argp;

#endif
