/*
 * An ExecuteResponse for a person or a script.
 */
#ifndef ISOYARD_ANSWER_H
#define ISOYARD_ANSWER_H

#include "api/bytes.h"
#include "cli/client.h"

#include <isoyard/v1/execution.pb-c.h>
#include <stdbool.h>

/* A response's body. Its bytes are the reply's. */
struct body {
    struct bytes bytes;
    bool is_text;
};

/* The body of the response in a reply. protobuf-c gives text as a C string, which a NUL in it cuts
 * off: the bytes are looked up in the message itself. */
struct body answer_body(const struct reply *reply);

/* The JSON text that a task handler returned, in the same way. */
struct bytes answer_result(const struct reply *reply);

/* Whether that says success. */
bool answer_is_success(const struct reply *reply);

/* Says on stderr that the answer's status is what makes a failure of it. */
void answer_print_failing_status(uint32_t status);

/* Prints status line, headers and report to stderr. */
void answer_print_head(const Isoyard__V1__HttpResponse *response);
void answer_print_report(const Isoyard__V1__ExecutionReport *report);

/* Nothing where nobody has asked for them. */
void answer_print_spans(const Isoyard__V1__ExecutionReport *report);

/* Prints the whole reply to stdout as one object. */
void answer_print_json(const struct reply *reply);

#endif
