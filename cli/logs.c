/* isoyard logs */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/log_text.h"
#include "cli/near_worker.h"
#include "cli/problem.h"
#include "cli/project.h"
#include "cli/text.h"
#include "cli/time_option.h"

#include <inttypes.h>
#include <isoyard/v1/log.pb-c.h>
#include <isoyard/v1/worker.pb-c.h>
#include <stdlib.h>

#define LINES_DEFAULT 100u
#define FOLLOWED_DEFAULT 10u
#define FOLLOWED_MAX 1000u
#define PAGE_SIZE 1000u

/* A tail is silent for as long as nothing happens. */
#define SILENCE_MS (UINT64_C(365) * 86400 * 1000)

/* Whether a worker is there: the records do not wait for it for longer. */
#define LOOK_MS 2000

#define OUTCOMES_MAX 5u

struct logs_arguments {
    const char *name; /* "": all workers */
    bool follows;
    bool has_count;
    uint32_t count;
    uint32_t version;
    Isoyard__V1__LogLevel level;
    Isoyard__V1__LogOutcome outcomes[OUTCOMES_MAX];
    size_t outcome_count;
    const char *execution, *text;
    Google__Protobuf__Timestamp since, until;
    bool has_since, has_until;
};

enum {
    KEY_LEVEL = 1000,
    KEY_OUTCOME,
    KEY_SINCE,
    KEY_UNTIL,
    KEY_TEXT,
    KEY_EXECUTION,
    KEY_WORKER_VERSION,
};

static const struct argp_option logs_options[] = {
    {"follow", 'f', NULL, 0, "Show records as they come, after the last 10, until Ctrl-C", 0},
    {"lines", 'n', "N", 0,
     "The newest N records (100; all where --since is given); with --follow those that come first, "
     "up to 1000",
     0},
    {"level", KEY_LEVEL, "LEVEL", 0, "Only these and those above: debug, info, warn, error", 0},
    {"outcome", KEY_OUTCOME, "WHICH,...", 0,
     "Only ends of executions: failed, limit, cancelled, server, succeeded, any", 0},
    {"since", KEY_SINCE, "TIME", 0, TIME_OPTION_HELP, 0},
    {"until", KEY_UNTIL, "TIME", 0, "Before this, in the same way", 0},
    {"text", KEY_TEXT, "TEXT", 0, "Only with this in them", 0},
    {"execution", KEY_EXECUTION, "ID", 0, "Only of this execution, as reports name it", 0},
    {"worker-version", KEY_WORKER_VERSION, "N", 0, "Only of this version of the worker", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* The value of an enum by the end of its name, in lower case; -1: there is none. */
static int find_word(const ProtobufCEnumDescriptor *type, const char *prefix, const char *word,
                     size_t len)
{
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = type->values[i].name + strlen(prefix);

        if (type->values[i].value != 0 && strlen(name) == len && strncasecmp(name, word, len) == 0)
            return type->values[i].value;
    }
    return -1;
}

static void set_level(struct logs_arguments *a, const char *word, struct argp_state *state)
{
    int level = find_word(&isoyard__v1__log_level__descriptor, "LOG_LEVEL_", word, strlen(word));

    if (level < 0)
        argp_error(state, "--level: '%s' is none of debug, info, warn and error", word);
    a->level = (Isoyard__V1__LogLevel)level;
}

static void add_outcome(struct logs_arguments *a, int outcome)
{
    for (size_t i = 0; i < a->outcome_count; i++) {
        if ((int)a->outcomes[i] == outcome)
            return;
    }
    a->outcomes[a->outcome_count++] = (Isoyard__V1__LogOutcome)outcome;
}

static void add_outcomes(struct logs_arguments *a, const char *list, struct argp_state *state)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        int outcome = find_word(&isoyard__v1__log_outcome__descriptor, "LOG_OUTCOME_", list, len);

        if (len == 3 && strncmp(list, "any", 3) == 0) {
            for (int i = 1; i <= (int)OUTCOMES_MAX; i++)
                add_outcome(a, i);
        } else if (outcome < 0) {
            argp_error(state,
                       "--outcome: '%.*s' is none of failed, limit, cancelled, server, succeeded "
                       "and any",
                       (int)len, list);
        } else {
            add_outcome(a, outcome);
        }
        list += len + (list[len] == ',');
    }
}

