/* From lines and ends to records. */
#include "server/log_recorder.h"

#include "server/cut.h"
#include "server/failures.h"
#include "server/log_thread.h"
#include "server/logger.h"
#include "server/message.h"

#include <isoyard/v1/log.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

/* Of what a request was, as it is kept. */
#define METHOD_MAX 16
#define URL_MAX 256
#define EVENT_MAX (METHOD_MAX + URL_MAX + 2)

static const struct failure_bounds kept_bounds = {
    .message = 8 << 10, .stack = 8 << 10, .file = 1 << 10};

/* Console lines. */

static void record_line(struct log_recorder *recorder, const struct console_line *line)
{
    const struct record_head head = {
        .tenant = line->script->tenant,
        .worker = line->script->worker,
        .version = line->script->version,
        .kind = RECORD_CONSOLE,
        .level = logger_level(line->level),
        .execution = line->execution,
    };

    log_thread_push(recorder->thread, log_record_new(&head, line->text, (struct bytes){0}),
                    line->script->tenant_key);
}

static void on_console(void *arg, const struct console_line *line)
{
    struct log_recorder *recorder = arg;

    if (recorder->thread)
        record_line(recorder, line);
    if (recorder->is_on_stderr)
        logger_console(line);
}

/* Ends. */

static enum record_outcome outcome_of(const struct failure *failure)
{
    if (!failure)
        return RECORD_SUCCEEDED;
    switch (failure->reason) {
    case FAILURE_LIMIT_EXCEEDED:
        return RECORD_LIMIT;
    case FAILURE_CANCELLED:
        return RECORD_CANCELLED;
    case FAILURE_ISOLATE_CONDEMNED:
    case FAILURE_QUEUE_FULL:
    case FAILURE_DRAINING:
    case FAILURE_INTERNAL:
        return RECORD_SERVER;
    default:
        return RECORD_FAILED;
    }
}

static enum log_level level_of(enum record_outcome outcome)
{
    switch (outcome) {
    case RECORD_SUCCEEDED:
        return LOG_INFO;
    case RECORD_CANCELLED:
        return LOG_WARN;
    default:
        return LOG_ERROR;
    }
}

/* Without the query, which may hold what is only its caller's business. */
static struct bytes path_of(struct bytes url)
{
    size_t len = 0;

    while (len < url.len && len < URL_MAX && url.data[len] != '?' && url.data[len] != '#')
        len++;
    return (struct bytes){url.data, len};
}

static void describe(const struct request *request, char ret[EVENT_MAX])
{
    struct bytes path;

    ret[0] = '\0';
    if (!request)
        return;
    path = path_of(request->url);
    if (request->kind == REQUEST_SCHEDULED)
        snprintf(ret, EVENT_MAX, "scheduled");
    else if (request->kind == REQUEST_TASK)
        snprintf(ret, EVENT_MAX, "task");
    else
        snprintf(ret, EVENT_MAX, "%.*s %.*s",
                 (int)(request->method.len < METHOD_MAX ? request->method.len : METHOD_MAX),
                 request->method.data, (int)path.len, path.data);
}

static struct buffer pack_end(const struct execution_end *end, enum record_outcome outcome)
{
    Isoyard__V1__ExecutionEnd message = ISOYARD__V1__EXECUTION_END__INIT;
    Isoyard__V1__ExecutionReport report;
    struct failure_message failure;
    struct buffer packed = {0};
    char event[EVENT_MAX];

    describe(end->request, event);
    message.outcome = (Isoyard__V1__LogOutcome)outcome;
    message.event = event;
    if (end->failure) {
        failure_message_init(&failure, end->failure, &kept_bounds);
        message.failure = &failure.failure;
    }
    if (end->report) {
        report_message_init(&report, end->report);
        message.report = &report;
    }
    packed.len = isoyard__v1__execution_end__pack(
        &message, (uint8_t *)buffer_reserve(
                      &packed, isoyard__v1__execution_end__get_packed_size(&message) + 1));
    if (end->failure)
        failure_message_release(&failure);
    return packed;
}

/* "GET https://…: why", for who reads only the text. */
static struct buffer text_of(const struct execution_end *end)
{
    struct buffer text = {0};
    const struct failure *failure = end->failure;
    char event[EVENT_MAX];
    char *message;

    describe(end->request, event);
    if (!end->report)
        buffer_append_text(&text, "what ctx.waitUntil was given was cut off: ");
    else
        buffer_append_format(&text, "%s: ", event);
    if (failure && end->had_head)
        buffer_append_text(&text, "the answer's body broke off: ");
    if (!failure) {
        buffer_append_text(&text, "ok");
        return text;
    }
    message = cut_dup(failure->message, kept_bounds.message);
    buffer_append_text(&text, message ? message : failure_reason_name(failure->reason));
    free(message);
    return text;
}

static void record_end(struct log_recorder *recorder, const struct execution_end *end)
{
    enum record_outcome outcome = outcome_of(end->failure);
    struct buffer text = text_of(end), detail = pack_end(end, outcome);
    const struct record_head head = {
        .tenant = end->script->tenant,
        .worker = end->script->worker,
        .version = end->script->version,
        .kind = RECORD_EXECUTION,
        .level = level_of(outcome),
        .outcome = outcome,
        .execution = end->execution,
    };

    log_thread_push(recorder->thread,
                    log_record_new(&head, (struct bytes){text.data, text.len},
                                   (struct bytes){detail.data, detail.len}),
                    end->script->tenant_key);
    buffer_release(&text);
    buffer_release(&detail);
}

static bool is_kept(const struct log_recorder *recorder, const struct execution_end *end)
{
    if (!recorder->thread || recorder->ends == KEPT_NONE)
        return false;
    return end->failure || recorder->ends == KEPT_ALL;
}

static void on_ended(void *arg, const struct execution_end *end)
{
    struct log_recorder *recorder = arg;

    if (recorder->failures && end->failure && end->report)
        failures_add(recorder->failures, end);
    if (is_kept(recorder, end))
        record_end(recorder, end);
    if (recorder->is_on_stderr && !end->report)
        logger_cut_off(end);
}

struct pool_log log_recorder_pool_log(struct log_recorder *recorder)
{
    return (struct pool_log){on_console, on_ended, recorder};
}
