/*
 * Options that every command takes, before or after its name.
 */
#ifndef ISOYARD_OPTIONS_H
#define ISOYARD_OPTIONS_H

#include "api/option_names.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* What the common options stand under in --help. */
#define OPTIONS_COMMON_GROUP "Common options:"

struct options {
    const char *address; /* HOST:PORT or unix:PATH */
    const char *tenant;
    bool has_tenant; /* it was given */
    bool is_json;
    const char *worker;        /* whom the command is about; NULL: nobody, or many */
    const char *source_folder; /* where its files lie, for faults in them; NULL: not known */
    uint64_t timeout_ms;       /* 0: the command's own default */
};

/* Defaults, and ISOYARD_ADDRESS from the environment. */
void options_init(struct options *ret);

/*
 * Parses a command's own arguments together with the common options. `argp` has the command's
 * options, and `input` is what its parser gets; argv[0] is the command's whole name. Its children
 * are groups that it shares with other commands: its parser sets their inputs at ARGP_KEY_INIT.
 * Prints and leaves the process for --help and for wrong usage.
 */
void options_parse(struct options *options, const struct argp *argp, void *input, int argc,
                   char **argv);

/* The number that an option's text is; leaves the process where it is none from min to max. */
uint64_t options_number(const char *name, const char *text, uint64_t min, uint64_t max,
                        struct argp_state *state);

/* In milliseconds, the seconds, from 0.1 to 3600, that --interval's text is; leaves as above. */
uint64_t options_interval_ms(const char *text, struct argp_state *state);

/*
 * Calls visit for every option that a command takes, in the order of --help: those of `argp` and of
 * the groups in it, then the common ones. `group` is the head that they stand under in --help; NULL
 * for the command's own.
 */
void options_each(const struct argp *argp, option_visit_f *visit, void *arg);

/* As options_each, of the common ones alone. */
void options_each_common(option_visit_f *visit, void *arg);

/*
 * Parses common options up to the first argument that is none of them and returns its index; argc
 * where there is none. `description` is for --help.
 */
int options_parse_leading(struct options *options, const char *description, int argc, char **argv);

#endif
