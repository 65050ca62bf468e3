/* Drawing with ncurses, and its keys. */
#include <curses.h>

/* Its names of colours are those of ours. */
enum curses_color {
    CURSES_RED = COLOR_RED,
    CURSES_GREEN = COLOR_GREEN,
    CURSES_YELLOW = COLOR_YELLOW,
};
#undef COLOR_RED
#undef COLOR_GREEN
#undef COLOR_YELLOW

#include "cli/top_screen.h"

#include <stdlib.h>

#define ESCAPE 27

static bool has_styles;

/* ncurses knows pairs of colours by number: ours is the style. */
static void init_styles(void)
{
    static const short colors[][2] = {
        {COLOR_RED, CURSES_RED}, {COLOR_GREEN, CURSES_GREEN}, {COLOR_YELLOW, CURSES_YELLOW}};

    has_styles = color_is_on(stdout);
    if (!has_styles || !has_colors() || start_color() == ERR)
        return;
    use_default_colors();
    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
        init_pair(colors[i][0], colors[i][1], -1);
}

static attr_t attributes_of(enum color color)
{
    switch (color) {
    case COLOR_BOLD:
        return A_BOLD; /* is no colour */
    case COLOR_PLAIN:
        return A_NORMAL;
    case COLOR_DIM:
        return has_styles ? A_DIM : A_NORMAL;
    default:
        return has_styles && has_colors() ? (attr_t)COLOR_PAIR(color) : A_NORMAL;
    }
}

bool top_screen_open(void)
{
    const char *terminal = getenv("TERM");
    SCREEN *screen = newterm(terminal, stdout, stdin);

    if (!screen)
        return false;
    set_term(screen);
    init_styles();
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    nodelay(stdscr, TRUE);
    return true;
}

void top_screen_size(size_t *ret_columns, size_t *ret_rows)
{
    int rows, columns;

    getmaxyx(stdscr, rows, columns);
    *ret_columns = columns > 0 ? (size_t)columns : 1;
    *ret_rows = rows > 0 ? (size_t)rows : 1;
}

static void show_line(int row, enum color color, const char *text)
{
    attrset(attributes_of(color));
    mvaddstr(row, 0, text);
    attrset(A_NORMAL);
    clrtoeol();
}

void top_screen_show(const struct top_view *view, const char *foot)
{
    int last = getmaxy(stdscr) - 1;
    int row = 0;

    for (; row < last && (size_t)row < view->count; row++)
        show_line(row, view->lines[row].color, view->lines[row].text);
    for (; row < last; row++)
        show_line(row, COLOR_PLAIN, "");
    /* A character in the last cell of all would scroll the screen. */
    move(last, 0);
    clrtoeol();
    attrset(A_REVERSE);
    addnstr(foot, getmaxx(stdscr) - 1);
    attrset(A_NORMAL);
    refresh();
}

int top_screen_key(void)
{
    int key = getch();

    if (key == ERR)
        return TOP_KEY_NONE;
    if (key == KEY_RESIZE)
        return TOP_KEY_RESIZE;
    if (key == ESCAPE)
        return 'q';
    return key > TOP_KEY_OTHER && key < 0x7f ? key : TOP_KEY_OTHER;
}

void top_screen_close(void)
{
    endwin();
}