static void set_time(const char *option, const char *text, Google__Protobuf__Timestamp *ret,
                     bool *ret_has, struct argp_state *state)
{
    if (!time_option_parse(text, ret))
        argp_error(state, "--%s: '%s' is no time; give 10m, 2h, 3d or 2026-01-31T12:00:00", option,
                   text);
    *ret_has = true;
}

static void check(const struct logs_arguments *a, struct argp_state *state)
{
    if (a->follows && (a->has_since || a->has_until))
        argp_error(state, "--since and --until do not go with --follow");
    if (a->follows && a->has_count && a->count > FOLLOWED_MAX)
        argp_error(state, "--lines may be up to %u with --follow", FOLLOWED_MAX);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct logs_arguments *a = state->input;

    switch (key) {
    case 'f':
        a->follows = true;
        return 0;
    case 'n':
        a->count = (uint32_t)options_number("lines", arg, 0, UINT32_MAX, state);
        a->has_count = true;
        return 0;
    case KEY_LEVEL:
        set_level(a, arg, state);
        return 0;
    case KEY_OUTCOME:
        add_outcomes(a, arg, state);
        return 0;
    case KEY_SINCE:
        set_time("since", arg, &a->since, &a->has_since, state);
        return 0;
    case KEY_UNTIL:
        set_time("until", arg, &a->until, &a->has_until, state);
        return 0;
    case KEY_TEXT:
        a->text = arg;
        return 0;
    case KEY_EXECUTION:
        a->execution = arg;
        return 0;
    case KEY_WORKER_VERSION:
        a->version = (uint32_t)options_number("worker-version", arg, 1, UINT32_MAX, state);
        return 0;
    case ARGP_KEY_ARG:
        if (a->name[0])
            argp_error(state, "unexpected argument '%s'", arg);
        a->name = arg;
        return 0;
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp logs_argp = {
    .options = logs_options,
    .parser = parse,
    .args_doc = "[NAME]",
    .doc =
        "Shows what a worker, or all of the tenant's, wrote to the console, and which executions "
        "failed; the oldest first. Where NAME is missing and " PROJECT_FILE " is in the working "
        "folder, that tells the worker.\vA line is: time (UTC), level, worker, version, execution, "
        "text. With --json each line is an object.\n\n" EXIT_STATUS_HELP,
};

static void print(const struct options *options, const Isoyard__V1__LogRecord *record)
{
    if (options->is_json)
        json_print_line(stdout, json_of_message(&record->base));
    else
        log_text_print(stdout, record);
}

/* Following. */

static bool print_tail(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__TailResponse *response = (const Isoyard__V1__TailResponse *)message;

    for (size_t i = 0; i < response->n_records; i++)
        print(arg, response->records[i]);
    if (response->dropped > 0)
        fprintf(stderr, "isoyard: %" PRIu64 " records were lost: they came too fast\n",
                response->dropped);
    return fflush(stdout) == 0;
}

/* A worker that is not there may come yet, or be a wrong name. */
static void say_if_missing(const struct options *options, const char *name)
{
    Isoyard__V1__GetWorkerRequest request = ISOYARD__V1__GET_WORKER_REQUEST__INIT;
    struct reply reply;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)name;
    client_call(options, "/isoyard.v1.WorkerService/GetWorker", &request.base,
                &isoyard__v1__get_worker_response__descriptor, LOOK_MS, &reply);
    if (reply.code == GRPC_STATUS_NOT_FOUND) {
        fputs("isoyard: there is no worker '", stderr);
        text_print(stderr, name);
        fputs("' yet; its records are shown as soon as it has some\n", stderr);
        (void)near_worker_print(options, name);
    }
    reply_release(&reply);
}

static int follow(struct options *options, const struct logs_arguments *a)
{
    Isoyard__V1__TailRequest request = ISOYARD__V1__TAIL_REQUEST__INIT;
    struct reply reply;
    int status = EXIT_FINE;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)a->name;
    request.version = a->version;
    request.level = a->level;
    request.n_outcomes = a->outcome_count;
    request.outcomes = (Isoyard__V1__LogOutcome *)a->outcomes;
    request.execution_id = (char *)a->execution;
    request.text = (char *)a->text;
    request.backlog = a->has_count ? a->count : FOLLOWED_DEFAULT;
    if (a->name[0])
        say_if_missing(options, a->name);
    client_watch(options, "/isoyard.v1.LogService/Tail", &request.base,
                 &isoyard__v1__tail_response__descriptor, SILENCE_MS, print_tail, options, &reply);
    if (reply.code != GRPC_STATUS_OK)
        status = problem_print(options, &reply);
    reply_release(&reply);
    return status;
}

