/* Colours of terminals, by ECMA-48's sequences. */
#include "cli/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum color_mode mode = COLOR_AUTO;

void color_set_mode(enum color_mode new_mode)
{
    mode = new_mode;
}

bool color_is_on(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    if (mode != COLOR_AUTO)
        return mode == COLOR_ALWAYS;
    if (no_color && no_color[0] != '\0')
        return false;
    return isatty(fileno(out)) && terminal && strcmp(terminal, "dumb") != 0;
}

const char *color(FILE *out, enum color color)
{
    static const char *const sequences[] = {
        [COLOR_PLAIN] = "\x1b[0m", [COLOR_BOLD] = "\x1b[1m",   [COLOR_DIM] = "\x1b[2m",
        [COLOR_RED] = "\x1b[31m",  [COLOR_GREEN] = "\x1b[32m", [COLOR_YELLOW] = "\x1b[33m",
    };

    return color_is_on(out) ? sequences[color] : "";
}
