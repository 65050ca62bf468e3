/*
 * An event for a worker: the options that describe it, shared by `exec` and `pool compare`, and the
 * ExecuteRequest that they make.
 */
#ifndef ISOYARD_CLI_EVENT_H
#define ISOYARD_CLI_EVENT_H

#include "api/bytes.h"
#include "api/err.h"
#include "cli/options.h"

#include <isoyard/v1/execution.pb-c.h>

#define HEADERS_MAX 256

enum event_kind {
    EVENT_FETCH,
    EVENT_SCHEDULED,
    EVENT_TASK,
};

/* All zeroes is GET of /. */
struct event_options {
    bool is_given; /* any of them */
    enum event_kind kind;
    const char *cron;
    uint32_t attempt;
    const char *method;
    const char *path;
    const char *data; /* text, or @FILE */
    bool leaves_file; /* @FILE is not read: its bytes are sent later */
    char *header_texts[HEADERS_MAX];
    size_t header_count;
};

/* A child for argp; its input is a struct event_options. */
extern const struct argp event_argp;

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

/* Points to options, worker and event; free it first. NULL: a file cannot be read, or what it holds
 * cannot be sent; *error says why. */
struct execute_message *execute_message_new(const struct options *options, const char *worker,
                                            const struct event_options *event, struct error *error);
void execute_message_free(struct execute_message *message); /* NULL is fine */

#endif
