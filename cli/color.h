/*
 * Whether output is coloured, and how: where it goes to a terminal, unless NO_COLOR is set
 * (https://no-color.org) or --color says otherwise.
 */
#ifndef ISOYARD_CLI_COLOR_H
#define ISOYARD_CLI_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum color_mode {
    COLOR_AUTO,
    COLOR_ALWAYS,
    COLOR_NEVER,
};

enum color {
    COLOR_PLAIN, /* ends what another one began */
    COLOR_BOLD,
    COLOR_DIM,
    COLOR_RED,
    COLOR_GREEN,
    COLOR_YELLOW,
};

/* What --color says; for all that is printed from now on. Main thread. */
void color_set_mode(enum color_mode mode);

/* Whether what goes to `out`, stdout or stderr, is coloured. */
bool color_is_on(FILE *out);

/* The sequence that begins a colour on `out`; "" where it is not coloured. Static memory. */
const char *color(FILE *out, enum color color);

#endif
