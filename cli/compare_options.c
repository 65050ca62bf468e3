/* From a command line to a ComparePoolsRequest. */
#include "cli/compare_options.h"

#include "cli/exit_status.h"
#include "cli/pool_settings.h"
#include "cli/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLERS_MAX 1024u
#define RATE_MAX 1e6
#define ROUNDS_MAX 101u
#define TASKS_MAX 10000000u
#define THREADS_MAX 256u
#define ISOLATES_MAX 256u
#define IO_MAX_MS 10000u
#define DURATION_MIN_S 2.0
#define DURATION_MAX_S 3600.0

enum {
    KEY_WORKLOAD = 1000,
    KEY_LIVE,
    KEY_ARMS,
    KEY_THREADS,
    KEY_IO,
    KEY_POOL_ISOLATES,
    KEY_CALLERS,
    KEY_RATE,
    KEY_ROUNDS,
    KEY_TASKS,
    KEY_DURATION,
};

static const struct argp_option compare_options[] = {
    {"workload", KEY_WORKLOAD, "NAME", 0, "A load that stands in the server; 'list' lists them", 0},
    {"live", KEY_LIVE, "ARM", 0,
     "Half of the tenants' real calls go to this one, and later the other half", 0},
    {"arms", KEY_ARMS, "ARM,ARM...", 0,
     "What is compared, with the first one: legacy, shared-fifo (or shared), shared-mutex, pinned "
     "(all four)",
     0},
    {"callers", KEY_CALLERS, "N", 0,
     "So many callers with one task in flight each (the workload's, or 16)", 0},
    {"rate", KEY_RATE, "PER-SECOND", 0, "Tasks come at this rate, whether others have ended or not",
     0},
    {"rounds", KEY_ROUNDS, "N", 0, "1 to 101 (11); below 6 there is no interval of 95 %", 0},
    {"tasks", KEY_TASKS, "N", 0,
     "Of a round and arm (the workload's, or as many as begin in a second)", 0},
    {"threads", KEY_THREADS, "N", 0, "With --workload: lanes and callers, up to 256", 0},
    {"io-ms", KEY_IO, "MS", 0, "With --workload: what a task waits for, up to 10000", 0},
    {"pool-isolates", KEY_POOL_ISOLATES, "N", 0,
     "Warm isolates, in all lanes together. (With --workload --isolates are those of one worker, "
     "up to 256.)",
     0},
    {"duration", KEY_DURATION, "SECONDS", 0, "With --live: from 2 to 3600 (60)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

void compare_options_init(struct compare_options *ret)
{
    *ret = (struct compare_options){.worker = NULL};
    isoyard__v1__pool_settings__init(&ret->settings);
}

/* Parsing. */

static double parse_real(const char *name, const char *text, double min, double max,
                         struct argp_state *state)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= min && value <= max))
        argp_error(state, "--%s: '%s' is no number from %g to %.0f", name, text, min, max);
    return value;
}

static uint32_t parse_number(const char *name, const char *text, uint32_t min, uint32_t max,
                             struct argp_state *state)
{
    return (uint32_t)options_number(name, text, min, max, state);
}

static void set_workload(struct compare_options *o, const char *name, struct argp_state *state)
{
    struct buffer text = {0};

    if (strcmp(name, "list") == 0) {
        workload_append_list(&text);
        fwrite(text.data, 1, text.len, stdout);
        exit(EXIT_FINE);
    }
    if (!workload_exists(name)) {
        workload_append_names(&text);
        buffer_append(&text, "", 1);
        argp_error(state, "--workload: '%s' is none of %s", name, text.data);
    }
    o->workload = name;
}

static void set_live(struct compare_options *o, const char *name, struct argp_state *state)
{
    struct error error;

    if (arm_parse(name, &o->live, &error))
        argp_error(state, "--live: %s", error.message);
    o->is_live = true;
}

static void set_arms(struct compare_options *o, const char *names, struct argp_state *state)
{
    struct error error;

    if (arm_parse_list(names, o->arms, &o->arm_count, &error))
        argp_error(state, "--arms: %s", error.message);
}

static void set_worker(struct compare_options *o, const char *name, struct argp_state *state)
{
    if (o->worker)
        argp_error(state, "unexpected argument '%s'; a path is given by --path, a body by --data",
                   name);
    o->worker = name;
}

