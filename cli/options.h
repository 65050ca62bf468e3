/*
 * Options that every command takes, before or after its name.
 */
#ifndef ISOYARD_OPTIONS_H
#define ISOYARD_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *address; /* HOST:PORT or unix:PATH */
    const char *tenant;
    bool is_json;
    uint64_t timeout_ms; /* 0: the command's own default */
};

/* Defaults, and ISOYARD_ADDRESS from the environment. */
void options_init(struct options *ret);

/*
 * Parses a command's own arguments together with the common options. `argp` has the command's
 * options, and `input` is what its parser gets; argv[0] is the command's whole name. Prints and
 * leaves the process for --help and for wrong usage.
 */
void options_parse(struct options *options, const struct argp *argp, void *input, int argc,
                   char **argv);

/*
 * Parses common options up to the first argument that is none of them and returns its index; argc
 * where there is none. `description` is for --help.
 */
int options_parse_leading(struct options *options, const char *description, int argc, char **argv);

#endif
