/* isoyard exec --stream: a body as it is read, an answer as it comes. */
#ifndef ISOYARD_CLI_EXEC_STREAM_H
#define ISOYARD_CLI_EXEC_STREAM_H

#include "cli/body_output.h"
#include "cli/options.h"

#include <isoyard/v1/execution.pb-c.h>
#include <stdbool.h>

struct exec_stream {
    const char *file; /* of the body; "-": stdin; NULL: the request has it, or there is none */
    bool is_verbose;
    bool fails; /* 4xx and 5xx are failures */

    /* Its own. */
    int fd;
    struct body_output output;
    uint32_t status;
    bool has_failed; /* the worker */
    bool has_broken; /* the file cannot be read on */
};

/* Calls ExecuteStream and prints; the exit status. The request is borrowed. */
int exec_stream(struct exec_stream *s, const struct options *options,
                const Isoyard__V1__ExecuteRequest *request);

#endif