/* What is compared, and with what. */
static bool parse_load(struct compare_options *o, int key, const char *arg,
                       struct argp_state *state)
{
    switch (key) {
    case KEY_WORKLOAD:
        set_workload(o, arg, state);
        return true;
    case KEY_LIVE:
        set_live(o, arg, state);
        return true;
    case KEY_ARMS:
        set_arms(o, arg, state);
        return true;
    case KEY_THREADS:
        o->threads = parse_number("threads", arg, 1, THREADS_MAX, state);
        return true;
    case KEY_IO:
        o->io_ms = parse_number("io-ms", arg, 0, IO_MAX_MS, state);
        o->has_io_ms = true;
        return true;
    case KEY_POOL_ISOLATES:
        o->pool_isolates = parse_number("pool-isolates", arg, 0, UINT32_MAX, state);
        o->has_pool_isolates = true;
        return true;
    case ARGP_KEY_ARG:
        set_worker(o, arg, state);
        return true;
    default:
        return false;
    }
}

/* How much of it. */
static bool parse_amount(struct compare_options *o, int key, const char *arg,
                         struct argp_state *state)
{
    switch (key) {
    case KEY_CALLERS:
        o->callers = parse_number("callers", arg, 1, CALLERS_MAX, state);
        return true;
    case KEY_RATE:
        o->rate_per_s = parse_real("rate", arg, 1e-3, RATE_MAX, state);
        return true;
    case KEY_ROUNDS:
        o->rounds = parse_number("rounds", arg, 1, ROUNDS_MAX, state);
        return true;
    case KEY_TASKS:
        o->tasks = parse_number("tasks", arg, 1, TASKS_MAX, state);
        return true;
    case KEY_DURATION:
        o->duration_s = parse_real("duration", arg, DURATION_MIN_S, DURATION_MAX_S, state);
        return true;
    default:
        return false;
    }
}

/* What goes together. */

static void check_kind(const struct compare_options *o, struct argp_state *state)
{
    if (!o->worker && !o->workload && !o->is_live)
        argp_error(state, "name what to compare: a worker, --workload NAME ('--workload list' "
                          "lists them), or --live ARM");
    if (o->worker && o->workload)
        argp_error(state, "a worker and --workload: choose one of them");
    if (o->is_live && (o->worker || o->workload))
        argp_error(state, "--live compares real calls, without a worker or --workload: leave that "
                          "out, or --live");
    if (o->event.is_given && !o->worker)
        argp_error(state, "--method, --path, --header, --data, --event, --cron and --attempt are "
                          "for a worker: name it");
}

static void check_live(const struct compare_options *o, struct argp_state *state)
{
    if (o->is_live && o->arm_count > 0)
        argp_error(state, "--live compares with the pool that serves: leave --arms out");
    if (o->is_live && (o->callers || o->rate_per_s > 0 || o->rounds || o->tasks))
        argp_error(state, "--callers, --rate, --rounds and --tasks are not for --live, which "
                          "--duration SECONDS ends");
    if (!o->is_live && o->duration_s > 0)
        argp_error(state, "--duration is for --live: give --rounds or --tasks");
}

static void check_load(const struct compare_options *o, struct argp_state *state)
{
    if (o->callers && o->rate_per_s > 0)
        argp_error(state, "--callers and --rate: choose one of them; callers wait for answers, a "
                          "rate does not");
    if (!o->workload && o->threads)
        argp_error(state, "--threads is for --workload: give --lanes and --callers");
    if (!o->workload && o->has_io_ms)
        argp_error(state, "--io-ms is for --workload");
    if (o->settings.handoff)
        argp_error(state, "--handoff is part of an arm: name shared-fifo or shared-mutex");
}

#define ISOLATES_CASE ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_ISOLATES

/* --isolates are the workload's where there is one. */
static void assign_isolates(struct compare_options *o, struct argp_state *state)
{
    Isoyard__V1__PoolSettings *s = &o->settings;

    if (o->workload && s->optional_isolates_case == ISOLATES_CASE) {
        if (s->isolates < 1 || s->isolates > ISOLATES_MAX)
            argp_error(state,
                       "--isolates: with --workload it is of one worker, from 1 to %u; "
                       "--pool-isolates is of all",
                       ISOLATES_MAX);
        o->isolates = s->isolates;
        s->optional_isolates_case = ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES__NOT_SET;
    }
    if (o->has_pool_isolates) {
        s->isolates = o->pool_isolates;
        s->optional_isolates_case = ISOLATES_CASE;
    }
}

