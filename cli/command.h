/*
 * Commands: a table of names and functions; a group has a table of its own.
 */
#ifndef ISOYARD_COMMAND_H
#define ISOYARD_COMMAND_H

#include "cli/options.h"

struct command {
    const char *name;
    const char *summary; /* one line */
    /* argv[0] is the command's whole name, "isoyard workers list". Returns the exit status. NULL:
     * a group. */
    int (*run)(struct options *options, int argc, char **argv);
    const struct command *group; /* ends with a NULL name */
    const struct argp *argp;     /* what `run` parses with; NULL: a group */
};

/* The commands of isoyard, and what it does. */
extern const struct command isoyard_commands[];
#define ISOYARD_CLI_SUMMARY "Deploys JavaScript workers to an Isoyard server and calls them."

/* Finds the command that the arguments name, and runs it. `description` is what --help of the table
 * begins with. Returns the exit status. */
int command_run(const struct command *commands, const char *description, struct options *options,
                int argc, char **argv);

int deploy_run(struct options *options, int argc, char **argv);
int exec_run(struct options *options, int argc, char **argv);
int logs_run(struct options *options, int argc, char **argv);
int health_run(struct options *options, int argc, char **argv);
int version_run(struct options *options, int argc, char **argv);
extern const struct command workers_commands[];
extern const struct command pool_commands[];
extern const struct argp deploy_argp, exec_argp, logs_argp, health_argp, version_argp;

#endif
