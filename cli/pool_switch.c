/* isoyard pool switch */
#include "cli/client.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/pool.h"
#include "cli/pool_settings.h"
#include "cli/problem.h"
#include "cli/text.h"

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
    KEY_DRAIN = 1000,
};

static const struct argp_option switch_options[] = {
    {"drain-deadline", KEY_DRAIN, "SECONDS", 0,
     "How long to wait for the end of the pool before (30); 0: not at all", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

struct switch_arguments {
    Isoyard__V1__Architecture architecture;
    Isoyard__V1__PoolSettings settings;
    double drain_s;
};

/* Arguments. */

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

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct switch_arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->settings;
        return 0;
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

static const struct argp_child groups[] = {{&pool_settings_argp, 0, "Settings of the new pool:", 1},
                                           {NULL, 0, NULL, 0}};

const struct argp pool_switch_argp = {
    .children = groups,
    .options = switch_options,
    .parser = parse,
    .args_doc = "legacy|shared|pinned",
    .doc = "Opens another pool, has it take over, and waits for the end of the one before.\v"
           "Settings that are not given are as the server was started with. No task fails or "
           "runs twice because of a switch: those that the pool before has end there, be it "
           "after the deadline. The choice holds after a restart, unless the server's own "
           "flags say otherwise.\n\n" EXIT_STATUS_HELP};

int pool_switch_run(struct options *options, int argc, char **argv)
{
    struct switch_arguments arguments = {.settings = ISOYARD__V1__POOL_SETTINGS__INIT,
                                         .drain_s = DRAIN_DEFAULT_S};
    struct reply reply;
    int status;

    options_parse(options, &pool_switch_argp, &arguments, argc, argv);
    status = ask(options, &arguments, &reply);
    if (!status && options->is_json)
        json_print(stdout, json_of_message(reply.response));
    else if (!status)
        print_response((const Isoyard__V1__SwitchArchitectureResponse *)reply.response);
    reply_release(&reply);
    return status;
}
