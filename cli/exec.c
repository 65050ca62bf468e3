/* isoyard exec */
#include "cli/answer.h"
#include "cli/body_output.h"
#include "cli/command.h"
#include "cli/event.h"
#include "cli/exec_stream.h"
#include "cli/exit_status.h"
#include "cli/problem.h"

#include <stdlib.h>

struct exec_arguments {
    const char *name;
    struct event_options event;
    bool is_verbose;
    bool fails; /* 4xx and 5xx are failures */
    bool prints_request;
    bool streams;
    bool wants_spans;
};

enum {
    KEY_PRINT_REQUEST = 1000,
    KEY_STREAM,
    KEY_TRACE,
};

static const struct argp_option exec_options[] = {
    {"verbose", 'v', NULL, 0, "Print the answer's head and the report to stderr", 0},
    {"fail", 'f', NULL, 0,
     "An answer of status 400 or more is a failure (exit status 1); so is a task's result without "
     "success",
     0},
    {"stream", KEY_STREAM, NULL, 0,
     "Send the body of --data @FILE as it is read, and print the answer's as it comes; neither has "
     "a bound then",
     0},
    {"trace", KEY_TRACE, NULL, 0,
     "Print what took how long, one after the other, to stderr; with --json in the report", 0},
    {"print-request", KEY_PRINT_REQUEST, NULL, 0,
     "Call nobody: write the request to stdout as gRPC frames it, for load generators", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void set_name(struct exec_arguments *a, const char *name, struct argp_state *state)
{
    if (a->name)
        argp_error(state, "unexpected argument '%s'; a path is given by --path, a body by --data",
                   name);
    a->name = name;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct exec_arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->event;
        return 0;
    case 'v':
        a->is_verbose = true;
        return 0;
    case 'f':
        a->fails = true;
        return 0;
    case KEY_TRACE:
        a->wants_spans = true;
        return 0;
    case KEY_PRINT_REQUEST:
        a->prints_request = true;
        return 0;
    case KEY_STREAM:
        a->streams = a->event.leaves_file = true;
        return 0;
    case ARGP_KEY_ARG:
        set_name(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!a->name)
            argp_error(state, "no worker named");
        if (a->streams && (a->event.kind != EVENT_FETCH || a->prints_request))
            argp_error(state, "--stream is for requests that are sent");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child groups[] = {{&event_argp, 0, "The event:", 1}, {NULL, 0, NULL, 0}};

const struct argp exec_argp = {
    .children = groups,
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

static void print_body(const struct exec_arguments *a, struct bytes body)
{
    struct body_output output;

    body_output_init(&output, stdout);
    body_output_write(&output, body);
    body_output_end(&output);
    /* What is said next would stand in the same line. */
    if (output.is_open && a->is_verbose)
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
        print_body(a, answer_body(reply).bytes);
        break;
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_TASK:
        print_body(a, answer_result(reply));
        break;
    case ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_FAILURE:
        problem_print_failure(response->failure);
        break;
    default:
        break;
    }
    if (a->is_verbose)
        answer_print_report(response->report);
    answer_print_spans(response->report);
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

/* Why --fail makes a failure of what came. */
static void say_status(const struct exec_arguments *a, const Isoyard__V1__ExecuteResponse *response)
{
    if (a->fails && response->outcome_case == ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_RESPONSE &&
        response->response->status >= 400)
        answer_print_failing_status(response->response->status);
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
    if (!options->is_json)
        say_status(a, (const Isoyard__V1__ExecuteResponse *)reply.response);
    status = is_failure(a, &reply) ? EXIT_WORKER : EXIT_FINE;
    reply_release(&reply);
    return status;
}

static int stream(const struct options *options, const struct exec_arguments *a,
                  const Isoyard__V1__ExecuteRequest *request)
{
    const char *data = a->event.data;
    struct exec_stream s = {
        .file = data && data[0] == '@' ? data + 1 : NULL,
        .is_verbose = a->is_verbose,
        .fails = a->fails,
    };

    if (options->is_json)
        return problem_usage("--stream prints the body alone: leave --json away");
    return exec_stream(&s, options, request);
}

int exec_run(struct options *options, int argc, char **argv)
{
    struct exec_arguments a = {0};
    struct execute_message *message;
    struct error error;
    int status;

    options_parse(options, &exec_argp, &a, argc, argv);
    options->worker = a.name;
    message = execute_message_new(options, a.name, &a.event, &error);
    if (message)
        message->request.wants_spans = a.wants_spans;
    if (!message)
        status = problem_usage("%s", error.message);
    else if (a.prints_request)
        status = print_request(&message->request);
    else if (a.streams)
        status = stream(options, &a, &message->request);
    else
        status = call(options, &a, &message->request);
    execute_message_free(message);
    return status;
}
