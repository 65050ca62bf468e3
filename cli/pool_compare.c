/* isoyard pool compare */
#include "cli/client.h"
#include "cli/compare_options.h"
#include "cli/exit_status.h"
#include "cli/pool.h"
#include "cli/problem.h"
#include "cli/progress.h"

#include <stdlib.h>

/* No round begins tasks for longer than a minute, but these may take their time to end: longer than
 * this the server is never silent. The whole takes as long as it takes. */
#define SILENCE_MS ((uint64_t)5 * 60 * 1000)

struct comparing {
    const struct options *options;
    const struct comparison_output *output;
    struct progress progress;
    bool is_done;
};

static bool take(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__ComparePoolsResponse *response =
        (const Isoyard__V1__ComparePoolsResponse *)message;
    struct comparing *c = arg;

    switch (response->event_case) {
    case ISOYARD__V1__COMPARE_POOLS_RESPONSE__EVENT_PROGRESS:
        progress_show(&c->progress, response->progress);
        break;
    case ISOYARD__V1__COMPARE_POOLS_RESPONSE__EVENT_COMPARISON:
        progress_end(&c->progress);
        comparison_output_print(c->output, c->options, response->comparison);
        c->is_done = true;
        break;
    default:
        break;
    }
    return true;
}

static int compare(struct comparing *c, const Isoyard__V1__ComparePoolsRequest *request)
{
    struct reply reply;
    int status = EXIT_FINE;

    progress_init(&c->progress, c->options->is_json);
    client_catch_signals();
    client_watch(c->options, "/isoyard.v1.PoolService/ComparePools", &request->base,
                 &isoyard__v1__compare_pools_response__descriptor, SILENCE_MS, take, c, &reply);
    progress_end(&c->progress);
    if (client_end_signal() && reply.code != GRPC_STATUS_OK)
        client_end_by_signal();
    if (reply.code != GRPC_STATUS_OK) {
        status = problem_print(c->options, &reply);
    } else if (!c->is_done) {
        problem_usage("the server ended the comparison without a report; its log says more");
        status = EXIT_SERVER;
    }
    reply_release(&reply);
    return status;
}

int pool_compare_run(struct options *options, int argc, char **argv)
{
    struct compare_options arguments;
    struct compare_request request;
    struct comparing comparing = {.options = options, .output = &arguments.output};
    struct error error;
    int status;

    compare_options_init(&arguments);
    options_parse(options, &compare_argp, &arguments, argc, argv);
    status = comparison_output_check(&arguments.output, options);
    if (status)
        return status;
    if (compare_request_init(&request, options, &arguments, &error))
        status = problem_usage("%s", error.message);
    else
        status = compare(&comparing, &request.request);
    compare_request_release(&request);
    return status;
}
