/* isoyard exec */
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/file.h"
#include "cli/problem.h"

#include "api/utf8.h"

#include <stdlib.h>

#define HEADERS_MAX 256
#define DATA_BYTES_MAX ((size_t)256 << 20)

enum event {
    EVENT_FETCH,
    EVENT_SCHEDULED,
    EVENT_TASK,
};

struct exec_arguments {
    const char *name;
    enum event event;
    const char *cron;
    uint32_t attempt;
    const char *method;
    const char *path;
    const char *data; /* text, or @FILE */
    char *header_texts[HEADERS_MAX];
    size_t header_count;
    bool is_verbose;
    bool fails; /* 4xx and 5xx are failures */
    bool prints_request;
};

enum {
    KEY_PRINT_REQUEST = 1000,
    KEY_EVENT,
    KEY_CRON,
    KEY_ATTEMPT,
};

static const struct argp_option exec_options[] = {
    {"method", 'X', "METHOD", 0, "The request's method (GET, or POST with --data)", 0},
    {"path", 'p', "PATH", 0, "The request's path, or its whole URL (/)", 0},
    {"header", 'H', "'NAME: VALUE'", 0, "A header of the request; may be given again", 0},
    {"data", 'd', "DATA", 0,
     "The request's body, or a task's payload (JSON): the text itself, @FILE for what is in a file, "
     "@- for stdin",
     0},
    {"event", KEY_EVENT, "KIND", 0,
     "What happens to the worker: fetch (a request; the default), scheduled or task", 0},
    {"cron", KEY_CRON, "TEXT", 0, "The schedule of --event scheduled, as '*/5 * * * *'", 0},
    {"attempt", KEY_ATTEMPT, "N", 0, "Which attempt --event task is (1)", 0},
    {"verbose", 'v', NULL, 0, "Print the answer's head and the report to stderr", 0},
    {"fail", 'f', NULL, 0,
     "An answer of status 400 or more is a failure (exit status 1); so is a task's result without "
     "success",
     0},
    {"print-request", KEY_PRINT_REQUEST, NULL, 0,
     "Call nobody: write the request to stdout as gRPC frames it, for load generators", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void add_header(struct exec_arguments *a, char *text, struct argp_state *state)
{
    const char *colon = strchr(text, ':');

    if (!colon || colon == text)
        argp_error(state, "--header: '%s' is not 'NAME: VALUE'", text);
    if (a->header_count == HEADERS_MAX)
        argp_error(state, "more than %d headers", HEADERS_MAX);
    a->header_texts[a->header_count++] = text;
}

static void set_name(struct exec_arguments *a, const char *name, struct argp_state *state)
{
    if (a->name)
        argp_error(state, "unexpected argument '%s'", name);
    a->name = name;
}

static enum event parse_event(const char *text, struct argp_state *state)
{
    static const char *const names[] = {"fetch", "scheduled", "task"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0)
            return (enum event)i;
    }
    argp_error(state, "--event: '%s' is none of fetch, scheduled and task", text);
    return EVENT_FETCH;
}

static uint32_t parse_attempt(const char *text, struct argp_state *state)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '1' || text[0] > '9' || *end != '\0' || value > UINT32_MAX)
        argp_error(state, "--attempt: '%s' is no number from 1 on", text);
    return (uint32_t)value;
}

