/* isoyardd(8), made of the table of settings. */
#ifndef ISOYARD_SERVER_MANUAL_H
#define ISOYARD_SERVER_MANUAL_H

#include <argp.h>

/* Prints the page, as roff, to stdout: the options and what is said about them. */
void manual_print(const struct argp *argp, const char *date);

#endif
