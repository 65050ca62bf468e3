/* isoyard version */
#include "api/version.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/text.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stdio.h>

/* Nobody waits long for a version. */
#define TIMEOUT_MS 2000

static void print_json(const Isoyard__V1__ServerStats *server)
{
    json_t *object = json_object();

    json_object_set_new(object, "isoyard", json_string(isoyard_version()));
    json_object_set_new(object, "isoyardd",
                        server ? json_of_text(server->version, strlen(server->version))
                               : json_null());
    json_object_set_new(object, "v8",
                        server ? json_of_text(server->v8_version, strlen(server->v8_version))
                               : json_null());
    json_print(stdout, object);
}

static void print(const struct options *options, const Isoyard__V1__ServerStats *server)
{
    printf("isoyard   %s\n", isoyard_version());
    if (!server) {
        printf("isoyardd  no answer at %s\n", options->address);
        return;
    }
    fputs("isoyardd  ", stdout);
    text_print(stdout, server->version);
    fputs(" (V8 ", stdout);
    text_print(stdout, server->v8_version);
    puts(")");
}

const struct argp version_argp = {
    .doc = "Shows the version of this program, and of the server where one answers."};

int version_run(struct options *options, int argc, char **argv)
{
    Isoyard__V1__GetStatsRequest request = ISOYARD__V1__GET_STATS_REQUEST__INIT;
    const Isoyard__V1__GetStatsResponse *response;
    const Isoyard__V1__ServerStats *server = NULL;
    struct reply reply;

    options_parse(options, &version_argp, NULL, argc, argv);
    client_call(options, "/isoyard.v1.PoolService/GetStats", &request.base,
                &isoyard__v1__get_stats_response__descriptor, TIMEOUT_MS, &reply);
    response = (const Isoyard__V1__GetStatsResponse *)reply.response;
    if (response && response->stats)
        server = response->stats->server;
    if (options->is_json)
        print_json(server);
    else
        print(options, server);
    reply_release(&reply);
    return EXIT_FINE;
}
