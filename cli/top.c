/* isoyard top */
#include "cli/top.h"

#include "cli/client.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/problem.h"
#include "cli/text.h"
#include "cli/top_screen.h"
#include "cli/top_view.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT_MAX 1000000000u

static const char foot[] = " q quit  h help  s sort (c CPU, w wait, t tasks)  p pause ";

struct top {
    const struct options *options;
    uint64_t interval_ms;
    uint64_t count; /* messages that are wanted; 0: no end */
    uint64_t seen;
    bool is_plain;
    enum top_sort sort;
    bool is_open; /* the screen */
    bool shows_help, is_paused, has_quit;
    Isoyard__V1__WatchStatsResponse *last; /* what is shown; NULL: nothing yet */
};

static const struct argp_option top_options[] = {
    {"interval", 'i', "SECONDS", 0, "Between two looks, from 0.1 to 3600 (1)", 0},
    {"count", 'n', "N", 0, "End after so many", 0},
    {"sort", 's', "cpu|wait|tasks", 0, "What workers are sorted by at the beginning (cpu)", 0},
    {"plain", 'p', NULL, 0, "Print text, one look below the other, also on a terminal", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static enum top_sort parse_sort(const char *text, struct argp_state *state)
{
    for (int i = 0; i < TOP_SORT_COUNT; i++) {
        if (strcmp(text, top_sort_names[i]) == 0)
            return (enum top_sort)i;
    }
    argp_error(state, "--sort: '%s' is none of cpu, wait and tasks", text);
    return TOP_BY_CPU;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct top *top = state->input;

    switch (key) {
    case 'i':
        top->interval_ms = options_interval_ms(arg, state);
        return 0;
    case 'n':
        top->count = options_number("count", arg, 1, COUNT_MAX, state);
        return 0;
    case 's':
        top->sort = parse_sort(arg, state);
        return 0;
    case 'p':
        top->is_plain = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp top_argp = {
    .options = top_options,
    .parser = parse,
    .doc = "Shows the pool at work: rates and times, lanes, where tasks wait, and the workers that "
           "use most.\vKeys: q quits, h explains the screen. Where stdout is no terminal, or with "
           "--plain or --json, it prints one look below the other.\n\n" EXIT_STATUS_HELP};

/* The screen */

static void show(struct top *top)
{
    struct top_view view = {.sort = top->sort};

    top_screen_size(&view.columns, &view.rows);
    if (view.rows > 1)
        view.rows--; /* the foot */
    if (top->shows_help)
        top_view_fill_help(&view);
    else if (top->last)
        top_view_fill(&view, top->options->address, top->last);
    top_screen_show(&view, top->is_paused ? " paused; p goes on  q quit " : foot);
    top_view_clear(&view);
}

static void handle_sort(struct top *top, int key)
{
    static const char keys[] = "cwt";
    const char *found = strchr(keys, key);

    if (key == 's')
        top->sort = (top->sort + 1) % TOP_SORT_COUNT;
    else if (found)
        top->sort = (enum top_sort)(found - keys);
}

static void handle(struct top *top, int key)
{
    bool had_help = top->shows_help;

    top->shows_help = false;
    if (key == 'q')
        top->has_quit = true;
    else if (key == TOP_KEY_RESIZE)
        top->shows_help = had_help;
    else if (!had_help && (key == 'h' || key == '?'))
        top->shows_help = true;
    else if (!had_help && (key == 'p' || key == ' '))
        top->is_paused = !top->is_paused;
    else if (!had_help && islower(key))
        handle_sort(top, key);
    show(top);
}

/* Whether it goes on. */
static bool poll_keys(void *arg)
{
    struct top *top = arg;
    int key;

    while (top->is_open && !top->has_quit && (key = top_screen_key()) != TOP_KEY_NONE)
        handle(top, key);
    return !top->has_quit && !client_end_signal();
}

/* The message outlives its call: it is shown again after keys. */
static void keep(struct top *top, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = xmalloc(size);

    protobuf_c_message_pack(message, packed);
    if (top->last)
        isoyard__v1__watch_stats_response__free_unpacked(top->last, NULL);
    top->last = isoyard__v1__watch_stats_response__unpack(NULL, size, packed);
    free(packed);
}

static bool show_next(void *arg, const ProtobufCMessage *message)
{
    struct top *top = arg;

    if (!top->is_open && !top_screen_open()) {
        top->has_quit = true;
        return false;
    }
    top->is_open = true;
    top->seen++;
    if (!top->is_paused || !top->last) {
        keep(top, message);
        show(top);
    }
    return top->count == 0 || top->seen < top->count;
}

/* Text */

static bool print_next(void *arg, const ProtobufCMessage *message)
{
    struct top *top = arg;
    struct top_view view = {.columns = text_terminal_width(stdout), .sort = top->sort};

    if (top->options->is_json) {
        json_print_line(stdout, json_of_message(message));
    } else {
        top_view_fill(&view, top->options->address,
                      (const Isoyard__V1__WatchStatsResponse *)message);
        if (top->seen > 0)
            putchar('\n');
        for (size_t i = 0; i < view.count; i++)
            printf("%s%s%s\n", color(stdout, view.lines[i].color), view.lines[i].text,
                   view.lines[i].color == COLOR_PLAIN ? "" : color(stdout, COLOR_PLAIN));
        top_view_clear(&view);
    }
    top->seen++;
    return fflush(stdout) == 0 && (top->count == 0 || top->seen < top->count);
}

static bool is_screen(const struct top *top)
{
    const char *terminal = getenv("TERM");

    return !top->is_plain && !top->options->is_json && isatty(STDOUT_FILENO) &&
           isatty(STDIN_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static int watch(struct top *top, bool has_screen)
{
    Isoyard__V1__WatchStatsRequest request = ISOYARD__V1__WATCH_STATS_REQUEST__INIT;
    struct reply reply;
    int status = EXIT_FINE;

    request.interval_ms = top->interval_ms;
    client_watch_polling(top->options, "/isoyard.v1.PoolService/WatchStats", &request.base,
                         &isoyard__v1__watch_stats_response__descriptor, top->interval_ms,
                         has_screen ? show_next : print_next, has_screen ? poll_keys : NULL, top,
                         &reply);
    if (top->is_open)
        top_screen_close();
    if (has_screen && !top->is_open && top->has_quit && reply.code == GRPC_STATUS_OK)
        status = problem_usage("the terminal '%s' is not known here; use --plain", getenv("TERM"));
    else if (reply.code != GRPC_STATUS_OK && !client_end_signal())
        status = problem_print(top->options, &reply);
    reply_release(&reply);
    return status;
}

int top_run(struct options *options, int argc, char **argv)
{
    struct top top = {.options = options, .interval_ms = 1000};
    bool has_screen;
    int status;

    options_parse(options, &top_argp, &top, argc, argv);
    has_screen = is_screen(&top);
    if (has_screen)
        client_catch_signals(); /* the terminal is given back as it was */
    status = watch(&top, has_screen);
    if (top.last)
        isoyard__v1__watch_stats_response__free_unpacked(top.last, NULL);
    /* Ctrl-C is a way to quit; by another one it ends as any program. */
    if (client_end_signal() && client_end_signal() != SIGINT)
        client_end_by_signal();
    return status;
}