/* Looking back. */

/* Where records come newest first they are kept until all are there. */
struct looking {
    const struct options *options;
    Isoyard__V1__QueryRequest request;
    uint64_t left;         /* records that are still wanted */
    struct reply *replies; /* newest first */
    size_t reply_count;
};

static void print_page(const struct options *options, const struct reply *reply, bool is_reversed)
{
    const Isoyard__V1__QueryResponse *page = (const Isoyard__V1__QueryResponse *)reply->response;

    for (size_t i = 0; i < page->n_records; i++)
        print(options, page->records[is_reversed ? page->n_records - 1 - i : i]);
}

static void keep(struct looking *l, struct reply reply)
{
    l->replies = realloc(l->replies, (l->reply_count + 1) * sizeof(l->replies[0]));
    if (!l->replies)
        abort();
    l->replies[l->reply_count++] = reply;
}

/* Asks for pages until there are none, or enough records have come. */
static int look(struct looking *l)
{
    char *token = xstrdup("");
    int status = EXIT_FINE;

    do {
        const Isoyard__V1__QueryResponse *page;
        struct reply reply;

        l->request.page_token = token;
        l->request.page_size = l->left < PAGE_SIZE ? (uint32_t)l->left : PAGE_SIZE;
        status = client_ask(l->options, "/isoyard.v1.LogService/Query", &l->request.base,
                            &isoyard__v1__query_response__descriptor, &reply);
        if (status)
            break;
        page = (const Isoyard__V1__QueryResponse *)reply.response;
        l->left -= page->n_records < l->left ? page->n_records : l->left;
        free(token);
        token = xstrdup(page->next_page_token);
        if (!l->request.oldest_first) {
            keep(l, reply);
            continue;
        }
        print_page(l->options, &reply, false);
        reply_release(&reply);
    } while (token[0] && l->left > 0);
    free(token);
    return status;
}

static void print_kept(struct looking *l)
{
    for (size_t i = l->reply_count; i > 0; i--) {
        print_page(l->options, &l->replies[i - 1], true);
        reply_release(&l->replies[i - 1]);
    }
    free(l->replies);
}

/* Silence may be a wrong name. */
static void print_none(const struct options *options, const char *name)
{
    fputs("isoyard: there are no such records", stderr);
    if (name[0]) {
        fputs(" of '", stderr);
        text_print(stderr, name);
        fputs("'", stderr);
    }
    fputs("; console lines make some, and executions that fail\n", stderr);
    if (name[0])
        (void)near_worker_print(options, name);
}

static int look_back(const struct options *options, struct logs_arguments *a)
{
    struct looking l = {.options = options, .request = ISOYARD__V1__QUERY_REQUEST__INIT};
    uint64_t wanted;
    int status;

    l.request.tenant = (char *)options->tenant;
    l.request.worker = (char *)a->name;
    l.request.version = a->version;
    l.request.level = a->level;
    l.request.n_outcomes = a->outcome_count;
    l.request.outcomes = a->outcomes;
    l.request.execution_id = (char *)a->execution;
    l.request.text = (char *)a->text;
    l.request.start_time = a->has_since ? &a->since : NULL;
    l.request.end_time = a->has_until ? &a->until : NULL;
    l.request.oldest_first = a->has_since && !a->has_count;
    l.left = a->has_count ? a->count : l.request.oldest_first ? UINT64_MAX : LINES_DEFAULT;
    wanted = l.left;
    status = l.left > 0 ? look(&l) : EXIT_FINE;
    print_kept(&l);
    if (!status && l.left == wanted && wanted > 0 && !options->is_json)
        print_none(options, a->name);
    return status;
}

/* In a folder with an isoyard.json it is about that worker. */
static void use_project(struct options *options, struct logs_arguments *a, struct project *project)
{
    if (project_read(".", project, NULL))
        return;
    a->name = project->name;
    if (project->tenant && !options->has_tenant)
        options->tenant = project->tenant;
}

int logs_run(struct options *options, int argc, char **argv)
{
    struct logs_arguments a = {.name = "", .execution = "", .text = ""};

    struct project project = {0};
    int status;

    options_parse(options, &logs_argp, &a, argc, argv);
    if (!a.name[0])
        use_project(options, &a, &project);
    status = a.follows ? follow(options, &a) : look_back(options, &a);
    project_release(&project);
    return status;
}
