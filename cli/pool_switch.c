/* isoyard pool switch */
#include "cli/client.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/pool.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define DRAIN_DEFAULT_S 30.0
#define DRAIN_MAX_S 3600.0

/* Opening, warming and closing take their time, too. */
#define OTHER_MS 60000

/* How long to wait for figures that are shown meanwhile. */
#define LOOK_MS 2000

enum {
    KEY_LANES = 1000,
    KEY_ISOLATES,
    KEY_PER_WORKER,
    KEY_HANDOFF,
    KEY_SPREAD,
    KEY_QUEUE,
    KEY_TASKS,
    KEY_IDLE_TTL,
    KEY_RECYCLE,
    KEY_DRAIN,
};

struct switch_arguments {
    Isoyard__V1__Architecture architecture;
    Isoyard__V1__PoolSettings settings;
    double drain_s;
};

static const struct argp_option switch_options[] = {
    {"lanes", KEY_LANES, "N", 0, "Lanes, a thread each", 0},
    {"isolates", KEY_ISOLATES, "N", 0, "Warm isolates, in all lanes together", 0},
    {"isolates-per-worker", KEY_PER_WORKER, "N", 0,
     "Isolates of one worker at once, where they are shared; 0: as many as lanes", 0},
    {"handoff", KEY_HANDOFF, "NAME", 0, "How shared isolates go from lane to lane: fifo, or mutex",
     0},
    {"spread", KEY_SPREAD, "N", 0,
     "Tasks of a worker that may wait on a pinned lane before it takes another one; 0: never", 0},
    {"queue", KEY_QUEUE, "N", 0, "Tasks that may wait, per lane", 0},
    {"tasks-per-isolate", KEY_TASKS, "N", 0, "Tasks in flight in one isolate", 0},
    {"idle-ttl-ms", KEY_IDLE_TTL, "MS", 0, "Isolates idle for longer are disposed of; 0: never", 0},
    {"recycle-after", KEY_RECYCLE, "N", 0, "Isolates are recycled after this many tasks; 0: never",
     0},
    {"drain-deadline", KEY_DRAIN, "SECONDS", 0,
     "How long to wait for the end of the pool before (30); 0: not at all", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* Arguments. */

static uint64_t parse_number(const char *name, const char *text, uint64_t max,
                             struct argp_state *state)
{
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value > max)
        argp_error(state, "--%s: '%s' is no number from 0 to %" PRIu64, name, text, max);
    return value;
}

static double parse_seconds(const char *text, struct argp_state *state)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= DRAIN_MAX_S))
        argp_error(state, "--drain-deadline: '%s' is no number of seconds from 0 to %.0f", text,
                   DRAIN_MAX_S);
    return seconds;
}

static void set_architecture(struct switch_arguments *a, const char *text, struct argp_state *state)
{
    const ProtobufCEnumDescriptor *type = &isoyard__v1__architecture__descriptor;

    if (a->architecture)
        argp_error(state, "unexpected argument '%s'", text);
    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value != 0 &&
            strcasecmp(type->values[i].name + strlen("ARCHITECTURE_"), text) == 0)
            a->architecture = (Isoyard__V1__Architecture)type->values[i].value;
    }
    if (!a->architecture)
        argp_error(state, "'%s' is none of legacy, shared and pinned", text);
}

static Isoyard__V1__Handoff parse_handoff(const char *text, struct argp_state *state)
{
    if (strcasecmp(text, "fifo") == 0)
        return ISOYARD__V1__HANDOFF__HANDOFF_FIFO;
    if (strcasecmp(text, "mutex") != 0)
        argp_error(state, "--handoff: '%s' is neither fifo nor mutex", text);
    return ISOYARD__V1__HANDOFF__HANDOFF_MUTEX;
}

/* Sets a field of the settings, and that it is there. */
#define SET(FIELD, Field, value)                                                                   \
    do {                                                                                           \
        s->optional_##Field##_case = ISOYARD__V1__POOL_SETTINGS__OPTIONAL_##FIELD##_##FIELD;       \
        s->Field = value;                                                                          \
    } while (0)

