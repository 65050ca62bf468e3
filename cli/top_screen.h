/* The terminal of `isoyard top`: ncurses. One at a time; main thread. */
#ifndef ISOYARD_CLI_TOP_SCREEN_H
#define ISOYARD_CLI_TOP_SCREEN_H

#include "cli/top_view.h"

/* Takes the terminal; false: it cannot do what is needed. */
bool top_screen_open(void);

/* Its size now. */
void top_screen_size(size_t *ret_columns, size_t *ret_rows);

/* Shows the view, and below it, in the last row, `foot`. */
void top_screen_show(const struct top_view *view, const char *foot);

enum top_key {
    TOP_KEY_NONE,
    TOP_KEY_RESIZE,
    TOP_KEY_OTHER,
    /* else a character */
};

/* The next key that was pressed; does not wait. */
int top_screen_key(void);

/* Gives the terminal back as it was. */
void top_screen_close(void);

#endif
