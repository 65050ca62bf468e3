/* isoyard health */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"

#include <grpc/health/v1/health.pb-c.h>
#include <stdio.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **service = state->input;

    if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument '%s'", arg);
    if (key != 's')
        return ARGP_ERR_UNKNOWN;
    *service = arg;
    return 0;
}

static const struct argp_option health_options[] = {
    {"service", 's', "NAME", 0, "One service, as isoyard.v1.ExecutionService (the whole server)",
     0},
    {NULL, 0, NULL, 0, NULL, 0},
};

const struct argp health_argp = {
    .options = health_options,
    .parser = parse,
    .doc = "Asks whether the server takes work (exit status 5: not now).\v" EXIT_STATUS_HELP,
};

static int print(const struct options *options, const Grpc__Health__V1__HealthCheckResponse *r)
{
    const ProtobufCEnumValue *status = protobuf_c_enum_descriptor_get_value(
        &grpc__health__v1__health_check_response__serving_status__descriptor, (int)r->status);

    if (options->is_json)
        json_print(stdout, json_of_message(&r->base));
    else
        puts(status ? status->name : "UNKNOWN");
    return r->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
               ? EXIT_FINE
               : EXIT_BUSY;
}

int health_run(struct options *options, int argc, char **argv)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    const char *service = "";
    struct reply reply;
    int status;

    options_parse(options, &health_argp, &service, argc, argv);
    request.service = (char *)service;
    status = client_ask(options, "/grpc.health.v1.Health/Check", &request.base,
                        &grpc__health__v1__health_check_response__descriptor, &reply);
    if (status)
        return status;
    status = print(options, (const Grpc__Health__V1__HealthCheckResponse *)reply.response);
    reply_release(&reply);
    return status;
}