static bool parse_setting(Isoyard__V1__PoolSettings *s, int key, const char *arg,
                          struct argp_state *state)
{
    switch (key) {
    case KEY_LANES:
        SET(LANES, lanes, (uint32_t)parse_number("lanes", arg, UINT32_MAX, state));
        return true;
    case KEY_ISOLATES:
        SET(ISOLATES, isolates, (uint32_t)parse_number("isolates", arg, UINT32_MAX, state));
        return true;
    case KEY_PER_WORKER:
        SET(ISOLATES_PER_WORKER, isolates_per_worker,
            (uint32_t)parse_number("isolates-per-worker", arg, UINT32_MAX, state));
        return true;
    case KEY_HANDOFF:
        s->handoff = parse_handoff(arg, state);
        return true;
    case KEY_SPREAD:
        SET(SPREAD, spread, (uint32_t)parse_number("spread", arg, UINT32_MAX, state));
        return true;
    case KEY_QUEUE:
        SET(QUEUE, queue, (uint32_t)parse_number("queue", arg, UINT32_MAX, state));
        return true;
    case KEY_TASKS:
        SET(TASKS_PER_ISOLATE, tasks_per_isolate,
            (uint32_t)parse_number("tasks-per-isolate", arg, UINT32_MAX, state));
        return true;
    case KEY_IDLE_TTL:
        SET(IDLE_TTL_MS, idle_ttl_ms, parse_number("idle-ttl-ms", arg, INT64_MAX, state));
        return true;
    case KEY_RECYCLE:
        SET(RECYCLE_AFTER, recycle_after, parse_number("recycle-after", arg, INT64_MAX, state));
        return true;
    default:
        return false;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct switch_arguments *a = state->input;

    if (parse_setting(&a->settings, key, arg, state))
        return 0;
    switch (key) {
    case KEY_DRAIN:
        a->drain_s = parse_seconds(arg, state);
        return 0;
    case ARGP_KEY_ARG:
        set_architecture(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!a->architecture)
            argp_error(state, "name the architecture: legacy, shared or pinned");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* While it waits. */

static void print_waiting(const Isoyard__V1__PoolStats *stats)
{
    fprintf(stderr, "isoyard: waiting; %s serves", pool_architecture_text(stats->architecture));
    if (stats->draining)
        fprintf(stderr, ", %" PRIu64 " execution%s in %s", stats->draining->running_executions,
                stats->draining->running_executions == 1 ? " goes on" : "s go on",
                pool_architecture_text(stats->draining->architecture));
    fputc('\n', stderr);
}

static void look(void *arg)
{
    const struct options *options = arg;
    Isoyard__V1__GetStatsRequest request = ISOYARD__V1__GET_STATS_REQUEST__INIT;
    const Isoyard__V1__GetStatsResponse *response;
    struct options short_options = *options;
    struct reply reply;

    short_options.timeout_ms = LOOK_MS;
    client_call(&short_options, "/isoyard.v1.PoolService/GetStats", &request.base,
                &isoyard__v1__get_stats_response__descriptor, LOOK_MS, &reply);
    response = (const Isoyard__V1__GetStatsResponse *)reply.response;
    if (response && response->stats)
        print_waiting(response->stats);
    reply_release(&reply);
}

/* What happened. */

static void print_previous(const Isoyard__V1__SwitchArchitectureResponse *r)
{
    const char *name = pool_architecture_text(r->previous_architecture);

    if (r->optional_closed_ms_case ==
        ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_CLOSED_MS_CLOSED_MS)
        printf("before    %s, ended after %s", name, text_us(r->closed_ms * 1000));
    else
        printf("before    %s, goes on with %" PRIu64 " execution%s", name, r->running_executions,
               r->running_executions == 1 ? "" : "s");
    printf("; %" PRIu64 " task%s finished there\n", r->finished_tasks,
           r->finished_tasks == 1 ? "" : "s");
}

static void print_response(const Isoyard__V1__SwitchArchitectureResponse *r)
{
    if (r->config)
        pool_print_config(r->architecture, r->config);
    printf("switched  after %s", text_us(r->switched_ms * 1000));
    if (r->optional_first_task_ms_case ==
        ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_FIRST_TASK_MS_FIRST_TASK_MS)
        printf(", the first task came after %s\n", text_us(r->first_task_ms * 1000));
    else
        printf(", no task has come yet\n");
    print_previous(r);
    printf("warmed    %" PRIu32 " worker%s, %" PRIu32 " stayed cold\n", r->warmed_workers,
           r->warmed_workers == 1 ? "" : "s", r->cold_workers);
    printf("memory    %s before, %s now\n", text_bytes(r->rss_before_bytes),
           text_bytes(r->rss_after_bytes));
}

static int ask(const struct options *options, struct switch_arguments *a, struct reply *ret)
{
    Isoyard__V1__SwitchArchitectureRequest request = ISOYARD__V1__SWITCH_ARCHITECTURE_REQUEST__INIT;
    Google__Protobuf__Duration drain = GOOGLE__PROTOBUF__DURATION__INIT;
    const struct client_wait wait = {options->is_json ? NULL : look, (void *)options};

    drain.seconds = (int64_t)a->drain_s;
    drain.nanos = (int32_t)((a->drain_s - floor(a->drain_s)) * 1e9);
    request.architecture = a->architecture;
    request.config = &a->settings;
    request.drain_deadline = &drain;
    client_call_watched(options, "/isoyard.v1.PoolService/SwitchArchitecture", &request.base,
                        &isoyard__v1__switch_architecture_response__descriptor,
                        (uint64_t)(a->drain_s * 1000) + OTHER_MS, &wait, ret);
    return ret->code == GRPC_STATUS_OK ? EXIT_FINE : problem_print(options, ret);
}

int pool_switch_run(struct options *options, int argc, char **argv)
{
    const struct argp argp = {
        .options = switch_options,
        .parser = parse,
        .args_doc = "legacy|shared|pinned",
        .doc = "Opens another pool, has it take over, and waits for the end of the one before.\v"
               "Settings that are not given are as the server was started with. No task fails or "
               "runs twice because of a switch: those that the pool before has end there, be it "
               "after the deadline. The choice holds after a restart, unless the server's own "
               "flags say otherwise.\n\n" EXIT_STATUS_HELP};
    struct switch_arguments arguments = {.settings = ISOYARD__V1__POOL_SETTINGS__INIT,
                                         .drain_s = DRAIN_DEFAULT_S};
    struct reply reply;
    int status;

    options_parse(options, &argp, &arguments, argc, argv);
    status = ask(options, &arguments, &reply);
    if (!status && options->is_json)
        json_print(stdout, json_of_message(reply.response));
    else if (!status)
        print_response((const Isoyard__V1__SwitchArchitectureResponse *)reply.response);
    reply_release(&reply);
    return status;
}
