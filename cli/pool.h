/* What the commands of `isoyard pool` share. */
#ifndef ISOYARD_CLI_POOL_H
#define ISOYARD_CLI_POOL_H

#include "cli/options.h"

#include <isoyard/v1/pool.pb-c.h>

/* "LEGACY"; "?" where this program does not know it. */
const char *pool_architecture_text(Isoyard__V1__Architecture architecture);

/* Prints "pool      PINNED, 2 lanes, ..." to stdout. */
void pool_print_config(Isoyard__V1__Architecture architecture,
                       const Isoyard__V1__PoolConfig *config);

/* The commands. */
extern const struct argp compare_argp, pool_comparisons_argp, pool_stats_argp, pool_switch_argp,
    pool_watch_argp;
int pool_compare_run(struct options *options, int argc, char **argv);
int pool_comparisons_run(struct options *options, int argc, char **argv);
int pool_stats_run(struct options *options, int argc, char **argv);
int pool_switch_run(struct options *options, int argc, char **argv);
int pool_watch_run(struct options *options, int argc, char **argv);

#endif
