/* isoyard pool watch */
#include "cli/client.h"
#include "cli/color.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/pool.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <inttypes.h>
#include <isoyard/v1/pool.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT_MAX 1000000000ul

/* Lines between two heads. */
#define HEAD_EVERY 20

struct watching {
    uint64_t interval_ms;
    unsigned long count; /* lines that are wanted; 0: no end */
    unsigned long lines;
    unsigned long head_at;  /* lines before the last head */
    struct columns columns; /* of that; all zeroes: there was none */
    bool is_json;
};

static const struct argp_option watch_options[] = {
    {"interval", 'i', "SECONDS", 0, "Between two lines, from 0.1 to 3600 (1)", 0},
    {"count", 'n', "N", 0, "End after so many lines", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct watching *w = state->input;

    switch (key) {
    case 'i':
        w->interval_ms = options_interval_ms(arg, state);
        return 0;
    case 'n':
        w->count = options_number("count", arg, 1, COUNT_MAX, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The columns */

enum watch_column {
    COLUMN_TIME,
    COLUMN_SUBMITTED,
    COLUMN_ANSWERED,
    COLUMN_FAILED,
    COLUMN_REFUSED,
    COLUMN_IN_FLIGHT,
    COLUMN_ISOLATES,
    COLUMN_WAIT_P50,
    COLUMN_WAIT_P99,
    COLUMN_LOCK,
    COLUMN_BUSY,
    COLUMN_QUEUES,
    COLUMN_COUNT,
};

/* On 80 columns those up to rank 7 have room. */
static const struct column watch_columns[COLUMN_COUNT] = {
    [COLUMN_TIME] = {"TIME", 8, 8, 0, false},
    [COLUMN_SUBMITTED] = {"SUBMIT/S", 8, 8, 9, true},
    [COLUMN_ANSWERED] = {"ANSWER/S", 8, 8, 0, true},
    [COLUMN_FAILED] = {"FAIL/S", 7, 7, 1, true},
    [COLUMN_REFUSED] = {"REFUSE/S", 8, 8, 4, true},
    [COLUMN_IN_FLIGHT] = {"IN FLIGHT", 9, 9, 2, true},
    [COLUMN_ISOLATES] = {"ISOLATES", 8, 8, 8, true},
    [COLUMN_WAIT_P50] = {"WAIT P50", 8, 8, 10, true},
    [COLUMN_WAIT_P99] = {"WAIT P99", 8, 8, 3, true},
    [COLUMN_LOCK] = {"LOCK %", 7, 7, 7, true},
    [COLUMN_BUSY] = {"BUSY %", 7, 7, 6, false},
    [COLUMN_QUEUES] = {"QUEUES", 18, 12, 11, false},
};

/* "1000 " a lane, since a turn counts as a whole when it ends; "100.0/100.0" where lanes block for
 * isolates, too. */
static struct columns columns_of(const Isoyard__V1__PoolStats *stats)
{
    struct columns columns = {.count = COLUMN_COUNT};
    struct column *busy = &columns.list[COLUMN_BUSY], *lock = &columns.list[COLUMN_LOCK];

    memcpy(columns.list, watch_columns, sizeof(watch_columns));
    if (stats->n_lanes > 1)
        busy->width = 5 * stats->n_lanes - 1;
    if (stats->isolate_lock)
        lock->width = lock->least = 11;
    columns_fit(&columns, text_terminal_width(stdout));
    return columns;
}

/* The cells, which are empty before. */

static void fill_time(struct buffer *cell)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[16];

    gmtime_r(&now, &utc);
    strftime(text, sizeof(text), "%H:%M:%S", &utc);
    buffer_append_text(cell, text);
}

static void fill_rate(struct buffer *cell, const Isoyard__V1__IntervalStats *interval,
                      double per_second)
{
    if (interval)
        buffer_append_format(cell, "%.1f", per_second);
    else
        buffer_append_text(cell, "-");
}

static void fill_rates(struct buffer *cells, const Isoyard__V1__IntervalStats *i)
{
    fill_rate(&cells[COLUMN_SUBMITTED], i, i ? i->submitted_per_s : 0);
    fill_rate(&cells[COLUMN_ANSWERED], i, i ? i->answered_per_s : 0);
    fill_rate(&cells[COLUMN_FAILED], i, i ? i->failed_per_s : 0);
    fill_rate(&cells[COLUMN_REFUSED], i, i ? i->refused_per_s : 0);
}

static void fill_now(struct buffer *cells, const Isoyard__V1__PoolStats *stats)
{
    buffer_append_format(&cells[COLUMN_IN_FLIGHT], "%" PRIu64,
                         stats->tasks ? stats->tasks->in_flight : 0);
    buffer_append_format(&cells[COLUMN_ISOLATES], "%" PRIu64,
                         stats->isolates ? stats->isolates->alive : 0);
}

/* Of the tasks that ended in the interval, from submission to the first turn. */
static void fill_waits(struct buffer *cells, const Isoyard__V1__IntervalStats *interval)
{
    const Isoyard__V1__Distribution *wait = interval ? interval->queue_wait : NULL;
    bool has_any = wait && wait->count > 0;

    buffer_append_text(&cells[COLUMN_WAIT_P50], has_any ? text_us(wait->p50_us) : "-");
    buffer_append_text(&cells[COLUMN_WAIT_P99], has_any ? text_us(wait->p99_us) : "-");
}

/* "-" where there is no such lock, or nobody took it. */
static void append_contended(struct buffer *cell, const Isoyard__V1__LockStats *lock)
{
    if (!lock || lock->acquisitions == 0)
        buffer_append_text(cell, "-");
    else
        buffer_append_format(cell, "%.1f",
                             100.0 * (double)lock->contended / (double)lock->acquisitions);
}

/* The pool's lock, and isolates where lanes block for them. */
static void fill_locks(struct buffer *cell, const Isoyard__V1__IntervalStats *interval)
{
    append_contended(cell, interval ? interval->lock : NULL);
    if (!interval || !interval->isolate_lock)
        return;
    buffer_append_text(cell, "/");
    append_contended(cell, interval->isolate_lock);
}

static void fill_busy(struct buffer *cell, const Isoyard__V1__IntervalStats *interval)
{
    if (!interval || interval->n_lanes == 0)
        buffer_append_text(cell, "-");
    for (size_t i = 0; interval && i < interval->n_lanes; i++)
        buffer_append_format(cell, "%s%.0f", i == 0 ? "" : " ", interval->lanes[i]->busy * 100);
}

/* What waits in each queue, but for those in which nothing does. */
static void fill_queues(struct buffer *cell, const Isoyard__V1__PoolStats *stats)
{
    for (size_t i = 0; i < stats->n_queues; i++) {
        const Isoyard__V1__QueueStats *queue = stats->queues[i];

        if (queue->depth > 0)
            buffer_append_format(cell, "%s%s %" PRIu64, cell->len > 0 ? ", " : "", queue->name,
                                 queue->depth);
    }
    if (cell->len == 0)
        buffer_append_text(cell, "-");
}

static void append_line(const struct columns *columns,
                        const Isoyard__V1__WatchStatsResponse *response, struct buffer *out)
{
    struct buffer cells[COLUMN_COUNT] = {{0}};
    const char *texts[COLUMN_COUNT];

    fill_time(&cells[COLUMN_TIME]);
    fill_rates(cells, response->interval);
    fill_now(cells, response->stats);
    fill_waits(cells, response->interval);
    fill_locks(&cells[COLUMN_LOCK], response->interval);
    fill_busy(&cells[COLUMN_BUSY], response->interval);
    fill_queues(&cells[COLUMN_QUEUES], response->stats);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        buffer_append(&cells[i], "", 1);
        texts[i] = cells[i].data;
    }
    columns_append(columns, texts, out);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        buffer_release(&cells[i]);
}

/* Heads come again now and then, and where the columns are others than before: another size of the
 * terminal, another pool. */
static void print_line(struct watching *w, const Isoyard__V1__WatchStatsResponse *response)
{
    struct columns columns = columns_of(response->stats);
    bool has_changed = memcmp(columns.widths, w->columns.widths, sizeof(columns.widths)) != 0;
    struct buffer text = {0};

    if (has_changed || w->lines - w->head_at >= HEAD_EVERY) {
        buffer_append_text(&text, color(stdout, COLOR_BOLD));
        columns_append_heads(&columns, &text);
        buffer_append_text(&text, color(stdout, COLOR_PLAIN));
        buffer_append_text(&text, "\n");
        w->head_at = w->lines;
        w->columns = columns;
    }
    append_line(&columns, response, &text);
    buffer_append_text(&text, "\n");
    fwrite(text.data, 1, text.len, stdout);
    buffer_release(&text);
}

static bool print_tick(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__WatchStatsResponse *response =
        (const Isoyard__V1__WatchStatsResponse *)message;
    struct watching *w = arg;

    if (w->is_json) {
        json_print_line(stdout, json_of_message(message));
    } else if (response->stats) {
        print_line(w, response);
    }
    w->lines++;
    /* Whoever reads this reads it now, also where it is a pipe. */
    return fflush(stdout) == 0 && (w->count == 0 || w->lines < w->count);
}

const struct argp pool_watch_argp = {
    .options = watch_options,
    .parser = parse,
    .doc = "Shows what the pool does, one line at every interval; the first has no rates yet. "
           "With --json each line is an object.\vIt ends after --count lines, with the server, "
           "or by Ctrl-C.\n\n" EXIT_STATUS_HELP};

int pool_watch_run(struct options *options, int argc, char **argv)
{
    struct watching watching = {.interval_ms = 1000};
    Isoyard__V1__WatchStatsRequest request = ISOYARD__V1__WATCH_STATS_REQUEST__INIT;
    struct reply reply;
    int status = EXIT_FINE;

    options_parse(options, &pool_watch_argp, &watching, argc, argv);
    watching.is_json = options->is_json;
    request.interval_ms = watching.interval_ms;
    client_watch(options, "/isoyard.v1.PoolService/WatchStats", &request.base,
                 &isoyard__v1__watch_stats_response__descriptor, watching.interval_ms, print_tick,
                 &watching, &reply);
    if (reply.code != GRPC_STATUS_OK)
        status = problem_print(options, &reply);
    reply_release(&reply);
    return status;
}
