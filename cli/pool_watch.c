/* isoyard pool watch */
#include "cli/client.h"
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

#define INTERVAL_MAX_S 3600.0
#define COUNT_MAX 1000000000ul

/* Lines between two heads. */
#define HEAD_EVERY 20

/* Of more lanes than these the busy shares do not fit a line. */
#define LANES_SHOWN 16
#define BUSY_WIDTH 15

struct watching {
    uint64_t interval_ms;
    unsigned long count; /* lines that are wanted; 0: no end */
    unsigned long lines;
    bool is_json;
};

static const struct argp_option watch_options[] = {
    {"interval", 'i', "SECONDS", 0, "Between two lines, from 0.1 to 3600 (1)", 0},
    {"count", 'n', "N", 0, "End after so many lines", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static uint64_t parse_interval(const char *text, struct argp_state *state)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0.1 && seconds <= INTERVAL_MAX_S))
        argp_error(state, "--interval: '%s' is no number of seconds from 0.1 to 3600", text);
    return (uint64_t)(seconds * 1000 + 0.5);
}

static unsigned long parse_count(const char *text, struct argp_state *state)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || count == 0 || count > COUNT_MAX)
        argp_error(state, "--count: '%s' is no number from 1 to %lu", text, COUNT_MAX);
    return count;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct watching *w = state->input;

    switch (key) {
    case 'i':
        w->interval_ms = parse_interval(arg, state);
        return 0;
    case 'n':
        w->count = parse_count(arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_head(void)
{
    printf("%-8s  %8s  %8s  %7s  %8s  %9s  %8s  %8s  %8s  %7s  %-15s  %s\n", "TIME", "SUBMIT/S",
           "ANSWER/S", "FAIL/S", "REFUSE/S", "IN FLIGHT", "ISOLATES", "WAIT P50", "WAIT P99",
           "LOCK %", "BUSY %, BY LANE", "QUEUES");
}

static void print_time(void)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[16];

    gmtime_r(&now, &utc);
    strftime(text, sizeof(text), "%H:%M:%S", &utc);
    printf("%-8s", text);
}

static void print_rates(const Isoyard__V1__IntervalStats *interval)
{
    if (interval)
        printf("  %8.1f  %8.1f  %7.1f  %8.1f", interval->submitted_per_s, interval->answered_per_s,
               interval->failed_per_s, interval->refused_per_s);
    else
        printf("  %8s  %8s  %7s  %8s", "-", "-", "-", "-");
}

static void print_now(const Isoyard__V1__PoolStats *stats)
{
    printf("  %9" PRIu64 "  %8" PRIu64, stats->tasks ? stats->tasks->in_flight : 0,
           stats->isolates ? stats->isolates->alive : 0);
}

/* Of the tasks that ended in the interval, from submission to the first turn. */
static void print_waits(const Isoyard__V1__IntervalStats *interval)
{
    const Isoyard__V1__Distribution *wait = interval ? interval->queue_wait : NULL;

    if (wait && wait->count > 0)
        printf("  %8s  %8s", text_us(wait->p50_us), text_us(wait->p99_us));
    else
        printf("  %8s  %8s", "-", "-");
}

/* "-" where there is no such lock, or nobody took it. */
static const char *contended_share(const Isoyard__V1__LockStats *lock, char text[32])
{
    if (!lock || lock->acquisitions == 0)
        return "-";
    snprintf(text, 32, "%.1f", 100.0 * (double)lock->contended / (double)lock->acquisitions);
    return text;
}

/* The pool's lock, and isolates where lanes block for them. */
static void print_locks(const Isoyard__V1__IntervalStats *interval)
{
    char lock[32], isolate[32], both[80];

    snprintf(both, sizeof(both), "%s", contended_share(interval ? interval->lock : NULL, lock));
    if (interval && interval->isolate_lock)
        snprintf(both, sizeof(both), "%s/%s", contended_share(interval->lock, lock),
                 contended_share(interval->isolate_lock, isolate));
    printf("  %7s", both);
}

static void print_busy(const Isoyard__V1__IntervalStats *interval)
{
    size_t count = interval ? interval->n_lanes : 0;
    int width = 0;

    fputs("  ", stdout);
    for (size_t i = 0; i < count && i < LANES_SHOWN; i++)
        width += printf("%s%.0f", i == 0 ? "" : " ", interval->lanes[i]->busy * 100);
    if (!interval)
        width = printf("-");
    else if (count > LANES_SHOWN)
        width += printf(" \u2026") - 2; /* three bytes, one column */
    printf("%*s", width < BUSY_WIDTH ? BUSY_WIDTH - width : 0, "");
}

/* What waits in each queue, but for those in which nothing does. */
static void print_queues(const Isoyard__V1__PoolStats *stats)
{
    bool has_any = false;

    for (size_t i = 0; i < stats->n_queues; i++) {
        const Isoyard__V1__QueueStats *queue = stats->queues[i];

        if (queue->depth == 0)
            continue;
        fputs(has_any ? ", " : "  ", stdout);
        text_print(stdout, queue->name);
        printf(" %" PRIu64, queue->depth);
        has_any = true;
    }
    if (!has_any)
        fputs("  -", stdout);
}

static void print_line(const Isoyard__V1__WatchStatsResponse *response)
{
    print_time();
    print_rates(response->interval);
    print_now(response->stats);
    print_waits(response->interval);
    print_locks(response->interval);
    print_busy(response->interval);
    print_queues(response->stats);
    putchar('\n');
}

static bool print_tick(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__WatchStatsResponse *response =
        (const Isoyard__V1__WatchStatsResponse *)message;
    struct watching *w = arg;

    if (w->is_json) {
        json_print_line(stdout, json_of_message(message));
    } else if (response->stats) {
        if (w->lines % HEAD_EVERY == 0)
            print_head();
        print_line(response);
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
