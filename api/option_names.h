/* Options that argp takes, and those that there are not. */
#ifndef ISOYARD_OPTION_NAMES_H
#define ISOYARD_OPTION_NAMES_H

#include <argp.h>
#include <stdbool.h>

typedef void option_visit_f(void *arg, const struct argp_option *option, const char *group);

/* Calls visit for the parser's options and then for those of its children, in the order of --help.
 * `group` is the head that they stand under; NULL for the parser's own. */
void option_names_each(const struct argp *argp, option_visit_f *visit, void *arg);

/* --help, --usage and --version, which argp has itself. */
extern const struct argp option_names_built_in;

/*
 * Looks at the words as argp_parse will. Where one is a long option that there is not, says so on
 * stderr, with the nearest one, and leaves the process with exit_status: argp says less. The name
 * of the program is argv[0], without folders. `is_leading`: up to the first word that is no option.
 */
void option_names_check(const struct argp *argp, int argc, char **argv, bool is_leading,
                        int exit_status);

#endif