static void set_inputs(struct compare_options *o, struct argp_state *state)
{
    state->child_inputs[0] = &o->output;
    state->child_inputs[1] = &o->event;
    state->child_inputs[2] = &o->settings;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct compare_options *o = state->input;

    if (parse_load(o, key, arg, state) || parse_amount(o, key, arg, state))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        set_inputs(o, state);
        return 0;
    case ARGP_KEY_END:
        check_kind(o, state);
        check_live(o, state);
        check_load(o, state);
        assign_isolates(o, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *filter_help(int key, const char *text, void *input)
{
    struct buffer help = {0};

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC || !text)
        return (char *)text;
    buffer_append_text(&help, "Workloads:\n");
    workload_append_list(&help);
    buffer_append_format(&help, "\n%s", text);
    buffer_append(&help, "", 1);
    return help.data;
}

static const struct argp_child groups[] = {
    {&comparison_output_argp, 0, "The report:", 1},
    {&event_argp, 0, "What a worker gets:", 1},
    {&pool_settings_argp, 0, "Settings of the pools:", 1},
    {NULL, 0, NULL, 0},
};

const struct argp compare_argp = {
    .options = compare_options,
    .parser = parse,
    .args_doc = "WORKER\n--workload=NAME\n--live=ARM",
    .doc = "Compares architectures of pools: in pools of their own, which get the same to do by "
           "turns, or on the real calls. Shows how far it is, and then the report, which the "
           "server keeps.\v"
           "Settings that are not given are as the workload wants them, or as the server was "
           "started with. Ctrl-C ends the comparison; nothing is stored then.\n\n" EXIT_STATUS_HELP,
    .children = groups,
    .help_filter = filter_help,
};

/* The request. */

static void set_duration(struct compare_request *r, const struct compare_options *o)
{
    if (o->duration_s == 0)
        return;
    google__protobuf__duration__init(&r->duration);
    r->duration.seconds = (int64_t)o->duration_s;
    r->duration.nanos = (int32_t)((o->duration_s - floor(o->duration_s)) * 1e9);
    r->live.duration = &r->duration;
}

static void set_live_request(struct compare_request *r, struct compare_options *o)
{
    isoyard__v1__live_comparison__init(&r->live);
    r->live.other = &o->live;
    r->live.settings = &o->settings;
    set_duration(r, o);
    r->request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE;
    r->request.live = &r->live;
}

static void set_named(struct compare_request *r, const struct compare_options *o)
{
    isoyard__v1__named_workload__init(&r->workload);
    r->workload.name = (char *)o->workload;
    r->workload.threads = o->threads;
    r->workload.isolates = o->isolates;
    if (o->has_io_ms) {
        r->workload.optional_io_ms_case = ISOYARD__V1__NAMED_WORKLOAD__OPTIONAL_IO_MS_IO_MS;
        r->workload.io_ms = o->io_ms;
    }
    r->synthetic.load_case = ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKLOAD;
    r->synthetic.workload = &r->workload;
}

static void set_arrival(Isoyard__V1__SyntheticComparison *m, const struct compare_options *o)
{
    if (o->callers) {
        m->arrival_case = ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_CALLERS;
        m->callers = o->callers;
    } else if (o->rate_per_s > 0) {
        m->arrival_case = ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_RATE_PER_S;
        m->rate_per_s = o->rate_per_s;
    }
}

static void set_synthetic(struct compare_request *r, struct compare_options *o)
{
    isoyard__v1__synthetic_comparison__init(&r->synthetic);
    for (size_t i = 0; i < o->arm_count; i++)
        r->arm_pointers[i] = &o->arms[i];
    r->synthetic.n_arms = o->arm_count;
    r->synthetic.arms = r->arm_pointers;
    r->synthetic.settings = &o->settings;
    r->synthetic.rounds = o->rounds;
    r->synthetic.tasks = o->tasks;
    set_arrival(&r->synthetic, o);
    r->request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_SYNTHETIC;
    r->request.synthetic = &r->synthetic;
}

int compare_request_init(struct compare_request *ret, const struct options *options,
                         struct compare_options *compare, struct error *error)
{
    *ret = (struct compare_request){.worker = NULL};
    isoyard__v1__compare_pools_request__init(&ret->request);
    if (compare->is_live) {
        set_live_request(ret, compare);
        return 0;
    }
    set_synthetic(ret, compare);
    if (compare->workload) {
        set_named(ret, compare);
        return 0;
    }
    ret->worker = execute_message_new(options, compare->worker, &compare->event, error);
    if (!ret->worker)
        return error->code;
    ret->synthetic.load_case = ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKER;
    ret->synthetic.worker = &ret->worker->request;
    return 0;
}

void compare_request_release(struct compare_request *request)
{
    execute_message_free(request->worker);
}