static void check(const struct exec_arguments *a, struct argp_state *state)
{
    if (!a->name)
        argp_error(state, "no worker named");
    if (a->event != EVENT_FETCH && (a->method || a->path || a->header_count > 0))
        argp_error(state, "--method, --path and --header are for --event fetch");
    if (a->event != EVENT_SCHEDULED && a->cron)
        argp_error(state, "--cron is for --event scheduled");
    if (a->event != EVENT_TASK && a->attempt)
        argp_error(state, "--attempt is for --event task");
    if (a->event == EVENT_SCHEDULED && a->data)
        argp_error(state, "a scheduled event has no --data");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct exec_arguments *a = state->input;

    switch (key) {
    case 'X':
        a->method = arg;
        return 0;
    case 'p':
        a->path = arg;
        return 0;
    case 'H':
        add_header(a, arg, state);
        return 0;
    case 'd':
        a->data = arg;
        return 0;
    case 'v':
        a->is_verbose = true;
        return 0;
    case 'f':
        a->fails = true;
        return 0;
    case KEY_EVENT:
        a->event = parse_event(arg, state);
        return 0;
    case KEY_CRON:
        a->cron = arg;
        return 0;
    case KEY_ATTEMPT:
        a->attempt = parse_attempt(arg, state);
        return 0;
    case KEY_PRINT_REQUEST:
        a->prints_request = true;
        return 0;
    case ARGP_KEY_ARG:
        set_name(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp exec_argp = {
    .options = exec_options,
    .parser = parse,
    .args_doc = "NAME",
    .doc =
        "Sends a request, or another event, to a worker and prints the body of its answer, or the "
        "task's result, to stdout.\v"
        "With --json an object {status, headers: [[name, value], ...], body or body_base64, "
        "report} is printed instead, or {result, report} of a task. An answer of any status is "
        "an answer, unless --fail is given.\n\n" EXIT_STATUS_HELP,
};

/* An ExecuteRequest with all that it points to. */
struct execute_message {
    Isoyard__V1__ExecuteRequest request;
    Isoyard__V1__ScheduledEvent scheduled;
    Isoyard__V1__TaskEvent task;
    Isoyard__V1__HttpRequest fetch;
    Isoyard__V1__HttpHeader headers[HEADERS_MAX];
    Isoyard__V1__HttpHeader *header_pointers[HEADERS_MAX];
    char *names[HEADERS_MAX]; /* owned */
    char *url;                /* owned */
    struct buffer data;
};

/* What no URL may have as it is, as %XX. */
static char *escape_url(const char *text)
{
    struct buffer url = {0};

    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f)
            buffer_append_format(&url, "%%%02X", *at);
        else
            buffer_append(&url, at, 1);
    }
    buffer_append(&url, "", 1);
    return url.data;
}

static void set_headers(struct execute_message *m, const struct exec_arguments *a)
{
    for (size_t i = 0; i < a->header_count; i++) {
        const char *colon = strchr(a->header_texts[i], ':');

        isoyard__v1__http_header__init(&m->headers[i]);
        m->names[i] = strndup(a->header_texts[i], (size_t)(colon - a->header_texts[i]));
        if (!m->names[i])
            abort();
        m->headers[i].name = m->names[i];
        m->headers[i].value = (char *)colon + 1;
        m->header_pointers[i] = &m->headers[i];
    }
    m->fetch.n_headers = a->header_count;
    m->fetch.headers = m->header_pointers;
}

/* A body from the command line is text; one from a file is bytes. */
static int set_body(struct execute_message *m, const struct exec_arguments *a, struct error *error)
{
    int err;

    if (!a->data)
        return 0;
    if (a->data[0] != '@' && utf8_is_valid(a->data, strlen(a->data))) {
        m->fetch.body_case = ISOYARD__V1__HTTP_REQUEST__BODY_BODY_TEXT;
        m->fetch.body_text = (char *)a->data;
        return 0;
    }
    if (a->data[0] == '@') {
        err = file_read(a->data + 1, DATA_BYTES_MAX, &m->data, error);
        if (err)
            return err;
    } else {
        buffer_append_text(&m->data, a->data);
    }
    m->fetch.body_case = ISOYARD__V1__HTTP_REQUEST__BODY_BODY_BYTES;
    m->fetch.body_bytes.data = (uint8_t *)m->data.data;
    m->fetch.body_bytes.len = m->data.len;
    return 0;
}

static void build_scheduled(struct execute_message *m, const struct exec_arguments *a)
{
    isoyard__v1__scheduled_event__init(&m->scheduled);
    m->request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_SCHEDULED;
    m->request.scheduled = &m->scheduled;
    if (a->cron)
        m->scheduled.cron = (char *)a->cron;
}

static int build_task(struct execute_message *m, const struct exec_arguments *a,
                      struct error *error)
{
    int err = 0;

    isoyard__v1__task_event__init(&m->task);
    m->request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_TASK;
    m->request.task = &m->task;
    m->task.attempt = a->attempt;
    if (a->data && a->data[0] == '@')
        err = file_read(a->data + 1, DATA_BYTES_MAX, &m->data, error);
    else if (a->data)
        buffer_append_text(&m->data, a->data);
    if (err || m->data.len == 0)
        return err;
    if (memchr(m->data.data, '\0', m->data.len))
        return error_set(error, E_INVALID, NULL, "the payload is no JSON: it holds a NUL");
    buffer_append(&m->data, "", 1);
    m->task.payload_json = m->data.data;
    return 0;
}

static int build_fetch(struct execute_message *m, const struct exec_arguments *a,
                       struct error *error)
{
    isoyard__v1__http_request__init(&m->fetch);
    m->request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_FETCH;
    m->request.fetch = &m->fetch;
    m->url = escape_url(a->path ? a->path : "/");
    m->fetch.url = m->url;
    m->fetch.method = (char *)(a->method ? a->method : a->data ? "POST" : "GET");
    set_headers(m, a);
    return set_body(m, a, error);
}

static int build(struct execute_message *m, const struct options *options,
                 const struct exec_arguments *a, struct error *error)
{
    isoyard__v1__execute_request__init(&m->request);
    m->request.tenant = (char *)options->tenant;
    m->request.worker = (char *)a->name;
    switch (a->event) {
    case EVENT_SCHEDULED:
        build_scheduled(m, a);
        return 0;
    case EVENT_TASK:
        return build_task(m, a, error);
    default:
        return build_fetch(m, a, error);
    }
}

static void message_free(struct execute_message *m)
{
    for (size_t i = 0; i < m->fetch.n_headers; i++)
        free(m->names[i]);
    free(m->url);
    buffer_release(&m->data);
    free(m);
}

/* gRPC's frame: a byte that says "not compressed", the length in 4 bytes, big-endian, the message.
 */
static int print_request(const Isoyard__V1__ExecuteRequest *request)
{
    size_t size = isoyard__v1__execute_request__get_packed_size(request);
    uint8_t *frame = xmalloc(size + 5);

    frame[0] = 0;
    for (int i = 0; i < 4; i++)
        frame[1 + i] = (uint8_t)(size >> (8 * (3 - i)));
    isoyard__v1__execute_request__pack(request, frame + 5);
    fwrite(frame, 1, size + 5, stdout);
    free(frame);
    return EXIT_FINE;
}

static void print_text(const struct exec_arguments *a, struct bytes text)
{
    fwrite(text.data, 1, text.len, stdout);
    fflush(stdout);
    if (a->is_verbose && text.len > 0 && text.data[text.len - 1] != '\n')
        fputc('\n', stderr);
}

static void print_answer(const struct exec_arguments *a, const struct reply *reply)
{
    const Isoyard__V1__ExecuteResponse *response =
        (const Isoyard__V1__ExecuteResponse *)reply->response;

    switch (response->outcome_case) {
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_RESPONSE:
        if (a->is_verbose)
            answer_print_head(response->response);
        print_text(a, answer_body(reply).bytes);
        break;
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_TASK:
        print_text(a, answer_result(reply));
        break;
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_FAILURE:
        problem_print_failure(response->failure);
        break;
    default:
        break;
    }
    if (a->is_verbose)
        answer_print_report(response->report);
}

static bool is_failure(const struct exec_arguments *a, const struct reply *reply)
{
    const Isoyard__V1__ExecuteResponse *response =
        (const Isoyard__V1__ExecuteResponse *)reply->response;

    switch (response->outcome_case) {
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_RESPONSE:
        return a->fails && response->response->status >= 400;
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_TASK:
        return a->fails && !answer_is_success(reply);
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_SCHEDULED:
        return false;
    default:
        return true;
    }
}

static int call(const struct options *options, const struct exec_arguments *a,
                const Isoyard__V1__ExecuteRequest *request)
{
    struct reply reply;
    int status = client_ask(options, "/isoyard.v1.ExecutionService/Execute", &request->base,
                            &isoyard__v1__execute_response__descriptor, &reply);

    if (status)
        return status;
    if (options->is_json)
        answer_print_json(&reply);
    else
        print_answer(a, &reply);
    status = is_failure(a, &reply) ? EXIT_WORKER : EXIT_FINE;
    reply_release(&reply);
    return status;
}

int exec_run(struct options *options, int argc, char **argv)
{
    struct exec_arguments a = {0};
    struct execute_message *message = xcalloc(1, sizeof(*message));
    struct error error;
    int status;

    options_parse(options, &exec_argp, &a, argc, argv);
    if (build(message, options, &a, &error))
        status = problem_usage("%s", error.message);
    else if (a.prints_request)
        status = print_request(&message->request);
    else
        status = call(options, &a, &message->request);
    message_free(message);
    return status;
}
