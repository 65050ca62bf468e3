/* Events, from the command line to an ExecuteRequest. */
#include "cli/event.h"

#include "api/utf8.h"
#include "cli/file.h"

#include <stdlib.h>

#define DATA_BYTES_MAX ((size_t)256 << 20)

/* Options. */

enum {
    KEY_EVENT = 1000,
    KEY_CRON,
    KEY_ATTEMPT,
};

static const struct argp_option event_options[] = {
    {"method", 'X', "METHOD", 0, "The request's method (GET, or POST with --data)", 0},
    {"path", 'p', "PATH", 0, "The request's path, or its whole URL (/)", 0},
    {"header", 'H', "'NAME: VALUE'", 0, "A header of the request; may be given again", 0},
    {"data", 'd', "DATA", 0,
     "The request's body, or a task's payload (JSON): the text itself, @FILE for what is in a file, "
     "@- for stdin",
     0},
    {"event", KEY_EVENT, "fetch|scheduled|task", 0,
     "What happens to the worker: a request (the default), a point in time, work", 0},
    {"cron", KEY_CRON, "TEXT", 0, "The schedule of --event scheduled, as '*/5 * * * *'", 0},
    {"attempt", KEY_ATTEMPT, "N", 0, "Which attempt --event task is (1)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void add_header(struct event_options *a, char *text, struct argp_state *state)
{
    const char *colon = strchr(text, ':');

    if (!colon || colon == text)
        argp_error(state, "--header: '%s' is not 'NAME: VALUE'", text);
    if (a->header_count == HEADERS_MAX)
        argp_error(state, "more than %d headers", HEADERS_MAX);
    a->header_texts[a->header_count++] = text;
}

static enum event_kind parse_event(const char *text, struct argp_state *state)
{
    static const char *const names[] = {"fetch", "scheduled", "task"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0)
            return (enum event_kind)i;
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

static void check(const struct event_options *a, struct argp_state *state)
{
    if (a->kind != EVENT_FETCH && (a->method || a->path || a->header_count > 0))
        argp_error(state, "--method, --path and --header are for --event fetch");
    if (a->kind != EVENT_SCHEDULED && a->cron)
        argp_error(state, "--cron is for --event scheduled");
    if (a->kind != EVENT_TASK && a->attempt)
        argp_error(state, "--attempt is for --event task");
    if (a->kind == EVENT_SCHEDULED && a->data)
        argp_error(state, "a scheduled event has no --data");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct event_options *a = state->input;

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
    case KEY_EVENT:
        a->kind = parse_event(arg, state);
        return 0;
    case KEY_CRON:
        a->cron = arg;
        return 0;
    case KEY_ATTEMPT:
        a->attempt = parse_attempt(arg, state);
        return 0;
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct event_options *a = state->input;
    error_t result = parse_option(key, arg, state);

    a->is_given = a->is_given || (result == 0 && key != ARGP_KEY_END);
    return result;
}

const struct argp event_argp = {.options = event_options, .parser = parse};

/* The request. */

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

static void set_headers(struct execute_message *m, const struct event_options *a)
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
static int set_body(struct execute_message *m, const struct event_options *a, struct error *error)
{
    int err;

    if (!a->data || (a->leaves_file && a->data[0] == '@'))
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

static void build_scheduled(struct execute_message *m, const struct event_options *a)
{
    isoyard__v1__scheduled_event__init(&m->scheduled);
    m->request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_SCHEDULED;
    m->request.scheduled = &m->scheduled;
    if (a->cron)
        m->scheduled.cron = (char *)a->cron;
}

static int build_task(struct execute_message *m, const struct event_options *a, struct error *error)
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

static int build_fetch(struct execute_message *m, const struct event_options *a,
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

static int build(struct execute_message *m, const struct options *options, const char *worker,
                 const struct event_options *a, struct error *error)
{
    isoyard__v1__execute_request__init(&m->request);
    m->request.tenant = (char *)options->tenant;
    m->request.worker = (char *)worker;
    switch (a->kind) {
    case EVENT_SCHEDULED:
        build_scheduled(m, a);
        return 0;
    case EVENT_TASK:
        return build_task(m, a, error);
    default:
        return build_fetch(m, a, error);
    }
}

void execute_message_free(struct execute_message *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->fetch.n_headers; i++)
        free(m->names[i]);
    free(m->url);
    buffer_release(&m->data);
    free(m);
}

struct execute_message *execute_message_new(const struct options *options, const char *worker,
                                            const struct event_options *event, struct error *error)
{
    struct execute_message *m = xcalloc(1, sizeof(*m));

    if (!build(m, options, worker, event, error))
        return m;
    execute_message_free(m);
    return NULL;
}
